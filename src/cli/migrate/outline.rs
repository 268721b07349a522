//! Which versions a registry has, and which of them are deleted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::Value;

use super::values::{VersionKey, context_of, is_empty, sorted};
use crate::cli::api::{Api, ScopeSetting, segment};
use crate::cli::check::InputError;
use crate::types::DEFAULT_CONTEXT;

/// Versions that are listed in one request.
const PAGE: usize = 500;

/// The versions of a subject, and its config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SubjectVersions {
    pub(super) live: BTreeSet<i64>,
    pub(super) deleted: BTreeSet<i64>,
    pub(super) config: Option<Value>,
}

impl SubjectVersions {
    pub(super) fn has(&self, version: i64) -> bool {
        self.live.contains(&version) || self.deleted.contains(&version)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = i64> {
        self.live.union(&self.deleted).copied()
    }
}

/// All subjects of a registry, by their qualified names.
pub(super) type RegistryOutline = BTreeMap<String, SubjectVersions>;

/// Adds a version.
pub(super) fn add(outline: &mut RegistryOutline, (subject, version): &VersionKey, is_deleted: bool) {
    if !outline.contains_key(subject) {
        outline.insert(subject.clone(), SubjectVersions::default());
    }
    if let Some(versions) = outline.get_mut(subject) {
        let numbers = if is_deleted { &mut versions.deleted } else { &mut versions.live };
        numbers.insert(*version);
    }
}

pub(super) fn has(outline: &RegistryOutline, (subject, version): &VersionKey) -> bool {
    outline.get(subject).is_some_and(|versions| versions.has(*version))
}

/// Takes a version out.
pub(super) fn remove(outline: &mut RegistryOutline, (subject, version): &VersionKey) {
    let Some(versions) = outline.get_mut(subject) else { return };
    versions.live.remove(version);
    versions.deleted.remove(version);
    if versions.live.is_empty() && versions.deleted.is_empty() {
        outline.remove(subject);
    }
}

/// How many versions there are.
pub(super) fn count(outline: &RegistryOutline) -> usize {
    outline.values().map(|versions| versions.live.len() + versions.deleted.len()).sum()
}

/// The contexts that subjects are in, as scopes; without the default one.
pub(super) fn contexts(outline: &RegistryOutline) -> BTreeSet<String> {
    outline.keys().filter_map(|subject| context_of(subject)).collect()
}

/// Whether requests about the subject of a config are taken for some about another one.
pub(super) fn has_alias(config: Option<&Value>) -> bool {
    config.and_then(|config| config.get("alias")).and_then(Value::as_str).is_some_and(|alias| !alias.is_empty())
}

/// Reads it: three requests for each subject.
pub(super) async fn read(api: &Api, prefix: &str, parallel: u16) -> Result<RegistryOutline, InputError> {
    let names = if prefix.is_empty() { all_names(api).await? } else { api.subjects(prefix, true).await? };
    let of_subject = async |name: String| of_subject(api, &name).await.map(|versions| (name, versions));
    stream::iter(names).map(of_subject).buffer_unordered(usize::from(parallel)).try_collect().await
}

/// The versions of one subject; none where there is no such subject.
pub(super) async fn of_subject(api: &Api, name: &str) -> Result<SubjectVersions, InputError> {
    let config = api.setting(ScopeSetting::Config, Some(name)).await?.filter(|config| !is_empty(config)).map(sorted);
    // all of them first: what is registered in between is live, and not one that is deleted
    let (mut deleted, live) = if has_alias(config.as_ref()) {
        let listed = async |deleted: bool| {
            let own = own_versions(api, name, deleted).await?;
            Ok::<_, InputError>(own.iter().filter_map(number).collect::<BTreeSet<i64>>())
        };
        (listed(true).await?, listed(false).await?)
    } else {
        let path = format!("/subjects/{}/versions", segment(name));
        (numbers(api.find(&format!("{path}?deleted=true")).await?.as_ref()), numbers(api.find(&path).await?.as_ref()))
    };
    deleted.retain(|version| !live.contains(version));
    Ok(SubjectVersions { live, deleted, config })
}

/// What has settings without having versions, as far as a registry tells: contexts, and subjects that are nothing but an alias of another.
pub(super) async fn without_versions(api: &Api) -> Result<BTreeSet<String>, InputError> {
    let contexts = api.find_where_known("/contexts").await?;
    let contexts = contexts.iter().flat_map(|body| body.as_array().into_iter().flatten()).filter_map(Value::as_str);
    let mut found: BTreeSet<String> =
        contexts.filter(|context| *context != DEFAULT_CONTEXT).map(|context| format!(":{context}:")).collect();
    let mut offset = 0;
    loop {
        let query = format!("subjectPrefix=:*:&aliases=true&latestOnly=true&offset={offset}&limit={PAGE}");
        let Some(page) = schemas(api, &query).await? else { return Ok(found) };
        for version in &page {
            let aliases = version.get("aliases").and_then(Value::as_array).into_iter().flatten();
            found.extend(aliases.filter_map(Value::as_str).map(str::to_owned));
        }
        // one that knows no pages sends more at once, or less
        if page.len() != PAGE {
            return Ok(found);
        }
        offset += page.len();
    }
}

/// The versions that a subject has itself, although it has an alias. Only the list of all schemas tells: in a path the name of the
/// subject stands for the other one.
pub(super) async fn own_versions(api: &Api, subject: &str, deleted: bool) -> Result<Vec<Value>, InputError> {
    let deleted = if deleted { "&deleted=true" } else { "" };
    let (mut own, mut offset, mut first) = (Vec::new(), 0, None);
    loop {
        let query = format!("subjectPrefix={}{deleted}&latestOnly=false&offset={offset}&limit={PAGE}", segment(subject));
        let Some(page) = schemas(api, &query).await? else { return Ok(own) };
        // a registry that knows no pages sends everything at once, and again
        let is_again = offset > 0 && first.as_ref() == page.first();
        let (length, begin) = (page.len(), page.first().cloned());
        if !is_again {
            own.extend(page.into_iter().filter(|one| one.get("subject").and_then(Value::as_str) == Some(subject)));
        }
        if is_again || length != PAGE {
            return Ok(own);
        }
        first = first.or(begin);
        offset += length;
    }
}

/// A page of the list of all schemas; `None` where a registry has no such list, or does not give it.
pub(super) async fn schemas(api: &Api, query: &str) -> Result<Option<Vec<Value>>, InputError> {
    let answer = api.send(Method::GET, &format!("/schemas?{query}"), None).await?;
    if answer.status >= 500 {
        return Err(api.failed(answer.complaint()));
    }
    match answer.body {
        Value::Array(page) if answer.status == 200 => Ok(Some(page)),
        _ => Ok(None),
    }
}

pub(super) fn number(version: &Value) -> Option<i64> {
    version.get("version").and_then(Value::as_i64)
}

fn numbers(found: Option<&Value>) -> BTreeSet<i64> {
    found.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// The names of all subjects, with their contexts.
pub(super) async fn all_names(api: &Api) -> Result<Vec<String>, InputError> {
    let mut names = api.subjects(":*:", true).await?;
    if names.is_empty() {
        // some registries take that for a name
        names = api.subjects("", true).await?;
    }
    // and some list the default context alone
    let contexts = api.find_where_known("/contexts").await?;
    for context in contexts.iter().flat_map(|body| body.as_array().into_iter().flatten()).filter_map(Value::as_str) {
        let qualifier = format!(":{context}:");
        if context == DEFAULT_CONTEXT || names.iter().any(|name| name.starts_with(&qualifier)) {
            continue;
        }
        let listed = api.find(&format!("/contexts/{}/subjects?deleted=true", segment(context))).await?;
        for name in listed.iter().flat_map(|body| body.as_array().into_iter().flatten()).filter_map(Value::as_str) {
            names.push(if name.starts_with(':') { name.to_owned() } else { format!("{qualifier}{name}") });
        }
    }
    Ok(names)
}
