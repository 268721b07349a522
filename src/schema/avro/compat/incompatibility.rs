//! The reasons why a reader can't read what a writer wrote, and their texts on the wire (avro 4.3).

use crate::schema::avro::model::NodeId;
use crate::schema::format::Direction;

/// `SchemaIncompatibilityType` of Avro's Java library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum IncompatibilityType {
    FixedSizeMismatch,
    TypeMismatch,
    NameMismatch,
    MissingEnumSymbols,
    MissingUnionBranch,
    ReaderFieldMissingDefaultValue,
    /// The name and aliases of a reader's field name several fields of the writer. Avro's Java library throws; there is no type.
    #[strum(serialize = "AMBIGUOUS_FIELD_ALIAS")]
    AmbiguousField,
}

impl IncompatibilityType {
    pub(super) fn id(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Incompatibility {
    pub(super) kind: IncompatibilityType,
    /// Slash-separated; `/` is the root.
    pub(super) path: String,
    /// `additionalInfo` on the wire.
    pub(super) info: String,
    pub(super) reader: NodeId,
    pub(super) writer: NodeId,
    /// Offsets in the two texts.
    pub(super) places: (u32, u32),
}

impl Incompatibility {
    pub(super) fn message(&self, direction: Direction) -> String {
        let (r, w, path, info) = (direction.reader(), direction.writer(), &self.path, &self.info);
        let description = match self.kind {
            IncompatibilityType::FixedSizeMismatch => {
                format!("The size of FIXED type field at path '{path}' in the {r} schema does not match with the {w} schema")
            }
            IncompatibilityType::TypeMismatch => {
                format!("The type (path '{path}') of a field in the {r} schema does not match with the {w} schema")
            }
            IncompatibilityType::NameMismatch => format!("The name of the schema has changed (path '{path}')"),
            IncompatibilityType::MissingEnumSymbols => {
                format!("The {r} schema is missing enum symbols '{info}' at path '{path}' in the {w} schema")
            }
            IncompatibilityType::MissingUnionBranch => {
                format!("The {r} schema is missing a type inside a union field at path '{path}' in the {w} schema")
            }
            IncompatibilityType::ReaderFieldMissingDefaultValue => {
                format!(
                    "The field '{info}' at path '{path}' in the {r} schema has no default value and is missing in the {w} schema"
                )
            }
            IncompatibilityType::AmbiguousField => return format!("Unexpected exception during compatibility check: {info}"),
        };
        format!("{{errorType:'{}', description:'{description}', additionalInfo:'{info}'}}", self.kind.id())
    }

    /// Units of work that reporting it costs.
    pub(super) fn cost(&self) -> u64 {
        const EACH: u64 = 100;
        EACH + (self.path.len() + self.info.len()) as u64 / 8
    }
}
