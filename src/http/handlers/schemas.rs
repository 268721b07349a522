//! `/schemas`.

use super::listing::{array, page, subject_filter};
use super::schema_view::SchemaView;
use crate::http::bodies::association::types as association_types;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, Reply, json, raw_text, to_bytes};
use crate::http::request::Request;
use crate::http::wire::{ContextId, Schema, SubjectVersion};
use crate::registry::{AssociationMatch, FoundVersion, ListedSchema, SchemaFilter};
use crate::store::{Holder, ListedVersion, SubjectFilter, VersionFilter};
use crate::types::{DEFAULT_CONTEXT, Lifecycle, SchemaType, Subject};

pub(in crate::http) async fn list(request: Request) -> Answer {
    let paging = request.page(request.registry().defaults().list_limit)?;
    let filter = SchemaFilter {
        versions: VersionFilter {
            subjects: SubjectFilter { deleted_only: false, ..subject_filter(&request, "") },
            latest_only: request.flag("latestOnly"),
            ..VersionFilter::default()
        },
        rule_type: request.query("ruleType").filter(|name| !name.is_empty()).map(str::to_owned),
        aliases: request.flag("aliases"),
        associations: association_match(&request)?,
    };
    let pages = request.registry().schemas(filter, paging.0, paging.1, request.shared_rights()).await?;
    let is_legacy = request.state.settings.legacy_shapes;
    // each page is asked for once, as a rule
    array(None, pages, move |shown: &ListedSchema| to_bytes(&listed(shown, is_legacy))).await
}

/// What the subjects of a list must be associated with; `NONE` among the lifecycles stands for subjects that are not.
fn association_match(request: &Request) -> Result<Option<AssociationMatch>, ApiError> {
    let (types, names) = (request.query_all("associationType"), request.query_all("lifecycle"));
    let resource_type = request.query("resourceType").map(str::to_owned);
    if types.is_empty() && names.is_empty() && resource_type.is_none() {
        return Ok(None);
    }
    let (mut lifecycles, mut unassociated) = (Vec::new(), false);
    for name in &names {
        match (Lifecycle::parse(name), name.as_str()) {
            (Some(lifecycle), _) => lifecycles.push(lifecycle),
            (None, "NONE") => unassociated = true,
            (None, _) => return Err(ApiError::not_found()),
        }
    }
    let lifecycles = (!names.is_empty()).then_some(lifecycles);
    Ok(Some(AssociationMatch { resource_type, types: association_types(&types), lifecycles, unassociated }))
}

/// From the row alone: to parse each schema of a list would take too long.
fn listed(shown: &ListedSchema, is_legacy: bool) -> Schema<'_> {
    let ListedVersion { subject, row, schema } = &shown.version;
    let dated = Some((row.created_at, row.deleted));
    Schema {
        aliases: &shown.aliases,
        associations: shown.associations.iter().map(Into::into).collect(),
        ..Schema::new((subject, row.version, row.id), schema.guid, &schema.content, dated, is_legacy)
    }
}

pub(in crate::http) async fn types(_: Request) -> Answer {
    json(&SchemaType::ALL.map(SchemaType::as_str))
}

pub(in crate::http) async fn by_id(request: Request) -> Answer {
    let hint = request.hint().await?;
    let found = request.registry().by_id(request.id()?, hint.as_ref(), request.rights()).await?;
    request.shows(&found.schema);
    let view = SchemaView::new(&request, &found.holder.subject);
    let fetch_max_id = request.flag("fetchMaxId");
    let max_id = if fetch_max_id { Some(request.registry().max_id(found.holder.subject.context()).await?) } else { None };
    let bytes = view.by_id(&found, max_id).await?;
    // an id is answered with its oldest live version, or with one of the subject asked for; any other answer could change with
    // the next registration
    let is_stable = match hint.filter(|hint| !hint.is_context()) {
        None => !found.holder.deleted,
        Some(hint) => found.holder.subject == hint && !found.holder.deleted,
    };
    Ok(if is_stable && !fetch_max_id { Reply::CacheableJson(bytes, None) } else { Reply::Json(bytes) })
}

pub(in crate::http) async fn text_by_id(request: Request) -> Answer {
    let hint = request.hint().await?;
    let found = request.registry().by_id(request.id()?, hint.as_ref(), request.rights()).await?;
    request.shows(&found.schema);
    raw_text(&request.registry().text(&found.schema, request.format(), request.rights()).await?)
}

pub(in crate::http) async fn subjects_of_id(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let hint = request.hint().await?;
    let (deleted, rights) = (request.flag("deleted"), request.rights());
    let holders = request.registry().holders_of(request.id()?, hint.as_ref(), deleted, rights).await?;
    json(&page(holders, paging).iter().map(|holder| holder.subject.qualified()).collect::<Vec<_>>())
}

pub(in crate::http) async fn versions_of_id(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let hint = request.hint().await?;
    let (deleted, rights) = (request.flag("deleted"), request.rights());
    let holders = request.registry().holders_of(request.id()?, hint.as_ref(), deleted, rights).await?;
    let one = |holder: Holder| SubjectVersion { subject: holder.subject.qualified(), version: holder.version };
    json(&page(holders, paging).into_iter().map(one).collect::<Vec<_>>())
}

pub(in crate::http) async fn by_guid(request: Request) -> Answer {
    let entry = request.registry().by_guid(request.param("guid"), request.rights()).await?;
    request.shows(&entry);
    let context = entry.stored.context.clone();
    let bytes = SchemaView::new(&request, &Subject::in_context(&context, "")).by_guid(&entry).await?;
    Ok(if &*context == DEFAULT_CONTEXT { Reply::CacheableJson(bytes, None) } else { Reply::Json(bytes) })
}

pub(in crate::http) async fn ids_of_guid(request: Request) -> Answer {
    let ids = request.registry().guid_ids(request.param("guid"), request.rights()).await?;
    json(&ids.into_iter().map(|(context, id)| ContextId { context, id }).collect::<Vec<_>>())
}

pub(in crate::http) async fn raw(request: &Request, found: &FoundVersion) -> Result<Reply, ApiError> {
    request.shows(&found.schema);
    raw_text(&request.registry().version_text(&found.schema, request.format(), request.rights()).await?)
}
