//! The keys of client-side encryption that a source has.

use serde_json::Value;

use super::destination::segment_of;
use super::source::{Source, texts};
use crate::codec::Object;
use crate::peer::PeerError;
use crate::registry::KekInput;
use crate::types::DekName;

const KEKS: &str = "/dek-registry/v1/keks";
/// Names asked for in one request of a list, and most of a list that are looked at.
const PAGE: usize = 1_000;
const MAX_ENTRIES: usize = 100_000;

fn kek_path(name: &str) -> String {
    format!("{KEKS}/{}", segment_of(name))
}

fn unreadable(what: &str) -> PeerError {
    PeerError::Away(format!("the source's answer for {what} can't be read"))
}

impl Source {
    /// A list, page by page; what there is not is an empty one.
    async fn list(&self, path: &str) -> Result<Vec<Value>, PeerError> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = self.find(&format!("{path}{sign}offset={}&limit={PAGE}", all.len())).await?;
            let page = page.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            // a registry that knows no pages sends everything again
            let is_again = !all.is_empty() && all.first() == page.first();
            let is_last = page.len() != PAGE || is_again;
            if !is_again {
                all.extend(page);
            }
            if is_last || all.len() > MAX_ENTRIES {
                return Ok(all);
            }
        }
    }

    /// The names of KEKs, deleted ones too; none where the source has no DEK registry, or it may not be asked.
    pub(super) async fn keks(&self) -> Result<Vec<String>, PeerError> {
        match self.list(&format!("{KEKS}?deleted=true")).await {
            Err(PeerError::Refused { status: 401 | 403 | 405, .. }) => Ok(Vec::new()),
            answered => Ok(texts(Some(&answered?.into()))),
        }
    }

    pub(super) async fn kek(&self, name: &str) -> Result<Option<KekInput>, PeerError> {
        let Some(found) = self.find(&format!("{}?deleted=true", kek_path(name))).await? else { return Ok(None) };
        let read = || {
            let object = Object::of("Kek", &found)?.unwrap_or_default();
            Ok::<_, crate::codec::CodecError>(KekInput {
                name: Some(name.to_owned()),
                kms_type: object.get("kmsType")?,
                kms_key_id: object.get("kmsKeyId")?,
                kms_props: object.get("kmsProps")?.unwrap_or_default(),
                doc: object.get("doc")?,
                shared: object.get("shared")?.unwrap_or(false),
                deleted: object.get("deleted")?.unwrap_or(false),
            })
        };
        read().map(Some).map_err(|_| unreadable(&format!("KEK {name}")))
    }

    /// The subjects that a KEK has DEKs for.
    pub(super) async fn dek_subjects(&self, kek: &str) -> Result<Vec<String>, PeerError> {
        Ok(texts(Some(&self.list(&format!("{}/deks?deleted=true", kek_path(kek))).await?.into())))
    }

    pub(super) async fn dek_versions(&self, name: &DekName, deleted: bool) -> Result<Vec<i32>, PeerError> {
        let deleted = if deleted { "&deleted=true" } else { "" };
        let (kek, algorithm) = (kek_path(&name.kek), name.algorithm.as_str());
        let path = format!("{kek}/deks/{}/versions?algorithm={algorithm}{deleted}", segment_of(&name.written_subject));
        let numbers = self.list(&path).await?;
        Ok(numbers.iter().filter_map(Value::as_i64).filter_map(|number| i32::try_from(number).ok()).collect())
    }

    /// A DEK as it is wrapped. The key itself, which is shown where the KEK is shared, is thrown away. One of another subject, which
    /// the subject has as its `aliasForDeks`, is none.
    pub(super) async fn dek(&self, name: &DekName, version: i32) -> Result<Option<String>, PeerError> {
        let (kek, algorithm) = (kek_path(&name.kek), name.algorithm.as_str());
        let subject = segment_of(&name.written_subject);
        let found = self.find(&format!("{kek}/deks/{subject}/versions/{version}?algorithm={algorithm}&deleted=true")).await?;
        let text = |key: &str| found.as_ref().and_then(|found| found.get(key)).and_then(Value::as_str).map(str::to_owned);
        Ok(text("encryptedKeyMaterial").filter(|_| text("subject").as_deref() == Some(&name.written_subject)))
    }
}
