//! `/schemas`.

use serde_json::{Value, json};

use super::shapes::{Look, association, page, subject_filter};
use crate::http::association_body::types as association_types;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, Members, Reply, json, raw_text, to_bytes};
use crate::http::request::Request;
use crate::registry::{AssociationMatch, FoundVersion, ListedSchema, SchemaFilter};
use crate::store::{SubjectFilter, VersionFilter};
use crate::types::{Association, DEFAULT_CONTEXT, Lifecycle, SchemaType, Subject};

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
    let listed = request.registry().schemas(&filter, paging.0, paging.1).await?;
    let legacy = request.state.settings.legacy_shapes;
    json(&Value::Array(listed.iter().map(|shown| extended(shown, legacy)).collect()))
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

/// `ExtendedSchema`: built from the row alone, for a list must not parse.
fn extended(shown: &ListedSchema, legacy: bool) -> Value {
    let listed = &shown.version;
    let content = &listed.schema.content;
    let mut out =
        Members::default().put("subject", listed.subject.qualified()).put("version", listed.row.version).put("id", listed.row.id);
    if !legacy {
        out = out.put_guid(listed.schema.guid);
    }
    if !legacy || content.schema_type != SchemaType::Avro {
        out = out.put("schemaType", content.schema_type.as_str());
    }
    out = out.put_references(&content.references).put_metadata(content).put_text("schema", &content.text);
    if !legacy {
        out = out.put("ts", listed.row.created_at).put("deleted", listed.row.deleted);
    }
    out.put_rules(content)
        .put_some("aliases", (!shown.aliases.is_empty()).then(|| shown.aliases.clone()))
        .put_some("associations", (!shown.associations.is_empty()).then(|| associations(&shown.associations)))
        .done()
}

fn associations(list: &[Association]) -> Vec<Value> {
    list.iter().map(association).collect()
}

pub(in crate::http) async fn types(_: Request) -> Answer {
    json(&json!(["JSON", "PROTOBUF", "AVRO"]))
}

pub(in crate::http) async fn by_id(request: Request) -> Answer {
    let hint = request.hint().await?;
    let found = request.registry().by_id(request.id()?, hint.as_ref()).await?;
    let look = Look::new(&request, &found.holder.subject);
    let fetch_max_id = request.flag("fetchMaxId");
    let max_id = if fetch_max_id { Some(request.registry().max_id(found.holder.subject.context()).await?) } else { None };
    let bytes = to_bytes(&look.by_id(&found, max_id).await?);
    // a later registration may give the id a better holder unless the one named is the one asked for, or the oldest live one
    let settled = match hint.filter(|hint| !hint.is_context()) {
        None => !found.holder.deleted,
        Some(hint) => found.holder.subject == hint && !found.holder.deleted,
    };
    Ok(if settled && !fetch_max_id { Reply::Held(bytes) } else { Reply::Json(bytes) })
}

pub(in crate::http) async fn text_by_id(request: Request) -> Answer {
    let hint = request.hint().await?;
    let found = request.registry().by_id(request.id()?, hint.as_ref()).await?;
    raw_text(&request.registry().text(&found.schema, request.format()).await?)
}

pub(in crate::http) async fn subjects_of_id(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let hint = request.hint().await?;
    let holders = request.registry().holders_of(request.id()?, hint.as_ref(), request.flag("deleted")).await?;
    let names = page(holders, paging).map(|holder| Value::from(holder.subject.qualified())).collect();
    json(&Value::Array(names))
}

pub(in crate::http) async fn versions_of_id(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let hint = request.hint().await?;
    let holders = request.registry().holders_of(request.id()?, hint.as_ref(), request.flag("deleted")).await?;
    let one = |holder: crate::store::Holder| json!({ "subject": holder.subject.qualified(), "version": holder.version });
    json(&Value::Array(page(holders, paging).map(one).collect()))
}

pub(in crate::http) async fn by_guid(request: Request) -> Answer {
    let entry = request.registry().by_guid(request.param("guid")).await?;
    let context = entry.stored.context.clone();
    let look = Look::new(&request, &Subject::in_context(&context, ""));
    let bytes = to_bytes(&look.by_guid(&entry).await?);
    Ok(if &*context == DEFAULT_CONTEXT { Reply::Held(bytes) } else { Reply::Json(bytes) })
}

pub(in crate::http) async fn ids_of_guid(request: Request) -> Answer {
    let ids = request.registry().guid_ids(request.param("guid")).await?;
    let one = |(context, id)| json!({ "context": context, "id": id });
    json(&Value::Array(ids.into_iter().map(one).collect()))
}

/// One version as raw text.
pub(in crate::http) async fn raw(request: &Request, found: &FoundVersion) -> Result<Reply, ApiError> {
    raw_text(&request.registry().text(&found.schema, request.format()).await?)
}
