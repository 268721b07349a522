//! `/accordant/v1/search`, `statistics`, `outline`, `references`, `history`: what there is, and how it hangs together.

use crate::access::Operation;
use crate::http::error::{ApiError, selector};
use crate::http::handlers::parameter::{missing, text, wrong};
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::{FoundPage, History, Outline, ReferenceGraph, Statistics};
use crate::registry::{BrowseAfter, MatchKind, Search};
use crate::store::{AuditFilter, AuditOrder, Registration};
use crate::types::{CompatibilityLevel, SchemaType, Subject, VersionSelector, context_from_segment, parse_timestamp};

/// Results of a page, where nothing else is asked for, and at most.
const LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// Results that can be paged through: who wants more asks for something narrower.
const MAX_OFFSET: usize = 1000;
/// Bytes of what is searched for.
const MAX_QUERY: usize = 512;
/// Steps of references in both directions, where nothing else is asked for, and at most.
const DEPTH: i32 = 3;
const MAX_DEPTH: i32 = 10;
pub(super) const A_TIME: &str = "a date or a time, such as 2026-01-31 or 2026-01-31T08:30:00Z";

pub(in crate::http) async fn search(request: Request) -> Answer {
    let query = text(&request, "q").unwrap_or_default();
    let time = |name: &str| match text(&request, name) {
        None => Ok(None),
        Some(text) => parse_timestamp(text).map(Some).ok_or_else(|| wrong(name, text, A_TIME)),
    };
    let registration =
        Registration { author: text(&request, "author").map(str::to_owned), since: time("since")?, until: time("until")? };
    let level = text(&request, "compatibility")
        .map(|word| CompatibilityLevel::parse(word).ok_or_else(|| wrong("compatibility", word, "a level, such as BACKWARD")))
        .transpose()?;
    if registration.author.is_some() {
        request.rights().require_globally(Operation::AuditRead)?;
    }
    if query.len() > MAX_QUERY {
        return Err(ApiError::bad_request(format!("The parameter q is longer than {MAX_QUERY} bytes")));
    }
    let by = text(&request, "by")
        .map(|word| MatchKind::parse(word).ok_or_else(|| wrong("by", word, "id, guid, subject, name, field, label or text")));
    let schema_type =
        text(&request, "type").map(|word| SchemaType::parse(word).ok_or_else(|| wrong("type", word, "AVRO, JSON or PROTOBUF")));
    let context = match (text(&request, "context"), &request.context) {
        (Some(given), _) => Some(context_from_segment(given).ok_or_else(|| ApiError::context_with_colon(given))?),
        (None, prefix) => prefix.clone(),
    };
    let number = |name: &str, default: usize, most: usize| match text(&request, name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map(|number| number.min(most)).map_err(|_| wrong(name, text, "a number")),
    };
    let (offset, limit) = (number("offset", 0, MAX_OFFSET)?, number("limit", LIMIT, MAX_LIMIT)?.max(1));
    let schema_type = schema_type.transpose()?;
    if query.trim().is_empty() && level.is_none() && registration.is_any() && schema_type.is_none() && context.is_none() {
        return Err(missing("q"));
    }
    let after = text(&request, "after")
        .map(|token| BrowseAfter::parse(token).ok_or_else(|| wrong("after", token, "what a page has said")))
        .transpose()?;
    if let Some(given) = text(&request, "offset").filter(|_| query.trim().is_empty() && offset > 0) {
        return Err(wrong("offset", given, "for searches without words, whose pages follow one another by after"));
    }
    let search = Search {
        text: query.to_owned(),
        by: by.transpose()?,
        context,
        schema_type,
        registration,
        level,
        deleted: request.flag("deleted"),
        after,
    };
    let page = request.registry().search(&search, offset, limit, request.rights()).await?;
    let next = Some(offset.saturating_add(limit)).filter(|next| page.has_more && page.after.is_none() && *next <= MAX_OFFSET);
    json(&FoundPage::new(&page, next))
}

pub(in crate::http) async fn statistics(request: Request) -> Answer {
    let (at, statistics) = request.registry().statistics().await?;
    json(&Statistics::new(at, &statistics, request.rights()))
}

pub(in crate::http) async fn outline(request: Request) -> Answer {
    let (subject, selector) = version(&request).await?;
    request.require(Operation::SubjectRead, &subject)?;
    let (side, outline) = request.registry().version_outline(&subject, selector, request.rights()).await?;
    json(&Outline::new(&side, &outline))
}

pub(in crate::http) async fn references(request: Request) -> Answer {
    let (subject, selector) = version(&request).await?;
    request.require(Operation::SubjectRead, &subject)?;
    let depth = match text(&request, "depth") {
        None => DEPTH,
        Some(text) => text.parse::<i32>().map_err(|_| wrong("depth", text, "a number"))?.clamp(1, MAX_DEPTH),
    };
    let graph = request.registry().reference_graph(&subject, selector, depth, request.rights()).await?;
    json(&ReferenceGraph::from(&graph))
}

/// What was done to a subject. Who did it is told to those who may read the audit.
pub(in crate::http) async fn history(request: Request) -> Answer {
    let subject = named(&request)?;
    request.require(Operation::SubjectRead, &subject)?;
    let number = |name: &str| text(&request, name).map(|text| text.parse::<i64>().map_err(|_| wrong(name, text, "a number")));
    let limit = number("limit").transpose()?.map_or(LIMIT, |limit| usize::try_from(limit).unwrap_or(LIMIT).clamp(1, MAX_LIMIT));
    let filter = AuditFilter {
        subject: Some(subject),
        context: None,
        version: None,
        actor: None,
        operation: None,
        request_id: None,
        since: None,
        until: None,
        order: AuditOrder::NewestFirst,
        after: number("after").transpose()?,
    };
    let page = request.registry().audit(&filter, limit).await?;
    let names_actors = request.rights().allows_globally(Operation::AuditRead);
    json(&History::new(&page, names_actors))
}

fn named(request: &Request) -> Result<Subject, ApiError> {
    let given = text(request, "subject").ok_or_else(|| missing("subject"))?;
    Ok(Subject::parse_in(request.base_context(), given))
}

/// The version that `subject` and `version` name, the latest where no number is given; the alias followed.
async fn version(request: &Request) -> Result<(Subject, VersionSelector), ApiError> {
    let subject = request.registry().resolve_alias(&named(request)?).await?;
    Ok((subject, text(request, "version").map_or(Ok(VersionSelector::Latest), selector)?))
}
