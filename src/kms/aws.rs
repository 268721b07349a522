//! AWS KMS, over HTTP with signed requests. Credentials are the configured ones; roles are not assumed.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::endpoint::{KmsAnswer, KmsEndpoint, quoted};
use super::sigv4::{AwsCredentials, Signed, authorization, timestamp};
use super::{KeyMaterial, KmsDriver, KmsError, KmsKey, base64, wiped};
use crate::types::Clock;

/// How a key's ARN begins.
const ARN: &str = "arn:aws:kms:";

pub struct AwsKms {
    credentials: AwsCredentials,
    /// In the place of the one of each region.
    url: Option<Url>,
    endpoint: KmsEndpoint,
    clock: Clock,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AwsAnswer {
    #[serde(rename = "CiphertextBlob")]
    ciphertext: Option<String>,
    #[serde(rename = "Plaintext")]
    plaintext: Option<String>,
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl AwsKms {
    /// # Errors
    /// In words: a URL that can't be used.
    pub fn new(credentials: AwsCredentials, url: Option<&str>, time_limit: Duration, clock: Clock) -> Result<Self, String> {
        let url = url.map(Url::parse).transpose().map_err(|error| format!("not a URL: {error}"))?;
        let is_https = match url.as_ref().map(Url::scheme) {
            None | Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("not a URL that begins with http:// or https://".to_owned()),
        };
        Ok(Self { credentials, url, endpoint: KmsEndpoint::new(time_limit, is_https)?, clock })
    }

    /// The region that an ARN names.
    fn region(id: &str) -> Option<&str> {
        let region = id.strip_prefix(ARN)?.split(':').next()?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!region.is_empty() && region.len() <= 32 && region.bytes().all(is_plain)).then_some(region)
    }

    async fn ask(&self, key: &KmsKey<'_>, target: &'static str, member: &str, text: &str) -> Result<AwsAnswer, KmsError> {
        let word = if target == "TrentService.Encrypt" { "encryption" } else { "decryption" };
        let failed = |why: &str| KmsError::Failed(format!("{word} failed: {why}"));
        let region = Self::region(key.id).ok_or_else(|| failed("the key has not the form arn:aws:kms:REGION:ACCOUNT:key/ID"))?;
        let own = || Url::parse(&format!("https://kms.{region}.amazonaws.com/")).ok();
        let url = self.url.clone().or_else(own).ok_or_else(|| failed("no such region"))?;
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(failed("no such region")),
        };
        let id = serde_json::Value::from(key.id).to_string();
        let mut body = Zeroizing::new(Vec::with_capacity(text.len() + id.len() + 64));
        // Base64 needs no escapes
        for part in ["{\"KeyId\":", &id, ",\"", member, "\":\"", text, "\"}"] {
            body.extend_from_slice(part.as_bytes());
        }
        let at = timestamp((self.clock)());
        let mut signed =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("host", host), ("x-amz-date", at.clone())];
        if let Some(token) = &self.credentials.session_token {
            signed.push(("x-amz-security-token", token.expose().to_owned()));
        }
        signed.push(("x-amz-target", target.to_owned()));
        let request = Signed { method: "POST", path: "/", query: "", headers: &signed, body: &body, region, service: "kms" };
        let authorization = authorization(&request, &self.credentials, &at);
        let mut headers = HeaderMap::new();
        for (name, value) in signed.into_iter().chain([("authorization", authorization)]) {
            let mut value = HeaderValue::from_str(&value).map_err(|_| failed("credentials that are no text"))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let mut url = url;
        url.set_path("/");
        let KmsAnswer { status, body } = self.endpoint.post(url, headers, wiped(body)).await?;
        let answer: AwsAnswer = serde_json::from_slice(&body).unwrap_or_default();
        if status == 200 {
            return Ok(answer);
        }
        let kind = answer.kind.unwrap_or_default();
        // the name of the error may come behind that of its service
        let kind = quoted(kind.rsplit('#').next().unwrap_or_default());
        let said = quoted(answer.message.as_deref().unwrap_or_default());
        let why = format!("{word} failed: {said} (Service: Kms, Status Code: {status}, {kind})");
        let is_denied = matches!(status, 401 | 403)
            || kind.contains("AccessDenied")
            || kind.contains("Unauthorized")
            || kind == "NotFoundException";
        Err(if is_denied { KmsError::Denied(why) } else { KmsError::Failed(why) })
    }
}

#[async_trait]
impl KmsDriver for AwsKms {
    fn supports(&self, key: &KmsKey<'_>) -> bool {
        key.kms_type.eq_ignore_ascii_case("aws-kms")
    }

    async fn wrap(&self, key: &KmsKey<'_>, material: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        let plaintext = base64::encode_secret(material.as_bytes());
        let answer = self.ask(key, "TrentService.Encrypt", "Plaintext", &plaintext).await?;
        let ciphertext = answer.ciphertext.and_then(|text| base64::decode(&text));
        ciphertext.ok_or_else(|| KmsError::Failed("encryption failed: no ciphertext".to_owned()))
    }

    async fn unwrap(&self, key: &KmsKey<'_>, wrapped: &[u8]) -> Result<KeyMaterial, KmsError> {
        let answer = self.ask(key, "TrentService.Decrypt", "CiphertextBlob", &base64::encode(wrapped)).await?;
        let plaintext = answer.plaintext.map(Zeroizing::new);
        let material = plaintext.and_then(|text| base64::decode_secret(&text));
        material.ok_or_else(|| KmsError::Failed("decryption failed: no plaintext".to_owned()))
    }
}
