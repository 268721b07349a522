//! Versions on their way from where they are kept to where they are wanted: some of them at a time, in the order of subjects and numbers.

use std::future::Future;

use tokio::sync::mpsc;

use super::content::StoredVersion;
use super::values::VersionKey;
use crate::cli::check::InputError;

/// A version, and what is said of it; nothing where it is listed and not given.
pub(super) type ReportedVersion = (VersionKey, Option<StoredVersion>);

type ListedBatch = Result<Vec<ReportedVersion>, InputError>;

/// Batches that wait for who takes them.
const WAITING: usize = 2;

/// What one batch has at most.
pub(super) const BATCH: usize = 250;
const BATCH_BYTES: usize = 4 << 20;

/// Versions as they come.
pub(super) struct VersionStream(mpsc::Receiver<ListedBatch>);

/// Hands versions on. What it returns says whether anybody still wants them.
pub(super) struct VersionSender {
    batches: mpsc::Sender<ListedBatch>,
    batch: Vec<ReportedVersion>,
    bytes: usize,
}

impl VersionSender {
    fn add(&mut self, listed: ReportedVersion) -> bool {
        self.bytes += listed.1.as_ref().map_or(0, StoredVersion::bytes);
        self.batch.push(listed);
        self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn take(&mut self) -> Vec<ReportedVersion> {
        self.bytes = 0;
        std::mem::take(&mut self.batch)
    }

    pub(super) async fn send(&mut self, listed: ReportedVersion) -> bool {
        !self.add(listed) || self.flush().await
    }

    async fn flush(&mut self) -> bool {
        let batch = self.take();
        self.batches.send(Ok(batch)).await.is_ok()
    }

    /// The same from a thread that may wait.
    pub(super) fn send_blocking(&mut self, listed: ReportedVersion) -> bool {
        if !self.add(listed) {
            return true;
        }
        let batch = self.take();
        self.batches.blocking_send(Ok(batch)).is_ok()
    }
}

impl VersionStream {
    /// Those that some work finds.
    pub(super) fn of<F>(work: impl FnOnce(VersionSender) -> F) -> Self
    where
        F: Future<Output = Result<VersionSender, InputError>> + Send + 'static,
    {
        let (batches, incoming) = mpsc::channel(WAITING);
        let sender = VersionSender { batches: batches.clone(), batch: Vec::with_capacity(BATCH), bytes: 0 };
        let work = work(sender);
        tokio::spawn(async move {
            match work.await {
                Ok(mut sender) => drop(sender.flush().await),
                // who has gone away doesn't want to know
                Err(error) => drop(batches.send(Err(error)).await),
            }
        });
        Self(incoming)
    }

    /// Those that work of a thread of its own finds.
    pub(super) fn of_thread(work: impl FnOnce(&mut VersionSender) -> Result<(), InputError> + Send + 'static) -> Self {
        Self::of(|mut sender| async move {
            let done = tokio::task::spawn_blocking(move || work(&mut sender).map(|()| sender)).await;
            done.map_err(|error| InputError::new(error.to_string()))?
        })
    }

    /// The next ones; nothing after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<ReportedVersion>>, InputError> {
        self.0.recv().await.transpose()
    }
}
