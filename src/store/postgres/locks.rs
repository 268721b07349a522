//! Locks of transactions: advisory ones, or rows of a table where there are none.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::sql::locks::Lock;
use crate::types::Subject;

/// What is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockKind {
    #[default]
    Advisory,
    /// Rows of the table `locks`, each of which stands for many keys: what is locked has fewer names, and nobody removes them.
    Rows,
}

/// Rows of `locks` (migration 0011), of which the first is that of the settings: all registrations share it.
const BUCKETS: i64 = 1024;

/// Locks by their keys, in the one order in which they are taken everywhere, so that no two transactions wait for each other in a circle;
/// with each whether it is exclusive.
#[derive(Debug, Default)]
pub(super) struct LockKeys(BTreeMap<i64, bool>);

impl LockKeys {
    pub(super) fn of(locks: &[Lock<'_>]) -> Self {
        let mut keys = BTreeMap::new();
        for (key, is_exclusive) in locks.iter().map(key_of) {
            *keys.entry(key).or_default() |= is_exclusive;
        }
        Self(keys)
    }

    /// Adds the locks of another unit of work; `false`, and nothing is added, where one of the two would have to wait for the other.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let excludes = |(key, is_exclusive): (&i64, &bool)| self.0.get(key).is_some_and(|own| *own || *is_exclusive);
        if other.0.iter().any(excludes) {
            return false;
        }
        self.0.extend(&other.0);
        true
    }

    /// Statements that take those of the advisory locks that are free, to be sent in one exchange. Their rows are the keys of the others.
    pub(super) fn attempts(&self) -> String {
        let mut statements = String::new();
        for (is_exclusive, shared) in [(true, ""), (false, "_shared")] {
            let keys: Vec<String> =
                self.0.iter().filter(|(_, one)| **one == is_exclusive).map(|(key, _)| key.to_string()).collect();
            let keys = keys.join(",");
            let _ = write!(
                statements,
                "SELECT key FROM unnest('{{{keys}}}'::bigint[]) AS k (key) WHERE NOT pg_try_advisory_xact_lock{shared}(key);"
            );
        }
        statements
    }

    pub(super) fn contains_any(&self, keys: &HashSet<i64>) -> bool {
        self.0.keys().any(|key| keys.contains(key))
    }

    /// Statements that take the locks, to be sent in one exchange.
    pub(super) fn statements(&self, kind: LockKind) -> String {
        let mut statements = String::new();
        match kind {
            LockKind::Advisory => {
                for (key, is_exclusive) in &self.0 {
                    let shared = if *is_exclusive { "" } else { "_shared" };
                    let _ = write!(statements, "SELECT pg_advisory_xact_lock{shared}({key});");
                }
            }
            LockKind::Rows => {
                for (bucket, is_exclusive) in self.buckets() {
                    let strength = if is_exclusive { "UPDATE" } else { "SHARE" };
                    let _ = write!(statements, "SELECT bucket FROM locks WHERE bucket = {bucket} FOR {strength};");
                }
            }
        }
        statements
    }

    /// The rows that stand for the keys, in one order.
    fn buckets(&self) -> BTreeMap<i64, bool> {
        let settings = key(&[SETTINGS]);
        let mut buckets = BTreeMap::new();
        for (key, is_exclusive) in &self.0 {
            let bucket = if *key == settings { 0 } else { 1 + key.rem_euclid(BUCKETS - 1) };
            *buckets.entry(bucket).or_default() |= is_exclusive;
        }
        buckets
    }
}

const SETTINGS: &[u8] = b"settings";

/// Its key, and whether others of its kind must wait.
fn key_of(lock: &Lock<'_>) -> (i64, bool) {
    let of_subject = |subject: &Subject| key(&[b"subject", subject.context().as_bytes(), subject.name().as_bytes()]);
    match lock {
        Lock::Settings => (key(&[SETTINGS]), true),
        Lock::SharedSettings => (key(&[SETTINGS]), false),
        Lock::Subject(subject) => (of_subject(subject), true),
        Lock::SharedSubject(subject) => (of_subject(subject), false),
        Lock::Kek(name) => (key(&[b"kek", name.as_bytes()]), true),
        Lock::Exporter(kind, name) => (key(&[kind.word().as_bytes(), name.as_bytes()]), true),
        Lock::Content(context, guid) => (key(&[b"content", context.as_bytes(), &guid.0]), true),
    }
}

fn key(parts: &[&[u8]]) -> i64 {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
        md5.update([0]);
    }
    let hash: [u8; 16] = md5.finalize().into();
    let (head, _) = hash.split_at(8);
    head.iter().fold(0i64, |n, b| (n << 8) | i64::from(*b))
}
