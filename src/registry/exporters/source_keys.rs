//! The keys of client-side encryption that a source has.

use reqwest::Method;
use serde_json::Value;

use super::destination::segment_of;
use super::source::{SourceRegistry, texts};
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

fn dek_path(name: &DekName, version: i32) -> String {
    let (kek, subject) = (kek_path(&name.kek), segment_of(&name.written_subject));
    format!("{kek}/deks/{subject}/versions/{version}?algorithm={}&deleted=true", name.algorithm.as_str())
}

fn unreadable(what: &str) -> PeerError {
    PeerError::Away(format!("the source's answer for {what} can't be read"))
}

impl SourceRegistry {
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

    /// The names of KEKs, deleted ones too; `None` where the source has no DEK registry, or it may not be asked.
    pub(super) async fn keks(&self) -> Result<Option<Vec<String>>, PeerError> {
        match self.peer().send(Method::GET, &format!("{KEKS}?deleted=true&offset=0&limit=1"), None).await {
            Err(PeerError::Refused { status: 401 | 403 | 404 | 405, .. }) => return Ok(None),
            answered => drop(answered?),
        }
        let listed = self.list(&format!("{KEKS}?deleted=true")).await?;
        Ok(Some(texts(Some(&listed.into()))))
    }

    /// Whether the source says that there is no such DEK any more.
    pub(super) async fn is_dek_gone(&self, name: &DekName, version: i32) -> Result<bool, PeerError> {
        Ok(self.find(&dek_path(name, version)).await?.is_none())
    }

    pub(super) async fn kek(&self, name: &str) -> Result<Option<KekInput>, PeerError> {
        let Some(found) = self.find(&format!("{}?deleted=true", kek_path(name))).await? else { return Ok(None) };
        let read = KekInput::read("Kek", &found).map_err(|_| unreadable(&format!("KEK {name}")))?;
        Ok(Some(KekInput { name: Some(name.to_owned()), ..read }))
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
        let found = self.find(&dek_path(name, version)).await?;
        let text = |key: &str| found.as_ref().and_then(|found| found.get(key)).and_then(Value::as_str).map(str::to_owned);
        Ok(text("encryptedKeyMaterial").filter(|_| text("subject").as_deref() == Some(&name.written_subject)))
    }
}
