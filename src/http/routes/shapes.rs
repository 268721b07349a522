//! The JSON objects that several answers share (rest-api 3.2-3.4), with their keys in the order of the original.

use std::sync::Arc;

use serde_json::Value;

use crate::http::error::ApiError;
use crate::http::reply::Members;
use crate::http::request::Request;
use crate::registry::{CachedSchema, FoundById, FoundVersion, Registered};
use crate::schema::EntityTags;
use crate::store::SubjectFilter;
use crate::types::{Association, Content, Reference, SchemaType, Subject};

/// How a request wants schemas to be shown.
pub(super) struct Look<'r> {
    request: &'r Request,
    /// The subject through which the schema was found, for `referenceFormat`.
    subject: Subject,
}

impl<'r> Look<'r> {
    pub(super) fn new(request: &'r Request, subject: &Subject) -> Self {
        Self { request, subject: subject.clone() }
    }

    async fn text(&self, entry: &Arc<CachedSchema>) -> Result<Arc<str>, ApiError> {
        Ok(self.request.registry().text(entry, self.request.format()).await?)
    }

    /// With `referenceFormat=qualified` unqualified subjects are shown with the context they are relative to.
    fn references(&self, content: &Content) -> Vec<Reference> {
        let mut references = content.references.clone();
        if self.request.query("referenceFormat") == Some("qualified") && !self.subject.is_default_context() {
            for reference in &mut references {
                reference.subject = Subject::parse_in(self.subject.context(), &reference.subject).qualified();
            }
        }
        references
    }

    async fn tags(&self, entry: &Arc<CachedSchema>) -> Result<Vec<EntityTags>, ApiError> {
        let names: Vec<String> = self.request.query_all("findTags").into_iter().filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.request.registry().tags(entry, &names).await?)
    }

    fn legacy(&self) -> bool {
        self.request.state.settings.legacy_shapes
    }

    /// `schemaType`, which the 7.x line leaves out for Avro.
    fn put_type(&self, members: Members, schema_type: SchemaType) -> Members {
        if self.legacy() && schema_type == SchemaType::Avro { members } else { members.put("schemaType", schema_type.as_str()) }
    }

    /// `Schema`: a version of a subject. `dated` adds creation time and deletion mark.
    pub(super) async fn version(&self, found: &FoundVersion, dated: bool) -> Result<Value, ApiError> {
        let content = &found.schema.stored.content;
        let text = self.text(&found.schema).await?;
        let mut out = Members::default()
            .put("subject", found.subject.qualified())
            .put("version", found.row.version)
            .put("id", found.row.id);
        if !self.legacy() {
            out = out.put_guid(found.schema.stored.guid);
        }
        out = self
            .put_type(out, content.schema_type)
            .put_references(&self.references(content))
            .put_metadata(content)
            .put_text("schema", &text)
            .put_tags(&self.tags(&found.schema).await?);
        if dated && !self.legacy() {
            out = out.put("ts", found.row.created_at).put("deleted", found.row.deleted);
        }
        Ok(out.put_rules(content).done())
    }

    /// `SchemaString` of a schema found by id.
    pub(super) async fn by_id(&self, found: &FoundById, max_id: Option<i32>) -> Result<Value, ApiError> {
        let holder = &found.holder;
        let out = Members::default();
        let out = if self.legacy() { out } else { out.put("subject", holder.subject.qualified()).put("version", holder.version) };
        self.schema_string(out, &found.schema, max_id, holder.created_at, holder.deleted).await
    }

    /// `SchemaString` of a schema found by guid.
    pub(super) async fn by_guid(&self, entry: &Arc<CachedSchema>) -> Result<Value, ApiError> {
        self.schema_string(Members::default(), entry, None, entry.stored.created_at, false).await
    }

    async fn schema_string(
        &self,
        mut out: Members,
        entry: &Arc<CachedSchema>,
        max_id: Option<i32>,
        ts: i64,
        deleted: bool,
    ) -> Result<Value, ApiError> {
        let content = &entry.stored.content;
        let text = self.text(entry).await?;
        if !self.legacy() {
            out = out.put_guid(entry.stored.guid);
        }
        out = self
            .put_type(out, content.schema_type)
            .put_text("schema", &text)
            .put_references(&self.references(content))
            .put_metadata(content)
            .put_rules(content)
            .put_tags(&self.tags(entry).await?)
            .put_some("maxId", max_id);
        if !self.legacy() {
            out = out.put("ts", ts).put("deleted", deleted);
        }
        Ok(out.done())
    }

    /// `RegisterSchemaResponse`.
    pub(super) async fn registered(&self, registered: &Registered) -> Result<Value, ApiError> {
        let out = Members::default().put("id", registered.id);
        if self.legacy() {
            return Ok(out.done());
        }
        let content = &registered.content;
        let text = self.request.registry().registered_text(registered, self.request.format()).await?;
        let mut out = out
            .put("version", registered.version)
            .put_guid(registered.guid)
            .put("schemaType", content.schema_type.as_str())
            .put_references(&content.references)
            .put_metadata(content)
            .put_rules(content)
            .put_text("schema", &text);
        if let Some(ts) = registered.matched_at {
            out = out.put("ts", ts).put("deleted", false);
        }
        Ok(out.done())
    }
}

/// `Schema` of a version that came with an association.
pub(super) fn filed(registered: &Registered, legacy: bool) -> Value {
    let content = &registered.content;
    let mut out = Members::default()
        .put("subject", registered.subject.qualified())
        .put("version", registered.version)
        .put("id", registered.id);
    if !legacy {
        out = out.put_guid(registered.guid);
    }
    if !legacy || content.schema_type != SchemaType::Avro {
        out = out.put("schemaType", content.schema_type.as_str());
    }
    out = out.put_references(&content.references).put_metadata(content).put_text("schema", &content.text);
    if let Some(ts) = registered.matched_at.filter(|_| !legacy) {
        out = out.put("ts", ts).put("deleted", false);
    }
    out.put_rules(content).done()
}

/// `Association`. Whether it is frozen is said only where that does not follow from its lifecycle.
pub(super) fn association(association: &Association) -> Value {
    let resource = &association.resource;
    Members::default()
        .put("subject", association.subject.qualified())
        .put("guid", association.guid.as_str())
        .put("resourceName", resource.name.as_str())
        .put("resourceNamespace", resource.namespace.as_str())
        .put("resourceId", resource.id.as_str())
        .put("resourceType", resource.kind.as_str())
        .put("associationType", association.association_type.as_str())
        .put("lifecycle", association.lifecycle.as_str())
        .put_some("frozen", (association.frozen != association.lifecycle.is_frozen()).then_some(association.frozen))
        .put("createTs", association.created_at)
        .put("updateTs", association.updated_at)
        .done()
}

/// `subjectPrefix`: `:*:` is every context, `:.ctx:` one, `:.ctx` all that begin so; without a context the default one. The
/// prefix of the path qualifies what is unqualified.
pub(super) fn subject_filter(request: &Request, absent: &str) -> SubjectFilter {
    let given = match (request.query("subjectPrefix"), &request.context) {
        (Some(given), _) => given,
        (None, Some(_)) => "",
        (None, None) => absent,
    };
    let mut filter =
        SubjectFilter { deleted: request.flag("deleted"), deleted_only: request.flag("deletedOnly"), ..SubjectFilter::default() };
    if let Some(prefix) = given.strip_prefix(":*:") {
        prefix.clone_into(&mut filter.prefix);
    } else if given.starts_with(":.") && !given.get(2..).is_some_and(|rest| rest.contains(':')) {
        filter.context_prefix = given.strip_prefix(':').map(str::to_owned);
    } else {
        let subject = Subject::parse_in(request.home(), given);
        filter.context = Some(subject.context().to_owned());
        subject.name().clone_into(&mut filter.prefix);
    }
    filter
}

/// A page of a list that is small enough to be in memory.
pub(super) fn page<T>(items: Vec<T>, (offset, limit): (usize, usize)) -> impl Iterator<Item = T> {
    items.into_iter().skip(offset).take(limit)
}
