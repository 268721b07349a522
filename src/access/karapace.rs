//! Karapace's permissions as rules.
//!
//! A permission has a regular expression that the resource must begin with; what follows is free. Every permission lets its user read,
//! one for `Write` do all the rest as well. Settings of a subject are part of the subject; those of the registry are `Config:`. Lists are
//! open to every user, and hold what may be read.

use std::sync::Arc;

use fancy_regex::Regex;
use serde::Deserialize;

use super::RulesError;
use super::operation::{Operation, Operations};
use super::pattern::PrincipalPattern;
use super::rule::{AccessRule, AccessRules, Effect, RuleOrigin, Subjects};

/// An entry of `permissions`, which older releases call `acls`.
#[derive(Debug, Clone, Deserialize)]
pub struct KarapacePermission {
    pub username: String,
    pub operation: String,
    pub resource: String,
}

impl KarapacePermission {
    fn operations(&self) -> Result<Operations, RulesError> {
        use Operation as O;
        let read = Operations::of(&[O::SubjectRead, O::SubjectCompatibilityRead, O::GlobalRead, O::GlobalCompatibilityRead]);
        let write =
            Operations::of(&[O::SubjectWrite, O::SubjectDelete, O::SubjectCompatibilityWrite, O::GlobalCompatibilityWrite]);
        match self.operation.as_str() {
            "Read" => Ok(read),
            "Write" => Ok(read.union(write)),
            other => Err(RulesError(format!("the operation \"{other}\" is neither Read nor Write"))),
        }
    }
}

impl AccessRules {
    /// The rules that are written as Karapace's permissions; lines are counted as places in their list.
    ///
    /// # Errors
    /// An unknown operation, or what is no regular expression.
    pub fn from_karapace(permissions: &[KarapacePermission], file: &Arc<str>) -> Result<Self, RulesError> {
        let mut rules = Self::default();
        for (at, permission) in permissions.iter().enumerate() {
            let said = |error: String| RulesError(format!("permission {} of {}: {error}", at + 1, permission.username));
            // anchored at the beginning, and nowhere else
            let regex = Regex::new(&format!(r"\A(?:{})", permission.resource)).map_err(|error| said(error.to_string()))?;
            rules.rules.push(Arc::new(AccessRule {
                effect: Effect::Allow,
                principals: vec![PrincipalPattern::User(permission.username.as_str().into())],
                operations: permission.operations().map_err(|error| said(error.0))?,
                subjects: Subjects::Regex(Box::new(regex)),
                origin: RuleOrigin { file: Arc::clone(file), line: at + 1 },
            }));
        }
        Ok(rules)
    }
}
