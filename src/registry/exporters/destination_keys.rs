//! Keys of client-side encryption at the destination. What is there already, or gone already, is as good.

use reqwest::Method;
use serde_json::{Value, json};

use super::destination::{Destination, segment_of};
use crate::peer::PeerError;
use crate::types::{Dek, DekName, Kek, Subject};

const KEKS: &str = "/dek-registry/v1/keks";
/// Error codes of the DEK registry: there is none; it is not deleted yet; there is one; it has DEKs.
const NOT_FOUND: i64 = 40470;
const NOT_DELETED: i64 = 40471;
const EXISTS: i64 = 40971;
const REFERENCED: i64 = 42272;

/// A registry without client-side encryption knows no such path: its owner does without keys.
fn known(answered: Result<Value, PeerError>) -> Result<Value, PeerError> {
    match answered {
        Err(PeerError::Refused { status: 404 | 405, code: 404 | 405, .. }) => Ok(Value::Null),
        answered => answered,
    }
}

fn gone(answered: Result<Value, PeerError>) -> Result<(), PeerError> {
    match known(answered) {
        Err(PeerError::Refused { code: NOT_FOUND, .. }) => Ok(()),
        answered => answered.map(drop),
    }
}

impl Destination<'_> {
    fn kek_path(&self, name: &str) -> String {
        format!("{KEKS}/{}", segment_of(&self.map_kek(name)))
    }

    /// Creates a KEK, or makes the one that is there say the same.
    pub(super) async fn kek(&self, kek: &Kek) -> Result<(), PeerError> {
        let props: serde_json::Map<String, Value> =
            kek.kms_props.iter().map(|(key, value)| (key.0.clone(), json!(value))).collect();
        let name = self.map_kek(&kek.name);
        let body = json!({
            "name": name,
            "kmsType": kek.kms_type,
            "kmsKeyId": kek.kms_key_id,
            "kmsProps": props,
            "doc": kek.doc,
            "shared": kek.shared,
            "deleted": kek.deleted,
        });
        match known(self.send(Method::POST, KEKS, Some(&body)).await) {
            Err(PeerError::Refused { code: EXISTS, .. }) => {}
            answered => return answered.map(drop),
        }
        let path = self.kek_path(&kek.name);
        let there = self.send(Method::GET, &format!("{path}?deleted=true"), None).await?;
        let is = |key: &str, value: &str| there.get(key).and_then(Value::as_str) == Some(value);
        if !is("kmsType", &kek.kms_type) || !is("kmsKeyId", &kek.kms_key_id) {
            let message = format!("KEK '{name}' stands for another key of the KMS there");
            return Err(PeerError::Refused { status: 409, code: EXISTS, message });
        }
        if kek.deleted {
            return Ok(());
        }
        if there.get("deleted") == Some(&json!(true)) {
            self.send(Method::POST, &format!("{path}/undelete"), None).await?;
        }
        let body = json!({ "kmsProps": props, "doc": kek.doc, "shared": kek.shared });
        self.send(Method::PUT, &path, Some(&body)).await.map(drop)
    }

    /// Deletes a KEK, softly or for good; one under which the destination has DEKs of its own stays.
    pub(super) async fn delete_kek(&self, name: &str, permanent: bool) -> Result<(), PeerError> {
        let path = self.kek_path(name);
        let tolerant = |answered: Result<Value, PeerError>| match gone(answered) {
            Err(PeerError::Refused { code: REFERENCED, .. }) => Ok(()),
            answered => answered,
        };
        tolerant(self.send(Method::DELETE, &path, None).await)?;
        if !permanent {
            return Ok(());
        }
        match tolerant(self.send(Method::DELETE, &format!("{path}?permanent=true"), None).await) {
            // it could not be deleted, for the same reason
            Err(PeerError::Refused { code: NOT_DELETED, .. }) => Ok(()),
            answered => answered,
        }
    }

    fn dek_path(&self, name: &DekName, version: Option<i32>, more: &str) -> String {
        let version = version.map_or_else(String::new, |version| format!("/versions/{version}"));
        let subject = self.map(&Subject::parse(&name.written_subject)).qualified();
        let (kek, algorithm) = (self.kek_path(&name.kek), name.algorithm.as_str());
        format!("{kek}/deks/{}{version}{more}?algorithm={algorithm}", segment_of(&subject))
    }

    /// Writes a DEK under its own number, as it is wrapped.
    pub(super) async fn dek(&self, kek: &Kek, dek: &Dek) -> Result<(), PeerError> {
        let subject = self.map(&Subject::parse(&dek.name.written_subject)).qualified();
        let body = json!({
            "subject": subject,
            "version": dek.version,
            "algorithm": dek.name.algorithm.as_str(),
            "encryptedKeyMaterial": dek.encrypted_key_material,
            "deleted": dek.deleted,
        });
        // without the subject in the path, which `aliasForDeks` would make another one
        let path = format!("{}/deks", self.kek_path(&dek.name.kek));
        match known(self.send(Method::POST, &path, Some(&body)).await) {
            Err(PeerError::Refused { code: EXISTS, .. }) => {}
            answered => return answered.map(drop),
        }
        if !kek.shared {
            let path = format!("{}&rewrap=true", self.dek_path(&dek.name, None, ""));
            return self.send(Method::POST, &path, Some(&body)).await.map(drop);
        }
        // that of a shared KEK is not written over
        if dek.deleted {
            return gone(self.send(Method::DELETE, &self.dek_path(&dek.name, Some(dek.version), ""), None).await);
        }
        self.send(Method::POST, &self.dek_path(&dek.name, Some(dek.version), "/undelete"), None).await.map(drop)
    }

    /// Deletes a version of a DEK, or all, softly or for good.
    pub(super) async fn delete_dek(&self, name: &DekName, version: Option<i32>, permanent: bool) -> Result<(), PeerError> {
        let path = self.dek_path(name, version, "");
        gone(self.send(Method::DELETE, &path, None).await)?;
        if permanent { gone(self.send(Method::DELETE, &format!("{path}&permanent=true"), None).await) } else { Ok(()) }
    }
}
