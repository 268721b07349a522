//! What is read and written: a registry by its API, or a database without a server.
//!
//! A database is read as it is at one moment, whether a server works with it or not. It is written by the very code that a server runs, in
//! this process: the writes that wait go into one transaction. A `SQLite` file that a server has open is refused then.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::content::ConfigsAndModes;
use super::moment::Moment;
use super::outline::{RegistryOutline, SubjectVersions};
use super::source::MigrationSource;
use super::stored::{self, config as config_of};
use super::values::is_empty;
use crate::cli::api::Api;
use crate::cli::check::InputError;
use crate::cli::client::RegistryClient;
use crate::cli::connection::connect;
use crate::cli::manifest::Manifest;
use crate::cli::registry_login::RegistryLogin;
use crate::cli::{CommandFailure, database, serve};
use crate::config::{self, Settings};
use crate::registry::Registry;
use crate::store::{Restored, StoreError, postgres, sqlite};
use crate::types::Subject;

/// Where something is read from, or written to.
pub(super) enum Location {
    Registry(Api),
    /// The settings of the server that would work with it.
    Database(Box<Settings>),
}

impl Location {
    /// A URL of a registry or of a database, or the name of an environment of `accordant.toml`.
    pub(super) fn find(which: &str) -> Result<Self, InputError> {
        if which.starts_with("sqlite:") || database::is_postgres(which) {
            let flags = BTreeMap::from([("database", which.to_owned())]);
            let variables = std::env::vars_os();
            let environment = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
            let settings = config::load(&flags, &environment.collect()).map_err(|error| InputError::new(error.to_string()))?;
            return Ok(Self::Database(Box::new(settings)));
        }
        let manifest = Manifest::find(None).map_err(InputError::new)?;
        let login = RegistryLogin::default();
        let (url, environment) = if which.contains("://") { (Some(which), None) } else { (None, Some(which)) };
        let found = connect(url, environment, &login, manifest.as_ref()).map_err(InputError::new)?;
        let found = found.ok_or_else(|| InputError::new(format!("{which} is no registry")))?;
        Ok(Self::Registry(Api::new(found.client)))
    }

    /// What it is called, without secrets.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Registry(api) => api.url(),
            Self::Database(settings) => shown(&settings.database),
        }
    }

    /// Something to send requests to.
    pub(super) async fn open(&self) -> Result<Api, InputError> {
        match self {
            Self::Registry(api) => Ok(api.clone()),
            Self::Database(settings) => {
                let (app, registry) = serve::without_listening(settings).await.map_err(stored::failed)?;
                Ok(Api::new(RegistryClient::of_database(app, registry)))
            }
        }
    }

    /// What is there, to be read: a database as it is from now on.
    pub(super) async fn source(&self) -> Result<MigrationSource, InputError> {
        Ok(match self {
            Self::Registry(api) => MigrationSource::Registry(api.clone()),
            Self::Database(settings) => {
                MigrationSource::Database(Arc::new(Moment::open(settings).await.map_err(stored::failed)?))
            }
        })
    }
}

/// A database URL, without user and password.
pub(super) fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme != "sqlite" => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
            format!("{scheme}://{rest}")
        }
        _ => url.to_owned(),
    }
}

/// Writes what no registration brings into a database that was let go of.
pub(in crate::cli) async fn finish(settings: &Settings, restored: &Restored) -> Result<(), CommandFailure> {
    let done = match database::sqlite_path(&settings.database)? {
        Some(path) => sqlite::finish_restore(&path, restored).await,
        None => postgres::finish_restore(serve::postgres_options(settings), restored).await,
    };
    done.map_err(|error| serve::unusable(&error))
}

/// Which versions a database that this process has opened has, with the configs of their subjects.
pub(super) async fn outline(registry: &Registry, prefix: &str) -> Result<RegistryOutline, InputError> {
    let failed = |error: StoreError| InputError::new(error.to_string());
    let marks = registry.store().version_marks().await.map_err(failed)?;
    let settings = registry.store().every_setting().await.map_err(failed)?;
    let mut outline = RegistryOutline::new();
    for (subject, version, is_deleted) in marks.into_iter().filter(|(subject, ..)| subject.starts_with(prefix)) {
        let versions = match outline.entry(subject) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let scope = Subject::parse(new.key());
                let own = settings.get(&scope).filter(|own| own.config.is_some());
                let config = own.map(|own| config_of(&scope, own, &settings, registry.defaults().level));
                new.insert(SubjectVersions { config: config.filter(|config| !is_empty(config)), ..SubjectVersions::default() })
            }
        };
        let numbers = if is_deleted { &mut versions.deleted } else { &mut versions.live };
        numbers.insert(i64::from(version));
    }
    Ok(outline)
}

/// Configs and modes of some scopes of such a database.
pub(super) async fn settings(registry: &Registry, scopes: &BTreeSet<String>) -> Result<ConfigsAndModes, InputError> {
    let all = registry.store().every_setting().await.map_err(|error| InputError::new(error.to_string()))?;
    let (mut configs, mut modes) = (BTreeMap::new(), BTreeMap::new());
    let level = registry.defaults().level;
    for name in scopes {
        let scope = Subject::parse(name);
        let own = all.get(&scope).cloned().unwrap_or_default();
        // the registry as a whole always has a config
        if own.config.is_some() || name.is_empty() {
            configs.insert(name.clone(), config_of(&scope, &own, &all, level));
        }
        if let Some(mode) = own.mode {
            modes.insert(name.clone(), mode.as_str().to_owned());
        }
    }
    configs.retain(|_, config| !is_empty(config));
    Ok((configs, modes))
}
