//! Modes: the target takes ids while it is filled, and the source nothing more when it is left.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::outline;
use super::source::Source;
use super::values::context_of;
use crate::cli::api::{Api, Setting};
use crate::cli::check::InputError;

/// Contexts whose modes are given back at once.
const AT_ONCE: usize = 16;

fn path(scope: &str) -> String {
    Setting::Mode.path(Some(scope).filter(|scope| !scope.is_empty()))
}

async fn set(api: &Api, scope: &str, mode: &str, force: bool) -> Result<(), InputError> {
    let query = if force { "?force=true" } else { "" };
    let body = json!({ "mode": mode });
    let answer = api.send(Method::PUT, &format!("{}{query}", path(scope)), Some(&body)).await?;
    if answer.status == 200 {
        return Ok(());
    }
    let scope = if scope.is_empty() { "the registry" } else { scope };
    Err(api.failed(format!("the mode of {scope} can't be set to {mode}: {}", answer.complaint())))
}

async fn mode_of(api: &Api, scope: &str) -> Result<Option<String>, InputError> {
    let found = api.find(&path(scope)).await?;
    Ok(found.as_ref().and_then(|body| body.get("mode")).and_then(Value::as_str).map(str::to_owned))
}

/// The registry as a whole (the empty name), and the contexts that subjects are in.
async fn scopes(source: &Source<'_>) -> Result<BTreeSet<String>, InputError> {
    let contexts: BTreeSet<String> = match source {
        Source::File(content) => content.versions.keys().filter_map(|(name, _)| context_of(name)).collect(),
        Source::Registry(api) => {
            let names = outline::all_names(api).await?;
            names.iter().filter_map(|name| context_of(name)).collect()
        }
    };
    Ok(contexts.into_iter().chain([String::new()]).collect())
}

async fn source_mode(from: &Source<'_>, scope: &str) -> Result<Option<String>, InputError> {
    match from {
        Source::Registry(api) => mode_of(api, scope).await,
        Source::File(content) => Ok(content.modes.get(scope).cloned()),
    }
}

/// The modes of the registry and of its contexts before it took imports; without those that had none of their own.
pub(super) type Before = BTreeMap<String, String>;

/// Has the target take ids, in every context that the source has. What is there already stays.
pub(super) async fn take_imports(from: &Source<'_>, to: &Api) -> Result<Before, InputError> {
    let mut before = Before::new();
    take_imports_in(to, &scopes(from).await?, &mut before).await?;
    Ok(before)
}

/// The same in some contexts; `before` gets the modes that they had.
pub(super) async fn take_imports_in(to: &Api, scopes: &BTreeSet<String>, before: &mut Before) -> Result<(), InputError> {
    for scope in scopes {
        let mode = mode_of(to, scope).await?;
        if mode.as_deref() != Some("IMPORT") {
            set(to, scope, "IMPORT", true).await?;
            before.extend(mode.map(|mode| (scope.clone(), mode)));
        }
    }
    Ok(())
}

/// Gives the target its modes back. Its contexts have those of the source, where that has any, and otherwise what they had.
pub(super) async fn as_before(from: &Source<'_>, to: &Api, before: &Before) -> Result<(), InputError> {
    as_before_in(from, to, before, &scopes(from).await?).await
}

/// The same in some contexts, and in the registry as a whole.
pub(super) async fn as_before_in(
    from: &Source<'_>,
    to: &Api,
    before: &Before,
    contexts: &BTreeSet<String>,
) -> Result<(), InputError> {
    let was = |scope: &str| before.get(scope).cloned();
    let give_back = async |scope: &String| {
        if let Some(mode) = source_mode(from, scope).await?.filter(|mode| mode != "READWRITE").or_else(|| was(scope)) {
            return set(to, scope, &mode, false).await;
        }
        // a context without a mode of its own has the registry's
        to.send(Method::DELETE, &path(scope), None).await.map(drop)
    };
    let mut given = stream::iter(contexts.iter().filter(|scope| !scope.is_empty())).map(give_back).buffer_unordered(AT_ONCE);
    while given.try_next().await?.is_some() {}
    drop(given);
    set(to, "", was("").as_deref().unwrap_or("READWRITE"), false).await
}

/// Lets nobody write to the source any more.
pub(super) async fn close(from: &Api) -> Result<(), InputError> {
    set(from, "", "READONLY", false).await
}
