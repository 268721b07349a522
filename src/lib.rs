//! Accordant: a schema registry that answers as Confluent's does, from one binary.
//!
//! The modules form rings; each may use those above it and none below (held by `tests/it/layering.rs`, drawn in
//! docs/ARCHITECTURE.md).

pub mod types;

pub mod codec;

pub mod cache;

pub mod schema;

pub mod compat;

pub mod cloudevents;

pub mod store;

pub mod registry;

pub mod http;

pub mod config;

pub mod server;

pub mod cli;
