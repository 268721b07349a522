//! Doing what a plan says: each tree of references whole or not at all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::plan::{ConfigChange, Deletion, Plan, PlannedRegistration};
use super::planner::{state, tree_body, tree_path};
use crate::cli::api::{Api, segment};
use crate::cli::check::InputError;

/// What was done, and what was not.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) done: Vec<String>,
    pub(super) failed: Vec<String>,
}

/// What is no longer as the plan saw it.
pub(super) async fn moved(api: &Api, plan: &Plan) -> Result<Vec<String>, InputError> {
    let mut moved = Vec::new();
    let registrations = plan.registrations.iter().map(|one| (&one.subject, &one.seen));
    for (subject, seen) in registrations.chain(plan.deletions().map(|one| (&one.subject, &one.seen))) {
        let now = state(api, subject).await?.seen;
        if now != *seen {
            moved.push(format!("{subject} had versions {:?} and has {:?}", seen.versions, now.versions));
        }
    }
    for change in plan.configs() {
        if api.setting(change.setting, change.subject.as_deref()).await? != change.seen {
            moved.push(format!("the {} is another one", named(change)));
        }
    }
    Ok(moved)
}

/// `config of SUBJECT`, for people.
fn named(change: &ConfigChange) -> String {
    format!("{} of {}", change.setting.word(), change.subject.as_deref().unwrap_or("the registry"))
}

/// Applies a plan that nothing speaks against.
pub(super) async fn apply(api: &Api, plan: &Plan) -> Result<Applied, InputError> {
    let mut applied = Applied::default();
    for change in plan.configs().filter(|change| change.subject.is_none() && change.comes_first()) {
        set(api, change).await?;
        applied.done.push(named(change));
    }
    let mut trees: BTreeMap<usize, Vec<&PlannedRegistration>> = BTreeMap::new();
    for registration in &plan.registrations {
        trees.entry(registration.tree).or_default().push(registration);
    }
    let (mut with_trees, mut failed) = (HashSet::new(), HashSet::new());
    for tree in trees.into_values() {
        let subjects: HashSet<&str> = tree.iter().map(|one| one.subject.as_str()).collect();
        let is_own = |change: &&ConfigChange| change.subject.as_deref().is_some_and(|subject| subjects.contains(subject));
        let configs: Vec<&ConfigChange> = plan.configs().filter(|change| change.comes_first()).filter(is_own).collect();
        with_trees.extend(configs.iter().filter_map(|change| change.subject.as_deref()));
        if !whole_tree(api, &tree, &configs, &mut applied).await? {
            failed.extend(subjects);
        }
    }
    let alone = |change: &&ConfigChange| change.subject.as_deref().is_some_and(|one| !with_trees.contains(one));
    for change in plan.configs().filter(|change| change.comes_first()).filter(alone) {
        set(api, change).await?;
        applied.done.push(named(change));
    }
    delete_all(api, plan.deletions().collect(), &mut applied).await?;
    // a mode that keeps writes off would keep the next attempt off too
    let settled = |change: &&ConfigChange| match change.subject.as_deref() {
        Some(subject) => !failed.contains(subject),
        None => applied.failed.is_empty(),
    };
    let last: Vec<&ConfigChange> = plan.configs().filter(|change| !change.comes_first()).filter(settled).collect();
    for change in last {
        set(api, change).await?;
        applied.done.push(named(change));
    }
    Ok(applied)
}

async fn set(api: &Api, change: &ConfigChange) -> Result<(), InputError> {
    api.demand(Method::PUT, &change.setting.path(change.subject.as_deref()), Some(&change.set)).await.map(|_| ())
}

/// Sets a config or a mode to what it was.
async fn restore(api: &Api, change: &ConfigChange) -> Result<(), InputError> {
    let path = change.setting.path(change.subject.as_deref());
    let Some(seen) = &change.seen else {
        // with the last version of a subject its config is gone already
        let answer = api.send(Method::DELETE, &path, None).await?;
        return if matches!(answer.status, 200 | 404) { Ok(()) } else { Err(api.failed(answer.complaint())) };
    };
    let mut body = seen.clone();
    if let (Some(map), Some(set)) = (body.as_object_mut(), change.set.as_object()) {
        for key in set.keys() {
            map.entry(key.clone()).or_insert(Value::Null);
        }
    }
    api.demand(Method::PUT, &path, Some(&body)).await.map(|_| ())
}

/// One tree with the configs of its subjects, which decide about it and so come first. Whether it is there now.
async fn whole_tree(
    api: &Api,
    tree: &[&PlannedRegistration],
    configs: &[&ConfigChange],
    applied: &mut Applied,
) -> Result<bool, InputError> {
    let mut changed = Vec::new();
    let mut failure = None;
    for change in configs {
        match set(api, change).await {
            Ok(()) => changed.push(*change),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    let registered = match failure {
        Some(error) => Err(error),
        None => register(api, tree).await,
    };
    match registered {
        Ok(lines) => {
            applied.done.extend(changed.iter().map(|change| named(change)));
            applied.done.extend(lines);
            Ok(true)
        }
        Err(error) => {
            let subjects: Vec<&str> = tree.iter().map(|one| one.subject.as_str()).collect();
            applied.failed.push(format!("{}: {}", subjects.join(", "), error.message));
            for change in changed.into_iter().rev() {
                if let Err(error) = restore(api, change).await {
                    applied.failed.push(format!("the {} could not be set back: {}", named(change), error.message));
                }
            }
            Ok(false)
        }
    }
}

/// Registers a tree in one request where the registry has one for that, else one after the other.
async fn register(api: &Api, tree: &[&PlannedRegistration]) -> Result<Vec<String>, InputError> {
    let answer = api.send(Method::POST, &tree_path(tree, false)?, Some(&tree_body(tree))).await?;
    match answer.status {
        200 => {
            let one = |one: &Value| {
                let (subject, version) = (one.get("subject")?.as_str()?, one.get("version")?.as_i64()?);
                let expected = tree.iter().find(|planned| planned.subject == subject).and_then(|planned| planned.version);
                Some(line(subject, version, expected))
            };
            let schemas = answer.body.get("schemas").and_then(Value::as_array);
            Ok(schemas.into_iter().flatten().filter_map(one).collect())
        }
        404 | 405 => one_by_one(api, tree).await,
        _ => Err(api.failed(answer.complaint())),
    }
}

fn line(subject: &str, version: i64, expected: Option<i64>) -> String {
    let other = expected.filter(|expected| *expected != version);
    let note = other.map(|other| format!(", not {other} as planned: somebody else registered meanwhile")).unwrap_or_default();
    format!("{subject} version {version}{note}")
}

/// In the order of references. When one is refused, what this run has registered before is taken back, newest first.
async fn one_by_one(api: &Api, tree: &[&PlannedRegistration]) -> Result<Vec<String>, InputError> {
    let mut versions: HashMap<&str, i64> = HashMap::new();
    let mut created: Vec<(&str, i64)> = Vec::new();
    let mut lines = Vec::new();
    for one in tree {
        match register_one(api, one, &versions).await {
            Ok(version) => {
                versions.insert(&one.subject, version);
                if !one.seen.versions.contains(&version) {
                    created.push((&one.subject, version));
                }
                lines.push(line(&one.subject, version, one.version));
            }
            Err(error) => {
                let mut message = error.message;
                for (subject, version) in created.into_iter().rev() {
                    if let Err(error) = take_back(api, subject, version).await {
                        let _ = write!(message, "; {subject} version {version} could not be taken back: {}", error.message);
                    }
                }
                return Err(InputError::new(message));
            }
        }
    }
    Ok(lines)
}

async fn register_one(api: &Api, one: &PlannedRegistration, versions: &HashMap<&str, i64>) -> Result<i64, InputError> {
    let mut body = one.body.clone();
    let references = body.get_mut("references").and_then(Value::as_array_mut);
    for reference in references.into_iter().flatten().filter_map(Value::as_object_mut) {
        let subject = reference.get("subject").and_then(Value::as_str).unwrap_or_default();
        if let (None, Some(version)) = (reference.get("version"), versions.get(subject)) {
            reference.insert("version".to_owned(), json!(version));
        }
    }
    let path = format!("/subjects/{}/versions?normalize={}", segment(&one.subject), one.normalize);
    let of_one = |error: InputError| InputError::new(format!("{}: {}", one.subject, error.message));
    api.demand(Method::POST, &path, Some(&body)).await.map_err(of_one)?;
    let found = api.look_up(&one.subject, &body, one.normalize).await?;
    let version = found.and_then(|found| found.get("version")?.as_i64());
    version.ok_or_else(|| api.failed(format!("{} was registered and is not found", one.subject)))
}

/// Deletes a version for good, as if it had never been.
async fn take_back(api: &Api, subject: &str, version: i64) -> Result<(), InputError> {
    let path = format!("/subjects/{}/versions/{version}", segment(subject));
    api.demand(Method::DELETE, &path, None).await?;
    api.demand(Method::DELETE, &format!("{path}?permanent=true"), None).await.map(|_| ())
}

/// Deletes subjects softly; those that others refer to after those others.
async fn delete_all(api: &Api, mut open: Vec<&Deletion>, applied: &mut Applied) -> Result<(), InputError> {
    while !open.is_empty() {
        let before = open.len();
        let (mut left, mut complaints) = (Vec::new(), Vec::new());
        for deletion in open {
            let answer = api.send(Method::DELETE, &format!("/subjects/{}", segment(&deletion.subject)), None).await?;
            if answer.status == 200 {
                applied.done.push(format!("{} deleted", deletion.subject));
            } else {
                complaints.push(format!("{}: {}", deletion.subject, answer.complaint()));
                left.push(deletion);
            }
        }
        if left.len() == before {
            applied.failed.extend(complaints);
            break;
        }
        open = left;
    }
    Ok(())
}
