//! Who asks, and what it may do.

use serde::Serialize;

use crate::access::{AccessRule, Effect, Operation, Principal, Rights, Subjects};

/// The answer of `/accordant/v1/whoami`.
#[derive(Debug, Serialize)]
pub(in crate::http) struct WhoAmI<'a> {
    principal: String,
    groups: &'a [Box<str>],
    login: &'static str,
    /// Everything is allowed that no rule denies.
    unrestricted: bool,
    rules: Vec<WhoAmIRule>,
}

/// The answer of `/accordant/v1/session`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Session {
    pub(in crate::http) principal: String,
    pub(in crate::http) login: &'static str,
    pub(in crate::http) ends_at: String,
}

#[derive(Debug, Serialize)]
struct WhoAmIRule {
    effect: &'static str,
    operations: Vec<&'static str>,
    subjects: Vec<String>,
    /// File and line.
    origin: String,
}

impl<'a> WhoAmI<'a> {
    pub(in crate::http) fn new(principal: &Principal, groups: &'a [Box<str>], login: &'static str, rights: &Rights) -> Self {
        let rules = rights.rules().map(|rule| shown(rule)).collect();
        Self { principal: principal.to_string(), groups, login, unrestricted: rights.is_open(), rules }
    }
}

fn shown(rule: &AccessRule) -> WhoAmIRule {
    WhoAmIRule {
        effect: if rule.effect == Effect::Allow { "allow" } else { "deny" },
        operations: rule.operations.iter().map(Operation::name).collect(),
        subjects: match &rule.subjects {
            Subjects::Patterns(patterns) => patterns.iter().map(ToString::to_string).collect(),
            Subjects::Regex(regex) => vec![regex.as_str().to_owned()],
        },
        origin: rule.origin.to_string(),
    }
}
