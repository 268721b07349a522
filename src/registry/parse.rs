//! Reading what a client submitted: its references are resolved, then its text is parsed.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::Registry;
use super::error::{Failure, RegistryError, readable};
use super::invalid_schema::{InvalidSchema, ReferenceError, Submitted};
use super::judging_pool::JobSize;
use super::submission::{Alongside, RawReference, Submission};
use crate::schema::{ParseMode, ParseOptions, Parsed, ResolvedReference, SchemaError, Stage};
use crate::types::{
    Config, Content, Metadata, ProtobufPolicy, Reference, RuleSet, SchemaId, SchemaType, Subject, Version, VersionSelector,
};

impl Submission {
    /// The format; AVRO where none is named.
    ///
    /// # Errors
    /// No format has the name.
    pub fn parsed_type(&self) -> Result<SchemaType, RegistryError> {
        let Some(name) = self.schema_type.as_deref() else { return Ok(SchemaType::Avro) };
        SchemaType::parse(name).ok_or_else(|| RegistryError::InvalidSchema(InvalidSchema::UnknownType(name.to_owned())))
    }
}

/// How a submission is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct SubmissionOptions {
    mode: ParseMode,
    validate_fields: bool,
    /// A compiler must take it.
    compiles: bool,
    normalize: bool,
}

impl SubmissionOptions {
    /// Without further checks.
    pub(super) fn plain(mode: ParseMode, normalize: bool) -> Self {
        Self { mode, validate_fields: false, compiles: false, normalize }
    }

    /// With the checks that a config asks for.
    pub(super) fn checked(mode: ParseMode, normalize: bool, config: &Config) -> Self {
        let validate_fields = config.validate_fields.unwrap_or(false);
        let compiles = config.protobuf_policy == Some(ProtobufPolicy::Compiled) && mode == ParseMode::New;
        Self { mode, validate_fields, compiles, normalize }
    }
}

/// A submission that has been read.
#[derive(Debug, Clone)]
pub(super) struct ParsedSubmission {
    pub(super) parsed: Parsed,
    /// The stored text: canonical, or normalized.
    pub(super) text: Arc<str>,
    pub(super) references: Vec<Reference>,
    /// The referenced subjects with their contexts.
    pub(super) targets: Vec<Subject>,
}

impl ParsedSubmission {
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

/// How much there is to read.
pub(super) fn size(text: &str, references: &[ResolvedReference]) -> JobSize {
    JobSize::Bytes(text.len() + references.iter().map(|reference| reference.text.len()).sum::<usize>())
}

/// What a reference stands for.
enum Referred {
    Stored(SchemaId),
    /// About to be written.
    Pending(Arc<Content>),
}

/// References collected so far.
#[derive(Default)]
struct ResolvedGraph {
    /// What is about to be written with the schema.
    alongside: Alongside,
    /// Only versions that are not soft-deleted can be referred to.
    only_active: bool,
    /// Names seen, with the version that each stood for first.
    versions: HashMap<String, Version>,
    resolved: Vec<ResolvedReference>,
    /// Bytes of their texts, each as often as it is referred to.
    bytes: u64,
}

impl Registry {
    pub(super) fn parse_options(&self, schema_type: SchemaType, mode: ParseMode) -> ParseOptions {
        let max_depth = match schema_type {
            SchemaType::Avro => self.limits.avro_depth,
            SchemaType::Protobuf => self.limits.protobuf_depth,
            SchemaType::Json => self.limits.json_depth,
        };
        ParseOptions { strict_metaschema: self.defaults.strict_metaschema, ..ParseOptions::new(mode, max_depth) }
    }

    /// Resolves, reads and, if asked, normalizes a submission.
    pub(super) async fn read(
        &self,
        subject: &Subject,
        submission: &Submission,
        reading: SubmissionOptions,
    ) -> Result<ParsedSubmission, RegistryError> {
        let SubmissionOptions { mode, validate_fields, compiles, normalize } = reading;
        let schema_type = submission.parsed_type()?;
        let text: Arc<str> = submission.schema.as_deref().unwrap_or("").into();
        let is_import = mode == ParseMode::Import;
        let submitted = |found: &[Reference]| {
            let mut submission = submission.clone();
            for (raw, found) in submission.references.iter_mut().zip(found) {
                raw.version = Some(found.version);
            }
            Box::new(Submitted { subject: subject.clone(), schema_type, submission, is_import })
        };
        let mut found = Vec::new();
        let resolved = self.resolve(subject, submission, mode == ParseMode::New, &mut found).await;
        let (mut targets, texts) = resolved
            .map_err(|error| error.or_refuse(|error| InvalidSchema::Reference { submitted: submitted(&found), error }))?;
        let mut references = found;
        let refuse = |error: SchemaError| {
            let found = if error.stage == Stage::Parse { references.as_slice() } else { &[] };
            RegistryError::InvalidSchema(InvalidSchema::Text { submitted: submitted(found), error })
        };
        let options = ParseOptions { validate_fields, compiles, ..self.parse_options(schema_type, mode) };
        let size = size(&text, &texts);
        let read = move || {
            let parsed = Parsed::parse(schema_type, &text, &texts, &options)?;
            if !normalize {
                let text: Arc<str> = parsed.canonical().into();
                return Ok((parsed, text));
            }
            // what is compared and searched for from here on is the normalized schema
            let validate = |error| SchemaError { stage: Stage::Validate, ..error };
            let text: Arc<str> = parsed.normalized().map_err(validate)?.into();
            let options = ParseOptions { mode: ParseMode::Lookup, validate_fields: false, compiles: false, ..options };
            let parsed = Parsed::parse(schema_type, &text, &texts, &options).map_err(validate)?;
            Ok((parsed, text))
        };
        let (parsed, text) = self.judging_pool.run(size, read).await?.map_err(refuse)?;
        if normalize {
            let mut pairs: Vec<(Reference, Subject)> = references.into_iter().zip(targets).collect();
            pairs.sort_by(|(a, _), (b, _)| a.subject.cmp(&b.subject).then(a.version.cmp(&b.version)));
            pairs.dedup_by(|(a, _), (b, _)| a == b);
            (references, targets) = pairs.into_iter().unzip();
        }
        Ok(ParsedSubmission { parsed, text, references, targets })
    }

    /// Finds the subjects of references, with contexts, and the texts, with those of the references of references. `found` gets the
    /// references as they are stored, with version numbers; up to the one that fails, if one does.
    pub(super) async fn resolve(
        &self,
        subject: &Subject,
        submission: &Submission,
        only_active: bool,
        found: &mut Vec<Reference>,
    ) -> Result<(Vec<Subject>, Vec<ResolvedReference>), Failure<ReferenceError>> {
        let (raw, alongside) = (&submission.references, &submission.alongside);
        let limit = self.limits.reference_count;
        if raw.len() > limit {
            return Err(RegistryError::ReferenceLimit { what: "references", limit, setting: "max-references" }.into());
        }
        let mut graph = ResolvedGraph { only_active, alongside: alongside.clone(), ..ResolvedGraph::default() };
        let mut targets = Vec::new();
        for reference in raw {
            let RawReference { name: Some(name), subject: Some(target), version: Some(version) } = reference else {
                return Err(Failure::Input(ReferenceError::Incomplete(reference.clone())));
            };
            let selector = VersionSelector::parse(&version.to_string());
            let selector = selector.ok_or(Failure::Input(ReferenceError::InvalidVersion(*version)))?;
            let target_subject = Subject::parse_in(subject.context(), target);
            let Some((version, text)) = self.referred(&graph, &target_subject, selector).await? else {
                return Err(Failure::Input(ReferenceError::NotFound { subject: target_subject.qualified(), version: *version }));
            };
            let reference = Reference { name: name.clone(), subject: target.clone(), version };
            found.push(reference.clone());
            self.collect(&mut graph, &target_subject, &reference, text, 1).await?;
            targets.push(target_subject);
        }
        Ok((targets, graph.resolved))
    }

    /// References of a stored schema; what can't be found any more is left out.
    pub(super) async fn resolve_stored(
        &self,
        subject: &Subject,
        references: &[Reference],
    ) -> Result<Vec<ResolvedReference>, RegistryError> {
        let mut graph = ResolvedGraph::default();
        for reference in references {
            let target = Subject::parse_in(subject.context(), &reference.subject);
            let row = self.store.version(&target, VersionSelector::Number(reference.version), true).await?;
            if let Some(row) = row {
                // a conflict was allowed when the schema was stored
                readable(self.collect(&mut graph, &target, reference, Referred::Stored(row.id), 1).await)?;
            }
        }
        Ok(graph.resolved)
    }

    /// What a reference stands for, and its version: what is about to be written comes before what is stored.
    async fn referred(
        &self,
        graph: &ResolvedGraph,
        target: &Subject,
        selector: VersionSelector,
    ) -> Result<Option<(Version, Referred)>, RegistryError> {
        if let Some(pending) = graph.alongside.find(target, selector) {
            return Ok(Some((pending.version, Referred::Pending(Arc::clone(&pending.content)))));
        }
        let row = self.store.version(target, selector, !graph.only_active).await?;
        Ok(row.map(|row| (row.version, Referred::Stored(row.id))))
    }

    /// Depth first: a reference's own references come before it. A name that was seen before is skipped, which also ends circles.
    fn collect<'a>(
        &'a self,
        graph: &'a mut ResolvedGraph,
        target: &'a Subject,
        reference: &'a Reference,
        referred: Referred,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), Failure<ReferenceError>>> {
        Box::pin(async move {
            if let Some(first) = graph.versions.get(&reference.name) {
                if self.defaults.strict_reference_versions && *first != reference.version {
                    let versions = [*first, reference.version];
                    return Err(Failure::Input(ReferenceError::Conflict { name: reference.name.clone(), versions }));
                }
                return Ok(());
            }
            graph.versions.insert(reference.name.clone(), reference.version);
            let limit = |what, limit, setting| RegistryError::ReferenceLimit { what, limit, setting };
            if depth > self.limits.reference_depth {
                return Err(limit("levels of references", self.limits.reference_depth, "max-reference-depth").into());
            }
            if graph.versions.len() > self.limits.reference_count {
                return Err(limit("references", self.limits.reference_count, "max-references").into());
            }
            let content = match referred {
                Referred::Pending(content) => content,
                Referred::Stored(id) => {
                    let Some(schema) = self.schema_by_id(target.context(), id).await? else { return Ok(()) };
                    Arc::clone(&schema.stored.content)
                }
            };
            graph.bytes = graph.bytes.saturating_add(content.text.len() as u64);
            if graph.bytes > self.limits.judging.memory {
                return Err(RegistryError::MemoryExhausted { limit: self.limits.judging.memory }.into());
            }
            for nested in &content.references {
                let inner = Subject::parse_in(target.context(), &nested.subject);
                let Some((_, referred)) = self.referred(graph, &inner, VersionSelector::Number(nested.version)).await? else {
                    let (subject, version) = (inner.qualified(), nested.version);
                    return Err(Failure::Input(ReferenceError::NotFound { subject, version }));
                };
                self.collect(graph, &inner, nested, referred, depth + 1).await?;
            }
            graph.resolved.push(ResolvedReference {
                name: reference.name.clone(),
                subject: reference.subject.clone(),
                version: reference.version,
                text: Arc::clone(&content.text),
                direct: depth == 1,
            });
            Ok(())
        })
    }
}
