//! From tree to text, in the layout in which files are stored (protobuf 2.2).
//!
//! The order of the parts is fixed, the order inside a part is the tree's. A blank line inside a nested block has the indentation of
//! the block, as in Confluent's texts.

use super::model::{
    Body, Enum, Extend, Field, FieldType, File, Group, ImportKind, Label, MAX_NUMBER, Message, NamePart, Oneof, OptionValue,
    ProtoOption, RangeOrName, Reserved, Rpc, RpcType, Service, Spelling, Syntax, Visibility,
};
use super::parse::is_word;

pub(super) fn print(file: &File) -> String {
    let is_edition = file.effective_syntax().is_edition();
    let mut printer = Printer { out: String::new(), level: 0, is_edition };
    printer.file(file);
    printer.out
}

struct Printer {
    out: String,
    level: usize,
    /// In editions reserved names are identifiers and not texts.
    is_edition: bool,
}

/// What is written like an option: an option, `default` or `json_name`.
enum PrintedOption<'a> {
    Option(&'a ProtoOption),
    Named(&'static str, &'a OptionValue),
}

impl Printer {
    fn indent(&mut self) {
        for _ in 0..self.level {
            self.out.push_str("  ");
        }
    }

    fn blank(&mut self) {
        self.indent();
        self.out.push('\n');
    }

    fn line(&mut self, words: &[&str]) {
        self.indent();
        self.words(words);
        self.out.push('\n');
    }

    fn words(&mut self, words: &[&str]) {
        for word in words {
            self.out.push_str(word);
        }
    }

    fn file(&mut self, file: &File) {
        match file.syntax {
            Some(syntax @ (Syntax::Proto2 | Syntax::Proto3)) => self.line(&["syntax = \"", syntax.word(), "\";"]),
            Some(edition) => self.line(&["edition = \"", edition.word(), "\";"]),
            None => {}
        }
        if let Some(package) = &file.package {
            self.line(&["package ", package, ";"]);
        }
        if !file.imports.is_empty() {
            self.blank();
            let kinds = [
                (ImportKind::Plain, ""),
                (ImportKind::Public, "public "),
                (ImportKind::Weak, "weak "),
                (ImportKind::Option, "option "),
            ];
            for (kind, word) in kinds {
                for import in file.imports.iter().filter(|import| import.kind == kind) {
                    self.out.push_str("import ");
                    self.out.push_str(word);
                    quote(&mut self.out, import.path.as_bytes());
                    self.out.push_str(";\n");
                }
            }
        }
        if !file.options.is_empty() {
            self.blank();
            self.options(&file.options);
        }
        if !file.messages.is_empty() || !file.enums.is_empty() {
            self.blank();
            self.types(&file.messages, &file.enums);
        }
        if !file.extends.is_empty() {
            self.blank();
            file.extends.iter().for_each(|extend| self.extend(extend));
        }
        if !file.services.is_empty() {
            self.blank();
            file.services.iter().for_each(|service| self.service(service));
        }
    }

    fn types(&mut self, messages: &[Message], enums: &[Enum]) {
        for message in messages {
            self.message(message);
        }
        for found in enums {
            self.enumeration(found);
        }
    }

    /// `head {`, the parts, `}`. Blank lines separate the parts that print anything.
    fn block(&mut self, head: &[&str], tail: &str, parts: &mut [&mut dyn FnMut(&mut Self)]) {
        self.indent();
        self.words(head);
        self.out.push_str(" {");
        let mut empty = true;
        for part in parts.iter_mut() {
            let start = self.out.len();
            if empty {
                self.out.push('\n');
            } else {
                self.blank();
            }
            let content = self.out.len();
            self.level += 1;
            part(self);
            self.level -= 1;
            if self.out.len() == content {
                self.out.truncate(start);
            } else {
                empty = false;
            }
        }
        if !empty {
            self.indent();
        }
        self.out.push('}');
        self.out.push_str(tail);
        self.out.push('\n');
    }

    fn message(&mut self, message: &Message) {
        self.body(&[visibility(message.visibility), "message ", &message.name], &message.body);
    }

    fn body(&mut self, head: &[&str], body: &Body) {
        self.block(
            head,
            "",
            &mut [
                &mut |p| p.reserved(&body.reserved),
                &mut |p| p.options(&body.options),
                &mut |p| p.fields(&body.fields),
                &mut |p| body.oneofs.iter().for_each(|oneof| p.oneof(oneof)),
                &mut |p| body.groups.iter().for_each(|group| p.group(group)),
                &mut |p| {
                    for extensions in &body.extensions {
                        p.indent();
                        p.out.push_str("extensions ");
                        p.spans(&extensions.spans);
                        let options: Vec<_> = extensions.options.iter().map(PrintedOption::Option).collect();
                        p.bracketed(&options);
                        p.out.push_str(";\n");
                    }
                },
                &mut |p| body.extends.iter().for_each(|extend| p.extend(extend)),
                &mut |p| p.types(&body.messages, &body.enums),
            ],
        );
    }

    fn enumeration(&mut self, found: &Enum) {
        self.block(
            &[visibility(found.visibility), "enum ", &found.name],
            "",
            &mut [&mut |p| {
                p.reserved(&found.reserved);
                p.options(&found.options);
                for constant in &found.constants {
                    p.indent();
                    p.out.push_str(&constant.name);
                    p.out.push_str(" = ");
                    p.out.push_str(&constant.number.to_string());
                    let options: Vec<_> = constant.options.iter().map(PrintedOption::Option).collect();
                    p.bracketed(&options);
                    p.out.push_str(";\n");
                }
            }],
        );
    }

    fn reserved(&mut self, statements: &[Reserved]) {
        for statement in statements {
            self.indent();
            self.out.push_str("reserved ");
            self.spans(&statement.spans);
            self.out.push_str(";\n");
        }
    }

    fn spans(&mut self, spans: &[RangeOrName]) {
        for (at, span) in spans.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            match span {
                RangeOrName::One(number) => self.out.push_str(&number.to_string()),
                RangeOrName::Range(first, last) if *last >= MAX_NUMBER => {
                    self.out.push_str(&first.to_string());
                    self.out.push_str(" to max");
                }
                RangeOrName::Range(first, last) => {
                    self.out.push_str(&first.to_string());
                    self.out.push_str(" to ");
                    self.out.push_str(&last.to_string());
                }
                RangeOrName::Name(name) if self.is_edition => self.out.push_str(name),
                RangeOrName::Name(name) => quote(&mut self.out, name.as_bytes()),
            }
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.field(field);
        }
    }

    fn field(&mut self, field: &Field) {
        self.indent();
        self.label(field.label);
        self.kind(&field.kind);
        self.out.push(' ');
        self.out.push_str(&field.name);
        self.out.push_str(" = ");
        self.out.push_str(&field.number.to_string());
        // Normalized options contain `default` and `json_name` already.
        let default = field.default.as_ref().map(|value| default_of(value, &field.kind));
        let default = default.iter().map(|value| PrintedOption::Named("default", value));
        let json_name = field.json_name.as_ref().map(quoted);
        let json_name = json_name.iter().map(|value| PrintedOption::Named("json_name", value));
        let shown: Vec<_> = field.options.iter().map(PrintedOption::Option).chain(default).chain(json_name).collect();
        self.bracketed(&shown);
        self.out.push_str(";\n");
    }

    fn label(&mut self, label: Option<Label>) {
        if let Some(label) = label {
            self.out.push_str(label.word());
            self.out.push(' ');
        }
    }

    fn kind(&mut self, kind: &FieldType) {
        match kind {
            FieldType::Named(name) => self.out.push_str(name),
            FieldType::Map(pair) => {
                self.out.push_str("map<");
                self.kind(&pair.0);
                self.out.push_str(", ");
                self.kind(&pair.1);
                self.out.push('>');
            }
        }
    }

    fn oneof(&mut self, oneof: &Oneof) {
        self.block(
            &["oneof ", &oneof.name],
            "",
            &mut [&mut |p| p.options(&oneof.options), &mut |p| p.fields(&oneof.fields), &mut |p| {
                oneof.groups.iter().for_each(|group| p.group(group));
            }],
        );
    }

    fn group(&mut self, group: &Group) {
        let label = group.label.map_or(String::new(), |label| format!("{} ", label.word()));
        let mut options = Printer { out: String::new(), level: self.level, is_edition: self.is_edition };
        options.bracketed(&group.options.iter().map(PrintedOption::Option).collect::<Vec<_>>());
        self.body(&[&label, "group ", &group.name, " = ", &group.number.to_string(), &options.out], &group.body);
    }

    fn extend(&mut self, extend: &Extend) {
        self.block(
            &["extend ", &extend.name],
            "",
            &mut [&mut |p| {
                p.fields(&extend.fields);
                extend.groups.iter().for_each(|group| p.group(group));
            }],
        );
    }

    fn service(&mut self, service: &Service) {
        self.block(
            &["service ", &service.name],
            "",
            &mut [&mut |p| p.options(&service.options), &mut |p| service.rpcs.iter().for_each(|rpc| p.rpc(rpc))],
        );
    }

    fn rpc(&mut self, rpc: &Rpc) {
        let (request, response) = (streamed(&rpc.request), streamed(&rpc.response));
        let head = ["rpc ", &rpc.name, " (", &request, ") returns (", &response, ")"];
        if rpc.options.is_empty() {
            self.indent();
            self.words(&head);
            self.out.push_str(";\n");
        } else {
            self.block(&head, ";", &mut [&mut |p| p.options(&rpc.options)]);
        }
    }

    // Options ----------------------------------------------------------------------------------------------------------------

    fn options(&mut self, options: &[ProtoOption]) {
        for option in options {
            self.indent();
            self.out.push_str("option ");
            self.shown(&PrintedOption::Option(option));
            self.out.push_str(";\n");
        }
    }

    /// ` [a = 1]`, or one per line; nothing if there are none.
    fn bracketed(&mut self, options: &[PrintedOption<'_>]) {
        if options.is_empty() {
            return;
        }
        self.out.push(' ');
        self.list(options, |p, option| p.shown(option));
    }

    /// A list of options or values, in one line if it has one entry.
    fn list<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Self, &T)) {
        self.out.push('[');
        if let [one] = items {
            print(self, one);
        } else {
            self.lines(items, print);
        }
        self.out.push(']');
    }

    /// A line for each item, with commas between them; ends at the start of the next line.
    fn lines<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Self, &T)) {
        self.out.push('\n');
        self.level += 1;
        for (at, item) in items.iter().enumerate() {
            self.indent();
            print(self, item);
            self.out.push_str(if at + 1 < items.len() { ",\n" } else { "\n" });
        }
        self.level -= 1;
        self.indent();
    }

    fn shown(&mut self, shown: &PrintedOption<'_>) {
        let value = match shown {
            PrintedOption::Option(option) => {
                self.out.push_str(&name(&option.name));
                &option.value
            }
            PrintedOption::Named(name, value) => {
                self.out.push_str(name);
                *value
            }
        };
        self.out.push_str(" = ");
        match value {
            // A list that is the whole value is laid out as options are.
            OptionValue::List(values) => self.list(values, Self::value),
            value => self.value(value),
        }
    }

    fn value(&mut self, value: &OptionValue) {
        match value {
            OptionValue::String(bytes) => quote(&mut self.out, bytes),
            OptionValue::Word(word) => self.out.push_str(word),
            OptionValue::Literal(entries) => {
                self.out.push('{');
                self.lines(entries, |p, entry| {
                    p.out.push_str(&entry.key);
                    p.out.push_str(": ");
                    p.value(&entry.value);
                });
                self.out.push('}');
            }
            OptionValue::List(values) => {
                self.out.push('[');
                self.lines(values, Self::value);
                self.out.push(']');
            }
        }
    }
}

fn visibility(visibility: Option<Visibility>) -> &'static str {
    match visibility {
        None => "",
        Some(Visibility::Export) => "export ",
        Some(Visibility::Local) => "local ",
    }
}

fn streamed(found: &RpcType) -> String {
    let kind = found.kind.text();
    if found.stream { format!("stream {kind}") } else { kind }
}

/// A default in the spelling of its type: text in quotes, everything else without them.
pub(super) fn default_of(value: &OptionValue, kind: &FieldType) -> OptionValue {
    match (kind.name(), value) {
        (Some("string" | "bytes"), value) => quoted(value),
        (_, OptionValue::String(bytes)) if !bytes.is_empty() && bytes.iter().copied().all(is_word) => {
            OptionValue::Word(String::from_utf8_lossy(bytes).into())
        }
        (_, value) => value.clone(),
    }
}

/// A word as a string.
pub(super) fn quoted(value: &OptionValue) -> OptionValue {
    match value {
        OptionValue::Word(word) => OptionValue::string(word),
        value => value.clone(),
    }
}

/// A value as it is written.
pub(super) fn value_text(value: &OptionValue) -> String {
    let mut printer = Printer { out: String::new(), level: 0, is_edition: false };
    printer.value(value);
    printer.out
}

/// An option's name as it is written.
pub(super) fn name(parts: &[NamePart]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        match part.spelling {
            Spelling::Plain => out.push_str(&part.text),
            Spelling::Extension => {
                out.push('(');
                out.push_str(&part.text);
                out.push(')');
            }
        }
    }
    out
}

/// Appends a string in quotes. Control characters and bytes that are not UTF-8 become escapes.
pub(super) fn quote(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\u{07}' => out.push_str("\\a"),
                '\u{08}' => out.push_str("\\b"),
                '\u{0c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{0b}' => out.push_str("\\v"),
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '"' => out.push_str("\\\""),
                control if control.is_ascii_control() => octal(out, u32::from(control)),
                other => out.push(other),
            }
        }
        chunk.invalid().iter().for_each(|byte| octal(out, u32::from(*byte)));
    }
    out.push('"');
}

/// A byte as an escape of three octal digits.
pub(super) fn octal(out: &mut String, value: u32) {
    out.push('\\');
    for shift in [6, 3, 0] {
        out.extend(char::from_digit(value >> shift & 7, 8));
    }
}
