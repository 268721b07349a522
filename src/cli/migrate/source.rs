//! Where a copy comes from: a registry that is asked, or what a file says.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::content::{self, Content, StoredVersion};
use super::keys::{self, Keys};
use super::outline::{self, Outline};
use crate::cli::api::Api;
use crate::cli::check::InputError;

pub(super) enum Source<'a> {
    Registry(&'a Api),
    File(&'a Content),
}

impl Source<'_> {
    pub(super) async fn outline(&self, prefix: &str, parallel: u16) -> Result<Outline, InputError> {
        match self {
            Self::Registry(api) => outline::read(api, prefix, parallel).await,
            Self::File(content) => Ok(content.outline(prefix)),
        }
    }

    /// `None` for a version that is not given.
    pub(super) async fn version(
        &self,
        (subject, version): &(String, i64),
        is_deleted: bool,
    ) -> Result<Option<Cow<'_, StoredVersion>>, InputError> {
        match self {
            Self::Registry(api) => {
                let answer = content::version_of(api, subject, *version, is_deleted).await?;
                Ok(answer.map(|answer| Cow::Owned(StoredVersion::read(&answer, is_deleted))))
            }
            Self::File(content) => Ok(content.versions.get(&(subject.clone(), *version)).map(Cow::Borrowed)),
        }
    }

    /// Keys of client-side encryption, and those that are not given; `None` where nothing is said of them.
    pub(super) async fn keys(&self, prefix: &str, parallel: u16) -> Result<(Option<Keys>, Vec<String>), InputError> {
        match self {
            Self::Registry(api) => keys::read(api, prefix, parallel).await,
            Self::File(content) => Ok((content.keys.clone(), Vec::new())),
        }
    }

    /// The scopes that may have settings.
    pub(super) async fn scopes(&self, outline: &Outline, prefix: &str) -> Result<BTreeSet<String>, InputError> {
        match self {
            Self::Registry(api) => content::scopes_of(api, outline, prefix).await,
            Self::File(_) => Ok(content::scopes(outline, prefix.is_empty())),
        }
    }

    /// Configs and modes.
    pub(super) async fn settings(
        &self,
        outline: &Outline,
        scopes: &BTreeSet<String>,
        parallel: u16,
    ) -> Result<(BTreeMap<String, Value>, BTreeMap<String, String>), InputError> {
        match self {
            Self::Registry(api) => content::settings(api, outline, scopes, parallel).await,
            Self::File(content) => Ok((content.configs.clone(), content.modes.clone())),
        }
    }
}
