//! One rule, and all of them.

use std::fmt;
use std::sync::Arc;

use fancy_regex::Regex;

use super::operation::{Operation, Operations};
use super::pattern::{PrincipalPattern, SubjectPattern};
use super::principal::Principal;
use crate::types::Subject;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    /// Wins over every rule that allows.
    Deny,
}

/// Where a rule is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOrigin {
    pub file: Arc<str>,
    pub line: usize,
}

impl fmt::Display for RuleOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The subjects of a rule.
#[derive(Debug, Clone)]
pub enum Subjects {
    Patterns(Vec<SubjectPattern>),
    /// Karapace's: a regular expression that resources must begin with. Resources are `Subject:NAME`, and `Config:` for the registry.
    Regex(Box<Regex>),
}

impl Subjects {
    pub(super) fn matches(&self, subject: &Subject) -> bool {
        match self {
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.matches(subject)),
            Self::Regex(regex) => begins(regex, &format!("Subject:{subject}")),
        }
    }

    pub(super) fn matches_registry(&self, operation: Operation) -> bool {
        match self {
            // such operations stand in a rule only where it is about the whole registry, or where they do no harm
            Self::Patterns(_) => true,
            Self::Regex(regex) => operation == Operation::GlobalRead || begins(regex, "Config:"),
        }
    }

    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::Patterns(patterns) if patterns.iter().any(SubjectPattern::is_everything))
    }

    pub(super) fn is_of_context(&self, context: &str) -> bool {
        match self {
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.is_of_context(context)),
            // what an expression could match is not known
            Self::Regex(_) => true,
        }
    }
}

/// An expression that takes too long matches nothing.
fn begins(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// A rule: these principals may, or may not, do this to those subjects.
#[derive(Debug, Clone)]
pub struct AccessRule {
    pub effect: Effect,
    pub principals: Vec<PrincipalPattern>,
    pub operations: Operations,
    pub subjects: Subjects,
    pub origin: RuleOrigin,
}

impl AccessRule {
    /// Whether it decides about an operation on a subject, or without one on the registry.
    pub fn decides(&self, operation: Operation, subject: Option<&Subject>) -> bool {
        self.operations.contains(operation)
            && match subject {
                Some(subject) => self.subjects.matches(subject),
                None => self.subjects.matches_registry(operation),
            }
    }
}

/// A group of the rules.
#[derive(Debug, Clone)]
pub(super) struct PrincipalGroup {
    pub(super) name: Box<str>,
    pub(super) members: Vec<PrincipalPattern>,
}

/// All rules of a server.
#[derive(Debug, Clone, Default)]
pub struct AccessRules {
    pub(super) rules: Vec<Arc<AccessRule>>,
    pub(super) groups: Vec<PrincipalGroup>,
}

impl AccessRules {
    /// Adds those of another source.
    pub fn merge(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.groups.extend(other.groups);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<AccessRule>> {
        self.rules.iter()
    }

    /// The groups of a principal: those that its login says, and those of the rules.
    pub fn groups_of(&self, principal: &Principal) -> Vec<Box<str>> {
        let mut groups = principal.groups.clone();
        for group in &self.groups {
            if group.members.iter().any(|member| member.matches(principal, &principal.groups, false))
                && !groups.contains(&group.name)
            {
                groups.push(group.name.clone());
            }
        }
        groups
    }

    /// The rules about a principal: those that allow, and those that deny.
    pub(super) fn of(&self, principal: &Principal) -> (Vec<Arc<AccessRule>>, Vec<Arc<AccessRule>>) {
        let groups = self.groups_of(principal);
        let is_about = |rule: &&Arc<AccessRule>| {
            let with_anonymous = rule.effect == Effect::Deny;
            rule.principals.iter().any(|pattern| pattern.matches(principal, &groups, with_anonymous))
        };
        self.rules.iter().filter(is_about).cloned().partition(|rule| rule.effect == Effect::Allow)
    }
}
