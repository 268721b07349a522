//! What has changed in a registry since it was looked at last: by its record of changes, where it has one that may be read, and otherwise by
//! its list of all schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::outline;
use super::values::is_subject;
use crate::cli::api::{Api, segment};
use crate::cli::check::InputError;

/// Entries, or versions, asked for in one request.
const PAGE: usize = 1000;

/// What may be other than before.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Subjects, contexts (`:.ctx:`) and the registry as a whole (the empty name).
    pub(super) scopes: BTreeSet<String>,
    /// Those of them that have lost something for good: a number may stand for another schema now.
    pub(super) purged: BTreeSet<String>,
    /// What only has settings that may be other ones.
    pub(super) settings: BTreeSet<String>,
    /// Keys of client-side encryption.
    pub(super) keys: bool,
    /// That the mode of the registry was set is among the changes.
    pub(super) is_mode_set: bool,
}

impl Changed {
    pub(super) fn is_nothing(&self) -> bool {
        self.scopes.is_empty() && self.settings.is_empty() && !self.keys
    }

    /// Whatever may have other settings than before.
    pub(super) fn set(&self) -> BTreeSet<String> {
        self.scopes.union(&self.settings).cloned().collect()
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = &String> {
        self.scopes.iter().filter(|scope| is_subject(scope))
    }
}

/// Of each subject its versions: number, id, and whether it is live.
type Marks = BTreeMap<String, BTreeSet<(i64, i64, bool)>>;

pub(super) enum Feed {
    /// Up to which place of the record everything is known.
    Record(i64),
    /// What was listed last. Configs, modes and keys are not listed: they are to be read again.
    Listing(Marks),
    /// It tells nothing of the kind.
    Nothing,
}

impl Feed {
    /// From now on.
    pub(super) async fn begin(api: &Api, prefix: &str) -> Result<Self, InputError> {
        if let Some(last) = entries(api, "order=desc&limit=1").await?.and_then(|entries| position(entries.first()?)) {
            return Ok(Self::Record(last));
        }
        Ok(marks(api, prefix).await?.map_or(Self::Nothing, Self::Listing))
    }

    pub(super) fn is_record(&self) -> bool {
        matches!(self, Self::Record(_))
    }

    /// What has changed since it was asked last; `None` where that can't be told.
    pub(super) async fn changed(&mut self, api: &Api, prefix: &str) -> Result<Option<Changed>, InputError> {
        match self {
            Self::Record(last) => recorded(api, last, prefix).await,
            Self::Listing(before) => {
                let Some(now) = marks(api, prefix).await? else { return Ok(None) };
                let changed = between(before, &now);
                *before = now;
                Ok(Some(changed))
            }
            Self::Nothing => Ok(None),
        }
    }
}

fn position(entry: &Value) -> Option<i64> {
    entry.get("position").and_then(Value::as_i64)
}

/// Entries of the record; `None` where there is none, or it may not be read.
async fn entries(api: &Api, query: &str) -> Result<Option<Vec<Value>>, InputError> {
    let answer = api.send(reqwest::Method::GET, &format!("/accordant/v1/audit?{query}"), None).await?;
    Ok(answer.body.get("entries").filter(|_| answer.status == 200).and_then(Value::as_array).cloned())
}

async fn recorded(api: &Api, last: &mut i64, prefix: &str) -> Result<Option<Changed>, InputError> {
    let mut changed = Changed::default();
    loop {
        let Some(page) = entries(api, &format!("after={last}&limit={PAGE}")).await? else { return Ok(None) };
        for entry in &page {
            // places have no gaps: what is missing was removed
            if position(entry) != last.checked_add(1) {
                return Ok(None);
            }
            *last += 1;
            let operation = entry.get("operation").and_then(Value::as_str).unwrap_or_default();
            let scope = entry.get("subject").and_then(Value::as_str).unwrap_or_default();
            match operation.split_once('.') {
                Some(("schema" | "config" | "mode" | "context", _)) if scope.starts_with(prefix) => {
                    changed.scopes.insert(scope.to_owned());
                }
                Some(("kek" | "dek", _)) => changed.keys = true,
                _ => {}
            }
            if operation == "schema.purged" {
                changed.purged.insert(scope.to_owned());
            }
            changed.is_mode_set |= operation == "mode.set" && scope.is_empty();
        }
        if page.len() < PAGE {
            return Ok(Some(changed));
        }
    }
}

/// All versions by the list of schemas; `None` where there is no such list.
async fn marks(api: &Api, prefix: &str) -> Result<Option<Marks>, InputError> {
    let mut marks = Marks::new();
    // all of them first: what is registered in between is live
    let Some(all) = listed(api, prefix, "&deleted=true").await? else { return Ok(None) };
    // newer registries tell of each whether it is deleted
    let says_so = all.iter().all(|version| version.deleted.is_some());
    for version in all {
        let is_live = version.deleted == Some(false);
        marks.entry(version.subject).or_default().insert((version.number, version.id, is_live));
    }
    if !says_so {
        let Some(live) = listed(api, prefix, "").await? else { return Ok(None) };
        for FeedEntry { subject, number, id, .. } in live {
            let own = marks.entry(subject).or_default();
            own.remove(&(number, id, false));
            own.insert((number, id, true));
        }
    }
    Ok((!marks.is_empty()).then_some(marks))
}

/// A version in the list.
struct FeedEntry {
    subject: String,
    number: i64,
    id: i64,
    deleted: Option<bool>,
}

impl FeedEntry {
    fn read(version: &Value) -> Option<Self> {
        Some(Self {
            subject: version.get("subject").and_then(Value::as_str)?.to_owned(),
            number: outline::number(version)?,
            id: version.get("id").and_then(Value::as_i64)?,
            deleted: version.get("deleted").and_then(Value::as_bool),
        })
    }
}

async fn listed(api: &Api, prefix: &str, deleted: &str) -> Result<Option<Vec<FeedEntry>>, InputError> {
    let prefix = segment(if prefix.is_empty() { ":*:" } else { prefix });
    let (mut all, mut offset, mut first) = (Vec::new(), 0, None);
    loop {
        let query = format!("subjectPrefix={prefix}{deleted}&latestOnly=false&offset={offset}&limit={PAGE}");
        let Some(page) = outline::schemas(api, &query).await? else { return Ok(None) };
        // a registry that knows no pages sends everything at once, and again
        if offset > 0 && first.as_ref() == page.first() {
            return Ok(Some(all));
        }
        for version in &page {
            let Some(version) = FeedEntry::read(version) else { return Ok(None) };
            all.push(version);
        }
        if page.len() != PAGE {
            return Ok(Some(all));
        }
        first = first.or_else(|| page.first().cloned());
        offset += page.len();
    }
}

fn between(before: &Marks, now: &Marks) -> Changed {
    let (mut changed, none) = (Changed::default(), BTreeSet::new());
    for subject in before.keys().chain(now.keys()) {
        let (one, other) = (before.get(subject).unwrap_or(&none), now.get(subject).unwrap_or(&none));
        if one == other {
            continue;
        }
        changed.scopes.insert(subject.clone());
        let is_there =
            |(number, id, _): &(i64, i64, bool)| [true, false].iter().any(|live| other.contains(&(*number, *id, *live)));
        if !one.iter().all(is_there) {
            changed.purged.insert(subject.clone());
        }
    }
    changed
}
