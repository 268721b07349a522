//! From the rewritten schema to the model.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Tree};

use super::acceptor::Acceptor;
use super::model::{
    AcceptorNode, AcceptorNodeId, ArrayConstraints, CombinedSchemas, ComparedConstant, Constraints, MAX_NAMES, NamedProperty,
    ObjectConstraints, SizeBounds, TypeSet,
};
use super::scan::SmallDecimal;
use crate::schema::json_schema::dialect::Dialect;
use crate::schema::json_schema::jsonschema_adapter::is_payment;

/// Nodes that one schema may have.
const MAX_NODES: usize = 20_000;
/// Validators for strings that one schema may have: each takes some microseconds to make, and memory.
const MAX_STRING_VALIDATORS: usize = 500;
/// Schemas within schemas.
const MAX_DEPTH: usize = 200;

/// Keywords that can make a value invalid in some dialect.
const DECIDING: [&str; 31] = [
    "additionalItems",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "disallow",
    "divisibleBy",
    "else",
    "enum",
    "extends",
    "if",
    "items",
    "maxContains",
    "minContains",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
];

/// Makes the validator of a schema that has `format` and `pattern` alone.
type MakeStringValidator<'l> = &'l dyn Fn(Tree) -> Option<jsonschema::Validator>;

/// Makes an acceptor of the schema at a pointer; `documents` are the rewritten ones by address, `first` is the schema's own.
pub(crate) fn compile(
    documents: &HashMap<String, Tree>,
    (first, pointer): (&str, &str),
    dialect: Dialect,
    formats: bool,
    string_validators: MakeStringValidator<'_>,
) -> Option<Acceptor> {
    let root = documents.get(first)?.pointer(pointer)?;
    let mut compiler = AcceptorCompiler {
        documents,
        dialect,
        formats,
        string_validators,
        nodes: Vec::new(),
        known: HashMap::new(),
        string_validator_count: 0,
    };
    let root = compiler.schema(root, 0);
    let is_of_use = !matches!(compiler.nodes.get(root), Some(AcceptorNode::Unknown) | None) && compiler.nodes.len() <= MAX_NODES;
    is_of_use.then_some(Acceptor { nodes: compiler.nodes, root, has_string_validators: compiler.string_validator_count > 0 })
}

struct AcceptorCompiler<'d> {
    documents: &'d HashMap<String, Tree>,
    dialect: Dialect,
    formats: bool,
    string_validators: MakeStringValidator<'d>,
    nodes: Vec<AcceptorNode>,
    /// Nodes by the address of their schema.
    known: HashMap<*const Tree, AcceptorNodeId>,
    string_validator_count: usize,
}

/// A keyword that is not understood.
struct NotUnderstood;

type Understood<T> = Result<T, NotUnderstood>;

fn understood<T>(value: Option<T>) -> Understood<T> {
    value.ok_or(NotUnderstood)
}

impl<'d> AcceptorCompiler<'d> {
    fn schema(&mut self, schema: &'d Tree, depth: usize) -> AcceptorNodeId {
        if let Some(known) = self.known.get(&std::ptr::from_ref(schema)) {
            return *known;
        }
        // reserved first: the schema may refer to itself
        let id = self.nodes.len();
        self.nodes.push(AcceptorNode::Unknown);
        self.known.insert(schema, id);
        if depth >= MAX_DEPTH || id >= MAX_NODES {
            return id;
        }
        let node = match schema {
            Tree::Bool(flag) if self.dialect > Dialect::Draft4 => Ok(if *flag { AcceptorNode::Any } else { AcceptorNode::Never }),
            Tree::Object(map) => self.keywords(map, depth + 1),
            _ => Err(NotUnderstood),
        };
        if let (Ok(node), Some(place)) = (node, self.nodes.get_mut(id)) {
            *place = node;
        }
        id
    }

    fn all(&mut self, schemas: &'d Tree, depth: usize) -> Understood<Vec<AcceptorNodeId>> {
        let schemas = understood(schemas.as_array().filter(|schemas| !schemas.is_empty()))?;
        Ok(schemas.iter().map(|schema| self.schema(schema, depth)).collect())
    }

    fn reference(&mut self, text: &Tree, depth: usize) -> Understood<AcceptorNodeId> {
        let text = understood(text.as_str())?;
        let (address, pointer) = text.split_once('#').unwrap_or((text, ""));
        let pointer = percent_decode_str(pointer).decode_utf8().map_err(|_| NotUnderstood)?;
        let documents = self.documents;
        let target = understood(documents.get(address).and_then(|document| document.pointer(&pointer)))?;
        Ok(self.schema(target, depth))
    }

    fn keywords(&mut self, map: &'d Map<String, Tree>, depth: usize) -> Understood<AcceptorNode> {
        if let Some(reference) = map.get("$ref").filter(|_| !self.dialect.is_modern()) {
            // other keywords beside it are ignored
            return Ok(AcceptorNode::Constraints(Box::new(Constraints {
                combined: vec![CombinedSchemas::All(vec![self.reference(reference, depth)?])],
                ..Constraints::default()
            })));
        }
        let mut check = Constraints::default();
        let mut says_something = false;
        for (key, value) in map {
            says_something |= self.keyword(&mut check, map, key, value, depth)?;
        }
        Ok(if says_something { AcceptorNode::Constraints(Box::new(check)) } else { AcceptorNode::Any })
    }

    /// Adds a keyword; false for one that can't make a value invalid.
    fn keyword(
        &mut self,
        check: &mut Constraints,
        map: &'d Map<String, Tree>,
        key: &str,
        value: &'d Tree,
        depth: usize,
    ) -> Understood<bool> {
        match key {
            "$ref" => check.combined.push(CombinedSchemas::All(vec![self.reference(value, depth)?])),
            "allOf" if value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_payment)) => return Ok(false),
            "allOf" => check.combined.push(CombinedSchemas::All(self.all(value, depth)?)),
            "anyOf" => check.combined.push(CombinedSchemas::Any(self.all(value, depth)?)),
            "oneOf" => check.combined.push(CombinedSchemas::One(self.all(value, depth)?)),
            "type" => check.types = Some(types(value)?),
            "enum" if check.values.is_none() => {
                check.values = Some(understood(value.as_array())?.iter().map(constant).collect());
            }
            "const" if check.values.is_none() && self.dialect > Dialect::Draft4 => check.values = Some(vec![constant(value)]),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                let number = understood(value.as_number().and_then(|number| SmallDecimal::read(&number.to_string())))?;
                if key.starts_with("exclusive") && self.dialect == Dialect::Draft4 {
                    return Err(NotUnderstood);
                }
                let bounds = check.number.get_or_insert_default();
                *match key {
                    "minimum" => &mut bounds.least,
                    "maximum" => &mut bounds.most,
                    "exclusiveMinimum" => &mut bounds.above,
                    "exclusiveMaximum" => &mut bounds.below,
                    _ => &mut bounds.divisor,
                } = Some(number);
            }
            "minLength" | "maxLength" => limit(&mut check.string.get_or_insert_default().size, key, value)?,
            "format" if !self.formats => return Ok(false),
            "format" | "pattern" => {
                let strings = check.string.get_or_insert_default();
                if strings.string_validator.is_none() {
                    understood((self.string_validator_count < MAX_STRING_VALIDATORS).then_some(()))?;
                    let said = ["format", "pattern"].into_iter().filter(|key| self.formats || *key != "format");
                    let said = said.filter_map(|key| Some((key.to_owned(), map.get(key)?.clone())));
                    strings.string_validator = Some(understood((self.string_validators)(Tree::Object(said.collect())))?.into());
                    self.string_validator_count += 1;
                }
            }
            "minItems" | "maxItems" => limit(&mut check.array.get_or_insert_default().size, key, value)?,
            "items" if matches!(value, Tree::Object(_) | Tree::Bool(_)) => {
                let each = self.schema(value, depth);
                check.array.get_or_insert_with(ArrayConstraints::default).each = Some(each);
            }
            "properties" | "required" | "additionalProperties" | "minProperties" | "maxProperties" => {
                if check.object.is_none() {
                    check.object = Some(self.members(map, depth)?.into());
                }
            }
            // means something beside a list of `items` only
            "additionalItems" if !map.contains_key("items") => return Ok(false),
            "uniqueItems" if *value == Tree::Bool(false) => return Ok(false),
            _ if DECIDING.contains(&key) => return Err(NotUnderstood),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn members(&mut self, map: &'d Map<String, Tree>, depth: usize) -> Understood<ObjectConstraints> {
        let mut size = SizeBounds::default();
        for key in ["minProperties", "maxProperties"] {
            if let Some(value) = map.get(key) {
                limit(&mut size, key, value)?;
            }
        }
        let others = match map.get("additionalProperties") {
            Some(Tree::Bool(true)) | None => self.place(AcceptorNode::Any),
            Some(Tree::Bool(false)) => self.place(AcceptorNode::Never),
            Some(schema) => self.schema(schema, depth),
        };
        let mut named: Vec<NamedProperty> = Vec::new();
        let mut index = HashMap::new();
        if let Some(properties) = map.get("properties") {
            for (name, schema) in understood(properties.as_object())? {
                index.insert(name.as_str().into(), named.len());
                named.push(NamedProperty::new(name, self.schema(schema, depth), false));
            }
        }
        if let Some(required) = map.get("required") {
            for name in understood(required.as_array())? {
                let name = understood(name.as_str())?;
                let at = *index.entry(name.into()).or_insert(named.len());
                if at == named.len() {
                    named.push(NamedProperty::new(name, others, true));
                } else if let Some(member) = named.get_mut(at) {
                    member.required = true;
                }
            }
        }
        if named.len() > MAX_NAMES {
            return Err(NotUnderstood);
        }
        let required = named.iter().filter(|member| member.required).count();
        Ok(ObjectConstraints { size, named, index, required, others })
    }

    fn place(&mut self, node: AcceptorNode) -> AcceptorNodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

fn types(value: &Tree) -> Understood<TypeSet> {
    let names = match value {
        Tree::Array(names) => names.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut types = TypeSet::default();
    for name in names {
        *match understood(name.as_str())? {
            "null" => &mut types.null,
            "boolean" => &mut types.boolean,
            "object" => &mut types.object,
            "array" => &mut types.array,
            "number" => &mut types.number,
            "integer" => &mut types.integer,
            "string" => &mut types.string,
            _ => return Err(NotUnderstood),
        } = true;
    }
    Ok(types)
}

fn constant(value: &Tree) -> ComparedConstant {
    match value {
        Tree::Null => ComparedConstant::Null,
        Tree::Bool(flag) => ComparedConstant::Bool(*flag),
        Tree::String(text) => ComparedConstant::String(text.as_str().into()),
        Tree::Number(number) => SmallDecimal::read(&number.to_string()).map_or(ComparedConstant::Other, ComparedConstant::Number),
        Tree::Array(_) | Tree::Object(_) => ComparedConstant::Other,
    }
}

fn limit(size: &mut SizeBounds, key: &str, value: &Tree) -> Understood<()> {
    let count = understood(value.as_u64())?;
    if key.starts_with("min") {
        size.least = count;
    } else {
        size.most = count;
    }
    Ok(())
}
