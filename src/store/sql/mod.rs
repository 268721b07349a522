//! What happens inside a transaction, written once for both databases.
//!
//! `sqlite/` and `postgres/` each include this folder as a module of their own (`#[path = "../sql/mod.rs"] mod sql;`), so it is
//! compiled twice. `super` is then the database's module, which supplies what differs: `Conn` and `Row`, and `dialect` with the
//! locks, the database type of sqlx and a few statements. This way sqlx sees concrete types, without the page of bounds that
//! code generic over `sqlx::Database` needs, and a statement is written once: `$1` is a parameter in both. The price: the
//! compiler reports an error here twice.

mod associate;
mod associations;
pub(super) mod audit;
pub(super) mod audit_pages;
mod audit_rows;
mod bindings;
mod browse;
pub(super) mod changes;
mod counts;
pub(super) mod decode;
mod deks;
mod delete;
mod exporters;
mod import;
mod keks;
mod keys;
pub(super) mod lists;
pub(super) mod locks;
pub(super) mod read;
pub(super) mod register;
pub(super) mod schema_names;
mod search;
mod sessions;
mod settings;
mod snapshot;
mod statistics;
mod usage;

pub(super) use associate::associate;
pub(super) use associations::{associations, associations_of};
pub(super) use audit::{prune_audit, record_refusals};
pub(super) use audit_pages::{audit, audit_chain};
pub(super) use bindings::{alias, aliases, delete_alias, delete_type_binding, put_alias, put_type_binding, type_bindings};
pub(super) use browse::browse;
pub(super) use changes::{Act, changes, generation, init, prune_changes};
pub(super) use deks::{dek, dek_owners, dek_subjects, dek_versions, has_more_deks, latest_dek};
pub(super) use delete::{delete, delete_context};
pub(super) use exporters::{change_bounds, change_exporter, exporter, exporters, hold_exporter, move_exporter};
pub(super) use import::{import, version_marks};
pub(super) use keks::{has_more_keks, kek, kek_names};
pub(super) use keys::change_key;
pub(super) use lists::{PageStart, place_of_version, subjects, versions};
pub(super) use read::{
    content_ids, contexts, contexts_with_subject, holders, ids_by_guid, is_referenced, max_id, referrers, schema, schemas,
    subject, version,
};
pub(super) use register::{IdSource, NewVersion, bind_schema, locks as registration_locks, register};
pub(super) use schema_names::{document_tag, named, put_schema_names, schemas_without_names, subject_by_xregistry_id};
pub(super) use search::{file_subject_words, put_schema_words, schemas_without_words, search};
pub(super) use sessions::session_key;
pub(super) use settings::{
    all_settings, delete_config, delete_mode, every_setting, put_config, put_mode, settings, subject_aliases,
};

pub(super) use counts::counts;
pub(super) use snapshot::{finish_restore, snapshot, snapshot_versions};
pub(super) use statistics::statistics;
pub(super) use usage::{add_usage, begin_usage, prune_usage, usage, usage_since};

use super::{Conn, Row, dialect};
