//! What each keyword says on its own.

use std::collections::HashMap;

use super::DraftTranslator;
use super::draft::Draft;
use crate::java::hash_table::sort_as_hashed;
use crate::schema::json::{self, Member, Object, Value};
use crate::schema::json_schema::dialect::Dialect;
use crate::schema::json_schema::model::{
    Additional, ArrayKeywords, Criterion, Exclusive, NodeId, NodeKind, NumberKeywords, ObjectKeywords, PatternProperty,
    StringKeywords,
};
use crate::schema::json_schema::number::Decimal;
use crate::schema::json_schema::parse::digest::of_type_name;
use crate::schema::json_schema::parse::loader::LoadError;
use crate::schema::json_schema::print;
use crate::schema::json_schema::resolve::ResolutionScope;
use crate::schema::meter::Once;

type Result<T> = std::result::Result<T, LoadError>;

/// Whether a keyword says something about the data by itself, so that it is compared.
pub(super) fn says_something(key: &str) -> bool {
    KEYWORDS.binary_search(&key).is_ok()
}

/// Sorted.
const KEYWORDS: [&str; 35] = [
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

fn string(keywords: StringKeywords) -> NodeKind {
    NodeKind::String(Box::new(keywords))
}

fn number(keywords: NumberKeywords) -> NodeKind {
    NodeKind::Number(Box::new(keywords))
}

fn array(keywords: ArrayKeywords) -> NodeKind {
    NodeKind::Array(Box::new(keywords))
}

fn object(keywords: ObjectKeywords) -> NodeKind {
    NodeKind::Object(Box::new(keywords))
}

impl<'d> DraftTranslator<'d> {
    /// What a keyword of a schema says; `None` for one that says nothing by itself.
    pub(super) fn keyword(
        &mut self,
        member: &'d Member,
        holder: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<Draft<'d>>> {
        let own = &member.value;
        let exclusive = |bound: Option<Decimal>| bound.map(|value| Exclusive { value, flag: false });
        let key = &*member.key;
        let kind = match key {
            "format" | "readOnly" | "writeOnly" => return Ok(Some(Draft::generated(value, self.loader.document))),
            "$ref" => {
                let text = self.loader.expect_string(own)?;
                return self.reference(text, value, scope).map(|draft| Some(self.noted(draft, member)));
            }
            "type" => return self.types(own, value).map(Some),
            "allOf" | "anyOf" | "oneOf" => {
                let mut members = Vec::new();
                for value in self.loader.expect_array(own)? {
                    members.push(self.schema(value, scope, None)?);
                }
                let criterion = match key {
                    "allOf" => Criterion::AllOf,
                    "anyOf" => Criterion::AnyOf,
                    _ => Criterion::OneOf,
                };
                let draft = Draft::written(criterion, members, value, self.loader.document);
                return Ok(Some(self.noted(draft, member)));
            }
            "enum" => {
                let mut keys: Vec<String> = self.loader.expect_array(own)?.iter().map(print::key).collect();
                keys.sort_unstable();
                keys.dedup();
                NodeKind::Enum(keys.into_boxed_slice())
            }
            "const" => NodeKind::Const(print::key(own).into()),
            "not" => NodeKind::Not(self.child(own, scope)?),
            "if" => {
                for branch in ["if", "then", "else"].into_iter().filter_map(|branch| holder.get(branch)) {
                    self.child(branch, scope)?;
                }
                let mut draft = self.plain(NodeKind::Conditional, value);
                for branch in ["then", "else"].into_iter().filter_map(|branch| holder.member(branch)) {
                    draft = self.noted(draft, branch);
                }
                return Ok(Some(self.noted(draft, member)));
            }
            "minLength" => string(StringKeywords { min_length: self.loader.size(holder, key)?, ..StringKeywords::default() }),
            "maxLength" => string(StringKeywords { max_length: self.loader.size(holder, key)?, ..StringKeywords::default() }),
            "pattern" => {
                let text = self.loader.expect_string(own)?;
                self.loader.expect_pattern(own, text)?;
                string(StringKeywords { pattern: Some(text.into()), ..StringKeywords::default() })
            }
            "minimum" => number(NumberKeywords { minimum: self.loader.decimal(holder, key)?, ..NumberKeywords::default() }),
            "maximum" => number(NumberKeywords { maximum: self.loader.decimal(holder, key)?, ..NumberKeywords::default() }),
            "exclusiveMinimum" => {
                let exclusive_minimum = exclusive(self.loader.decimal(holder, key)?);
                number(NumberKeywords { exclusive_minimum, ..NumberKeywords::default() })
            }
            "exclusiveMaximum" => {
                let exclusive_maximum = exclusive(self.loader.decimal(holder, key)?);
                number(NumberKeywords { exclusive_maximum, ..NumberKeywords::default() })
            }
            "multipleOf" => number(NumberKeywords { multiple_of: self.loader.divisor(holder)?, ..NumberKeywords::default() }),
            "minItems" => array(ArrayKeywords { min_items: self.loader.size(holder, key)?, ..ArrayKeywords::default() }),
            "maxItems" => array(ArrayKeywords { max_items: self.loader.size(holder, key)?, ..ArrayKeywords::default() }),
            "uniqueItems" => {
                array(ArrayKeywords { unique: self.loader.flag(holder, key)?.unwrap_or(false), ..ArrayKeywords::default() })
            }
            "items" => array(self.items(own, holder, scope)?),
            "prefixItems" if self.loader.dialect == Dialect::Draft2020 => {
                array(ArrayKeywords { tuple: self.children(self.loader.expect_array(own)?, scope)?, ..ArrayKeywords::default() })
            }
            "contains" => {
                self.child(own, scope)?;
                // one element is required where no number is given; the numbers mean nothing without the keyword
                let least = self.loader.size(holder, "minContains")?.unwrap_or_else(|| Decimal::read("1"));
                let max_contains = self.loader.size(holder, "maxContains")?;
                array(ArrayKeywords { min_contains: Some(least), max_contains, ..ArrayKeywords::default() })
            }
            "minProperties" => {
                object(ObjectKeywords { min_properties: self.loader.size(holder, key)?, ..ObjectKeywords::default() })
            }
            "maxProperties" => {
                object(ObjectKeywords { max_properties: self.loader.size(holder, key)?, ..ObjectKeywords::default() })
            }
            "additionalProperties" => object(ObjectKeywords { additional: self.rest(own, scope)?, ..ObjectKeywords::default() }),
            "propertyNames" => {
                self.child(own, scope)?;
                object(ObjectKeywords::default())
            }
            "required" => {
                let names = self.loader.expect_array(own)?.iter().map(|name| self.loader.expect_string(name).map(Into::into));
                object(ObjectKeywords { required: names.collect::<Result<_>>()?, ..ObjectKeywords::default() })
            }
            "dependentRequired" => {
                let mut said = ObjectKeywords::default();
                for entry in self.loader.expect_object(own)?.members() {
                    let names = self.loader.expect_array(&entry.value)?;
                    self.loader.array_dependency(&entry.key, names, &mut said)?;
                }
                object(said)
            }
            "dependentSchemas" => {
                let schema_dependencies = self.named(self.loader.expect_object(own)?, scope)?;
                object(ObjectKeywords { schema_dependencies, ..ObjectKeywords::default() })
            }
            _ => return Ok(None),
        };
        let draft = self.plain(kind, value);
        Ok(Some(self.noted(draft, member)))
    }

    fn noted(&mut self, mut draft: Draft<'d>, member: &'d Member) -> Draft<'d> {
        draft.note(&member.key, self.loader.digests.of(&member.value));
        draft
    }

    fn types(&mut self, own: &'d Value, value: &'d Value) -> Result<Draft<'d>> {
        match &own.kind {
            json::JsonKind::String(name) => self.named_type(name, value),
            json::JsonKind::Array(names) => {
                let mut members = Vec::new();
                for name in names {
                    members.push(self.named_type(self.loader.expect_string(name)?, value)?);
                }
                let mut draft = Draft::types(members, value, self.loader.document);
                draft.note("type", self.loader.digests.of(own));
                Ok(draft)
            }
            _ => self.loader.mismatch(own, "String or Array"),
        }
    }

    fn named_type(&mut self, name: &str, value: &'d Value) -> Result<Draft<'d>> {
        let kind = match name {
            "string" => string(StringKeywords::default()),
            "number" => number(NumberKeywords::default()),
            "integer" => number(NumberKeywords { integer: true, ..NumberKeywords::default() }),
            "array" => array(ArrayKeywords::default()),
            "object" => object(ObjectKeywords::default()),
            "boolean" => NodeKind::Boolean,
            "null" => NodeKind::Null,
            _ => return self.loader.fail(value, format!("unknown type: [{name}]")),
        };
        let mut draft = self.plain(kind, value);
        draft.note("type", of_type_name(name));
        Ok(draft)
    }

    /// `items` with one schema: for every element, or for those after the tuple. In 2019-09 a list of schemas is the tuple.
    fn items(&mut self, own: &'d Value, holder: &'d Object, scope: &ResolutionScope<'d>) -> Result<ArrayKeywords> {
        let mut said = ArrayKeywords::default();
        let is_2019 = self.loader.dialect == Dialect::Draft2019;
        if let (json::JsonKind::Array(items), true) = (&own.kind, is_2019) {
            said.tuple = self.children(items, scope)?;
            if let Some(rest) = holder.get("additionalItems") {
                said.additional = self.rest(rest, scope)?;
            }
            return Ok(said);
        }
        let node = self.child(own, scope)?;
        let has_tuple = !is_2019 && holder.get("prefixItems").and_then(Value::as_array).is_some_and(|items| !items.is_empty());
        match own.kind {
            json::JsonKind::Bool(true) => {}
            json::JsonKind::Bool(false) => said.additional = Additional::Nothing,
            _ if has_tuple => said.additional = Additional::Like(node),
            _ => said.each = Some(node),
        }
        Ok(said)
    }

    fn rest(&mut self, value: &'d Value, scope: &ResolutionScope<'d>) -> Result<Additional> {
        match value.kind {
            json::JsonKind::Bool(true) => Ok(Additional::Anything),
            json::JsonKind::Bool(false) => Ok(Additional::Nothing),
            _ => self.child(value, scope).map(Additional::Like),
        }
    }

    fn children(&mut self, values: &'d [Value], scope: &ResolutionScope<'d>) -> Result<Vec<NodeId>> {
        values.iter().map(|value| self.child(value, scope)).collect()
    }

    /// The nodes of named schemas, as they stand in the text, but made in the order of hash tables.
    fn named(&mut self, entries: &'d Object, scope: &ResolutionScope<'d>) -> Result<Vec<(Box<str>, NodeId)>> {
        let mut order: Vec<&'d Member> = entries.members().iter().collect();
        sort_as_hashed(&mut order, |member| &member.key);
        let mut nodes = HashMap::with_capacity(order.len());
        for member in order {
            nodes.insert(&*member.key, self.child(&member.value, scope)?);
        }
        Ok(entries.members().iter().filter_map(|member| Some((member.key.clone(), *nodes.get(&*member.key)?))).collect())
    }

    pub(super) fn properties(
        &mut self,
        holder: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<Draft<'d>>> {
        let Some(member) = holder.member("properties") else { return Ok(None) };
        let entries = self.loader.expect_object(&member.value)?;
        if entries.is_empty() {
            return Ok(None);
        }
        let properties = self.named(entries, scope)?;
        let index = properties.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        let draft = self.plain(object(ObjectKeywords { properties, index, ..ObjectKeywords::default() }), value);
        Ok(Some(self.noted(draft, member)))
    }

    pub(super) fn pattern_properties(
        &mut self,
        holder: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<Draft<'d>>> {
        let Some(member) = holder.member("patternProperties") else { return Ok(None) };
        let entries = self.loader.expect_object(&member.value)?;
        if entries.is_empty() {
            return Ok(None);
        }
        for entry in entries.members() {
            self.loader.expect_pattern(&entry.value, &entry.key)?;
        }
        let named = self.named(entries, scope)?.into_iter();
        let patterns = named.map(|(pattern, schema)| PatternProperty { pattern, schema, compiled: Once::new() }).collect();
        let draft = self.plain(object(ObjectKeywords { patterns, ..ObjectKeywords::default() }), value);
        Ok(Some(self.noted(draft, member)))
    }

    pub(super) fn unevaluated(
        &mut self,
        key: &str,
        holder: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<Draft<'d>>> {
        let Some(member) = holder.member(key) else { return Ok(None) };
        let unevaluated = Some(self.child(&member.value, scope)?);
        let kind = if key == "unevaluatedItems" {
            array(ArrayKeywords { unevaluated, ..ArrayKeywords::default() })
        } else {
            object(ObjectKeywords { unevaluated, ..ObjectKeywords::default() })
        };
        let draft = self.plain(kind, value);
        Ok(Some(self.noted(draft, member)))
    }

    /// A reference that Confluent doesn't know (`$recursiveRef`), or follows when it reads the schema (`$dynamicRef`): here both mean
    /// their static target, the latter in a combination of its own.
    pub(super) fn dynamic_reference(
        &mut self,
        holder: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<Draft<'d>>> {
        let key = if self.loader.dialect == Dialect::Draft2019 { "$recursiveRef" } else { "$dynamicRef" };
        let Some(text) = self.loader.string(holder, key)? else { return Ok(None) };
        let draft = self.reference(text, value, scope)?;
        if self.loader.dialect == Dialect::Draft2019 {
            return Ok(Some(draft));
        }
        Ok(Some(Draft::written(Criterion::AllOf, vec![draft], value, self.loader.document)))
    }
}
