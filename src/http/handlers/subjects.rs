//! `/subjects`.

use super::listing::{array, page, subject_filter};
use super::schema_view::SchemaView;
use super::schemas::raw;
use crate::access::Operation;
use crate::http::bodies;
use crate::http::error::{ApiError, explained, selector, subject_not_found};
use crate::http::reply::{Answer, Reply, json, to_bytes};
use crate::http::request::Request;
use crate::registry::{FoundVersion, LookupOptions, RegisterOptions};
use crate::schema::logical;
use crate::store::{Extent, Freshness};
use crate::types::VersionSelector;

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(usize::MAX)?;
    let filter = subject_filter(&request, ":*:");
    let freshness = request.registry().store().freshness(Extent::All);
    let pages = request.registry().subjects(filter, offset, limit, request.shared_rights());
    array(freshness, pages, |name: &String| to_bytes(name)).await
}

pub(in crate::http) async fn versions(request: Request) -> Answer {
    let paging = request.page(usize::MAX)?;
    let subject = request.subject().await?;
    // of a context as a whole nothing is known beforehand
    let freshness = request.freshness(&subject).filter(|_| !subject.is_context());
    let state = request.registry().subject_state(&subject).await?;
    let (negative, only, deleted) = (request.flag("deletedAsNegative"), request.flag("deletedOnly"), request.flag("deleted"));
    let is_known = state.rows.iter().any(|row| only || deleted || !row.deleted);
    if !is_known && !request.registry().is_context_with_subjects(&subject).await? {
        return Err(subject_not_found(&subject));
    }
    let shown: Vec<i32> = state
        .rows
        .iter()
        .filter(|row| negative || if only { row.deleted } else { deleted || !row.deleted })
        .map(|row| if negative && row.deleted { -row.version } else { row.version })
        .collect();
    Ok(Reply::while_fresh(to_bytes(&page(shown, paging)), freshness))
}

pub(in crate::http) async fn look_up(request: Request) -> Answer {
    let submission = bodies::schema::submission(&bodies::json::required(
        &request.body,
        "lookUpSchemaUnderSubject.arg5",
        "RegisterSchemaRequest",
    )?)?;
    let subject = request.subject().await?;
    let freshness = request.freshness(&subject).filter(|_| submission.has_fixed_references());
    submission.require_references(&subject, request.rights())?;
    let options = LookupOptions { normalize: request.flag("normalize"), deleted: request.flag("deleted") };
    let (found, exact) = request.registry().lookup(&subject, &submission, options, request.rights()).await?;
    // who looks a schema up writes with it
    request.shows(&found.schema);
    let bytes = SchemaView::new(&request, &found.subject).version(&found, !exact).await?;
    Ok(Reply::while_fresh(bytes, freshness))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let subject = request.subject().await?;
    let versions = request.registry().delete_subject(&subject, request.flag("permanent"), request.actor()).await?;
    json(&versions)
}

pub(in crate::http) async fn by_metadata(request: Request) -> Answer {
    let subject = request.subject().await?;
    let properties: Vec<(String, String)> = request.query_all("key").into_iter().zip(request.query_all("value")).collect();
    let found = request.registry().by_metadata(&subject, &properties, request.flag("deleted")).await?;
    request.shows(&found.schema);
    Ok(Reply::Json(SchemaView::new(&request, &found.subject).version(&found, true).await?))
}

pub(in crate::http) async fn register(request: Request) -> Answer {
    let submission =
        bodies::schema::submission(&bodies::json::required(&request.body, "register.arg6", "RegisterSchemaRequest")?)?;
    let subject = request.subject().await?;
    let freshness = request.freshness(&subject).filter(|_| submission.has_fixed_references());
    submission.require_references(&subject, request.rights())?;
    let submission = if logical::is_logical(request.format()) {
        request.registry().from_logical(&subject, submission).await?
    } else {
        submission
    };
    if submission.is_empty() {
        // the text of the latest version is registered again, and answered
        request.require(Operation::SubjectRead, &subject)?;
    }
    let options = RegisterOptions {
        normalize: request.flag("normalize"),
        force: request.flag("force"),
        explain: request.flag("explain"),
        ..RegisterOptions::default()
    };
    let outcome = request.registry().register(&subject, &submission, options, request.actor()).await;
    let registered = outcome.map_err(|error| explained(error, request.flag("explain")))?;
    request.state.metrics.registration(registered.is_new);
    if !registered.is_new {
        // as do producers, which register what is known at each start
        request.info.set_read(registered.subject.context(), registered.id);
    }
    let bytes = SchemaView::new(&request, &subject).registered(&registered).await?;
    // what is known is known again, until something changes
    Ok(Reply::while_fresh(bytes, freshness.filter(|_| !registered.is_new)))
}

async fn found(request: &Request, deleted: bool) -> Result<(FoundVersion, Option<Freshness>), ApiError> {
    let selector: VersionSelector = selector(request.param("version"))?;
    let subject = request.subject().await?;
    let freshness = request.freshness(&subject);
    Ok((request.registry().version(&subject, selector, deleted, request.rights()).await?, freshness))
}

pub(in crate::http) async fn version(request: Request) -> Answer {
    let (found, freshness) = found(&request, request.flag("deleted")).await?;
    request.shows(&found.schema);
    Ok(Reply::while_fresh(SchemaView::new(&request, &found.subject).numbered_version(&found).await?, freshness))
}

pub(in crate::http) async fn version_text(request: Request) -> Answer {
    let (found, _) = found(&request, request.flag("deleted")).await?;
    raw(&request, &found).await
}

pub(in crate::http) async fn delete_version(request: Request) -> Answer {
    let selector = selector(request.param("version"))?;
    let subject = request.subject().await?;
    let version = request.registry().delete_version(&subject, selector, request.flag("permanent"), request.actor()).await?;
    json(&version)
}

pub(in crate::http) async fn referenced_by(request: Request) -> Answer {
    let paging = request.page(request.registry().defaults().list_limit)?;
    let selector = selector(request.param("version"))?;
    let subject = request.subject().await?;
    let ids = request.registry().referenced_by(&subject, selector, request.flag("deleted"), request.rights()).await?;
    json(&page(ids, paging))
}

pub(in crate::http) async fn edit_tags(request: Request) -> Answer {
    let selector = selector(request.param("version"))?;
    let edit = bodies::schema::tag_request(&bodies::json::required(&request.body, "modifyTags.arg4", "TagSchemaRequest")?)?;
    let subject = request.subject().await?;
    let registered = request.registry().tag_version(&subject, selector, &edit, request.rights(), request.actor()).await?;
    request.state.metrics.registration(registered.is_new);
    Ok(Reply::Json(SchemaView::new(&request, &subject).registered(&registered).await?))
}
