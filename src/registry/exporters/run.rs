//! Running exporters: each on one replica, for as long as that says so.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::copy::{Copier, CopyError, PAGE, Progress};
use super::destination::Destination;
use super::{again, copied_before};
use crate::peer::PeerError;
use crate::registry::Registry;
use crate::store::{Change, ExporterProgress};
use crate::trace::{self, Current, TraceContext};
use crate::types::{ExporterState, StoredExporter};

/// How often a replica looks for exporters that nobody runs, and an exporter for changes.
const POLL: Duration = Duration::from_secs(1);
/// For how long an exporter is a replica's without another word of it, in milliseconds.
const HELD: i64 = 15_000;
/// How often a replica says that it still runs an exporter.
const RENEW: Duration = Duration::from_secs(4);
/// Waits after failures: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Changes of transactions that are still open when a later one is read come after it; none is open for as long as this, in
/// milliseconds.
const UNSETTLED: i64 = 30_000;

/// What happened to exporters, to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExporterEvent {
    /// A version, a deletion or a config was copied, or found not to concern it.
    Copied,
    Failed,
}

type Observer = Arc<dyn Fn(ExporterEvent) + Send + Sync>;

impl Registry {
    /// Runs exporters for as long as the process lives. `replica` is another name in every process.
    pub async fn run_exporters(self: Arc<Self>, replica: String, observer: Observer) {
        let mut running: HashMap<String, JoinHandle<()>> = HashMap::new();
        loop {
            running.retain(|_, task| !task.is_finished());
            // while the database is away nothing can be copied, which its own log lines tell
            for stored in self.store.exporters().await.unwrap_or_default() {
                let name = &stored.exporter.name;
                if stored.state == ExporterState::Paused || running.contains_key(name) {
                    continue;
                }
                if self.store.hold_exporter(name, &replica, self.now().saturating_add(HELD)).await.unwrap_or(false) {
                    let run = run_one(Arc::clone(&self), name.clone(), replica.clone(), Arc::clone(&observer));
                    running.insert(name.clone(), tokio::spawn(run));
                }
            }
            sleep(POLL).await;
        }
    }
}

/// Runs one exporter until it is changed, or no longer this replica's.
async fn run_one(registry: Arc<Registry>, name: String, replica: String, observer: Observer) {
    let Ok(Some(stored)) = registry.store.exporter(&name).await else { return };
    tracing::info!(exporter = %name, "exporting");
    let opened = match registry.opened(stored.exporter.clone()) {
        Ok(exporter) => Ok(StoredExporter { exporter, ..stored.clone() }),
        Err(error) => Err(error.to_string()),
    };
    let mut report = Report {
        registry: &registry,
        stored: &stored,
        replica: &replica,
        observer,
        position: stored.position,
        said: stored.position,
        trace: false,
        renewed: Instant::now(),
    };
    let ended = match &opened {
        Ok(stored) => run(&registry, stored, &mut report).await,
        Err(reason) => report.wait(reason, LONGEST_WAIT).await,
    };
    if ended.is_err() {
        tracing::info!(exporter = %name, "no longer exporting");
    }
}

async fn run(registry: &Registry, stored: &StoredExporter, report: &mut Report<'_>) -> Result<(), CopyError> {
    report.say(String::new()).await?;
    let mut wait = FIRST_WAIT;
    let mut copied = HashSet::new();
    let mut into_itself = None;
    loop {
        let trace = TraceContext::fresh();
        let trace_id = trace.shown_id();
        let copying = round(registry, stored, report, &mut copied, &mut into_itself);
        match trace::within(Some(Current::passed_on(trace)), copying).await {
            Ok(()) => {
                wait = FIRST_WAIT;
                sleep(POLL).await;
            }
            Err(CopyError::Lost) => return Err(CopyError::Lost),
            Err(error) => {
                (report.observer)(ExporterEvent::Failed);
                tracing::warn!(exporter = %stored.exporter.name, trace_id, %error, "an exporter failed, and tries again in {} s", wait.as_secs());
                report.wait(&error.to_string(), wait).await?;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

/// The last change before which no transaction is still open, that of a change with a lower number: what comes after it is looked
/// through once more when everything is copied.
async fn settled(registry: &Registry, bounds: Option<(i64, i64)>) -> Result<i64, CopyError> {
    let Some((first, _)) = bounds else { return Ok(0) };
    let mut settled = first.saturating_sub(1).max(0);
    loop {
        let page = registry.store.changes(settled, PAGE).await?;
        let now = registry.now();
        let is_settled = |change: &&Change| now.saturating_sub(change.created_at) > UNSETTLED;
        let fine = page.iter().take_while(is_settled).count();
        match fine.checked_sub(1).and_then(|last| page.get(last)) {
            Some(last) => settled = last.sequence,
            None => return Ok(settled),
        }
        if fine < page.len() {
            return Ok(settled);
        }
    }
}

/// Copies all that there is to copy now. `copied` are changes behind the position that were copied already; `into_itself` is whether
/// the destination is the registry that is copied, once that is known.
async fn round(
    registry: &Registry,
    stored: &StoredExporter,
    report: &mut Report<'_>,
    copied: &mut HashSet<i64>,
    into_itself: &mut Option<bool>,
) -> Result<(), CopyError> {
    // whoever pauses it need not wait until the lease is renewed
    if registry.store.exporter(&stored.exporter.name).await?.map(|now| now.revision) != Some(stored.revision) {
        return Err(CopyError::Lost);
    }
    let cluster = format!(".{}", registry.store.cluster_id().await?);
    let destination = Destination::new(&stored.exporter, cluster).map_err(PeerError::Away)?;
    let into_itself = match *into_itself {
        Some(known) => known,
        None => *into_itself.insert(destination.cluster_id().await? == registry.store.cluster_id().await?),
    };
    let mut copier = Copier { registry, stored, destination, into_itself, ahead: HashSet::new() };
    let bounds = registry.store.change_bounds().await?;
    let is_pruned = bounds.is_some_and(|(first, _)| first > report.position.saturating_add(1));
    if report.position < 0 || (is_pruned && report.position > 0) {
        let last = settled(registry, bounds).await?;
        match copied_before(again(report.position)) {
            Some(before) => copier.removals(before, report).await?,
            None => report.position = last,
        }
        // said before anything is sent: whoever goes on with it has to know what may be there
        report.position = again(report.position);
        report.renew_if(true).await?;
        copier.everything(report).await?;
        copied.clear();
        report.position = last;
    }
    let mut after = report.position;
    let mut all_settled = true;
    loop {
        let page = registry.store.changes(after, PAGE).await?;
        for change in &page {
            after = change.sequence;
            if !copied.contains(&change.sequence) {
                copier.change(change).await?;
                copied.insert(change.sequence);
                report.copied().await?;
            }
            all_settled &= registry.now().saturating_sub(change.created_at) > UNSETTLED;
            if all_settled {
                copied.remove(&change.sequence);
                report.position = change.sequence;
            }
        }
        if page.is_empty() {
            return report.renew_if(report.trace || report.position != report.said).await;
        }
    }
}

/// What the replica says of the exporter in the database, for its user and for the other replicas.
struct Report<'r> {
    registry: &'r Registry,
    stored: &'r StoredExporter,
    replica: &'r str,
    observer: Observer,
    position: i64,
    /// The position that the database has.
    said: i64,
    /// Whether the database has a trace.
    trace: bool,
    renewed: Instant,
}

impl Report<'_> {
    async fn say(&mut self, trace: String) -> Result<(), CopyError> {
        self.trace = !trace.is_empty();
        let progress = ExporterProgress {
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
    async fn renew_if(&mut self, has_news: bool) -> Result<(), CopyError> {
        if has_news || self.renewed.elapsed() >= RENEW { self.say(String::new()).await } else { Ok(()) }
    }

    /// Waits after a failure. While the database is away, too, it is not known whose the exporter is: that is found out later.
    async fn wait(&mut self, reason: &str, wait: Duration) -> Result<(), CopyError> {
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

impl Progress for Report<'_> {
    fn copied(&mut self) -> BoxFuture<'_, Result<(), CopyError>> {
        (self.observer)(ExporterEvent::Copied);
        Box::pin(self.renew_if(false))
    }
}
