//! RING 0: traces as W3C's Trace Context has them, across this process: which one a request belongs to, and what requests that are made
//! for it say of that.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | the trace of what runs now |
//! | `context.rs` | `traceparent` and `tracestate`, read and written |
//! | `spans.rs` | spans that are recorded, on their way to who sends them |

use std::future::Future;

mod context;
mod spans;

pub use context::{Sampling, TraceContext};
pub use spans::{Attribute, Recording, Span, SpanCounts, SpanKind, Spans};

/// The header with ids and flags.
pub const TRACEPARENT: &str = "traceparent";
/// The header with what tracing systems want to find again.
pub const TRACESTATE: &str = "tracestate";

/// The trace of a task.
#[derive(Debug, Clone)]
pub struct Current {
    pub context: TraceContext,
    /// Whether spans below it are recorded here.
    pub is_recorded: bool,
}

impl Current {
    /// One that is passed on and not recorded.
    pub fn passed_on(context: TraceContext) -> Self {
        Self { context, is_recorded: false }
    }
}

tokio::task_local! {
    static CURRENT: Option<Current>;
}

/// Runs something as a part of a trace, if there is one.
pub fn within<T>(current: Option<Current>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    CURRENT.scope(current, work)
}

/// The trace of what runs now.
pub fn current() -> Option<Current> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// The id of that, for log lines.
pub fn current_id() -> Option<String> {
    current().map(|current| current.context.shown_id())
}

/// The headers of a request that is made now.
pub fn headers() -> Vec<(&'static str, String)> {
    current().map(|current| current.context.headers()).unwrap_or_default()
}
