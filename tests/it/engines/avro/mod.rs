//! The Avro engine by its public API.

use accordant::schema::Format as _;
use std::sync::Arc;

use accordant::schema::avro::Schema;
use accordant::schema::{CheckError, CheckOptions, Direction, Finding, ParseMode, ParseOptions, ResolvedReference, SchemaError};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};

mod canonical;
mod check;
mod data;
mod generate;
mod hostile;
mod identity;
mod parse;
mod payload;
mod properties;
mod references;
mod tags;

/// The limit of the registry's configuration.
const DEPTH: usize = 1_000;
const BUDGET: u64 = 20_000_000;

fn read(text: &str, mode: ParseMode) -> Result<Schema, SchemaError> {
    Schema::parse(text, &[], &ParseOptions::new(mode, DEPTH))
}

/// Reads a text that a new schema may have.
fn strict(text: &str) -> Schema {
    read(text, ParseMode::New).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Reads a text that may be stored.
fn lax(text: &str) -> Schema {
    read(text, ParseMode::Stored).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Why a new schema is refused.
fn refusal(text: &str) -> String {
    match read(text, ParseMode::New) {
        Ok(schema) => panic!("accepted: {}", schema.canonical()),
        Err(error) => error.message,
    }
}

/// References with names of their own, in the order given.
fn references(texts: &[&str]) -> Vec<ResolvedReference> {
    let reference = |(at, text): (usize, &&str)| ResolvedReference {
        name: format!("ref{at}"),
        subject: format!("subject{at}"),
        version: 1,
        text: Arc::from(*text),
        direct: true,
    };
    texts.iter().enumerate().map(reference).collect()
}

fn options(direction: Direction, work_budget: u64) -> CheckOptions {
    CheckOptions { direction, policy: CompatibilityPolicy::default(), protobuf_policy: ProtobufPolicy::default(), work_budget }
}

fn try_check(reader: &Schema, writer: &Schema) -> Result<Vec<Finding>, CheckError> {
    Schema::check(reader, writer, &options(Direction::Backward, BUDGET))
}

fn findings(reader: &Schema, writer: &Schema) -> Vec<Finding> {
    try_check(reader, writer).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Rule, path and additional info of every finding.
fn found(reader: &str, writer: &str) -> Vec<String> {
    let short = |finding: &Finding| {
        let info = finding.message.split_once("additionalInfo:'").map_or(&*finding.message, |(_, rest)| rest);
        format!("{} {} {}", finding.rule, finding.path, info.trim_end_matches("'}"))
    };
    findings(&lax(reader), &lax(writer)).iter().map(short).collect()
}

/// A record `R` with the given fields.
fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}
