//! Files that are read anew when they change: looked at every second, and at once when the process is asked to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Files, and what becomes of their contents.
pub(super) trait WatchedFiles: Send + Sync + 'static {
    /// What the files hold.
    type Contents: Clone + PartialEq + Send + Sync + 'static;

    /// What they are called in log lines.
    const NAME: &str;

    /// Reads them; may block.
    fn read(&self) -> Result<Self::Contents, String>;

    /// Puts contents in force, or says why they can't be used, and then changes nothing.
    fn apply(&self, contents: &Self::Contents) -> Result<(), String>;

    /// Whether what is in force is not what the files hold, for the metrics.
    fn stale(&self, is_stale: bool);
}

/// Puts what changes in the files in force, from now on. Files that can't be used change nothing.
pub(super) fn watch(files: impl WatchedFiles, now: Arc<Notify>) {
    tokio::spawn(async move {
        let files = Arc::new(files);
        let mut watched = Watched { applied: read(&files).await.ok(), files, seen: None, complaint: None };
        let mut rounds = tokio::time::interval(EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let at_once = tokio::select! {
                _ = rounds.tick() => false,
                () = now.notified() => true,
            };
            watched.round(at_once).await;
        }
    });
}

async fn read<F: WatchedFiles>(files: &Arc<F>) -> Result<F::Contents, String> {
    let files = Arc::clone(files);
    tokio::task::spawn_blocking(move || files.read()).await.unwrap_or_else(|error| Err(error.to_string()))
}

struct Watched<F: WatchedFiles> {
    files: Arc<F>,
    applied: Option<F::Contents>,
    /// What was there at the last look: what is still being written is not what is meant.
    seen: Option<Result<F::Contents, String>>,
    /// What was complained of already.
    complaint: Option<String>,
}

impl<F: WatchedFiles> Watched<F> {
    async fn round(&mut self, at_once: bool) {
        let found = read(&self.files).await;
        let is_settled = at_once || self.seen.as_ref() == Some(&found);
        let is_new = found.as_ref().map_or(true, |contents| self.applied.as_ref() != Some(contents));
        self.seen = Some(found.clone());
        if !is_settled || (!is_new && self.complaint.is_none()) {
            return;
        }
        let taken = found.and_then(|contents| self.files.apply(&contents).map(|()| contents));
        self.files.stale(taken.is_err());
        match taken {
            Ok(contents) => {
                self.applied = Some(contents);
                self.complaint = None;
            }
            Err(complaint) if self.complaint.as_ref() != Some(&complaint) => {
                tracing::error!("{} stay as they are: {complaint}", F::NAME);
                self.complaint = Some(complaint);
            }
            Err(_) => {}
        }
    }
}
