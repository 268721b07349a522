//! RING 0: the policy above the formats. Levels, transitivity, groups and reserved fields; which versions are compared and
//! what the answer says. What a difference means is the formats' knowledge, and under `LOGICAL` that of table engines. `diff` says what
//! changed between two schemas, whatever it means for readers.

mod check;
pub mod diff;
mod logical;
mod report;
mod second_opinion;

pub use check::check;
pub use logical::{NO_LOGICAL_TYPE, compare_logical, validity};
pub use report::{
    Candidate, CompatibilityReport, CompatibilitySettings, DIFFERENT_SCHEMA_TYPE, Previous, RESERVED_FIELD_CONFLICT,
    RESERVED_FIELD_REMOVED, Reason, ReasonSource, VersionFinding, begin, compare, compared, finish, format_findings,
};
pub use second_opinion::notes;
