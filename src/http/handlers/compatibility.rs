//! `/compatibility`.

use crate::http::bodies;
use crate::http::error::{explained, selector};
use crate::http::invalid_schema;
use crate::http::reply::{Answer, Reply, to_bytes};
use crate::http::request::Request;
use crate::http::wire::{CompatibilityCheck, Finding};
use crate::registry::{CheckAnswer, CheckParameters, CheckTarget, RegistryError};

pub(in crate::http) async fn one(request: Request) -> Answer {
    let target = CheckTarget::One(selector(request.param("version"))?);
    check(request, target, "testCompatibilityBySubjectName.arg4").await
}

pub(in crate::http) async fn history(request: Request) -> Answer {
    check(request, CheckTarget::History, "testCompatibilityForSubject.arg3").await
}

/// With `verbose` an invalid schema is a verdict, not an error (rest-api 5.11).
async fn check(request: Request, target: CheckTarget, operation: &str) -> Answer {
    let submission = bodies::schema::submission(&bodies::json::required(&request.body, operation, "RegisterSchemaRequest")?)?;
    let subject = request.subject().await?;
    let mut freshness = request.freshness(&subject).filter(|_| submission.has_fixed_references());
    submission.require_references(&subject, request.rights())?;
    let (verbose, explain) = (request.flag("verbose"), request.flag("explain"));
    let options = CheckParameters { normalize: request.flag("normalize"), explain };
    let answer = match request.registry().check(&subject, &submission, target, options).await {
        Err(RegistryError::InvalidSchema(reason)) if verbose => {
            // what it refers to may be there soon
            freshness = None;
            let message = if explain { invalid_schema::explained(&reason) } else { invalid_schema::message(&reason) };
            CheckAnswer { is_compatible: false, messages: vec![message], ..CheckAnswer::default() }
        }
        answer => answer.map_err(|error| explained(error, explain))?,
    };
    let answer = CompatibilityCheck {
        is_compatible: answer.is_compatible,
        messages: verbose.then_some(answer.messages),
        findings: explain.then(|| Finding::list(answer.findings, answer.notes)),
    };
    Ok(Reply::while_fresh(to_bytes(&answer), freshness))
}
