//! What a client submits; resolving its references; reading it.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Registry;
use super::error::RegistryError;
use crate::codec::to_text;
use crate::schema::{ParseMode, ParseOptions, Parsed, ResolvedReference, SchemaError, Stage, TagEdit};
use crate::types::{Content, Metadata, Reference, RuleSet, SchemaId, SchemaType, Subject, Version, VersionSelector};

/// A reference as a client sends it; anything may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RawReference {
    /// Name.
    pub name: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Version; `-1` is the latest.
    pub version: Option<i32>,
}

/// A schema as a client sends it, for registration, look-up and checks.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// The text.
    pub schema: Option<String>,
    /// The type's wire name; absent means AVRO.
    pub schema_type: Option<String>,
    /// References.
    pub references: Vec<RawReference>,
    /// Metadata.
    pub metadata: Option<Metadata>,
    /// Rule set.
    pub rule_set: Option<RuleSet>,
    /// Explicit id (IMPORT).
    pub id: Option<SchemaId>,
    /// Version wanted; 0 is absent.
    pub version: Version,
    /// Inline tags to add before registering.
    pub tags_to_add: Vec<TagEdit>,
    /// Inline tags to remove before registering.
    pub tags_to_remove: Vec<TagEdit>,
    /// Copy the inline tags of the previous version.
    pub propagate_tags: bool,
}

impl Submission {
    /// True without a schema text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schema.as_deref().is_none_or(|text| text.trim().is_empty())
    }

    /// The type.
    ///
    /// # Errors
    /// An unknown one.
    pub fn parsed_type(&self) -> Result<SchemaType, RegistryError> {
        match self.schema_type.as_deref() {
            None => Ok(SchemaType::Avro),
            Some(name) => {
                SchemaType::parse(name).ok_or_else(|| RegistryError::InvalidSchema(format!("Invalid schema type {name}")))
            }
        }
    }
}

/// A submission that has been read.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) parsed: Parsed,
    /// The stored text: canonical, or normalized.
    pub(super) text: Arc<str>,
    pub(super) references: Vec<Reference>,
    /// The referenced subjects with their contexts.
    pub(super) targets: Vec<Subject>,
}

impl Candidate {
    pub(super) fn content(&self, metadata: Option<&Metadata>, rule_set: Option<&RuleSet>) -> Content {
        Content {
            schema_type: self.parsed.schema_type(),
            text: Arc::clone(&self.text),
            references: self.references.clone(),
            metadata: metadata.cloned(),
            rule_set: rule_set.cloned(),
        }
    }
}

/// Texts above this many bytes are read on the blocking pool, so that they don't hold up other requests.
const INLINE_BYTES: usize = 32 * 1024;

/// Reads a text, off the async threads when it is large.
pub(super) async fn run(
    schema_type: SchemaType,
    text: Arc<str>,
    references: Vec<ResolvedReference>,
    options: ParseOptions,
) -> Result<Parsed, SchemaError> {
    let total = text.len() + references.iter().map(|r| r.text.len()).sum::<usize>();
    if total <= INLINE_BYTES {
        return Parsed::parse(schema_type, &text, &references, &options);
    }
    let task = tokio::task::spawn_blocking(move || Parsed::parse(schema_type, &text, &references, &options));
    task.await.unwrap_or_else(|_| Err(SchemaError::validate("the schema could not be read")))
}

/// References collected so far.
#[derive(Default)]
struct Graph {
    /// Names seen, with where they came from.
    seen: HashSet<String>,
    bound: Vec<(String, Version)>,
    resolved: Vec<ResolvedReference>,
}

fn printed(reference: &RawReference) -> String {
    let text = |value: Option<&str>| value.map_or_else(|| "null".to_owned(), |v| format!("'{v}'"));
    let version = reference.version.map_or_else(|| "null".to_owned(), |v| v.to_string());
    format!("{{name={}, subject={}, version={version}}}", text(reference.name.as_deref()), text(reference.subject.as_deref()))
}

impl Registry {
    pub(super) fn parse_options(&self, schema_type: SchemaType, mode: ParseMode, validate_fields: bool) -> ParseOptions {
        let max_depth = match schema_type {
            SchemaType::Avro => self.limits.avro_depth,
            SchemaType::Protobuf => self.limits.protobuf_depth,
            SchemaType::Json => self.limits.json_depth,
        };
        ParseOptions { mode, validate_fields, strict_metaschema: self.defaults.strict_metaschema, max_depth }
    }

    /// Resolves, reads and, if asked, normalizes a submission.
    pub(super) async fn read(
        &self,
        subject: &Subject,
        submission: &Submission,
        mode: ParseMode,
        validate_fields: bool,
        normalize: bool,
    ) -> Result<Candidate, RegistryError> {
        let schema_type = submission.parsed_type()?;
        let text: Arc<str> = submission.schema.as_deref().unwrap_or("").into();
        let refuse = |error: &SchemaError| RegistryError::InvalidSchema(refusal(subject, submission, schema_type, error));
        let resolution = self.resolve(subject, &submission.references, mode == ParseMode::New).await?;
        let (mut references, mut targets, resolved) = match resolution {
            Ok(resolution) => resolution,
            Err(message) => return Err(refuse(&SchemaError::parse(message))),
        };
        let options = self.parse_options(schema_type, mode, validate_fields);
        let parsed = run(schema_type, text, resolved, options).await.map_err(|error| refuse(&error))?;
        let text: Arc<str> = if normalize {
            parsed.normalized().map_err(|error| refuse(&SchemaError { stage: Stage::Validate, ..error }))?.into()
        } else {
            parsed.canonical().into()
        };
        if normalize {
            let mut pairs: Vec<(Reference, Subject)> = references.into_iter().zip(targets).collect();
            pairs.sort_by(|(a, _), (b, _)| a.subject.cmp(&b.subject).then(a.version.cmp(&b.version)));
            pairs.dedup_by(|(a, _), (b, _)| a == b);
            (references, targets) = pairs.into_iter().unzip();
        }
        Ok(Candidate { parsed, text, references, targets })
    }

    /// Finds the texts of references. The inner error is what the client did wrong.
    async fn resolve(
        &self,
        subject: &Subject,
        raw: &[RawReference],
        only_active: bool,
    ) -> Result<Result<(Vec<Reference>, Vec<Subject>, Vec<ResolvedReference>), String>, RegistryError> {
        let mut graph = Graph::default();
        let (mut references, mut targets) = (Vec::new(), Vec::new());
        for reference in raw {
            let (Some(name), Some(target), Some(version)) = (&reference.name, &reference.subject, reference.version) else {
                return Ok(Err(format!("Invalid reference: {}", printed(reference))));
            };
            if target.is_empty() {
                return Ok(Err(format!("Invalid reference: {}", printed(reference))));
            }
            let Some(selector) = VersionSelector::parse(&version.to_string()) else {
                return Ok(Err(format!("InvalidVersionException: {version}")));
            };
            let target_subject = Subject::parse_in(subject.context(), target);
            let found = self.store.version(&target_subject, selector, !only_active).await?;
            let Some(row) = found else {
                return Ok(Err(format!("No schema reference found for subject \"{target}\" and version {version}")));
            };
            let reference = Reference { name: name.clone(), subject: target.clone(), version: row.version };
            if let Err(message) = self.collect(&mut graph, &target_subject, &reference, row.id, true, 1, only_active).await? {
                return Ok(Err(message));
            }
            references.push(reference);
            targets.push(target_subject);
        }
        Ok(Ok((references, targets, graph.resolved)))
    }

    /// References of a stored schema; what can't be found any more is left out.
    pub(super) async fn resolve_stored(
        &self,
        home: &Subject,
        references: &[Reference],
    ) -> Result<Vec<ResolvedReference>, RegistryError> {
        let mut graph = Graph::default();
        for reference in references {
            let target = Subject::parse_in(home.context(), &reference.subject);
            let row = self.store.version(&target, VersionSelector::Number(reference.version), true).await?;
            if let Some(row) = row {
                // a conflict was allowed when the schema was stored
                let _ = self.collect(&mut graph, &target, reference, row.id, true, 1, false).await?;
            }
        }
        Ok(graph.resolved)
    }

    /// Depth first: a reference's own references come before it; a name seen before is skipped, which also ends circles.
    #[expect(clippy::too_many_arguments, reason = "one step of a recursion")]
    fn collect<'a>(
        &'a self,
        graph: &'a mut Graph,
        target: &'a Subject,
        reference: &'a Reference,
        id: SchemaId,
        direct: bool,
        depth: usize,
        only_active: bool,
    ) -> BoxFuture<'a, Result<Result<(), String>, RegistryError>> {
        Box::pin(async move {
            if !graph.seen.insert(reference.name.clone()) {
                if self.defaults.strict_reference_versions
                    && let Some((_, bound)) =
                        graph.bound.iter().find(|(name, v)| *name == reference.name && *v != reference.version)
                {
                    return Ok(Err(format!(
                        "Conflicting reference versions for \"{}\": version {bound} and version {}",
                        reference.name, reference.version
                    )));
                }
                return Ok(Ok(()));
            }
            graph.bound.push((reference.name.clone(), reference.version));
            let limit = |what, limit, setting| RegistryError::ReferenceLimit { what, limit, setting };
            if depth > self.limits.reference_depth {
                return Err(limit("levels of references", self.limits.reference_depth, "max-reference-depth"));
            }
            if graph.bound.len() > self.limits.reference_count {
                return Err(limit("references", self.limits.reference_count, "max-references"));
            }
            let Some(entry) = self.entry(target.context(), id).await? else { return Ok(Ok(())) };
            for nested in &entry.stored.content.references {
                let inner = Subject::parse_in(target.context(), &nested.subject);
                let row = self.store.version(&inner, VersionSelector::Number(nested.version), !only_active).await?;
                match row {
                    Some(row) => {
                        if let Err(message) = self.collect(graph, &inner, nested, row.id, false, depth + 1, only_active).await? {
                            return Ok(Err(message));
                        }
                    }
                    None => {
                        return Ok(Err(format!(
                            "No schema reference found for subject \"{}\" and version {}",
                            nested.subject, nested.version
                        )));
                    }
                }
            }
            graph.resolved.push(ResolvedReference {
                name: reference.name.clone(),
                subject: reference.subject.clone(),
                version: reference.version,
                text: Arc::clone(&entry.stored.content.text),
                direct,
            });
            Ok(Ok(()))
        })
    }
}

/// The whole message of a refused schema, nested as the original nests it (avro 1.6, protobuf 1.2, json-schema 1.5).
fn refusal(subject: &Subject, submission: &Submission, schema_type: SchemaType, error: &SchemaError) -> String {
    let detail = &error.message;
    match (schema_type, error.stage) {
        (SchemaType::Avro, Stage::Parse) => format!(
            "Invalid schema of type AVRO, details: Invalid schema {} with refs {} of type AVRO, details: {detail}",
            echo(subject, submission, schema_type),
            references(&submission.references)
        ),
        (SchemaType::Avro | SchemaType::Protobuf, Stage::Validate) => {
            format!("Invalid schema {}, details: {detail}", echo(subject, submission, schema_type))
        }
        (SchemaType::Protobuf, Stage::Parse) => {
            format!("Invalid schema of type PROTOBUF, details: Invalid schema of type PROTOBUF, details: {detail}")
        }
        (SchemaType::Json, Stage::Parse)
            if detail.starts_with("No schema reference") || detail.starts_with("Invalid reference") =>
        {
            format!("Invalid schema of type JSON, details: Invalid schema of type JSON, details: {detail}")
        }
        (SchemaType::Json, Stage::Parse) => {
            format!("Invalid schema of type JSON, details: Invalid schema of type JSON, details: Invalid JSON schema: {detail}")
        }
        (SchemaType::Json, Stage::Validate) => format!("Invalid schema of type JSON, details: {detail}"),
    }
}

fn references(list: &[RawReference]) -> String {
    format!("[{}]", list.iter().map(printed).collect::<Vec<_>>().join(", "))
}

/// The submitted schema as the original prints it inside its messages.
fn echo(subject: &Subject, submission: &Submission, schema_type: SchemaType) -> String {
    let text = submission.schema.as_deref().unwrap_or("");
    let known = |r: &RawReference| Some(Reference { name: r.name.clone()?, subject: r.subject.clone()?, version: r.version? });
    let content = Content {
        schema_type,
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
