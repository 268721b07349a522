//! What the keywords of strings, numbers, arrays and objects become up to draft-07.

use std::collections::HashSet;

use super::digest::of_type_name;
use super::loader::{LoadError, Loader};
use crate::schema::json::{self, Object, Value};
use crate::schema::json_schema::dialect::Dialect;
use crate::schema::json_schema::model::{
    Additional, ArrayKeywords, Combined, Criterion, Exclusive, NodeId, NodeKind, NumberKeywords, ObjectKeywords, PatternProperty,
    StringKeywords,
};
use crate::schema::json_schema::number::Decimal;
use crate::schema::json_schema::resolve::ResolutionScope;
use crate::schema::meter::Once;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum KeywordGroup {
    Array,
    Object,
    Number,
    String,
}

impl KeywordGroup {
    const ALL: [Self; 4] = [Self::Array, Self::Object, Self::Number, Self::String];

    /// Whether any keyword of the group is present.
    fn is_in(self, object: &Object, dialect: Dialect) -> bool {
        let has = |key: &str| object.get(key).is_some();
        let after = |first: Dialect, key: &str| dialect >= first && has(key);
        match self {
            Self::Array => {
                ["items", "minItems", "maxItems", "uniqueItems", "additionalItems"].into_iter().any(has)
                    || after(Dialect::Draft6, "contains")
            }
            Self::Object => {
                let keys = [
                    "required",
                    "minProperties",
                    "maxProperties",
                    "additionalProperties",
                    "properties",
                    "patternProperties",
                    "dependencies",
                ];
                keys.into_iter().any(has) || after(Dialect::Draft6, "propertyNames")
            }
            Self::Number => ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].into_iter().any(has),
            Self::String => ["minLength", "maxLength", "pattern", "format"].into_iter().any(has),
        }
    }
}

/// A name in `type`.
#[derive(Debug, Clone, Copy)]
enum TypeName {
    Of(KeywordGroup),
    Integer,
    Boolean,
    Null,
}

impl TypeName {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::Of(KeywordGroup::String),
            "number" => Self::Of(KeywordGroup::Number),
            "integer" => Self::Integer,
            "array" => Self::Of(KeywordGroup::Array),
            "object" => Self::Of(KeywordGroup::Object),
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            _ => return None,
        })
    }

    fn group(self) -> Option<KeywordGroup> {
        match self {
            Self::Of(group) => Some(group),
            Self::Integer => Some(KeywordGroup::Number),
            Self::Boolean | Self::Null => None,
        }
    }
}

impl<'d> Loader<'d> {
    /// `type` with the keywords of its groups, then the keywords of other groups.
    pub(super) fn typed_parts(
        &mut self,
        object: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
        parts: &mut Vec<NodeKind>,
    ) -> Result<(), LoadError> {
        let mut done = HashSet::new();
        match object.get("type").map(|t| (t, &t.kind)) {
            None => {}
            Some((_, json::JsonKind::String(name))) => {
                let name = self.type_name(name, value)?;
                done.extend(name.group());
                parts.push(self.typed(name, object, scope)?);
            }
            Some((_, json::JsonKind::Array(names))) => {
                let mut members = Vec::with_capacity(names.len());
                for item in names {
                    let text = self.expect_string(item)?;
                    let name = self.type_name(text, value)?;
                    done.extend(name.group());
                    let kind = self.typed(name, object, scope)?;
                    members.push((self.part(kind, value), of_type_name(text)));
                }
                parts.push(NodeKind::Combined(Box::new(Combined::new(Criterion::AnyOf, members))));
            }
            Some((other, _)) => return self.mismatch(other, "String or Array"),
        }
        for group in KeywordGroup::ALL {
            if !done.contains(&group) && group.is_in(object, self.dialect) {
                parts.push(self.group(group, object, scope)?);
            }
        }
        Ok(())
    }

    fn type_name(&self, name: &str, holder: &Value) -> Result<TypeName, LoadError> {
        TypeName::read(name).map_or_else(|| self.fail(holder, format!("unknown type: [{name}]")), Ok)
    }

    fn typed(&mut self, name: TypeName, object: &'d Object, scope: &ResolutionScope<'d>) -> Result<NodeKind, LoadError> {
        match name {
            TypeName::Boolean => Ok(NodeKind::Boolean),
            TypeName::Null => Ok(NodeKind::Null),
            TypeName::Integer => self.number(object, true),
            TypeName::Of(group) => self.group(group, object, scope),
        }
    }

    fn group(&mut self, group: KeywordGroup, object: &'d Object, scope: &ResolutionScope<'d>) -> Result<NodeKind, LoadError> {
        match group {
            KeywordGroup::Array => self.array(object, scope),
            KeywordGroup::Object => self.object(object, scope),
            KeywordGroup::Number => self.number(object, false),
            KeywordGroup::String => self.text(object),
        }
    }

    fn text(&mut self, object: &'d Object) -> Result<NodeKind, LoadError> {
        let pattern = self.string(object, "pattern")?;
        if let (Some(text), Some(value)) = (pattern, object.get("pattern")) {
            self.expect_pattern(value, text)?;
        }
        Ok(NodeKind::String(Box::new(StringKeywords {
            max_length: self.size(object, "maxLength")?,
            min_length: self.size(object, "minLength")?,
            pattern: pattern.map(Into::into),
        })))
    }

    fn number(&mut self, object: &'d Object, integer: bool) -> Result<NodeKind, LoadError> {
        let maximum = self.decimal(object, "maximum")?;
        let minimum = self.decimal(object, "minimum")?;
        let (exclusive_maximum, exclusive_minimum) = if self.dialect == Dialect::Draft4 {
            let flagged = |flag: Option<bool>, bound: &Option<Decimal>| {
                bound.clone().filter(|_| flag == Some(true)).map(|value| Exclusive { value, flag: true })
            };
            let maximum = flagged(self.flag(object, "exclusiveMaximum")?, &maximum);
            (maximum, flagged(self.flag(object, "exclusiveMinimum")?, &minimum))
        } else {
            let bound = |value: Option<Decimal>| value.map(|value| Exclusive { value, flag: false });
            (bound(self.decimal(object, "exclusiveMaximum")?), bound(self.decimal(object, "exclusiveMinimum")?))
        };
        let multiple_of = self.divisor(object)?;
        Ok(NodeKind::Number(Box::new(NumberKeywords {
            integer,
            maximum,
            minimum,
            exclusive_maximum,
            exclusive_minimum,
            multiple_of,
        })))
    }

    fn array(&mut self, object: &'d Object, scope: &ResolutionScope<'d>) -> Result<NodeKind, LoadError> {
        let mut array = ArrayKeywords {
            max_items: self.size(object, "maxItems")?,
            min_items: self.size(object, "minItems")?,
            unique: self.flag(object, "uniqueItems")?.unwrap_or(false),
            ..ArrayKeywords::default()
        };
        self.items(object, scope, &mut array)?;
        if self.dialect != Dialect::Draft4 {
            self.child_at(object, "contains", scope)?;
        }
        Ok(NodeKind::Array(Box::new(array)))
    }

    fn items(&mut self, object: &'d Object, scope: &ResolutionScope<'d>, array: &mut ArrayKeywords) -> Result<(), LoadError> {
        match object.get("items").map(|v| (v, &v.kind)) {
            None => {}
            Some((_, json::JsonKind::Array(items))) => array.tuple = self.children(items, scope)?,
            Some((value, json::JsonKind::Bool(_))) if self.dialect == Dialect::Draft4 => {
                return self.mismatch(value, "Array or Object");
            }
            Some((value, json::JsonKind::Bool(_) | json::JsonKind::Object(_))) => array.each = Some(self.child(value, scope)?),
            Some((value, _)) => return self.mismatch(value, "Array, Boolean or Object"),
        }
        let additional = self.rest(object, "additionalItems", scope)?;
        // every element has a schema already
        let says_nothing = array.each.is_some() && matches!(additional, Additional::Nothing);
        array.additional = if says_nothing { Additional::Anything } else { additional };
        Ok(())
    }

    fn children(&mut self, items: &'d [Value], scope: &ResolutionScope<'d>) -> Result<Vec<NodeId>, LoadError> {
        items.iter().map(|item| self.child(item, scope)).collect()
    }

    fn rest(&mut self, object: &'d Object, key: &str, scope: &ResolutionScope<'d>) -> Result<Additional, LoadError> {
        let Some(value) = object.get(key) else { return Ok(Additional::Anything) };
        match value.kind {
            json::JsonKind::Bool(true) => Ok(Additional::Anything),
            json::JsonKind::Bool(false) => Ok(Additional::Nothing),
            _ => Ok(Additional::Like(self.child(value, scope)?)),
        }
    }

    fn object(&mut self, object: &'d Object, scope: &ResolutionScope<'d>) -> Result<NodeKind, LoadError> {
        let mut node = ObjectKeywords {
            max_properties: self.size(object, "maxProperties")?,
            min_properties: self.size(object, "minProperties")?,
            additional: self.rest(object, "additionalProperties", scope)?,
            ..ObjectKeywords::default()
        };
        if let Some(properties) = object.get("properties") {
            for member in self.expect_object(properties)?.members() {
                let id = self.child(&member.value, scope)?;
                node.index.insert(member.key.clone(), node.properties.len());
                node.properties.push((member.key.clone(), id));
            }
        }
        if let Some(required) = object.get("required") {
            for name in self.expect_array(required)? {
                node.required.insert(self.expect_string(name)?.into());
            }
        }
        if let Some(patterns) = object.get("patternProperties") {
            for member in self.expect_object(patterns)?.members() {
                self.expect_pattern(&member.value, &member.key)?;
                let schema = self.child(&member.value, scope)?;
                node.patterns.push(PatternProperty { pattern: member.key.clone(), schema, compiled: Once::new() });
            }
        }
        if self.dialect != Dialect::Draft4 {
            self.child_at(object, "propertyNames", scope)?;
        }
        if let Some(dependencies) = object.get("dependencies") {
            for member in self.expect_object(dependencies)?.members() {
                match &member.value.kind {
                    json::JsonKind::Array(names) => self.array_dependency(&member.key, names, &mut node)?,
                    json::JsonKind::Object(_) | json::JsonKind::Bool(_) => {
                        let id = self.child(&member.value, scope)?;
                        node.schema_dependencies.push((member.key.clone(), id));
                    }
                    _ => return self.mismatch(&member.value, "Array, Boolean or Object"),
                }
            }
        }
        Ok(NodeKind::Object(Box::new(node)))
    }

    /// A dependency on no name at all counts as absent.
    pub(super) fn array_dependency(&self, key: &str, names: &'d [Value], node: &mut ObjectKeywords) -> Result<(), LoadError> {
        let mut wanted =
            names.iter().map(|name| self.expect_string(name).map(Into::into)).collect::<Result<Vec<Box<str>>, _>>()?;
        wanted.sort_unstable();
        wanted.dedup();
        if !wanted.is_empty() {
            node.array_dependencies.push((key.into(), wanted));
        }
        Ok(())
    }
}
