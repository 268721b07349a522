//! Request bodies: each becomes the request of a use case. What is not there or `null` takes its default; unknown keys are ignored
//! (rest-api 1.5).

pub(super) mod association;
pub(super) mod cloudevents;
pub(super) mod diff;
pub(super) mod json;
pub(super) mod key;
pub(super) mod records;
pub(super) mod rules;
pub(super) mod schema;
