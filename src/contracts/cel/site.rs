//! Where an evaluation is, what it spends, and how it ends without a value.

use std::cell::Cell;
use std::collections::HashMap;

use super::pattern::Pattern;
use crate::schema::meter::{self, Exhausted};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EvaluationStop {
    /// Clients fail here too. `at` counts bytes.
    Error { at: u32, message: String },
    /// As `Error`, and nothing around it can make up for it: functions that Confluent's Python client brings along raise it.
    Raised { at: u32, message: String },
    /// Clients may have a value; here there is none.
    Unsupported { at: u32, what: String },
    /// Nothing is left to spend.
    Exhausted,
}

impl From<Exhausted> for EvaluationStop {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// Patterns that are written in an expression, prepared.
pub(super) type CompiledPatterns = HashMap<String, Result<Pattern, String>>;

pub(super) struct Site<'e> {
    patterns: &'e CompiledPatterns,
    /// Where in the text, for errors.
    at: Cell<u32>,
}

impl<'e> Site<'e> {
    pub(super) fn new(patterns: &'e CompiledPatterns) -> Self {
        Self { patterns, at: Cell::new(0) }
    }

    pub(super) fn set(&self, at: u32) {
        self.at.set(at);
    }

    pub(super) fn error(&self, message: impl Into<String>) -> EvaluationStop {
        EvaluationStop::Error { at: self.at.get(), message: message.into() }
    }

    pub(super) fn raised(&self, message: impl Into<String>) -> EvaluationStop {
        EvaluationStop::Raised { at: self.at.get(), message: message.into() }
    }

    pub(super) fn unsupported(&self, what: &str) -> EvaluationStop {
        EvaluationStop::Unsupported { at: self.at.get(), what: what.to_owned() }
    }

    #[expect(clippy::unused_self, reason = "whoever evaluates pays")]
    pub(super) fn charge(&self, units: u64) -> Result<(), EvaluationStop> {
        Ok(meter::charge(units)?)
    }

    pub(super) fn charge_for(&self, length: usize) -> Result<(), EvaluationStop> {
        self.charge(u64::try_from(length).unwrap_or(u64::MAX))
    }

    /// Bytes of a value that is about to be made. They are given back by nobody: what one evaluation makes in all is bounded.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), EvaluationStop> {
        self.charge_for(bytes / 64)?;
        Ok(meter::reserve(bytes)?)
    }

    pub(super) fn pattern(&self, pattern: &str) -> Option<&Result<Pattern, String>> {
        self.patterns.get(pattern)
    }
}
