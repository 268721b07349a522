//! Copying: versions with their ids, after those that they refer to; then deletions; then settings; then keys.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::arguments::CopyArguments;
use super::bulk::{self, WaitingVersions};
use super::content::{self, StoredVersion};
use super::keys::{self, KeyRequest};
use super::modes;
use super::order::in_order;
use super::outline::{self, RegistryOutline};
use super::pace::Pace;
use super::place;
use super::progress::Progress;
use super::source::MigrationSource;
use super::values::{VersionKey, is_subject};
use super::waves::waves;
use crate::cli::api::{Api, ScopeSetting, segment};
use crate::cli::check::InputError;

/// Modes that are the target's own while it is filled, and those of the registry as a whole.
const OWN_MODES: [&str; 2] = ["IMPORT", "READWRITE"];

/// Error code of a version that others refer to.
const REFERENCED: i64 = 42206;

/// What is to be done, or was done.
#[derive(Debug, Default)]
pub(super) struct CopyOutcome {
    versions: usize,
    deletions: usize,
    removals: usize,
    settings: usize,
    /// Steps towards the same keys of client-side encryption.
    keys: usize,
    /// What the source has and does not give.
    withheld: usize,
    /// What only the target has.
    strangers: usize,
    planned: bool,
}

impl CopyOutcome {
    pub(super) fn is_nothing(&self) -> bool {
        self.versions + self.deletions + self.removals + self.settings + self.keys == 0
    }
}

impl fmt::Display for CopyOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.planned { "to copy" } else { "copied" };
        write!(f, "{what}: {} versions, {} deletions, {} settings", self.versions, self.deletions, self.settings)?;
        if self.keys > 0 {
            write!(f, ", {} changes of keys", self.keys)?;
        }
        if self.removals > 0 {
            write!(f, ", {} removals", self.removals)?;
        }
        if self.strangers > 0 {
            write!(f, "; {} versions are in the target alone (--mirror removes them)", self.strangers)?;
        }
        if self.withheld > 0 {
            write!(f, "; {} versions and keys are listed by the source and not given", self.withheld)?;
        }
        if self.planned { writeln!(f) } else { Ok(()) }
    }
}

/// What is compared: the subjects of both sides, the scopes that may have settings, and whether keys are meant too.
pub(super) struct RegistrySides {
    pub(super) ours: RegistryOutline,
    pub(super) theirs: RegistryOutline,
    pub(super) scopes: BTreeSet<String>,
    pub(super) keys: bool,
}

struct Differences {
    missing: RegistryOutline,
    /// Live in the target, deleted in the source.
    deletions: Vec<VersionKey>,
    /// In the target alone.
    strangers: Vec<VersionKey>,
}

fn differences(from: &RegistryOutline, to: &RegistryOutline) -> Differences {
    let none = outline::SubjectVersions::default();
    let mut found = Differences { missing: RegistryOutline::new(), deletions: Vec::new(), strangers: Vec::new() };
    for (subject, own) in from {
        let there = to.get(subject).unwrap_or(&none);
        for version in own.all() {
            let (key, is_deleted) = ((subject.clone(), version), own.deleted.contains(&version));
            if !there.has(version) {
                outline::add(&mut found.missing, &key, is_deleted);
            }
            if is_deleted && (there.live.contains(&version) || !there.has(version)) {
                found.deletions.push(key);
            }
        }
    }
    for (subject, own) in to {
        let here = from.get(subject).unwrap_or(&none);
        found.strangers.extend(own.all().filter(|version| !here.has(*version)).map(|version| (subject.clone(), version)));
    }
    found
}

/// The outline of the target; of a database it is read at once.
async fn their_outline(to: &Api, asked: &CopyArguments) -> Result<RegistryOutline, InputError> {
    match to.client.own_registry() {
        Some(registry) => place::outline(registry, &asked.prefix).await,
        None => outline::read(to, &asked.prefix, asked.parallel).await,
    }
}

async fn their_settings(
    to: &Api,
    theirs: &RegistryOutline,
    scopes: &BTreeSet<String>,
    parallel: u16,
) -> Result<content::ConfigsAndModes, InputError> {
    match to.client.own_registry() {
        Some(registry) => place::settings(registry, scopes).await,
        None => content::settings(to, theirs, scopes, parallel).await,
    }
}

/// What [`everything`] would do.
pub(super) async fn plan(from: &MigrationSource, to: &Api, asked: &CopyArguments) -> Result<CopyOutcome, InputError> {
    let ours = from.outline(&asked.prefix, asked.parallel).await?;
    let theirs = their_outline(to, asked).await?;
    let found = differences(&ours, &theirs);
    let scopes = from.scopes(&ours, &asked.prefix).await?;
    let settings = settings(from, to, (&ours, &theirs), &scopes, asked).await?;
    let (keys, withheld) = key_steps(from, to, asked).await?;
    Ok(CopyOutcome {
        versions: outline::count(&found.missing),
        deletions: found.deletions.len(),
        removals: if asked.mirror { found.strangers.len() } else { 0 },
        strangers: if asked.mirror { 0 } else { found.strangers.len() },
        settings: settings.len(),
        keys: keys.len(),
        withheld,
        planned: true,
    })
}

/// Copies what is missing or different. Begun again it goes on where it stopped, because what is there is not copied again.
pub(super) async fn everything(from: &MigrationSource, to: &Api, asked: &CopyArguments) -> Result<CopyOutcome, InputError> {
    // both at once: at a cutover nobody can write meanwhile
    let (ours, theirs) = try_join(from.outline(&asked.prefix, asked.parallel), their_outline(to, asked)).await?;
    let scopes = from.scopes(&ours, &asked.prefix).await?;
    between(from, to, RegistrySides { ours, theirs, scopes, keys: true }, asked).await
}

/// Copies what is missing or different in some subjects and scopes.
pub(super) async fn between(
    from: &MigrationSource,
    to: &Api,
    sides: RegistrySides,
    asked: &CopyArguments,
) -> Result<CopyOutcome, InputError> {
    let pace = Arc::new(Pace::new(asked.rate));
    let RegistrySides { ours, mut theirs, scopes, keys } = sides;
    let found = differences(&ours, &theirs);
    let mut outcome = CopyOutcome::default();
    let strangers = if asked.mirror { found.strangers.as_slice() } else { &[] };
    let written = found.missing.keys().chain(found.deletions.iter().chain(strangers).map(|(subject, _)| subject));
    lift_aliases(to, &mut theirs, written.map(String::as_str).collect()).await?;
    // a context may be new
    modes::take_imports_in(to, &outline::contexts(&found.missing), &mut modes::Before::new()).await?;
    let mut copying = Progress::new("copied", outline::count(&found.missing));
    let mut as_they_are = HashSet::new();
    outcome.withheld = in_order(from, found.missing, asked.parallel, &pace, async |batch| {
        register_all(to, &batch, asked, (&pace, &mut outcome.versions), (&mut copying, &mut as_they_are)).await
    })
    .await?;
    drop(copying);
    let deletions: Vec<(String, i64)> = found.deletions.into_iter().filter(|key| !as_they_are.contains(key)).collect();
    outcome.deletions = delete_all(to, &deletions, false, &pace).await? + as_they_are.len();
    let live = strangers.iter().filter(|(subject, version)| theirs.get(subject).is_some_and(|own| own.live.contains(version)));
    let live: Vec<(String, i64)> = live.cloned().collect();
    delete_all(to, &live, false, &pace).await?;
    outcome.removals = delete_all(to, strangers, true, &pace).await?;
    outcome.strangers = found.strangers.len() - outcome.removals;
    for (method, path, body) in settings(from, to, (&ours, &theirs), &scopes, asked).await? {
        pace.turn().await;
        let answer = to.send(method, &path, body.as_ref()).await?;
        if answer.status != 200 && answer.status != 404 {
            return Err(to.failed(format!("{path}: {}", answer.complaint())));
        }
        outcome.settings += 1;
    }
    let (steps, withheld) = if keys { key_steps(from, to, asked).await? } else { (Vec::new(), 0) };
    outcome.withheld += withheld;
    for step in steps {
        pace.turn().await;
        keys::take(to, &step).await?;
        outcome.keys += 1;
    }
    Ok(outcome)
}

/// What is written under the name of a subject with an alias would be written to the other subject: the alias is set again with the
/// settings, when all is there.
async fn lift_aliases(to: &Api, theirs: &mut RegistryOutline, written: BTreeSet<&str>) -> Result<(), InputError> {
    for subject in written {
        let Some(versions) = theirs.get_mut(subject).filter(|versions| outline::has_alias(versions.config.as_ref())) else {
            continue;
        };
        let path = ScopeSetting::Config.path(Some(subject));
        let answer = to.send(Method::DELETE, &path, None).await?;
        if answer.status != 200 && answer.status != 404 {
            return Err(to.failed(format!("the alias of {subject} can't be lifted: {}", answer.complaint())));
        }
        versions.config = None;
    }
    Ok(())
}

/// Registers some versions; those that are soft-deleted already, as they are to be.
async fn register_all(
    to: &Api,
    waiting: &WaitingVersions,
    asked: &CopyArguments,
    (pace, versions): (&Pace, &mut usize),
    (copying, as_they_are): (&mut Progress, &mut HashSet<VersionKey>),
) -> Result<(), InputError> {
    for mut wave in waves(waiting) {
        if let Some(registry) = to.client.own_registry().filter(|_| asked.rate.is_none()) {
            let mut one_by_one = Vec::new();
            let done = |versions| copying.step(versions);
            bulk::write(registry, &wave, waiting, done, &mut one_by_one).await?;
            *versions += wave.len() - one_by_one.len();
            let alone: HashSet<_> = one_by_one.iter().copied().collect();
            let deleted = wave.iter().filter(|key| waiting.get(**key).is_some_and(|stored| stored.is_deleted));
            as_they_are.extend(deleted.filter(|key| !alone.contains(*key)).map(|key| (*key).clone()));
            wave = one_by_one;
        }
        let post = async |key: &&VersionKey| {
            pace.turn().await;
            let Some(stored) = waiting.get(*key) else { return Ok(()) };
            register(to, key, stored).await
        };
        let mut posted = stream::iter(&wave).map(post).buffer_unordered(usize::from(asked.parallel));
        while posted.try_next().await?.is_some() {
            *versions += 1;
            copying.step(1)?;
        }
    }
    Ok(())
}

/// What is to be done about keys, and how many of them are not given.
async fn key_steps(from: &MigrationSource, to: &Api, asked: &CopyArguments) -> Result<(Vec<KeyRequest>, usize), InputError> {
    let (ours, withheld) = from.keys(&asked.prefix, asked.parallel).await?;
    let Some(ours) = ours.filter(|keys| keys.len() > 0 || asked.mirror) else { return Ok((Vec::new(), withheld.len())) };
    let (theirs, _) = keys::read(to, &asked.prefix, asked.parallel).await?;
    match theirs {
        Some(theirs) => Ok((keys::steps(&ours, &theirs, asked.mirror), withheld.len())),
        // the comparison says that it has none of them
        None => Ok((Vec::new(), withheld.len())),
    }
}

async fn register(to: &Api, (subject, version): &(String, i64), stored: &StoredVersion) -> Result<(), InputError> {
    let mut body = stored.body.clone();
    body.insert("id".to_owned(), json!(stored.id));
    body.insert("version".to_owned(), json!(version));
    let path = format!("/subjects/{}/versions", segment(subject));
    let answer = to.send(Method::POST, &path, Some(&Value::Object(body))).await?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(to.failed(format!("{subject} version {version}: {}", answer.complaint())))
}

/// Deletes versions, those that others refer to after the others; how many there were.
async fn delete_all(to: &Api, versions: &[(String, i64)], permanent: bool, pace: &Pace) -> Result<usize, InputError> {
    let mut waiting: Vec<&(String, i64)> = versions.iter().rev().collect();
    while !waiting.is_empty() {
        let (before, mut referred) = (waiting.len(), Vec::new());
        let mut refused = None;
        for key @ (subject, version) in waiting {
            pace.turn().await;
            let query = if permanent { "?permanent=true" } else { "" };
            let path = format!("/subjects/{}/versions/{version}{query}", segment(subject));
            let answer = to.send(Method::DELETE, &path, None).await?;
            match answer.status {
                200 | 404 => {}
                _ if answer.error_code() == Some(REFERENCED) => {
                    referred.push(key);
                    refused = refused.or(Some(format!("{subject} version {version} can't be deleted: {}", answer.complaint())));
                }
                _ => return Err(to.failed(format!("{subject} version {version} can't be deleted: {}", answer.complaint()))),
            }
        }
        if let Some(refused) = refused.filter(|_| referred.len() == before) {
            return Err(to.failed(refused));
        }
        waiting = referred;
    }
    Ok(versions.len())
}

type CopyRequest = (Method, String, Option<Value>);

/// Configs and modes that differ. The modes of the registry and of contexts are set when it is filled; those of subjects are copied.
async fn settings(
    from: &MigrationSource,
    to: &Api,
    (ours, theirs): (&RegistryOutline, &RegistryOutline),
    scopes: &BTreeSet<String>,
    asked: &CopyArguments,
) -> Result<Vec<CopyRequest>, InputError> {
    let ((configs, modes), (mut their_configs, mut their_modes)) = try_join(
        from.settings(ours, scopes, (&asked.prefix, asked.parallel)),
        their_settings(to, theirs, scopes, asked.parallel),
    )
    .await?;
    // of what only the source has settings for, as a file may have
    let more: BTreeSet<String> = configs.keys().chain(modes.keys()).filter(|scope| !scopes.contains(*scope)).cloned().collect();
    if !more.is_empty() {
        let (configs, modes) = their_settings(to, theirs, &more, asked.parallel).await?;
        their_configs.extend(configs);
        their_modes.extend(modes);
    }
    let named = |scope: &String| Some(scope.clone()).filter(|scope| !scope.is_empty());
    let mut requests = Vec::new();
    for (scope, config) in &configs {
        if their_configs.get(scope) != Some(config) {
            requests.push((Method::PUT, ScopeSetting::Config.path(named(scope).as_deref()), Some(config.clone())));
        }
    }
    for scope in their_configs.keys().filter(|scope| !scope.is_empty() && !configs.contains_key(*scope)) {
        requests.push((Method::DELETE, ScopeSetting::Config.path(named(scope).as_deref()), None));
    }
    for scope in modes.keys().chain(their_modes.keys()).filter(|scope| is_subject(scope)).collect::<BTreeSet<_>>() {
        let path = ScopeSetting::Mode.path(Some(scope));
        match (modes.get(scope), their_modes.get(scope)) {
            (Some(mode), theirs) if theirs != Some(mode) && !OWN_MODES.contains(&mode.as_str()) => {
                requests.push((Method::PUT, path, Some(json!({ "mode": mode }))));
            }
            (None, Some(_)) => requests.push((Method::DELETE, path, None)),
            _ => {}
        }
    }
    Ok(requests)
}
