//! What is valid Avro and still worth a second look.

use std::collections::HashMap;

use crate::schema::json::{self, JsonKind, Object, ReadOptions, Value};
use crate::schema::lint::{Edit, LintFinding, LintRule, Severity, is_camel, is_pascal, is_snake};
use crate::schema::position::Position;
use crate::types::SchemaType;

const NAMESPACE: &str = "avro-namespace";
const TYPE_NAME: &str = "avro-type-name";
const FIELD_NAME: &str = "avro-field-name";
const DOC: &str = "avro-doc";
const ENUM_DEFAULT: &str = "avro-enum-default";
const NULL_DEFAULT: &str = "avro-null-default";
const LOGICAL_TYPE: &str = "avro-logical-type-changed";

pub(crate) static RULES: [LintRule; 7] = [
    LintRule {
        id: NAMESPACE,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "Without a namespace the full name is a bare word, which a type of another team may have too; generated code lands in no package.",
        fix: "Give the type a `namespace`. Readers with code for the old name need the old name as an alias.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"Order","fields":[]}"#,
        good: r#"{"type":"record","name":"Order","namespace":"shop","fields":[]}"#,
        before: None,
    },
    LintRule {
        id: TYPE_NAME,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "Types become classes: names in PascalCase are what generated code looks like in every language.",
        fix: "Rename the type, and keep the old name as an alias.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"order_line","namespace":"shop","fields":[]}"#,
        good: r#"{"type":"record","name":"OrderLine","namespace":"shop","fields":[]}"#,
        before: None,
    },
    LintRule {
        id: FIELD_NAME,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "A field is called in one way everywhere it is used; who has to guess between styles guesses wrong.",
        fix: "Name fields in snake_case or in camelCase, and in one of them throughout a schema. A new name needs the old one as an alias.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"order_id","type":"int"},{"name":"orderDate","type":"int"}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"order_id","type":"int"},{"name":"order_date","type":"int"}]}"#,
        before: None,
    },
    LintRule {
        id: DOC,
        schema_type: SchemaType::Avro,
        default: Severity::Off,
        why: "The schema is where people look up what a field means.",
        fix: "Give types and fields a `doc`.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"R","namespace":"n","doc":"A record.","fields":[{"name":"a","type":"int"}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","doc":"A record.","fields":[{"name":"a","type":"int","doc":"In cents."}]}"#,
        before: None,
    },
    LintRule {
        id: ENUM_DEFAULT,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "A reader that meets a symbol that it does not know takes the enum's default, and without one it fails: no symbol can ever be added \
              for readers with this schema.",
        fix: "Give the enum a `default`, a symbol such as UNKNOWN.",
        is_fixable: false,
        bad: r#"{"type":"enum","name":"E","namespace":"n","symbols":["UNKNOWN","A"]}"#,
        good: r#"{"type":"enum","name":"E","namespace":"n","symbols":["UNKNOWN","A"],"default":"UNKNOWN"}"#,
        before: None,
    },
    LintRule {
        id: NULL_DEFAULT,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "A field that may be null has a natural default. Without it readers with this schema fail on data of writers that lack the field.",
        fix: "Give the field `\"default\": null`.",
        is_fixable: true,
        bad: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":["null","int"]}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":["null","int"],"default":null}]}"#,
        before: None,
    },
    LintRule {
        id: LOGICAL_TYPE,
        schema_type: SchemaType::Avro,
        default: Severity::Error,
        why: "Schema resolution looks at the plain type alone. A decimal of another scale, or milliseconds that become microseconds, are read \
              without an error, and every value is wrong.",
        fix: "Add a field with the new logical type, and leave the old one as it is.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#,
        before: Some(
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#,
        ),
    },
];

/// Looks for everything. The nesting is that of texts that were parsed with this limit.
pub(crate) fn lint(text: &str, earlier: Option<&str>, max_depth: usize) -> Vec<LintFinding> {
    let read = |text| json::read(text, ReadOptions { comments: false, replace_lone_surrogates: false, max_depth });
    let Ok(value) = read(text) else { return Vec::new() };
    let mut walk = Linter { text, findings: Vec::new(), snake: None, logical: HashMap::new() };
    walk.schema(&value, "", "", true);
    if let Some(earlier) = earlier
        && let Ok(before) = read(earlier)
    {
        let mut old = Linter { text: earlier, findings: Vec::new(), snake: None, logical: HashMap::new() };
        old.schema(&before, "", "", true);
        walk.compare(&old.logical);
    }
    walk.findings
}

struct Linter<'t> {
    text: &'t str,
    findings: Vec<LintFinding>,
    /// Whether the first field with more than one word has underscores.
    snake: Option<bool>,
    /// What each field means, by its path, with its offset.
    logical: HashMap<String, (String, u32)>,
}

impl Linter<'_> {
    fn find(&mut self, rule: &'static str, path: &str, at: u32, message: String) {
        let position = Some(Position::of(self.text, at as usize));
        self.findings.push(LintFinding { rule, path: path.to_owned(), position, message, edit: None });
    }

    fn schema(&mut self, value: &Value, namespace: &str, path: &str, is_root: bool) {
        match &value.kind {
            JsonKind::Array(branches) => {
                for (at, branch) in branches.iter().enumerate() {
                    self.schema(branch, namespace, &format!("{path}[{at}]"), false);
                }
            }
            JsonKind::Object(object) => self.object(object, value.offset, namespace, path, is_root),
            _ => {}
        }
    }

    fn object(&mut self, object: &Object, at: u32, namespace: &str, path: &str, is_root: bool) {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        if let Some(meaning) = meaning(object) {
            self.logical.insert(path.to_owned(), (meaning, at));
        }
        let Some(kind) = object.get("type") else { return };
        match kind.as_str() {
            Some("record" | "error" | "enum" | "fixed") => {
                let simple = text("name").unwrap_or_default();
                let given = text("namespace").unwrap_or(namespace);
                let full = if simple.contains('.') || given.is_empty() { simple.to_owned() } else { format!("{given}.{simple}") };
                let (inner, name) = full.rsplit_once('.').unwrap_or(("", &full));
                self.named(object, at, (&full, name, inner), is_root);
                for field in object.get("fields").and_then(Value::as_array).unwrap_or_default() {
                    self.field(field, &full, inner);
                }
            }
            Some("array") => {
                if let Some(items) = object.get("items") {
                    self.schema(items, namespace, &format!("{path}[]"), false);
                }
            }
            Some("map") => {
                if let Some(values) = object.get("values") {
                    self.schema(values, namespace, &format!("{path}{{}}"), false);
                }
            }
            Some(_) => {}
            None => self.schema(kind, namespace, path, false),
        }
    }

    fn named(&mut self, object: &Object, at: u32, (full, name, namespace): (&str, &str, &str), is_root: bool) {
        if is_root && namespace.is_empty() {
            self.find(NAMESPACE, full, at, format!("{full} has no namespace"));
        }
        if !is_pascal(name) {
            self.find(TYPE_NAME, full, at, format!("the name {name} is not PascalCase"));
        }
        if object.get("doc").is_none() {
            self.find(DOC, full, at, format!("{full} has no doc"));
        }
        let is_enum = object.get("type").and_then(Value::as_str) == Some("enum");
        if is_enum && object.get("default").is_none() {
            self.find(ENUM_DEFAULT, full, at, format!("the enum {full} has no default"));
        }
    }

    fn field(&mut self, field: &Value, record: &str, namespace: &str) {
        let Some(object) = field.as_object() else { return };
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{record}.{name}");
        let style = match (is_snake(name), is_camel(name)) {
            (false, false) => Some("is neither snake_case nor camelCase".to_owned()),
            // one word is both
            (true, true) => None,
            (is_snake, _) => {
                let first = *self.snake.get_or_insert(is_snake);
                let other = if first { "snake_case" } else { "camelCase" };
                (first != is_snake).then(|| format!("is not {other}, as others of the schema are"))
            }
        };
        if let Some(style) = style {
            self.find(FIELD_NAME, &path, field.offset, format!("the name {name} {style}"));
        }
        if object.get("doc").is_none() {
            self.find(DOC, &path, field.offset, format!("{path} has no doc"));
        }
        let Some(kind) = object.get("type") else { return };
        let is_nullable = kind.as_array().and_then(<[Value]>::first).and_then(Value::as_str) == Some("null");
        if is_nullable && object.get("default").is_none() {
            self.find(NULL_DEFAULT, &path, field.offset, format!("{path} may be null and has no default"));
            let end = json::end_of(self.text, kind.offset as usize);
            if let Some(last) = self.findings.last_mut() {
                last.edit = Some(Edit { offset: end, insert: ", \"default\": null".to_owned() });
            }
        }
        if let Some(meaning) = meaning(object) {
            self.logical.insert(path.clone(), (meaning, field.offset));
        }
        self.schema(kind, namespace, &path, false);
    }

    fn compare(&mut self, before: &HashMap<String, (String, u32)>) {
        let mut changed: Vec<(String, String, String, u32)> = Vec::new();
        for (path, (meaning, at)) in &self.logical {
            if let Some((old, _)) = before.get(path)
                && is_other(old, meaning)
            {
                changed.push((path.clone(), old.clone(), meaning.clone(), *at));
            }
        }
        changed.sort_by_key(|(.., at)| *at);
        for (path, old, new, at) in changed {
            self.find(LOGICAL_TYPE, &path, at, format!("{path} was {old} and is {new}"));
        }
    }
}

/// Whether values come out otherwise. A plain type that becomes another one is what resolution looks at; a decimal may gain digits.
fn is_other(old: &str, new: &str) -> bool {
    let decimal = |text: &str| {
        let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(", ")?;
        Some((precision.parse::<u32>().ok()?, scale.to_owned()))
    };
    match (decimal(old), decimal(new)) {
        (Some((before, scale)), Some((after, same))) => after < before || scale != same,
        _ => old != new && !(old.starts_with("plain ") && new.starts_with("plain ")),
    }
}

/// What a plain type means beyond what it is; a plain type without more to it means itself.
fn meaning(object: &Object) -> Option<String> {
    let kind = object.get("type")?.as_str()?;
    if !["int", "long", "bytes", "string", "fixed"].contains(&kind) {
        return None;
    }
    let number = |key: &str| object.get(key).and_then(Value::as_number).unwrap_or("0").to_owned();
    Some(match object.get("logicalType").and_then(Value::as_str) {
        None => format!("plain {kind}"),
        Some("decimal") => format!("decimal({}, {})", number("precision"), number("scale")),
        Some(other) => other.to_owned(),
    })
}
