//! Handing a schema to the `jsonschema` crate.
//!
//! The crate gets texts in which every reference is already resolved: identifiers are gone, and every `$ref` is rewritten to the
//! document and pointer that our own resolver found. So both agree on what a schema means, and nothing can be retrieved.
//! Pointers in errors are still right, because the structure stays.

use std::collections::{BTreeSet, HashMap};

use jsonschema::Draft;
use serde_json::{Map, Number, Value as Tree};

use super::applicator_graph::{ApplicatorGraph, applies_in_place};
use super::dialect::{Dialect, is_data_keyword, is_schema_map};
use super::documents::Documents;
use super::number::Decimal;
use super::pointers::pointers_of;
use super::resolve::{ResolutionScope, ResolvedValue, Resolver, address};
use crate::schema::json::{JsonKind, Object, Value};
use crate::schema::pointer::push;

/// A custom keyword that is added to every schema, and pays for its evaluations.
pub(super) const FUEL: &str = "accordant:fuel";

/// A custom keyword that pays for a number of alternatives before they are tried. The crate asks custom keywords last, and not at
/// all behind one that fails: where every alternative fails, nobody would pay.
pub(super) const ADVANCE: &str = "accordant:advance";

/// Marks a bundled schema that lost a dynamic reference.
pub(super) const LEFT_OUT: &str = "accordant:left-out";

/// Powers of ten beyond which a number is not handed over: exact arithmetic would write out all its digits.
const MAX_EXPONENT: i64 = 5_000;

pub(super) fn draft(dialect: Dialect) -> Draft {
    match dialect {
        Dialect::Draft4 => Draft::Draft4,
        Dialect::Draft6 => Draft::Draft6,
        Dialect::Draft7 => Draft::Draft7,
        Dialect::Draft2019 => Draft::Draft201909,
        Dialect::Draft2020 => Draft::Draft202012,
    }
}

/// A JSON value as the crate wants it; fails for a number that is out of range.
pub(super) fn tree(value: &Value) -> Result<Tree, String> {
    Ok(match &value.kind {
        JsonKind::Null => Tree::Null,
        JsonKind::Bool(flag) => Tree::Bool(*flag),
        JsonKind::Number(text) => Tree::Number(number(text)?),
        JsonKind::String(text) => Tree::String(text.to_string()),
        // of the size that they will have: lists that grow take up to four times as much
        JsonKind::Array(items) => {
            let mut made = Vec::with_capacity(items.len());
            for item in items {
                made.push(tree(item)?);
            }
            Tree::Array(made)
        }
        JsonKind::Object(object) => {
            let mut made = Map::with_capacity(object.len());
            for member in object.members() {
                made.insert(member.key.to_string(), tree(&member.value)?);
            }
            Tree::Object(made)
        }
    })
}

/// Bytes that the value takes as [`tree`]. Recursion is bounded by the depth of what is read.
pub(super) fn weight_of_tree(value: &Value) -> usize {
    // what the allocator spends on a piece
    const PIECE: usize = 16;
    // a member has its hash and its place in the index beside it
    const MEMBER: usize = size_of::<String>() + 40;
    let inner = match &value.kind {
        JsonKind::Null | JsonKind::Bool(_) => 0,
        JsonKind::Number(text) | JsonKind::String(text) => text.len() + PIECE,
        JsonKind::Array(items) => items.iter().map(weight_of_tree).sum::<usize>() + PIECE,
        JsonKind::Object(object) => {
            let member = |m: &crate::schema::json::Member| MEMBER + m.key.len() + PIECE + weight_of_tree(&m.value);
            object.members().iter().map(member).sum::<usize>() + 2 * PIECE
        }
    };
    size_of::<Tree>() + inner
}

fn number(text: &str) -> Result<Number, String> {
    let out_of_range = || format!("number out of range: {}", text.chars().take(40).collect::<String>());
    let limit = usize::try_from(MAX_EXPONENT).unwrap_or(usize::MAX);
    if text.len() > limit || Decimal::read(text).magnitude() > MAX_EXPONENT {
        return Err(out_of_range());
    }
    serde_json::from_str(text).map_err(|_| out_of_range())
}

/// How references and documents are spelled for the crate.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReferenceSpelling<'a> {
    /// Every document by itself, under an address made from its number.
    Apart,
    /// All documents in one, under `definitions`, with this word in their names.
    Bundled(&'a str),
}

impl ReferenceSpelling<'_> {
    fn reference(self, document: u32, pointer: &str) -> String {
        // Pointers stand in a URI here.
        let mut escaped = String::with_capacity(pointer.len());
        for byte in pointer.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'~' | b'-' | b'_' | b'.' | b'$') {
                escaped.push(char::from(byte));
            } else {
                let hex = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase();
                escaped.extend(['%', hex(byte >> 4), hex(byte & 15)]);
            }
        }
        match self {
            Self::Apart => format!("{}#{escaped}", document_address(document)),
            Self::Bundled(word) => format!("#/definitions/{word}{document}{escaped}"),
        }
    }
}

/// The address of a part of the first document, for [`ReferenceSpelling::Apart`].
pub(super) fn reference(pointer: &str) -> String {
    if pointer.is_empty() { document_address(0) } else { ReferenceSpelling::Apart.reference(0, pointer) }
}

pub(super) fn document_address(document: u32) -> String {
    format!("mem://document/{document}")
}

pub(super) fn document_number(address: &str) -> Option<u32> {
    address.strip_prefix("mem://document/")?.parse().ok()
}

/// The documents a schema consists of, rewritten.
#[derive(Debug)]
pub(super) struct RewrittenDocuments {
    /// By number; the first is the schema itself.
    pub(super) documents: Vec<(u32, Tree)>,
    /// Pattern keys that had to be respelled: the new spelling and the one in the schema, both as pointer segments.
    pub(super) respelled: Vec<(String, String)>,
    pub(super) applicators: ApplicatorGraph,
    /// Keywords `contains` whose elements nothing pays for.
    pub(super) unpaid_contains: u64,
}

/// Rewrites a schema and everything it uses. `pattern_key` respells keys of `patternProperties` where needed.
pub(super) fn rewrite(
    documents: &Documents,
    spelling: ReferenceSpelling<'_>,
    fuel: bool,
    pattern_key: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<RewrittenDocuments, String> {
    let mut finder = Finder {
        resolver: Resolver::new(documents),
        dialect: documents.dialect,
        targets: HashMap::new(),
        used: BTreeSet::from([0]),
        applicators: ApplicatorGraph::default(),
        has_unevaluated: false,
    };
    let mut done = BTreeSet::new();
    while let Some(document) = finder.used.difference(&done).next().copied() {
        done.insert(document);
        let root = finder.resolver.root(document)?;
        finder.visit(root);
    }
    let mut wanted: HashMap<u32, Vec<u32>> = HashMap::new();
    for (document, offset) in finder.targets.values() {
        wanted.entry(*document).or_default().push(*offset);
    }
    let mut pointers: HashMap<u32, HashMap<u32, String>> = HashMap::new();
    for (document, offsets) in wanted {
        pointers.insert(document, pointers_of(documents.root(document)?, offsets));
    }
    let mut writer = DocumentRewriter {
        dialect: documents.dialect,
        spelling,
        fuel,
        targets: &finder.targets,
        pointers: &pointers,
        pattern_key,
        respelled: Vec::new(),
        has_unevaluated: finder.has_unevaluated,
        unpaid_contains: 0,
    };
    let mut rewritten = Vec::new();
    for document in done {
        let root = documents.root(document)?;
        rewritten.push((document, writer.schema(root)?));
    }
    let DocumentRewriter { respelled, unpaid_contains, .. } = writer;
    Ok(RewrittenDocuments { documents: rewritten, respelled, applicators: finder.applicators, unpaid_contains })
}

/// Finds what every reference points to.
struct Finder<'d> {
    resolver: Resolver<'d>,
    dialect: Dialect,
    /// By address of the reference's text: document and offset of the target.
    targets: HashMap<usize, (u32, u32)>,
    used: BTreeSet<u32>,
    applicators: ApplicatorGraph,
    /// Some schema asks which elements no other has looked at.
    has_unevaluated: bool,
}

impl<'d> Finder<'d> {
    fn visit(&mut self, root: ResolvedValue<'d>) {
        let mut stack = vec![(root, false)];
        while let Some((target, is_map)) = stack.pop() {
            let scope = match &target.value.kind {
                JsonKind::Object(_) if !is_map => self.resolver.enter(target.value, &target.scope),
                _ => target.scope,
            };
            match &target.value.kind {
                JsonKind::Object(object) => {
                    if !is_map {
                        self.references(target.value.offset, object, &scope);
                        self.applied(target.value.offset, object, &scope);
                        self.has_unevaluated |= object.get("unevaluatedItems").is_some();
                    }
                    for member in object.members().iter().filter(|m| is_map || !is_data_keyword(&m.key)) {
                        let inner = ResolvedValue { value: &member.value, scope: scope.clone() };
                        stack.push((inner, !is_map && is_schema_map(&member.key)));
                    }
                }
                JsonKind::Array(items) => {
                    stack.extend(items.iter().map(|value| (ResolvedValue { value, scope: scope.clone() }, false)));
                }
                _ => {}
            }
        }
    }

    /// Notes the schemas that the keywords of a schema apply.
    fn applied(&mut self, offset: u32, object: &'d Object, scope: &ResolutionScope<'d>) {
        for member in object.members() {
            let Some(in_place) = applies_in_place(&member.key) else { continue };
            let mut note =
                |inner: &Value| self.applicators.add((scope.document, offset), (scope.document, inner.offset), in_place);
            match &member.value.kind {
                JsonKind::Object(map) if is_schema_map(&member.key) => map.members().iter().for_each(|m| note(&m.value)),
                JsonKind::Object(_) => note(&member.value),
                JsonKind::Array(items) => items.iter().for_each(note),
                _ => {}
            }
        }
    }

    fn references(&mut self, offset: u32, object: &'d Object, scope: &ResolutionScope<'d>) {
        let modern: &[&str] = if self.dialect.is_modern() { &["$dynamicRef", "$recursiveRef"] } else { &[] };
        for key in ["$ref"].iter().chain(modern) {
            let Some(value) = object.get(key) else { continue };
            let Some(Ok(target)) = value.as_str().map(|text| self.resolver.find(text, scope)) else { continue };
            self.used.insert(target.scope.document);
            let spot = (target.scope.document, target.value.offset);
            self.applicators.add((scope.document, offset), spot, true);
            self.targets.insert(address(value), spot);
        }
    }
}

/// Writes documents the way the crate gets them.
struct DocumentRewriter<'w> {
    dialect: Dialect,
    spelling: ReferenceSpelling<'w>,
    fuel: bool,
    targets: &'w HashMap<usize, (u32, u32)>,
    pointers: &'w HashMap<u32, HashMap<u32, String>>,
    pattern_key: &'w mut dyn FnMut(&str) -> Option<String>,
    respelled: Vec<(String, String)>,
    has_unevaluated: bool,
    unpaid_contains: u64,
}

impl DocumentRewriter<'_> {
    fn schema(&mut self, value: &Value) -> Result<Tree, String> {
        match &value.kind {
            JsonKind::Array(items) => Ok(Tree::Array(items.iter().map(|item| self.schema(item)).collect::<Result<_, _>>()?)),
            JsonKind::Object(object) => {
                let mut map = Map::new();
                for member in object.members() {
                    if let Some(value) = self.keyword(&member.key, &member.value)? {
                        map.insert(member.key.to_string(), value);
                    }
                }
                let dynamic = ["$dynamicRef", "$recursiveRef"].into_iter().any(|key| object.get(key).is_some());
                if dynamic && self.dialect.is_modern() && matches!(self.spelling, ReferenceSpelling::Bundled(_)) {
                    map.insert(LEFT_OUT.to_owned(), Tree::Bool(true));
                }
                let lone = !self.dialect.is_modern() && map.contains_key("$ref");
                if self.fuel && !lone {
                    pay_in_advance(&mut map);
                    if map.contains_key("contains") && (self.has_unevaluated || !pay_for_elements(&mut map)) {
                        self.unpaid_contains += 1;
                    }
                    map.insert(FUEL.to_owned(), Tree::Bool(true));
                }
                Ok(Tree::Object(map))
            }
            _ => tree(value),
        }
    }

    /// A keyword's value, or nothing where the crate must not see it.
    fn keyword(&mut self, key: &str, value: &Value) -> Result<Option<Tree>, String> {
        let is_text = value.as_str().is_some();
        match key {
            // Of other types than string they are custom keywords.
            "$schema" | "$id" | "$anchor" if is_text => Ok(None),
            "id" if is_text && self.dialect == Dialect::Draft4 => Ok(None),
            "$ref" if is_text => Ok(self.target(value).map(Tree::String)),
            "$dynamicRef" | "$recursiveRef" if is_text && self.dialect.is_modern() => match self.spelling {
                // Within one document a dynamic reference keeps its own ways; bundled, it is what it statically points to.
                ReferenceSpelling::Apart => tree(value).map(Some),
                ReferenceSpelling::Bundled(_) => Ok(None),
            },
            "$dynamicAnchor" | "$recursiveAnchor" if matches!(self.spelling, ReferenceSpelling::Bundled(_)) => Ok(None),
            "dependentRequired" | "$vocabulary" => tree(value).map(Some),
            key if is_data_keyword(key) => tree(value).map(Some),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
            | "maxContains" | "multipleOf" => size(key, value),
            key if is_schema_map(key) && value.as_object().is_some() => self.map(key, value).map(Some),
            _ => self.schema(value).map(Some),
        }
    }

    fn map(&mut self, keyword: &str, value: &Value) -> Result<Tree, String> {
        let mut map = Map::new();
        for member in value.as_object().map(Object::members).unwrap_or_default() {
            let mut key = member.key.to_string();
            if keyword == "patternProperties"
                && let Some(respelled) = (self.pattern_key)(&key)
            {
                self.respelled.push((segment(&respelled), segment(&key)));
                key = respelled;
            }
            map.insert(key, self.schema(&member.value)?);
        }
        Ok(Tree::Object(map))
    }

    /// The respelled reference; `None` for one that points nowhere, which only stands in schemas that are not applied.
    fn target(&self, value: &Value) -> Option<String> {
        let (document, offset) = self.targets.get(&address(value))?;
        let pointer = self.pointers.get(document)?.get(offset)?;
        Some(self.spelling.reference(*document, pointer))
    }
}

/// Lets a schema with alternatives pay for them first: the crate goes through `allOf` before it tries any. The payment stands at
/// the end of that list, so that no pointer changes.
fn pay_in_advance(map: &mut Map<String, Tree>) {
    let listed = |key: &str| map.get(key).and_then(Tree::as_array).map_or(0, Vec::len);
    let alone = |key: &str| usize::from(map.contains_key(key));
    let alternatives =
        listed("anyOf") + listed("oneOf") + alone("else") + alone("unevaluatedItems") + alone("unevaluatedProperties");
    if alternatives == 0 {
        return;
    }
    let payment = Tree::Object(Map::from_iter([(ADVANCE.to_owned(), Tree::from(alternatives))]));
    if let Tree::Array(all) = map.entry("allOf").or_insert_with(|| Tree::Array(Vec::new())) {
        all.push(payment);
    }
}

/// Lets a schema with `contains` pay for each element, which that keyword goes through whether they fit or not: the crate looks at
/// `items` before. What is there already pays for the elements that fit, and ends the walk at the first that does not. True where all
/// are paid for. Not to be used where `unevaluatedItems` asks what `items` has looked at.
fn pay_for_elements(map: &mut Map<String, Tree>) -> bool {
    let key = if map.get("items").is_some_and(Tree::is_array) { "additionalItems" } else { "items" };
    match map.get(key) {
        None | Some(Tree::Bool(true)) => {
            map.insert(key.to_owned(), Tree::Object(Map::from_iter([(ADVANCE.to_owned(), Tree::from(1))])));
            true
        }
        Some(Tree::Bool(false)) => true,
        Some(schema) => schema.get(FUEL).is_some(),
    }
}

/// Whether a schema is nothing but a payment.
pub(super) fn is_payment(schema: &Tree) -> bool {
    schema.get(ADVANCE).is_some()
}

/// Sizes and divisors that Confluent accepts and the crate does not, as something the crate accepts: a negative size as 0, one
/// beyond 64 bits as the largest, a divisor without its sign, and nothing for a divisor of 0.
fn size(key: &str, value: &Value) -> Result<Option<Tree>, String> {
    let Some(text) = value.as_number() else { return tree(value).map(Some) };
    let read = Decimal::read(text);
    if key == "multipleOf" {
        let literal = text.strip_prefix('-').unwrap_or(text);
        return if read.is_zero() { Ok(None) } else { number(literal).map(|n| Some(Tree::Number(n))) };
    }
    if !read.is_whole() {
        return tree(value).map(Some);
    }
    let size = if read <= Decimal::read("0") { 0 } else { read.to_u64().unwrap_or(u64::MAX) };
    Ok(Some(Tree::Number(Number::from(size))))
}

fn segment(text: &str) -> String {
    let mut pointer = String::new();
    push(&mut pointer, text);
    pointer.strip_prefix('/').unwrap_or(&pointer).to_owned()
}

/// One self-contained schema: all documents under `definitions`, the root a reference to the first.
pub(super) fn bundle(documents: &Documents, word: &str) -> Result<Tree, String> {
    let rewritten = rewrite(documents, ReferenceSpelling::Bundled(word), false, &mut |_| None)?;
    if let [(_, root @ (Tree::Bool(_) | Tree::Object(_)))] = rewritten.documents.as_slice() {
        // What refers to nothing needs no definitions.
        if !mentions_reference(root) {
            return Ok(root.clone());
        }
    }
    let mut definitions = Map::new();
    for (document, value) in rewritten.documents {
        definitions.insert(format!("{word}{document}"), value);
    }
    let mut root = Map::new();
    root.insert("$ref".to_owned(), Tree::String(format!("#/definitions/{word}0")));
    root.insert("definitions".to_owned(), Tree::Object(definitions));
    Ok(Tree::Object(root))
}

fn mentions_reference(value: &Tree) -> bool {
    match value {
        Tree::Object(map) => map.contains_key("$ref") || map.values().any(mentions_reference),
        Tree::Array(items) => items.iter().any(mentions_reference),
        _ => false,
    }
}
