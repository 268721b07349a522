//! The integration tests, one binary: one link.
//!
//! `app` starts a real server on SQLite and on Postgres; every answer that a test sees through it is held to openapi.yaml.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "one binary: its modules share what is pub")]

mod app;
mod associations;
mod check;
mod citations;
mod cli;
mod cloudevents_cli;
mod cloudevents_config;
mod cloudevents_documents;
mod cloudevents_laws;
mod cloudevents_resolve;
mod cloudevents_validate;
mod compatibility;
mod contexts;
mod contract;
mod crash;
mod delete;
mod engine_avro;
mod engine_json_schema;
mod engine_protobuf;
mod error_codes;
mod errors;
mod find;
mod guid;
mod layering;
mod memory;
mod middleware;
mod openapi;
mod register;
mod replicas;
mod rules_page;
mod settings;
mod store;
mod vectors;
