//! The syntax tree. Names, numbers and strings stay as written; comments and layout do not. The parser bounds its nesting, so
//! recursion over it is bounded too.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Byte offset of an element in the text it was read from; meaningless in a tree that was made from a descriptor.
pub(crate) type Offset = u32;

/// The end of a range that is written `max`, and the largest field number.
pub(crate) const MAX_NUMBER: i32 = 536_870_911;

/// The `syntax` or `edition` statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Syntax {
    Proto2,
    Proto3,
    #[strum(serialize = "2023")]
    Edition2023,
    #[strum(serialize = "2024")]
    Edition2024,
}

impl Syntax {
    pub(crate) fn is_edition(self) -> bool {
        matches!(self, Self::Edition2023 | Self::Edition2024)
    }

    pub(crate) fn word(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct File {
    /// The statement, when there is one.
    pub(crate) syntax: Option<Syntax>,
    pub(crate) package: Option<Box<str>>,
    pub(crate) package_at: Offset,
    pub(crate) imports: Vec<Import>,
    pub(crate) options: Vec<ProtoOption>,
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

    /// Bytes held, roughly: the elements, without their texts.
    pub(crate) fn weight(&self) -> usize {
        let messages: usize = self.messages.iter().map(|message| message.body.weight()).sum();
        let enums: usize = self.enums.iter().map(Enum::weight).sum();
        let services: usize = self.services.iter().map(|service| 200 + 200 * service.rpcs.len()).sum();
        let extends: usize = self.extends.iter().map(|extend| 200 + 256 * extend.fields.len()).sum();
        500 + messages + enums + services + extends
    }

    /// The full names of all messages, those of groups included, in their order.
    pub(crate) fn message_names(&self) -> Vec<String> {
        fn add(out: &mut Vec<String>, scope: &str, name: &str, body: &Body) {
            let full = join(scope, name);
            out.push(full.to_string());
            for message in &body.messages {
                add(out, &full, &message.name, &message.body);
            }
            for group in body.all_groups() {
                add(out, &full, &group.name, &group.body);
            }
        }
        let mut out = Vec::new();
        for message in &self.messages {
            add(&mut out, self.package.as_deref().unwrap_or(""), &message.name, &message.body);
        }
        out
    }

    /// The full names of the fields and oneofs that are declared at these offsets.
    pub(crate) fn declarations(&self, offsets: &[Offset]) -> HashMap<Offset, String> {
        fn add(out: &mut HashMap<Offset, String>, wanted: &HashSet<Offset>, scope: &str, body: &Body) {
            let fields = body.all_fields().map(|field| (field.at, &field.name));
            let named = fields.chain(body.oneofs.iter().map(|oneof| (oneof.at, &oneof.name)));
            out.extend(named.filter(|(at, _)| wanted.contains(at)).map(|(at, name)| (at, join(scope, name).to_string())));
            for message in &body.messages {
                add(out, wanted, &join(scope, &message.name), &message.body);
            }
        }
        let (mut out, wanted) = (HashMap::new(), offsets.iter().copied().collect());
        for message in &self.messages {
            add(&mut out, &wanted, &join(self.package.as_deref().unwrap_or(""), &message.name), &message.body);
        }
        out
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
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) fields: Vec<Field>,
    pub(crate) oneofs: Vec<Oneof>,
    pub(crate) groups: Vec<Group>,
    pub(crate) extensions: Vec<Extensions>,
    pub(crate) extends: Vec<Extend>,
    pub(crate) messages: Vec<Message>,
    pub(crate) enums: Vec<Enum>,
}

impl Body {
    /// Key and value, for the body of a message that stands for the entries of a map.
    pub(crate) fn map_entry(&self) -> Option<(&Field, &Field)> {
        let has_more = !self.messages.is_empty() || !self.enums.is_empty() || !self.extends.is_empty();
        if has_more || !self.is_map_entry() {
            return None;
        }
        let field = |number| self.fields.iter().find(|field| field.number == number && field.kind.name().is_some());
        let key = field(1).filter(|key| key.kind.name().is_some_and(is_map_key))?;
        Some((key, field(2)?))
    }

    fn weight(&self) -> usize {
        let fields: usize = self.all_fields().map(|field| 256 + 160 * field.options.len()).sum();
        let groups: usize = self.all_groups().map(|group| group.body.weight()).sum();
        let messages: usize = self.messages.iter().map(|message| message.body.weight()).sum();
        400 + fields + groups + messages + self.enums.iter().map(Enum::weight).sum::<usize>()
    }

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Label {
    Optional,
    Required,
    Repeated,
}

impl Label {
    pub(crate) fn word(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum FieldType {
    /// A scalar, or a message or enum by name.
    Named(Box<str>),
    Map(Box<(FieldType, FieldType)>),
}

impl FieldType {
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

/// `default` and `json_name` are written like options, but are none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) label: Option<Label>,
    pub(crate) kind: FieldType,
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) default: Option<OptionValue>,
    pub(crate) json_name: Option<OptionValue>,
}

impl Field {
    pub(crate) fn is_repeated(&self) -> bool {
        self.label == Some(Label::Repeated) || matches!(self.kind, FieldType::Map(_))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Oneof {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) fields: Vec<Field>,
    pub(crate) groups: Vec<Group>,
}

/// A group is a field and its message in one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) label: Option<Label>,
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) body: Body,
}

/// An `extend` block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extend {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) fields: Vec<Field>,
    pub(crate) groups: Vec<Group>,
}

/// A part of a `reserved` or `extensions` statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RangeOrName {
    One(i32),
    Range(i32, i32),
    /// A reserved name.
    Name(Box<str>),
}

impl RangeOrName {
    /// First and last number.
    pub(crate) fn bounds(&self) -> Option<(i32, i32)> {
        match self {
            Self::One(number) => Some((*number, *number)),
            Self::Range(first, last) => Some((*first, *last)),
            Self::Name(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reserved {
    pub(crate) at: Offset,
    pub(crate) spans: Vec<RangeOrName>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extensions {
    pub(crate) at: Offset,
    pub(crate) spans: Vec<RangeOrName>,
    pub(crate) options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Enum {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) reserved: Vec<Reserved>,
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) constants: Vec<Constant>,
}

impl Enum {
    fn weight(&self) -> usize {
        200 + 96 * self.constants.len()
    }
}

/// A constant of an enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Constant {
    pub(crate) name: Box<str>,
    pub(crate) number: i32,
    pub(crate) at: Offset,
    pub(crate) options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Service {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) options: Vec<ProtoOption>,
    pub(crate) rpcs: Vec<Rpc>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rpc {
    pub(crate) name: Box<str>,
    pub(crate) at: Offset,
    pub(crate) request: RpcType,
    pub(crate) response: RpcType,
    pub(crate) options: Vec<ProtoOption>,
}

/// The type of a request or a response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RpcType {
    pub(crate) stream: bool,
    pub(crate) kind: FieldType,
}

/// How a part of an option's name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Plain,
    /// `(an.extension)`
    Extension,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamePart {
    pub(crate) text: Box<str>,
    pub(crate) spelling: Spelling,
}

/// An option and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProtoOption {
    /// `(a.b).c.d` has three parts. A plain name may contain dots.
    pub(crate) name: Vec<NamePart>,
    pub(crate) value: OptionValue,
    pub(crate) at: Offset,
}

impl ProtoOption {
    /// An option with a plain name.
    pub(crate) fn plain(name: &str, value: OptionValue) -> Self {
        Self { name: vec![NamePart { text: name.into(), spelling: Spelling::Plain }], value, at: 0 }
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

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OptionValue {
    /// Bytes, because escapes can spell any.
    String(Box<[u8]>),
    /// A number, `true`, `inf` or the name of an enum's constant, as written.
    Word(Box<str>),
    /// `{ key: value }`; no key twice.
    Literal(Vec<LiteralEntry>),
    List(Vec<OptionValue>),
}

impl OptionValue {
    pub(crate) fn string(text: &str) -> Self {
        Self::String(text.as_bytes().into())
    }

    pub(crate) fn word(text: &str) -> Self {
        Self::Word(text.into())
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if &**own == word)
    }

    /// The text of a string or a word; `None` for bytes that are not text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Word(word) => Some(word),
            Self::Literal(_) | Self::List(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LiteralEntry {
    /// With its brackets, if it names an extension.
    pub(crate) key: Box<str>,
    pub(crate) value: OptionValue,
}

/// A file that a schema refers to.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) path: Box<str>,
    pub(crate) subject: Box<str>,
    pub(crate) version: i32,
    /// Shared by all the schemas that refer to the same text.
    pub(crate) file: Arc<File>,
}

/// The names of the scalar types.
pub(crate) const SCALARS: [&str; 15] = [
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64",
    "bool", "string", "bytes",
];

/// True for the name of a scalar.
pub(crate) fn is_scalar(name: &str) -> bool {
    SCALARS.contains(&name)
}

/// True for the types that may be the key of a map.
pub(crate) fn is_map_key(name: &str) -> bool {
    is_scalar(name) && !matches!(name, "float" | "double" | "bytes")
}

/// The JSON name of a field that does not declare one.
pub(crate) fn json_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        if character == '_' {
            upper = true;
        } else {
            out.push(if upper { character.to_ascii_uppercase() } else { character });
            upper = false;
        }
    }
    out
}

pub(crate) fn join(scope: &str, name: &str) -> Box<str> {
    if scope.is_empty() { name.into() } else { format!("{scope}.{name}").into() }
}
