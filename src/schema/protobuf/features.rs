//! The features of editions that decide how a field is encoded (protobuf 6). They are inherited from the file and the message.

use super::model::{File, OptionValue, ProtoOption};

/// The value of a feature that is set in these options.
pub(super) fn own<'a>(options: &'a [ProtoOption], feature: &str) -> Option<&'a str> {
    options.iter().rev().find_map(|option| {
        let [first, rest @ ..] = option.name.as_slice() else { return None };
        let dotted = first.text.strip_prefix("features.");
        match (dotted, &option.value) {
            (Some(name), OptionValue::Word(word)) if rest.is_empty() && name == feature => Some(&**word),
            (None, OptionValue::Literal(entries)) if rest.is_empty() && &*first.text == "features" => {
                let found = entries.iter().find(|entry| &*entry.key == feature)?;
                found.value.as_text()
            }
            _ => None,
        }
    })
}

/// The features that hold at some place of a file.
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Features {
    /// Fields are required unless they say otherwise.
    pub(crate) required: bool,
    /// Messages are encoded like groups.
    pub(crate) delimited: bool,
    /// Fields have no presence.
    pub(crate) implicit: bool,
    /// Enums are closed.
    pub(crate) closed: bool,
}

impl Features {
    pub(crate) fn of_file(file: &File) -> Self {
        use super::model::Syntax::{Edition2023, Edition2024, Proto2, Proto3};
        match file.effective_syntax() {
            Proto2 => Self { closed: true, ..Self::default() },
            Proto3 => Self { implicit: true, ..Self::default() },
            Edition2023 | Edition2024 => Self::default().with(&file.options),
        }
    }

    /// The features below an element with these options.
    pub(crate) fn with(mut self, options: &[ProtoOption]) -> Self {
        if let Some(presence) = own(options, "field_presence") {
            self.required = presence == "LEGACY_REQUIRED";
            self.implicit = presence == "IMPLICIT";
        }
        if let Some(encoding) = own(options, "message_encoding") {
            self.delimited = encoding == "DELIMITED";
        }
        if let Some(kind) = own(options, "enum_type") {
            self.closed = kind == "CLOSED";
        }
        self
    }
}
