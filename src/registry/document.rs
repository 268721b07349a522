//! Schemas as documents: where one is, what is known of it without reading it, and the whole of it in one piece.

use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::invalid_schema::InvalidSchema;
use super::judging_pool::JobSize;
use super::schema_cache::CachedSchema;
use crate::access::{Operation, Rights};
use crate::store::{DocumentTag, Holder};
use crate::types::{DEFAULT_CONTEXT, Guid, Reference, SchemaId, Subject, Version, VersionSelector};

/// How a document is asked for.
#[derive(Debug, Clone)]
pub enum DocumentName {
    Version(Subject, VersionSelector),
    /// The subject chooses the context.
    Id(SchemaId, Option<Subject>),
    /// As it was written.
    Guid(String),
    /// The type of the events that it describes.
    Type(String),
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedDocument {
    /// The subject that was named, else that of the oldest live holder.
    pub subject: Subject,
    pub version: Version,
    pub deleted: bool,
    /// When the version was registered, in milliseconds since 1970.
    pub created_at: i64,
    /// The schema's id in the subject's context.
    pub id: SchemaId,
    /// No registration can change this answer; only what begins a new generation can.
    pub is_stable: bool,
}

impl LocatedDocument {
    fn of(holder: Holder, id: SchemaId, is_stable: bool) -> Self {
        let Holder { subject, version, deleted, created_at } = holder;
        Self { subject, version, deleted, created_at, id, is_stable: is_stable && !deleted }
    }
}

impl Registry {
    /// Finds a document without reading it. Soft-deleted versions are found too. By id or guid, one holder that may be read is enough.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`], [`RegistryError::VersionNotFound`], [`RegistryError::SchemaNotFound`],
    /// [`RegistryError::NoTypeBinding`], [`RegistryError::Denied`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn locate(&self, name: &DocumentName, rights: &Rights) -> Result<LocatedDocument, RegistryError> {
        match name {
            DocumentName::Version(subject, version) => self.locate_version(subject, *version, rights).await,
            DocumentName::Id(id, hint) => {
                let Some(holder) = self.find_holder(*id, hint.as_ref(), rights).await? else {
                    return Err(self.no_holder(*id, hint.as_ref(), rights).await?);
                };
                Ok(LocatedDocument::of(holder, *id, hint.as_ref().is_none_or(Subject::is_context)))
            }
            DocumentName::Guid(text) => self.locate_guid(text, rights).await,
            DocumentName::Type(event_type) => {
                let binding = self.binding_of(event_type).await?;
                let binding = binding.ok_or_else(|| RegistryError::NoTypeBinding(event_type.clone()))?;
                let subject = self.resolve_alias(&binding.subject).await?;
                rights.require(Operation::SubjectRead, &subject)?;
                Ok(LocatedDocument { is_stable: false, ..self.locate_version(&subject, binding.version, rights).await? })
            }
        }
    }

    async fn locate_version(
        &self,
        subject: &Subject,
        version: VersionSelector,
        rights: &Rights,
    ) -> Result<LocatedDocument, RegistryError> {
        // the latest is never a soft-deleted one
        let (found, row) = self.version_row(subject, version, version != VersionSelector::Latest, rights).await?;
        let is_stable = version != VersionSelector::Latest && !row.deleted && found == *subject;
        Ok(LocatedDocument {
            subject: found,
            version: row.version,
            deleted: row.deleted,
            created_at: row.created_at,
            id: row.id,
            is_stable,
        })
    }

    async fn locate_guid(&self, text: &str, rights: &Rights) -> Result<LocatedDocument, RegistryError> {
        let missing = || RegistryError::SchemaNotFound(text.to_owned());
        let mut deleted = None;
        for (context, id) in self.guid_ids(text, rights).await? {
            let context_scope = Subject::in_context(&context, "");
            let Some(holder) = self.find_holder(id, Some(&context_scope), rights).await? else { continue };
            let located = LocatedDocument::of(holder, id, context == DEFAULT_CONTEXT);
            if !located.deleted {
                return Ok(located);
            }
            deleted.get_or_insert(located);
        }
        deleted.ok_or_else(missing)
    }

    /// What is known of a document without reading its text.
    ///
    /// # Errors
    /// Store failures.
    pub async fn document_tag(&self, located: &LocatedDocument) -> Result<Option<DocumentTag>, RegistryError> {
        if let Some(schema) = self.cached(located.subject.context(), located.id) {
            let (guid, created_at) = (schema.stored.guid, schema.stored.created_at);
            let schema_type = schema.stored.content.schema_type;
            return Ok(Some(DocumentTag { guid, schema_type, digest: Some(schema.digest()), created_at }));
        }
        Ok(self.store.document_tag(located.subject.context(), located.id).await?)
    }

    /// Whether a document's schema is in memory.
    pub fn has_at_hand(&self, located: &LocatedDocument) -> bool {
        self.cached(located.subject.context(), located.id).is_some()
    }

    /// The schema of a document.
    ///
    /// # Errors
    /// [`RegistryError::SchemaNotFound`] when it went away meanwhile.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn document(&self, located: &LocatedDocument) -> Result<Arc<CachedSchema>, RegistryError> {
        let schema = self.schema_by_id(located.subject.context(), located.id).await?;
        schema.ok_or_else(|| RegistryError::SchemaNotFound(located.id.to_string()))
    }

    /// The schemas that a schema refers to itself, with their guids; what is gone is left out.
    ///
    /// # Errors
    /// Store failures.
    pub async fn related(&self, schema: &CachedSchema, most: usize) -> Result<Vec<(Reference, Guid)>, RegistryError> {
        let mut related = Vec::new();
        for reference in schema.stored.content.references.iter().take(most) {
            let target = Subject::parse_in(&schema.stored.context, &reference.subject);
            let row = self.store.version(&target, VersionSelector::Number(reference.version), true).await?;
            let Some(row) = row else { continue };
            if let Some(tag) = self.store.document_tag(target.context(), row.id).await? {
                related.push((reference.clone(), tag.guid));
            }
        }
        Ok(related)
    }

    /// A schema and all that it refers to in one piece: a text, for Protobuf a `FileDescriptorSet`.
    ///
    /// # Errors
    /// The stored schema can't be read, the whole would be nested too deep, or what it refers to may not be read.
    pub async fn bundled(&self, schema: &Arc<CachedSchema>, rights: &Rights) -> Result<Vec<u8>, RegistryError> {
        self.require_graph(schema, rights).await?;
        let parsed = self.parsed(schema).await.map_err(|error| error.or_refuse(InvalidSchema::Representation))?;
        let bundled = self.judging_pool.run(JobSize::Bytes(parsed.weight()), move || parsed.bundled()).await?;
        bundled.map_err(|error| RegistryError::InvalidSchema(InvalidSchema::Representation(error)))
    }
}
