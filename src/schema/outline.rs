//! What a schema declares, as a flat list in the order of the text: what search finds, what two versions are compared by, what is shown as
//! a tree. One shape for all formats.

/// The offset of what stands in no text of its own.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// Declarations of one outline.
const MAX_DECLARATIONS: usize = 20_000;
/// Bytes of all its texts: a description of a megabyte must not be copied for each of ten thousand fields.
const MAX_BYTES: usize = 4 << 20;
/// Bytes of one text.
const MAX_TEXT: usize = 64 << 10;
/// How deep types are spelled out in one text: `array<map<…>>`.
pub(crate) const MAX_TYPE_DEPTH: usize = 16;

/// What kind of thing is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum DeclarationKind {
    /// The schema itself, the first of the list.
    Schema,
    Record,
    Enum,
    Fixed,
    Field,
    Symbol,
    Message,
    Oneof,
    Service,
    Method,
    Import,
    Property,
    Definition,
    /// A schema inside another one: of items, of a branch.
    Part,
}

impl DeclarationKind {
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whether its name is one of a type.
    pub fn is_type(self) -> bool {
        matches!(self, Self::Schema | Self::Record | Self::Enum | Self::Fixed | Self::Message | Self::Service | Self::Definition)
    }
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub kind: DeclarationKind,
    /// The declaration around it, by its place in the list; none for the schema itself.
    pub parent: Option<usize>,
    /// The full name in Avro and Protobuf, the JSON pointer in JSON Schema. Empty for the schema itself.
    pub path: String,
    pub name: String,
    /// The type as people write it; empty where there is none.
    pub ty: String,
    /// Everything else that is said about it, by the words of the format, in their order.
    pub facts: Vec<(String, String)>,
    /// What else it answers to in another version: aliases, and `#3` for a number.
    pub identities: Vec<String>,
    /// Offset in the text as sent, or [`NOWHERE`].
    pub(crate) at: u32,
}

impl Declaration {
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it stands in the text itself.
    pub fn is_in_text(&self) -> bool {
        self.at != NOWHERE
    }

    fn bytes(&self) -> usize {
        let facts: usize = self.facts.iter().map(|(key, value)| key.len() + value.len()).sum();
        let identities: usize = self.identities.iter().map(String::len).sum();
        self.path.len() + self.name.len() + self.ty.len() + facts + identities
    }
}

/// All declarations of a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    pub declarations: Vec<Declaration>,
    /// False when there were more than are listed.
    pub is_whole: bool,
}

/// Collects declarations, as many as an outline may have.
#[derive(Debug, Default)]
pub(crate) struct OutlineBuilder {
    declarations: Vec<Declaration>,
    bytes: usize,
    is_full: bool,
}

impl OutlineBuilder {
    /// Adds a declaration and returns its place; `None` when there is no room left.
    pub(crate) fn add(&mut self, mut declaration: Declaration) -> Option<usize> {
        shorten(&mut declaration.ty);
        declaration.facts.iter_mut().for_each(|(_, value)| shorten(value));
        let bytes = declaration.bytes();
        if self.is_full || self.declarations.len() >= MAX_DECLARATIONS || self.bytes + bytes > MAX_BYTES {
            self.is_full = true;
            return None;
        }
        self.bytes += bytes;
        self.declarations.push(declaration);
        Some(self.declarations.len() - 1)
    }

    /// Whether nothing more will be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) fn finish(self) -> Outline {
        Outline { declarations: self.declarations, is_whole: !self.is_full }
    }
}

fn shorten(text: &mut String) {
    if text.len() > MAX_TEXT {
        let mut end = MAX_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
}
