//! Errors (rest-api 4), and below `/cloudevents` problem details (RFC 9457).

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::cloudevents::ResolutionCandidate;
use super::compatibility::Finding;
use super::records::DataIssue;

#[derive(Serialize)]
pub(in crate::http) struct ErrorMessage<'e> {
    pub(in crate::http) error_code: u32,
    pub(in crate::http) message: &'e str,
    #[serde(flatten)]
    pub(in crate::http) details: Option<&'e ErrorDetails>,
}

/// A problem, with the members of other errors beside its own, so that a client that knows either form can read it.
#[derive(Serialize)]
pub(in crate::http) struct Problem<'e> {
    #[serde(rename = "type")]
    pub(in crate::http) problem_type: String,
    pub(in crate::http) title: &'static str,
    pub(in crate::http) status: u16,
    pub(in crate::http) detail: &'e str,
    pub(in crate::http) instance: &'e str,
    #[serde(flatten)]
    pub(in crate::http) details: Option<&'e ErrorDetails>,
    pub(in crate::http) error_code: u32,
    pub(in crate::http) message: &'e str,
}

/// What a caller asked for by `?explain=true`, and the particulars of problems.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize)]
pub(in crate::http) struct ErrorDetails {
    pub(in crate::http) findings: Option<Vec<Finding>>,
    pub(in crate::http) issues: Option<Vec<DataIssue>>,
    pub(in crate::http) url: Option<String>,
    pub(in crate::http) candidates: Option<Vec<ResolutionCandidate>>,
    pub(in crate::http) tried: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) did_you_mean: Vec<String>,
}
