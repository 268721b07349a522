//! DEKs.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::names::{check_name, check_subject};
use super::{KeyPage, sorted};
use crate::access::Rights;
use crate::registry::{MAX_DECISIONS, Registry, RegistryError};
use crate::store::{KeyChange, KeyOutcome};
use crate::types::{Actor, Dek, DekAlgorithm, DekName, Kek, LISTED_DEK_VERSIONS, Subject, VersionSelector};

/// A DEK as a client describes it.
#[derive(Debug, Clone, Default)]
pub struct DekInput {
    pub subject: Option<String>,
    pub version: Option<i32>,
    pub algorithm: Option<DekAlgorithm>,
    /// Wrapped by the client.
    pub encrypted_key_material: Option<String>,
    pub deleted: bool,
}

/// A DEK as it is answered.
#[derive(Debug)]
pub struct ReadDek {
    pub dek: Dek,
    /// Base64 of the key itself, where the KEK is shared.
    pub key_material: Option<Zeroizing<String>>,
}

/// The number that stands for `latest`; a version may be stored under it.
const LATEST: i32 = -1;

/// Which versions of a DEK are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DekVersion {
    All,
    One(VersionSelector),
}

/// Whether a DEK may be called so.
///
/// # Errors
/// [`RegistryError::InvalidKey`].
pub fn check_dek_name(name: &DekName) -> Result<(), RegistryError> {
    check_name(&name.kek)?;
    check_subject(&name.written_subject)
}

fn not_found(name: &DekName) -> RegistryError {
    RegistryError::KeyNotFound(name.written_subject.clone())
}

impl Registry {
    /// The subjects that a KEK has DEKs for and that may be read.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`].
    pub async fn dek_subjects(&self, kek: &str, page: KeyPage, rights: &Rights) -> Result<Vec<String>, RegistryError> {
        self.kek(kek, page.deleted).await?;
        let mut subjects = self.store.dek_subjects(kek, page.deleted).await?;
        subjects.retain(|subject| rights.reads(&Subject::parse(subject)));
        Ok(page.of(sorted(subjects)))
    }

    /// The versions of a DEK; none is no error.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`] for the KEK.
    pub async fn dek_versions(&self, name: &DekName, page: KeyPage) -> Result<Vec<i32>, RegistryError> {
        check_dek_name(name)?;
        self.kek(&name.kek, page.deleted).await?;
        let (offset, limit) = page.bounds();
        Ok(self.store.dek_versions(name, page.deleted, offset, limit).await?)
    }

    /// A version of a DEK, with the key itself where the KEK is shared.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`], [`RegistryError::DekNotMade`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn dek(&self, name: &DekName, version: VersionSelector, deleted: bool) -> Result<ReadDek, RegistryError> {
        check_dek_name(name)?;
        let kek = self.kek(&name.kek, deleted).await?;
        let dek = match version {
            VersionSelector::Latest => self.store.latest_dek(name, deleted).await?,
            VersionSelector::Number(number) => self.store.dek(name, number).await?.filter(|dek| deleted || !dek.deleted),
        };
        let dek = dek.ok_or_else(|| not_found(name))?;
        let key_material = self.shared_material(&kek, &dek).await?;
        Ok(ReadDek { dek, key_material })
    }

    /// Creates a DEK. One that is deleted and the same is there again then; `rewrap` also writes over one that is not.
    ///
    /// # Errors
    /// A field is missing or not valid, the version is taken, there are too many, or the KMS of a shared KEK refuses.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn create_dek(&self, kek: &str, input: &DekInput, rewrap: bool, by: &Arc<Actor>) -> Result<ReadDek, RegistryError> {
        let name = DekName {
            kek: kek.to_owned(),
            written_subject: input.subject.clone().unwrap_or_default(),
            algorithm: input.algorithm.unwrap_or_default(),
        };
        check_dek_name(&name)?;
        for _ in 0..MAX_DECISIONS {
            let kek = self.kek(kek, input.deleted).await?;
            let old = self.store.dek(&name, input.version.unwrap_or(LISTED_DEK_VERSIONS.start)).await?;
            let (dek, key_material) = self.decide_dek(&kek, &name, input, old.as_ref(), rewrap).await?;
            let expected = old.map(|old| old.revision);
            let change = KeyChange::PutDek { dek: dek.clone(), expected, expected_kek: kek.revision };
            if let KeyOutcome::Done(revision) = self.store.change_key(Arc::new(change), by).await? {
                let written = self.store.dek(&name, dek.version).await?.filter(|written| written.revision == revision);
                // should it be overwritten already, the answer is what was written here
                let dek = written.unwrap_or_else(|| Dek { revision, written_at: self.now(), ..dek });
                return Ok(ReadDek { dek, key_material });
            }
        }
        Err(RegistryError::Contention)
    }

    /// What to write in the place of `old`, and the key itself where the KEK is shared.
    async fn decide_dek(
        &self,
        kek: &Kek,
        name: &DekName,
        input: &DekInput,
        old: Option<&Dek>,
        rewrap: bool,
    ) -> Result<(Dek, Option<Zeroizing<String>>), RegistryError> {
        if self.store.has_more_deks(self.max_keys()).await? {
            return Err(RegistryError::TooManyKeys(self.limits.keys));
        }
        let exists = || RegistryError::KeyExists(name.written_subject.clone());
        // Confluent's command line always sends the key, empty where it has none
        let given = input.encrypted_key_material.as_ref().filter(|material| !(kek.shared && material.is_empty()));
        let is_same = |old: &Dek| given == Some(&old.encrypted_key_material) && old.name == *name;
        if !rewrap && old.is_some_and(|old| old.deleted == input.deleted || !is_same(old)) {
            return Err(exists());
        }
        let encrypted_key_material = match (given, kek.shared) {
            (Some(_), true) if old.is_some() => return Err(exists()),
            (Some(given), _) => given.clone(),
            (None, false) => return Err(RegistryError::InvalidKey("encryptedKeyMaterial")),
            (None, true) => {
                let material = match old {
                    Some(old) => Some(self.unwrap(kek, &name.written_subject, &old.encrypted_key_material).await?),
                    None => None,
                };
                self.wrap(kek, (&name.written_subject, name.algorithm), material.as_ref()).await?
            }
        };
        let dek = Dek {
            name: name.clone(),
            version: input.version.unwrap_or(LISTED_DEK_VERSIONS.start),
            encrypted_key_material,
            deleted: input.deleted,
            written_at: 0,
            revision: 0,
        };
        // a key that can't be unwrapped again must not get in; imports bring keys of a KMS that may be out of reach from here
        let is_tried = kek.shared && !self.effective(&name.subject()).await?.mode.is_import();
        let key_material = if is_tried { self.shared_material(kek, &dek).await? } else { None };
        Ok((dek, key_material))
    }

    /// Deletes versions of a DEK, softly or for good.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`], [`RegistryError::KeyNotDeleted`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_dek(
        &self,
        name: &DekName,
        version: DekVersion,
        permanent: bool,
        by: &Arc<Actor>,
    ) -> Result<(), RegistryError> {
        check_dek_name(name)?;
        let change = |version| KeyChange::DeleteDeks { name: name.clone(), version, permanent };
        match version {
            DekVersion::All => self.change_dek(name, change(None), by).await,
            DekVersion::One(VersionSelector::Number(number)) => self.change_dek(name, change(Some(number)), by).await,
            DekVersion::One(VersionSelector::Latest) => {
                self.kek_of_latest(name).await?;
                if_there(self.change_dek(name, change(Some(LATEST)), by).await)
            }
        }
    }

    /// Makes deletions undone.
    ///
    /// # Errors
    /// [`RegistryError::InvalidKey`], [`RegistryError::KeyNotFound`], [`RegistryError::KeySoftDeleted`] for the KEK.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn undelete_dek(&self, name: &DekName, version: DekVersion, by: &Arc<Actor>) -> Result<(), RegistryError> {
        check_dek_name(name)?;
        let change = |version| KeyChange::UndeleteDeks { name: name.clone(), version };
        match version {
            DekVersion::All => self.change_dek(name, change(None), by).await,
            DekVersion::One(VersionSelector::Number(number)) => self.change_dek(name, change(Some(number)), by).await,
            DekVersion::One(VersionSelector::Latest) => {
                if self.kek_of_latest(name).await?.deleted {
                    return Err(RegistryError::KeySoftDeleted(name.kek.clone()));
                }
                if_there(self.change_dek(name, change(Some(LATEST)), by).await)
            }
        }
    }

    async fn change_dek(&self, name: &DekName, change: KeyChange, by: &Arc<Actor>) -> Result<(), RegistryError> {
        self.change_key(change, (&name.kek, &name.written_subject), by).await
    }

    /// The KEK of a DEK that has a latest version, deleted or not.
    async fn kek_of_latest(&self, name: &DekName) -> Result<Kek, RegistryError> {
        let kek = self.kek(&name.kek, true).await?;
        self.store.latest_dek(name, true).await?.map(|_| kek).ok_or_else(|| not_found(name))
    }
}

/// Changes of `latest`, as Confluent makes them: it looks whether there is a latest version, and then takes the word for the number -1,
/// under which there mostly is none. So nothing is changed, and no key is lost that came in between.
fn if_there(changed: Result<(), RegistryError>) -> Result<(), RegistryError> {
    match changed {
        Err(RegistryError::KeyNotFound(_)) => Ok(()),
        changed => changed,
    }
}
