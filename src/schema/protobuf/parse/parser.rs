//! Files and what they declare; `options` reads the options.

use std::collections::HashMap;

use super::lexer::{COULD_NOT_PARSE, Lexer, parse_integer};
use crate::schema::format::SchemaError;
use crate::schema::protobuf::model::{
    Body, Constant, Enum, Extend, Extensions, Field, FieldType, File, Group, Import, ImportKind, Label, MAX_NUMBER, Message,
    Offset, Oneof, OptionValue, ProtoOption, RangeOrName, Reserved, Rpc, RpcType, Service, Syntax, Visibility,
};

/// Parts that a package's name may have: every name is looked up in a scope for each of them.
const MAX_PACKAGE_PARTS: usize = 64;

pub(super) type Result<T> = std::result::Result<T, SchemaError>;

pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    syntax: Option<Syntax>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, max_depth: usize) -> Self {
        Self { lexer: Lexer::new(text, max_depth), syntax: None }
    }

    pub(super) fn file(&mut self) -> Result<File> {
        let mut file = File::default();
        let mut first = true;
        let mut types: HashMap<Box<str>, Offset> = HashMap::new();
        let mut services: HashMap<Box<str>, Offset> = HashMap::new();
        while !self.lexer.at_end()? {
            let is_first = std::mem::replace(&mut first, false);
            if self.lexer.take(b';')? {
                continue;
            }
            let at = self.lexer.offset();
            let label = self.lexer.word()?;
            match label {
                "package" => {
                    let package = self.lexer.name()?;
                    if package.split('.').nth(MAX_PACKAGE_PARTS).is_some() {
                        return Err(self.fail_at(at, format!("a package of more than {MAX_PACKAGE_PARTS} parts")));
                    }
                    file.package = Some(package.into());
                    file.package_at = at;
                    self.lexer.require(b';')?;
                }
                "import" => file.imports.push(self.import(at)?),
                "syntax" | "edition" => file.syntax = Some(self.syntax(label, at, is_first)?),
                "option" => file.options.push(self.option_statement()?),
                "extend" => file.extends.push(self.extend(at)?),
                "reserved" => self.misplaced_reserved(at)?,
                "service" => {
                    let service = self.service(at)?;
                    self.unique(&mut services, &service.name, at)?;
                    file.services.push(service);
                }
                _ => {
                    let Some((visibility, label)) = self.type_label(label)? else {
                        return Err(self.unexpected(label, at));
                    };
                    if label == "message" {
                        let message = self.message(at, visibility)?;
                        self.unique(&mut types, &message.name, at)?;
                        file.messages.push(message);
                    } else {
                        let enumeration = self.enumeration(at, visibility)?;
                        self.unique(&mut types, &enumeration.name, at)?;
                        file.enums.push(enumeration);
                    }
                }
            }
        }
        Ok(file)
    }

    /// `message` or `enum`, with a visibility before it where editions allow one.
    fn type_label(&mut self, label: &'a str) -> Result<Option<(Option<Visibility>, &'a str)>> {
        let visibility = match label {
            "message" | "enum" => return Ok(Some((None, label))),
            "export" if self.is_edition() => Visibility::Export,
            "local" if self.is_edition() => Visibility::Local,
            _ => return Ok(None),
        };
        let label = self.lexer.word()?;
        if matches!(label, "message" | "enum") {
            return Ok(Some((Some(visibility), label)));
        }
        Err(self.lexer.fail(format!("expected 'message' or 'enum' but was {label}")))
    }

    fn is_edition(&self) -> bool {
        self.syntax.is_some_and(Syntax::is_edition)
    }

    fn unexpected(&self, label: &str, at: Offset) -> SchemaError {
        self.fail_at(at, format!("unexpected label: {label}"))
    }

    fn fail_at(&self, at: Offset, what: impl AsRef<str>) -> SchemaError {
        self.lexer.fail_at(usize::try_from(at).unwrap_or(usize::MAX), what)
    }

    /// Confluent requires unique names at the top level only.
    fn unique(&self, seen: &mut HashMap<Box<str>, Offset>, name: &str, at: Offset) -> Result<()> {
        let Some(before) = seen.insert(name.into(), at) else { return Ok(()) };
        let (here, there) = (self.lexer.printed(at), self.lexer.printed(before));
        let mut error = self.fail_at(at, "");
        error.message = format!("{COULD_NOT_PARSE}{name} ({here}) is already defined at {there}");
        Err(error)
    }

    fn import(&mut self, at: Offset) -> Result<Import> {
        let mut kind = ImportKind::Plain;
        if !self.lexer.at_string()? {
            let word = self.lexer.word()?;
            kind = match word {
                "public" => ImportKind::Public,
                "weak" => ImportKind::Weak,
                "option" if self.is_edition() => ImportKind::Option,
                _ => return Err(self.lexer.fail("expected quoted string")),
            };
        }
        let path = self.lexer.text()?;
        self.lexer.require(b';')?;
        Ok(Import { kind, path: plain_path(&path).into(), at })
    }

    fn syntax(&mut self, label: &str, at: Offset, is_first: bool) -> Result<Syntax> {
        if self.syntax.is_some() {
            return Err(self.fail_at(at, "too many syntax definitions"));
        }
        self.lexer.require(b'=')?;
        if !is_first {
            return Err(self.fail_at(at, format!("'{label}' element must be the first declaration in a file")));
        }
        let word = self.lexer.text()?;
        let syntax = word.parse().ok().filter(|syntax: &Syntax| syntax.is_edition() == (label == "edition"));
        let syntax = syntax.ok_or_else(|| self.fail_at(at, format!("unexpected {label}: {word}")))?;
        self.lexer.require(b';')?;
        self.syntax = Some(syntax);
        Ok(syntax)
    }

    pub(super) fn open(&mut self) -> Result<()> {
        self.lexer.require(b'{')?;
        self.lexer.enter()
    }

    /// Takes the closing brace, if it is there.
    pub(super) fn closed(&mut self) -> Result<bool> {
        let closed = self.lexer.take(b'}')?;
        if closed {
            self.lexer.leave();
        }
        Ok(closed)
    }

    /// The first word of the next statement of a block, and where it stands; empty statements are passed over. `None` at the end.
    fn next_statement(&mut self) -> Result<Option<(&'a str, Offset)>> {
        while !self.closed()? {
            if !self.lexer.take(b';')? {
                let at = self.lexer.offset();
                return Ok(Some((self.lexer.word()?, at)));
            }
        }
        Ok(None)
    }

    fn message(&mut self, at: Offset, visibility: Option<Visibility>) -> Result<Message> {
        let name = self.lexer.name()?.into();
        Ok(Message { name, at, visibility, body: self.body()? })
    }

    fn body(&mut self) -> Result<Body> {
        let mut body = Body::default();
        self.open()?;
        while let Some((label, at)) = self.next_statement()? {
            match label {
                "option" => body.options.push(self.option_statement()?),
                "reserved" => body.reserved.push(self.reserved(at)?),
                "extensions" => body.extensions.push(self.extensions(at)?),
                "extend" => body.extends.push(self.extend(at)?),
                "oneof" => body.oneofs.push(self.oneof(at)?),
                _ => match self.type_label(label)? {
                    Some((visibility, "message")) => body.messages.push(self.message(at, visibility)?),
                    Some((visibility, _)) => body.enums.push(self.enumeration(at, visibility)?),
                    None => match self.labelled(label, at)? {
                        FieldDeclaration::Field(field) => body.fields.push(field),
                        FieldDeclaration::Group(group) => body.groups.push(group),
                    },
                },
            }
        }
        Ok(body)
    }

    /// A field or a group, whose first word has been read.
    fn labelled(&mut self, word: &'a str, at: Offset) -> Result<FieldDeclaration> {
        let label = match word {
            "required" if self.syntax == Some(Syntax::Proto3) => {
                return Err(self.fail_at(at, "'required' label forbidden in proto3 field declarations"));
            }
            "required" => Some(Label::Required),
            "optional" => Some(Label::Optional),
            "repeated" => Some(Label::Repeated),
            _ => None,
        };
        let word = match label {
            Some(_) => self.lexer.word()?,
            None => word,
        };
        let needs_label = matches!(self.syntax, None | Some(Syntax::Proto2));
        if label.is_none() && needs_label && !(word == "map" && self.lexer.peek()? == b'<') {
            return Err(self.unexpected(word, at));
        }
        if word == "group" {
            return self.group(label, at).map(FieldDeclaration::Group);
        }
        let kind = self.data_type(word)?;
        if label.is_some() && matches!(kind, FieldType::Map(_)) {
            return Err(self.fail_at(at, "'map' type cannot have label"));
        }
        self.field(label, kind, at).map(FieldDeclaration::Field)
    }

    fn field(&mut self, label: Option<Label>, kind: FieldType, at: Offset) -> Result<Field> {
        let name = self.lexer.name()?;
        self.refuse_digit(name)?;
        self.lexer.require(b'=')?;
        let number = self.lexer.integer()?;
        let mut options = self.options()?;
        let default = strip(&mut options, "default");
        let json_name = strip(&mut options, "json_name");
        self.lexer.require(b';')?;
        Ok(Field { label, kind, name: name.into(), number, at, options, default, json_name })
    }

    fn refuse_digit(&self, name: &str) -> Result<()> {
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.lexer.fail("field and constant names cannot start with a digit"));
        }
        Ok(())
    }

    fn data_type(&mut self, word: &str) -> Result<FieldType> {
        if word != "map" {
            return Ok(FieldType::Named(self.lexer.rest_of_name(word)?));
        }
        self.lexer.require(b'<')?;
        self.lexer.enter()?;
        let word = self.lexer.word()?;
        let key = self.data_type(word)?;
        self.lexer.require(b',')?;
        let word = self.lexer.word()?;
        let value = self.data_type(word)?;
        self.lexer.require(b'>')?;
        self.lexer.leave();
        Ok(FieldType::Map(Box::new((key, value))))
    }

    fn group(&mut self, label: Option<Label>, at: Offset) -> Result<Group> {
        let name = self.lexer.word()?.into();
        self.lexer.require(b'=')?;
        let number = self.lexer.integer()?;
        let options = self.options()?;
        Ok(Group { label, name, number, at, options, body: self.body()? })
    }

    fn oneof(&mut self, at: Offset) -> Result<Oneof> {
        let name = self.lexer.name()?.into();
        let mut oneof = Oneof { name, at, options: Vec::new(), fields: Vec::new(), groups: Vec::new() };
        self.open()?;
        while !self.closed()? {
            let at = self.lexer.offset();
            match self.lexer.word()? {
                "option" => oneof.options.push(self.option_statement()?),
                "group" => oneof.groups.push(self.group(None, at)?),
                word => {
                    let kind = self.data_type(word)?;
                    oneof.fields.push(self.field(None, kind, at)?);
                }
            }
        }
        Ok(oneof)
    }

    fn extend(&mut self, at: Offset) -> Result<Extend> {
        let mut extend = Extend { name: self.lexer.name()?.into(), at, fields: Vec::new(), groups: Vec::new() };
        self.open()?;
        while let Some((label, at)) = self.next_statement()? {
            match label {
                // read and dropped, as Confluent does: an extension block has no options
                "option" => drop(self.option_statement()?),
                "reserved" => self.misplaced_reserved(at)?,
                _ => match self.labelled(label, at)? {
                    FieldDeclaration::Field(field) => extend.fields.push(field),
                    FieldDeclaration::Group(group) => extend.groups.push(group),
                },
            }
        }
        Ok(extend)
    }

    /// `reserved` where nothing has numbers: read and dropped, as Confluent does.
    fn misplaced_reserved(&mut self, at: Offset) -> Result<()> {
        self.reserved(at).map(drop)
    }

    fn reserved(&mut self, at: Offset) -> Result<Reserved> {
        let mut spans = Vec::new();
        loop {
            if self.lexer.at_string()? {
                spans.push(RangeOrName::Name(self.lexer.text()?.into()));
            } else if self.is_edition() && self.lexer.peek()?.is_ascii_alphabetic() {
                spans.push(RangeOrName::Name(self.lexer.word()?.into()));
            } else {
                spans.push(self.span()?);
            }
            if self.end_of_list()? {
                return Ok(Reserved { at, spans });
            }
        }
    }

    fn extensions(&mut self, at: Offset) -> Result<Extensions> {
        let mut spans = Vec::new();
        loop {
            spans.push(self.span()?);
            if self.lexer.peek()? == b'[' {
                let options = self.options()?;
                self.lexer.require(b';')?;
                return Ok(Extensions { at, spans, options });
            }
            if self.end_of_list()? {
                return Ok(Extensions { at, spans, options: Vec::new() });
            }
        }
    }

    fn end_of_list(&mut self) -> Result<bool> {
        self.lexer.peek()?;
        match self.lexer.take_any() {
            ';' => Ok(true),
            ',' => Ok(false),
            _ => Err(self.lexer.fail("expected ',' or ';'")),
        }
    }

    fn span(&mut self) -> Result<RangeOrName> {
        let first = self.lexer.integer()?;
        if matches!(self.lexer.peek()?, b',' | b';' | b'[') {
            return Ok(RangeOrName::One(first));
        }
        if self.lexer.word()? != "to" {
            return Err(self.lexer.fail("expected ',', ';' or 'to'"));
        }
        let word = self.lexer.value_word()?;
        if word == "max" {
            return Ok(RangeOrName::Range(first, MAX_NUMBER));
        }
        match parse_integer(&word) {
            Some(last) => Ok(RangeOrName::Range(first, last)),
            None => Err(self.lexer.fail(format!("expected an integer but was {word}"))),
        }
    }

    fn enumeration(&mut self, at: Offset, visibility: Option<Visibility>) -> Result<Enum> {
        let name = self.lexer.name()?.into();
        let mut found = Enum { name, at, visibility, reserved: Vec::new(), options: Vec::new(), constants: Vec::new() };
        self.open()?;
        while let Some((label, at)) = self.next_statement()? {
            match label {
                "option" => found.options.push(self.option_statement()?),
                "reserved" => found.reserved.push(self.reserved(at)?),
                name => {
                    self.refuse_digit(name)?;
                    self.lexer.require(b'=')?;
                    let number = self.lexer.integer()?;
                    let options = self.options()?;
                    self.lexer.require(b';')?;
                    found.constants.push(Constant { name: name.into(), number, at, options });
                }
            }
        }
        Ok(found)
    }

    fn service(&mut self, at: Offset) -> Result<Service> {
        let mut service = Service { name: self.lexer.name()?.into(), at, options: Vec::new(), rpcs: Vec::new() };
        self.open()?;
        while let Some((label, at)) = self.next_statement()? {
            match label {
                "option" => service.options.push(self.option_statement()?),
                "rpc" => service.rpcs.push(self.rpc(at)?),
                "reserved" => self.misplaced_reserved(at)?,
                label => return Err(self.unexpected(label, at)),
            }
        }
        Ok(service)
    }

    fn rpc(&mut self, at: Offset) -> Result<Rpc> {
        let name = self.lexer.name()?.into();
        let request = self.streamed()?;
        if self.lexer.word()? != "returns" {
            return Err(self.lexer.fail("expected 'returns'"));
        }
        let response = self.streamed()?;
        let mut options = Vec::new();
        if self.lexer.peek()? != b'{' {
            self.lexer.require(b';')?;
            return Ok(Rpc { name, at, request, response, options });
        }
        self.open()?;
        while let Some((label, at)) = self.next_statement()? {
            match label {
                "option" => options.push(self.option_statement()?),
                "reserved" => self.misplaced_reserved(at)?,
                label => return Err(self.unexpected(label, at)),
            }
        }
        Ok(Rpc { name, at, request, response, options })
    }

    fn streamed(&mut self) -> Result<RpcType> {
        self.lexer.require(b'(')?;
        let mut word = self.lexer.word()?;
        let stream = word == "stream";
        if stream {
            word = self.lexer.word()?;
        }
        let kind = self.data_type(word)?;
        self.lexer.require(b')')?;
        Ok(RpcType { stream, kind })
    }
}

enum FieldDeclaration {
    Field(Field),
    Group(Group),
}

/// Removes an option and gives back its value; of several the last one counts.
fn strip(options: &mut Vec<ProtoOption>, name: &str) -> Option<OptionValue> {
    let mut found = None;
    if options.iter().any(|option| option.is_plain(name)) {
        for option in std::mem::take(options) {
            if option.is_plain(name) {
                found = Some(option.value);
            } else {
                options.push(option);
            }
        }
    }
    found
}

/// The path without segments that lead nowhere: `./a//b.proto` is `a/b.proto`, as Confluent stores it.
fn plain_path(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let segments: Vec<&str> = path.split('/').filter(|segment| !matches!(*segment, "" | ".")).collect();
    format!("{root}{}", segments.join("/"))
}
