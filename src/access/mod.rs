//! RING 0: who may do what. Pure: rules are read from texts, and a decision is a function of rules, principal, operation and subject.
//!
//! | file | what |
//! | --- | --- |
//! | `operation` | what can be allowed, and roles as names for sets of it |
//! | `principal` | who asks |
//! | `pattern` | which principals and subjects a rule is about |
//! | `rule` | one rule, and all of them |
//! | `rules_file`, `karapace` | the two forms in which rules are written |
//! | `rights` | what one principal may do, and by which rule |

mod karapace;
mod operation;
mod pattern;
mod principal;
mod rights;
mod rule;
mod rules_file;

pub use karapace::KarapacePermission;
pub use operation::{Operation, Operations, Role};
pub use pattern::{PrincipalPattern, SubjectPattern};
pub use principal::{ANONYMOUS, Principal, PrincipalKind};
pub use rights::{AccessDecision, DenialForm, Denied, DeniedResource, Rights};
pub use rule::{AccessRule, AccessRules, Effect, RuleOrigin, Subjects};
pub use rules_file::{AccessGrant, RulesForm};

/// Why rules are refused; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RulesError(pub String);
