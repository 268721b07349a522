//! Keys of client-side encryption: DEKs of the subjects that are exported, as they are wrapped, and the KEKs that wrap them.

use serde_json::Value;

use super::copy::{Copier, CopyError, CopyProgress};
use crate::store::OutboxEntry;
use crate::types::{DekAlgorithm, DekName, Kek, Subject};

/// KEKs read at once.
const PAGE: i64 = 500;
const ALGORITHMS: [DekAlgorithm; 3] = [DekAlgorithm::AES128_GCM, DekAlgorithm::AES256_GCM, DekAlgorithm::AES256_SIV];

impl Copier<'_> {
    /// Copies all keys: KEKs before their DEKs, and deletions of KEKs after them.
    pub(super) async fn keys(&mut self, progress: &mut impl CopyProgress) -> Result<(), CopyError> {
        let mut offset = 0;
        loop {
            let names = self.registry.store.kek_names(true, offset, PAGE).await?;
            if names.is_empty() {
                return Ok(());
            }
            offset += i64::try_from(names.len()).unwrap_or(PAGE);
            for name in names {
                let Some(kek) = self.registry.store.kek(&name).await? else { continue };
                let subjects = self.dek_subjects(&name).await?;
                if subjects.is_empty() && !self.stored.exporter.selects_everything() {
                    continue;
                }
                self.destination.kek(&kek).await?;
                progress.copied().await?;
                for subject in subjects {
                    for algorithm in ALGORITHMS {
                        let dek = DekName { kek: name.clone(), written_subject: subject.clone(), algorithm };
                        self.deks(&kek, &dek, None).await?;
                        progress.copied().await?;
                    }
                }
                if kek.deleted {
                    self.destination.delete_kek(&name, false).await?;
                }
            }
        }
    }

    /// The exported subjects that a KEK has DEKs for.
    async fn dek_subjects(&self, kek: &str) -> Result<Vec<String>, CopyError> {
        let mut subjects = self.registry.store.dek_subjects(kek, true).await?;
        subjects.retain(|subject| self.stored.exporter.selects(&Subject::parse(subject)));
        Ok(subjects)
    }

    /// Copies one version of a DEK, or all.
    async fn deks(&self, kek: &Kek, name: &DekName, version: Option<i32>) -> Result<(), CopyError> {
        let versions = match version {
            Some(version) => vec![version],
            None => self.registry.store.dek_versions(name, true, 0, i64::MAX).await?,
        };
        for version in versions {
            if let Some(dek) = self.registry.store.dek(name, version).await? {
                self.destination.dek(kek, &dek).await?;
            }
        }
        Ok(())
    }

    /// Copies a change of a KEK or a DEK, if it is one.
    pub(super) async fn key_change(&self, change: &OutboxEntry) -> Result<(), CopyError> {
        let payload: Value = change.payload.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |key: &str| payload.get(key).and_then(Value::as_str);
        let store = &self.registry.store;
        if let (Some(name), true) = (text("name"), change.kind.starts_with("kek.")) {
            if !self.stored.exporter.selects_everything() && self.dek_subjects(name).await?.is_empty() {
                return Ok(());
            }
            match (change.kind.as_str(), store.kek(name).await?) {
                ("kek.set", Some(kek)) => self.destination.kek(&kek).await?,
                ("kek.deleted", _) => self.destination.delete_kek(name, false).await?,
                ("kek.purged", _) => self.destination.delete_kek(name, true).await?,
                _ => {}
            }
            return Ok(());
        }
        let algorithm = text("algorithm").and_then(DekAlgorithm::parse);
        let (Some(kek), Some(algorithm)) = (text("kekName"), algorithm) else { return Ok(()) };
        if !self.stored.exporter.selects(&change.subject) {
            return Ok(());
        }
        let name = DekName { kek: kek.to_owned(), written_subject: change.subject.qualified(), algorithm };
        match change.kind.as_str() {
            "dek.set" => {
                if let Some(kek) = store.kek(kek).await? {
                    self.destination.kek(&kek).await?;
                    self.deks(&kek, &name, change.version).await?;
                }
            }
            "dek.deleted" => self.destination.delete_dek(&name, change.version, false).await?,
            "dek.purged" => self.destination.delete_dek(&name, change.version, true).await?,
            _ => {}
        }
        Ok(())
    }
}
