use std::collections::HashMap;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Uri, ValidationError};
use serde_json::Value as Tree;

use super::accept::Acceptor;
use super::budget::{Budget, too_many_keys, within, within_dearly};
use super::compile;
use super::options::ValidateOptions;
use super::pattern_keys::NamePrices;
use super::report::{DocumentError, ValidationReport};
use crate::schema::deep_stack::{UNMEASURED, on_deep_stack};
use crate::schema::format::{Format, SchemaError};
use crate::schema::json::{self, ReadOptions, Value};
use crate::schema::json_schema::dialect::is_schema_map;
use crate::schema::json_schema::jsonschema_adapter;
use crate::schema::json_schema::schema::Schema;
use crate::schema::meter::{self, Exhausted};
use crate::schema::payload::{DataFault, Effort, FaultKind};

/// Properties that one message names.
const MAX_NAMES: usize = 20;
/// Values and bytes of text up to which a value is printed in a message.
const MAX_PRINTED: usize = 1_000;
/// Causes listed for one error.
const MAX_CAUSES: usize = 100;
/// Deepest nesting of a document.
const MAX_DEPTH: usize = 512;
/// Depth up to which a walk runs on the caller's stack.
const SHALLOW: usize = 100;
/// Depth up to which a walk runs at all, on a deep stack.
const DEEP: usize = 40_000;

/// A schema made ready for validating documents. To be cached.
#[derive(Debug)]
pub struct Validator {
    /// Always there, but for the moment of dropping.
    inner: Option<jsonschema::Validator>,
    acceptor: Option<Acceptor>,
    options: ValidateOptions,
    respelled: HashMap<String, String>,
    addresses: HashMap<u32, String>,
    chain: usize,
    cost_per_key: u64,
    names: NamePrices,
    unusable_patterns: bool,
    unpaid_contains: u64,
    weight: usize,
    patterns_weight: usize,
}

impl Drop for Validator {
    /// Long chains of references are dropped by recursion.
    fn drop(&mut self) {
        let inner = self.inner.take();
        if self.chain > SHALLOW {
            on_deep_stack(UNMEASURED, || drop(inner));
        }
    }
}

impl Validator {
    /// Prepares a schema.
    ///
    /// # Errors
    /// A schema that can't be loaded (an import), or one the engine can't work with: bounds beyond 5,000 powers of ten, more
    /// nesting than a stack holds.
    pub fn compile(schema: &Schema, options: &ValidateOptions) -> Result<Self, SchemaError> {
        Self::compile_part(schema, "", options)
    }

    /// Prepares the part of a schema that a JSON pointer names.
    ///
    /// # Errors
    /// As for [`Self::compile`], and when there is no such part.
    pub fn compile_part(schema: &Schema, pointer: &str, options: &ValidateOptions) -> Result<Self, SchemaError> {
        schema.model().map_err(Clone::clone)?;
        let built = on_deep_stack(UNMEASURED, || compile::compile(&schema.documents, pointer, *options));
        let built = built.unwrap_or_else(|| Err("the schema is too deep".to_owned())).map_err(SchemaError::validate)?;
        Ok(Self {
            inner: Some(built.inner),
            acceptor: built.acceptor,
            options: *options,
            respelled: built.respelled,
            addresses: built.addresses,
            chain: built.chain,
            cost_per_key: built.cost_per_key,
            names: built.names,
            unusable_patterns: built.unusable_patterns,
            unpaid_contains: built.unpaid_contains,
            weight: schema.canonical().len() * 8 + schema.documents.size_of_references() * 4,
            patterns_weight: built.patterns_weight,
        })
    }

    /// Validates a document. No error means it is valid; a text that is not JSON is one error without a keyword.
    pub fn validate(&self, instance_text: &str) -> Vec<DocumentError> {
        self.report(instance_text).errors
    }

    pub fn report(&self, instance_text: &str) -> ValidationReport {
        let report = on_deep_stack(json::nesting(instance_text), || self.read(instance_text));
        report.unwrap_or_else(|| ValidationReport::failed("the document can't be validated"))
    }

    /// Whether a scan of the text finds it valid: JSON nested no deeper than `max_depth` levels, without duplicate keys and unpaired
    /// surrogates. `false` means nothing. Needs [`ValidateOptions::at_once`].
    pub fn accepts_at_once(&self, instance_text: &str, max_depth: usize) -> bool {
        self.acceptor.as_ref().is_some_and(|acceptor| acceptor.accepts(instance_text, max_depth))
    }

    /// Validates a value that has been read. `Ok(None)` when that takes too much work or memory, with `quick` more than some milliseconds.
    ///
    /// # Errors
    /// A number that is out of range.
    pub fn report_value(&self, instance: &Value, quick: bool) -> Result<Option<ValidationReport>, String> {
        let Ok(_memory) = meter::reserve_for_now(jsonschema_adapter::weight_of_tree(instance)) else { return Ok(None) };
        let instance = jsonschema_adapter::tree(instance)?;
        let Some(depth) = self.depth(&instance) else { return Ok(None) };
        if !quick {
            return Ok(on_deep_stack(depth, || self.walk(&instance)).flatten());
        }
        let Some(inner) = self.inner.as_ref().filter(|_| depth <= SHALLOW) else { return Ok(None) };
        match self.is_valid(Budget::Quick, &instance) {
            Some(true) => Ok(Some(ValidationReport::default())),
            Some(false) => Ok(self.list(inner, &instance, Budget::Quick)),
            None => Ok(None),
        }
    }

    /// The faults of a value that has been read, and whether some were left out.
    pub fn faults(&self, value: &Value, effort: Effort) -> (Vec<DataFault>, bool) {
        match self.report_value(value, effort == Effort::Quick) {
            Ok(Some(report)) => (report.errors.into_iter().map(DataFault::from).collect(), report.truncated),
            Ok(None) if meter::exhausted() == Some(Exhausted::Memory) => {
                (vec![DataFault::new(FaultKind::Memory, "", "the data takes too much memory to validate")], false)
            }
            Ok(None) => (vec![DataFault::out_of_work(&[])], false),
            Err(message) => (vec![DataFault::new(FaultKind::Decode, "", message)], false),
        }
    }

    /// Bytes held, roughly: what the crate makes of a schema weighs more than the schema.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.weight.saturating_mul(if self.acceptor.is_some() { 5 } else { 4 }) + self.patterns_weight
    }

    /// Whether a document is valid; `None` when that can't be found out.
    pub(crate) fn accepts(&self, instance: &Tree) -> Option<bool> {
        if self.unusable_patterns {
            return None;
        }
        let depth = self.depth(instance)?;
        on_deep_stack(depth, || self.is_valid(Budget::Full, instance)).flatten()
    }

    fn read(&self, text: &str) -> ValidationReport {
        let read = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: MAX_DEPTH };
        let instance = match json::read(text, read) {
            Ok(instance) => instance,
            Err(error) => return ValidationReport::failed(error.into_schema_error(text).message),
        };
        let instance = match jsonschema_adapter::tree(&instance) {
            Ok(instance) => instance,
            Err(message) => return ValidationReport::failed(message),
        };
        let report = self.depth(&instance).and_then(|depth| on_deep_stack(depth, || self.walk(&instance)).flatten());
        report.unwrap_or_else(|| ValidationReport::failed("the document takes too much work to validate"))
    }

    /// How deep a walk can get; `None` if that is too deep or too much to begin.
    fn depth(&self, instance: &Tree) -> Option<usize> {
        let (nesting, members) = measure(instance);
        let depth = (nesting + 1).saturating_mul(self.chain + 1);
        (depth <= DEEP && !too_many_keys(members, self.cost_per_key)).then_some(depth)
    }

    fn is_valid(&self, budget: Budget, instance: &Tree) -> Option<bool> {
        let inner = self.inner.as_ref()?;
        self.within(budget, instance, || {
            self.names.settle(instance);
            inner.is_valid(instance)
        })
    }

    /// Runs a walk over an instance within a budget.
    fn within<T>(&self, budget: Budget, instance: &Tree, walk: impl FnOnce() -> T) -> Option<T> {
        if self.unpaid_contains == 0 {
            return within(budget, walk);
        }
        within_dearly(budget, self.unpaid_contains, elements(instance), walk)
    }

    /// Validates; `None` when not even the verdict could be found.
    ///
    /// The crate collects all errors, including those in the branches of every combination, before it hands out the first; for
    /// unions that contain themselves that is exponential. So the verdict comes first, and errors are listed within a budget.
    fn walk(&self, instance: &Tree) -> Option<ValidationReport> {
        if self.is_valid(Budget::Full, instance)? {
            return Some(ValidationReport::default());
        }
        let inner = self.inner.as_ref()?;
        let all = self.list(inner, instance, Budget::Errors);
        let first = || {
            let error = self.within(Budget::Errors, instance, || {
                inner.validate(instance).err().map(|error| self.error_with_causes(&error, instance))
            })?;
            Some(ValidationReport { errors: error.into_iter().collect(), truncated: true })
        };
        let unlisted = || ValidationReport {
            truncated: true,
            ..ValidationReport::failed("the document is not valid; listing its errors takes too much work")
        };
        Some(all.or_else(first).unwrap_or_else(unlisted))
    }

    /// All errors, if the budget is enough.
    fn list(&self, inner: &jsonschema::Validator, instance: &Tree, budget: Budget) -> Option<ValidationReport> {
        self.within(budget, instance, || {
            let mut errors = inner.iter_errors(instance);
            let listed =
                errors.by_ref().take(self.options.max_errors).map(|error| self.error_with_causes(&error, instance)).collect();
            ValidationReport { errors: listed, truncated: errors.next().is_some() }
        })
    }

    fn error_with_causes(&self, error: &ValidationError<'_>, document: &Tree) -> DocumentError {
        DocumentError { causes: self.causes(error, document), ..self.error(error, document) }
    }

    fn error(&self, error: &ValidationError<'_>, document: &Tree) -> DocumentError {
        let schema_path = self.as_written(error.schema_path().as_str());
        let walked = error.evaluation_path().as_str();
        let evaluation_path = self.as_written(walked.strip_prefix("/$ref").unwrap_or(walked));
        let location = error.absolute_keyword_location().map(Uri::as_str);
        let number = location.and_then(|uri| uri.split('#').next()).and_then(jsonschema_adapter::document_number);
        let schema = number.filter(|number| *number != 0).and_then(|number| self.addresses.get(&number).cloned());
        let mut masked = error.masked().to_string();
        // the crate prints the whole value
        let mut message = if is_long(error.instance()) { masked.clone() } else { error.to_string() };
        let mut segments = schema_path.rsplit('/');
        let (last, before) = (segments.next().unwrap_or(""), segments.next().unwrap_or(""));
        let is_false = matches!(error.kind(), ValidationErrorKind::FalseSchema);
        let object = if is_false && last == "additionalProperties" && !is_schema_map(before) {
            document.pointer(error.instance_path().as_str()).and_then(Tree::as_object)
        } else {
            None
        };
        let keyword = match object {
            // The crate does not tell `additionalProperties: false` without declared properties from any other `false`.
            Some(object) => {
                let mut names = object.keys().take(MAX_NAMES).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
                if object.len() > MAX_NAMES {
                    names += " and others";
                }
                message = format!("Additional properties are not allowed ({names} found)");
                "Additional properties are not allowed".clone_into(&mut masked);
                last
            }
            None if is_false => "falseSchema",
            None => last,
        };
        DocumentError {
            instance_path: error.instance_path().as_str().to_owned(),
            keyword: keyword.to_owned(),
            schema,
            message,
            masked,
            schema_path: schema_path.clone(),
            evaluation_path,
            causes: Vec::new(),
        }
    }

    fn causes(&self, error: &ValidationError<'_>, document: &Tree) -> Vec<DocumentError> {
        let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
            return Vec::new();
        };
        if !self.options.causes {
            return Vec::new();
        }
        // Alternatives may consist of alternatives again; one level is enough.
        context.iter().flatten().take(MAX_CAUSES).map(|error| self.error(error, document)).collect()
    }

    /// A path with respelled pattern keys as they stand in the schema.
    fn as_written(&self, path: &str) -> String {
        if self.respelled.is_empty() {
            return path.to_owned();
        }
        let mut before = "";
        let segments = path.split('/').map(|segment| {
            let key = if before == "patternProperties" { self.respelled.get(segment) } else { None };
            before = segment;
            key.map_or(segment, String::as_str)
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// How deep a value is nested, and how many members its objects have in all.
fn measure(value: &Tree) -> (usize, u64) {
    let (mut depth, mut members) = (0, 0);
    let mut inner = |value: &Tree| {
        let (below, more) = measure(value);
        depth = depth.max(below);
        members += more;
    };
    match value {
        Tree::Array(items) => items.iter().for_each(&mut inner),
        Tree::Object(map) => {
            map.values().for_each(&mut inner);
            members += u64::try_from(map.len()).unwrap_or(u64::MAX);
        }
        _ => return (0, 0),
    }
    (depth + 1, members)
}

/// How many elements the arrays of a value have in all.
fn elements(value: &Tree) -> u64 {
    match value {
        Tree::Array(items) => items.iter().map(elements).sum::<u64>() + u64::try_from(items.len()).unwrap_or(u64::MAX),
        Tree::Object(map) => map.values().map(elements).sum(),
        _ => 0,
    }
}

/// Whether a value is too long to be printed in a message; looks at no more of it than it takes to know.
fn is_long(value: &Tree) -> bool {
    let (mut rest, mut size) = (vec![value], 0);
    while let Some(value) = rest.pop() {
        size += 1;
        match value {
            Tree::String(text) => size += text.len(),
            Tree::Array(items) => rest.extend(items.iter().take(MAX_PRINTED)),
            Tree::Object(members) => {
                for (name, member) in members.iter().take(MAX_PRINTED) {
                    size += name.len();
                    rest.push(member);
                }
            }
            Tree::Number(number) => size += number.as_str().len(),
            Tree::Null | Tree::Bool(_) => {}
        }
        if size > MAX_PRINTED {
            return true;
        }
    }
    false
}
