//! What happens inside a transaction, written once for both dialects.
//!
//! `sqlite/` and `postgres/` each include this folder as their own module `units`; `super` then supplies the dialect: the
//! connection and row types and the locks. Statements are numbered `$1`, which both databases take.

mod associations;
mod bindings;
pub(super) mod changes;
mod delete;
mod names;
pub(super) mod read;
mod register;
mod rows;
mod settings;

pub(super) use associations::{associate, associations, associations_of};
pub(super) use bindings::{alias, aliases, delete_alias, delete_type_binding, put_alias, put_type_binding, type_bindings};
pub(super) use changes::{changes, init};
pub(super) use delete::{delete, delete_context};
pub(super) use names::{document_tag, file_names, named, subject_by_xreg_id, unfiled};
pub(super) use read::{
    content_ids, contexts, contexts_with_subject, holders, ids_by_guid, is_referenced, max_id, referrers, schema, schemas,
    subject, subjects, version, versions,
};
pub(super) use register::{Assigned, Filing, of_schema, register};
pub(super) use settings::{
    all_settings, delete_config, delete_mode, generation, put_config, put_mode, settings, subject_aliases,
};

use super::{Conn, Row, db};
