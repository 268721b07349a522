//! What the converters of the formats share.

use std::cell::Cell;

use super::ddl::type_expression;
use super::error::ConversionError;
use super::model::{Constraint, LogicalType, MAX_TYPE_DEPTH, Type, TypeKind};
use crate::schema::deep_stack::{UNMEASURED, on_deep_stack};
use crate::schema::meter;

/// Levels of conversion: other than levels of types they also count along references.
pub(crate) const MAX_STEPS: usize = 1_000;

thread_local! {
    /// Bytes that the types of this conversion take.
    static RESERVED: Cell<usize> = const { Cell::new(0) };
}

/// Runs a conversion where there is stack for all its levels.
pub(crate) fn convert(
    work: impl FnOnce() -> Result<LogicalType, ConversionError> + Send,
) -> Result<LogicalType, ConversionError> {
    let counted = || {
        let outer = RESERVED.replace(0);
        let result = work();
        // what comes of it lives as long as its judgement
        meter::release(RESERVED.replace(outer));
        result
    };
    on_stack(counted).unwrap_or_else(|| Err(ConversionError::new("no memory to convert the schema")))
}

/// Runs work on logical types where the stack is deep enough for all of them. `None` when there is no memory for that.
pub fn on_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    on_deep_stack(UNMEASURED, work)
}

/// How deep a conversion is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Depth {
    /// Levels of types.
    pub(crate) types: usize,
    steps: usize,
}

impl Depth {
    /// One level of types deeper.
    pub(crate) fn inner(self) -> Self {
        Self { types: self.types + 1, ..self }
    }

    /// Back at the top, as the body of a named type is.
    pub(crate) fn of_named(self) -> Self {
        Self { types: 0, ..self }
    }

    /// Enters a type of a schema in this format.
    ///
    /// # Errors
    /// It is too deep, or too much.
    pub(crate) fn enter(self, format: &str) -> Result<Self, ConversionError> {
        if self.types > MAX_TYPE_DEPTH {
            let message = format!("Schema type nesting depth exceeds the maximum of {MAX_TYPE_DEPTH}");
            return Err(ConversionError::new(message));
        }
        if self.steps >= MAX_STEPS {
            return Err(ConversionError::new(format!("{format} schema nests types too deeply to convert")));
        }
        meter::charge(20)?;
        meter::reserve(TYPE_BYTES)?;
        RESERVED.set(RESERVED.get() + TYPE_BYTES);
        Ok(Self { steps: self.steps + 1, ..self })
    }
}

/// Bytes that a type takes, roughly.
const TYPE_BYTES: usize = 256;

/// A constraint, if it has both conditions.
pub(crate) fn constraint(name: &str, doc: &str, expr: &str, sql: &str) -> Option<Constraint> {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Constraint { name: text(name), doc: text(doc), expr: text(expr)?, sql: text(sql)? })
}

/// A multiset is a map of its elements to how often they occur.
pub(crate) fn multiset(element: Type, count: &Type) -> Result<TypeKind, ConversionError> {
    if count.kind != TypeKind::Int {
        let message = format!("Unexpected value type for a MULTISET type: {}", type_expression(count));
        return Err(ConversionError::new(message));
    }
    Ok(TypeKind::Multiset(Box::new(element)))
}
