//! The JSON of answers: one struct for each, its keys in the order of its fields, which is Confluent's order. What is absent is left
//! out (rest-api 3).

#![expect(clippy::struct_field_names, reason = "the fields are called as the keys are")]

mod association;
mod association_resource;
mod audit;
mod cloudevents;
mod compatibility;
mod diff;
mod error;
mod explore;
mod exporter;
mod key;
mod records;
mod rules;
mod schema;
mod server;
mod tree;
mod usage;
mod whoami;

pub(super) use association::Association;
pub(super) use association_resource::{AssociationResource, BatchResult, BatchResults};
pub(super) use audit::AuditEntries;
pub(super) use cloudevents::{
    Alias, DocumentReference, DocumentUrls, EventType, Resolution, ResolutionCandidate, SchemaDocument,
};
pub(super) use compatibility::{CompatibilityCheck, Finding};
pub(super) use diff::SchemaDifference;
pub(super) use error::{ErrorDetails, ErrorMessage, Problem};
pub(super) use explore::{FoundPage, History, Outline, ReferenceGraph, Statistics};
pub(super) use exporter::{ExporterName, ExporterStatus};
pub(super) use key::{Dek, Kek, TestedKek};
pub(super) use records::{DataIssue, DecodedData, EncodedData, FramingChoice, SampledData};
pub(super) use rules::{Migrated, Validated};
pub(super) use schema::{ContextId, RegisterSchemaResponse, Schema, SchemaString, SubjectVersion};
pub(super) use server::{ClusterScope, Clusters, Deployment, Empty, Health, Mode, ServerId, ServerVersion};
pub(super) use tree::RegisteredTree;
pub(super) use usage::{Impact, SubjectUsage};
pub(super) use whoami::{Session, WhoAmI};
