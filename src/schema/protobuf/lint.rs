//! What is a valid Protobuf file and still worth a second look.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::model::{Body, Enum, File, Message, RangeOrName, Reserved};
use super::schema::Schema;
use crate::schema::lint::{Edit, LintFinding, LintRule, Severity, is_pascal, is_snake};
use crate::types::SchemaType;

const PACKAGE: &str = "protobuf-package";
const TYPE_NAME: &str = "protobuf-type-name";
const FIELD_NAME: &str = "protobuf-field-name";
const ENUM_ZERO: &str = "protobuf-enum-zero";
const REMOVED: &str = "protobuf-removed-without-reserved";

pub(crate) static RULES: [LintRule; 5] = [
    LintRule {
        id: PACKAGE,
        schema_type: SchemaType::Protobuf,
        default: Severity::Warn,
        why: "Without a package all types of all files share one space of names: two files with a message of one name can't be used together.",
        fix: "Give the file a package. The full names of its messages change with it.",
        is_fixable: false,
        bad: "syntax = \"proto3\"; message Order {}",
        good: "syntax = \"proto3\"; package shop; message Order {}",
        before: None,
    },
    LintRule {
        id: TYPE_NAME,
        schema_type: SchemaType::Protobuf,
        default: Severity::Warn,
        why: "The style guide of Protobuf names messages and enums in PascalCase, and generators rely on it.",
        fix: "Rename the type: names of types are not on the wire, but in code, in JSON of Any, and in references.",
        is_fixable: false,
        bad: "syntax = \"proto3\"; package shop; message order_line {}",
        good: "syntax = \"proto3\"; package shop; message OrderLine {}",
        before: None,
    },
    LintRule {
        id: FIELD_NAME,
        schema_type: SchemaType::Protobuf,
        default: Severity::Warn,
        why: "Names of JSON are made from lower_snake_case; other names clash or come out in odd letter case.",
        fix: "Rename the field, with the old JSON name as `json_name` where data is in JSON.",
        is_fixable: false,
        bad: "syntax = \"proto3\"; package shop; message Order { int32 orderId = 1; }",
        good: "syntax = \"proto3\"; package shop; message Order { int32 order_id = 1; }",
        before: None,
    },
    LintRule {
        id: ENUM_ZERO,
        schema_type: SchemaType::Protobuf,
        default: Severity::Warn,
        why: "A field that is not set reads as the value 0. Unless that value means \"not set\", it can't be told from a real one.",
        fix: "Let the value 0 be one that ends in `_UNSPECIFIED` or `_UNKNOWN`.",
        is_fixable: false,
        bad: "syntax = \"proto3\"; package shop; enum Color { RED = 0; }",
        good: "syntax = \"proto3\"; package shop; enum Color { COLOR_UNSPECIFIED = 0; RED = 1; }",
        before: None,
    },
    LintRule {
        id: REMOVED,
        schema_type: SchemaType::Protobuf,
        default: Severity::Error,
        why: "A number or a name that is free again will be taken one day, and old data is then read as something that it is not.",
        fix: "Reserve the number and the name of what is removed.",
        is_fixable: true,
        bad: "syntax = \"proto3\"; package shop; message Order { int32 id = 1; }",
        good: "syntax = \"proto3\"; package shop; message Order { reserved 2; reserved \"total\"; int32 id = 1; }",
        before: Some("syntax = \"proto3\"; package shop; message Order { int32 id = 1; int32 total = 2; }"),
    },
];

/// Looks for everything.
pub(crate) fn lint(schema: &Schema, earlier: Option<&Schema>) -> Vec<LintFinding> {
    let mut walk = Linter { schema, findings: Vec::new() };
    let file = &schema.file;
    let package = file.package.as_deref().unwrap_or("");
    if package.is_empty() && !file.declares_nothing() {
        walk.find(PACKAGE, "", 0, "the file has no package".to_owned());
    }
    let before = earlier.map(|earlier| declared(&earlier.file)).unwrap_or_default();
    for message in &file.messages {
        walk.message(message, package, &before);
    }
    for one in &file.enums {
        walk.enumeration(one, package, &before);
    }
    walk.findings
}

/// Numbers with their names, by the full name of what declares them.
type Declared = HashMap<String, Vec<(i32, String)>>;

fn declared(file: &File) -> Declared {
    fn enumeration(one: &Enum, scope: &str, out: &mut Declared) {
        let values = one.constants.iter().map(|value| (value.number, value.name.to_string()));
        out.insert(joined(scope, &one.name), values.collect());
    }
    // the nesting of messages is bounded by the parser
    fn message(name: &str, body: &Body, scope: &str, out: &mut Declared) {
        let full = joined(scope, name);
        let fields = body.all_fields().map(|field| (field.number, field.name.to_string()));
        out.insert(full.clone(), fields.collect());
        body.messages.iter().for_each(|inner| message(&inner.name, &inner.body, &full, out));
        body.enums.iter().for_each(|inner| enumeration(inner, &full, out));
    }
    let package = file.package.as_deref().unwrap_or("");
    let mut out = Declared::new();
    file.messages.iter().for_each(|one| message(&one.name, &one.body, package, &mut out));
    file.enums.iter().for_each(|one| enumeration(one, package, &mut out));
    out
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

struct Linter<'s> {
    schema: &'s Schema,
    findings: Vec<LintFinding>,
}

impl Linter<'_> {
    fn find(&mut self, rule: &'static str, path: &str, at: u32, message: String) {
        let position = Some(self.schema.position(at));
        self.findings.push(LintFinding { rule, path: path.to_owned(), position, message, edit: None });
    }

    fn message(&mut self, message: &Message, scope: &str, before: &Declared) {
        if message.body.is_map_entry() {
            return;
        }
        let full = joined(scope, &message.name);
        if !is_pascal(&message.name) {
            self.find(TYPE_NAME, &full, message.at, format!("the name {} is not PascalCase", message.name));
        }
        for field in message.body.all_fields() {
            if !is_snake(&field.name) {
                self.find(
                    FIELD_NAME,
                    &joined(&full, &field.name),
                    field.at,
                    format!("the name {} is not lower_snake_case", field.name),
                );
            }
        }
        let now: HashSet<i32> = message.body.all_fields().map(|field| field.number).collect();
        let names: HashSet<&str> = message.body.all_fields().map(|field| &*field.name).collect();
        self.removed((&full, &message.name, message.at), before, (&now, &names), &message.body.reserved);
        for inner in &message.body.messages {
            self.message(inner, &full, before);
        }
        for inner in &message.body.enums {
            self.enumeration(inner, &full, before);
        }
    }

    fn enumeration(&mut self, one: &Enum, scope: &str, before: &Declared) {
        let full = joined(scope, &one.name);
        if !is_pascal(&one.name) {
            self.find(TYPE_NAME, &full, one.at, format!("the name {} is not PascalCase", one.name));
        }
        if let Some(zero) = one.constants.iter().find(|value| value.number == 0)
            && !["UNSPECIFIED", "UNKNOWN"].iter().any(|word| zero.name.ends_with(word))
        {
            self.find(ENUM_ZERO, &full, zero.at, format!("the value 0 of {full} is {}", zero.name));
        }
        let now: HashSet<i32> = one.constants.iter().map(|value| value.number).collect();
        let names: HashSet<&str> = one.constants.iter().map(|value| &*value.name).collect();
        self.removed((&full, &one.name, one.at), before, (&now, &names), &one.reserved);
    }

    /// What is no longer there, and neither reserved by number nor by name.
    fn removed(
        &mut self,
        (full, name, at): (&str, &str, u32),
        before: &Declared,
        (numbers, names): (&HashSet<i32>, &HashSet<&str>),
        reserved: &[Reserved],
    ) {
        let spans: Vec<&RangeOrName> = reserved.iter().flat_map(|statement| &statement.spans).collect();
        let is_kept =
            |number: i32| spans.iter().any(|span| span.bounds().is_some_and(|(low, high)| (low..=high).contains(&number)));
        let is_named = |name: &str| spans.iter().any(|span| matches!(span, RangeOrName::Name(other) if **other == *name));
        for (number, old) in before.get(full).into_iter().flatten().filter(|(number, _)| !numbers.contains(number)) {
            let mut insert = String::new();
            if !is_kept(*number) {
                let _ = write!(insert, " reserved {number};");
            }
            // a name that moved to another number is in use
            if !is_named(old) && !names.contains(old.as_str()) {
                let _ = write!(insert, " reserved \"{old}\";");
            }
            if insert.is_empty() {
                continue;
            }
            self.find(REMOVED, full, at, format!("{full} had {old} = {number}, which is gone and not reserved"));
            let edit = self.opened(at, name).map(|offset| Edit { offset, insert });
            if let Some(last) = self.findings.last_mut() {
                last.edit = edit;
            }
        }
    }

    /// The offset behind the brace that opens a declaration, where nothing but its name stands before.
    fn opened(&self, at: u32, name: &str) -> Option<usize> {
        let text = self.schema.source().get(at as usize..)?;
        let (head, _) = text.split_once('{')?;
        let mut words = head.split_whitespace();
        let is_plain = matches!(words.next(), Some("message" | "enum")) && words.next() == Some(name) && words.next().is_none();
        is_plain.then_some(at as usize + head.len() + 1)
    }
}
