//! `/cloudevents`: schema documents, resolving what a `dataschema` names, aliases and bindings, what problems mean, and events
//! validated.

pub(in crate::http) mod aliases;
pub(in crate::http) mod documents;
pub(in crate::http) mod problems;
pub(in crate::http) mod resolve;
pub(in crate::http) mod types;
pub(in crate::http) mod validate;
