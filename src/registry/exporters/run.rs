//! Running exporters and importers: each on one replica, for as long as that says so.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::copy::{Copier, CopyError, CopyProgress, PAGE};
use super::destination::Destination;
use super::report::{FIRST_WAIT, HELD, LONGEST_WAIT, Observer, RENEW, StatusReporter};
use super::{again, copied_before, import};
use crate::peer::PeerError;
use crate::registry::Registry;
use crate::store::OutboxEntry;
use crate::trace::{self, Current, TraceContext};
use crate::types::{ExporterState, LinkKind, StoredExporter};

/// How often a replica looks for exporters that nobody runs, and an exporter for changes.
const POLL: Duration = Duration::from_secs(1);
/// Changes of transactions that are still open when a later one is read come after it; none is open for as long as this, in
/// milliseconds.
const UNSETTLED: i64 = 30_000;

const KINDS: [LinkKind; 2] = [LinkKind::Exporter, LinkKind::Importer];

impl Registry {
    /// Runs exporters and importers for as long as the process lives. `replica` is another name in every process.
    pub async fn run_exporters(self: Arc<Self>, replica: String, observer: Observer) {
        let mut running: HashMap<(LinkKind, String), JoinHandle<()>> = HashMap::new();
        loop {
            running.retain(|_, task| !task.is_finished());
            for kind in KINDS {
                // while the database is away nothing can be copied, which its own log lines tell
                for stored in self.store.exporters(kind).await.unwrap_or_default() {
                    let key = (kind, stored.exporter.name.clone());
                    if stored.state == ExporterState::Paused || running.contains_key(&key) {
                        continue;
                    }
                    let until = self.now().saturating_add(HELD);
                    if self.store.hold_exporter(kind, &key.1, &replica, until).await.unwrap_or(false) {
                        let run = run_one(Arc::clone(&self), key.clone(), replica.clone(), Arc::clone(&observer));
                        running.insert(key, tokio::spawn(run));
                    }
                }
            }
            sleep(POLL).await;
        }
    }
}

/// Runs one exporter or importer until it is changed, or no longer this replica's.
async fn run_one(registry: Arc<Registry>, (kind, name): (LinkKind, String), replica: String, observer: Observer) {
    let Ok(Some(stored)) = registry.store.exporter(kind, &name).await else { return };
    tracing::info!(kind = kind.word(), %name, "begins to copy");
    let opened = match registry.opened(stored.exporter.clone()) {
        Ok(exporter) => Ok(StoredExporter { exporter, ..stored.clone() }),
        Err(error) => Err(error.to_string()),
    };
    let mut report = StatusReporter::new(&registry, kind, &stored, &replica, observer);
    let copying = async {
        match &opened {
            Ok(stored) if kind == LinkKind::Importer => import::run(&registry, stored, &mut report).await,
            Ok(stored) => run(&registry, stored, &mut report).await,
            Err(reason) => report.wait(reason, LONGEST_WAIT).await,
        }
    };
    let ended = tokio::select! {
        ended = copying => ended,
        () = held(&registry, &stored, kind, &replica) => Err(CopyError::Lost),
    };
    if ended.is_err() {
        tracing::info!(kind = kind.word(), %name, "no longer copies");
    }
}

/// Keeps an exporter for this replica, also while a request waits for its answer; ends when it is changed, paused or another replica's.
async fn held(registry: &Registry, stored: &StoredExporter, kind: LinkKind, replica: &str) {
    let name = &stored.exporter.name;
    loop {
        sleep(RENEW).await;
        // while the database is away it is not known
        let Ok(now) = registry.store.exporter(kind, name).await else { continue };
        let is_unchanged = now.is_some_and(|now| now.revision == stored.revision);
        let until = registry.now().saturating_add(HELD);
        if !is_unchanged || !registry.store.hold_exporter(kind, name, replica, until).await.unwrap_or(true) {
            return;
        }
    }
}

async fn run(registry: &Registry, stored: &StoredExporter, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
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
            Err(error) => wait = report.failed(&error, &trace_id, wait).await?,
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
        let is_settled = |change: &&OutboxEntry| now.saturating_sub(change.created_at) > UNSETTLED;
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
    report: &mut StatusReporter<'_>,
    copied: &mut HashSet<i64>,
    into_itself: &mut Option<bool>,
) -> Result<(), CopyError> {
    // whoever pauses it need not wait until the lease is renewed
    report.require_unchanged().await?;
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
            return report.renew_if(report.has_news()).await;
        }
    }
}
