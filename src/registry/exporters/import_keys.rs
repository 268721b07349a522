//! Keys of client-side encryption that an importer brings: DEKs of the subjects that it takes, as they are wrapped, and the KEKs that wrap
//! them. What is here already is compared by what lists say: a DEK is read once, for a source unwraps that of a shared KEK to show it.

use std::collections::BTreeSet;

use super::copy::CopyError;
use super::import::Importer;
use super::report::Report;
use crate::registry::{DekInput, DekVersion, KekInput, KekPatch, RegistryError};
use crate::types::{DekAlgorithm, DekName, Kek, Subject, VersionSelector};

const ALGORITHMS: [DekAlgorithm; 3] = [DekAlgorithm::AES128_GCM, DekAlgorithm::AES256_GCM, DekAlgorithm::AES256_SIV];

impl Importer<'_> {
    /// Brings keys: KEKs before their DEKs, and deletions of KEKs after them. A source without a DEK registry has none.
    pub(super) async fn keys(&self, report: &mut Report<'_>) -> Result<(), CopyError> {
        let takes_all = self.definition.selects_everything();
        for name in self.source.keks().await? {
            report.renew_if(false).await?;
            let mut subjects = self.source.dek_subjects(&name).await?;
            subjects.retain(|subject| self.definition.selects(&Subject::parse(subject)));
            if subjects.is_empty() && !takes_all {
                continue;
            }
            let Some(theirs) = self.source.kek(&name).await? else { continue };
            let is_deleted = theirs.deleted;
            let kek = self.local_kek(&name);
            if self.kek(KekInput { name: Some(kek.clone()), ..theirs }).await? {
                self.done(report).await?;
            }
            for subject in &subjects {
                for algorithm in ALGORITHMS {
                    self.deks((&name, &kek), subject, algorithm, report).await?;
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
        Ok(())
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

    /// Brings the DEKs of a subject that are missing, and deletes those that are deleted in the source, or has them back.
    async fn deks(
        &self,
        (kek, local_kek): (&str, &str),
        subject: &str,
        algorithm: DekAlgorithm,
        report: &mut Report<'_>,
    ) -> Result<(), CopyError> {
        let theirs = DekName { kek: kek.to_owned(), written_subject: subject.to_owned(), algorithm };
        let all = self.source.dek_versions(&theirs, true).await?;
        if all.is_empty() {
            return Ok(());
        }
        let live: BTreeSet<i32> = self.source.dek_versions(&theirs, false).await?.into_iter().collect();
        let written_subject = self.local(&Subject::parse(subject)).qualified();
        let name = DekName { kek: local_kek.to_owned(), written_subject, algorithm };
        for version in all {
            let is_live = live.contains(&version);
            let number = DekVersion::One(VersionSelector::Number(version));
            match self.registry.store.dek(&name, version).await? {
                Some(here) if here.deleted != is_live => continue,
                Some(_) if is_live => self.registry.undelete_dek(&name, number, &self.by).await?,
                Some(_) => self.registry.delete_dek(&name, number, false, &self.by).await?,
                None => {
                    let Some(material) = self.source.dek(&theirs, version).await? else { continue };
                    let input = DekInput {
                        subject: Some(name.written_subject.clone()),
                        version: Some(version),
                        algorithm: Some(algorithm),
                        encrypted_key_material: Some(material),
                        deleted: !is_live,
                    };
                    self.registry.create_dek(local_kek, &input, false, &self.by).await?;
                }
            }
            self.done(report).await?;
        }
        Ok(())
    }
}
