//! How Postgres is reached.

use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;

use super::hosts::DatabaseHosts;
use super::locks::LockKind;
use super::session::Connector;
use crate::store::{StoreError, StoreObserver, Unobserved};

/// How the database is reached.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database?...`, or several hosts with commas between.
    pub url: String,
    /// Most connections of this process, those of its tasks included.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the database may be silent before requests are told that it is away.
    pub answer_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a write waits for what another transaction has locked.
    pub lock_timeout: Duration,
    /// How often the generation is polled, beside being listened for.
    pub poll_interval: Duration,
    /// How old answers about the versions of a subject may be; `None`: each is asked for.
    pub read_age: Option<Duration>,
    /// Prepared statements kept per connection; 0 behind a pooler in transaction mode.
    pub statement_cache: usize,
    /// What transactions lock.
    pub locks: LockKind,
    /// Told of what is done.
    pub observer: Arc<dyn StoreObserver>,
    /// Record who changes what.
    pub audit: bool,
}

impl PostgresOptions {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_millis(1200),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_secs(1),
            read_age: None,
            statement_cache: 200,
            locks: LockKind::default(),
            observer: Arc::new(Unobserved),
            audit: true,
        }
    }

    pub(super) fn connector(&self) -> Result<Connector, StoreError> {
        let mut hosts = DatabaseHosts::parse(&self.url)?;
        for options in &mut hosts.options {
            let named = options.clone().application_name("accordant");
            *options = named.statement_cache_capacity(self.statement_cache).disable_statement_logging();
        }
        let tried = u32::try_from(hosts.options.len()).unwrap_or(u32::MAX).saturating_add(1);
        Ok(Connector {
            hosts,
            current: Arc::default(),
            id_counter: None,
            host_timeout: self.answer_timeout / tried,
            // 0 says that a pooler stands between
            is_pooled: self.statement_cache == 0,
            statement_timeout: self.statement_timeout,
            locks: self.locks,
        })
    }

    /// Begins a transaction with the limits of a write, all in one exchange. A process that stops inside a transaction loses it
    /// before those that wait for it give up.
    pub(super) fn begin_write(&self) -> String {
        let (statement, lock) = (self.statement_timeout.as_millis(), self.lock_timeout.as_millis().max(2));
        format!(
            "BEGIN; SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL idle_in_transaction_session_timeout = {}",
            lock / 2
        )
    }
}
