//! What the store's writes of exporters and importers take, and how they end.

use crate::types::{Exporter, ExporterState, LinkKind};

/// A change of an exporter or importer by its user.
#[derive(Debug, Clone)]
pub struct ExporterChange {
    pub kind: LinkKind,
    pub name: String,
    /// What it is for the record of who changed what.
    pub operation: &'static str,
    /// The revision of what was there when the decision was made.
    pub expected: Option<i64>,
    /// What is there from now on; `None` removes it.
    pub to: Option<ExporterRow>,
}

/// What a change writes.
#[derive(Debug, Clone)]
pub struct ExporterRow {
    /// Its secrets are sealed already.
    pub exporter: Exporter,
    pub state: ExporterState,
    pub position: i64,
}

/// How far an exporter has got, as the replica that runs it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExporterProgress {
    pub kind: LinkKind,
    pub name: String,
    /// The replica; what another one holds stays as it is.
    pub holder: String,
    /// The revision that it runs; what its user has changed meanwhile stays as it is.
    pub revision: i64,
    pub state: ExporterState,
    pub position: i64,
    pub trace: String,
    /// Until when it is its holder's, in milliseconds since 1970.
    pub held_until: i64,
}
