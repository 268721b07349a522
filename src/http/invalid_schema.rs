//! What clients are told about a schema that is refused.
//!
//! Confluent builds these messages layer by layer: each layer the exception passes through puts its own prefix before it, and some
//! repeat all that was submitted. Clients match on them, so they are the same here to the letter (avro 1.6, protobuf 1.2,
//! json-schema 1.5).

use std::collections::BTreeSet;

use crate::registry::{InvalidSchema, LogicalRefusal, RawReference, ReferenceError, Submitted};
use crate::schema::Stage;
use crate::types::{JavaStr, Metadata, Rule, RuleSet, SchemaType, guid_of};

pub(super) fn message(reason: &InvalidSchema) -> String {
    match reason {
        InvalidSchema::Empty => "Empty schema".to_owned(),
        InvalidSchema::UnknownType(name) => format!("Invalid schema type {name}"),
        InvalidSchema::NullReference => "Invalid reference: null".to_owned(),
        InvalidSchema::Text { submitted, error } => match error.stage {
            Stage::Parse if submitted.schema_type == SchemaType::Json => unreadable(submitted, "Invalid JSON schema"),
            Stage::Parse => unreadable(submitted, &error.message),
            Stage::Load => not_valid(submitted, "Invalid JSON"),
            Stage::Validate | Stage::Resolve => not_valid(submitted, &error.message),
        },
        InvalidSchema::Reference { submitted, error } => unreadable(submitted, &reference_error(error)),
        InvalidSchema::ReferenceGone { schema_type, reference } => {
            let detail = not_found(&reference.subject, reference.version);
            format!("Invalid schema of type {schema_type}, details: {detail}")
        }
        InvalidSchema::NotTheNextVersion => "Version is not one more than previous version".to_owned(),
        InvalidSchema::Representation(error) => format!("Invalid schema, details: {error}"),
        InvalidSchema::NoLogicalType(error) => format!("Stored schema cannot be represented as a logical type: {error}"),
        InvalidSchema::Logical(refusal) => logical(refusal),
        InvalidSchema::Tags(error) => format!("java.lang.IllegalArgumentException: {error}"),
        InvalidSchema::StoredVersion { version, error } => format!("Version {version} of the subject can't be read: {error}"),
    }
}

/// The message for a logical type that no schema can be made of.
fn logical(refusal: &LogicalRefusal) -> String {
    const TYPES: &str = "must be one of AVRO, JSON, PROTOBUF";
    match refusal {
        LogicalRefusal::NoType => format!("schemaType is required when format=logical, and {TYPES}"),
        LogicalRefusal::NoText => "Schema is required when format=logical".to_owned(),
        LogicalRefusal::Text(error) => format!("Invalid logical type schema: {error}"),
        LogicalRefusal::Reference(error) => format!("Could not resolve schema references: {}", reference_error(error)),
        LogicalRefusal::UnknownType(name) => format!("Unsupported schemaType '{name}' for format=logical; {TYPES}"),
        LogicalRefusal::Unrepresentable(name, error) => format!("Logical type schema cannot be represented as {name}: {error}"),
    }
}

/// The message with what Confluent leaves out: of a refused JSON Schema it says no more than `Invalid JSON`.
pub(super) fn explained(reason: &InvalidSchema) -> String {
    let mut message = message(reason);
    if let InvalidSchema::Text { submitted, error } = reason
        && submitted.schema_type == SchemaType::Json
        && !message.ends_with(&error.message)
    {
        message.push_str(": ");
        message.push_str(&error.message);
    }
    message
}

/// The message for what can't be parsed.
fn unreadable(submitted: &Submitted, detail: &str) -> String {
    match submitted.schema_type {
        SchemaType::Avro => format!(
            "Invalid schema of type AVRO, details: Invalid schema {} with refs {} of type AVRO, details: {detail}",
            // no version is shown, and of an id that counts only that it is there
            echo(
                submitted,
                "null",
                if submitted.is_import && submitted.submission.id.is_some_and(|id| id >= 0) { "0" } else { "null" }
            ),
            references(&submitted.submission.references)
        ),
        other => format!("Invalid schema of type {other}, details: Invalid schema of type {other}, details: {detail}"),
    }
}

/// The message for what was parsed but isn't allowed.
fn not_valid(submitted: &Submitted, detail: &str) -> String {
    let id = submitted.submission.id.filter(|id| submitted.is_import && *id >= 0).unwrap_or(-1);
    format!("Invalid schema {}, details: {detail}", echo(submitted, &submitted.submission.version.to_string(), &id.to_string()))
}

fn reference_error(error: &ReferenceError) -> String {
    match error {
        ReferenceError::Incomplete(reference) => format!("Invalid reference: {}", printed(reference)),
        ReferenceError::InvalidVersion(version) => format!("InvalidVersionException: {version}"),
        ReferenceError::NotFound { subject, version } => not_found(subject, *version),
        ReferenceError::Conflict { name, versions: [first, second] } => {
            format!("Conflicting reference versions for \"{name}\": version {first} and version {second}")
        }
    }
}

fn not_found(subject: &str, version: i32) -> String {
    format!("No schema reference found for subject \"{subject}\" and version {version}")
}

/// A reference as Java prints Confluent's `SchemaReference`.
fn printed(reference: &RawReference) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let version = or_null(reference.version.map(|v| v.to_string()));
    format!("{{name='{}', subject='{}', version={version}}}", text(&reference.name), text(&reference.subject))
}

fn references(list: &[RawReference]) -> String {
    list_of(list.iter().map(printed))
}

fn or_null(value: Option<String>) -> String {
    value.unwrap_or_else(|| "null".to_owned())
}

/// A collection as Java prints it.
fn list_of(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A map as Java prints it.
fn map_of(entries: impl Iterator<Item = (String, String)>) -> String {
    format!("{{{}}}", entries.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", "))
}

fn metadata(metadata: &Metadata) -> String {
    let texts = |set: &BTreeSet<JavaStr>| list_of(set.iter().map(|text| text.0.clone()));
    let tags = metadata.tags.iter().flatten().map(|(path, tags)| (path.0.clone(), texts(tags)));
    let properties = metadata.properties.iter().flatten().map(|(key, value)| (key.0.clone(), value.clone()));
    let sensitive = metadata.sensitive.as_ref().map_or_else(|| "[]".to_owned(), texts);
    format!("Metadata{{tags={}, properties={}, sensitive={sensitive}}}", map_of(tags), map_of(properties))
}

fn rule(rule: &Rule) -> String {
    let text = |value: &Option<String>| or_null(value.clone());
    let tags = or_null(rule.tags.as_ref().map(|tags| list_of(tags.iter().map(|tag| tag.0.clone()))));
    let params = rule.params.as_ref().map(|params| map_of(params.iter().map(|(key, value)| (key.0.clone(), value.clone()))));
    format!(
        "Rule{{name={}, doc={}, kind={}, mode={}, type='{}', tags='{tags}', params='{}', expr='{}', onSuccess='{}', onFailure='{}', \
         disabled='{}'}}",
        text(&rule.name),
        text(&rule.doc),
        rule.kind.map_or("null", <&str>::from),
        rule.mode.map_or("null", <&str>::from),
        text(&rule.rule_type),
        or_null(params),
        text(&rule.expr),
        text(&rule.on_success),
        text(&rule.on_failure),
        rule.disabled,
    )
}

fn rule_set(rules: &RuleSet) -> String {
    let list = |rules: &Option<Vec<Rule>>| or_null(rules.as_ref().map(|rules| list_of(rules.iter().map(rule))));
    format!(
        "Rules{{migrationRules={}, domainRules={}, encodingRules={}, enableAt={}}}",
        list(&rules.migration_rules),
        list(&rules.domain_rules),
        list(&rules.encoding_rules),
        rules.enable_at.map_or("null", <&str>::from),
    )
}

/// What was submitted as Java prints Confluent's `Schema`.
fn echo(Submitted { subject, schema_type, submission, .. }: &Submitted, version: &str, id: &str) -> String {
    let text = submission.schema.as_deref().unwrap_or("");
    let parts = submission.references.iter().map(|r| (r.name.as_deref(), r.subject.as_deref(), r.version));
    let guid = guid_of(text, parts, submission.metadata.as_ref(), submission.rule_set.as_ref());
    format!(
        "{{subject={subject},version={version},id={id},guid={guid},schemaType={schema_type},references={},metadata={},ruleSet={},\
         schema={text},schemaTags=null,ts=null,deleted=null}}",
        references(&submission.references),
        or_null(submission.metadata.as_ref().map(metadata)),
        or_null(submission.rule_set.as_ref().map(rule_set)),
    )
}
