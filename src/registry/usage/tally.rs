//! Reads since the last time they were written: counted in memory, on the way of each request.
//!
//! Most reads of a busy registry are the same few answers, asked for over and over. So an answer that is kept knows how often it was given:
//! the first reads of an interval are counted one by one, of those that follow one in so many, for all of these. A client that asks once
//! in a while is not overlooked, and a busy answer costs an addition.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use quick_cache::DefaultHashBuilder;

use crate::store::UsageCount;
use crate::types::SchemaId;

/// Reads of a kept answer that are counted one by one in an interval.
const COUNTED: u32 = 200;
/// Of the others one in so many is looked at.
const ONE_IN: u32 = 64;
/// Reads of a client in an interval for which the clock is asked each time; then it is for one in so many.
const TIMED: u32 = 16;
/// Threads that count at once seldom meet.
const SHARDS: usize = 16;
/// Clients and schemas that are counted between two writes: at most some megabytes.
const MAX_COUNTS: usize = 8_192;

/// A hash that nobody outside can compute, so that nobody can look for schemas or clients that are taken for each other.
fn keyed(value: impl Hash) -> u64 {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYS.hash_one(value)
}

/// A schema that an answer shows, with how often it was given in this interval.
#[derive(Debug)]
pub struct ReadSchema {
    context: Arc<str>,
    id: SchemaId,
    key: u64,
    /// The interval in the upper half, how often in the lower.
    given: AtomicU64,
}

impl Clone for ReadSchema {
    fn clone(&self) -> Self {
        let given = AtomicU64::new(self.given.load(Ordering::Relaxed));
        Self { context: Arc::clone(&self.context), id: self.id, key: self.key, given }
    }
}

impl ReadSchema {
    pub fn new(context: Arc<str>, id: SchemaId) -> Self {
        let key = Self::key(&context, id);
        Self { context, id, key, given: AtomicU64::new(0) }
    }

    fn key(context: &str, id: SchemaId) -> u64 {
        keyed((context, id))
    }
}

/// Who reads. Longer texts than these have been cut.
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    pub principal: Box<str>,
    pub client: Box<str>,
    pub agent: Box<str>,
}

/// Tells clients apart.
#[derive(Debug, Clone, Copy)]
pub struct ClientKey(u64);

impl ClientIdentity {
    pub fn key(&self) -> ClientKey {
        ClientKey::new(&self.principal, &self.client, &self.agent)
    }
}

impl ClientKey {
    fn new(principal: &str, client: &str, agent: &str) -> Self {
        Self(keyed((principal, client, agent)))
    }
}

/// Reads of one schema by one client. It is looked at in each read that is counted, so it is small, and who the client is lies apart.
struct Reads {
    /// The place of schema and client in the shard.
    at: usize,
    count: u32,
    last_at: i64,
}

#[derive(Default)]
struct Shard {
    /// By the keys of schema and client together.
    reads: HashMap<u64, Reads, DefaultHashBuilder>,
    /// Schemas and clients, with the reads that could not be written in earlier intervals.
    counts: Vec<UsageCount>,
}

impl Shard {
    fn add(&mut self, key: u64, count: UsageCount, reads: u32) {
        self.reads.insert(key, Reads { at: self.counts.len(), count: reads, last_at: count.last_at });
        self.counts.push(count);
    }

    fn is_full(&self) -> bool {
        self.counts.len() >= MAX_COUNTS / SHARDS
    }

    fn into_counts(self) -> Vec<UsageCount> {
        let Self { reads, mut counts } = self;
        for Reads { at, count, last_at } in reads.into_values() {
            if let Some(own) = counts.get_mut(at) {
                own.reads = own.reads.saturating_add(count.into());
                own.last_at = last_at;
            }
        }
        counts
    }
}

/// What was counted.
pub struct UsageTally {
    is_on: bool,
    shards: [Mutex<Shard>; SHARDS],
    interval: AtomicU32,
    lost: AtomicU64,
}

impl UsageTally {
    pub(in crate::registry) fn new(is_on: bool) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { is_on, shards, interval: AtomicU32::new(1), lost: AtomicU64::new(0) }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// For how many reads this one stands, if it is to be counted.
    pub fn weight(&self, read: &ReadSchema) -> Option<u32> {
        if !self.is_on {
            return None;
        }
        let interval = u64::from(self.interval.load(Ordering::Relaxed)) << 32;
        let given = read.given.load(Ordering::Relaxed);
        let before = if given & !u64::from(u32::MAX) == interval { given } else { interval };
        // of two that add at once one is lost, which changes nothing in the proportion
        read.given.store(before + 1, Ordering::Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let given = before as u32;
        if given < COUNTED { Some(1) } else { given.is_multiple_of(ONE_IN).then_some(ONE_IN) }
    }

    /// Counts so many reads of a client. What the time is, is asked for the first ones, and for some of those that follow: when it has
    /// read last is known to one of its last reads. Who it is, is asked for the first one.
    pub fn count(
        &self,
        read: &ReadSchema,
        client: ClientKey,
        weight: u32,
        now: impl FnOnce() -> i64,
        who: impl FnOnce() -> ClientIdentity,
    ) {
        let key = read.key ^ client.0;
        let mut shard = self.shard(key);
        if let Some(reads) = shard.reads.get_mut(&key) {
            reads.count = reads.count.saturating_add(weight);
            if weight > 1 || reads.count < TIMED || reads.count.is_multiple_of(TIMED) {
                reads.last_at = now();
            }
            return;
        }
        if shard.is_full() {
            self.lost.fetch_add(weight.into(), Ordering::Relaxed);
            return;
        }
        let (context, now) = (Arc::clone(&read.context), now());
        let ClientIdentity { principal, client, agent } = who();
        let count = UsageCount { context, id: read.id, principal, client, agent, reads: 0, first_at: now, last_at: now };
        shard.add(key, count, weight);
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest bits choose")]
        let at = key as usize % SHARDS;
        let [first, ..] = &self.shards;
        let shard = self.shards.get(at).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out what was counted, and begins the next interval.
    pub(super) fn take(&self) -> Vec<UsageCount> {
        self.interval.fetch_add(1, Ordering::Relaxed);
        let mut counts = Vec::new();
        for shard in &self.shards {
            let taken = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            counts.extend(taken.into_counts());
        }
        counts
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, counts: Vec<UsageCount>) {
        for count in counts {
            let client = ClientKey::new(&count.principal, &count.client, &count.agent);
            let key = ReadSchema::key(&count.context, count.id) ^ client.0;
            let mut shard = self.shard(key);
            let known = shard.reads.get(&key).map(|reads| reads.at);
            if let Some(own) = known.and_then(|at| shard.counts.get_mut(at)) {
                own.reads = own.reads.saturating_add(count.reads);
                own.first_at = own.first_at.min(count.first_at);
            } else if shard.is_full() {
                self.lost.fetch_add(count.reads.unsigned_abs(), Ordering::Relaxed);
            } else {
                shard.add(key, count, 0);
            }
        }
    }

    /// Reads that found no room since this was asked last.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}
