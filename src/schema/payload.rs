//! What is wrong with data, and how much work may be spent on finding out; the same for every format.
//!
//! Data is untrusted. To judge it, it is walked, never built; every walk counts its work and its depth, looks at what is left before it
//! believes a length, and stops when it is told to. What is decoded into values is counted in bytes as well.

use std::sync::atomic::{AtomicBool, Ordering};

use super::meter;
use super::pointer::{Segment, pointer_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The bytes are not in the encoding.
    Decode,
    /// Bytes are left after the data.
    Trailing,
    /// The data is not what the schema says.
    Mismatch,
    /// The data has a field that the schema does not know.
    Unknown,
    Depth,
    /// Too many items that take no bytes.
    Items,
    /// The values would take too much memory.
    Memory,
    Work,
}

/// One thing that is wrong with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFault {
    pub kind: FaultKind,
    /// JSON pointer into the data; empty for all of it.
    pub pointer: String,
    /// One sentence.
    pub message: String,
    /// The keyword of a JSON Schema that was not met.
    pub keyword: Option<Box<FailedKeyword>>,
}

/// A keyword of a JSON Schema that the data does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedKeyword {
    pub keyword: String,
    /// JSON pointer to the keyword.
    pub schema_pointer: String,
    /// The address of the text that holds it, when it is a referenced one.
    pub schema: Option<String>,
}

impl DataFault {
    pub fn new(kind: FaultKind, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self { kind, pointer, message, keyword: None }
    }

    /// A fault at the end of a path.
    pub(crate) fn at(kind: FaultKind, path: &[Segment<'_>], message: impl Into<String>) -> Self {
        Self::new(kind, pointer_of(path), message)
    }

    /// The fault of a walk that ran out of work.
    pub(crate) fn out_of_work(path: &[Segment<'_>]) -> Self {
        Self::at(FaultKind::Work, path, "the data takes too much work to validate")
    }
}

/// How a reader with another schema than the writer's sees something else than was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum ReadingChangeKind {
    /// It was written, and the reader does not see it.
    Lost,
    /// The reader sees a default instead.
    Default,
}

/// One place where a reader sees something else than was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingChange {
    pub kind: ReadingChangeKind,
    /// JSON pointer into the data.
    pub pointer: String,
    /// One sentence.
    pub message: String,
}

/// Faults that are listed for one piece of data.
pub const MAX_FAULTS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// What a thread that serves others can afford: some milliseconds at worst.
    Quick,
    /// All that is ever spent.
    Full,
}

/// Steps of some nanoseconds each.
const QUICK_STEPS: u64 = 200_000;
const FULL_STEPS: u64 = 20_000_000;
/// Bytes that decoded values may take.
const QUICK_MEMORY: usize = 2 << 20;
const FULL_MEMORY: usize = 20 << 20;
/// Steps between two looks at the flag that ends a walk early. For so many the meter of the request is charged as well.
const STOP_INTERVAL: u64 = 4096;
/// Steps that cost the meter a unit.
const STEPS_PER_UNIT: u64 = 4;

/// The work that a walk over data has left.
#[derive(Debug)]
pub struct Work<'s> {
    effort: Effort,
    left: u64,
    memory: usize,
    stop: Option<&'s AtomicBool>,
}

impl<'s> Work<'s> {
    /// `stop` ends the walk early.
    pub fn new(effort: Effort, stop: Option<&'s AtomicBool>) -> Self {
        let (left, memory) = match effort {
            Effort::Quick => (QUICK_STEPS, QUICK_MEMORY),
            Effort::Full => (FULL_STEPS, FULL_MEMORY),
        };
        Self { effort, left, memory, stop }
    }

    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// As much work again, for another try at the same data.
    pub fn again(&self) -> Self {
        Self::new(self.effort, self.stop)
    }

    /// Takes a step; false when there is none left.
    pub(crate) fn step(&mut self) -> bool {
        if self.left == 0 || (self.left.is_multiple_of(STOP_INTERVAL) && !self.may_go_on(1)) {
            self.left = 0;
            return false;
        }
        self.left -= 1;
        true
    }

    /// Takes so many steps at once.
    pub(crate) fn steps(&mut self, count: usize) -> bool {
        let rest = self.left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        let intervals = self.left / STOP_INTERVAL - rest / STOP_INTERVAL;
        if rest == 0 || (intervals > 0 && !self.may_go_on(intervals)) {
            self.left = 0;
            return false;
        }
        self.left = rest;
        true
    }

    fn may_go_on(&self, intervals: u64) -> bool {
        !self.is_stopped() && meter::charge(intervals.saturating_mul(STOP_INTERVAL / STEPS_PER_UNIT)).is_ok()
    }

    /// Bytes that may still be taken, for who counts them himself.
    pub(crate) fn memory_left(&self) -> usize {
        self.memory
    }

    /// Gives back bytes that were taken.
    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_add(bytes);
        meter::release(bytes);
    }

    /// Takes bytes, from the memory of the request as well; false when there are not as many left.
    pub(crate) fn take_memory(&mut self, bytes: usize) -> bool {
        let left = self.memory.checked_sub(bytes).filter(|_| meter::reserve(bytes).is_ok());
        self.memory = left.unwrap_or(0);
        left.is_some()
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}
