//! Reading the record from outside, beside a server or without one.

use async_trait::async_trait;

use super::{AuditChain, AuditFilter, AuditPage, ReadEntry};
use crate::store::StoreError;

/// The record as it is at one moment.
#[async_trait]
pub trait AuditReader: Send + Sync {
    async fn cluster_id(&self) -> Result<String, StoreError>;

    async fn chain(&self) -> Result<AuditChain, StoreError>;

    /// Sealed entries behind a place, in the order of the chain.
    async fn entries(&self, after: i64, limit: i64) -> Result<Vec<ReadEntry>, StoreError>;

    async fn page(&self, filter: &AuditFilter, limit: i64) -> Result<AuditPage, StoreError>;

    /// How many entries are not sealed. On `SQLite` that can never be one.
    async fn unsealed(&self) -> Result<i64, StoreError>;

    /// Whether entries are sealed with the change that they are about.
    fn seals_at_once(&self) -> bool;
}

/// Implements it for a connection in a transaction.
macro_rules! audit_reader {
    ($reader:ident, $seals_at_once:literal) => {
        #[async_trait::async_trait]
        impl $crate::store::AuditReader for $reader {
            async fn cluster_id(&self) -> Result<String, StoreError> {
                sql::audit_pages::cluster_id(&mut *self.0.lock().await).await
            }

            async fn chain(&self) -> Result<$crate::store::AuditChain, StoreError> {
                sql::audit_pages::audit_chain(&mut *self.0.lock().await).await
            }

            async fn entries(&self, after: i64, limit: i64) -> Result<Vec<$crate::store::ReadEntry>, StoreError> {
                sql::audit_pages::entries(&mut *self.0.lock().await, after, limit).await
            }

            async fn page(
                &self,
                filter: &$crate::store::AuditFilter,
                limit: i64,
            ) -> Result<$crate::store::AuditPage, StoreError> {
                sql::audit_pages::audit(&mut *self.0.lock().await, filter, limit).await
            }

            async fn unsealed(&self) -> Result<i64, StoreError> {
                sql::audit_pages::unsealed(&mut *self.0.lock().await).await
            }

            fn seals_at_once(&self) -> bool {
                $seals_at_once
            }
        }
    };
}
pub(in crate::store) use audit_reader;
