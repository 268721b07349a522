//! The second opinion: what two schemas mean, where that can be proven.
//!
//! Confluent's rules miss some incompatible changes and refuse some harmless ones. A search for counter-examples and the
//! containment prover of the `jsonschema` crate find out which. Their answer never decides anything, it only feeds notes and
//! tests. The prover is experimental, so it runs on a thread of its own, with limits on size, stack and time.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use jsonschema::Draft;
use jsonschema::canonical::{Containment, options};
use serde_json::Value as Tree;

use super::compat;
use super::jsonschema_adapter;
use super::payload::{ValidateOptions, Validator};
use super::print;
use super::sample_documents;
use super::schema::Schema;
use crate::schema::deep_stack::{UNMEASURED, deep_thread, on_deep_stack};
use crate::schema::finding::{Finding, Place};
use crate::schema::format::Format;
use crate::schema::json::{Object, Value};
use crate::schema::meter;
use crate::schema::pointer::push;
use crate::types::CompatibilityPolicy;

/// Longest schema text for which counter-examples are looked for, with all it refers to.
const MAX_TEXT: usize = 64 << 10;
/// Longest text that the prover gets.
const MAX_PROVEN_TEXT: usize = 16 << 10;
/// Keywords of a schema that the prover multiplies with each other.
const MAX_COMBINED: usize = 8;
/// Deepest schema the prover gets.
const MAX_NESTING: usize = 64;
/// How long an answer is waited for.
const TIME_LIMIT: Duration = Duration::from_millis(800);
/// Provers that run at the same time, including those that nobody waits for any more.
const MAX_PROVERS: usize = 4;

/// A prover that takes too long can't be stopped, only counted: the one global of the formats.
static PROVERS: AtomicUsize = AtomicUsize::new(0);

/// Whether the reader accepts every document that the writer accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    ProvenCompatible,
    ProvenIncompatible {
        /// A document (JSON text) that the writer accepts and the reader refuses, where one was found.
        counter_example: Option<String>,
    },
    /// Neither could be proven.
    Unknown,
}

/// Asks for a second opinion. Never fails; `format` counts as an annotation.
pub fn second_opinion(reader: &Schema, writer: &Schema) -> Opinion {
    let Some(question) = ProverQuestion::of(reader, writer) else { return Opinion::Unknown };
    if PROVERS.fetch_add(1, Ordering::AcqRel) >= MAX_PROVERS {
        PROVERS.fetch_sub(1, Ordering::AcqRel);
        return Opinion::Unknown;
    }
    let (send, receive) = mpsc::sync_channel(1);
    let abandoned = Arc::clone(&question.abandoned);
    let work = move || {
        let opinion = catch_unwind(AssertUnwindSafe(|| question.answer())).unwrap_or(Opinion::Unknown);
        PROVERS.fetch_sub(1, Ordering::AcqRel);
        // Nobody may be waiting any more.
        let _ = send.try_send(opinion);
    };
    if deep_thread("json-schema-prover", UNMEASURED).spawn(work).is_err() {
        PROVERS.fetch_sub(1, Ordering::AcqRel);
        return Opinion::Unknown;
    }
    receive.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| {
        abandoned.store(true, Ordering::Relaxed);
        Opinion::Unknown
    })
}

/// Everything the prover's thread needs.
struct ProverQuestion {
    reader: Tree,
    writer: Tree,
    drafts: (Draft, Draft),
    validators: Option<(Validator, Validator)>,
    /// Nobody waits for the answer any more.
    abandoned: Arc<AtomicBool>,
}

impl ProverQuestion {
    fn of(reader: &Schema, writer: &Schema) -> Option<Self> {
        let fits = |schema: &Schema| {
            let size = schema.canonical().len() + schema.documents.size_of_references();
            schema.nesting <= MAX_NESTING && size <= MAX_TEXT
        };
        if !fits(reader) || !fits(writer) || reader.model().is_err() || writer.model().is_err() {
            return None;
        }
        let validate = ValidateOptions { formats: false, max_errors: 1, ..ValidateOptions::default() };
        let validator = |schema: &Schema| Validator::compile(schema, &validate).ok();
        Some(Self {
            reader: jsonschema_adapter::bundle(&reader.documents, "reader").ok()?,
            writer: jsonschema_adapter::bundle(&writer.documents, "writer").ok()?,
            drafts: (jsonschema_adapter::draft(reader.documents.dialect), jsonschema_adapter::draft(writer.documents.dialect)),
            validators: validator(reader).zip(validator(writer)),
            abandoned: Arc::default(),
        })
    }

    fn answer(&self) -> Opinion {
        if let Some(counter_example) = self.counter_example() {
            return Opinion::ProvenIncompatible { counter_example: Some(counter_example) };
        }
        if self.abandoned.load(Ordering::Relaxed) {
            return Opinion::Unknown;
        }
        if !is_provable(&self.reader) || !is_provable(&self.writer) {
            return Opinion::Unknown;
        }
        // Dynamic references were left out of the texts the prover gets.
        if self.drafts.0 != self.drafts.1 || is_dynamic(&self.reader) || is_dynamic(&self.writer) {
            return Opinion::Unknown;
        }
        let canonical =
            |schema: &Tree, draft| options().offline().with_draft(draft).should_validate_formats(false).canonicalize(schema).ok();
        let (Some(reader), Some(writer)) = (canonical(&self.reader, self.drafts.0), canonical(&self.writer, self.drafts.1))
        else {
            return Opinion::Unknown;
        };
        match reader.covers(&writer) {
            Ok(Containment::Yes) => Opinion::ProvenCompatible,
            Ok(Containment::No) => Opinion::ProvenIncompatible { counter_example: None },
            _ => Opinion::Unknown,
        }
    }

    /// A document that the writer accepts and the reader refuses.
    fn counter_example(&self) -> Option<String> {
        let (reader, writer) = self.validators.as_ref()?;
        let candidates = sample_documents::values(&self.writer).into_iter().chain(sample_documents::values(&self.reader));
        let is_counter = |value: &Tree| writer.accepts(value) == Some(true) && reader.accepts(value) == Some(false);
        let mut wanted = candidates.take_while(|_| !self.abandoned.load(Ordering::Relaxed));
        wanted.find(is_counter).map(|value| value.to_string())
    }
}

/// Whether proving takes a bounded effort. The prover can't be stopped, and some hundred bytes of alternatives, or two patterns, are
/// enough to make it take minutes and gigabytes.
fn is_provable(schema: &Tree) -> bool {
    let mut combined = 0;
    let mut rest = vec![schema];
    let mut size = 0;
    while let Some(value) = rest.pop() {
        match value {
            Tree::Object(map) => {
                for (key, value) in map {
                    size += key.len() + 4;
                    match key.as_str() {
                        "pattern" | "patternProperties" | "propertyNames" | "multipleOf" | "uniqueItems" => return false,
                        "allOf" | "anyOf" | "oneOf" | "not" | "if" | "dependencies" | "dependentSchemas" | "contains" => {
                            combined += value.as_array().map_or(1, Vec::len);
                        }
                        "type" => combined += value.as_array().map_or(0, Vec::len),
                        "$ref" => combined += 1,
                        _ => {}
                    }
                    rest.push(value);
                }
            }
            Tree::Array(items) => rest.extend(items),
            Tree::String(text) => size += text.len(),
            _ => size += 4,
        }
        if combined > MAX_COMBINED || size > MAX_PROVEN_TEXT {
            return false;
        }
    }
    true
}

fn is_dynamic(value: &Tree) -> bool {
    match value {
        Tree::Object(map) => map.contains_key(jsonschema_adapter::LEFT_OUT) || map.values().any(is_dynamic),
        Tree::Array(items) => items.iter().any(is_dynamic),
        _ => false,
    }
}

/// Warnings about what Confluent's rules do not look at: `required` of undeclared properties, conditions, `contains`,
/// `propertyNames`, `patternProperties`. The reader is the new schema.
///
/// There are none if the pair is proven to be compatible. If it is proven to be incompatible and the rules find nothing, there is at
/// least one, with the counter-example, if one was found.
pub fn warnings(reader: &Schema, writer: &Schema) -> Vec<Finding> {
    let opinion = second_opinion(reader, writer);
    if opinion == Opinion::ProvenCompatible {
        return Vec::new();
    }
    let walk = || {
        let mut walk = WarningCollector { found: Vec::new(), pair: (reader, writer) };
        if let (Some(new), Some(old)) = (reader.root(), writer.root()) {
            walk.visit(new, old, "");
        }
        walk.found
    };
    let mut found = on_deep_stack(reader.nesting.max(writer.nesting), walk).unwrap_or_default();
    if let Opinion::ProvenIncompatible { counter_example } = opinion {
        let unseen = || match (writer.model(), reader.model()) {
            (Ok(original), Ok(update)) => {
                const BUDGET: u64 = 200_000;
                let compared = || compat::compare(original, update, CompatibilityPolicy::Strict, true);
                meter::with_part(BUDGET, compared).is_ok_and(|found| found.is_ok_and(|found| found.is_empty()))
            }
            _ => false,
        };
        if found.is_empty() && unseen() {
            found.push(warning("SEMANTIC_NARROWED", "#/", "some documents of the old schema are not valid under the new one"));
        }
        if let Some(first) = found.first_mut() {
            first.counter_example = counter_example;
        }
    }
    found
}

fn warning(rule: &'static str, path: &str, what: &str) -> Finding {
    Finding {
        rule,
        path: path.to_owned(),
        message: format!("{what} (path '{path}')"),
        explanation: format!("The compatibility rules do not look at this: {what}."),
        remedy: "Check that every document written so far satisfies the new schema.".to_owned(),
        ..Finding::default()
    }
}

fn map<'a>(object: &'a Object, keyword: &str) -> Option<&'a Object> {
    object.get(keyword).and_then(Value::as_object)
}

fn list<'a>(object: &'a Object, keyword: &str) -> Option<&'a [Value]> {
    object.get(keyword).and_then(Value::as_array)
}

/// Walks two schemas side by side.
struct WarningCollector<'a> {
    found: Vec<Finding>,
    pair: (&'a Schema, &'a Schema),
}

impl WarningCollector<'_> {
    /// A longer list would not be read.
    const MAX: usize = 100;

    fn visit(&mut self, new: &Value, old: &Value, pointer: &str) {
        let (Some(n), Some(o)) = (new.as_object(), old.as_object()) else { return };
        if self.found.len() >= Self::MAX {
            return;
        }
        self.required(n, o, pointer);
        for (keyword, rule, what) in [
            ("if", "SEMANTIC_CONDITION_CHANGED", "the condition `if` changed"),
            ("then", "SEMANTIC_CONDITION_CHANGED", "`then` of a condition changed"),
            ("else", "SEMANTIC_CONDITION_CHANGED", "`else` of a condition changed"),
            ("contains", "SEMANTIC_CONTAINS_CHANGED", "`contains` changed"),
            ("propertyNames", "SEMANTIC_PROPERTY_NAMES_CHANGED", "`propertyNames` changed"),
            ("patternProperties", "SEMANTIC_PATTERN_PROPERTIES_CHANGED", "`patternProperties` changed"),
        ] {
            let key = |object: &Object| object.get(keyword).map(print::key);
            if n.get(keyword).is_some() && key(n) != key(o) {
                self.add(rule, pointer, (n, o), keyword, what);
            }
        }
        for keyword in ["properties", "definitions", "$defs", "dependentSchemas"] {
            let (Some(n), Some(o)) = (map(n, keyword), map(o, keyword)) else { continue };
            for member in n.members() {
                if let Some(old) = o.get(&member.key) {
                    let mut below = format!("{pointer}/{keyword}");
                    push(&mut below, &member.key);
                    self.visit(&member.value, old, &below);
                }
            }
        }
        for keyword in ["items", "additionalProperties", "additionalItems", "not"] {
            if let (Some(new), Some(old)) = (n.get(keyword), o.get(keyword)) {
                self.visit(new, old, &format!("{pointer}/{keyword}"));
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf", "prefixItems", "items"] {
            let (Some(n), Some(o)) = (list(n, keyword), list(o, keyword)) else { continue };
            for (at, (new, old)) in n.iter().zip(o).enumerate() {
                self.visit(new, old, &format!("{pointer}/{keyword}/{at}"));
            }
        }
    }

    fn required(&mut self, new: &Object, old: &Object, pointer: &str) {
        let names = |object| list(object, "required").unwrap_or_default().iter().filter_map(Value::as_str);
        let declares = |object, name: &str| map(object, "properties").is_some_and(|properties| properties.get(name).is_some());
        let before: HashSet<&str> = names(old).collect();
        for name in names(new) {
            if !before.contains(name) && !declares(new, name) {
                let what = format!("`required` names \"{name}\", which no property declares");
                self.add("SEMANTIC_REQUIRED_UNDECLARED", pointer, (new, old), "required", &what);
            }
        }
    }

    fn add(&mut self, rule: &'static str, pointer: &str, (new, old): (&Object, &Object), keyword: &str, what: &str) {
        let place = |schema: &Schema, object: &Object| {
            object.member(keyword).map(|member| Place {
                pointer: format!("{pointer}/{keyword}"),
                position: Some(schema.position(member.key_offset)),
            })
        };
        let mut finding = warning(rule, &format!("#{pointer}/{keyword}"), what);
        finding.new = place(self.pair.0, new);
        finding.old = place(self.pair.1, old);
        self.found.push(finding);
    }
}
