//! The types of a schema as rules of data contracts see them.

use std::collections::HashMap;

use super::logical_type::{self, Logical};
use super::model::{Model, NodeId, NodeKind, Primitive};
use super::tags::tags_of;
use crate::schema::json::Member;
use crate::schema::typed::{
    BytesForm, DataType, FieldShape, InlineRule, LeafKind, MAX_TYPE_DEPTH, Shape, Shapes, afford_field, afford_type, inline_rules,
};

const RULES: &str = "confluent:rules";

pub(super) fn shapes(model: &Model, root: NodeId) -> Shapes {
    let mut builder = ShapeBuilder { model, places: HashMap::new(), records: Vec::new(), waiting: Vec::new() };
    let root = builder.ty(root, 0);
    while let Some((at, id)) = builder.waiting.pop().filter(|_| afford_type()) {
        let shape = builder.shape(id);
        if let Some(slot) = builder.records.get_mut(at) {
            *slot = shape;
        }
    }
    Shapes { records: builder.records, root, root_path: "", skips_null: false, bytes: BytesForm::Characters }
}

struct ShapeBuilder<'m> {
    model: &'m Model,
    places: HashMap<NodeId, usize>,
    records: Vec<Shape>,
    /// Records that have a place and no fields yet.
    waiting: Vec<(usize, NodeId)>,
}

fn rules_of(props: &[Member]) -> Vec<InlineRule> {
    props.iter().find(|member| &*member.key == RULES).map(|member| inline_rules(&member.value)).unwrap_or_default()
}

fn logical_word(props: &[Member]) -> &str {
    props.iter().find(|member| &*member.key == "logicalType").and_then(|member| member.value.as_str()).unwrap_or("")
}

/// What values of a type are to expressions, and what clients call it.
pub(super) fn leaf(model: &Model, id: NodeId) -> Option<DataType> {
    let node = model.node(id);
    let logical = logical_type::of(model, id);
    let word = if logical == Logical::Other { logical_word(&node.props) } else { "" };
    let kind = match &node.kind {
        NodeKind::Primitive(_) | NodeKind::Fixed(_) if matches!(logical, Logical::Decimal { .. }) => LeafKind::Opaque("decimal"),
        NodeKind::Primitive(primitive) => match (primitive, word) {
            (Primitive::Null, _) => LeafKind::Null,
            (Primitive::Boolean, _) => LeafKind::Bool,
            (Primitive::Int, "time-millis") | (Primitive::Long, "time-micros") => LeafKind::Opaque("a time of day"),
            (Primitive::Long, "timestamp-millis" | "timestamp-micros" | "local-timestamp-millis" | "local-timestamp-micros") => {
                LeafKind::Timestamp
            }
            (Primitive::Int | Primitive::Long, _) => LeafKind::Int,
            (Primitive::Float | Primitive::Double, _) => LeafKind::Double,
            (Primitive::Bytes, _) => LeafKind::Bytes,
            (Primitive::String, _) => LeafKind::String,
        },
        NodeKind::Enum(_) => LeafKind::String,
        NodeKind::Fixed(_) => LeafKind::Bytes,
        _ => return None,
    };
    Some(DataType::leaf(kind, node.type_name()))
}

impl ShapeBuilder<'_> {
    fn ty(&mut self, id: NodeId, depth: usize) -> DataType {
        let id = self.model.first_definition(id);
        if depth > MAX_TYPE_DEPTH || !afford_type() {
            return DataType::Any;
        }
        match &self.model.node(id).kind {
            NodeKind::Array(items) => DataType::List(Box::new(self.ty(*items, depth + 1))),
            NodeKind::Map(values) => DataType::Map(Box::new(self.ty(*values, depth + 1))),
            NodeKind::Union(branches) => DataType::Union(branches.iter().map(|branch| self.ty(*branch, depth + 1)).collect()),
            NodeKind::Record(_) => {
                let at = *self.places.entry(id).or_insert_with(|| {
                    self.records.push(Shape::default());
                    self.waiting.push((self.records.len() - 1, id));
                    self.records.len() - 1
                });
                DataType::Record(at)
            }
            _ => leaf(self.model, id).unwrap_or_default(),
        }
    }

    fn shape(&mut self, id: NodeId) -> Shape {
        let node = self.model.node(id);
        let NodeKind::Record(record) = &node.kind else { return Shape::default() };
        let name = self.model.full_name(&record.named.name);
        let field = |field: &super::model::Field| {
            let ty = self.ty(field.ty, 0);
            FieldShape {
                name: field.name.to_string(),
                full_name: format!("{name}.{}", field.name),
                word: ty.word(),
                ty,
                tags: tags_of(&field.props).into_iter().collect(),
                rules: rules_of(&field.props),
                has_presence: false,
            }
        };
        let affordable = |field: &&super::model::Field| afford_field(name.len() + 2 * field.name.len());
        let fields = record.fields.iter().take_while(affordable).map(field).collect();
        Shape::new(name.clone(), fields, rules_of(&node.props))
    }
}

/// Whether a long of this type counts milliseconds.
pub(super) fn is_millis(model: &Model, id: NodeId) -> bool {
    matches!(logical_word(&model.node(id).props), "timestamp-millis" | "local-timestamp-millis")
}
