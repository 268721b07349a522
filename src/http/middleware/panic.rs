//! A handler's panic becomes a 500 that names the request id under which the log has the details.
//!
//! tower-http's `CatchPanicLayer` shows the panic alone to what makes the answer, without the request and its id.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::http::error::ApiError;
use crate::http::request_info::RequestInfo;
use crate::trace;

pub(in crate::http) async fn caught<T>(
    info: &RequestInfo,
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let (method, path, request_id, trace_id) = (&info.method, &info.uri, info.id(), trace::current_id());
        tracing::error!(request_id, trace_id, %method, %path, panic = text.unwrap_or("unknown"), "a handler panicked");
        Err(ApiError::panicked(request_id))
    })
}
