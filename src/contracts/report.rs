//! What came of rules.

use crate::schema::Position;
use crate::types::{RuleKind, RuleMode};

/// What came of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    Held,
    /// A condition that is false.
    Failed,
    /// An expression that has no value. Clients take that for a failure too.
    Error,
    /// It was not run.
    Skipped,
    /// The data is another now.
    Transformed,
    /// A transform that changed nothing.
    Unchanged,
}

impl Outcome {
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

/// Where a rule failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFailure {
    /// The path of the field, as clients write it; `None` for all of the data.
    pub field: Option<String>,
    /// Its value, as JSON.
    pub value: Option<String>,
    pub message: String,
    /// Where in the expression, for errors.
    pub position: Option<Position>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    pub name: Option<String>,
    /// `CEL`, `ENCRYPT`, or `INLINE` for one that stands in the schema.
    pub rule_type: String,
    pub kind: Option<RuleKind>,
    pub mode: Option<RuleMode>,
    pub outcome: Outcome,
    /// Why it was skipped, or how it failed.
    pub message: Option<String>,
    /// What a client does then: its action.
    pub action: Option<String>,
    pub places: Vec<RuleFailure>,
    /// More places are not listed.
    pub truncated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// In the order in which they run.
    pub rules: Vec<RuleReport>,
    /// The data after the transforms, as JSON; `None` where there were none.
    pub data: Option<String>,
}

impl RunReport {
    pub fn is_valid(&self) -> bool {
        !self.rules.iter().any(|rule| rule.outcome.is_failure())
    }
}

/// Places that are listed for one rule.
pub(super) const MAX_PLACES: usize = 20;
/// Bytes of a value that is shown with a place.
pub(super) const MAX_SHOWN: usize = 1_000;
/// Bytes of data that is shown after transforms.
pub(super) const MAX_DATA: usize = 16 << 20;

/// What was found about one rule so far.
#[derive(Debug, Default)]
pub(super) struct RuleFindings {
    pub(super) places: Vec<RuleFailure>,
    /// The first place is one where a condition is false: a client gets no further.
    pub(super) has_failed: bool,
    pub(super) truncated: bool,
}

impl RuleFindings {
    pub(super) fn push(&mut self, place: RuleFailure, is_failure: bool) {
        if self.places.is_empty() {
            self.has_failed = is_failure;
        }
        if self.places.len() < MAX_PLACES {
            self.places.push(place);
        } else {
            self.truncated = true;
        }
    }
}
