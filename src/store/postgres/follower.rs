//! Follows Postgres, on connections of its own: which generation it is at, and whether it is there at all.
//!
//! The generation is polled, and listened for where no pooler stands between: one gives each transaction to another connection of
//! Postgres, so that what was listened to on one is heard by nobody. There the poll alone must do.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::reachability::Reachability;
use super::session::{Connector, PostgresSession};
use super::{CHANNEL, sql, sqlstate};
use crate::store::{Generation, KnownGeneration, StoreError};

/// How often a database that is away is looked for.
const SEARCH: Duration = Duration::from_millis(250);

/// How long a listener that could not be had, or was lost, is done without.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// How many connections are tried before the database counts as away: each may be lost while others are not.
const ATTEMPTS: usize = 3;

pub(super) struct Follower {
    pub(super) connector: Connector,
    pub(super) poll: Duration,
    pub(super) reachability: Arc<Reachability>,
    pub(super) generation: Arc<KnownGeneration>,
}

impl Follower {
    pub(super) async fn run(self) {
        let (mut session, mut listener, mut listening) = (None, None, None);
        let mut listen_from = Instant::now();
        loop {
            self.reachability.seen(self.look(&mut session).await);
            self.reachability.listens(listener.is_some());
            let is_away = self.reachability.is_away();
            let is_due = !self.connector.is_pooled && !is_away && Instant::now() >= listen_from;
            if is_due
                && listener.is_none()
                && listening.is_none()
                && let Some(options) = self.connector.current_options()
            {
                // beside the looks, which must not wait for it
                listening = Some(tokio::spawn(listen(options.clone(), self.reachability.patience())));
            }
            tokio::select! {
                () = self.reachability.suspected() => {}
                () = tokio::time::sleep(if is_away { SEARCH } else { self.poll }) => {}
                heard = heard(&mut listener) => if !heard { listener = None },
                // what changed while nobody listened is found by the look that comes now
                found = made(&mut listening) => (listener, listening, listen_from) = (found, None, Instant::now() + LISTEN_AGAIN),
            }
        }
    }

    /// Learns the generation; why that is not possible, where the database is away.
    async fn look(&self, session: &mut Option<PostgresSession>) -> Option<String> {
        let patience = self.reachability.patience();
        match tokio::time::timeout(patience, self.ask(session)).await {
            Ok(Ok(())) => None,
            // somebody answers
            Ok(Err(StoreError::Database(error))) if sqlstate::is(&error, sqlstate::TOO_MANY_CONNECTIONS) => None,
            Ok(Err(StoreError::Database(error))) => Some(sqlstate::cause(&error)),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => {
                *session = None;
                Some(format!("no answer within {} s", patience.as_secs_f64()))
            }
        }
    }

    async fn ask(&self, session: &mut Option<PostgresSession>) -> Result<(), StoreError> {
        if let Some(known) = session
            && self.connector.is_current(known)
        {
            // a connection may be lost while the database is there
            if let Ok(Ok(current)) = tokio::time::timeout(self.reachability.patience() / 2, generation(known)).await {
                self.generation.learn(current);
                return Ok(());
            }
        }
        *session = None;
        let mut attempt = 1;
        loop {
            let mut fresh = self.connector.connect().await?;
            match generation(&mut fresh).await {
                Ok(current) => {
                    self.generation.learn(current);
                    *session = Some(fresh);
                    return Ok(());
                }
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
            }
        }
    }
}

async fn listen(options: PgConnectOptions, patience: Duration) -> Option<PgListener> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(patience).connect_lazy_with(options);
    let mut listener = PgListener::connect_with(&pool).await.ok()?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

/// The listener that is being made, once it is.
async fn made(listening: &mut Option<JoinHandle<Option<PgListener>>>) -> Option<PgListener> {
    match listening {
        Some(task) => task.await.ok().flatten(),
        None => std::future::pending().await,
    }
}

async fn generation(session: &mut PostgresSession) -> Result<Generation, StoreError> {
    session.begin_read().await?;
    let current = sql::generation(session).await?;
    session.end_read().await?;
    Ok(current)
}

/// Waits for a notification; false when the connection is lost.
async fn heard(listener: &mut Option<PgListener>) -> bool {
    match listener {
        Some(connected) => matches!(connected.try_recv().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
