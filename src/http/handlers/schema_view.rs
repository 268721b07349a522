//! How a request wants schemas to be shown: `format`, `referenceFormat`, `findTags`, and the shapes of the 7.x line.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::http::error::ApiError;
use crate::http::reply::to_bytes;
use crate::http::request::Request;
use crate::http::wire::{RegisterSchemaResponse, Schema, SchemaString};
use crate::registry::{CachedSchema, FoundById, FoundVersion, Registered};
use crate::schema::EntityTags;
use crate::types::{Content, Reference, Subject};

pub(super) struct SchemaView<'r> {
    request: &'r Request,
    /// The subject through which the schema was found, for `referenceFormat`.
    subject: Subject,
}

impl<'r> SchemaView<'r> {
    pub(super) fn new(request: &'r Request, subject: &Subject) -> Self {
        Self { request, subject: subject.clone() }
    }

    async fn text(&self, entry: &Arc<CachedSchema>) -> Result<Arc<str>, ApiError> {
        Ok(self.request.registry().text(entry, self.request.format(), self.request.rights()).await?)
    }

    /// With `referenceFormat=qualified` unqualified subjects are shown with the context they are relative to.
    fn references<'c>(&self, content: &'c Content) -> Cow<'c, [Reference]> {
        let mut references = Cow::Borrowed(content.references.as_slice());
        if self.request.query("referenceFormat") == Some("qualified") && !self.subject.is_default_context() {
            for reference in references.to_mut() {
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

    fn is_legacy(&self) -> bool {
        self.request.state.settings.legacy_shapes
    }

    /// A version of a subject; `dated` adds creation time and deletion mark.
    pub(super) async fn version(&self, found: &FoundVersion, dated: bool) -> Result<Bytes, ApiError> {
        let text = self.text(&found.schema).await?;
        self.version_as(found, &text, dated).await
    }

    /// A version by its number, which is also shown as a logical type.
    pub(super) async fn numbered_version(&self, found: &FoundVersion) -> Result<Bytes, ApiError> {
        let text = self.request.registry().version_text(&found.schema, self.request.format(), self.request.rights()).await?;
        self.version_as(found, &text, true).await
    }

    async fn version_as(&self, found: &FoundVersion, text: &str, dated: bool) -> Result<Bytes, ApiError> {
        let (stored, row) = (&found.schema.stored, &found.row);
        let dated = dated.then_some((row.created_at, row.deleted));
        let name = (&found.subject, row.version, row.id);
        Ok(to_bytes(&Schema {
            references: self.references(&stored.content),
            schema: text,
            schema_tags: self.tags(&found.schema).await?.into_iter().map(Into::into).collect(),
            ..Schema::new(name, stored.guid, &stored.content, dated, self.is_legacy())
        }))
    }

    pub(super) async fn by_id(&self, found: &FoundById, max_id: Option<i32>) -> Result<Bytes, ApiError> {
        let holder = &found.holder;
        let shown = !self.is_legacy();
        let text = self.text(&found.schema).await?;
        Ok(to_bytes(&SchemaString {
            subject: shown.then(|| holder.subject.qualified()),
            version: shown.then_some(holder.version),
            max_id,
            ..self.schema_string(&found.schema, &text, (holder.created_at, holder.deleted)).await?
        }))
    }

    pub(super) async fn by_guid(&self, entry: &Arc<CachedSchema>) -> Result<Bytes, ApiError> {
        let text = self.text(entry).await?;
        Ok(to_bytes(&self.schema_string(entry, &text, (entry.stored.created_at, false)).await?))
    }

    async fn schema_string<'c>(
        &self,
        entry: &'c Arc<CachedSchema>,
        text: &'c str,
        dated: (i64, bool),
    ) -> Result<SchemaString<'c>, ApiError> {
        let (guid, content) = (entry.stored.guid, &entry.stored.content);
        Ok(SchemaString {
            references: self.references(content),
            schema_tags: self.tags(entry).await?.into_iter().map(Into::into).collect(),
            ..SchemaString::new(guid, content, text, dated, self.is_legacy())
        })
    }

    pub(super) async fn registered(&self, registered: &Registered) -> Result<Bytes, ApiError> {
        if self.is_legacy() {
            return Ok(to_bytes(&RegisterSchemaResponse::id_only(registered.id)));
        }
        let text = self.request.registry().registered_text(registered, self.request.format(), self.request.rights()).await?;
        Ok(to_bytes(&RegisterSchemaResponse::new(registered, &text)))
    }
}
