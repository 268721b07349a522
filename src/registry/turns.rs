//! Turns of registrations that were overtaken again and again.
//!
//! Whoever is quickest wins a subject, and all who decided at the same time decide once more. The quickest is who has just registered and
//! comes again: it decides by what it has written itself. So that the others do not lose each time, those who have lost a few times
//! decide one after the other, in the order in which they came, and whoever comes while there are such waits behind them.
//!
//! That is so in each process. Whoever is overtaken even in its turn, by writers of another replica, has the database say that it is its
//! turn; the others then wait for their own in the same way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep};

use super::RegistryError;
use super::judging_pool::JudgingPool;
use crate::store::{Store, TurnHolder};
use crate::types::Subject;

/// How long a registration waits for a turn before it tries once without: who has the turn may be waiting for something else.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a turn among replicas lasts, from when it was last asked for: whoever has it may be gone.
const LEASE: Duration = Duration::from_secs(2);

/// How often one who waits for such a turn asks.
const POLL: Duration = Duration::from_millis(20);

/// The turns of the subjects for which somebody waits or decides.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<Subject, SubjectTurn>>);

#[derive(Default)]
struct SubjectTurn {
    /// How many wait for it, or have it.
    places: usize,
    decides: Arc<tokio::sync::Mutex<()>>,
}

/// A place among those of a subject who wait.
struct WaitingPlace<'t> {
    turns: &'t Turns,
    subject: &'t Subject,
}

/// Nobody else of this process decides in turn until it is dropped.
pub(super) struct DecisionTurn<'t> {
    _decides: OwnedMutexGuard<()>,
    _place: WaitingPlace<'t>,
}

impl Turns {
    /// Whether somebody waits for the turn of a subject, or has it.
    pub(super) fn is_awaited(&self, subject: &Subject) -> bool {
        self.subjects().contains_key(subject)
    }

    /// The turn of a subject. Whoever has begun to wait keeps its place until it lets go of the future.
    pub(super) async fn of<'t>(&'t self, subject: &'t Subject) -> DecisionTurn<'t> {
        let (place, decides) = self.join(subject);
        DecisionTurn { _decides: decides.lock_owned().await, _place: place }
    }

    fn join<'t>(&'t self, subject: &'t Subject) -> (WaitingPlace<'t>, Arc<tokio::sync::Mutex<()>>) {
        let mut subjects = self.subjects();
        let turn = subjects.entry(subject.clone()).or_default();
        turn.places += 1;
        (WaitingPlace { turns: self, subject }, Arc::clone(&turn.decides))
    }

    fn subjects(&self) -> MutexGuard<'_, HashMap<Subject, SubjectTurn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let mut subjects = self.turns.subjects();
        let Some(turn) = subjects.get_mut(self.subject) else { return };
        turn.places = turn.places.saturating_sub(1);
        if turn.places == 0 {
            subjects.remove(self.subject);
        }
    }
}

/// The turn of a subject among all replicas, which ends when it is dropped.
pub(super) struct SharedTurn {
    store: Arc<dyn Store>,
    subject: Subject,
    holder: TurnHolder,
}

impl SharedTurn {
    /// Nobody's yet.
    pub(super) fn new(store: &Arc<dyn Store>, subject: &Subject, holder: TurnHolder) -> Self {
        Self { store: Arc::clone(store), subject: subject.clone(), holder }
    }

    /// Takes it, or keeps it for longer. Waits while it is another one's, but not for ever. A heavy request gets its place among those who
    /// judge before that: in its turn nobody else of the subject goes on.
    pub(super) async fn take(&self, judging_pool: &JudgingPool) -> Result<(), RegistryError> {
        let end = Instant::now() + PATIENCE;
        loop {
            judging_pool.take_back_turn().await?;
            if self.store.take_turn(&self.subject, self.holder, LEASE).await? || Instant::now() >= end {
                return Ok(());
            }
            judging_pool.give_back_turn().await;
            sleep(POLL).await;
        }
    }
}

impl Drop for SharedTurn {
    fn drop(&mut self) {
        let (store, subject, holder) = (Arc::clone(&self.store), self.subject.clone(), self.holder);
        let Ok(runtime) = Handle::try_current() else { return };
        // the others need not wait for the end of the lease
        runtime.spawn(async move {
            if let Err(error) = store.end_turn(&subject, holder).await {
                tracing::debug!(%subject, %error, "the turn of a subject ends later");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn turns_of_a_subject_come_in_the_order_of_those_who_wait_and_may_do_something_else_meanwhile() {
        let (turns, subject) = (Turns::default(), Subject::parse("s"));
        assert!(!turns.is_awaited(&subject));
        let first = turns.of(&subject).await;
        assert!(turns.of(&Subject::parse("other")).now_or_never().is_some());
        {
            let (mut second, mut third) = (pin!(turns.of(&subject)), pin!(turns.of(&subject)));
            assert!(second.as_mut().now_or_never().is_none());
            assert!(third.as_mut().now_or_never().is_none());
            drop(first);
            assert!(third.as_mut().now_or_never().is_none(), "the second is before it");
            let second = second.now_or_never();
            assert!(second.is_some());
            drop(second);
            assert!(turns.is_awaited(&subject));
            assert!(third.now_or_never().is_some());
        }
        assert!(!turns.is_awaited(&subject));
        assert!(turns.subjects().is_empty());
    }

    #[tokio::test]
    async fn who_gives_up_its_place_leaves_none() {
        let (turns, subject) = (Turns::default(), Subject::parse("s"));
        let first = turns.of(&subject).await;
        assert!(turns.of(&subject).now_or_never().is_none());
        drop(first);
        assert!(turns.subjects().is_empty());
    }
}
