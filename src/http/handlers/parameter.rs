//! Query parameters of our own operations: what is wrong with one is said.

use crate::http::error::ApiError;
use crate::http::request::Request;

/// A parameter that says something.
pub(super) fn text<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.query(name).filter(|text| !text.is_empty())
}

pub(super) fn wrong(name: &str, given: &str, wanted: &str) -> ApiError {
    let shown: String = given.chars().take(100).collect();
    ApiError::bad_request(format!("The parameter {name} is '{shown}', which is not {wanted}"))
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::bad_request(format!("The parameter {name} is missing"))
}
