//! Holding data against a schema: what every format's payload module takes and gives.
//!
//! Data is untrusted. It is walked, never built; every walk counts its work and its depth, looks at what is left before it
//! believes a length, and stops when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::json::Value;
use super::json_schema::document::{ValidateOptions, Validator};
use super::{Parsed, SchemaError, avro, protobuf};
use crate::types::SchemaType;

/// What kind of thing is wrong.
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
    /// Nested too deep.
    Depth,
    /// Too many items that take no bytes.
    Items,
    /// Too much work.
    Work,
}

/// One thing that is wrong with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// JSON pointer into the data; empty for all of it.
    pub pointer: String,
    /// One sentence.
    pub message: String,
    /// The rule of a JSON Schema.
    pub rule: Option<Box<Rule>>,
}

/// The keyword of a JSON Schema that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub keyword: String,
    /// JSON pointer to it.
    pub schema_pointer: String,
    /// The address of the text that holds it, when it is a referenced one.
    pub schema: Option<String>,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(kind: FaultKind, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self { kind, pointer, message, rule: None }
    }
}

/// Faults that are listed for one piece of data.
pub const MAX_FAULTS: usize = 100;

/// How much work a walk may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// What a thread that serves others can afford: some milliseconds at worst.
    Quick,
    /// As much as ever.
    Full,
}

/// Steps in units of some nanoseconds.
const QUICK_STEPS: u64 = 200_000;
const FULL_STEPS: u64 = 20_000_000;
/// Steps between two looks at the stop sign.
const LOOK_EVERY: u64 = 4096;

/// The work that a walk has left.
#[derive(Debug)]
pub struct Work<'s> {
    effort: Effort,
    left: u64,
    stop: Option<&'s AtomicBool>,
}

impl<'s> Work<'s> {
    /// Work for one walk; `stop` ends it early.
    #[must_use]
    pub fn new(effort: Effort, stop: Option<&'s AtomicBool>) -> Self {
        let left = match effort {
            Effort::Quick => QUICK_STEPS,
            Effort::Full => FULL_STEPS,
        };
        Self { effort, left, stop }
    }

    /// The effort it was made for.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// A fresh start for another try at the same data.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(self.effort, self.stop)
    }

    /// Takes a step; false when there is none left.
    pub(crate) fn step(&mut self) -> bool {
        if self.left == 0 || (self.left.is_multiple_of(LOOK_EVERY) && self.is_stopped()) {
            self.left = 0;
            return false;
        }
        self.left -= 1;
        true
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// The fault of a walk that ran out of work.
pub(crate) fn out_of_work(pointer: String) -> Fault {
    Fault::new(FaultKind::Work, pointer, "the data takes too much work to validate")
}

/// Appends a segment to a JSON pointer.
pub(crate) fn push(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for c in segment.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// A step on the way to a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    Name(&'a str),
    Index(u64),
}

/// The pointer of a way.
pub(crate) fn pointer_of(path: &[Step<'_>]) -> String {
    let mut pointer = String::new();
    for step in path {
        match step {
            Step::Name(name) => push(&mut pointer, name),
            Step::Index(index) => push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

/// A schema made ready for data. To be cached.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Avro.
    Avro(Arc<avro::Payload>),
    /// Protobuf.
    Protobuf(Arc<protobuf::Payload>),
    /// JSON Schema.
    Json(Arc<Validator>),
}

impl Payload {
    /// Prepares a schema. `formats`: `format` of JSON Schema is an assertion. `part` chooses what the data is an instance of: a
    /// JSON pointer, the name of an Avro type, the name of a Protobuf message.
    ///
    /// # Errors
    /// The schema can't be used, or has no such part.
    pub fn prepare(parsed: &Parsed, formats: bool, part: Option<&str>) -> Result<Self, SchemaError> {
        let part = part.filter(|part| !part.is_empty());
        Ok(match parsed {
            Parsed::Avro(schema) => Self::Avro(Arc::new(avro::Payload::new(Arc::clone(schema), part)?)),
            Parsed::Protobuf(schema) => Self::Protobuf(Arc::new(protobuf::Payload::new(schema, part)?)),
            Parsed::Json(schema) => {
                let options = ValidateOptions { formats, max_errors: MAX_FAULTS, at_once: true, ..ValidateOptions::default() };
                Self::Json(Arc::new(Validator::compile_part(schema, part.unwrap_or(""), &options)?))
            }
        })
    }

    /// The format.
    #[must_use]
    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Protobuf(_) => SchemaType::Protobuf,
            Self::Json(_) => SchemaType::Json,
        }
    }

    /// Bytes held beside the schema, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Avro(payload) => payload.weight(),
            Self::Protobuf(payload) => payload.weight(),
            Self::Json(validator) => validator.weight(),
        }
    }
}

/// Faults of a JSON value under a JSON Schema, and whether some were left out.
#[must_use]
pub fn against_json_schema(validator: &Validator, value: &Value, effort: Effort) -> (Vec<Fault>, bool) {
    let report = match validator.report_value(value, effort == Effort::Quick) {
        Ok(Some(report)) => report,
        Ok(None) => return (vec![out_of_work(String::new())], false),
        Err(message) => return (vec![Fault::new(FaultKind::Decode, "", message)], false),
    };
    let fault = |error: super::json_schema::document::DocumentError| Fault {
        kind: FaultKind::Mismatch,
        pointer: error.instance_path,
        message: error.message,
        rule: (!error.keyword.is_empty())
            .then(|| Box::new(Rule { keyword: error.keyword, schema_pointer: error.schema_path, schema: error.schema })),
    };
    (report.errors.into_iter().map(fault).collect(), report.truncated)
}
