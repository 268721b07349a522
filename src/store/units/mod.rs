//! What happens inside a transaction, written once for both dialects.
//!
//! `sqlite/` and `postgres/` each include this folder as their own module `units`; `super` then supplies the dialect: the
//! connection and row types and the locks. Statements are numbered `$1`, which both databases take.

mod associations;
mod changes;
mod delete;
pub(super) mod read;
mod register;
mod rows;
mod settings;

pub(super) use associations::{associate, associations, associations_of};
pub(super) use changes::{changes, init};
pub(super) use delete::{delete, delete_context};
pub(super) use read::{
    content_ids, contexts, contexts_with_subject, holders, ids_by_guid, is_referenced, max_id, referrers, schema, schemas,
    subject, subjects, version, versions,
};
pub(super) use register::register;
pub(super) use settings::{aliases, delete_config, delete_mode, generation, put_config, put_mode, settings};

use super::{Conn, Row, db};
