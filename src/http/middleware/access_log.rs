//! The access log. Answers from the cache are not in it; `/metrics` counts them.

use std::time::Duration;

use axum::http::StatusCode;

use crate::http::request_info::RequestInfo;
use crate::trace;

/// Which requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLog {
    Off,
    /// Those that the server failed.
    Errors,
    All,
}

impl AccessLog {
    pub(in crate::http) fn record(self, info: &RequestInfo, status: StatusCode, elapsed: Duration) {
        let status = status.as_u16();
        if self == Self::All || self == Self::Errors && status >= 500 {
            let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            let (method, path, request_id, trace_id) = (&info.method, &info.uri, info.id(), trace::current_id());
            tracing::info!(target: "accordant::access", %method, %path, status, micros, request_id, trace_id);
        }
    }
}
