//! RING 1: persistence. [`Store`] is a trait of whole units of work, each one transaction; nothing of SQL leaves this folder.
//!
//! | file | what |
//! | --- | --- |
//! | `units.rs` | the trait, by kind of unit |
//! | `rows.rs`, `requests.rs`, `keys.rs`, `exporters.rs` | what reads give; what writes take and how they end |
//! | `error.rs` | why a unit of work failed |
//! | `audit/` | the record of who changed what: its entries, and the chain that they are sealed into |
//! | `search.rs`, `statistics.rs`, `counts.rs` | what is searched for, and what is found; how much there is |
//! | `usage.rs` | who read which schema |
//! | `generation.rs`, `freshness.rs` | the counters by which caches know that they are stale |
//! | `inspection.rs` | what can be seen of a database before a server works with it |
//! | `migrations.rs` | the migrations of both databases |
//! | `columns.rs` | many rows for one statement |
//! | `snapshot.rs` | everything at one moment, for files and copies |
//! | `sql/` | what happens inside a transaction, written once and compiled for both databases |
//! | `sqlite/`, `postgres/` | how a transaction is opened, serialised and retried; the few statements that differ |
//! | `sql_store.rs` | the forwarding from the trait to `sql/`, the same for both |
//! | `outage/` | reads from memory while the database is away |
//! | `observer.rs`, `readings.rs` | who is told what a store does; how it stands |
//!
//! `tests/it/store/suite.rs` is the suite that every implementation must pass.

mod audit;
mod columns;
mod counts;
mod error;
mod exporters;
mod freshness;
mod generation;
mod inspection;
mod keys;
mod migrations;
mod observer;
mod outage;
pub mod postgres;
mod readings;
mod requests;
mod rows;
mod search;
mod snapshot;
mod sql_store;
pub mod sqlite;
mod statistics;
mod units;
mod usage;

pub use audit::{
    AuditChain, AuditEntry, AuditFilter, AuditOrder, AuditPage, AuditReader, ChainBreak, ChainCheck, Checkpoint, ReadEntry,
    Refusals,
};
pub use counts::{ContextCount, Counts, ExporterCount, TypeCount, states};
pub use error::StoreError;
pub use exporters::{ExporterChange, ExporterProgress, ExporterRow};
pub use freshness::{Extent, Freshness, Registrations};
pub use generation::{Generation, KnownGeneration};
pub use inspection::{Migration, MigrationState, PostgresInspection, SqliteInspection};
pub use keys::{KeyChange, KeyOutcome};
pub use observer::{StoreObserver, Unobserved};
pub use outage::OutageReads;
pub use readings::{FileReading, FollowerReading, StoreReadings};
pub use requests::{
    AssociateOutcome, AssociateRequest, AssociationRemoval, DeleteOutcome, DeleteRequest, ImportOutcome, ImportRequest,
    ImportSwitch, ImportedVersion, RegisterOutcome, RegisterRequest, SettingsOutcome, TurnHolder,
};
pub use rows::{
    AssociationFilter, AssociationScope, DocumentTag, HashedContent, Holder, ListedVersion, NamedSchema, OutboxEntry,
    SchemaNames, Scope, ScopeSettings, StoredSchema, SubjectFilter, SubjectState, VersionFilter, VersionRow,
};
pub use search::{
    BrowseOrder, BrowsePlace, BrowsedHit, FiledWords, Registration, SearchHit, SearchPlace, VersionBrowse, WordQuery,
};
pub use snapshot::{RegistrySnapshot, Restored};
pub use statistics::{NeverRead, SchemaCount, SizedSchema, Statistics, SubjectCount};
pub use units::Store;
pub use usage::{OTHER_CLIENTS, UsageCount, UsageFilter, VersionUsage};

use error::{fit, migrated};
use sql_store::store_impl;
