//! Types and data as rules of data contracts see them. Clients walk data along `properties`, `items`, `allOf` and `$ref`; of `oneOf` and
//! `anyOf` they take the subschema that the data satisfies. Here that is the only one whose JSON type fits; where several do, what is below
//! is not walked.

use std::collections::{HashMap, HashSet};

use super::resolve::{ResolvedValue, Resolver, address};
use super::schema::Schema;
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::json::{JsonKind, Object, Value};
use crate::schema::meter;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::typed::{
    BytesForm, DataType, FieldShape, LeafKind, MAX_TYPE_DEPTH, Shape, Shapes, Typed, TypedRecord, afford_field, afford_type,
    inline_rules,
};

const RULES: &str = "confluent:rules";
const TAGS: &str = "confluent:tags";
/// Work for the types of a schema: combinations of combinations have no end. Of a schema that takes more nothing is known.
const MAX_UNITS: u64 = 200_000;

impl Schema {
    /// The types as rules of data contracts see them.
    pub fn shapes(&self) -> Shapes {
        let made = || on_deep_stack(self.nesting, || shapes(self)).unwrap_or_default();
        meter::with_part(MAX_UNITS, made).unwrap_or_default()
    }
}

fn shapes(schema: &Schema) -> Shapes {
    let mut builder = ShapeBuilder {
        resolver: Resolver::new(&schema.documents),
        places: HashMap::new(),
        records: Vec::new(),
        waiting: Vec::new(),
    };
    let root = match builder.resolver.root(0) {
        Ok(root) => builder.ty(&root, 0),
        Err(_) => DataType::Any,
    };
    while let Some((at, target)) = builder.waiting.pop() {
        if meter::charge(20).is_err() {
            break;
        }
        let shape = builder.shape(&target);
        if let Some(slot) = builder.records.get_mut(at) {
            *slot = shape;
        }
    }
    Shapes { records: builder.records, root, root_path: "$", skips_null: true, bytes: BytesForm::Characters }
}

struct ShapeBuilder<'d> {
    resolver: Resolver<'d>,
    /// Places of objects by the addresses of their schemas.
    places: HashMap<usize, usize>,
    records: Vec<Shape>,
    /// Objects that have a place and no properties yet.
    waiting: Vec<(usize, ResolvedValue<'d>)>,
}

fn texts(object: &Object, key: &str) -> Vec<String> {
    let listed = object.get(key).and_then(Value::as_array).unwrap_or_default();
    listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn leaf(word: &str) -> DataType {
    match word {
        "string" => DataType::leaf(LeafKind::String, "STRING"),
        "integer" => DataType::leaf(LeafKind::Int, "INT"),
        "number" => DataType::leaf(LeafKind::Number, "DOUBLE"),
        "boolean" => DataType::leaf(LeafKind::Bool, "BOOLEAN"),
        "null" => DataType::leaf(LeafKind::Null, "NULL"),
        _ => DataType::Any,
    }
}

/// What clients call a type, by what stands at it alone.
fn word(object: &Object) -> &'static str {
    if object.get("const").or_else(|| object.get("enum")).is_some() {
        return "ENUM";
    }
    let has_properties = object.get("properties").and_then(Value::as_object).is_some_and(|found| !found.is_empty());
    match object.get("type").and_then(Value::as_str) {
        Some("object") if !has_properties => "MAP",
        Some("array") => "ARRAY",
        Some("object") => "RECORD",
        Some(word) => leaf(word).word(),
        None if has_properties => "RECORD",
        None => "NULL",
    }
}

impl<'d> ShapeBuilder<'d> {
    fn inside(&self, value: &'d Value, around: &ResolvedValue<'d>) -> ResolvedValue<'d> {
        ResolvedValue { value, scope: self.resolver.enter(around.value, &around.scope) }
    }

    fn ty(&mut self, target: &ResolvedValue<'d>, depth: usize) -> DataType {
        let Some(object) = target.value.as_object().filter(|_| depth <= MAX_TYPE_DEPTH && afford_type()) else {
            return DataType::Any;
        };
        if let Some(types) = object.get("type").and_then(Value::as_array).filter(|types| !types.is_empty()) {
            let branch = |word: &Value| match word.as_str().unwrap_or("") {
                "object" => self.object(target, object),
                "array" => self.items(target, object, depth),
                word => leaf(word),
            };
            return DataType::Union(types.iter().map(branch).collect());
        }
        for keyword in ["oneOf", "anyOf"] {
            if object.get("allOf").is_none()
                && let Some(branches) = object.get(keyword).and_then(Value::as_array)
            {
                return DataType::Union(branches.iter().map(|branch| self.ty(&self.inside(branch, target), depth + 1)).collect());
            }
        }
        if object.get("allOf").is_some() {
            return self.object(target, object);
        }
        if object.get("items").is_some() {
            return self.items(target, object, depth);
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let scope = self.resolver.enter(target.value, &target.scope);
            return self.resolver.find(reference, &scope).map_or(DataType::Any, |found| self.ty(&found, depth + 1));
        }
        match word(object) {
            "RECORD" => self.object(target, object),
            "ENUM" => {
                let mut values =
                    object.get("enum").and_then(Value::as_array).unwrap_or_default().iter().chain(object.get("const"));
                if values.all(|value| value.as_str().is_some()) {
                    DataType::leaf(LeafKind::String, "ENUM")
                } else {
                    DataType::Any
                }
            }
            _ => object.get("type").and_then(Value::as_str).map_or(DataType::Any, leaf),
        }
    }

    fn items(&mut self, target: &ResolvedValue<'d>, object: &'d Object, depth: usize) -> DataType {
        match object.get("items") {
            Some(items) => DataType::List(Box::new(self.ty(&self.inside(items, target), depth + 1))),
            None => DataType::List(Box::new(DataType::Any)),
        }
    }

    fn object(&mut self, target: &ResolvedValue<'d>, object: &'d Object) -> DataType {
        if object.get("properties").or_else(|| object.get("allOf")).is_none() {
            return DataType::Any;
        }
        let at = *self.places.entry(address(target.value)).or_insert_with(|| {
            self.records.push(Shape { is_open: true, ..Shape::default() });
            self.waiting.push((self.records.len() - 1, target.clone()));
            self.records.len() - 1
        });
        DataType::Record(at)
    }

    fn shape(&mut self, target: &ResolvedValue<'d>) -> Shape {
        let mut shape = Shape { is_open: true, ..Shape::default() };
        if let Some(object) = target.value.as_object() {
            let title = object.get("title").and_then(Value::as_str);
            title.unwrap_or("the object").clone_into(&mut shape.name);
            shape.is_open = object.get("additionalProperties").is_none_or(|value| value.kind != JsonKind::Bool(false))
                || object.get("patternProperties").is_some()
                || object.get("allOf").is_some();
        }
        self.collect(target, &mut shape, &mut HashSet::new(), 0);
        shape
    }

    /// The properties of an object, those of `allOf` included; `seen` are those that the shape has.
    fn collect(&mut self, target: &ResolvedValue<'d>, shape: &mut Shape, seen: &mut HashSet<&'d str>, depth: usize) {
        let Some(object) = target.value.as_object().filter(|_| depth <= MAX_TYPE_DEPTH && meter::charge(5).is_ok()) else {
            return;
        };
        for part in object.get("allOf").and_then(Value::as_array).unwrap_or_default() {
            let part = self.inside(part, target);
            self.collect(&part, shape, seen, depth + 1);
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str).filter(|_| depth > 0) {
            let scope = self.resolver.enter(target.value, &target.scope);
            if let Ok(found) = self.resolver.find(reference, &scope) {
                self.collect(&found, shape, seen, depth + 1);
            }
        }
        shape.rules.extend(object.get(RULES).map(inline_rules).unwrap_or_default());
        for member in object.get("properties").and_then(Value::as_object).map_or(&[][..], Object::members) {
            if meter::charge(2).is_err() {
                return;
            }
            let Some(own) = member.value.as_object() else { continue };
            if !seen.insert(&member.key) {
                continue;
            }
            if !afford_field(member.key.len()) {
                return;
            }
            let ty = self.ty(&self.inside(&member.value, target), 0);
            // checks at an object are those of the object
            let is_own = matches!(ty, DataType::Record(_)) && own.get("$ref").is_none();
            let rules = if is_own { Vec::new() } else { own.get(RULES).map(inline_rules).unwrap_or_default() };
            shape.fields.push(FieldShape {
                name: member.key.to_string(),
                full_name: String::new(),
                word: word(own),
                ty,
                tags: texts(own, TAGS).into_iter().collect(),
                rules,
                has_presence: false,
            });
        }
    }
}

/// What a value takes, roughly, apart from its text.
const VALUE: usize = size_of::<Typed>() * 2;

fn too_much() -> DataFault {
    DataFault::new(FaultKind::Memory, "", "the data takes too much memory when rules are run on it")
}

/// The value of some JSON along the shapes of its schema. Recursion is bounded by the depth of data.
///
/// # Errors
/// It takes too much memory.
pub fn typed(shapes: &Shapes, value: &Value, work: &mut Work<'_>) -> Result<Typed, DataFault> {
    convert(shapes, &shapes.root, value, work)
}

fn convert(shapes: &Shapes, ty: &DataType, value: &Value, work: &mut Work<'_>) -> Result<Typed, DataFault> {
    let text = if let JsonKind::String(text) = &value.kind { text.len() } else { 0 };
    if !(work.step() && work.take_memory(text + VALUE)) {
        return Err(too_much());
    }
    if let DataType::Union(branches) = ty {
        let mut fitting = branches.iter().enumerate().filter(|(_, branch)| fits(branch, &value.kind, work));
        let found = (fitting.next(), fitting.next());
        return match found {
            (Some((at, branch)), None) => Ok(Typed::Branch(at, Box::new(convert(shapes, branch, value, work)?))),
            _ => convert(shapes, &DataType::Any, value, work),
        };
    }
    Ok(match &value.kind {
        JsonKind::Null => Typed::Null,
        JsonKind::Bool(value) => Typed::Bool(*value),
        JsonKind::String(text) => Typed::String(text.to_string()),
        JsonKind::Number(text) if text.contains(['.', 'e', 'E']) => Typed::Double(text.parse().unwrap_or(f64::NAN)),
        JsonKind::Number(text) => match text.parse() {
            Ok(value) => Typed::Int(value),
            Err(_) => Typed::Opaque("an integer of more than 64 bits", (&**text).into()),
        },
        JsonKind::Array(items) => {
            let item = if let DataType::List(item) = ty { &**item } else { &DataType::Any };
            Typed::List(items.iter().map(|value| convert(shapes, item, value, work)).collect::<Result<_, _>>()?)
        }
        JsonKind::Object(object) => {
            let shape = if let DataType::Record(at) = ty { shapes.records.get(*at).map(|shape| (*at, shape)) } else { None };
            if let Some((at, shape)) = shape {
                if !work.take_memory(shape.fields.len() * VALUE / 2) {
                    return Err(too_much());
                }
                let mut record = TypedRecord { shape: at, values: vec![None; shape.fields.len()], others: Vec::new() };
                for member in object.members() {
                    match shape.field(&member.key) {
                        Some((place, field)) => {
                            let typed = convert(shapes, &field.ty, &member.value, work)?;
                            if let Some(slot) = record.values.get_mut(place) {
                                *slot = Some(typed);
                            }
                        }
                        None => {
                            record.others.push((member.key.to_string(), convert(shapes, &DataType::Any, &member.value, work)?));
                        }
                    }
                }
                Typed::Record(Box::new(record))
            } else {
                let mut made = Vec::with_capacity(object.len());
                for member in object.members() {
                    made.push((Typed::String(member.key.to_string()), convert(shapes, &DataType::Any, &member.value, work)?));
                }
                Typed::Map(made)
            }
        }
    })
}

/// Whether a type may be that of a value, by the kind of JSON that it is.
fn fits(ty: &DataType, kind: &JsonKind, work: &mut Work<'_>) -> bool {
    work.step()
        && match (ty, kind) {
            (DataType::Any, _)
            | (DataType::Leaf { kind: LeafKind::Null, .. }, JsonKind::Null)
            | (DataType::Leaf { kind: LeafKind::Bool, .. }, JsonKind::Bool(_))
            | (DataType::Leaf { kind: LeafKind::String, .. }, JsonKind::String(_))
            | (DataType::Leaf { kind: LeafKind::Number, .. }, JsonKind::Number(_))
            | (DataType::List(_), JsonKind::Array(_))
            | (DataType::Record(_) | DataType::Map(_), JsonKind::Object(_)) => true,
            (DataType::Leaf { kind: LeafKind::Int, .. }, JsonKind::Number(text)) => !text.contains(['.', 'e', 'E']),
            (DataType::Union(branches), kind) => branches.iter().any(|branch| fits(branch, kind, work)),
            _ => false,
        }
}
