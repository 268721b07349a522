//! Work of one kind for many who ask at the same time: reads in one exchange, registrations in one transaction.
//!
//! A read takes a way to Postgres and back, whatever it reads, and that is most of what it costs, here and there. So whoever comes while
//! enough work of a kind is under way waits for the next one, and works for all who wait. Nobody gets what was read before he asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::store::StoreError;

/// Work of one kind that is under way at once.
const TURNS: usize = 2;

pub(super) struct Batch<K, V> {
    waiting: Mutex<Vec<Waiting<K, V>>>,
    turns: Semaphore,
    tickets: AtomicU64,
    /// Most keys of one work.
    keys: usize,
    /// Who has waited so long works alone: what is under way may be on connections that are lost.
    patience: Duration,
}

struct Waiting<K, V> {
    ticket: u64,
    key: K,
    /// Dropped where nothing came of the work: then one works alone.
    reply: oneshot::Sender<V>,
}

impl<K: Clone, V> Batch<K, V> {
    pub(super) fn new(keys: usize, patience: Duration) -> Self {
        Self { waiting: Mutex::default(), turns: Semaphore::new(TURNS), tickets: AtomicU64::new(0), keys, patience }
    }

    /// What comes of a key. `work` gives a value for each of its keys, in their order.
    pub(super) async fn get<R>(&self, key: K, work: impl Fn(Vec<K>) -> R) -> Result<V, StoreError>
    where
        R: Future<Output = Result<Vec<V>, StoreError>>,
    {
        // on the heap: it is large, and begun in several places
        let work = |keys| Box::pin(work(keys));
        if let Ok(_turn) = self.turns.try_acquire() {
            return own(work(vec![key]).await?);
        }
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let (reply, mut value) = oneshot::channel();
        self.waiting().push(Waiting { ticket, key: key.clone(), reply });
        let turn = tokio::select! {
            biased;
            value = &mut value => match value {
                Ok(value) => return Ok(value),
                Err(_) => return own(work(vec![key]).await?),
            },
            turn = tokio::time::timeout(self.patience, self.turns.acquire()) => turn,
        };
        let taken = self.take(ticket);
        if taken.is_empty() {
            // another one does it
            drop(turn);
            if let Ok(Ok(value)) = tokio::time::timeout(self.patience, value).await {
                return Ok(value);
            }
            return own(work(vec![key]).await?);
        }
        let (keys, replies): (Vec<_>, Vec<_>) = taken.into_iter().map(|one| (one.key, one.reply)).unzip();
        let mut values = work(keys).await?.into_iter();
        let first = own(values.next().into_iter().collect());
        for (value, reply) in values.zip(replies.into_iter().skip(1)) {
            // who has gone meanwhile does not mind
            let _ = reply.send(value);
        }
        first
    }

    /// Who has a ticket and others that wait, that one first; nobody where another one has taken it.
    fn take(&self, ticket: u64) -> Vec<Waiting<K, V>> {
        let mut waiting = self.waiting();
        let Some(at) = waiting.iter().position(|one| one.ticket == ticket) else { return Vec::new() };
        waiting.swap(0, at);
        let number = waiting.len().min(self.keys);
        waiting.drain(..number).collect()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting<K, V>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn own<V>(values: Vec<V>) -> Result<V, StoreError> {
    let missing =
        || StoreError::Inconsistent { table: "versions", what: "what was done for several gave nothing for one".to_owned() };
    values.into_iter().next().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn who_comes_while_reads_are_under_way_shares_the_next_one() {
        let (batch, reads, go) =
            (Batch::<usize, usize>::new(64, Duration::from_millis(50)), AtomicUsize::new(0), Semaphore::new(0));
        let read = async |keys: Vec<usize>| {
            reads.fetch_add(1, Ordering::Relaxed);
            let _ = go.acquire().await;
            Ok(keys.iter().map(|key| key * 2).collect())
        };
        let all = join_all((0..40).map(|key| batch.get(key, read)));
        let (values, ()) = tokio::join!(all, async { go.add_permits(3) });
        assert!(values.iter().enumerate().all(|(key, value)| value.as_ref().is_ok_and(|value| *value == key * 2)), "{values:?}");
        assert_eq!(reads.load(Ordering::Relaxed), 3, "two that found nobody, and one for the other 38");
    }

    #[tokio::test]
    async fn who_waited_for_one_that_went_away_or_failed_reads_alone() {
        for fails in [false, true] {
            let batch = Arc::new(Batch::<usize, usize>::new(64, Duration::from_millis(50)));
            let held: Vec<_> = (0..TURNS).map(|_| batch.turns.try_acquire().unwrap()).collect();
            let begun = Arc::new(Notify::new());
            let leader = tokio::spawn({
                let (batch, begun) = (Arc::clone(&batch), Arc::clone(&begun));
                async move {
                    let read = async |_: Vec<usize>| {
                        begun.notify_one();
                        if !fails {
                            std::future::pending::<()>().await;
                        }
                        Err(StoreError::Closed)
                    };
                    batch.get(1, read).await
                }
            });
            let other = tokio::spawn({
                let batch = Arc::clone(&batch);
                async move { batch.get(2, async |keys: Vec<usize>| Ok(keys)).await }
            });
            while batch.waiting().len() < 2 {
                tokio::task::yield_now().await;
            }
            drop(held);
            begun.notified().await;
            leader.abort();
            assert_eq!(other.await.unwrap().unwrap(), 2);
        }
    }
}
