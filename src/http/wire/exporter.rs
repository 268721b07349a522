//! Answers of `/exporters`.

use serde::Serialize;

use crate::types::StoredExporter;

#[derive(Serialize)]
pub(in crate::http) struct ExporterName<'e> {
    pub(in crate::http) name: &'e str,
}

#[derive(Serialize)]
pub(in crate::http) struct ExporterStatus<'e> {
    name: &'e str,
    state: &'static str,
    offset: i64,
    ts: i64,
    trace: &'e str,
}

impl<'e> From<&'e StoredExporter> for ExporterStatus<'e> {
    fn from(stored: &'e StoredExporter) -> Self {
        Self {
            name: &stored.exporter.name,
            state: stored.state.as_str(),
            // where nothing has been copied the position is below 0
            offset: stored.position.max(0),
            ts: stored.moved_at,
            trace: &stored.trace,
        }
    }
}
