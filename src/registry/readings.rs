//! How it stands with the registry, for those who watch it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Registry;
use super::error::RegistryError;
use super::judging_pool::JudgingLoad;
use crate::cache::CacheReading;
use crate::jsonata::JsonataEngine;
use crate::store::Counts;
use crate::types::SchemaType;

/// How it stands now.
#[derive(Debug, Clone)]
pub struct RegistryReadings {
    pub judging: JudgingLoad,
    /// Comparisons since the start, by type: (compatible, incompatible).
    pub verdicts: Vec<(SchemaType, [u64; 2])>,
    /// Expressions of JSONATA since the start, by how they ended.
    pub jsonata: Vec<(&'static str, u64)>,
    /// What is kept in memory, by the name of each cache.
    pub caches: Vec<(&'static str, CacheReading)>,
}

/// Comparisons of candidates, by how they ended.
#[derive(Default)]
pub(super) struct Verdicts([[AtomicU64; 2]; SchemaType::ALL.len()]);

impl Verdicts {
    pub(super) fn count(&self, schema_type: SchemaType, is_compatible: bool) {
        let place = SchemaType::ALL.iter().position(|known| *known == schema_type);
        let of_type = place.and_then(|place| self.0.get(place));
        if let Some([compatible, incompatible]) = of_type {
            if is_compatible { compatible } else { incompatible }.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Vec<(SchemaType, [u64; 2])> {
        let read = |counts: &[AtomicU64; 2]| counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        SchemaType::ALL.into_iter().zip(self.0.iter().map(read)).collect()
    }
}

/// The last counts of what is stored.
pub(super) type KeptCounts = Mutex<Option<Arc<Counts>>>;

/// Counting takes at most this share of the time: where there is much to count, it is done less often.
const SHARE: u32 = 100;

impl Registry {
    /// How it stands, without asking the database.
    pub fn readings(&self) -> RegistryReadings {
        RegistryReadings {
            judging: self.judging_pool.load(),
            verdicts: self.verdicts.read(),
            jsonata: self.defaults.jsonata.as_ref().map(JsonataEngine::counts).into_iter().flatten().collect(),
            caches: vec![
                ("schemas", self.schemas.reading()),
                ("registrations", self.known.reading()),
                ("equivalence", self.equivalence_hashes.reading()),
                ("settings", self.effective_settings.reading()),
                ("events", self.prepared_schemas.reading()),
                ("uris", self.resolved_uris.reading()),
            ],
        }
    }

    /// What was stored when it was counted last.
    pub fn counts(&self) -> Option<Arc<Counts>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts what is stored.
    ///
    /// # Errors
    /// Store failures.
    pub async fn count(&self) -> Result<(), RegistryError> {
        // not beside the statistics: both look at everything, on connections that lists need as well
        let turn = self.statistics.lock().await;
        let counts = Counts { at: self.now(), ..self.store.counts().await? };
        drop(turn);
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(counts));
        Ok(())
    }

    /// Counts what is stored for as long as the process lives: every so often, and where that takes long, less often.
    pub async fn keep_counting(self: Arc<Self>, every: Duration) {
        loop {
            let begun = tokio::time::Instant::now();
            // a database that is away has been complained about
            let _ = self.count().await;
            tokio::time::sleep(every.max(begun.elapsed() * SHARE)).await;
        }
    }
}
