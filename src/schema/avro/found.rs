//! What the compatibility walk finds, and its texts on the wire.

use super::model::NodeId;
use crate::schema::format::Direction;

/// The kinds of incompatibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    FixedSizeMismatch,
    TypeMismatch,
    NameMismatch,
    MissingEnumSymbols,
    MissingUnionBranch,
    ReaderFieldMissingDefaultValue,
    /// Two writer fields answer to one reader field. The original gives up the whole check.
    AmbiguousField,
}

impl Rule {
    /// The stable id.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::NameMismatch => "NAME_MISMATCH",
            Self::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::MissingUnionBranch => "MISSING_UNION_BRANCH",
            Self::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Self::AmbiguousField => "AMBIGUOUS_FIELD_ALIAS",
        }
    }
}

/// One incompatibility.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) rule: Rule,
    /// Slash-separated, `/` for the root.
    pub(super) path: String,
    /// The original's own text, `additionalInfo` on the wire.
    pub(super) info: String,
    /// The type on the reader's side.
    pub(super) reader: NodeId,
    /// The type on the writer's side.
    pub(super) writer: NodeId,
    /// Offsets in the two texts.
    pub(super) places: (u32, u32),
}

impl Found {
    /// The message of the REST API.
    pub(super) fn message(&self, direction: Direction) -> String {
        let (r, w, path, info) = (direction.reader(), direction.writer(), &self.path, &self.info);
        let description = match self.rule {
            Rule::FixedSizeMismatch => {
                format!("The size of FIXED type field at path '{path}' in the {r} schema does not match with the {w} schema")
            }
            Rule::TypeMismatch => {
                format!("The type (path '{path}') of a field in the {r} schema does not match with the {w} schema")
            }
            Rule::NameMismatch => format!("The name of the schema has changed (path '{path}')"),
            Rule::MissingEnumSymbols => {
                format!("The {r} schema is missing enum symbols '{info}' at path '{path}' in the {w} schema")
            }
            Rule::MissingUnionBranch => {
                format!("The {r} schema is missing a type inside a union field at path '{path}' in the {w} schema")
            }
            Rule::ReaderFieldMissingDefaultValue => {
                format!(
                    "The field '{info}' at path '{path}' in the {r} schema has no default value and is missing in the {w} schema"
                )
            }
            Rule::AmbiguousField => return format!("Unexpected exception during compatibility check: {info}"),
        };
        format!("{{errorType:'{}', description:'{description}', additionalInfo:'{info}'}}", self.rule.id())
    }

    /// What it costs to report, in units of work.
    pub(super) fn cost(&self) -> u64 {
        const EACH: u64 = 100;
        EACH + (self.path.len() + self.info.len()) as u64 / 8
    }
}
