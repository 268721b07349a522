//! Accordant: a schema registry for Kafka that answers as Confluent Schema Registry does, from one binary.
//!
//! The binary is described in the README; the library is what it is made of, and what tests, benches and fuzz targets use. Its API is
//! not stable.
//!
//! # The engines
//!
//! [`schema`] parses Avro, Protobuf and JSON Schema, prints them as Confluent stores them, and compares them; [`compat`] applies a
//! compatibility level to a history. Both are pure functions:
//!
//! ```
//! use accordant::compat::{self, Candidate, CompatibilitySettings, Previous};
//! use accordant::schema::{ParseMode, ParseOptions, Parsed};
//! use accordant::types::{CompatibilityLevel, CompatibilityPolicy, ProtobufPolicy, SchemaType};
//!
//! let options = ParseOptions::new(ParseMode::New, 100);
//! let parse = |text: &str| Parsed::parse(SchemaType::Avro, text, &[], &options);
//! let old = parse(r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#)?;
//! let new = parse(
//!     r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"price","type":"double"}]}"#,
//! )?;
//!
//! let rules = CompatibilitySettings {
//!     level: CompatibilityLevel::Backward,
//!     policy: CompatibilityPolicy::Strict,
//!     protobuf_policy: ProtobufPolicy::Default,
//!     validate_fields: false,
//!     work_budget: 1_000_000,
//! };
//! let earlier = [Previous { version: 1, schema: &old, metadata: None, text: old.canonical() }];
//! let report = compat::check(Candidate { schema: &new, metadata: None }, &earlier, &rules)?;
//!
//! assert!(!report.is_compatible());
//! let finding = &report.reasons[0].finding;
//! assert_eq!(finding.rule, "READER_FIELD_MISSING_DEFAULT_VALUE");
//! assert_eq!(finding.path, "/fields/1");
//! assert!(finding.remedy.contains("default"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rings
//!
//! A module uses those above it in this list and none below; `tests/it/contract/layering.rs` holds that, and docs/ARCHITECTURE.md says why.
//!
//! * [`types`], [`trace`], [`java`], [`cache`]: the vocabulary, traces of requests, what clients see of Java, the one bounded cache
//! * [`access`], [`login`]: who may do what, and who may log in; [`codec`]: the JSON form of what is in `types`
//! * [`schema`], [`compat`], [`cloudevents`]: the engines; [`records`]: data of records; [`contracts`]: rules that run
//! * [`kms`]: key management systems; [`jsonata`]: rules of JSONATA, evaluated by processes of their own; [`peer`]: another registry
//! * [`store`]: persistence in SQLite and Postgres
//! * [`registry`]: the use cases
//! * [`http`]: the wire
//! * [`server`], [`config`], [`cli`]: connections; settings, those of connections among them; commands

pub mod access;
pub mod cache;
pub mod cli;
pub mod cloudevents;
pub mod codec;
pub mod compat;
pub mod config;
pub mod contracts;
pub mod http;
pub mod java;
pub mod jsonata;
pub mod kms;
pub mod login;
pub mod peer;
pub mod records;
pub mod registry;
pub mod schema;
pub mod server;
pub mod store;
pub mod trace;
pub mod types;
