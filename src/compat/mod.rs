//! RING 0: the policy above the formats. Levels, transitivity, groups and reserved fields; which versions are compared and
//! what the answer says. What a difference means is the formats' knowledge.

mod report;
mod second_opinion;

pub use report::{
    Candidate, DIFFERENT_SCHEMA_TYPE, Previous, RESERVED_FIELD_CONFLICT, RESERVED_FIELD_REMOVED, Reason, ReasonSource, Report,
    Rules, begin, check, compare, compared, finish, format_findings,
};
pub use second_opinion::notes;
