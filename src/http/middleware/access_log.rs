//! The access log.

use std::time::Duration;

use axum::http::{Method, StatusCode, Uri};

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

/// A request, as the log tells of it.
pub(in crate::http) struct Logged<'r> {
    pub(in crate::http) method: &'r Method,
    pub(in crate::http) path: &'r Uri,
    pub(in crate::http) request_id: &'r str,
    pub(in crate::http) trace_id: Option<String>,
}

impl<'r> Logged<'r> {
    pub(in crate::http) fn of(info: &'r RequestInfo) -> Self {
        Self { method: &info.method, path: &info.uri, request_id: info.id(), trace_id: trace::current_id() }
    }
}

impl AccessLog {
    pub(in crate::http) fn record(self, request: &Logged<'_>, status: StatusCode, elapsed: Duration) {
        let status = status.as_u16();
        if self == Self::All || self == Self::Errors && status >= 500 {
            let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            let Logged { method, path, request_id, trace_id } = request;
            tracing::info!(target: "accordant::access", %method, %path, status, micros, request_id, trace_id);
        }
    }
}
