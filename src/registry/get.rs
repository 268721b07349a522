//! Reading by id, by guid, and by subject and version.

use std::sync::Arc;

use super::Registry;
use super::error::{RegistryError, readable};
use super::invalid_schema::InvalidSchema;
use super::judging_pool::JobSize;
use super::registered::Registered;
use super::schema_cache::CachedSchema;
use crate::access::{DeniedResource, Operation, Rights};
use crate::schema::{EntityTags, logical};
use crate::store::{Holder, SubjectState, VersionRow};
use crate::types::{DEFAULT_CONTEXT, Guid, SchemaId, Subject, Version, VersionSelector};

/// A version and its schema.
#[derive(Debug, Clone)]
pub struct FoundVersion {
    /// The real subject, wherever it was found.
    pub subject: Subject,
    pub row: VersionRow,
    pub schema: Arc<CachedSchema>,
}

/// A schema found by id, and one version that holds it.
#[derive(Debug, Clone)]
pub struct FoundById {
    pub schema: Arc<CachedSchema>,
    /// A holder: the oldest live one, else the oldest soft-deleted one.
    pub holder: Holder,
}

/// The oldest live holder that `wanted` accepts, else the oldest soft-deleted one.
fn oldest(holders: &[Holder], wanted: impl Fn(&Holder) -> bool) -> Option<&Holder> {
    let live = holders.iter().find(|h| !h.deleted && wanted(h));
    live.or_else(|| holders.iter().find(|h| wanted(h)))
}

impl Registry {
    /// A schema by id. `hint` chooses the context; a plain subject is a hint only, a qualified one must hold the id (rest-api 5.4).
    /// One holder that may be read is enough.
    ///
    /// # Errors
    /// [`RegistryError::SchemaNotFound`], [`RegistryError::Denied`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn by_id(&self, id: SchemaId, hint: Option<&Subject>, rights: &Rights) -> Result<FoundById, RegistryError> {
        match self.find_id(id, hint, rights).await? {
            Some(found) => Ok(found),
            None => Err(self.no_holder(id, hint, rights).await?),
        }
    }

    pub(super) async fn find_id(
        &self,
        id: SchemaId,
        hint: Option<&Subject>,
        rights: &Rights,
    ) -> Result<Option<FoundById>, RegistryError> {
        let Some(holder) = self.find_holder(id, hint, rights).await? else { return Ok(None) };
        Ok(self.schema_by_id(holder.subject.context(), id).await?.map(|schema| FoundById { schema, holder }))
    }

    /// Why there is no holder: none at all, or none that may be read.
    pub(super) async fn no_holder(
        &self,
        id: SchemaId,
        hint: Option<&Subject>,
        rights: &Rights,
    ) -> Result<RegistryError, RegistryError> {
        let is_there = !rights.reads_everything() && self.find_holder(id, hint, &Rights::unrestricted()).await?.is_some();
        Ok(if is_there {
            rights.denied(Operation::SubjectRead, DeniedResource::Schema(id.to_string())).into()
        } else {
            RegistryError::SchemaNotFound(id.to_string())
        })
    }

    /// The holders of an id that may be read, oldest first.
    async fn readable_holders(&self, context: &str, id: SchemaId, rights: &Rights) -> Result<Vec<Holder>, RegistryError> {
        let mut holders = self.store.holders(context, id).await?;
        holders.retain(|holder| rights.reads(&holder.subject));
        Ok(holders)
    }

    /// The holder that a look-up by id names.
    pub(super) async fn find_holder(
        &self,
        id: SchemaId,
        hint: Option<&Subject>,
        rights: &Rights,
    ) -> Result<Option<Holder>, RegistryError> {
        let context = hint.map_or(DEFAULT_CONTEXT, Subject::context);
        let holders = self.readable_holders(context, id, rights).await?;
        let Some(subject) = hint.filter(|hint| !hint.is_context()) else { return Ok(oldest(&holders, |_| true).cloned()) };
        if let Some(holder) = oldest(&holders, |h| h.subject == *subject) {
            return Ok(Some(holder.clone()));
        }
        if !subject.is_default_context() {
            return Ok(None);
        }
        for context in self.store.contexts_with_subject(subject.name()).await? {
            let elsewhere = subject.with_context(&context);
            let holders = self.readable_holders(&context, id, rights).await?;
            if let Some(holder) = oldest(&holders, |h| h.subject == elsewhere) {
                return Ok(Some(holder.clone()));
            }
        }
        Ok(oldest(&holders, |_| true).cloned())
    }

    /// The versions that hold an id and may be read, at most one for each subject (the one written last), by subject.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchSchema`] when nothing holds the id, [`RegistryError::Denied`] when nothing does that may be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn holders_of(
        &self,
        id: SchemaId,
        hint: Option<&Subject>,
        deleted: bool,
        rights: &Rights,
    ) -> Result<Vec<Holder>, RegistryError> {
        let Some(found) = self.find_id(id, hint, rights).await? else {
            return Err(match self.no_holder(id, hint, rights).await? {
                RegistryError::SchemaNotFound(_) => RegistryError::NoSuchSchema,
                denied => denied,
            });
        };
        let mut holders = self.readable_holders(&found.schema.stored.context, id, rights).await?;
        holders.reverse();
        let mut seen = std::collections::HashSet::new();
        holders.retain(|holder| (deleted || !holder.deleted) && seen.insert(holder.subject.clone()));
        holders.sort_by_key(|holder| holder.subject.qualified());
        Ok(holders)
    }

    /// The highest id that the context of a hint has handed out.
    ///
    /// # Errors
    /// Store failures.
    pub async fn max_id(&self, context: &str) -> Result<SchemaId, RegistryError> {
        Ok(self.store.max_id(context).await?)
    }

    /// A schema by guid: the default context first, then the others by name. One holder that may be read is enough.
    ///
    /// # Errors
    /// [`RegistryError::SchemaNotFound`], [`RegistryError::Denied`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn by_guid(&self, text: &str, rights: &Rights) -> Result<Arc<CachedSchema>, RegistryError> {
        let missing = || RegistryError::SchemaNotFound(text.to_owned());
        let ids = self.guid_ids(text, rights).await?;
        let (context, id) = ids.first().ok_or_else(missing)?;
        self.schema_by_id(context, *id).await?.ok_or_else(missing)
    }

    /// Where a guid is held: contexts and ids, with a holder each that may be read.
    ///
    /// # Errors
    /// [`RegistryError::Denied`] when there are holders, and none that may be read.
    pub async fn guid_ids(&self, text: &str, rights: &Rights) -> Result<Vec<(String, SchemaId)>, RegistryError> {
        let Some(guid) = Guid::parse(text) else { return Ok(Vec::new()) };
        let mut ids = self.store.ids_by_guid(guid).await?;
        if rights.reads_everything() || ids.is_empty() {
            return Ok(ids.into_iter().map(|(context, id, _)| (context, id)).collect());
        }
        let mut readable = Vec::new();
        for (context, id, _) in ids.drain(..) {
            if !self.readable_holders(&context, id, rights).await?.is_empty() {
                readable.push((context, id));
            }
        }
        if readable.is_empty() {
            return Err(rights.denied(Operation::SubjectRead, DeniedResource::Schema(text.to_owned())).into());
        }
        Ok(readable)
    }

    /// The subject itself where it has the version, else the first named context with a subject of that name that has it and may be
    /// read. Whether the subject itself may be read is for the caller to know.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] when the subject has no versions that count, else [`RegistryError::VersionNotFound`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn version(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
        rights: &Rights,
    ) -> Result<FoundVersion, RegistryError> {
        let (subject, row) = self.version_row(subject, selector, deleted, rights).await?;
        let schema = self.schema_by_id(subject.context(), row.id).await?.ok_or(RegistryError::VersionNotFound(selector))?;
        Ok(FoundVersion { subject, row, schema })
    }

    /// The same without the schema.
    pub(super) async fn version_row(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
        rights: &Rights,
    ) -> Result<(Subject, VersionRow), RegistryError> {
        if let Some(row) = self.store.version(subject, selector, deleted).await? {
            return Ok((subject.clone(), row));
        }
        if subject.is_default_context() && !subject.is_context() {
            for context in self.store.contexts_with_subject(subject.name()).await? {
                let elsewhere = subject.with_context(&context);
                if !rights.reads(&elsewhere) {
                    continue;
                }
                if let Some(row) = self.store.version(&elsewhere, selector, deleted).await? {
                    return Ok((elsewhere, row));
                }
            }
        }
        // a subject of that name in another context does not make this one known
        if self.has_versions(subject, deleted).await? || self.is_context_with_subjects(subject).await? {
            Err(RegistryError::VersionNotFound(selector))
        } else {
            Err(RegistryError::SubjectNotFound(subject.clone()))
        }
    }

    async fn has_versions(&self, subject: &Subject, deleted: bool) -> Result<bool, RegistryError> {
        Ok(self.store.subject(subject).await?.rows.iter().any(|row| deleted || !row.deleted))
    }

    /// All versions of a subject.
    ///
    /// # Errors
    /// Store failures.
    pub async fn subject_state(&self, subject: &Subject) -> Result<SubjectState, RegistryError> {
        Ok(self.store.subject(subject).await?)
    }

    /// The newest version with metadata that has all the properties.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`], [`RegistryError::NoSuchSchema`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn by_metadata(
        &self,
        subject: &Subject,
        properties: &[(String, String)],
        deleted: bool,
    ) -> Result<FoundVersion, RegistryError> {
        let state = self.store.subject(subject).await?;
        let rows: Vec<&VersionRow> = state.rows.iter().rev().filter(|row| deleted || !row.deleted).collect();
        if rows.is_empty() && !self.is_context_with_subjects(subject).await? {
            return Err(RegistryError::SubjectNotFound(subject.clone()));
        }
        for row in rows {
            let Some(schema) = self.schema_by_id(subject.context(), row.id).await? else { continue };
            let Some(metadata) = &schema.stored.content.metadata else { continue };
            if properties.iter().all(|(key, value)| metadata.property(key) == Some(value)) {
                return Ok(FoundVersion { subject: subject.clone(), row: row.clone(), schema });
            }
        }
        Err(RegistryError::NoSuchSchema)
    }

    /// Ids of the schemas that refer to a version, also of those that may not be read: whoever cares for the version must know that it is
    /// referred to, and an id alone says nothing else.
    ///
    /// # Errors
    /// The version is unknown.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn referenced_by(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
        rights: &Rights,
    ) -> Result<Vec<SchemaId>, RegistryError> {
        let found = self.version(subject, selector, true, rights).await?;
        let version: Version = found.row.version;
        let referrers = self.store.referrers(&found.subject, version, deleted).await?;
        Ok(referrers.into_iter().map(|(_, id)| id).collect())
    }

    /// Refuses a schema that refers, itself or through others, to what may not be read: for forms that have it all in them.
    ///
    /// # Errors
    /// [`RegistryError::Denied`].
    pub(super) async fn require_graph(&self, schema: &Arc<CachedSchema>, rights: &Rights) -> Result<(), RegistryError> {
        if rights.reads_everything() {
            return Ok(());
        }
        let (mut open, mut seen) = (vec![Arc::clone(schema)], std::collections::HashSet::new());
        while let Some(schema) = open.pop() {
            for reference in &schema.stored.content.references {
                let target = Subject::parse_in(&schema.stored.context, &reference.subject);
                rights.require(Operation::SubjectRead, &target)?;
                if !seen.insert((target.clone(), reference.version)) {
                    continue;
                }
                let limit = self.limits.reference_count;
                if seen.len() > limit {
                    return Err(RegistryError::ReferenceLimit { what: "references", limit, setting: "max-references" });
                }
                let row = self.store.version(&target, VersionSelector::Number(reference.version), true).await?;
                if let Some(row) = row {
                    open.extend(self.schema_by_id(target.context(), row.id).await?);
                }
            }
        }
        Ok(())
    }

    /// The text of a schema under `format=`; the canonical text for formats that its type doesn't know.
    ///
    /// # Errors
    /// The stored schema can't be shown in that format, or what it refers to may not be read.
    pub async fn text(&self, schema: &Arc<CachedSchema>, format: &str, rights: &Rights) -> Result<Arc<str>, RegistryError> {
        let canonical = || Arc::clone(&schema.stored.content.text);
        if format.trim().is_empty() || format.eq_ignore_ascii_case("default") {
            return Ok(canonical());
        }
        self.require_graph(schema, rights).await?;
        let parsed = self.parsed(schema).await.map_err(|error| error.or_refuse(InvalidSchema::Representation))?;
        let format = format.to_owned();
        let formatted = move || parsed.formatted(&format);
        match self.judging_pool.run(JobSize::Bytes(schema.stored.content.text.len()), formatted).await? {
            Some(text) => Ok(text.map_err(|error| RegistryError::InvalidSchema(InvalidSchema::Representation(error)))?.into()),
            None => Ok(canonical()),
        }
    }

    /// As [`Self::text`] for a version of a subject, where `format=logical` is the text of its logical type.
    ///
    /// # Errors
    /// The stored schema can't be shown in that format.
    pub async fn version_text(
        &self,
        schema: &Arc<CachedSchema>,
        format: &str,
        rights: &Rights,
    ) -> Result<Arc<str>, RegistryError> {
        if !logical::is_logical(format) {
            return self.text(schema, format, rights).await;
        }
        self.require_graph(schema, rights).await?;
        let parsed = self.parsed(schema).await.map_err(|error| error.or_refuse(InvalidSchema::Representation))?;
        let stored = Arc::clone(schema);
        let print = move || logical::text(|| parsed.logical_type(stored.stored.content.metadata.as_ref()));
        let text = self.judging_pool.run(JobSize::Bytes(schema.stored.content.text.len()), print).await?;
        Ok(text.map_err(|error| RegistryError::InvalidSchema(InvalidSchema::NoLogicalType(error)))?.into())
    }

    /// The text of a schema just registered, under `format=`.
    ///
    /// # Errors
    /// As for [`Self::text`].
    pub async fn registered_text(
        &self,
        registered: &Registered,
        format: &str,
        rights: &Rights,
    ) -> Result<Arc<str>, RegistryError> {
        if !format.is_empty()
            && !logical::is_logical(format)
            && let Some(schema) = self.schema_by_id(registered.subject.context(), registered.id).await?
        {
            return self.text(&schema, format, rights).await;
        }
        Ok(Arc::clone(&registered.content.text))
    }

    /// The entities of a schema that carry one of the tags named, each with all its tags; `*` means all.
    ///
    /// # Errors
    /// Store failures.
    pub async fn tags(&self, schema: &Arc<CachedSchema>, names: &[String]) -> Result<Vec<EntityTags>, RegistryError> {
        let Some(parsed) = readable(self.parsed(schema).await)? else { return Ok(Vec::new()) };
        let wanted = |tag: &String| names.iter().any(|name| name == "*" || name == tag);
        let size = JobSize::Bytes(schema.stored.content.text.len());
        let mut tags = self.judging_pool.run(size, move || parsed.tags()).await?;
        tags.retain(|entity| entity.tags.iter().any(wanted));
        Ok(tags)
    }
}
