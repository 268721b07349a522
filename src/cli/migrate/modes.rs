//! Modes: the target takes ids while it is filled, and the source nothing more when it is left.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::outline;
use super::source::MigrationSource;
use super::values::{GLOBAL, context_of};
use crate::cli::api::{Api, ScopeSetting};
use crate::cli::check::InputError;

/// Contexts whose modes are read, or given back, at once.
const AT_ONCE: usize = 16;

const CLOSED: &str = "READONLY";

fn path(scope: &str) -> String {
    ScopeSetting::Mode.path(Some(scope).filter(|scope| !scope.is_empty()))
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
async fn scopes(source: &MigrationSource, prefix: &str) -> Result<BTreeSet<String>, InputError> {
    let contexts: BTreeSet<String> = match source {
        MigrationSource::Registry(api) => {
            let names = outline::all_names(api).await?;
            names.iter().filter(|name| name.starts_with(prefix)).filter_map(|name| context_of(name)).collect()
        }
        MigrationSource::Database(_) | MigrationSource::Files(_) => outline::contexts(&source.outline(prefix, 1).await?),
    };
    Ok(contexts.into_iter().chain([String::new()]).collect())
}

/// The modes that some scopes have of their own.
pub(super) async fn of(from: &MigrationSource, scopes: &BTreeSet<String>) -> Result<Modes, InputError> {
    let MigrationSource::Registry(api) = from else { return Ok(from.kept().map(|rest| rest.modes.clone()).unwrap_or_default()) };
    let read = async |scope: &String| Ok::<_, InputError>((scope.clone(), mode_of(api, scope).await?));
    let found: Vec<_> = stream::iter(scopes).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().filter_map(|(scope, mode)| Some((scope, mode?))).collect())
}

/// Modes by scope; without those that have none of their own.
pub(super) type Modes = BTreeMap<String, String>;

/// The modes of the registry and of its contexts before it took imports.
pub(super) type Before = Modes;

/// Has the target take ids, in every context that the source has. What is there already stays.
pub(super) async fn take_imports(from: &MigrationSource, to: &Api, prefix: &str) -> Result<Before, InputError> {
    let mut before = Before::new();
    take_imports_in(to, &scopes(from, prefix).await?, &mut before).await?;
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
pub(super) async fn as_before(from: &MigrationSource, to: &Api, before: &Before, prefix: &str) -> Result<(), InputError> {
    let scopes = scopes(from, prefix).await?;
    give_back(to, before, &of(from, &scopes).await?, &scopes).await
}

/// The same for some contexts, and for the registry as a whole; `theirs` are the modes of the source.
pub(super) async fn give_back(to: &Api, before: &Before, theirs: &Modes, contexts: &BTreeSet<String>) -> Result<(), InputError> {
    let one = async |scope: &String| {
        let mode = theirs.get(scope).filter(|mode| *mode != "READWRITE").or_else(|| before.get(scope));
        match mode {
            Some(mode) => set(to, scope, mode, false).await,
            // a context without a mode of its own has the registry's
            None => to.send(Method::DELETE, &path(scope), None).await.map(drop),
        }
    };
    let mut given = stream::iter(contexts.iter().filter(|scope| !scope.is_empty())).map(one).buffer_unordered(AT_ONCE);
    while given.try_next().await?.is_some() {}
    drop(given);
    set(to, "", before.get("").map_or("READWRITE", String::as_str), false).await
}

/// Whether the modes of a registry can be set: where they can't, the routes are for reading alone.
pub(super) async fn can_be_set(api: &Api) -> Result<bool, InputError> {
    // it is in that mode already, or refused in words of its own
    let mode = mode_of(api, "").await?;
    let body = json!({ "mode": mode.as_deref().unwrap_or("READWRITE") });
    let answer = api.send(Method::PUT, &path(""), Some(&body)).await?;
    Ok(!matches!(answer.status, 405 | 501) && (answer.status != 404 || answer.error_code().is_some()))
}

/// Lets nobody write to the source any more: neither to its contexts, whose own modes are `theirs`, nor to those that are to come. The
/// mode of the registry as a whole is set last.
pub(super) async fn close(from: &Api, theirs: &Modes, contexts: &BTreeSet<String>) -> Result<(), InputError> {
    let covers_all = set(from, GLOBAL, CLOSED, false).await.is_ok();
    for context in contexts {
        let own = theirs.get(context).map(String::as_str);
        if own != Some(CLOSED) && (own.is_some() || !covers_all) {
            set(from, context, CLOSED, false).await?;
        }
    }
    set(from, "", CLOSED, false).await
}
