//! The generations of the database, by which cached answers are known to be stale.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counts disruptive changes; equal generations mean that nothing disruptive happened in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation {
    /// Changes that can alter an answer about what existed before: deletions, config, mode, import.
    pub content: i64,
    /// Among them those after which an id may stand for something else: purges and imports.
    pub id_bindings: i64,
    /// Among them those of configs and modes.
    pub settings: i64,
}

/// The generation that a process knows, shared between tasks. The counters are read as they were together at one moment: settings of
/// one moment with a content of another would let through what was decided before the settings changed.
#[derive(Debug, Default)]
pub struct KnownGeneration {
    content: AtomicI64,
    id_bindings: AtomicI64,
    settings: AtomicI64,
    /// Odd while the counters are being changed.
    changes: AtomicU64,
    /// Who changes them is alone.
    changing: Mutex<()>,
}

impl KnownGeneration {
    /// What is known.
    pub fn get(&self) -> Generation {
        loop {
            let before = self.changes.load(Ordering::SeqCst);
            let generation = Generation {
                content: self.content.load(Ordering::SeqCst),
                id_bindings: self.id_bindings.load(Ordering::SeqCst),
                settings: self.settings.load(Ordering::SeqCst),
            };
            if before.is_multiple_of(2) && self.changes.load(Ordering::SeqCst) == before {
                return generation;
            }
            std::hint::spin_loop();
        }
    }

    /// Learns of a generation; older ones than the known are ignored.
    pub fn learn(&self, generation: Generation) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.settings.fetch_max(generation.settings, Ordering::SeqCst);
        self.id_bindings.fetch_max(generation.id_bindings, Ordering::SeqCst);
        self.content.fetch_max(generation.content, Ordering::SeqCst);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}
