use strum::VariantArray;

/// The rules of the engines, with Confluent's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EngineRule {
    // of one type
    EmptyStruct,
    FieldNameCaseCollision,
    CyclicType,
    UnresolvedTypeRef,
    PrecisionOutOfRange,
    ScaleOutOfRange,
    LengthOutOfRange,
    UnrepresentableType,
    // of a change
    RequiredFieldAdded,
    FieldDeleted,
    FieldReordered,
    NullableToNonNullable,
    NonNullableDefaultRemoved,
    MapKeyTypeMismatch,
    TypeMismatch,
    UnsupportedTypeChange,
}

impl EngineRule {
    pub const ALL: &'static [EngineRule] = Self::VARIANTS;

    /// Confluent's name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Why the engine can't go on, and what would help.
    pub fn explain(self, engine: &str) -> (String, &'static str) {
        let (why, remedy) = match self {
            Self::EmptyStruct => ("has no struct without fields", "Give it a field, or leave it out."),
            Self::FieldNameCaseCollision => {
                ("finds columns without regard to case, so it can't tell these two apart", "Rename one of them.")
            }
            Self::CyclicType => {
                ("has no recursive types, so a type that contains itself has no columns", "Refer to the parent by a key instead.")
            }
            Self::UnresolvedTypeRef => {
                ("can't make columns of a type that is not defined", "Declare the type, or its reference.")
            }
            Self::PrecisionOutOfRange => ("holds decimals of 1 to 38 digits only", "Declare a precision from 1 to 38."),
            Self::ScaleOutOfRange => ("needs a scale between 0 and the precision", "Declare such a scale."),
            Self::LengthOutOfRange => ("needs at least one character or byte in a type of fixed length", "Declare a length."),
            Self::UnrepresentableType => (
                "has no type for these values in this format version",
                "Use a type that it has, such as microseconds or a string.",
            ),
            Self::RequiredFieldAdded => (
                "has no value for the new column in rows that were written before",
                "Make the column nullable, or give it a default where the engine knows defaults.",
            ),
            Self::FieldDeleted => ("loses the column, and with it what older rows hold", "Keep the column, and stop filling it."),
            Self::FieldReordered => {
                ("expects columns in the order that they had", "Keep the order, and add new columns at the end.")
            }
            Self::NullableToNonNullable => ("finds nulls in older rows that the column no longer takes", "Leave it nullable."),
            Self::NonNullableDefaultRemoved => {
                ("has no value any more for rows that left the column out", "Keep the default, or make the column nullable.")
            }
            Self::MapKeyTypeMismatch => ("can't change the type of a map's keys", "Keep the type of the keys."),
            Self::TypeMismatch => ("can't read values of one kind as another", "Add a column of the new type instead."),
            Self::UnsupportedTypeChange => (
                "can't read what was stored as the new type without changing its meaning",
                "Add a column of the new type instead.",
            ),
        };
        (format!("{engine} {why}."), remedy)
    }
}
