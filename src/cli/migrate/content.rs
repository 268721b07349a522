//! What a registry says: every version, config and mode, and the keys of client-side encryption.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value};

use super::arguments::CopyArguments;
use super::feed::Changed;
use super::keys::{self, Keys};
use super::outline::{self, RegistryOutline};
use super::values::{GLOBAL, context_of, is_empty, is_subject, sorted};
use crate::cli::api::{Api, ScopeSetting, segment};
use crate::cli::check::InputError;
use crate::store::Restored;
use crate::types::SchemaId;

/// Members of a version that are compared; what else a registry answers is its own.
const MEMBERS: [&str; 5] = ["schemaType", "schema", "references", "metadata", "ruleSet"];

/// A version as a registry answers it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredVersion {
    pub(super) id: Option<i64>,
    pub(super) guid: Option<String>,
    pub(super) is_deleted: bool,
    /// `schemaType` (always), `schema`, `references`, `metadata`, `ruleSet` as far as they are there.
    pub(super) body: Map<String, Value>,
}

impl StoredVersion {
    pub(super) fn read(answer: &Value, is_deleted: bool) -> Self {
        let mut body = Map::new();
        for key in MEMBERS {
            // metadata without anything in it is a part of the content, and of the guid
            let is_there = |value: &Value| (key == "metadata" && value.is_object()) || !is_empty(value);
            if let Some(value) = answer.get(key).filter(|value| is_there(value)) {
                body.insert(key.to_owned(), value.clone());
            }
        }
        body.entry("schemaType").or_insert_with(|| "AVRO".into());
        Self {
            id: answer.get("id").and_then(Value::as_i64),
            guid: answer.get("guid").and_then(Value::as_str).map(str::to_owned),
            is_deleted,
            body,
        }
    }

    /// How much of it there is, roughly.
    pub(super) fn bytes(&self) -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::String(text) => text.len(),
                Value::Array(items) => items.iter().map(of).sum(),
                Value::Object(members) => members.iter().map(|(key, value)| 64 + key.len() + of(value)).sum(),
                _ => 0,
            }
        }
        256 + self.body.values().map(of).sum::<usize>()
    }

    /// The text, without what only one of two registries puts between the parts of JSON.
    pub(super) fn text(&self) -> String {
        let text = self.body.get("schema").and_then(Value::as_str).unwrap_or_default();
        match (self.body.get("schemaType").and_then(Value::as_str), serde_json::from_str::<Value>(text)) {
            (Some("AVRO" | "JSON"), Ok(value)) => value.to_string(),
            _ => text.to_owned(),
        }
    }
}

/// Everything of a registry but its versions.
#[derive(Debug, Default, Clone)]
pub(super) struct Rest {
    /// Of subjects, contexts (`:.ctx:`) and the registry as a whole (the empty name).
    pub(super) configs: BTreeMap<String, Value>,
    /// Of subjects. Those of contexts and of the registry say who may write where just now, which is each registry's own.
    pub(super) modes: BTreeMap<String, String>,
    /// Keys of client-side encryption; `None` where nothing is said of them, as old bundles and most registries don't.
    pub(super) keys: Option<Keys>,
    /// The highest ids that were ever handed out, by context, and what the registry is called; where they are known, which registries
    /// don't tell.
    pub(super) highest_ids: BTreeMap<String, i64>,
    pub(super) cluster_id: Option<String>,
    /// What the registry has and does not give.
    pub(super) withheld: Vec<String>,
}

impl Rest {
    /// `also` are scopes whose settings are read although nothing lists them.
    pub(super) async fn read(
        api: &Api,
        outline: &RegistryOutline,
        prefix: &str,
        parallel: u16,
        also: &BTreeSet<String>,
    ) -> Result<Self, InputError> {
        let scopes = scopes_of(api, outline, prefix).await?.union(also).cloned().collect();
        let (configs, mut modes) = settings(api, outline, &scopes, parallel).await?;
        modes.retain(|scope, _| is_subject(scope));
        let (keys, withheld) = keys::read(api, prefix, parallel).await?;
        Ok(Self { configs, modes, keys, withheld, ..Self::default() })
    }

    /// Leaves only settings of subjects that begin so.
    pub(super) fn keep(&mut self, prefix: &str) {
        self.configs.retain(|scope, _| scope.starts_with(prefix));
        self.modes.retain(|scope, _| scope.starts_with(prefix));
        if let Some(keys) = &mut self.keys {
            keys.keep(prefix);
        }
    }

    /// Reads configs, modes and keys that have changed. `outline` is that of the subjects that have changed.
    pub(super) async fn read_again(
        &mut self,
        api: &Api,
        changed: &Changed,
        outline: &RegistryOutline,
        asked: &CopyArguments,
    ) -> Result<(), InputError> {
        let subjects: BTreeSet<&str> = changed.subjects().map(String::as_str).collect();
        self.withheld.retain(|what| !what.rsplit_once(" version ").is_some_and(|(subject, _)| subjects.contains(subject)));
        self.read_settings(api, outline, &changed.set(), asked.parallel).await?;
        if changed.keys {
            let (keys, withheld) = keys::read(api, &asked.prefix, asked.parallel).await?;
            self.keys = keys;
            for what in withheld {
                if !self.withheld.contains(&what) {
                    self.withheld.push(what);
                }
            }
        }
        Ok(())
    }

    /// Reads configs and modes of some scopes; which of them are other ones than before.
    pub(super) async fn read_settings(
        &mut self,
        api: &Api,
        outline: &RegistryOutline,
        scopes: &BTreeSet<String>,
        parallel: u16,
    ) -> Result<BTreeSet<String>, InputError> {
        let (mut configs, mut modes) = settings(api, outline, scopes, parallel).await?;
        modes.retain(|scope, _| is_subject(scope));
        let is_other =
            |scope: &&String| self.configs.get(*scope) != configs.get(*scope) || self.modes.get(*scope) != modes.get(*scope);
        let changed = scopes.iter().filter(is_other).cloned().collect();
        self.configs.retain(|scope, _| !scopes.contains(scope));
        self.modes.retain(|scope, _| !scopes.contains(scope));
        self.configs.append(&mut configs);
        self.modes.append(&mut modes);
        Ok(changed)
    }

    /// The scopes that have settings.
    pub(super) fn scopes(&self) -> BTreeSet<String> {
        self.configs.keys().chain(self.modes.keys()).cloned().collect()
    }

    /// Takes in what another file says; an error names what both say.
    pub(super) fn add(&mut self, other: Self) -> Result<(), String> {
        let twice =
            |scope: &str| if scope.is_empty() { "a setting of the registry".to_owned() } else { format!("a setting of {scope}") };
        for (scope, config) in other.configs {
            if self.configs.insert(scope.clone(), config).is_some() {
                return Err(twice(&scope));
            }
        }
        for (scope, mode) in other.modes {
            if self.modes.insert(scope.clone(), mode).is_some() {
                return Err(twice(&scope));
            }
        }
        if let Some(keys) = other.keys {
            let ours = self.keys.get_or_insert_default();
            for (name, kek) in keys.keks {
                if ours.keks.insert(name.clone(), kek).is_some() {
                    return Err(format!("KEK {name}"));
                }
            }
            for (key, dek) in keys.deks {
                let name = keys::shown(&key);
                if ours.deks.insert(key, dek).is_some() {
                    return Err(name);
                }
            }
        }
        for (context, id) in other.highest_ids {
            let ours = self.highest_ids.entry(context).or_default();
            *ours = id.max(*ours);
        }
        self.cluster_id = self.cluster_id.take().or(other.cluster_id);
        self.withheld.extend(other.withheld);
        Ok(())
    }

    /// Without that of which a file says nothing: a registry always has a config, and a file of an older kind knows no keys.
    pub(super) fn limited_to(mut self, file: &Self) -> Self {
        if !file.configs.contains_key("") {
            self.configs.remove("");
        }
        if file.keys.is_none() {
            self.keys = None;
        }
        self
    }

    /// What a database is to have beside what is registered.
    pub(super) fn restored(&self, cluster_id: Option<String>) -> Restored {
        let id = |id: &i64| SchemaId::try_from(*id).unwrap_or(SchemaId::MAX);
        Restored {
            cluster_id,
            highest_ids: self.highest_ids.iter().map(|(context, highest)| (context.clone(), id(highest))).collect(),
        }
    }
}

/// Every version, and whether it is deleted.
pub(super) fn all(outline: &RegistryOutline) -> impl Iterator<Item = (String, i64, bool)> {
    outline.iter().flat_map(|(subject, versions)| {
        versions.all().map(|version| (subject.clone(), version, versions.deleted.contains(&version)))
    })
}

pub(super) async fn version_of(api: &Api, subject: &str, version: i64, is_deleted: bool) -> Result<Option<Value>, InputError> {
    let query = if is_deleted { "?deleted=true" } else { "" };
    let found = api.find(&format!("/subjects/{}/versions/{version}{query}", segment(subject))).await?;
    let answered = found.as_ref().and_then(|answer| answer.get("subject")).and_then(Value::as_str);
    // a subject with an alias is answered with versions of another one
    let is_its_own = match answered {
        None => true,
        Some(answered) if answered == subject => true,
        // some registries leave the context out of it
        Some(answered) if context_of(subject).is_some_and(|context| subject.strip_prefix(&context) == Some(answered)) => {
            !outline::has_alias(api.setting(ScopeSetting::Config, Some(subject)).await?.as_ref())
        }
        Some(_) => false,
    };
    let has_alias =
        async || Ok::<_, InputError>(outline::has_alias(api.setting(ScopeSetting::Config, Some(subject)).await?.as_ref()));
    let found = if !is_its_own || (found.is_none() && has_alias().await?) {
        let own = outline::own_versions(api, subject, is_deleted).await?;
        own.into_iter().find(|one| outline::number(one) == Some(version))
    } else {
        found
    };
    // Confluent takes a Protobuf file of comments alone, and has no text for it afterwards
    let has_text = |answer: &Value| answer.get("schema").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    Ok(found.filter(has_text))
}

/// The scopes that have settings of their own: the registry (the empty name) where all is meant, contexts, and subjects.
pub(super) fn scopes(outline: &RegistryOutline, whole: bool) -> BTreeSet<String> {
    let mut scopes: BTreeSet<String> = outline.keys().cloned().collect();
    scopes.extend(outline.keys().filter_map(|subject| context_of(subject)));
    if whole {
        scopes.insert(String::new());
        scopes.insert(GLOBAL.to_owned());
    }
    scopes
}

/// The same with what has settings and no versions, as far as the registry tells.
pub(super) async fn scopes_of(api: &Api, outline: &RegistryOutline, prefix: &str) -> Result<BTreeSet<String>, InputError> {
    let mut scopes = scopes(outline, prefix.is_empty());
    scopes.extend(outline::without_versions(api).await?.into_iter().filter(|scope| scope.starts_with(prefix)));
    Ok(scopes)
}

pub(super) type ConfigsAndModes = (BTreeMap<String, Value>, BTreeMap<String, String>);

/// The configs and modes of some scopes. Configs of subjects that are in the outline of the registry were read with it.
pub(super) async fn settings(
    api: &Api,
    outline: &RegistryOutline,
    scopes: &BTreeSet<String>,
    parallel: u16,
) -> Result<ConfigsAndModes, InputError> {
    let read = async |scope: &String| {
        let named = Some(scope.as_str()).filter(|scope| !scope.is_empty());
        let config = match outline.get(scope) {
            Some(known) => known.config.clone(),
            None => api.setting(ScopeSetting::Config, named).await?.filter(|config| !is_empty(config)).map(sorted),
        };
        let mode = api.setting(ScopeSetting::Mode, named).await?;
        let mode = mode.as_ref().and_then(|body| body.get("mode")).and_then(Value::as_str).map(str::to_owned);
        Ok::<_, InputError>((scope.clone(), config, mode))
    };
    let mut found = stream::iter(scopes).map(read).buffer_unordered(usize::from(parallel));
    let (mut configs, mut modes) = (BTreeMap::new(), BTreeMap::new());
    while let Some((scope, config, mode)) = found.try_next().await? {
        configs.extend(config.map(|config| (scope.clone(), config)));
        modes.extend(mode.map(|mode| (scope, mode)));
    }
    drop(found);
    if modes.keys().any(|scope| is_subject(scope)) && api.find_where_known("/contexts").await?.is_none() {
        // one without contexts may tell that of the registry for each subject
        let common = api.setting(ScopeSetting::Mode, None).await?;
        let common = common.as_ref().and_then(|body| body.get("mode")).and_then(Value::as_str);
        modes.retain(|scope, mode| !is_subject(scope) || Some(mode.as_str()) != common);
    }
    Ok((configs, modes))
}
