//! The JSON Schema engine by its public API: tables, hostile inputs, properties.

mod acceptance;
mod differences;
mod documents;
mod hostile;
mod messages;
mod properties;
mod reading;
mod references;
mod semantics;
mod tags;

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{CheckOptions, Direction, Finding, ParseMode, ParseOptions, ResolvedReference, SchemaError};
use accordant::types::CompatibilityPolicy::{self, Strict};
use accordant::types::ProtobufPolicy;

/// Options for a new schema.
fn new() -> ParseOptions {
    ParseOptions::new(ParseMode::New, 512)
}

fn read(text: &str) -> Result<Schema, SchemaError> {
    Schema::parse(text, &[], &new())
}

/// A schema that is expected to be accepted.
fn schema(text: &str) -> Schema {
    read(text).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

fn reference(name: &str, text: &str) -> ResolvedReference {
    ResolvedReference { name: name.to_owned(), subject: name.to_owned(), version: 1, text: text.into(), direct: true }
}

fn options(policy: CompatibilityPolicy) -> CheckOptions {
    CheckOptions { direction: Direction::Backward, policy, protobuf_policy: ProtobufPolicy::default(), work_budget: 1_000_000 }
}

/// What a new schema breaks that documents of the old one rely on.
fn broken(old: &Schema, new: &Schema) -> Vec<Finding> {
    Schema::check(new, old, &options(Strict)).unwrap()
}

/// Runs on a stack as small as any the server has.
fn on_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap()
}
