//! RING 0: the policy above the formats. Levels, transitivity, groups and reserved fields; which versions are compared and
//! what the answer says. What a difference means is the formats' knowledge.

mod report;
mod second_opinion;

pub use report::{Candidate, Previous, Report, Rules, check, compared};
pub use second_opinion::notes;
