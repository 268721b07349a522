//! The time in which a request must be answered.
//!
//! tower-http's `TimeoutLayer` answers without a body, and Confluent's clients read one.

use std::time::Duration;

use crate::http::error::ApiError;

pub(in crate::http) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(ApiError::out_of_time(limit)))
}
