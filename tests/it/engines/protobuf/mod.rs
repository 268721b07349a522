//! The Protobuf engine, by its public API.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod accept;
mod check;
mod descriptor;
mod hostile;
mod payload;
mod policy;
mod print;
mod property;
mod strict;
mod tags;

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{CheckOptions, Direction, Finding, ParseMode, ParseOptions, ResolvedReference, SchemaError};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};

/// The depth that servers are set to by default.
const DEPTH: usize = 64;

fn options(mode: ParseMode) -> ParseOptions {
    ParseOptions::new(mode, DEPTH)
}

fn try_read(text: &str) -> Result<Schema, SchemaError> {
    Schema::parse(text, &[], &options(ParseMode::New))
}

fn read(text: &str) -> Schema {
    try_read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refused(text: &str) -> SchemaError {
    match try_read(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error,
    }
}

fn proto3(body: &str) -> String {
    format!("syntax = \"proto3\";\n{body}")
}

fn reference(name: &str, subject: &str, version: i32, text: &str) -> ResolvedReference {
    ResolvedReference { name: name.to_owned(), subject: subject.to_owned(), version, text: text.into(), direct: true }
}

fn read_with(text: &str, references: &[ResolvedReference]) -> Schema {
    Schema::parse(text, references, &options(ParseMode::New)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn check_options(policy: ProtobufPolicy, direction: Direction) -> CheckOptions {
    CheckOptions { direction, policy: CompatibilityPolicy::Strict, protobuf_policy: policy, work_budget: 1_000_000 }
}

fn findings(old: &Schema, new: &Schema, policy: ProtobufPolicy) -> Vec<Finding> {
    Schema::check(new, old, &check_options(policy, Direction::Backward)).expect("a verdict")
}

/// Rules and paths of a BACKWARD check.
fn broken(old: &str, new: &str) -> Vec<(String, String)> {
    let found = findings(&read(old), &read(new), ProtobufPolicy::Default);
    found.into_iter().map(|finding| (finding.rule.to_owned(), finding.path)).collect()
}
