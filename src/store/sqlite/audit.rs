//! Reading the record beside a server or without one.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::Mutex;

use super::{Conn, sql};
use crate::store::StoreError;
use crate::store::audit::audit_reader;

/// The record of a file, as it is when it is first read.
pub struct SqliteAudit(Mutex<Conn>);

impl SqliteAudit {
    /// Opens the file; a server may be working with it.
    ///
    /// # Errors
    /// The file can't be read, or is no registry.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(30));
        let mut conn = options.disable_statement_logging().connect().await?;
        sqlx::query("BEGIN").execute(&mut conn).await?;
        Ok(Self(Mutex::new(conn)))
    }
}

audit_reader!(SqliteAudit, true);
