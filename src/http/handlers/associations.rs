//! `/associations`: which subjects hold the schemas of a topic (rest-api 5.13). Official clients ask for it before
//! their first record (rest-api 6.1).

use axum::http::StatusCode;

use crate::http::bodies;
use crate::http::error::ApiError;
use crate::http::error_response;
use crate::http::reply::{Answer, Reply, json, to_bytes};
use crate::http::request::Request;
use crate::http::wire::{Association, AssociationResource, BatchResult, BatchResults};
use crate::registry::{AssociateOptions, AssociationDeletion, AssociationOperation, AssociationsAnswer, RegistryError};
use crate::store::{AssociationFilter, AssociationScope};
use crate::types::{ANY_RESOURCE, Lifecycle, TOPIC, context_from_segment};

pub(in crate::http) async fn of_resource(request: Request) -> Answer {
    let any = |name: &str| (name != ANY_RESOURCE).then(|| name.to_owned());
    let scope = AssociationScope::ResourceName { name: any(request.param("name")), namespace: any(request.param("namespace")) };
    list(&request, scope).await
}

pub(in crate::http) async fn of_resource_id(request: Request) -> Answer {
    list(&request, AssociationScope::ResourceId(request.param("resourceId").to_owned())).await
}

pub(in crate::http) async fn of_subject(request: Request) -> Answer {
    let subject = request.subject().await?;
    list(&request, AssociationScope::Subject(subject)).await
}

fn resource_type(request: &Request) -> String {
    request.query("resourceType").filter(|kind| !kind.is_empty()).unwrap_or(TOPIC).to_owned()
}

async fn list(request: &Request, scope: AssociationScope) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let lifecycle = match request.query("lifecycle") {
        Some(name) => Some(Lifecycle::parse(name).ok_or_else(ApiError::not_found)?),
        None => None,
    };
    let filter = AssociationFilter {
        scope,
        resource_type: Some(resource_type(request)),
        types: bodies::association::types(&request.query_all("associationType")),
        lifecycle,
        offset: i64::try_from(offset).unwrap_or(i64::MAX),
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    };
    let found = request.registry().associations(&filter, request.rights()).await?;
    json(&found.iter().map(Association::from).collect::<Vec<_>>())
}

pub(in crate::http) async fn create(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createAssociation.arg4", "AssociationCreateOrUpdateRequest")?;
    let change = bodies::association::change(&body, Some(AssociationOperation::Create))?;
    let answer = request
        .registry()
        .associate(&context(&request)?, &change, options(&request, false), request.rights(), request.actor())
        .await?;
    resource(&request, &answer)
}

pub(in crate::http) async fn create_or_update(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "createOrUpdateAssociation.arg5", "AssociationCreateOrUpdateRequest")?;
    let mismatch = || {
        let detail = "Resource ID in the path parameter does not match the resource ID in the request body".to_owned();
        RegistryError::InvalidAssociation { property: "resourceId", detail }
    };
    // told before what is wrong with the associations
    if bodies::association::has_null(&body)
        && bodies::association::resource_id(&body).is_some_and(|id| id != request.param("resourceId"))
    {
        return Err(mismatch().into());
    }
    let mut change = bodies::association::change(&body, Some(AssociationOperation::Upsert))?;
    let id = change.resource_id.get_or_insert_with(|| request.param("resourceId").to_owned());
    if id != request.param("resourceId") {
        return Err(mismatch().into());
    }
    let answer = request
        .registry()
        .associate(&context(&request)?, &change, options(&request, false), request.rights(), request.actor())
        .await?;
    resource(&request, &answer)
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let deletion = AssociationDeletion {
        resource_id: request.param("resourceId").to_owned(),
        resource_type: resource_type(&request),
        types: bodies::association::types(&request.query_all("associationType")),
        cascade: request.flag("cascadeLifecycle"),
        dry_run: request.flag("dryRun"),
    };
    request.registry().delete_associations(&deletion, request.rights(), request.actor()).await?;
    Ok(Reply::NoContent)
}

pub(in crate::http) async fn batch_get(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "batchGetAssociations.arg1", "AssociationBatchGetRequest")?;
    let mut answers = Vec::new();
    for query in bodies::association::batch(&body, "AssociationBatchGetRequest", bodies::association::query)? {
        let answer = request.registry().query_associations(&query, request.flag("includeSchemas"), request.rights()).await;
        answers.push(answer);
    }
    Ok(results(&request, answers))
}

pub(in crate::http) async fn batch_mutate(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "mutateAssociations.arg4", "AssociationBatchRequest")?;
    let context = context(&request)?;
    let mut answers = Vec::new();
    for change in bodies::association::batch(&body, "AssociationBatchRequest", |value| bodies::association::change(value, None))?
    {
        let answer =
            request.registry().associate(&context, &change, options(&request, true), request.rights(), request.actor()).await;
        answers.push(answer);
    }
    Ok(results(&request, answers))
}

fn options(request: &Request, whole: bool) -> AssociateOptions {
    AssociateOptions { dry_run: request.flag("dryRun"), whole }
}

/// The context of unqualified subjects: that of the path's prefix, else `context=`.
fn context(request: &Request) -> Result<String, ApiError> {
    match (&request.context, request.query("context")) {
        (None, Some(given)) if !given.is_empty() => {
            context_from_segment(given).ok_or_else(|| ApiError::context_with_colon(given))
        }
        _ => Ok(request.base_context().to_owned()),
    }
}

/// Each request of a batch succeeds or fails alone.
fn results(request: &Request, answers: Vec<Result<AssociationsAnswer, RegistryError>>) -> Reply {
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.map_err(ApiError::from)).collect();
    let is_legacy = request.state.settings.legacy_shapes;
    let results = answers.iter().map(|answer| match answer {
        Ok(answer) => BatchResult::Result(AssociationResource::new(answer, is_legacy)),
        Err(error) => {
            error_response::log(error, &request.info);
            if let Some(denied) = &error.denied {
                request.state.refusals.denied(denied, &request.caller, &request.info);
            }
            BatchResult::Error(error.body())
        }
    });
    let body = BatchResults { results: results.collect() };
    Reply::JsonWithStatus(StatusCode::MULTI_STATUS, to_bytes(&body))
}

fn resource(request: &Request, answer: &AssociationsAnswer) -> Answer {
    json(&AssociationResource::new(answer, request.state.settings.legacy_shapes))
}
