//! Until when what was read of a subject holds: it is made wrong by registrations under the subject's name, which begin no new
//! generation.
//!
//! One process sees all registrations of a SQLite file, so there this is exact. On Postgres other replicas register too; what was read
//! may be kept there for as long as the setting `read-consistency` allows.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::types::Subject;

/// Names share counters, for there is no end of names.
const PARTS: usize = 4096;

/// The registrations that this process has done, by the names of subjects: a subject without a context may stand for one of that name in
/// another.
pub struct Registrations {
    by_name: Box<[AtomicU64]>,
    all: AtomicU64,
}

impl Default for Registrations {
    fn default() -> Self {
        Self { by_name: (0..PARTS).map(|_| AtomicU64::new(0)).collect(), all: AtomicU64::new(0) }
    }
}

/// What is asked about: the subjects of one name, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Name(usize),
    All,
}

impl Extent {
    /// All subjects of the name.
    pub fn of(subject: &Subject) -> Self {
        let mut hasher = DefaultHasher::new();
        subject.name().hash(&mut hasher);
        Self::Name(usize::try_from(hasher.finish() % PARTS as u64).unwrap_or(0))
    }
}

/// A point in time as far as some subjects are concerned. Taken before they are read.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    extent: Extent,
    registrations: u64,
    /// Where others register too.
    until: Option<Instant>,
}

impl Freshness {
    /// Whether it holds for a time only, because this process does not see all registrations.
    pub fn is_bounded(&self) -> bool {
        self.until.is_some()
    }
}

impl Registrations {
    fn counter(&self, extent: Extent) -> &AtomicU64 {
        match extent {
            Extent::Name(part) => self.by_name.get(part).unwrap_or(&self.all),
            Extent::All => &self.all,
        }
    }

    /// Counts a registration: after its commit, and before anybody is told of it.
    pub fn count(&self, extent: Extent) {
        self.counter(extent).fetch_add(1, Ordering::AcqRel);
        if extent != Extent::All {
            self.all.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// How many there were.
    pub fn so_far(&self, extent: Extent) -> u64 {
        self.counter(extent).load(Ordering::Acquire)
    }

    /// Now. `at_most`: for how long what is read now may be kept, where this process does not see all registrations.
    pub fn freshness(&self, extent: Extent, at_most: Option<Duration>) -> Freshness {
        Freshness { extent, registrations: self.so_far(extent), until: at_most.map(|age| Instant::now() + age) }
    }

    /// Whether what was read at that time holds still.
    pub fn is_fresh(&self, freshness: &Freshness) -> bool {
        self.so_far(freshness.extent) == freshness.registrations && freshness.until.is_none_or(|until| Instant::now() < until)
    }
}
