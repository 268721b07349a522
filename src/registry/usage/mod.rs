//! Who reads which version: `tally` counts, this writes and answers, `impact` asks who could not read what is written with a new schema.

mod impact;
mod tally;

use std::collections::BTreeMap;

pub use self::impact::{Impact, ImpactedVersion};
pub use self::tally::{ClientIdentity, ClientKey, ReadSchema, UsageTally};
use super::Registry;
use super::error::RegistryError;
use crate::store::{UsageCount, UsageFilter, VersionUsage};
use crate::types::{SchemaId, Subject, Version};

/// Clients of one schema that are told apart in the database.
const CLIENTS: i64 = 200;
/// Counts written in one transaction, so that registrations don't wait behind it.
const BATCH: usize = 256;
/// Rows removed in one transaction.
const PRUNED: i64 = 1_000;
/// Rows that an answer is made of.
const ROWS: i64 = 5_000;

/// Reads of a version by one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientUsage {
    /// Where the caller may know it.
    pub principal: Option<String>,
    pub client: String,
    pub agent: String,
    pub reads: i64,
    pub first_at: i64,
    pub last_at: i64,
}

/// Reads of the schema of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedVersion {
    pub version: Version,
    pub id: SchemaId,
    pub deleted: bool,
    pub reads: i64,
    pub first_at: i64,
    pub last_at: i64,
    /// Who has read last first.
    pub clients: Vec<ClientUsage>,
}

/// Who reads the versions of a subject.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Reads are counted.
    pub is_on: bool,
    /// Since when they are, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Those that were read, the newest first.
    pub versions: Vec<UsedVersion>,
    /// Whether that are all clients.
    pub is_whole: bool,
}

/// What became of reads that were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WrittenUsage {
    pub written: u64,
    /// Those for which there was no room.
    pub lost: u64,
}

impl Registry {
    /// Where reads are counted.
    pub fn usage_tally(&self) -> &UsageTally {
        &self.usage
    }

    /// Notes that from now on reads are counted, if they are.
    ///
    /// # Errors
    /// Store failures.
    pub async fn begin_usage(&self) -> Result<(), RegistryError> {
        if self.usage.is_on() {
            self.store.begin_usage().await?;
        }
        Ok(())
    }

    /// Writes what was counted. What can't be written stays, and is written with what comes later.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn write_usage(&self) -> Result<WrittenUsage, RegistryError> {
        let mut counts = self.usage.take();
        // in the same order on every replica, so that none waits for another that waits for it
        counts.sort_by(|one, other| key(one).cmp(&key(other)));
        let mut done = WrittenUsage { lost: self.usage.take_lost(), ..WrittenUsage::default() };
        while !counts.is_empty() {
            let rest = counts.split_off(BATCH.min(counts.len()));
            let reads: u64 = counts.iter().map(|count| count.reads.unsigned_abs()).sum();
            if let Err(error) = self.store.add_usage(counts.clone(), CLIENTS).await {
                self.usage.put_back(counts);
                self.usage.put_back(rest);
                return Err(error.into());
            }
            done.written += reads;
            counts = rest;
        }
        Ok(done)
    }

    /// Removes clients that have not read for `age` (in milliseconds), and those beyond `rows`; how many they were.
    ///
    /// # Errors
    /// Store failures.
    pub async fn prune_usage(&self, age: i64, rows: i64) -> Result<u64, RegistryError> {
        let before = self.now().saturating_sub(age);
        let mut pruned = 0;
        loop {
            let batch = self.store.prune_usage(before, rows, PRUNED).await?;
            pruned += batch;
            if batch == 0 {
                return Ok(pruned);
            }
        }
    }

    /// Who has read the versions of a subject, or one of them, since a time. What this replica has counted is in it.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn usage(
        &self,
        subject: &Subject,
        version: Option<Version>,
        since: i64,
        names_principals: bool,
    ) -> Result<Usage, RegistryError> {
        self.write_usage().await?;
        let filter = UsageFilter { subject: subject.clone(), version, since };
        let rows = self.store.usage(&filter, ROWS).await?;
        let is_whole = i64::try_from(rows.len()).is_ok_and(|rows| rows < ROWS);
        let versions = by_version(rows, names_principals);
        Ok(Usage { is_on: self.usage.is_on(), since: self.store.usage_since().await?, versions, is_whole })
    }
}

fn key(count: &UsageCount) -> (&str, SchemaId, &str, &str, &str) {
    (&count.context, count.id, &count.principal, &count.client, &count.agent)
}

/// Rows come with who has read last first. Without principals, clients that differ in nothing else are one.
fn by_version(rows: Vec<VersionUsage>, names_principals: bool) -> Vec<UsedVersion> {
    let mut versions: BTreeMap<Version, UsedVersion> = BTreeMap::new();
    for row in rows {
        let VersionUsage { version, id, deleted, principal, client, agent, reads, first_at, last_at } = row;
        let empty = UsedVersion { version, id, deleted, reads: 0, first_at, last_at, clients: Vec::new() };
        let own = versions.entry(version).or_insert(empty);
        own.reads = own.reads.saturating_add(reads);
        own.first_at = own.first_at.min(first_at);
        own.last_at = own.last_at.max(last_at);
        let principal = names_principals.then_some(principal);
        let is_same = |known: &&mut ClientUsage| known.principal == principal && known.client == client && known.agent == agent;
        match own.clients.iter_mut().find(is_same) {
            Some(known) => {
                known.reads = known.reads.saturating_add(reads);
                known.first_at = known.first_at.min(first_at);
            }
            None => own.clients.push(ClientUsage { principal, client, agent, reads, first_at, last_at }),
        }
    }
    versions.into_values().rev().collect()
}
