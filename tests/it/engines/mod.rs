//! The three formats and the addresses of events, by their public functions and without a server; input made to hurt an engine is in its
//! module `hostile`.

mod avro;
mod cloudevents;
mod contracts;
mod diff;
mod json_schema;
mod logical;
mod protobuf;
mod samples;
