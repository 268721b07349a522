//! Rows of the record of who changed what.

use sqlx::Row as _;

use super::Row;
use crate::store::{AuditEntry, ReadEntry, StoreError};
use crate::types::{Guid, Subject};

macro_rules! columns {
    () => {
        "a.at, a.operation, a.actor, a.login, a.address, a.user_agent, a.request_id, a.reason, a.context, a.subject, a.version, \
         a.schema_id, a.guid_before, a.guid_after, a.details"
    };
}
pub(super) use columns;

/// Reads the columns, which begin at `at`.
pub(super) fn entry(row: &Row, at: usize) -> Result<AuditEntry, sqlx::Error> {
    let guid = |column: usize| {
        let bytes: Option<Vec<u8>> = row.try_get(column)?;
        let guid =
            |bytes: Vec<u8>| bytes.try_into().map(Guid).map_err(|_| sqlx::Error::Decode("a guid that is not 16 bytes".into()));
        bytes.map(guid).transpose()
    };
    Ok(AuditEntry {
        position: 0,
        at: row.try_get(at)?,
        operation: row.try_get(at + 1)?,
        actor: row.try_get(at + 2)?,
        login: row.try_get(at + 3)?,
        address: row.try_get(at + 4)?,
        user_agent: row.try_get(at + 5)?,
        request_id: row.try_get(at + 6)?,
        reason: row.try_get(at + 7)?,
        subject: Subject::in_context(row.try_get(at + 8)?, row.try_get(at + 9)?),
        version: row.try_get(at + 10)?,
        schema_id: row.try_get(at + 11)?,
        guid_before: guid(at + 12)?,
        guid_after: guid(at + 13)?,
        details: row.try_get(at + 14)?,
        hash: String::new(),
    })
}

/// Reads `position, hash` and the columns.
pub(super) fn read_entry(row: &Row) -> Result<ReadEntry, StoreError> {
    let position = row.try_get(0)?;
    let hash: Option<String> = row.try_get(1).ok().flatten();
    Ok(match (entry(row, 2), hash) {
        (Ok(entry), Some(hash)) => ReadEntry::Entry(Box::new(AuditEntry { position, hash, ..entry })),
        (_, hash) => ReadEntry::Unreadable { position, hash },
    })
}
