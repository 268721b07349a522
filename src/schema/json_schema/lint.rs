//! What is a valid JSON Schema and still worth a second look.

use super::dialect::{is_data_keyword, is_schema_map};
use super::schema::Schema;
use crate::schema::json::{JsonKind, Value};
use crate::schema::lint::{LintFinding, LintRule, Severity};
use crate::types::SchemaType;

const DIALECT: &str = "json-schema-dialect";
const OPEN: &str = "json-schema-additional-properties";
const DESCRIPTION: &str = "json-schema-description";

pub(crate) static RULES: [LintRule; 3] = [
    LintRule {
        id: DIALECT,
        schema_type: SchemaType::Json,
        default: Severity::Warn,
        why: "Without `$schema` each tool takes the dialect that it likes best, and keywords mean other things, or nothing.",
        fix: "Name the dialect: `\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"`.",
        is_fixable: false,
        bad: r#"{"type":"object"}"#,
        good: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}"#,
        before: None,
    },
    LintRule {
        id: OPEN,
        schema_type: SchemaType::Json,
        default: Severity::Off,
        why: "An object that does not say whether it takes other properties is open. Properties can be added to a closed one only for readers, \
              and to an open one only for writers, so it should be a decision.",
        fix: "Say it: `additionalProperties` (or `unevaluatedProperties`) true or false, or a schema.",
        is_fixable: false,
        bad: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"type":"string"}}}"#,
        good: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
        before: None,
    },
    LintRule {
        id: DESCRIPTION,
        schema_type: SchemaType::Json,
        default: Severity::Off,
        why: "The schema is where people look up what a property means.",
        fix: "Give the schema and its properties a `description`.",
        is_fixable: false,
        bad: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","description":"An order.","properties":{"a":{"type":"string"}}}"#,
        good: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","description":"An order.","properties":{"a":{"type":"string","description":"Free text."}}}"#,
        before: None,
    },
];

/// Looks for everything.
pub(crate) fn lint(schema: &Schema) -> Vec<LintFinding> {
    let mut walk = Linter { schema, findings: Vec::new() };
    let Some(root) = schema.root() else { return walk.findings };
    if let Some(object) = root.as_object()
        && object.get("$schema").is_none()
    {
        walk.find(DIALECT, "", root, "there is no $schema".to_owned());
    }
    walk.schema(root, "", true);
    walk.findings
}

struct Linter<'s> {
    schema: &'s Schema,
    findings: Vec<LintFinding>,
}

impl Linter<'_> {
    fn find(&mut self, rule: &'static str, path: &str, value: &Value, message: String) {
        let position = Some(self.schema.position(value.offset));
        self.findings.push(LintFinding { rule, path: path.to_owned(), position, message, edit: None });
    }

    /// `is_described`: a property, or the schema as a whole. The nesting is that of the text, which the reader has bounded.
    fn schema(&mut self, value: &Value, path: &str, is_described: bool) {
        let Some(object) = value.as_object() else { return };
        let name = if path.is_empty() { "the schema" } else { path };
        if is_described && object.get("description").is_none() && object.get("$ref").is_none() {
            self.find(DESCRIPTION, path, value, format!("{name} has no description"));
        }
        let says = ["additionalProperties", "unevaluatedProperties"].iter().any(|key| object.get(key).is_some());
        if object.get("properties").is_some() && !says {
            self.find(OPEN, path, value, format!("{name} does not say whether it takes other properties"));
        }
        for member in object.members().iter().filter(|member| !is_data_keyword(&member.key)) {
            let path = format!("{path}/{}", member.key.replace('~', "~0").replace('/', "~1"));
            if is_schema_map(&member.key) {
                let is_property = &*member.key == "properties";
                for inner in member.value.as_object().map(crate::schema::json::Object::members).unwrap_or_default() {
                    let path = format!("{path}/{}", inner.key.replace('~', "~0").replace('/', "~1"));
                    self.schema(&inner.value, &path, is_property);
                }
                continue;
            }
            match &member.value.kind {
                JsonKind::Array(items) => {
                    for (at, item) in items.iter().enumerate() {
                        self.schema(item, &format!("{path}/{at}"), false);
                    }
                }
                _ => self.schema(&member.value, &path, false),
            }
        }
    }
}
