//! The key of sessions.

use sqlx::Row as _;

use super::{Conn, dialect};
use crate::store::StoreError;

/// The key that there is, or from now on this one.
pub(in crate::store) async fn session_key(conn: &mut Conn, fresh: &[u8; 32]) -> Result<[u8; 32], StoreError> {
    sqlx::query::<dialect::Db>("UPDATE registry SET session_key = $1 WHERE session_key IS NULL")
        .bind(fresh.to_vec())
        .execute(&mut *conn)
        .await?;
    let row = sqlx::query::<dialect::Db>("SELECT session_key FROM registry").fetch_one(conn).await?;
    let key: Vec<u8> = row.try_get(0)?;
    key.try_into()
        .map_err(|_| StoreError::Inconsistent { table: "registry", what: "a session_key that is not 32 bytes".to_owned() })
}
