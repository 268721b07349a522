//! `/cloudevents`.

pub(in crate::http) mod validate;
