//! `/accordant/v1/audit`: who changed what.

use crate::http::error::ApiError;
use crate::http::handlers::parameter::{text, wrong};
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::AuditEntries;
use crate::store::{AuditFilter, AuditOrder};
use crate::types::{Subject, context_from_segment, parse_timestamp};

/// Entries of a page, where nothing else is asked for, and at most.
const LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

pub(in crate::http) async fn list(request: Request) -> Answer {
    let limit = number(&request, "limit")?.map_or(LIMIT, |limit| usize::try_from(limit).unwrap_or(LIMIT).clamp(1, MAX_LIMIT));
    let order = match text(&request, "order") {
        None | Some("asc") => AuditOrder::OldestFirst,
        Some("desc") => AuditOrder::NewestFirst,
        Some(other) => return Err(wrong("order", other, "asc or desc")),
    };
    let context = match (text(&request, "context"), &request.context) {
        (Some(given), _) => Some(context_from_segment(given).ok_or_else(|| ApiError::context_with_colon(given))?),
        (None, prefix) => prefix.clone(),
    };
    let filter = AuditFilter {
        subject: text(&request, "subject")
            .map(|given| Subject::parse_in(context.as_deref().unwrap_or(request.base_context()), given)),
        context,
        version: number(&request, "version")?,
        actor: text(&request, "actor").map(str::to_owned),
        operation: text(&request, "operation").map(str::to_owned),
        request_id: text(&request, "requestId").map(str::to_owned),
        since: time(&request, "since")?,
        until: time(&request, "until")?,
        order,
        after: number(&request, "after")?,
    };
    json(&AuditEntries::new(&request.registry().audit(&filter, limit).await?))
}

fn number(request: &Request, name: &str) -> Result<Option<i64>, ApiError> {
    text(request, name).map(|text| text.parse().map_err(|_| wrong(name, text, "a number"))).transpose()
}

fn time(request: &Request, name: &str) -> Result<Option<i64>, ApiError> {
    let wanted = "a date or a time, such as 2026-01-31 or 2026-01-31T08:30:00Z";
    text(request, name).map(|text| parse_timestamp(text).ok_or_else(|| wrong(name, text, wanted))).transpose()
}
