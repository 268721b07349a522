//! The clock.

use std::sync::Arc;

/// Tells the time in milliseconds since 1970. Injected, so that tests are deterministic.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
