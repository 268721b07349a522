//! How much is stored, for those who watch it: counts that take no look at texts.

use crate::types::{ExporterState, SchemaType};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// When it was counted, in milliseconds since 1970.
    pub at: i64,
    /// Those with the most versions first.
    pub contexts: Vec<ContextCount>,
    pub schemas: Vec<TypeCount>,
    /// Entries of the audit without a place in the chain.
    pub unsealed: i64,
    /// The last change, and how exporters stand.
    pub last_change: i64,
    pub exporters: Vec<ExporterCount>,
    pub importers: Vec<ExporterCount>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextCount {
    pub context: String,
    /// Subjects that have a version which is not soft-deleted.
    pub subjects: i64,
    pub versions: i64,
    pub live_versions: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeCount {
    pub context: String,
    pub schema_type: SchemaType,
    pub schemas: i64,
}

/// How one exporter or importer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExporterCount {
    pub state: ExporterState,
    /// It has failed, and waits to try again.
    pub is_failing: bool,
    /// The last change that it has dealt with; below 0 while it copies what was there before.
    pub position: i64,
}

/// How many of them are in each state.
pub fn states(counted: &[ExporterCount]) -> [(&'static str, usize); 4] {
    let of = |state: ExporterState| (state.as_str(), counted.iter().filter(|one| one.state == state && !one.is_failing).count());
    let failing = counted.iter().filter(|one| one.is_failing).count();
    [of(ExporterState::Starting), of(ExporterState::Running), of(ExporterState::Paused), ("failing", failing)]
}

impl Counts {
    /// Changes that the exporter furthest behind has still to deal with.
    pub fn exporter_lag(&self) -> i64 {
        let running = self.exporters.iter().filter(|one| one.state != ExporterState::Paused);
        running.map(|one| (self.last_change - one.position.max(0)).max(0)).max().unwrap_or(0)
    }
}
