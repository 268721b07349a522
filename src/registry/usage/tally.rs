//! Reads since the last time they were written: counted in memory, on the way of each request.
//!
//! Most reads of a busy registry are the same few answers, asked for over and over. So an answer that is kept knows how often it was given:
//! the first reads of an interval are counted one by one, of those that follow one in so many, for all of these. A client that asks once
//! in a while is not overlooked, and a busy answer costs an addition.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::DefaultHashBuilder;

use crate::store::UsageCount;
use crate::types::SchemaId;

/// Reads of a kept answer that are counted one by one in an interval.
const COUNTED: u32 = 200;
/// Of the others one in so many is looked at.
const ONE_IN: u32 = 64;
/// Threads that count at once seldom meet.
const SHARDS: usize = 16;
/// Clients and schemas that are counted between two writes: at most some megabytes.
const MAX_COUNTS: usize = 8_192;

/// A schema that an answer shows, with how often it was given in this interval.
#[derive(Debug)]
pub struct ReadSchema {
    pub context: Arc<str>,
    pub id: SchemaId,
    /// The interval in the upper half, how often in the lower.
    given: AtomicU64,
}

impl Clone for ReadSchema {
    fn clone(&self) -> Self {
        let given = AtomicU64::new(self.given.load(Ordering::Relaxed));
        Self { context: Arc::clone(&self.context), id: self.id, given }
    }
}

impl ReadSchema {
    pub fn new(context: Arc<str>, id: SchemaId) -> Self {
        Self { context, id, given: AtomicU64::new(0) }
    }
}

/// Who reads. Longer texts than these have been cut.
#[derive(Debug, Clone, Copy)]
pub struct ClientIdentity<'r> {
    pub principal: &'r str,
    pub client: &'r str,
    pub agent: &'r str,
}

/// By the hash of schema and client.
type UsageCounts = HashMap<u64, UsageCount, DefaultHashBuilder>;

/// What was counted.
#[derive(Debug)]
pub struct UsageTally {
    is_on: bool,
    /// Keyed, so that nobody can look for clients that are taken for each other.
    hasher: RandomState,
    shards: [Mutex<UsageCounts>; SHARDS],
    interval: AtomicU32,
    lost: AtomicU64,
}

impl UsageTally {
    pub(in crate::registry) fn new(is_on: bool) -> Self {
        let (hasher, shards) = (RandomState::new(), std::array::from_fn(|_| Mutex::default()));
        Self { is_on, hasher, shards, interval: AtomicU32::new(1), lost: AtomicU64::new(0) }
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
        // two that begin an interval at once count one less, which nobody sees
        if given & !u64::from(u32::MAX) != interval {
            read.given.store(interval | 1, Ordering::Relaxed);
            return Some(1);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let given = read.given.fetch_add(1, Ordering::Relaxed) as u32;
        if given < COUNTED { Some(1) } else { given.is_multiple_of(ONE_IN).then_some(ONE_IN) }
    }

    pub fn count(&self, read: &ReadSchema, reader: ClientIdentity<'_>, weight: u32, now: i64) {
        let ClientIdentity { principal, client, agent } = reader;
        let key = self.hasher.hash_one((&*read.context, read.id, principal, client, agent));
        let reads = i64::from(weight);
        let mut shard = self.shard(key);
        if let Some(count) = shard.get_mut(&key) {
            count.reads = count.reads.saturating_add(reads);
            count.last_at = now;
            return;
        }
        let (principal, client, agent) = (principal.into(), client.into(), agent.into());
        let context = Arc::clone(&read.context);
        let count = UsageCount { context, id: read.id, principal, client, agent, reads, first_at: now, last_at: now };
        self.add(&mut shard, key, count);
    }

    fn shard(&self, key: u64) -> std::sync::MutexGuard<'_, UsageCounts> {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest bits choose")]
        let at = key as usize % SHARDS;
        let [first, ..] = &self.shards;
        let shard = self.shards.get(at).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, shard: &mut UsageCounts, key: u64, count: UsageCount) {
        if shard.len() < MAX_COUNTS / SHARDS {
            shard.insert(key, count);
        } else {
            self.lost.fetch_add(count.reads.unsigned_abs(), Ordering::Relaxed);
        }
    }

    /// Takes out what was counted, and begins the next interval.
    pub(super) fn take(&self) -> Vec<UsageCount> {
        self.interval.fetch_add(1, Ordering::Relaxed);
        let mut counts = Vec::new();
        for shard in &self.shards {
            let taken = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            counts.extend(taken.into_values());
        }
        counts
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, counts: Vec<UsageCount>) {
        for count in counts {
            let key = self.hasher.hash_one((&*count.context, count.id, &*count.principal, &*count.client, &*count.agent));
            let mut shard = self.shard(key);
            if let Some(own) = shard.get_mut(&key) {
                own.reads = own.reads.saturating_add(count.reads);
                own.first_at = own.first_at.min(count.first_at);
            } else {
                self.add(&mut shard, key, count);
            }
        }
    }

    /// Reads that found no room since this was asked last.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}
