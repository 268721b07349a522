//! From what is wanted and what is there to a plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::order::{order, trees};
use super::plan::{ConfigChange, Deletion, FORMAT, Plan, PlannedRegistration, SeenSubject, Unchanged};
use super::wanted::WantedSchema;
use crate::cli::api::{Api, ScopeSetting, schema_body, segment};
use crate::cli::check::{CheckOutcome, InputError, Remote, SchemaJudgement, SubmittedSchema, json_findings, judge};
use crate::codec::{FromJson as _, config_from};
use crate::types::{Config, Metadata};

/// Requests that are under way at the same time.
pub(super) const AT_ONCE: usize = 8;

/// What a plan may do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allowed {
    pub(super) deletes: bool,
    pub(super) configs: bool,
}

/// A plan, and the comparisons behind its refusals.
pub(super) struct PlanResult {
    pub(super) plan: Plan,
    pub(super) outcomes: Vec<CheckOutcome>,
}

/// What is there under a subject.
pub(super) struct CurrentSubject {
    pub(super) seen: SeenSubject,
    pub(super) latest: Option<Value>,
}

pub(super) async fn state(api: &Api, subject: &str) -> Result<CurrentSubject, InputError> {
    let versions = api.versions(subject).await?;
    let latest = if versions.is_empty() { None } else { api.version(subject, "latest").await? };
    let latest_id = latest.as_ref().and_then(|latest| latest.get("id")?.as_i64());
    Ok(CurrentSubject { seen: SeenSubject { versions, latest_id }, latest })
}

/// What is wanted of the registry as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whole<'m> {
    pub(super) config: Option<&'m Value>,
    pub(super) mode: Option<&'m str>,
    /// What the subjects begin with that are ours to delete.
    pub(super) prefix: &'m str,
}

pub(super) async fn plan(
    api: &Api,
    wanted: &[WantedSchema],
    whole: Whole<'_>,
    allowed: Allowed,
) -> Result<PlanResult, InputError> {
    let mut plan = Plan { format: FORMAT, registry: api.url(), ..Plan::default() };
    let mut outcomes = Vec::new();
    let order = order(wanted).map_err(InputError::new)?;
    let fetched = stream::iter(wanted.iter().map(|wanted| state(api, &wanted.subject))).buffered(AT_ONCE);
    let states: Vec<CurrentSubject> = fetched.try_collect().await?;
    let own = |wanted: &WantedSchema| (Some(wanted.subject.clone()), wanted.config.clone(), wanted.mode.clone());
    let settings = std::iter::once((None, whole.config.cloned(), whole.mode.map(str::to_owned))).chain(wanted.iter().map(own));
    let settings = settings.flat_map(|(subject, config, mode)| {
        let mode = mode.map(|mode| json!({ "mode": mode }));
        [(ScopeSetting::Config, config), (ScopeSetting::Mode, mode)].map(|(setting, wanted)| (setting, subject.clone(), wanted))
    });
    let changes = settings.map(|(setting, subject, wanted)| change(api, setting, subject, wanted, allowed));
    let changes: Vec<Option<ConfigChange>> = stream::iter(changes).buffered(AT_ONCE).try_collect().await?;
    plan.configs.extend(changes.into_iter().flatten());
    let mut registered: HashMap<&str, i64> = HashMap::new();
    let mut to_register = Vec::new();
    for at in order {
        let (Some(wanted), Some(state)) = (wanted.get(at), states.get(at)) else { continue };
        let body = body(wanted, &registered);
        let is_open = is_pending(&body);
        let found =
            if is_open || state.latest.is_none() { None } else { api.look_up(&wanted.subject, &body, wanted.normalize).await? };
        let version = found.as_ref().and_then(|found| found.get("version")?.as_i64());
        if let Some(version) = version {
            registered.insert(&wanted.subject, version);
            let last = state.seen.versions.iter().max().copied().filter(|last| *last != version);
            let (subject, file) = (wanted.subject.clone(), wanted.input.name.clone());
            plan.unchanged.push(Unchanged { subject, file, version, later: last });
            continue;
        }
        let (refusals, outcome) = judge_one(api, wanted, allowed).await?;
        plan.registrations.push(PlannedRegistration {
            subject: wanted.subject.clone(),
            file: wanted.input.name.clone(),
            body,
            normalize: wanted.normalize,
            tree: 0,
            version: None,
            seen: state.seen.clone(),
            refusals,
            findings: outcome.as_ref().map(json_findings).unwrap_or_default(),
        });
        outcomes.extend(outcome.filter(|outcome| !outcome.is_compatible()));
        to_register.push(wanted);
    }
    for (registration, tree) in plan.registrations.iter_mut().zip(trees(&to_register)) {
        registration.tree = tree;
    }
    rehearse(api, &mut plan).await?;
    plan.deletions = deletions(api, wanted, whole.prefix, allowed).await?;
    Ok(PlanResult { plan, outcomes })
}

/// The request, with the versions of what is registered already.
fn body(wanted: &WantedSchema, registered: &HashMap<&str, i64>) -> Value {
    let references = wanted.references.iter().map(|reference| {
        let version = reference.version.or_else(|| registered.get(reference.subject.as_str()).copied());
        let mut out = json!({ "name": reference.name, "subject": reference.subject });
        if let (Some(version), Some(map)) = (version, out.as_object_mut()) {
            map.insert("version".to_owned(), version.into());
        }
        out
    });
    let (metadata, rules) = (wanted.metadata.as_ref(), wanted.rule_set.as_ref());
    schema_body(wanted.schema_type, &wanted.input.text, references.collect(), metadata, rules)
}

/// Whether it refers to what is only about to be registered.
pub(super) fn is_pending(body: &Value) -> bool {
    let references = body.get("references").and_then(Value::as_array);
    references.into_iter().flatten().any(|reference| reference.get("version").is_none())
}

/// The keys of what is wanted that are otherwise now.
async fn change(
    api: &Api,
    setting: ScopeSetting,
    subject: Option<String>,
    wanted: Option<Value>,
    allowed: Allowed,
) -> Result<Option<ConfigChange>, InputError> {
    let wanted = wanted.as_ref().and_then(Value::as_object).filter(|wanted| !wanted.is_empty());
    let Some(wanted) = wanted else { return Ok(None) };
    let seen = api.setting(setting, subject.as_deref()).await?;
    let is_other = |(key, value): &(&String, &Value)| seen.as_ref().and_then(|seen| seen.get(*key)) != Some(value);
    let set: serde_json::Map<String, Value> =
        wanted.iter().filter(is_other).map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok((!set.is_empty()).then(|| ConfigChange { setting, subject, set: set.into(), seen, held_back: !allowed.configs }))
}

/// Reads and compares here, with all that is found: the references may be to what no registry has yet.
async fn judge_one(
    api: &Api,
    wanted: &WantedSchema,
    allowed: Allowed,
) -> Result<(Vec<String>, Option<CheckOutcome>), InputError> {
    let metadata = wanted.metadata.as_ref().map(Metadata::from_json).transpose();
    let metadata = metadata.map_err(|error| InputError::of(&wanted.input.name, format!("metadata: {}", error.0)))?.flatten();
    let submitted = SubmittedSchema {
        input: &wanted.input,
        schema_type: wanted.schema_type,
        references: &wanted.resolved,
        metadata,
        normalize: wanted.normalize,
        strict: false,
    };
    let own = wanted.config.as_ref().filter(|_| allowed.configs).map_or_else(Config::default, config_from);
    let mut remote = Remote::of(&api.client, &wanted.subject, true);
    Ok(match judge(&mut remote, submitted, own).await? {
        SchemaJudgement::Invalid(error) => (vec![error.to_string()], None),
        SchemaJudgement::First => (Vec::new(), None),
        SchemaJudgement::Compared(outcome) if outcome.is_compatible() => (Vec::new(), Some(*outcome)),
        SchemaJudgement::Compared(outcome) => (vec![outcome.verdict()], Some(*outcome)),
    })
}

/// Asks the registry whether it would take each tree, where it can tell without taking it.
async fn rehearse(api: &Api, plan: &mut Plan) -> Result<(), InputError> {
    let changed: BTreeSet<&String> = plan.configs().filter_map(|change| change.subject.as_ref()).collect();
    let whole = plan.configs().any(|change| change.subject.is_none());
    let mut trees: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, registration) in plan.registrations.iter().enumerate() {
        trees.entry(registration.tree).or_default().push(at);
    }
    // under configs that are only about to change it would judge otherwise, and what is refused already it need not
    trees.retain(|_, members| {
        let member = |at: &usize| plan.registrations.get(*at);
        !whole && members.iter().filter_map(member).all(|one| one.refusals.is_empty() && !changed.contains(&one.subject))
    });
    for members in trees.into_values() {
        let tree: Vec<&PlannedRegistration> = members.iter().filter_map(|at| plan.registrations.get(*at)).collect();
        let answer = api.send(Method::POST, &tree_path(&tree, true)?, Some(&tree_body(&tree))).await?;
        match answer.status {
            200 => {
                let found: HashMap<String, i64> = answer
                    .body
                    .get("schemas")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(|one| Some((one.get("subject")?.as_str()?.to_owned(), one.get("version")?.as_i64()?)))
                    .collect();
                for at in members {
                    if let Some(one) = plan.registrations.get_mut(at) {
                        one.version = found.get(&one.subject).copied();
                    }
                }
            }
            // another registry: it can only tell of schemas that refer to nothing new
            404 | 405 => {
                for at in members {
                    let Some(one) = plan.registrations.get_mut(at) else { continue };
                    if one.seen.versions.is_empty() || is_pending(&one.body) {
                        continue;
                    }
                    let path = format!("/compatibility/subjects/{}/versions?verbose=true", segment(&one.subject));
                    let answer = api.demand(Method::POST, &path, Some(&one.body)).await?;
                    if answer.get("is_compatible").and_then(Value::as_bool) == Some(false) {
                        let messages = answer.get("messages").and_then(Value::as_array).into_iter().flatten();
                        one.refusals.extend(messages.filter_map(Value::as_str).map(str::to_owned));
                        if one.refusals.is_empty() {
                            one.refusals.push("the registry finds it not compatible".to_owned());
                        }
                    }
                }
            }
            status if status < 500 => {
                let complaint = answer.complaint();
                let message = answer.body.get("message").and_then(Value::as_str).unwrap_or_default();
                let named = members
                    .iter()
                    .copied()
                    .filter(|at| plan.registrations.get(*at).is_some_and(|one| message.contains(one.subject.as_str())));
                let named: Vec<usize> = named.collect();
                for at in if named.is_empty() { members } else { named } {
                    if let Some(one) = plan.registrations.get_mut(at) {
                        one.refusals.push(complaint.clone());
                    }
                }
            }
            _ => return Err(api.failed(answer.complaint())),
        }
    }
    Ok(())
}

/// Where a tree is registered at once.
pub(super) fn tree_path(tree: &[&PlannedRegistration], is_rehearsal: bool) -> Result<String, InputError> {
    let normalize = tree.first().is_some_and(|one| one.normalize);
    if let Some(other) = tree.iter().find(|one| one.normalize != normalize) {
        let text = "it and what it refers to, or is referred to by, differ in normalize: that is one setting for all of them";
        return Err(InputError::of(&other.file, text));
    }
    Ok(format!("/accordant/v1/register?dryRun={is_rehearsal}&normalize={normalize}"))
}

pub(super) fn tree_body(tree: &[&PlannedRegistration]) -> Value {
    let member = |one: &&PlannedRegistration| {
        let mut body = one.body.clone();
        if let Some(map) = body.as_object_mut() {
            map.insert("subject".to_owned(), one.subject.as_str().into());
        }
        body
    };
    json!({ "schemas": tree.iter().map(member).collect::<Vec<_>>() })
}

/// Subjects that no file is, with those that refer to them and stay.
async fn deletions(api: &Api, wanted: &[WantedSchema], prefix: &str, allowed: Allowed) -> Result<Vec<Deletion>, InputError> {
    let kept: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.subject.as_str()).collect();
    let all = api.subjects(prefix, false).await?;
    let gone: BTreeSet<String> = all.into_iter().filter(|subject| !kept.contains(subject.as_str())).collect();
    if !allowed.deletes {
        let held = |subject| Deletion { subject, seen: SeenSubject::default(), referred_by: Vec::new(), held_back: true };
        return Ok(gone.into_iter().map(held).collect());
    }
    let one = |subject: &'_ String| {
        let (subject, gone) = (subject.clone(), &gone);
        async move {
            let seen = state(api, &subject).await?.seen;
            let mut referred_by = BTreeSet::new();
            for version in &seen.versions {
                let path = format!("/subjects/{}/versions/{version}/referencedby", segment(&subject));
                let ids = api.find(&path).await?;
                for id in ids.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_i64) {
                    let holders = api.find(&format!("/schemas/ids/{id}/subjects")).await?;
                    let holders = holders.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
                    referred_by.extend(holders.filter(|holder| !gone.contains(*holder)).map(str::to_owned));
                }
            }
            Ok(Deletion { subject, seen, referred_by: referred_by.into_iter().collect(), held_back: false })
        }
    };
    stream::iter(gone.iter().map(one)).buffered(AT_ONCE).try_collect().await
}
