//! `/accordant/v1/usage` and `impact`: who reads which version, and who could not read what is written with a new schema.

use crate::access::Operation;
use crate::http::bodies;
use crate::http::error::selector;
use crate::http::handlers::explore::A_TIME;
use crate::http::handlers::parameter::{missing, text, wrong};
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::{Impact, SubjectUsage};
use crate::types::{Subject, VersionSelector, parse_timestamp};

pub(in crate::http) async fn get(request: Request) -> Answer {
    let given = text(&request, "subject").ok_or_else(|| missing("subject"))?;
    let subject = request.registry().resolve_alias(&Subject::parse_in(request.base_context(), given)).await?;
    request.require(Operation::SubjectRead, &subject)?;
    let since = match text(&request, "since") {
        None => 0,
        Some(text) => parse_timestamp(text).ok_or_else(|| wrong("since", text, A_TIME))?,
    };
    let version = match text(&request, "version").map(selector).transpose()? {
        None => None,
        Some(VersionSelector::Number(number)) => Some(number),
        Some(VersionSelector::Latest) => {
            let found = request.registry().version(&subject, VersionSelector::Latest, false, request.rights()).await?;
            Some(found.row.version)
        }
    };
    let usage = request.registry().usage(&subject, version, since, names_principals(&request)).await?;
    json(&SubjectUsage::new(&subject, usage))
}

pub(in crate::http) async fn impact(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "impact.arg1", "ImpactRequest")?;
    let (subject, new, since) = bodies::diff::impact(&body, request.base_context())?;
    let subject = request.registry().resolve_alias(&subject).await?;
    request.require(Operation::SubjectRead, &subject)?;
    let since = match since {
        None => 0,
        Some(text) => parse_timestamp(&text).ok_or_else(|| wrong("since", &text, A_TIME))?,
    };
    let impact = request.registry().impact(&subject, new, since, request.rights(), names_principals(&request)).await?;
    json(&Impact::new(&subject, impact))
}

/// Who a client has logged in as is told to those who may read the audit.
fn names_principals(request: &Request) -> bool {
    request.rights().allows_globally(Operation::AuditRead)
}
