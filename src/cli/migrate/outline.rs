//! Which versions a registry has, and which of them are deleted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::cli::api::{Api, segment};
use crate::cli::check::InputError;
use crate::types::DEFAULT_CONTEXT;

/// The versions of a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) live: BTreeSet<i64>,
    pub(super) deleted: BTreeSet<i64>,
}

impl Versions {
    pub(super) fn has(&self, version: i64) -> bool {
        self.live.contains(&version) || self.deleted.contains(&version)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = i64> {
        self.live.union(&self.deleted).copied()
    }
}

/// All subjects of a registry, by their qualified names.
pub(super) type Outline = BTreeMap<String, Versions>;

/// Reads it: two requests for each subject.
pub(super) async fn read(api: &Api, prefix: &str, parallel: u16) -> Result<Outline, InputError> {
    let names = if prefix.is_empty() { all_names(api).await? } else { api.subjects(prefix, true).await? };
    let of_subject = async |name: String| {
        let path = format!("/subjects/{}/versions", segment(&name));
        let live = numbers(api.find(&path).await?.as_ref());
        let mut deleted = numbers(api.find(&format!("{path}?deleted=true")).await?.as_ref());
        deleted.retain(|version| !live.contains(version));
        Ok::<_, InputError>((name, Versions { live, deleted }))
    };
    stream::iter(names).map(of_subject).buffer_unordered(usize::from(parallel)).try_collect().await
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
    let contexts = api.find("/contexts").await?;
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
