//! The handlers, one file for each group of paths. A handler reads the request, calls one use case and shapes its outcome.

pub(super) mod associations;
pub(super) mod audit;
pub(super) mod cloudevents;
pub(super) mod compatibility;
pub(super) mod config;
pub(super) mod contexts;
pub(super) mod deks;
pub(super) mod diff;
pub(super) mod explore;
pub(super) mod exporters;
pub(super) mod health;
pub(super) mod keks;
mod listing;
pub(super) mod metadata;
pub(super) mod mode;
mod parameter;
pub(super) mod records;
pub(super) mod register_tree;
pub(super) mod rules;
mod schema_view;
pub(super) mod schemas;
pub(super) mod session;
pub(super) mod subjects;
pub(super) mod usage;
pub(super) mod whoami;
