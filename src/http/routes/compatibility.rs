//! `/compatibility`.

use serde_json::Value;

use crate::http::body;
use crate::http::error::{findings_json, selector};
use crate::http::invalid_schema;
use crate::http::reply::{Answer, Members, json};
use crate::http::request::Request;
use crate::registry::{CheckAnswer, CheckTarget, RegistryError};

pub(in crate::http) async fn one(request: Request) -> Answer {
    let target = CheckTarget::One(selector(request.param("version"))?);
    check(request, target, "testCompatibilityBySubjectName.arg4").await
}

pub(in crate::http) async fn history(request: Request) -> Answer {
    check(request, CheckTarget::History, "testCompatibilityForSubject.arg3").await
}

/// With `verbose` an invalid schema is a verdict, not an error (rest-api 5.11).
async fn check(request: Request, target: CheckTarget, operation: &str) -> Answer {
    let submission = body::submission(&body::required(&request.body, operation)?)?;
    let subject = request.subject().await?;
    let (verbose, explain) = (request.flag("verbose"), request.flag("explain"));
    let answer = match request.registry().check(&subject, &submission, target, request.flag("normalize"), explain).await {
        Err(RegistryError::InvalidSchema(reason)) if verbose => {
            let message = invalid_schema::message(&reason);
            CheckAnswer { is_compatible: false, messages: vec![message], ..CheckAnswer::default() }
        }
        answer => answer?,
    };
    let mut out = Members::default().put("is_compatible", answer.is_compatible);
    if verbose {
        out = out.put("messages", answer.messages.into_iter().map(Value::from).collect::<Vec<_>>());
    }
    if explain {
        out = out.put("findings", findings_json(&answer.findings, &answer.notes));
    }
    json(&out.done())
}
