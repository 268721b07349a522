//! Keys of client-side encryption: KEKs here, the DEKs that they wrap in `deks`.
//!
//! Decisions are made against what was read; the store writes only where that still stands, so of several that create a key at once
//! one wins, and the others see it.

use std::sync::Arc;

use serde_json::Value;

use super::{MAX_DECISIONS, Registry, RegistryError};
use crate::access::Rights;
use crate::codec::{CodecError, JacksonObject};
use crate::store::{KeyChange, KeyOutcome};
use crate::types::{Actor, JavaStr, Kek, KmsProps, Subject};

mod deks;
mod kms_defaults;
mod names;
mod sharing;

pub use deks::{DekInput, DekVersion, ReadDek, check_dek_name};
pub(super) use kms_defaults::fill_kms_defaults;
use names::check_name;

/// A KEK as a client describes it.
#[derive(Debug, Clone, Default)]
pub struct KekInput {
    pub name: Option<String>,
    pub kms_type: Option<String>,
    pub kms_key_id: Option<String>,
    pub kms_props: KmsProps,
    pub doc: Option<String>,
    pub shared: bool,
    pub deleted: bool,
}

impl KekInput {
    /// Reads one by the rules for requests; `class` is what errors call it.
    pub(crate) fn read(class: &str, value: &Value) -> Result<Self, CodecError> {
        let object = JacksonObject::of(class, value)?.unwrap_or_default();
        Ok(Self {
            name: object.get("name")?,
            kms_type: object.get("kmsType")?,
            kms_key_id: object.get("kmsKeyId")?,
            kms_props: object.get("kmsProps")?.unwrap_or_default(),
            doc: object.get("doc")?,
            shared: object.get("shared")?.unwrap_or(false),
            deleted: object.get("deleted")?.unwrap_or(false),
        })
    }
}

/// What is to change about a KEK. `Some(None)` clears.
#[derive(Debug, Clone, Default)]
pub struct KekPatch {
    pub kms_props: Option<Option<KmsProps>>,
    pub doc: Option<Option<String>>,
    pub shared: Option<Option<bool>>,
}

/// Which KEKs or DEKs to list.
#[derive(Debug, Clone, Copy)]
pub struct KeyPage {
    /// Deleted ones too.
    pub deleted: bool,
    pub offset: usize,
    pub limit: usize,
}

impl KeyPage {
    fn bounds(&self) -> (i64, i64) {
        (i64::try_from(self.offset).unwrap_or(i64::MAX), i64::try_from(self.limit).unwrap_or(i64::MAX))
    }

    fn of<T>(&self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// In the order of UTF-16 code units, without duplicates.
fn sorted(names: Vec<String>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(JavaStr).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| name.0).collect()
}

/// How ids of the well-known KMS begin. Types are compared as they are written.
fn is_key_id(kms_type: &str, id: &str) -> bool {
    match kms_type {
        "aws-kms" => id.starts_with("arn:aws:kms:"),
        "azure-kms" => id.starts_with("https://"),
        "gcp-kms" => id.starts_with("projects/"),
        "hcvault" => id.starts_with("https://") || id.starts_with("http://"),
        _ => true,
    }
}

/// The type as it is stored.
fn normalized_type(kms_type: String) -> String {
    let lower = kms_type.to_lowercase();
    let known = [("aws", "aws-kms"), ("azure", "azure-kms"), ("gcp", "gcp-kms")];
    known.iter().find(|(prefix, _)| lower.starts_with(prefix)).map_or(kms_type, |(_, name)| (*name).to_owned())
}

impl KekInput {
    /// The KEK that is meant.
    fn checked(self) -> Result<Kek, RegistryError> {
        let name = self.name.unwrap_or_default();
        check_name(&name)?;
        let id = self.kms_key_id.filter(|id| !id.is_empty()).ok_or(RegistryError::InvalidKey("kmsKeyId"))?;
        let kms_type = self.kms_type.ok_or(RegistryError::InvalidKey("kmsType"))?;
        if !is_key_id(&kms_type, &id) {
            return Err(RegistryError::InvalidKey("kmsKeyId"));
        }
        Ok(Kek {
            name,
            kms_type: normalized_type(kms_type),
            kms_key_id: id,
            kms_props: self.kms_props,
            doc: self.doc,
            shared: self.shared,
            deleted: self.deleted,
            written_at: 0,
            revision: 0,
        })
    }
}

/// Why a KMS could not be tried out, in an answer of its own: the change that asked for it is not made.
fn not_shared(doing: &'static str) -> impl FnOnce(RegistryError) -> RegistryError {
    move |error| match error {
        RegistryError::DekNotMade { form, subject, error } => RegistryError::SharingFailed { doing, form, subject, error },
        error => error,
    }
}

impl Registry {
    /// Names of KEKs; with prefixes, of those that have a DEK for a subject that begins with one of them and may be read.
    ///
    /// # Errors
    /// Store failures.
    pub async fn kek_names(&self, prefixes: &[String], page: KeyPage, rights: &Rights) -> Result<Vec<String>, RegistryError> {
        if prefixes.is_empty() {
            let (offset, limit) = page.bounds();
            return Ok(self.store.kek_names(page.deleted, offset, limit).await?);
        }
        let owners = self.store.dek_owners(page.deleted).await?;
        let is_meant = |subject: &str| prefixes.iter().any(|prefix| subject.starts_with(prefix));
        let owners = owners.into_iter().filter(|(_, subject)| is_meant(subject) && rights.reads(&Subject::parse(subject)));
        Ok(page.of(sorted(owners.map(|(kek, _)| kek).collect())))
    }

    /// A KEK; `deleted` also finds one that is deleted.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`].
    pub async fn kek(&self, name: &str, deleted: bool) -> Result<Kek, RegistryError> {
        check_name(name)?;
        let kek = self.store.kek(name).await?.filter(|kek| deleted || !kek.deleted);
        kek.ok_or_else(|| RegistryError::KeyNotFound(name.to_owned()))
    }

    /// Creates a KEK. One that is deleted and says the same is there again then.
    ///
    /// # Errors
    /// A field is missing or not valid, the name is taken, there are too many, or the KMS refuses (`test_sharing`).
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn create_kek(&self, input: KekInput, test_sharing: bool, by: &Arc<Actor>) -> Result<Kek, RegistryError> {
        // only the type as it was written is held to the forms of ids; what is stored may be another
        let kek = input.checked()?;
        if kek.shared && test_sharing {
            self.try_sharing(&kek).await.map_err(not_shared("creating"))?;
        }
        for _ in 0..MAX_DECISIONS {
            if self.store.has_more_keks(self.max_keys()).await? {
                return Err(RegistryError::TooManyKeys(self.limits.keys));
            }
            let old = self.store.kek(&kek.name).await?;
            if old.as_ref().is_some_and(|old| old.deleted == kek.deleted || !old.is_equivalent(&kek)) {
                return Err(RegistryError::KeyExists(kek.name));
            }
            if let Some(kek) = self.write_kek(&kek, old.map(|old| old.revision), by).await? {
                return Ok(kek);
            }
        }
        Err(RegistryError::Contention)
    }

    /// Changes a KEK.
    ///
    /// # Errors
    /// [`RegistryError::KeyNotFound`], [`RegistryError::InvalidKey`], or the KMS refuses (`test_sharing`).
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_kek(
        &self,
        name: &str,
        patch: &KekPatch,
        test_sharing: bool,
        by: &Arc<Actor>,
    ) -> Result<Kek, RegistryError> {
        for _ in 0..MAX_DECISIONS {
            let old = self.kek(name, false).await?;
            let shared = match patch.shared {
                None => old.shared,
                // Confluent fails with a 500
                Some(shared) => shared.ok_or(RegistryError::InvalidKey("shared"))?,
            };
            let mut kek = Kek { shared, ..old.clone() };
            if let Some(props) = &patch.kms_props {
                kek.kms_props = props.clone().unwrap_or_default();
            }
            if let Some(doc) = &patch.doc {
                kek.doc.clone_from(doc);
            }
            if kek.shared && test_sharing {
                self.try_sharing(&kek).await.map_err(not_shared("updating"))?;
            }
            if kek.is_equivalent(&old) {
                return Ok(old);
            }
            if let Some(kek) = self.write_kek(&kek, Some(old.revision), by).await? {
                return Ok(kek);
            }
        }
        Err(RegistryError::Contention)
    }

    /// Writes a KEK in the place of a revision and reads it back; `None` when something else is there by now.
    async fn write_kek(&self, kek: &Kek, expected: Option<i64>, by: &Arc<Actor>) -> Result<Option<Kek>, RegistryError> {
        let change = KeyChange::PutKek { kek: kek.clone(), expected };
        let KeyOutcome::Done(revision) = self.store.change_key(Arc::new(change), by).await? else { return Ok(None) };
        // should it be overwritten already, the answer is what was written here
        let written = self.store.kek(&kek.name).await?.filter(|written| written.revision == revision);
        Ok(Some(written.unwrap_or_else(|| Kek { revision, written_at: self.now(), ..kek.clone() })))
    }

    /// Deletes a KEK, softly or for good.
    ///
    /// # Errors
    /// [`RegistryError::KeyNotFound`], [`RegistryError::KeyReferenced`] while it has DEKs, [`RegistryError::KeyNotDeleted`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_kek(&self, name: &str, permanent: bool, by: &Arc<Actor>) -> Result<(), RegistryError> {
        check_name(name)?;
        let change = KeyChange::DeleteKek { name: name.to_owned(), permanent };
        self.change_key(change, (name, name), by).await
    }

    /// Makes a deletion undone.
    ///
    /// # Errors
    /// [`RegistryError::KeyNotFound`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn undelete_kek(&self, name: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        check_name(name)?;
        self.change_key(KeyChange::UndeleteKek { name: name.to_owned() }, (name, name), by).await
    }

    /// Tries whether the KMS wraps keys for a shared KEK.
    ///
    /// # Errors
    /// [`RegistryError::KeyNotFound`], [`RegistryError::InvalidKey`] when it is not shared, [`RegistryError::DekNotMade`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn test_kek(&self, name: &str) -> Result<Kek, RegistryError> {
        let kek = self.kek(name, false).await?;
        if !kek.shared {
            return Err(RegistryError::InvalidKey("shared"));
        }
        self.try_sharing(&kek).await?;
        Ok(kek)
    }

    /// A change that the transaction alone decides on; `subject` is what a DEK that is not there is called.
    async fn change_key(&self, change: KeyChange, (kek, subject): (&str, &str), by: &Arc<Actor>) -> Result<(), RegistryError> {
        match self.store.change_key(Arc::new(change), by).await? {
            KeyOutcome::Done(_) => Ok(()),
            KeyOutcome::Moved => Err(RegistryError::Contention),
            KeyOutcome::KekNotFound => Err(RegistryError::KeyNotFound(kek.to_owned())),
            KeyOutcome::DekNotFound => Err(RegistryError::KeyNotFound(subject.to_owned())),
            KeyOutcome::NotDeleted => Err(RegistryError::KeyNotDeleted(subject.to_owned())),
            KeyOutcome::KekDeleted => Err(RegistryError::KeySoftDeleted(kek.to_owned())),
            KeyOutcome::Referenced => Err(RegistryError::KeyReferenced(kek.to_owned())),
        }
    }

    /// As many keys there may be, of either kind. Confluent refuses when there are more, so one more fits.
    fn max_keys(&self) -> i64 {
        i64::try_from(self.limits.keys).unwrap_or(i64::MAX)
    }
}
