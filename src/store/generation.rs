//! The generations of the database, by which cached answers are known to be stale.

use std::sync::atomic::{AtomicI64, Ordering};

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

/// The generation that a process knows, shared between tasks.
#[derive(Debug, Default)]
pub struct KnownGeneration {
    content: AtomicI64,
    id_bindings: AtomicI64,
    settings: AtomicI64,
}

impl KnownGeneration {
    /// What is known.
    pub fn get(&self) -> Generation {
        Generation {
            content: self.content.load(Ordering::Acquire),
            id_bindings: self.id_bindings.load(Ordering::Acquire),
            settings: self.settings.load(Ordering::Acquire),
        }
    }

    /// Learns of a generation; older ones than the known are ignored.
    pub fn learn(&self, generation: Generation) {
        // what content counts is counted by the others first: who reads them in the other order never sees more content than changes
        self.settings.fetch_max(generation.settings, Ordering::AcqRel);
        self.id_bindings.fetch_max(generation.id_bindings, Ordering::AcqRel);
        self.content.fetch_max(generation.content, Ordering::AcqRel);
    }
}
