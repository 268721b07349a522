//! Copying: versions with their ids, after those that they refer to; then deletions; then settings; then keys.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::arguments::CopyArguments;
use super::content::{self, StoredVersion};
use super::keys::{self, Step};
use super::outline::{self, Outline};
use super::progress::Progress;
use super::source::Source;
use crate::cli::api::{Api, Setting, segment};
use crate::cli::check::InputError;
use crate::types::Subject;

/// Modes that are the target's own while it is filled, and those of the registry as a whole.
const OWN_MODES: [&str; 2] = ["IMPORT", "READWRITE"];

/// What is to be done, or was done.
#[derive(Debug, Default)]
pub(super) struct Outcome {
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

impl Outcome {
    pub(super) fn is_nothing(&self) -> bool {
        self.versions + self.deletions + self.removals + self.settings + self.keys == 0
    }
}

impl fmt::Display for Outcome {
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

/// Lets so many requests begin in a second.
struct Pace {
    next: Mutex<Instant>,
    gap: Duration,
}

impl Pace {
    fn new(rate: Option<u32>) -> Self {
        let gap = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self { next: Mutex::new(Instant::now()), gap }
    }

    async fn turn(&self) {
        if self.gap.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        let at = (*next).max(Instant::now());
        *next = at + self.gap;
        drop(next);
        sleep_until(at).await;
    }
}

struct Differences {
    missing: Vec<(String, i64, bool)>,
    /// Live in the target, deleted in the source.
    deletions: Vec<(String, i64)>,
    /// In the target alone.
    strangers: Vec<(String, i64)>,
}

fn differences(from: &Outline, to: &Outline) -> Differences {
    let none = outline::Versions::default();
    let known = |outline: &Outline, subject: &str| outline.get(subject).cloned().unwrap_or_else(|| none.clone());
    let mut found = Differences { missing: Vec::new(), deletions: Vec::new(), strangers: Vec::new() };
    for (subject, version, is_deleted) in content::all(from) {
        let there = known(to, &subject);
        if is_deleted && (there.live.contains(&version) || !there.has(version)) {
            found.deletions.push((subject.clone(), version));
        }
        if !there.has(version) {
            found.missing.push((subject, version, is_deleted));
        }
    }
    for (subject, version, _) in content::all(to) {
        if !known(from, &subject).has(version) {
            found.strangers.push((subject, version));
        }
    }
    found
}

/// What [`everything`] would do.
pub(super) async fn plan(from: &Source<'_>, to: &Api, asked: &CopyArguments) -> Result<Outcome, InputError> {
    let ours = from.outline(&asked.prefix, asked.parallel).await?;
    let theirs = outline::read(to, &asked.prefix, asked.parallel).await?;
    let found = differences(&ours, &theirs);
    let settings = settings(from, to, &ours, asked).await?;
    let (keys, withheld) = key_steps(from, to, asked).await?;
    Ok(Outcome {
        versions: found.missing.len(),
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
pub(super) async fn everything(from: &Source<'_>, to: &Api, asked: &CopyArguments) -> Result<Outcome, InputError> {
    let pace = Pace::new(asked.rate);
    let parallel = usize::from(asked.parallel);
    // both at once: at a cutover nobody can write meanwhile
    let (ours, theirs) =
        try_join(from.outline(&asked.prefix, asked.parallel), outline::read(to, &asked.prefix, asked.parallel)).await?;
    let found = differences(&ours, &theirs);
    let mut outcome = Outcome::default();
    let fetch = async |(subject, version, is_deleted): (String, i64, bool)| {
        pace.turn().await;
        let key = (subject, version);
        let stored = from.version(&key, is_deleted).await?;
        Ok::<_, InputError>((key, stored))
    };
    let total = found.missing.len();
    let mut reading = Progress::new("read", total);
    let mut fetched = stream::iter(found.missing).map(fetch).buffer_unordered(parallel);
    let mut waiting: BTreeMap<(String, i64), StoredVersion> = BTreeMap::new();
    while let Some((key, stored)) = fetched.try_next().await? {
        match stored {
            Some(stored) => {
                waiting.insert(key, stored);
                reading.step()?;
            }
            None => outcome.withheld += 1,
        }
    }
    drop(reading);
    let mut copying = Progress::new("copied", waiting.len());
    for wave in waves(&waiting) {
        let post = async |key: &(String, i64)| {
            pace.turn().await;
            let Some(stored) = waiting.get(key) else { return Ok(()) };
            register(to, key, stored).await
        };
        let mut posted = stream::iter(&wave).map(post).buffer_unordered(parallel);
        while posted.try_next().await?.is_some() {
            outcome.versions += 1;
            copying.step()?;
        }
    }
    drop(copying);
    for (subject, version) in found.deletions {
        pace.turn().await;
        delete(to, &subject, version, false).await?;
        outcome.deletions += 1;
    }
    if asked.mirror {
        for (subject, version) in found.strangers.iter().rev() {
            if theirs.get(subject).is_some_and(|versions| versions.live.contains(version)) {
                delete(to, subject, *version, false).await?;
            }
            delete(to, subject, *version, true).await?;
            outcome.removals += 1;
        }
    } else {
        outcome.strangers = found.strangers.len();
    }
    for (method, path, body) in settings(from, to, &ours, asked).await? {
        pace.turn().await;
        let answer = to.send(method, &path, body.as_ref()).await?;
        if answer.status != 200 && answer.status != 404 {
            return Err(to.failed(format!("{path}: {}", answer.complaint())));
        }
        outcome.settings += 1;
    }
    let (steps, withheld) = key_steps(from, to, asked).await?;
    outcome.withheld += withheld;
    for step in steps {
        pace.turn().await;
        keys::take(to, &step).await?;
        outcome.keys += 1;
    }
    Ok(outcome)
}

/// What is to be done about keys, and how many of them are not given.
async fn key_steps(from: &Source<'_>, to: &Api, asked: &CopyArguments) -> Result<(Vec<Step>, usize), InputError> {
    let (ours, withheld) = from.keys(&asked.prefix, asked.parallel).await?;
    let Some(ours) = ours.filter(|keys| keys.len() > 0 || asked.mirror) else { return Ok((Vec::new(), withheld.len())) };
    let (theirs, _) = keys::read(to, &asked.prefix, asked.parallel).await?;
    match theirs {
        Some(theirs) => Ok((keys::steps(&ours, &theirs, asked.mirror), withheld.len())),
        // the comparison says that it has none of them
        None => Ok((Vec::new(), withheld.len())),
    }
}

/// The versions in waves: each refers only to versions of the waves before it, or to what the target has.
pub(super) fn waves(waiting: &BTreeMap<(String, i64), StoredVersion>) -> Vec<Vec<(String, i64)>> {
    let targets = |(subject, _): &(String, i64), stored: &StoredVersion| -> Vec<(String, i64)> {
        let home = Subject::parse(subject);
        let references = stored.body.get("references").and_then(Value::as_array).into_iter().flatten();
        let target = |reference: &Value| {
            let subject = Subject::parse_in(home.context(), reference.get("subject")?.as_str()?).qualified();
            Some((subject, reference.get("version")?.as_i64()?))
        };
        references.filter_map(target).filter(|key| waiting.contains_key(key)).collect()
    };
    let mut open: HashMap<&(String, i64), HashSet<(String, i64)>> =
        waiting.iter().map(|(key, stored)| (key, targets(key, stored).into_iter().collect())).collect();
    let mut waves = Vec::new();
    let mut sent: BTreeSet<(String, i64)> = BTreeSet::new();
    while !open.is_empty() {
        let mut wave: Vec<(String, i64)> = open
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| sent.contains(need)))
            .map(|(key, _)| (*key).clone())
            .collect();
        if wave.is_empty() {
            // circles can't be registered; what the target says of them is said
            wave = open.keys().map(|key| (*key).clone()).collect();
        }
        // neighbours are under way at the same time: two of one subject would keep each other off
        wave.sort_by(|(a, one), (b, other)| (one, a).cmp(&(other, b)));
        sent.extend(wave.iter().cloned());
        open.retain(|key, _| !sent.contains(*key));
        waves.push(wave);
    }
    waves
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

async fn delete(to: &Api, subject: &str, version: i64, permanent: bool) -> Result<(), InputError> {
    let query = if permanent { "?permanent=true" } else { "" };
    let path = format!("/subjects/{}/versions/{version}{query}", segment(subject));
    let answer = to.send(Method::DELETE, &path, None).await?;
    if answer.status == 200 || answer.status == 404 {
        return Ok(());
    }
    Err(to.failed(format!("{subject} version {version} can't be deleted: {}", answer.complaint())))
}

type Request = (Method, String, Option<Value>);

/// Configs and modes that differ. The modes of the registry and of contexts are set when it is filled; those of subjects are copied.
async fn settings(from: &Source<'_>, to: &Api, outline: &Outline, asked: &CopyArguments) -> Result<Vec<Request>, InputError> {
    let whole = asked.prefix.is_empty();
    let none = BTreeSet::new();
    let theirs = content::settings(to, outline, whole, asked.parallel, &none);
    let ((configs, modes), (mut their_configs, mut their_modes)) =
        try_join(from.settings(outline, whole, asked.parallel), theirs).await?;
    // of what only the source has settings for, as a file may have
    let read = content::scopes(outline, whole);
    let more: BTreeSet<String> = configs.keys().chain(modes.keys()).filter(|scope| !read.contains(*scope)).cloned().collect();
    if !more.is_empty() {
        let (configs, modes) = content::settings(to, &Outline::new(), false, asked.parallel, &more).await?;
        their_configs.extend(configs);
        their_modes.extend(modes);
    }
    let named = |scope: &String| Some(scope.clone()).filter(|scope| !scope.is_empty());
    let mut requests = Vec::new();
    for (scope, config) in &configs {
        if their_configs.get(scope) != Some(config) {
            requests.push((Method::PUT, Setting::Config.path(named(scope).as_deref()), Some(config.clone())));
        }
    }
    for scope in their_configs.keys().filter(|scope| !scope.is_empty() && !configs.contains_key(*scope)) {
        requests.push((Method::DELETE, Setting::Config.path(named(scope).as_deref()), None));
    }
    for scope in modes.keys().chain(their_modes.keys()).filter(|scope| content::is_subject(scope)).collect::<BTreeSet<_>>() {
        let path = Setting::Mode.path(Some(scope));
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
