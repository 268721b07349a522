//! Turns of registrations that were overtaken again and again.
//!
//! Whoever is quickest wins a subject, and all who decided at the same time decide once more. So that nobody loses each time, those who have
//! lost more than a few times decide one after the other, those of one subject in the order in which they came.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::types::Subject;

/// Subjects that share a turn are few, and wait for each other without need.
const TURNS: usize = 64;
/// Nobody waits longer: who has the turn may be waiting for the database.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Turns(Box<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// The turn of a subject; `None` where it does not come in time.
    pub(super) async fn of(&self, subject: &Subject) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        subject.hash(&mut hasher);
        let turn = self.0.get(usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0))?;
        tokio::time::timeout(PATIENCE, turn.lock()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_has_the_turn_of_a_subject_and_others_wait_for_it_but_not_for_ever() {
        let (turns, subject) = (Turns::default(), Subject::parse("s"));
        let first = turns.of(&subject).await;
        assert!(first.is_some());
        assert!(turns.of(&subject).await.is_none());
        drop(first);
        assert!(turns.of(&subject).await.is_some());
    }
}
