//! Values of expressions.

use std::sync::Arc;

use crate::schema::typed::{DataType, LeafKind, Shapes};

#[derive(Debug, Clone)]
pub(crate) enum CelValue {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    /// Microseconds since 1970: clients have no finer times either.
    Timestamp(i64),
    /// Microseconds.
    Duration(i64),
    List(Arc<Vec<CelValue>>),
    /// Keys are booleans, numbers or strings; no two are the same.
    Map(Arc<Vec<(CelValue, CelValue)>>),
    Message(Arc<MessageValue>),
    Type(&'static str),
    /// What expressions are not run on here.
    Opaque(&'static str, Arc<str>),
}

/// A Protobuf message, whose fields have values also where they were not written.
#[derive(Debug)]
pub(crate) struct MessageValue {
    pub(crate) shapes: Arc<Shapes>,
    pub(crate) shape: usize,
    pub(crate) values: Vec<Option<CelValue>>,
}

impl CelValue {
    pub(crate) fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn list(items: Vec<CelValue>) -> Self {
        Self::List(Arc::new(items))
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Map(_) | Self::Message(_) => "map",
            Self::Type(_) => "type",
            Self::Opaque(name, _) => name,
        }
    }

    /// Bytes that the value itself takes, without what it shares with others.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => text.len(),
                Self::Bytes(bytes) => bytes.len(),
                Self::List(items) => items.len() * size_of::<Self>(),
                Self::Map(entries) => entries.len() * size_of::<(Self, Self)>(),
                _ => 0,
            }
    }

    /// Whether Python takes it for true, which is what its client asks of the result of a condition.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Uint(value) => *value != 0,
            Self::Double(value) => *value != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Duration(micros) => *micros != 0,
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
            Self::Timestamp(_) | Self::Message(_) | Self::Type(_) | Self::Opaque(..) => true,
        }
    }
}

impl MessageValue {
    /// A message of which no field was written.
    pub(crate) fn empty(shapes: &Arc<Shapes>, shape: usize) -> Self {
        let count = shapes.records.get(shape).map_or(0, |shape| shape.fields.len());
        Self { shapes: Arc::clone(shapes), shape, values: vec![None; count] }
    }

    fn place(&self, name: &str) -> Option<usize> {
        Some(self.shapes.records.get(self.shape)?.field(name)?.0)
    }

    /// The value of a field, or the one that stands for it; `None` where there is no such field.
    pub(crate) fn get(&self, name: &str) -> Option<CelValue> {
        self.at(self.place(name)?)
    }

    pub(crate) fn at(&self, place: usize) -> Option<CelValue> {
        match self.values.get(place)? {
            Some(value) => Some(value.clone()),
            None => Some(default(&self.shapes, &self.shapes.records.get(self.shape)?.fields.get(place)?.ty)),
        }
    }

    /// Whether a field was written; one that can't tell, whether it has another value than its default.
    pub(crate) fn has(&self, name: &str) -> bool {
        let Some(place) = self.place(name) else { return false };
        let has_presence = |place: usize| self.shapes.records.get(self.shape)?.fields.get(place).map(|field| field.has_presence);
        match self.values.get(place) {
            Some(Some(value)) => has_presence(place) == Some(true) || value.is_truthy(),
            _ => false,
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.shapes.records.get(self.shape).into_iter().flat_map(|shape| &shape.fields).map(|field| field.name.as_str())
    }
}

/// What stands for a field that was not written.
fn default(shapes: &Arc<Shapes>, ty: &DataType) -> CelValue {
    match ty {
        DataType::List(_) => CelValue::list(Vec::new()),
        DataType::Map(_) => CelValue::Map(Arc::default()),
        DataType::Record(shape) => CelValue::Message(Arc::new(MessageValue::empty(shapes, *shape))),
        DataType::Leaf { kind, .. } => match kind {
            LeafKind::Null => CelValue::Null,
            LeafKind::Bool => CelValue::Bool(false),
            LeafKind::Int => CelValue::Int(0),
            LeafKind::Uint => CelValue::Uint(0),
            LeafKind::Double | LeafKind::Number => CelValue::Double(0.0),
            LeafKind::String => CelValue::string(""),
            LeafKind::Bytes => CelValue::Bytes([].into()),
            LeafKind::Timestamp => CelValue::Timestamp(0),
            LeafKind::Duration => CelValue::Duration(0),
            LeafKind::Opaque(name) => CelValue::Opaque(name, "null".into()),
        },
        DataType::Any | DataType::Union(_) | DataType::Wrapper(_) => CelValue::Null,
    }
}
