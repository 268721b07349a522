//! Reading the record beside servers or without one.

use sqlx::Executor as _;
use tokio::sync::Mutex;

use super::{Conn, PostgresOptions, sql, sqlstate};
use crate::store::StoreError;
use crate::store::audit::audit_reader;

/// The record of a database, as it is when it is first read.
pub struct PostgresAudit(Mutex<Conn>);

impl PostgresAudit {
    /// Connects.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn open(options: &PostgresOptions) -> Result<Self, StoreError> {
        let connector = options.connector()?;
        let database = connector.hosts.address();
        let connected = tokio::time::timeout(options.acquire_timeout, connector.connect()).await;
        let silent = || StoreError::Unreachable { database: database.clone(), cause: "no answer".to_owned() };
        let mut conn = connected
            .map_err(|_| silent())?
            .map_err(|error| StoreError::Unreachable { database: database.clone(), cause: sqlstate::cause(&error) })?;
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(Self(Mutex::new(conn)))
    }
}

audit_reader!(PostgresAudit, false);
