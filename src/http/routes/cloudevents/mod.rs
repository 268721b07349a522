//! `/cloudevents`: schema documents, resolving what a `dataschema` names, aliases and bindings, and what problems mean.

pub(in crate::http) mod aliases;
pub(in crate::http) mod documents;
pub(in crate::http) mod problems;
pub(in crate::http) mod resolve;
pub(in crate::http) mod types;
