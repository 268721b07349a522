//! The KMS that the settings name, for shared keys.

use std::sync::Arc;

use super::CommandFailure;
use super::exit::Exit;
use crate::config::Settings;
use crate::kms::{AwsCredentials, AwsKms, Kms, LocalKms, SecretSeal, VaultKms, VaultToken};
use crate::types::Clock;

fn unusable(name: &str, why: &str) -> CommandFailure {
    (Exit::Usage, format!("{name}: {why}"))
}

/// All of them; none is asked whether it is there.
pub(super) fn kms(settings: &Settings, clock: Clock) -> Result<Kms, CommandFailure> {
    let mut kms = Kms::default();
    if let Some(secret) = &settings.kms_local_secret {
        kms = kms.with(LocalKms::new(secret).map_err(|error| unusable("kms-local-secret", &error.to_string()))?);
    }
    if let Some(address) = &settings.kms_vault_address {
        let token = match (&settings.kms_vault_token, &settings.kms_vault_token_file) {
            (_, Some(path)) => VaultToken::File(path.clone()),
            (Some(token), None) => VaultToken::Fixed(token.clone()),
            (None, None) => return Err(unusable("kms-vault-address", "needs kms-vault-token or kms-vault-token-file")),
        };
        let vault = VaultKms::new(address, token, settings.kms_vault_namespace.as_deref(), settings.kms_timeout);
        kms = kms.with(vault.map_err(|why| unusable("kms-vault-address", &why))?);
    }
    match (&settings.kms_aws_access_key_id, settings.kms_aws_secret_access_key.clone()) {
        (None, None) => {}
        (Some(access_key_id), Some(secret_access_key)) => {
            let session_token = settings.kms_aws_session_token.clone();
            let credentials = AwsCredentials { access_key_id: access_key_id.clone(), secret_access_key, session_token };
            let aws = AwsKms::new(credentials, settings.kms_aws_endpoint.as_deref(), settings.kms_timeout, clock);
            kms = kms.with(aws.map_err(|why| unusable("kms-aws-endpoint", &why))?);
        }
        _ => return Err(unusable("kms-aws-access-key-id", "needs kms-aws-secret-access-key, and the other way round")),
    }
    Ok(kms)
}

/// What seals the secrets of exporters, if that is configured.
pub(super) fn exporter_seal(settings: &Settings) -> Result<Option<Arc<SecretSeal>>, CommandFailure> {
    let seal = settings.exporter_secret.as_ref().map(SecretSeal::new).transpose();
    seal.map(|seal| seal.map(Arc::new)).map_err(|error| unusable("exporter-secret", &error.to_string()))
}
