//! What was found, and how it is printed.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::check::style::{BOLD, ERROR, GOOD, NOTE, styled, without_controls};
use crate::cli::version::COMMIT;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum FindingState {
    Good,
    Warning,
    Bad,
}

#[derive(Debug, Serialize)]
pub(super) struct DoctorFinding {
    area: &'static str,
    state: FindingState,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl DoctorFinding {
    fn new(state: FindingState, found: String, remedy: Option<String>) -> Self {
        Self { area: "", state, found, remedy }
    }

    pub(super) fn good(found: impl Into<String>) -> Self {
        Self::new(FindingState::Good, found.into(), None)
    }

    pub(super) fn warning(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(FindingState::Warning, found.into(), Some(remedy.into()))
    }

    pub(super) fn bad(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(FindingState::Bad, found.into(), Some(remedy.into()))
    }
}

#[derive(Debug, Default)]
pub(super) struct DoctorReport {
    findings: Vec<DoctorFinding>,
}

#[derive(Serialize)]
struct ReportDocument<'r> {
    version: &'static str,
    commit: &'static str,
    good: bool,
    findings: &'r [DoctorFinding],
}

impl DoctorReport {
    pub(super) fn add(&mut self, area: &'static str, finding: DoctorFinding) {
        self.findings.push(DoctorFinding { area, ..finding });
    }

    /// Whether nothing is wrong.
    pub(super) fn is_good(&self) -> bool {
        self.count(FindingState::Bad) == 0
    }

    fn count(&self, state: FindingState) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }

    pub(super) fn json(&self) -> String {
        let (version, good) = (env!("CARGO_PKG_VERSION"), self.is_good());
        let document = ReportDocument { version, commit: COMMIT, good, findings: &self.findings };
        // texts and booleans: nothing that could not be JSON
        serde_json::to_string_pretty(&document).map_or_else(|error| error.to_string(), |text| text + "\n")
    }

    pub(super) fn page(&self) -> String {
        let mut out = format!("accordant {}, commit {COMMIT}\n", env!("CARGO_PKG_VERSION"));
        let mut area = "";
        for finding in &self.findings {
            if finding.area != area {
                area = finding.area;
                let _ = writeln!(out, "\n{}", styled(BOLD, area));
            }
            let state = match finding.state {
                FindingState::Good => styled(GOOD, "ok  "),
                FindingState::Warning => styled(NOTE, "warn"),
                FindingState::Bad => styled(ERROR, "BAD "),
            };
            // a String takes everything
            let _ = writeln!(out, "  {state}  {}", without_controls(&finding.found));
            if let Some(remedy) = &finding.remedy {
                let _ = writeln!(out, "        do: {}", without_controls(remedy));
            }
        }
        let (bad, warnings) = (self.count(FindingState::Bad), self.count(FindingState::Warning));
        let _ = writeln!(out, "\n{bad} wrong, {warnings} to look at, {} good", self.count(FindingState::Good));
        out
    }
}
