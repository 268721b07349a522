//! The verdict and everything there is to say about it. What is printed in which form is up to the modules beside.

use super::loaded_schema::LoadedSchema;
use crate::schema::{Finding, Place};
use crate::types::{CompatibilityLevel, Version};

/// What came out of a check.
#[derive(Debug)]
pub(in crate::cli) struct CheckOutcome {
    /// The level that decided.
    pub(in crate::cli) level: CompatibilityLevel,
    /// The candidate.
    pub(in crate::cli) new: LoadedSchema,
    /// Earlier versions, newest first.
    pub(in crate::cli) earlier: Vec<LoadedSchema>,
    /// How many of them were compared: a transitive level stops at the first that is not compatible.
    pub(in crate::cli) compared: usize,
    /// The messages of the REST API, in order; none means compatible.
    pub(in crate::cli) messages: Vec<String>,
    /// Why it is not compatible.
    pub(in crate::cli) problems: Vec<CheckProblem>,
    /// What else is worth knowing; never part of the verdict.
    pub(in crate::cli) notes: Vec<Note>,
}

/// One reason for a refusal.
#[derive(Debug)]
pub(in crate::cli) struct CheckProblem {
    /// The rule's id.
    pub(in crate::cli) rule: &'static str,
    /// Confluent's message.
    pub(in crate::cli) message: String,
    /// The earlier version it was found against.
    pub(in crate::cli) version: Option<Version>,
    /// Everything the engine says, unless the reason lies outside the schema texts.
    pub(in crate::cli) finding: Option<Finding>,
}

/// A remark.
#[derive(Debug)]
pub(in crate::cli) struct Note {
    /// The rule's id.
    pub(in crate::cli) rule: &'static str,
    /// The remark.
    pub(in crate::cli) message: String,
    /// Place in the candidate.
    pub(in crate::cli) new: Option<Place>,
    /// A document (JSON text) that shows it.
    pub(in crate::cli) example: Option<String>,
}

impl CheckOutcome {
    /// The verdict.
    pub(in crate::cli) fn is_compatible(&self) -> bool {
        self.messages.is_empty()
    }

    /// The earlier version of a number.
    pub(in crate::cli) fn version(&self, version: Option<Version>) -> Option<&LoadedSchema> {
        self.earlier.iter().find(|side| Some(side.version) == version)
    }

    /// The verdict in one sentence.
    pub(in crate::cli) fn verdict(&self) -> String {
        let (new, level) = (self.new.name(), self.level);
        if !self.is_compatible() {
            let against = self.problems.iter().find_map(|problem| self.version(problem.version)).map(LoadedSchema::name);
            let count = match self.problems.len() {
                1 => "1 finding".to_owned(),
                n => format!("{n} findings"),
            };
            return format!("{new} is not compatible with {} under {level}: {count}", against.unwrap_or("the earlier versions"));
        }
        if level == CompatibilityLevel::None {
            return format!("{new} is not compared with anything under {level}");
        }
        match self.earlier.get(..self.compared).unwrap_or_default() {
            [] => format!("{new} is compatible under {level}: there is no earlier version"),
            [one] => format!("{new} is compatible with {} under {level}", one.name()),
            more => format!("{new} is compatible with {} earlier versions under {level}", more.len()),
        }
    }
}

/// A rule id as words: `FIELD_REMOVED` is `Field removed`.
pub(in crate::cli) fn words(rule: &str) -> String {
    let mut words = rule.replace(['_', '-'], " ").to_lowercase();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
