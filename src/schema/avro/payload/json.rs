//! Avro's JSON encoding, and plain JSON.

use std::collections::HashMap;

use super::uuid::{is_uuid, is_uuid_type};
use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::java_number as number;
use crate::schema::json::{self, Value};
use crate::schema::payload::{DataFault, FaultKind, MAX_FAULTS, Work};
use crate::schema::pointer::Segment;

/// How unions are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnionEncoding {
    /// Avro's JSON encoding: `{"string": "a"}`.
    Tagged,
    /// Plain JSON: `"a"`.
    #[default]
    Plain,
}

/// All faults, up to a bound.
pub(super) fn walk(model: &Model, root: NodeId, value: &Value, unions: UnionEncoding, work: &mut Work<'_>) -> Vec<DataFault> {
    let mut walker = JsonWalker::new(model, unions, 0, work);
    walker.value(root, value);
    if walker.spent {
        return vec![DataFault::out_of_work(&[])];
    }
    walker.faults
}

/// Whether a value fits.
pub(super) fn fits(model: &Model, root: NodeId, value: &Value, unions: UnionEncoding, work: &mut Work<'_>) -> bool {
    let mut walker = JsonWalker::new(model, unions, 1, work);
    walker.value(root, value) && !walker.spent
}

struct JsonWalker<'a, 'w, 's> {
    model: &'a Model,
    unions: UnionEncoding,
    path: Vec<Segment<'a>>,
    faults: Vec<DataFault>,
    /// Whether the value at an offset fits a branch. Remembered, because unions in unions ask again and again.
    fits: HashMap<(NodeId, u32), bool>,
    /// How many unions are trying their branches: then faults are not listed.
    silent: usize,
    /// What that was at first.
    silent_at_first: usize,
    spent: bool,
    work: &'w mut Work<'s>,
}

/// Bytes that it takes to remember that a value fits: tables are at least an eighth empty, and double.
const REMEMBERED: usize = 2 * size_of::<((NodeId, u32), bool)>() + 8;
/// Steps that trying a branch takes beside those of its values.
const TRIED: usize = 4;

impl<'a, 'w, 's> JsonWalker<'a, 'w, 's> {
    fn new(model: &'a Model, unions: UnionEncoding, silent: usize, work: &'w mut Work<'s>) -> Self {
        let (path, faults, fits) = (Vec::new(), Vec::new(), HashMap::new());
        Self { model, unions, path, faults, fits, silent, silent_at_first: silent, spent: false, work }
    }

    /// Lists a fault; always false.
    fn fault(&mut self, message: impl FnOnce() -> String) -> bool {
        if self.silent == 0 && self.faults.len() < MAX_FAULTS {
            self.faults.push(DataFault::at(FaultKind::Mismatch, &self.path, message()));
        }
        false
    }

    fn inside(&mut self, segment: Segment<'a>, id: NodeId, value: &'a Value) -> bool {
        self.path.push(segment);
        let fits = self.value(id, value);
        self.path.pop();
        fits
    }

    /// Whether a value fits. Recursion is bounded by the depth of the value.
    fn value(&mut self, id: NodeId, value: &'a Value) -> bool {
        if !self.work.step() {
            self.spent = true;
            return false;
        }
        let model = self.model;
        match (&model.node(id).kind, &value.kind) {
            (NodeKind::Primitive(primitive), _) => self.primitive(id, *primitive, value),
            (NodeKind::Enum(symbols), json::JsonKind::String(symbol)) => {
                symbols.has(symbol, 0) || self.fault(|| "the enum has no such symbol".to_owned())
            }
            (NodeKind::Fixed(fixed), json::JsonKind::String(text)) => {
                let length = text.chars().count();
                if length != fixed.size as usize {
                    return self.fault(|| format!("a fixed of {} bytes, found {length}", fixed.size));
                }
                self.bytes(text)
            }
            (NodeKind::Array(items), json::JsonKind::Array(values)) => {
                let mut fits = true;
                for (index, value) in (0..).zip(values) {
                    fits &= self.inside(Segment::Index(index), *items, value);
                    if self.is_settled(fits) {
                        return false;
                    }
                }
                fits
            }
            (NodeKind::Map(values), json::JsonKind::Object(object)) => {
                let mut fits = true;
                for member in object.members() {
                    fits &= self.inside(Segment::Name(&member.key), *values, &member.value);
                    if self.is_settled(fits) {
                        return false;
                    }
                }
                fits
            }
            (NodeKind::Record(record), json::JsonKind::Object(object)) => {
                let mut fits = true;
                for field in &record.fields {
                    fits &= match object.get(&field.name) {
                        Some(value) => self.inside(Segment::Name(&field.name), field.ty, value),
                        // in plain JSON a field with a default may be left out
                        None if self.unions == UnionEncoding::Plain && field.default.is_some() => true,
                        None => self.fault(|| format!("the field '{}' is missing", field.name)),
                    };
                    if self.is_settled(fits) {
                        return false;
                    }
                }
                for (hint, member) in object.members().iter().enumerate() {
                    if record.find(&member.key, hint).is_none() {
                        self.path.push(Segment::Name(&member.key));
                        fits = self.fault(|| "the record has no such field".to_owned());
                        self.path.pop();
                    }
                }
                fits
            }
            (NodeKind::Union(branches), _) => match self.unions {
                UnionEncoding::Tagged => self.tagged(branches, value),
                UnionEncoding::Plain => self.plain(branches, value),
            },
            (kind, _) => self.mismatch(words(kind), value),
        }
    }

    /// Nothing more can change the outcome.
    fn is_settled(&self, fits: bool) -> bool {
        self.spent || (!fits && (self.silent > 0 || self.faults.len() >= MAX_FAULTS))
    }

    fn mismatch(&mut self, wanted: &str, value: &Value) -> bool {
        let found: &str = (&value.kind).into();
        self.fault(|| format!("expected {wanted}, found {found}"))
    }

    /// Bytes are a string with a character for each.
    fn bytes(&mut self, text: &str) -> bool {
        text.chars().all(|c| u32::from(c) < 256) || self.fault(|| "bytes have only characters up to U+00FF".to_owned())
    }

    fn primitive(&mut self, id: NodeId, primitive: Primitive, value: &'a Value) -> bool {
        match (primitive, &value.kind) {
            (Primitive::Null, json::JsonKind::Null)
            | (Primitive::Boolean, json::JsonKind::Bool(_))
            | (Primitive::Float | Primitive::Double, json::JsonKind::Number(_)) => true,
            (Primitive::Int, json::JsonKind::Number(text)) => {
                let fits = number::as_long(text).is_some_and(|value| i32::try_from(value).is_ok());
                fits || self.fault(|| "the number is no int".to_owned())
            }
            (Primitive::Long, json::JsonKind::Number(text)) => {
                number::as_long(text).is_some() || self.fault(|| "the number is no long".to_owned())
            }
            (Primitive::Float | Primitive::Double, json::JsonKind::String(text))
                if matches!(&**text, "NaN" | "Infinity" | "-Infinity") =>
            {
                true
            }
            (Primitive::Bytes, json::JsonKind::String(text)) => self.bytes(text),
            (Primitive::String, json::JsonKind::String(text)) => {
                let fits = !is_uuid_type(self.model, id) || is_uuid(text);
                fits || self.fault(|| "a string of the logical type uuid is not one".to_owned())
            }
            (primitive, _) => self.mismatch(primitive.word(), value),
        }
    }

    fn is_null(&self, branch: NodeId) -> bool {
        matches!(self.model.node(branch).kind, NodeKind::Primitive(Primitive::Null))
    }

    /// `null`, or an object whose one member is called like the branch.
    fn tagged(&mut self, branches: &'a [NodeId], value: &'a Value) -> bool {
        let model = self.model;
        match &value.kind {
            json::JsonKind::Null if branches.iter().any(|branch| self.is_null(*branch)) => true,
            json::JsonKind::Object(object) => match object.members() {
                [member] => match branches.iter().find(|branch| model.branch_name(**branch) == *member.key) {
                    Some(branch) if !self.is_null(*branch) => self.inside(Segment::Name(&member.key), *branch, &member.value),
                    _ => self.fault(|| format!("the union has no branch of that name; it has {}", names(model, branches))),
                },
                _ => self.fault(|| "a value of a union must be null or an object with one member, the branch".to_owned()),
            },
            _ => self.fault(|| "a value of a union must be null or an object with one member, the branch".to_owned()),
        }
    }

    /// The value of any branch.
    fn plain(&mut self, branches: &'a [NodeId], value: &'a Value) -> bool {
        self.silent += 1;
        let fits = branches.iter().any(|branch| self.try_branch(*branch, value));
        self.silent -= 1;
        if self.silent == self.silent_at_first && !self.fits.is_empty() {
            // what is within is asked for no more
            self.work.give_back(self.fits.len() * REMEMBERED);
            self.fits = HashMap::new();
        }
        if fits || self.spent {
            return fits;
        }
        // with one branch beside null it is clear what was meant, so the faults are those of that branch
        let mut serious = branches.iter().filter(|branch| !self.is_null(**branch));
        let model = self.model;
        match (serious.next(), serious.next()) {
            (Some(branch), None) if self.silent == 0 && value.kind != json::JsonKind::Null => self.value(*branch, value),
            _ => self.fault(|| format!("the value fits no branch of the union, which has {}", names(model, branches))),
        }
    }

    fn try_branch(&mut self, branch: NodeId, value: &'a Value) -> bool {
        if let Some(known) = self.fits.get(&(branch, value.offset)) {
            return *known;
        }
        if !(self.work.steps(TRIED) && self.work.take_memory(REMEMBERED)) {
            self.spent = true;
            return false;
        }
        let fits = self.value(branch, value);
        self.fits.insert((branch, value.offset), fits);
        fits
    }
}

fn names(model: &Model, branches: &[NodeId]) -> String {
    let shown = branches.iter().take(10).map(|branch| model.branch_name(*branch)).collect::<Vec<_>>().join(", ");
    if branches.len() > 10 { format!("{shown}, …") } else { shown }
}

/// What a node is, in words.
pub(super) fn words(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Primitive(primitive) => primitive.word(),
        NodeKind::Array(_) => "an array",
        NodeKind::Map(_) => "a map",
        NodeKind::Union(_) => "a union",
        NodeKind::Record(_) | NodeKind::Pending(_) => "a record",
        NodeKind::Enum(_) => "an enum",
        NodeKind::Fixed(_) => "a fixed",
    }
}
