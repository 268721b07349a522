//! What is read and written: a registry by its API, or a database without a server.
//!
//! A database is read as it is at one moment, whether a server works with it or not. It is written by the very code that a server runs, in
//! this process: the writes that wait go into one transaction. A `SQLite` file that a server has open is refused then.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::content::{Rest, Settings as ScopesSettings, StoredVersion};
use super::keys::{Keys, StoredDek, StoredKek};
use super::moment::Moment;
use super::outline::{Outline, Versions};
use super::source::Source;
use super::values::{is_empty, is_subject, sorted};
use crate::cli::api::Api;
use crate::cli::check::InputError;
use crate::cli::client::Client;
use crate::cli::connection::connect;
use crate::cli::exit::Exit;
use crate::cli::manifest::Manifest;
use crate::cli::registry_login::RegistryLogin;
use crate::cli::{Failure, database, serve};
use crate::codec::{ConfigJson, LevelKey};
use crate::config::{self, Settings};
use crate::registry::Registry;
use crate::store::{ListedVersion, RegistrySnapshot, Restored, ScopeSettings, StoreError, postgres, sqlite};
use crate::types::{CompatibilityLevel, Dek, Kek, Subject};

/// Where something is read from, or written to.
pub(super) enum Place {
    Registry(Api),
    /// The settings of the server that would work with it.
    Database(Box<Settings>),
}

pub(super) fn failed((exit, line): Failure) -> InputError {
    let hint = if exit == Exit::DatabaseInUse { ": a server works with it; --to its URL writes through it" } else { "" };
    InputError::new(format!("{line}{hint}"))
}

impl Place {
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
                let (app, registry) = serve::without_listening(settings).await.map_err(failed)?;
                Ok(Api::new(Client::of_database(app, registry)))
            }
        }
    }

    /// What is there, to be read: a database as it is from now on.
    pub(super) async fn source(&self) -> Result<Source, InputError> {
        Ok(match self {
            Self::Registry(api) => Source::Registry(api.clone()),
            Self::Database(settings) => Source::Database(Arc::new(Moment::open(settings).await.map_err(failed)?)),
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
pub(in crate::cli) async fn finish(settings: &Settings, restored: &Restored) -> Result<(), Failure> {
    let done = match database::sqlite_path(&settings.database)? {
        Some(path) => sqlite::finish_restore(&path, restored).await,
        None => postgres::finish_restore(serve::postgres_options(settings), restored).await,
    };
    done.map_err(|error| serve::unusable(&error))
}

/// What a registry over the database would say beside its versions. `level` is the one that it has where none is set.
pub(super) fn rest(snapshot: &RegistrySnapshot, level: CompatibilityLevel) -> Rest {
    let mut content = Rest {
        highest_ids: snapshot.highest_ids.iter().map(|(context, id)| (context.clone(), i64::from(*id))).collect(),
        cluster_id: Some(snapshot.cluster_id.clone()),
        ..Rest::default()
    };
    for (scope, settings) in &snapshot.settings {
        // the registry as a whole has the empty name here
        let name = if scope.is_context() && scope.is_default_context() { String::new() } else { scope.qualified() };
        if settings.config.is_some() {
            content.configs.insert(name.clone(), config(scope, settings, &snapshot.settings, level));
        }
        if let Some(mode) = settings.mode.filter(|_| is_subject(&name)) {
            content.modes.insert(name, mode.as_str().to_owned());
        }
    }
    content.configs.entry(String::new()).or_insert_with(|| json!({ "compatibility": level.as_str() }));
    content.configs.retain(|_, config| !is_empty(config));
    let mut keys = Keys::default();
    keys.keks.extend(snapshot.keks.iter().map(kek));
    for dek in &snapshot.deks {
        let key = (
            dek.name.kek.clone(),
            dek.name.written_subject.clone(),
            dek.name.algorithm.as_str().to_owned(),
            i64::from(dek.version),
        );
        keys.deks.insert(key, stored_dek(dek));
    }
    content.keys = Some(keys);
    content
}

/// Which versions a database that this process has opened has, with the configs of their subjects.
pub(super) async fn outline(registry: &Registry, prefix: &str) -> Result<Outline, InputError> {
    let failed = |error: StoreError| InputError::new(error.to_string());
    let marks = registry.store().version_marks().await.map_err(failed)?;
    let settings = registry.store().every_setting().await.map_err(failed)?;
    let mut outline = Outline::new();
    for (subject, version, is_deleted) in marks.into_iter().filter(|(subject, ..)| subject.starts_with(prefix)) {
        let versions = match outline.entry(subject) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let scope = Subject::parse(new.key());
                let own = settings.get(&scope).filter(|own| own.config.is_some());
                let config = own.map(|own| config(&scope, own, &settings, registry.defaults().level));
                new.insert(Versions { config: config.filter(|config| !is_empty(config)), ..Versions::default() })
            }
        };
        let numbers = if is_deleted { &mut versions.deleted } else { &mut versions.live };
        numbers.insert(i64::from(version));
    }
    Ok(outline)
}

/// Configs and modes of some scopes of such a database.
pub(super) async fn settings(registry: &Registry, scopes: &BTreeSet<String>) -> Result<ScopesSettings, InputError> {
    let all = registry.store().every_setting().await.map_err(|error| InputError::new(error.to_string()))?;
    let (mut configs, mut modes) = (BTreeMap::new(), BTreeMap::new());
    let level = registry.defaults().level;
    for name in scopes {
        let scope = Subject::parse(name);
        let own = all.get(&scope).cloned().unwrap_or_default();
        // the registry as a whole always has a config
        if own.config.is_some() || name.is_empty() {
            configs.insert(name.clone(), config(&scope, &own, &all, level));
        }
        if let Some(mode) = own.mode {
            modes.insert(name.clone(), mode.as_str().to_owned());
        }
    }
    configs.retain(|_, config| !is_empty(config));
    Ok((configs, modes))
}

/// A version as it is answered.
pub(super) fn version(listed: &ListedVersion) -> StoredVersion {
    let content = &listed.schema.content;
    let mut answer = json!({
        "id": listed.row.id,
        "guid": listed.schema.guid.to_string(),
        "schemaType": content.schema_type.as_str(),
        "schema": &*content.text,
        "references": content.references,
    });
    for (key, value) in [
        ("metadata", content.metadata.as_ref().map(serde_json::to_value)),
        ("ruleSet", content.rule_set.as_ref().map(serde_json::to_value)),
    ] {
        if let (Some(Ok(value)), Some(members)) = (value, answer.as_object_mut()) {
            members.insert(key.to_owned(), value);
        }
    }
    StoredVersion::read(&answer, listed.row.deleted)
}

/// A config as it is answered: with the level that it has or inherits.
fn config(scope: &Subject, settings: &ScopeSettings, all: &HashMap<Subject, ScopeSettings>, level: CompatibilityLevel) -> Value {
    let own = settings.config.clone().unwrap_or_default();
    let of = |scope: &Subject| all.get(scope)?.config.as_ref()?.compatibility;
    let inherited = of(&scope.context_scope()).or_else(|| of(&Subject::plain(""))).or(Some(level));
    let whole = crate::types::Config { compatibility: own.compatibility.or(inherited), ..own };
    sorted(serde_json::to_value(ConfigJson::new(&whole, LevelKey::Compatibility)).unwrap_or_default())
}

fn kek(kek: &Kek) -> (String, StoredKek) {
    let props: Map<String, Value> = kek.kms_props.iter().map(|(key, value)| (key.0.clone(), json!(value))).collect();
    let answer = json!({
        "kmsType": kek.kms_type,
        "kmsKeyId": kek.kms_key_id,
        "kmsProps": props,
        "doc": kek.doc,
        "shared": kek.shared,
        "deleted": kek.deleted,
        "ts": kek.written_at,
    });
    (kek.name.clone(), StoredKek::read(&answer))
}

fn stored_dek(dek: &Dek) -> StoredDek {
    StoredDek { is_deleted: dek.deleted, ts: Some(dek.written_at), material: dek.encrypted_key_material.clone() }
}
