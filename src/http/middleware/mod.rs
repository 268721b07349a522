//! What stands around handlers, one concern a file. `http/app.rs` puts them in order.

pub(super) mod access_log;
pub(super) mod answer_cache;
pub(super) mod context_prefix;
pub(super) mod cors;
pub(super) mod deadline;
pub(super) mod gzip;
pub(super) mod panic;
pub(super) mod request_id;
pub(super) mod span;
pub(super) mod trace;
