//! The record of what was refused: changes that rules did not allow, and logins that were wrong.
//!
//! Anybody can cause as many of them as they like, so within a minute only the first of a kind is recorded by itself, for so many kinds;
//! the others are counted, and one entry at the end of the minute says how many there were. A kind is what was refused, to whom, and from
//! which address. They are written in the background: nobody who is refused waits for the database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::actor::{self, bounded};
use super::gate::{Caller, Claim};
use super::metrics::Metrics;
use super::request_info::RequestInfo;
use crate::access::{Denied, DeniedResource, Operation};
use crate::registry::Registry;
use crate::store::Refusals;
use crate::types::{Actor, Subject, timestamp};

const DENIED: &str = "write.denied";
const LOGIN_FAILED: &str = "login.failed";

/// After this time what was counted is written.
const WINDOW: Duration = Duration::from_mins(1);
/// How soon the first of a kind is written.
const SOON: Duration = Duration::from_millis(500);
/// Bytes that are kept of the target of a request.
const MAX_TARGET: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RefusalKind {
    operation: &'static str,
    who: Box<str>,
    address: Option<IpAddr>,
}

/// What was counted of a kind beside what was recorded by itself.
struct Tally {
    count: u64,
    first: i64,
    /// The last of them.
    last: Refusals,
}

#[derive(Default)]
struct Window {
    begun: Option<Instant>,
    /// Those to be written by themselves.
    fresh: Vec<Refusals>,
    /// By kind; `None` where only one was there so far.
    tallies: HashMap<RefusalKind, Option<Tally>>,
    /// By operation, those for whose kind there is no room.
    others: HashMap<&'static str, Tally>,
    is_written: bool,
}

pub(super) struct RefusalRecord {
    /// Kinds in a minute; 0 where nothing is recorded.
    kinds: usize,
    window: Arc<Mutex<Window>>,
    registry: Arc<Registry>,
    metrics: Metrics,
}

impl RefusalRecord {
    pub(super) fn new(kinds: usize, registry: Arc<Registry>, metrics: Metrics) -> Self {
        Self { kinds, window: Arc::default(), registry, metrics }
    }

    /// Records a login that was wrong.
    pub(super) fn login(&self, claim: &Claim, info: &RequestInfo) {
        let who: Box<str> = match claim {
            Claim::User(name) => bounded(name, MAX_TARGET),
            Claim::Token => "".into(),
        };
        let mut details = of_request(info);
        match claim {
            Claim::User(_) => details.insert("user".to_owned(), Value::from(&*who)),
            Claim::Token => details.insert("token".to_owned(), Value::from(true)),
        };
        self.add(LOGIN_FAILED, who, None, actor::unknown(info), details);
    }

    /// Records a denial, if it is one of a change.
    pub(super) fn denied(&self, denied: &Denied, caller: &Caller, info: &RequestInfo) {
        use Operation::{Admin, GlobalCompatibilityWrite, SubjectCompatibilityWrite, SubjectDelete, SubjectWrite};
        let writes = [SubjectWrite, SubjectDelete, SubjectCompatibilityWrite, GlobalCompatibilityWrite, Admin];
        if !writes.contains(&denied.operation) {
            return;
        }
        let mut details = of_request(info);
        details.insert("denied".to_owned(), Value::from(denied.operation.name()));
        let subject = match &denied.resource {
            DeniedResource::Subject(subject) => {
                let [context, name] = [subject.context(), subject.name()].map(|text| bounded(text, MAX_TARGET));
                Some(Subject::in_context(&context, &name))
            }
            DeniedResource::Schema(_) | DeniedResource::Registry => None,
        };
        let actor = actor::of(caller, info);
        self.add(DENIED, actor.principal.clone(), subject, actor, details);
    }

    fn add(&self, operation: &'static str, who: Box<str>, subject: Option<Subject>, actor: Actor, details: Map<String, Value>) {
        if self.kinds == 0 {
            return;
        }
        let kind = RefusalKind { operation, who, address: actor.address };
        let at = self.registry.now();
        let refusal = Refusals { operation, actor: Arc::new(actor), subject, details: Value::Object(details).to_string(), at };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.begun.get_or_insert_with(Instant::now);
        let is_alone = window.add(kind, refusal, self.kinds);
        self.metrics.refusal(if is_alone { "recorded" } else { "counted" }, 1);
        if !window.is_written {
            window.is_written = true;
            let (window, registry, metrics) = (Arc::clone(&self.window), Arc::clone(&self.registry), self.metrics.clone());
            tokio::spawn(async move { write(&window, &registry, &metrics).await });
        }
    }

    /// Writes all that is left, at the end.
    pub(super) async fn flush(&self) {
        let due = self.window.lock().unwrap_or_else(PoisonError::into_inner).take(true);
        store(due, &self.registry, &self.metrics).await;
    }
}

/// What a request was about.
fn of_request(info: &RequestInfo) -> Map<String, Value> {
    let target = bounded(&info.uri.to_string(), MAX_TARGET);
    [("method", info.method.as_str()), ("target", &target)]
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .into_iter()
        .collect()
}

impl Window {
    /// True when it is recorded by itself.
    fn add(&mut self, kind: RefusalKind, refusal: Refusals, kinds: usize) -> bool {
        let is_full = self.tallies.len() >= kinds;
        match self.tallies.get_mut(&kind) {
            Some(Some(tally)) => tally.add(refusal),
            Some(tally) => *tally = Some(Tally::new(refusal)),
            None if is_full => match self.others.get_mut(kind.operation) {
                Some(tally) => tally.add(refusal),
                None => drop(self.others.insert(kind.operation, Tally::new(refusal))),
            },
            None => {
                self.tallies.insert(kind, None);
                self.fresh.push(refusal);
                return true;
            }
        }
        false
    }

    /// What is to be written now; at the end of the minute also what was counted in it.
    fn take(&mut self, is_end: bool) -> Vec<Refusals> {
        let mut due = std::mem::take(&mut self.fresh);
        if is_end || self.begun.is_some_and(|begun| begun.elapsed() >= WINDOW) {
            due.extend(std::mem::take(&mut self.tallies).into_values().flatten().map(|tally| tally.summary(false)));
            due.extend(std::mem::take(&mut self.others).into_values().map(|tally| tally.summary(true)));
            self.begun = None;
        }
        due
    }
}

impl Tally {
    fn new(refusal: Refusals) -> Self {
        Self { count: 1, first: refusal.at, last: refusal }
    }

    fn add(&mut self, refusal: Refusals) {
        self.count += 1;
        self.last = refusal;
    }

    /// One entry for all of them. Those of several kinds have nothing in common but what was refused.
    fn summary(self, is_of_several: bool) -> Refusals {
        let Self { count, first, mut last } = self;
        let mut details: Map<String, Value> = Map::new();
        details.insert("count".to_owned(), Value::from(count));
        details.insert("first".to_owned(), Value::from(timestamp(first)));
        if is_of_several {
            details.insert("several".to_owned(), Value::from(true));
            last.actor = Arc::new(Actor::server());
            last.subject = None;
        } else if let Ok(Value::Object(of_last)) = serde_json::from_str(&last.details) {
            details.extend(of_last);
        }
        last.details = Value::Object(details).to_string();
        last
    }
}

/// Writes what there is, for as long as there is something.
async fn write(window: &Mutex<Window>, registry: &Registry, metrics: &Metrics) {
    loop {
        tokio::time::sleep(SOON).await;
        let due = {
            let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
            let due = window.take(false);
            window.is_written = window.begun.is_some() || !due.is_empty();
            if !window.is_written {
                return;
            }
            due
        };
        store(due, registry, metrics).await;
    }
}

async fn store(due: Vec<Refusals>, registry: &Registry, metrics: &Metrics) {
    let count = due.len() as u64;
    if count == 0 {
        return;
    }
    if let Err(error) = registry.record_refusals(due).await {
        metrics.refusal("lost", count);
        tracing::error!(%error, count, "entries of the audit about refused logins and changes could not be written");
    }
}
