//! Keys of client-side encryption that an importer brings: DEKs of the subjects that it takes, as they are wrapped, and the KEKs that wrap
//! them. What is here already is compared with what the source has now; those of a shared KEK are read now and then only, for a source
//! unwraps them to show them.

use std::collections::BTreeSet;

use tokio::time::{Duration, Instant};

use super::copy::CopyError;
use super::import::Importer;
use super::report::StatusReporter;
use super::seen_keys::SeenKeys;
use crate::registry::{DekInput, DekVersion, KekInput, KekPatch, RegistryError};
use crate::types::{DekAlgorithm, DekName, Kek, Subject, VersionSelector};

const ALGORITHMS: [DekAlgorithm; 3] = [DekAlgorithm::AES128_GCM, DekAlgorithm::AES256_GCM, DekAlgorithm::AES256_SIV];

/// How often DEKs of shared KEKs that are here are read again.
const SHARED: Duration = Duration::from_mins(15);

impl Importer<'_> {
    /// Brings keys: KEKs before their DEKs, and deletions of KEKs after them. What the source had and has no more is removed. A source
    /// without a DEK registry, or one that does not show it, has nothing to say.
    pub(super) async fn keys(&self, before: &mut SeenKeys, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
        let takes_all = self.definition.selects_everything();
        let Some(listed) = self.source.keks().await? else { return Ok(()) };
        let is_shared_read = before.shared.is_none_or(|last| last.elapsed() >= SHARED);
        let shared = if is_shared_read { Some(Instant::now()) } else { before.shared };
        let mut now = SeenKeys { shared, ..SeenKeys::default() };
        for name in listed {
            report.renew_if(false).await?;
            let mut subjects = self.source.dek_subjects(&name).await?;
            subjects.retain(|subject| self.definition.selects(&Subject::parse(subject)));
            if subjects.is_empty() && !takes_all {
                continue;
            }
            let Some(theirs) = self.source.kek(&name).await? else { continue };
            let (is_deleted, is_read) = (theirs.deleted, !theirs.shared || is_shared_read);
            let kek = self.local_kek(&name);
            now.keks.insert(name.clone());
            if self.kek(KekInput { name: Some(kek.clone()), ..theirs }).await? {
                self.done(report).await?;
            }
            for subject in &subjects {
                for algorithm in ALGORITHMS {
                    self.deks((&name, &kek), subject, algorithm, (is_read, &mut now), report).await?;
                }
            }
            let is_live = self.registry.store.kek(&kek).await?.is_some_and(|kek| !kek.deleted);
            if is_deleted && is_live {
                match self.registry.delete_kek(&kek, false, &self.by).await {
                    // it has DEKs of its own here
                    Err(RegistryError::KeyReferenced(_)) => {}
                    deleted => {
                        deleted?;
                        self.done(report).await?;
                    }
                }
            }
        }
        self.key_removals(before, &now, report).await?;
        *before = now;
        Ok(())
    }

    /// Removes keys that the source had at the last look and has no more, and says so itself. A KEK with DEKs of its own here stays.
    async fn key_removals(&self, before: &SeenKeys, now: &SeenKeys, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
        for (theirs, version) in before.deks.difference(&now.deks) {
            let name = self.local_dek(theirs);
            let Some(here) = self.registry.store.dek(&name, *version).await? else { continue };
            if !self.source.is_dek_gone(theirs, *version).await? {
                continue;
            }
            self.purge_dek(&name, *version, here.deleted).await?;
            self.done(report).await?;
        }
        for theirs in before.keks.difference(&now.keks) {
            let name = self.local_kek(theirs);
            let Some(here) = self.registry.store.kek(&name).await? else { continue };
            if self.source.kek(theirs).await?.is_some() {
                continue;
            }
            let deleted = if here.deleted { Ok(()) } else { self.registry.delete_kek(&name, false, &self.by).await };
            let removed = match deleted {
                Ok(()) => self.registry.delete_kek(&name, true, &self.by).await,
                refused => refused,
            };
            match removed {
                Err(RegistryError::KeyReferenced(_)) => {}
                removed => {
                    removed?;
                    self.done(report).await?;
                }
            }
        }
        Ok(())
    }

    async fn purge_dek(&self, name: &DekName, version: i32, is_deleted: bool) -> Result<(), CopyError> {
        let number = DekVersion::One(VersionSelector::Number(version));
        if !is_deleted {
            self.registry.delete_dek(name, number, false, &self.by).await?;
        }
        Ok(self.registry.delete_dek(name, number, true, &self.by).await?)
    }

    fn local_dek(&self, theirs: &DekName) -> DekName {
        DekName {
            kek: self.local_kek(&theirs.kek),
            written_subject: self.local(&Subject::parse(&theirs.written_subject)).qualified(),
            algorithm: theirs.algorithm,
        }
    }

    fn local_kek(&self, name: &str) -> String {
        match &self.definition.kek_rename_format {
            Some(format) => format.replace("${kek}", name),
            None => name.to_owned(),
        }
    }

    /// Creates a KEK, or makes the one that is here say the same; whether anything was done.
    async fn kek(&self, theirs: KekInput) -> Result<bool, CopyError> {
        let name = theirs.name.clone().unwrap_or_default();
        let Some(here) = self.registry.store.kek(&name).await? else {
            self.registry.create_kek(theirs, false, &self.by).await?;
            return Ok(true);
        };
        if Some(&here.kms_type) != theirs.kms_type.as_ref() || Some(&here.kms_key_id) != theirs.kms_key_id.as_ref() {
            return Err(RegistryError::KeyExists(name).into());
        }
        let is_revived = here.deleted && !theirs.deleted;
        if is_revived {
            self.registry.undelete_kek(&name, &self.by).await?;
        }
        let wanted = Kek { kms_props: theirs.kms_props, doc: theirs.doc, shared: theirs.shared, ..here.clone() };
        if theirs.deleted || wanted.is_equivalent(&here) {
            return Ok(is_revived);
        }
        let patch =
            KekPatch { kms_props: Some(Some(wanted.kms_props)), doc: Some(wanted.doc), shared: Some(Some(wanted.shared)) };
        self.registry.update_kek(&name, &patch, false, &self.by).await?;
        Ok(true)
    }

    /// Brings the DEKs of a subject that are missing or wrapped anew, and deletes those that are deleted in the source, or has them back.
    async fn deks(
        &self,
        (kek, local_kek): (&str, &str),
        subject: &str,
        algorithm: DekAlgorithm,
        (is_read, seen): (bool, &mut SeenKeys),
        report: &mut StatusReporter<'_>,
    ) -> Result<(), CopyError> {
        let theirs = DekName { kek: kek.to_owned(), written_subject: subject.to_owned(), algorithm };
        let all = self.source.dek_versions(&theirs, true).await?;
        if all.is_empty() {
            return Ok(());
        }
        let live: BTreeSet<i32> = self.source.dek_versions(&theirs, false).await?.into_iter().collect();
        let name = self.local_dek(&theirs);
        seen.deks.extend(all.iter().map(|version| (theirs.clone(), *version)));
        for version in all {
            let is_live = live.contains(&version);
            let number = DekVersion::One(VersionSelector::Number(version));
            let here = self.registry.store.dek(&name, version).await?;
            let material = if is_read || here.is_none() { self.source.dek(&theirs, version).await? } else { None };
            let is_new = |material: &String| here.as_ref().is_none_or(|here| here.encrypted_key_material != *material);
            if let Some(material) = material.filter(is_new) {
                let input = DekInput {
                    subject: Some(name.written_subject.clone()),
                    version: Some(version),
                    algorithm: Some(algorithm),
                    encrypted_key_material: Some(material),
                    deleted: !is_live,
                };
                let is_shared = self.registry.store.kek(local_kek).await?.is_some_and(|kek| kek.shared);
                // that of a shared KEK is wrapped anew by the registry alone, which may not have its KMS
                if let Some(here) = here.as_ref().filter(|_| is_shared) {
                    self.purge_dek(&name, version, here.deleted).await?;
                }
                self.registry.create_dek(local_kek, &input, here.is_some() && !is_shared, &self.by).await?;
                self.done(report).await?;
                continue;
            }
            match here {
                Some(here) if here.deleted == is_live => {
                    if is_live {
                        self.registry.undelete_dek(&name, number, &self.by).await?;
                    } else {
                        self.registry.delete_dek(&name, number, false, &self.by).await?;
                    }
                    self.done(report).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
