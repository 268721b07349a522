//! Confluent's kinds of differences: names on the wire, texts, and what they mean (protobuf 5.2).

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the wire names; protobuf 5.2 describes them")]
pub enum DifferenceKind {
    PackageChanged,
    MessageAdded,
    MessageRemoved,
    MessageMoved,
    EnumAdded,
    EnumRemoved,
    EnumConstAdded,
    EnumConstChanged,
    EnumConstRemoved,
    FieldKindChanged,
    FieldScalarKindChanged,
    FieldNamedTypeChanged,
    FieldNumericLabelChanged,
    FieldStringOrBytesLabelChanged,
    RequiredFieldAdded,
    RequiredFieldRemoved,
    FieldAdded,
    FieldRemoved,
    FieldNameChanged,
    OneofAdded,
    OneofRemoved,
    OneofFieldAdded,
    OneofFieldRemoved,
    OneofFieldMovedToTopLevel,
    MultipleFieldsMovedToOneof,
    FieldMovedToExistingOneof,
}

impl DifferenceKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// False for the eleven kinds that fail a check.
    pub fn is_compatible(self) -> bool {
        !matches!(
            self,
            Self::PackageChanged
                | Self::MessageRemoved
                | Self::FieldKindChanged
                | Self::FieldScalarKindChanged
                | Self::FieldNamedTypeChanged
                | Self::FieldNumericLabelChanged
                | Self::RequiredFieldAdded
                | Self::RequiredFieldRemoved
                | Self::OneofFieldRemoved
                | Self::MultipleFieldsMovedToOneof
                | Self::FieldMovedToExistingOneof
        )
    }

    /// Confluent's message; irregular spacing and punctuation are part of it.
    pub(super) fn message(self, path: &str, reader: &str, writer: &str) -> String {
        let text = match self {
            Self::PackageChanged => {
                format!("The package at '{path}' in the {reader} schema does not match the package in the {writer} schema")
            }
            Self::MessageRemoved => {
                format!("The {reader} schema is missing a MESSAGE type at path '{path}' in the {writer} schema")
            }
            Self::FieldKindChanged => {
                format!("The type of a field at path '{path}' in the {reader} schema does not match the {writer} schema")
            }
            Self::FieldScalarKindChanged => format!(
                "The kind of a SCALAR field at path '{path}' in the {reader} schema does not match its kind in the {writer} \
                 schema"
            ),
            Self::FieldNamedTypeChanged => format!(
                "The type of a MESSAGE field at path '{path}' in the {reader} schema does not match its type in the \
                 {writer} schema"
            ),
            Self::FieldNumericLabelChanged => format!(
                "The label for a NUMERIC field at path '{path}' in the {reader} schema does not match its label in the \
                 {writer} schema"
            ),
            Self::RequiredFieldAdded => {
                format!("A required field  at path '{path}' in the {reader} schema is missing in the {writer} schema")
            }
            Self::RequiredFieldRemoved => {
                format!("The {reader} schema is missing a required field at path: '{path}' in the {writer} schema")
            }
            Self::OneofFieldRemoved => {
                format!("The {reader} schema is missing a oneof field at path '{path}' in the {writer} schema")
            }
            Self::MultipleFieldsMovedToOneof => format!(
                "Multiple fields in the oneof at path '{path}' in the {reader} schema are outside a oneof in the {writer} \
                 schema"
            ),
            Self::FieldMovedToExistingOneof => format!(
                "A field in the oneof at path '{path}' in the {reader} schema is outside an existing oneof in the {writer} \
                 schema"
            ),
            // compatible kinds are never shown, and Confluent has no text for them
            _ => self.name().to_owned(),
        };
        wire_message(self.name(), &text)
    }

    /// Which reader fails on which data, and what would help. `what` is the element.
    pub(super) fn explain(self, what: &str, reader: &str, writer: &str) -> (String, &'static str) {
        match self {
            Self::PackageChanged => (
                format!(
                    "The {reader} schema calls its messages by another package, so a reader that looks a type up by its \
                     full name \
                     (Any, serializers, descriptors) does not find what the {writer} schema wrote."
                ),
                "Keep the package, or register the file under another subject.",
            ),
            Self::MessageRemoved => (
                format!("Data that holds {what} can't be read with the {reader} schema: it does not declare the message."),
                "Keep the message, also when nothing in the file uses it any more.",
            ),
            Self::FieldKindChanged => (
                format!(
                    "The bytes that the {writer} schema writes for {what} are of another kind (number or string, message, \
                     map) than \
                     the {reader} schema expects, so they are dropped or misread."
                ),
                "Give the new type a new field number and keep or reserve the old one.",
            ),
            Self::FieldScalarKindChanged => (
                format!(
                    "The {reader} schema decodes {what} by another encoding than the {writer} schema wrote it in, so values \
                     are dropped \
                     or come out wrong."
                ),
                "Use a type of the same encoding, or a new field number.",
            ),
            Self::FieldNamedTypeChanged => (
                format!(
                    "{what} holds a message that the {reader} schema takes for another one than the {writer} schema \
                 wrote."
                ),
                "Keep the message's name and change it in place, or use a new field number.",
            ),
            Self::FieldNumericLabelChanged => (
                format!(
                    "{what} is a list on one side and a single number on the other: packed elements are dropped by a single \
                     reader, and \
                     a missing value differs from an empty list."
                ),
                "Keep the label, or use a new field number.",
            ),
            Self::RequiredFieldAdded => (
                format!(
                    "The {reader} schema refuses every record of the {writer} schema, because {what} is required and not in it."
                ),
                "Make the field optional.",
            ),
            Self::RequiredFieldRemoved => (
                format!(
                    "{what} is required by the {writer} schema and unknown to the {reader} schema, so it is lost on the way."
                ),
                "Keep the field, or make it optional in a version of its own first.",
            ),
            Self::OneofFieldRemoved => (
                format!(
                    "When the {writer} schema wrote {what}, a reader with the {reader} schema sees an unset oneof and can't \
                     tell it from \
                     one that was never set."
                ),
                "Keep the member and mark it deprecated.",
            ),
            Self::MultipleFieldsMovedToOneof | Self::FieldMovedToExistingOneof => (
                format!(
                    "The {writer} schema may set several members of {what} at once; a reader with the {reader} schema keeps \
                     only the last \
                     one and loses the others."
                ),
                "Leave the fields outside the oneof; a new oneof may take one existing field.",
            ),
            _ => (String::new(), ""),
        }
    }
}

/// The frame of all messages.
pub(super) fn wire_message(name: &str, description: &str) -> String {
    format!("{{errorType:\"{name}\", description:\"{description}\"}}")
}
