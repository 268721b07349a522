//! Where a copy comes from: a registry that is asked, a database at one moment, or what files say. None of them is held whole: versions come
//! as they are wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::content::{self, Rest, StoredVersion};
use super::files::MigrationFiles;
use super::keys::{self, Keys};
use super::moment::Moment;
use super::outline::{self, RegistryOutline};
use super::pace::Pace;
use super::values::VersionKey;
use super::versions::{VersionSender, VersionStream};
use crate::cli::api::Api;
use crate::cli::check::InputError;

#[derive(Clone)]
pub(super) enum MigrationSource {
    Registry(Api),
    Database(Arc<Moment>),
    Files(Arc<MigrationFiles>),
}

/// All that one says.
pub(super) struct SourceContent {
    /// In the order of subjects and numbers.
    pub(super) versions: VersionStream,
    pub(super) rest: Rest,
}

impl MigrationSource {
    /// Which versions there are.
    pub(super) async fn outline(&self, prefix: &str, parallel: u16) -> Result<RegistryOutline, InputError> {
        match self {
            Self::Registry(api) => outline::read(api, prefix, parallel).await,
            Self::Database(moment) => Ok(beginning(&moment.outline().await?, prefix)),
            Self::Files(files) => Ok(beginning(&files.outline, prefix)),
        }
    }

    /// Some versions.
    pub(super) fn versions(&self, wanted: RegistryOutline, parallel: u16, pace: Arc<Pace>) -> Result<VersionStream, InputError> {
        Ok(match self {
            Self::Registry(api) => {
                let api = api.clone();
                VersionStream::of(move |sender| fetch(api, wanted, parallel, pace, sender))
            }
            Self::Database(moment) => moment.versions(move |key| outline::has(&wanted, key)),
            Self::Files(files) => files.versions(move |key| outline::has(&wanted, key))?,
        })
    }

    /// Everything. `also` are scopes whose settings are read although nothing lists them.
    pub(super) async fn said(&self, prefix: &str, parallel: u16, also: &BTreeSet<String>) -> Result<SourceContent, InputError> {
        let mut rest = match self {
            Self::Registry(api) => {
                let outline = outline::read(api, prefix, parallel).await?;
                let rest = Rest::read(api, &outline, prefix, parallel, also).await?;
                let versions = self.versions(outline, parallel, Arc::new(Pace::new(None)))?;
                return Ok(SourceContent { versions, rest });
            }
            Self::Database(moment) => moment.rest.clone(),
            Self::Files(files) => files.rest.clone(),
        };
        rest.keep(prefix);
        let begin = prefix.to_owned();
        let is_meant = move |key: &VersionKey| key.0.starts_with(&begin);
        let versions = match self {
            Self::Files(files) => files.versions(is_meant)?,
            Self::Database(moment) => moment.versions(is_meant),
            Self::Registry(_) => return Err(InputError::new("the registry was not read")),
        };
        Ok(SourceContent { versions, rest })
    }

    /// Keys of client-side encryption, and those that are not given; `None` where nothing is said of them.
    pub(super) async fn keys(&self, prefix: &str, parallel: u16) -> Result<(Option<Keys>, Vec<String>), InputError> {
        Ok(match self.kept() {
            None => match self {
                Self::Registry(api) => keys::read(api, prefix, parallel).await?,
                _ => (None, Vec::new()),
            },
            Some(rest) => {
                let mut keys = rest.keys.clone();
                if let Some(keys) = &mut keys {
                    keys.keep(prefix);
                }
                (keys, Vec::new())
            }
        })
    }

    /// What a database or files say beside versions.
    pub(super) fn kept(&self) -> Option<&Rest> {
        match self {
            Self::Registry(_) => None,
            Self::Database(moment) => Some(&moment.rest),
            Self::Files(files) => Some(&files.rest),
        }
    }

    /// Lets go of a database.
    pub(super) async fn close(&self) {
        if let Self::Database(moment) = self {
            moment.close().await;
        }
    }

    /// The scopes that may have settings.
    pub(super) async fn scopes(&self, outline: &RegistryOutline, prefix: &str) -> Result<BTreeSet<String>, InputError> {
        match self {
            Self::Registry(api) => content::scopes_of(api, outline, prefix).await,
            Self::Database(_) | Self::Files(_) => Ok(content::scopes(outline, prefix.is_empty())),
        }
    }

    /// Configs and modes.
    pub(super) async fn settings(
        &self,
        outline: &RegistryOutline,
        scopes: &BTreeSet<String>,
        (prefix, parallel): (&str, u16),
    ) -> Result<(BTreeMap<String, Value>, BTreeMap<String, String>), InputError> {
        match (self, self.kept()) {
            (Self::Registry(api), _) => content::settings(api, outline, scopes, parallel).await,
            (_, Some(rest)) => {
                let mut rest = Rest { configs: rest.configs.clone(), modes: rest.modes.clone(), ..Rest::default() };
                rest.keep(prefix);
                Ok((rest.configs, rest.modes))
            }
            (_, None) => Ok((BTreeMap::new(), BTreeMap::new())),
        }
    }
}

fn beginning(outline: &RegistryOutline, prefix: &str) -> RegistryOutline {
    outline
        .iter()
        .filter(|(subject, _)| subject.starts_with(prefix))
        .map(|(subject, own)| (subject.clone(), own.clone()))
        .collect()
}

/// Asks a registry for versions, many at once; they come in their order all the same.
async fn fetch(
    api: Api,
    wanted: RegistryOutline,
    parallel: u16,
    pace: Arc<Pace>,
    mut sender: VersionSender,
) -> Result<VersionSender, InputError> {
    let one = async |(subject, version, is_deleted): (String, i64, bool)| {
        pace.turn().await;
        let answer = content::version_of(&api, &subject, version, is_deleted).await?;
        Ok::<_, InputError>(((subject, version), answer.map(|answer| StoredVersion::read(&answer, is_deleted))))
    };
    let mut found = stream::iter(content::all(&wanted)).map(one).buffered(usize::from(parallel));
    while let Some(listed) = found.next().await {
        if !sender.send(listed?).await {
            break;
        }
    }
    drop(found);
    Ok(sender)
}
