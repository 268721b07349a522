//! The syntax tree: what a file says, in the words it says it with.
//!
//! Names, numbers and strings stay as written; comments and layout do not. Every node knows the byte offset it starts at. The
//! nesting of a tree is bounded by the parser, so recursion over it is.

/// Byte offset of a node in the text it was read from; meaningless in a tree that was made from a descriptor.
pub(crate) type Offset = u32;

/// The end of a range that is written `max`, and the largest field number.
pub(crate) const MAX_NUMBER: i32 = 536_870_911;

/// The `syntax` or `edition` statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Proto2,
    Proto3,
    Edition2023,
    Edition2024,
}

impl Syntax {
    /// The edition's name, for editions.
    pub(crate) fn edition(self) -> Option<&'static str> {
        match self {
            Self::Proto2 | Self::Proto3 => None,
            Self::Edition2023 => Some("2023"),
            Self::Edition2024 => Some("2024"),
        }
    }

    /// The word of the statement.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Proto2 => "proto2",
            Self::Proto3 => "proto3",
            Self::Edition2023 => "2023",
            Self::Edition2024 => "2024",
        }
    }
}

/// A file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct File {
    /// The statement, when there is one.
    pub(crate) syntax: Option<Syntax>,
    pub(crate) package: Option<Box<str>>,
    pub(crate) package_at: Offset,
    pub(crate) imports: Vec<Import>,
    pub(crate) options: Vec<Setting>,
    pub(crate) messages: Vec<Message>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) extends: Vec<Extend>,
    pub(crate) services: Vec<Service>,
}

impl File {
    /// No statement means proto2.
    pub(crate) fn effective_syntax(&self) -> Syntax {
        self.syntax.unwrap_or(Syntax::Proto2)
    }

    /// True for a file that says nothing at all.
    pub(crate) fn declares_nothing(&self) -> bool {
        self.imports.is_empty()
            && self.messages.is_empty()
            && self.enums.is_empty()
            && self.extends.is_empty()
            && self.services.is_empty()
    }
}

/// How a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportKind {
    Plain,
    Public,
    Weak,
    /// Edition 2024: for custom options only.
    Option,
}

/// An import line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Import {
    pub(crate) kind: ImportKind,
    pub(crate) path: Box<str>,
    pub(crate) at: Offset,
}

/// Edition 2024: who may use a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    Export,
    Local,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) body: Body,
}

/// What stands between the braces of a message or a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Body {
    pub(crate) reserved: Vec<Reserved>,
    pub(crate) options: Vec<Setting>,
    pub(crate) fields: Vec<Field>,
    pub(crate) oneofs: Vec<Oneof>,
    pub(crate) groups: Vec<Group>,
    pub(crate) extensions: Vec<Extensions>,
    pub(crate) extends: Vec<Extend>,
    pub(crate) messages: Vec<Message>,
    pub(crate) enums: Vec<Enum>,
}

impl Body {
    /// True for the body of a message that stands for one entry of a map.
    pub(crate) fn is_map_entry(&self) -> bool {
        self.options.iter().any(|option| option.is_plain("map_entry") && option.value.is_word("true"))
    }

    /// The fields of the message, those in oneofs after the others.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().chain(self.oneofs.iter().flat_map(|oneof| &oneof.fields))
    }

    /// The groups of the message, those in oneofs after the others.
    pub(crate) fn all_groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().chain(self.oneofs.iter().flat_map(|oneof| &oneof.groups))
    }
}

/// A label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Optional,
    Required,
    Repeated,
}

impl Label {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
            Self::Repeated => "repeated",
        }
    }
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// A scalar, or a message or enum by name.
    Named(Box<str>),
    /// Key and value.
    Map(Box<(Type, Type)>),
}

impl Type {
    /// As it is written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named(name) => name.to_string(),
            Self::Map(pair) => format!("map<{}, {}>", pair.0.text(), pair.1.text()),
        }
    }

    /// The name, unless it is a map.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Map(_) => None,
        }
    }
}

/// A field. `default` and `json_name` look like options and are none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) label: Option<Label>,
    pub(crate) kind: Type,
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<Setting>,
    pub(crate) default: Option<Value>,
    pub(crate) json_name: Option<Value>,
}

/// A oneof.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Oneof {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) options: Vec<Setting>,
    pub(crate) fields: Vec<Field>,
    pub(crate) groups: Vec<Group>,
}

/// A group: a field and its message in one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) label: Option<Label>,
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<Setting>,
    pub(crate) body: Body,
}

/// Fields of another message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extend {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) fields: Vec<Field>,
    pub(crate) groups: Vec<Group>,
}

/// An entry of a `reserved` or `extensions` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    One(i32),
    Range(i32, i32),
    /// A reserved name.
    Name(Box<str>),
}

impl Span {
    /// First and last number.
    pub(crate) fn bounds(&self) -> Option<(i32, i32)> {
        match self {
            Self::One(number) => Some((*number, *number)),
            Self::Range(first, last) => Some((*first, *last)),
            Self::Name(_) => None,
        }
    }
}

/// A `reserved` statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reserved {
    pub(crate) at: Offset,
    pub(crate) spans: Vec<Span>,
}

/// An `extensions` statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extensions {
    pub(crate) at: Offset,
    pub(crate) spans: Vec<Span>,
    pub(crate) options: Vec<Setting>,
}

/// An enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Enum {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) reserved: Vec<Reserved>,
    pub(crate) options: Vec<Setting>,
    pub(crate) constants: Vec<Constant>,
}

/// A constant of an enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Constant {
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<Setting>,
}

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Service {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) options: Vec<Setting>,
    pub(crate) rpcs: Vec<Rpc>,
}

/// A method of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rpc {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) request: Streamed,
    pub(crate) response: Streamed,
    pub(crate) options: Vec<Setting>,
}

/// The type of a request or a response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Streamed {
    pub(crate) stream: bool,
    pub(crate) kind: Type,
}

/// How a part of an option's name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Plain,
    /// `(an.extension)`
    Extension,
}

/// A part of an option's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: Box<str>,
    pub(crate) spelling: Spelling,
}

/// An option and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    /// `(a.b).c.d` has three parts. A plain name may contain dots.
    pub(crate) name: Vec<Part>,
    pub(crate) value: Value,
    pub(crate) at: Offset,
}

impl Setting {
    /// An option with a plain name.
    pub(crate) fn plain(name: &str, value: Value) -> Self {
        Self { name: vec![Part { text: name.into(), spelling: Spelling::Plain }], value, at: 0 }
    }

    /// True when the whole name is this plain name.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        matches!(self.name.as_slice(), [part] if part.spelling == Spelling::Plain && &*part.text == name)
    }

    /// The name of the extension the option begins with.
    pub(crate) fn extension(&self) -> Option<&str> {
        self.name.first().filter(|part| part.spelling == Spelling::Extension).map(|part| &*part.text)
    }
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A string's bytes: escapes can spell any.
    String(Box<[u8]>),
    /// A number, `true`, `inf` or the name of an enum's constant, as written.
    Word(Box<str>),
    /// `{ key: value }`; no key twice.
    Literal(Vec<Entry>),
    List(Vec<Value>),
}

impl Value {
    pub(crate) fn string(text: &str) -> Self {
        Self::String(text.as_bytes().into())
    }

    pub(crate) fn word(text: &str) -> Self {
        Self::Word(text.into())
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if &**own == word)
    }

    /// The text of a string or a word, when it is text at all.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Word(word) => Some(word),
            Self::Literal(_) | Self::List(_) => None,
        }
    }
}

/// An entry of a literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// With its brackets, if it names an extension.
    pub(crate) key: Box<str>,
    pub(crate) value: Value,
}
