//! What the replica that runs an exporter or importer says of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::copy::{CopyError, CopyProgress};
use crate::registry::Registry;
use crate::store::ExporterProgress;
use crate::types::{ExporterState, LinkKind, StoredExporter};

/// For how long an exporter is a replica's without another word of it, in milliseconds.
pub(super) const HELD: i64 = 15_000;
/// How often a replica says that it still runs an exporter.
pub(super) const RENEW: Duration = Duration::from_secs(4);
/// Waits after failures: the first, and the longest.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(1);
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What happened to exporters, to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExporterEvent {
    /// A version, a deletion or a config was copied, or found not to concern it.
    Copied,
    Failed,
}

pub(super) type Observer = Arc<dyn Fn(LinkKind, ExporterEvent) + Send + Sync>;

/// What the replica says of an exporter or importer in the database, for its user and for the other replicas.
pub(super) struct StatusReporter<'r> {
    kind: LinkKind,
    registry: &'r Registry,
    stored: &'r StoredExporter,
    replica: &'r str,
    observer: Observer,
    pub(super) position: i64,
    /// The position that the database has.
    said: i64,
    /// Whether the database has a trace.
    trace: bool,
    renewed: Instant,
}

impl<'r> StatusReporter<'r> {
    pub(super) fn new(
        registry: &'r Registry,
        kind: LinkKind,
        stored: &'r StoredExporter,
        replica: &'r str,
        observer: Observer,
    ) -> Self {
        let (position, renewed) = (stored.position, Instant::now());
        Self { kind, registry, stored, replica, observer, position, said: position, trace: false, renewed }
    }

    /// Whether the database says something else.
    pub(super) fn has_news(&self) -> bool {
        self.trace || self.position != self.said
    }

    /// Whoever pauses or changes it need not wait until the lease is renewed.
    pub(super) async fn require_unchanged(&self) -> Result<(), CopyError> {
        let now = self.registry.store.exporter(self.kind, &self.stored.exporter.name).await?;
        if now.map(|now| now.revision) == Some(self.stored.revision) { Ok(()) } else { Err(CopyError::Lost) }
    }

    /// Tells of a failure, and waits; how long to wait after the next one.
    pub(super) async fn failed(&mut self, error: &CopyError, trace_id: &str, wait: Duration) -> Result<Duration, CopyError> {
        (self.observer)(self.kind, ExporterEvent::Failed);
        let (kind, name) = (self.kind.word(), &self.stored.exporter.name);
        tracing::warn!(kind, %name, trace_id, %error, "copying failed, and is tried again in {} s", wait.as_secs());
        self.wait(&error.to_string(), wait).await?;
        Ok((wait * 2).min(LONGEST_WAIT))
    }

    pub(super) async fn say(&mut self, trace: String) -> Result<(), CopyError> {
        self.trace = !trace.is_empty();
        let progress = ExporterProgress {
            kind: self.kind,
            name: self.stored.exporter.name.clone(),
            holder: self.replica.to_owned(),
            revision: self.stored.revision,
            state: ExporterState::Running,
            position: self.position,
            trace,
            held_until: self.registry.now().saturating_add(HELD),
        };
        let is_ours = self.registry.store.move_exporter(progress).await?;
        (self.said, self.renewed) = (self.position, Instant::now());
        if is_ours { Ok(()) } else { Err(CopyError::Lost) }
    }

    /// Says that all is well, if there is news or it is time to.
    pub(super) async fn renew_if(&mut self, has_news: bool) -> Result<(), CopyError> {
        if has_news || self.renewed.elapsed() >= RENEW { self.say(String::new()).await } else { Ok(()) }
    }

    /// Waits after a failure. While the database is away, too, it is not known whose the exporter is: that is found out later.
    pub(super) async fn wait(&mut self, reason: &str, wait: Duration) -> Result<(), CopyError> {
        let end = Instant::now() + wait;
        loop {
            if let Err(CopyError::Lost) = self.say(reason.to_owned()).await {
                return Err(CopyError::Lost);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            sleep(left.min(RENEW)).await;
        }
    }
}

impl CopyProgress for StatusReporter<'_> {
    fn copied(&mut self) -> BoxFuture<'_, Result<(), CopyError>> {
        (self.observer)(self.kind, ExporterEvent::Copied);
        Box::pin(self.renew_if(false))
    }
}
