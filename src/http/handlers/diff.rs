//! `/accordant/v1/diff`: what changed between two schemas, and what each level says about it.

use crate::access::Operation;
use crate::http::bodies;
use crate::http::error::{ApiError, selector};
use crate::http::handlers::parameter::{missing, text};
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::SchemaDifference;
use crate::registry::DiffSource;
use crate::types::{Subject, VersionSelector};

/// Two versions of a subject: by default the latest, and the one before.
pub(in crate::http) async fn get(request: Request) -> Answer {
    let given = text(&request, "subject").ok_or_else(|| missing("subject"))?;
    let subject = request.registry().resolve_alias(&Subject::parse_in(request.base_context(), given)).await?;
    request.require(Operation::SubjectRead, &subject)?;
    let named = |name: &str| text(&request, name).map(selector).transpose();
    let (from, to) = (named("from")?, named("to")?.unwrap_or(VersionSelector::Latest));
    let from = match from {
        Some(from) => from,
        None => before(&request, &subject, to).await?,
    };
    let [old, new] = [from, to].map(|selector| DiffSource::Version(subject.clone(), selector));
    answer(&request, &subject, old, new).await
}

/// The active version before another one; that one itself, where it is the first.
async fn before(request: &Request, subject: &Subject, to: VersionSelector) -> Result<VersionSelector, ApiError> {
    let state = request.registry().subject_state(subject).await?;
    let below = |version: i32| match to {
        VersionSelector::Latest => state.latest().is_some_and(|latest| version < latest.version),
        VersionSelector::Number(number) => version < number,
    };
    let before = state.active().find(|row| below(row.version));
    Ok(before.map_or(to, |row| VersionSelector::Number(row.version)))
}

pub(in crate::http) async fn post(request: Request) -> Answer {
    let body = bodies::json::required(&request.body, "diff.arg1", "DiffRequest")?;
    let (subject, old, new) = bodies::diff::sources(&body, request.base_context())?;
    let subject = request.registry().resolve_alias(&subject).await?;
    answer(&request, &subject, old, new).await
}

async fn answer(request: &Request, subject: &Subject, old: DiffSource, new: DiffSource) -> Answer {
    let difference = request.registry().diff(subject, old, new, request.rights()).await?;
    json(&SchemaDifference::from(difference))
}
