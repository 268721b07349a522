//! What clients are told about a schema that is refused.
//!
//! Confluent builds these messages layer by layer: each layer the exception passes through puts its own prefix before it, and some
//! repeat all that was submitted. Clients match on them, so they are the same here to the letter (avro 1.6, protobuf 1.2,
//! json-schema 1.5).

use crate::codec::to_text;
use crate::registry::{InvalidSchema, RawReference, ReferenceError, Submitted};
use crate::schema::Stage;
use crate::types::{Content, Reference, SchemaType};

pub(super) fn message(reason: &InvalidSchema) -> String {
    match reason {
        InvalidSchema::Empty => "Empty schema".to_owned(),
        InvalidSchema::UnknownType(name) => format!("Invalid schema type {name}"),
        InvalidSchema::NullReference => "Invalid reference: null".to_owned(),
        InvalidSchema::Text { submitted, error } => match error.stage {
            Stage::Parse => unreadable(submitted, &error.message, true),
            Stage::Validate | Stage::Resolve => not_valid(submitted, &error.message),
        },
        InvalidSchema::Reference { submitted, error } => {
            let is_missing = matches!(error, ReferenceError::Incomplete(_) | ReferenceError::NotFound { .. });
            unreadable(submitted, &reference_error(error), !is_missing)
        }
        InvalidSchema::ReferenceGone { schema_type, reference } => {
            let detail = not_found(&reference.subject, reference.version);
            format!("Invalid schema of type {schema_type}, details: {detail}")
        }
        InvalidSchema::NotTheNextVersion => "Version is not one more than previous version".to_owned(),
        InvalidSchema::Representation(error) => format!("Invalid schema, details: {error}"),
        InvalidSchema::NoLogicalType(error) => format!("Stored schema cannot be represented as a logical type: {error}"),
        InvalidSchema::Tags(error) => error.message.clone(),
        InvalidSchema::StoredVersion { version, error } => format!("Version {version} of the subject can't be read: {error}"),
    }
}

/// The message for what can't be parsed. `by_parser`: Confluent's JSON Schema parser said so, and not the look-up of references,
/// which comes before it.
fn unreadable(submitted: &Submitted, detail: &str, by_parser: bool) -> String {
    match submitted.schema_type {
        SchemaType::Avro => format!(
            "Invalid schema of type AVRO, details: Invalid schema {} with refs {} of type AVRO, details: {detail}",
            echo(submitted),
            references(&submitted.submission.references)
        ),
        SchemaType::Protobuf => {
            format!("Invalid schema of type PROTOBUF, details: Invalid schema of type PROTOBUF, details: {detail}")
        }
        SchemaType::Json => {
            let parser = if by_parser { "Invalid JSON schema: " } else { "" };
            format!("Invalid schema of type JSON, details: Invalid schema of type JSON, details: {parser}{detail}")
        }
    }
}

/// The message for what was parsed but isn't allowed.
fn not_valid(submitted: &Submitted, detail: &str) -> String {
    match submitted.schema_type {
        SchemaType::Avro | SchemaType::Protobuf => format!("Invalid schema {}, details: {detail}", echo(submitted)),
        SchemaType::Json => format!("Invalid schema of type JSON, details: {detail}"),
    }
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
    let text = |value: Option<&str>| value.map_or_else(|| "null".to_owned(), |v| format!("'{v}'"));
    let version = reference.version.map_or_else(|| "null".to_owned(), |v| v.to_string());
    format!("{{name={}, subject={}, version={version}}}", text(reference.name.as_deref()), text(reference.subject.as_deref()))
}

fn references(list: &[RawReference]) -> String {
    format!("[{}]", list.iter().map(printed).collect::<Vec<_>>().join(", "))
}

/// What was submitted as Java prints Confluent's `Schema`.
fn echo(Submitted { subject, schema_type, submission }: &Submitted) -> String {
    let text = submission.schema.as_deref().unwrap_or("");
    let known = |r: &RawReference| Some(Reference { name: r.name.clone()?, subject: r.subject.clone()?, version: r.version? });
    let content = Content {
        schema_type: *schema_type,
        text: text.into(),
        references: submission.references.iter().filter_map(known).collect(),
        metadata: submission.metadata.clone(),
        rule_set: submission.rule_set.clone(),
    };
    let or_null = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
    format!(
        "{{subject={},version={},id={},guid={},schemaType={schema_type},references={},metadata={},ruleSet={},schema={text},\
         schemaTags=null,ts=null,deleted=null}}",
        subject.name(),
        or_null((submission.version != 0).then(|| submission.version.to_string())),
        or_null(submission.id.map(|id| id.to_string())),
        content.guid(),
        references(&submission.references),
        or_null(submission.metadata.as_ref().map(to_text)),
        or_null(submission.rule_set.as_ref().map(to_text)),
    )
}
