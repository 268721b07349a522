//! Compiles the rewritten documents with the `jsonschema` crate.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jsonschema::{Retrieve, Uri, ValidationError};
use serde_json::Value as Tree;

use super::accept::{self, Acceptor};
use super::budget::{Advance, BudgetKeyword, cost_of_patterns};
use super::multiple_of::MultipleOf;
use super::options::ValidateOptions;
use super::pattern_keys::NamePrices;
use super::patterns::{self, Patterns};
use super::unique_items::UniqueItems;
use crate::schema::json_schema::documents::Documents;
use crate::schema::json_schema::jsonschema_adapter::{self, ADVANCE, FUEL, ReferenceSpelling};
use crate::schema::json_schema::pattern::{self, LARGE};
use crate::schema::meter;

/// Depth to which the crate may recurse while compiling.
const MAX_DEPTH: usize = 10_000;

/// What the crate made of a schema, and what bounds its use.
pub(super) struct CompiledSchema {
    pub(super) inner: jsonschema::Validator,
    /// For schemas whose keywords are all known there.
    pub(super) acceptor: Option<Acceptor>,
    /// Pattern keys that were respelled, with the spelling in the schema.
    pub(super) respelled: HashMap<String, String>,
    /// The addresses of the documents, by number.
    pub(super) addresses: HashMap<u32, String>,
    /// The longest chain of schemas that apply each other to the same value.
    pub(super) chain: usize,
    /// What matching one name against all pattern keys costs.
    pub(super) cost_per_key: u64,
    /// And what it costs with those that may be large.
    pub(super) names: NamePrices,
    /// There are patterns that no engine runs.
    pub(super) unusable_patterns: bool,
    /// Keywords `contains` whose elements nothing pays for.
    pub(super) unpaid_contains: u64,
    /// Bytes that the patterns hold.
    pub(super) patterns_weight: usize,
}

/// Bytes of memory that compiling takes for each byte of the texts: they are rewritten, copied for the crate, and become validators.
const BYTES_PER_BYTE: usize = 16;

/// `pointer` chooses the schema in the first document.
pub(super) fn compile(documents: &Documents, pointer: &str, options: ValidateOptions) -> Result<CompiledSchema, String> {
    let too_much = |_| "it takes more to compile than there is for it".to_owned();
    let size = documents.size();
    meter::charge_for(size).map_err(too_much)?;
    let _memory = meter::reserve_for_now(size.saturating_mul(BYTES_PER_BYTE)).map_err(too_much)?;
    let patterns = Arc::new(Patterns::default());
    let mut number = 0;
    let mut respell = |key: &str| {
        number += 1;
        patterns.respell(key, number)
    };
    let rewritten = jsonschema_adapter::rewrite(documents, ReferenceSpelling::Apart, true, &mut respell)?;
    let root = documents.own().map_or(0, |root| root.offset);
    if rewritten.applicators.deepest_from((0, root)) > MAX_DEPTH {
        return Err(format!("schemas refer to each other more than {MAX_DEPTH} levels deep"));
    }
    let chain = rewritten.applicators.longest_in_place_chain();
    let mut addresses = HashMap::new();
    let mut served = HashMap::new();
    let first = rewritten.documents.iter().find(|(number, _)| *number == 0).map(|(_, value)| value);
    if !pointer.is_empty() && !first.and_then(|value| value.pointer(pointer)).is_some_and(is_schema) {
        return Err(format!("the schema has no part '{pointer}'"));
    }
    let (mut cost_per_key, mut names) = (0_u64, NamePrices::default());
    for (number, value) in rewritten.documents {
        addresses.insert(number, documents.base(number).to_owned());
        cost_per_key = cost_per_key.saturating_add(cost_of_all_patterns(&value));
        names.add(&value);
        served.insert(jsonschema_adapter::document_address(number), value);
    }
    // The root is a reference to the first document: retrieved documents are compiled as they are, while a root is first validated
    // against the meta-schema, which is stricter than Confluent.
    let root = serde_json::json!({ "$ref": jsonschema_adapter::reference(pointer) });
    let dialect = documents.dialect;
    let compiled = |root: &Tree, served: HashMap<String, Tree>| {
        let of_keyword = Arc::clone(&patterns);
        let build = AssertUnwindSafe(|| {
            jsonschema::options()
                .with_draft(jsonschema_adapter::draft(dialect))
                .with_base_uri("mem://root")
                .with_retriever(DocumentRetriever(served))
                .with_pattern_options(patterns::options(LARGE))
                .should_validate_formats(options.formats)
                .with_format("regex", pattern::acceptable_in_data)
                .with_keyword(FUEL, |schema, _, _| Ok(Box::new(BudgetKeyword::of(schema))))
                .with_keyword(ADVANCE, |_, alternatives, _| Ok(Box::new(Advance::of(alternatives))))
                .with_keyword("multipleOf", |_, value, _| {
                    let keyword = MultipleOf::new(value).ok_or_else(|| ValidationError::custom("multipleOf is no number"))?;
                    Ok(Box::new(keyword))
                })
                .with_keyword("uniqueItems", |_, value, _| Ok(Box::new(UniqueItems { is_on: value.as_bool() == Some(true) })))
                .with_keyword("pattern", move |_, value, _| Ok(Box::new(of_keyword.keyword(value.as_str().unwrap_or_default()))))
                .build(root)
                .map_err(|error| error.to_string())
        });
        catch_unwind(build).unwrap_or_else(|_| Err("the schema can't be compiled".to_owned()))
    };
    let string_validators = |schema: Tree| compiled(&schema, HashMap::new()).ok();
    let first = (jsonschema_adapter::document_address(0), pointer);
    let understood = || accept::compile(&served, (&first.0, first.1), dialect, options.formats, &string_validators);
    let acceptor = options.at_once.then(understood).flatten();
    let inner = compiled(&root, served)?;
    let (respelled, unpaid_contains) = (rewritten.respelled.into_iter().collect(), rewritten.unpaid_contains);
    let (unusable_patterns, patterns_weight) = (patterns.has_unusable(), patterns.weight());
    Ok(CompiledSchema {
        inner,
        acceptor,
        respelled,
        addresses,
        chain,
        cost_per_key,
        names,
        unusable_patterns,
        unpaid_contains,
        patterns_weight,
    })
}

fn is_schema(value: &Tree) -> bool {
    matches!(value, Tree::Object(_) | Tree::Bool(_))
}

fn cost_of_all_patterns(value: &Tree) -> u64 {
    match value {
        Tree::Object(map) => map.values().map(cost_of_all_patterns).sum::<u64>().saturating_add(cost_of_patterns(map)),
        Tree::Array(items) => items.iter().map(cost_of_all_patterns).sum(),
        _ => 0,
    }
}

/// Serves the rewritten documents and nothing else.
struct DocumentRetriever(HashMap<String, Tree>);

impl Retrieve for DocumentRetriever {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Tree, Box<dyn std::error::Error + Send + Sync>> {
        let found = self.0.get(uri.as_str()).cloned();
        found.ok_or_else(|| "Remote schema reference fetching is disabled".into())
    }
}
