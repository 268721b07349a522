//! Group commit: registrations of many who come at the same time, in one transaction.
//!
//! Beginning, locking, asking what a registration is decided by, and committing take as much for one as for many, and are most of what
//! a registration costs. So where many come at once, whoever comes while two groups register waits for the next one (`batch.rs`).
//!
//! Nobody waits for others here: who would have to wait for a lock, or depends on what another member writes, registers in a transaction
//! of his own, as does everybody where the transaction of the group fails.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, Row as _};

use super::batch::Batch;
use super::dialect::LockKeys;
use super::locks::LockKind;
use super::sql::{self, IdSource, register};
use super::{Conn, PostgresStore, batch_reads};
use crate::store::{Extent, RegisterOutcome, RegisterRequest, StoreError};
use crate::types::Actor;

/// Most registrations of one transaction: the first waits until the last is written.
const MEMBERS: usize = 16;
/// So many that run beside one another are quicker than in groups of two or three, whose statements are larger.
const FEW: usize = 8;
/// Who has waited so long for his turn registers alone.
const PATIENCE: Duration = Duration::from_millis(500);
/// Each reference is looked up on its own, and the other members wait for that.
const MOST_REFERENCES: usize = 8;

/// A registration, and who is to be recorded as having made it.
#[derive(Clone)]
pub(super) struct Registering {
    request: Arc<RegisterRequest>,
    by: Option<Arc<Actor>>,
}

impl Registering {
    fn locks(&self) -> LockKeys {
        LockKeys::of(&sql::registration_locks(&self.request))
    }
}

/// Where registrations meet.
pub(super) struct Groups {
    /// `None` for who has to register in a transaction of his own.
    batch: Batch<Registering, Option<RegisterOutcome>>,
    /// Registrations that are under way, or wait.
    present: AtomicUsize,
}

impl Default for Groups {
    fn default() -> Self {
        Self { batch: Batch::new(MEMBERS, PATIENCE), present: AtomicUsize::new(0) }
    }
}

/// A registration, for as long as it is under way.
struct Present<'g>(&'g AtomicUsize);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PostgresStore {
    /// Registers with others, or `alone`.
    pub(super) async fn register_grouped<R: Future<Output = Result<RegisterOutcome, StoreError>>>(
        &self,
        request: &Arc<RegisterRequest>,
        by: &Arc<Actor>,
        alone: impl FnOnce() -> R,
    ) -> Result<RegisterOutcome, StoreError> {
        let present = self.groups.present.fetch_add(1, Ordering::Relaxed);
        let _present = Present(&self.groups.present);
        // what is disruptive also removes versions, and rows can't be tried without an error
        let is_alone = request.disruptive || request.targets.len() > MOST_REFERENCES || self.locks == LockKind::Rows;
        if is_alone || present < FEW {
            return alone().await;
        }
        let (begun, member) = (Instant::now(), Registering { request: Arc::clone(request), by: self.audited(by) });
        match self.groups.batch.get(member, |members| self.register_members(members)).await {
            Ok(Some(outcome)) => {
                self.observer.unit("register", begun.elapsed(), None);
                Ok(outcome)
            }
            // another transaction would wait as long
            Err(error @ (StoreError::Busy(_) | StoreError::Closed)) => {
                self.observer.unit("register", begun.elapsed(), Some(&error));
                Err(error)
            }
            Err(error) => {
                tracing::debug!(%error, "a group of registrations failed; each of them is done on its own");
                alone().await
            }
            Ok(None) => alone().await,
        }
    }

    /// What became of each; `None` for who has to register alone.
    async fn register_members(&self, members: Vec<Registering>) -> Result<Vec<Option<RegisterOutcome>>, StoreError> {
        let running: Vec<_> = members.iter().map(|_| self.id_counter.begin()).collect();
        let writing = tokio::time::timeout(self.write_limit, Box::pin(self.write_group(&members)));
        let writing = writing.map(|done| done.unwrap_or_else(|_| Err(self.silent_connection())));
        let outcomes = self.attempt(writing).await?;
        drop(running);
        for (member, _) in members.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_some()) {
            self.registrations.count(Extent::of(&member.request.subject));
        }
        Ok(outcomes)
    }

    async fn write_group(&self, members: &[Registering]) -> Result<Vec<Option<RegisterOutcome>>, StoreError> {
        let mut locks = LockKeys::default();
        let candidates: Vec<_> =
            members.iter().map(|member| (member, member.locks())).map(|(m, own)| locks.join(&own).then_some((m, own))).collect();
        let (mut lease, mut statements) = self.begin_transaction().await?;
        statements.push_str(&locks.attempts());
        let refused = sqlx::raw_sql(AssertSqlSafe(statements)).fetch_all(&mut *lease).await?;
        let refused = refused.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<i64>, _>>()?;
        let mut outcomes = vec![None; members.len()];
        let free = candidates.iter().zip(&mut outcomes).filter_map(|(candidate, outcome)| {
            let (member, own) = candidate.as_ref()?;
            (!own.contains_any(&refused)).then_some((*member, outcome))
        });
        let (free, slots): (Vec<_>, Vec<_>) = free.unzip();
        for (outcome, slot) in write_members(&mut lease, &free).await?.into_iter().zip(slots) {
            *slot = outcome;
        }
        let written = outcomes.iter().flatten().count();
        self.commit(lease, written).await?;
        Ok(outcomes)
    }
}

/// Writes members that lock all they need.
async fn write_members(conn: &mut Conn, members: &[&Registering]) -> Result<Vec<Option<RegisterOutcome>>, StoreError> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let requests: Vec<&RegisterRequest> = members.iter().map(|member| &*member.request).collect();
    let heads = batch_reads::heads(conn, &requests).await?;
    let mut decisions = Vec::new();
    for (member, head) in members.iter().zip(&heads) {
        // who creates a context waits for others who do
        let is_possible = head.context.is_some();
        let decision =
            if is_possible { Some(register::decide(conn, &member.request, head, member.by.as_deref()).await?) } else { None };
        decisions.push(decision);
    }
    let new = decisions.iter().filter_map(|decision| decision.as_ref()?.as_ref().ok());
    let new = new.filter(|version| matches!(version.id, IdSource::Next(_))).map(|version| version.context_id);
    let context_ids: Vec<i64> = new.collect();
    conn.take_ids(&context_ids).await;
    let mut outcomes = Vec::new();
    for decision in decisions {
        outcomes.push(match decision {
            Some(Ok(version)) => Some(register::write(conn, &version).await?),
            Some(Err(outcome)) => Some(outcome),
            None => None,
        });
    }
    Ok(outcomes)
}
