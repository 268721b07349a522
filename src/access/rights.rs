//! What one principal may do, and by which rule.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::operation::Operation;
use super::principal::Principal;
use super::rule::{AccessRule, AccessRules};
use crate::types::Subject;

/// How a denial is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DenialForm {
    /// As what it is.
    Forbidden,
    /// As if a subject that may not be read were not there.
    Hidden,
    /// As the wish to log in first.
    Unauthenticated,
}

/// What was not to be touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedResource {
    Subject(Subject),
    /// A schema by id or guid: no subject that the principal may read holds it.
    Schema(String),
    /// The registry as a whole.
    Registry,
}

impl fmt::Display for DeniedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(subject) => write!(f, "Subject: {subject}"),
            Self::Schema(name) => write!(f, "Schema: {name}"),
            Self::Registry => f.write_str("Global"),
        }
    }
}

/// A denial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("User is denied operation {} on {resource}", operation.word())]
pub struct Denied {
    pub operation: Operation,
    pub resource: DeniedResource,
    pub refusal: DenialForm,
}

impl AccessRules {
    /// What a principal may do.
    pub fn rights_of(&self, principal: &Principal, refusal: DenialForm) -> Rights {
        let (allow, deny) = self.of(principal);
        Rights::new(allow, deny, refusal)
    }

    /// What a token may do: what was given to it, but nothing that is denied.
    pub fn rights_of_token(&self, principal: &Principal, given: Vec<Arc<AccessRule>>, refusal: DenialForm) -> Rights {
        let (_, deny) = self.of(principal);
        Rights::new(given, deny, refusal)
    }
}

/// A decision and the rule behind it.
#[derive(Debug, Clone, Copy)]
pub struct AccessDecision<'r> {
    pub allowed: bool,
    /// None where everything is allowed, or nothing is.
    pub rule: Option<&'r Arc<AccessRule>>,
}

/// What a principal may do. Made once for a login and kept with it.
#[derive(Debug)]
pub struct Rights {
    /// Rules that allow; `None` where everything is allowed that is not denied.
    allow: Option<Vec<Arc<AccessRule>>>,
    deny: Vec<Arc<AccessRule>>,
    refusal: DenialForm,
    /// Answers that depend on what may be read are kept by this number. Those who may read everything share 0.
    class: u64,
}

/// Numbers are never used again, so nothing that was kept under older rules is found.
fn next_class() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Rights {
    /// Everything.
    pub fn unrestricted() -> Self {
        Self { allow: None, deny: Vec::new(), refusal: DenialForm::Forbidden, class: 0 }
    }

    fn new(allow: Vec<Arc<AccessRule>>, deny: Vec<Arc<AccessRule>>, refusal: DenialForm) -> Self {
        Self { allow: Some(allow), deny, refusal, class: 0 }.classified()
    }

    fn classified(mut self) -> Self {
        let read = Operation::SubjectRead;
        let all = |rule: &Arc<AccessRule>| rule.operations.contains(read) && rule.subjects.is_everything();
        let allowed = self.allow.as_ref().is_none_or(|allow| allow.iter().any(all));
        let reads_everything = allowed && !self.deny.iter().any(|rule| rule.operations.contains(read));
        self.class = if reads_everything { 0 } else { next_class() };
        self
    }

    /// Two principals with the same number are shown the same.
    pub fn class(&self) -> u64 {
        self.class
    }

    /// Whether there is no subject that may not be read.
    pub fn reads_everything(&self) -> bool {
        self.class == 0
    }

    /// Decides about an operation on a subject, or without one on the registry as a whole.
    pub fn verdict(&self, operation: Operation, subject: Option<&Subject>) -> AccessDecision<'_> {
        let decides = |rule: &&Arc<AccessRule>| rule.decides(operation, subject);
        if let Some(rule) = self.deny.iter().find(decides) {
            return AccessDecision { allowed: false, rule: Some(rule) };
        }
        match &self.allow {
            None => AccessDecision { allowed: true, rule: None },
            Some(allow) => {
                let rule = allow.iter().find(decides);
                AccessDecision { allowed: rule.is_some(), rule }
            }
        }
    }

    pub fn allows(&self, operation: Operation, subject: &Subject) -> bool {
        self.verdict(operation, Some(subject)).allowed
    }

    pub fn allows_globally(&self, operation: Operation) -> bool {
        self.verdict(operation, None).allowed
    }

    /// Whether a subject may be read.
    pub fn reads(&self, subject: &Subject) -> bool {
        self.reads_everything() || self.allows(Operation::SubjectRead, subject)
    }

    /// Whether there may be a subject on which an operation is allowed.
    pub fn allows_somewhere(&self, operation: Operation) -> bool {
        let allowed = self.allow.as_ref().is_none_or(|allow| allow.iter().any(|rule| rule.operations.contains(operation)));
        allowed && !self.denies_everywhere(operation)
    }

    fn denies_everywhere(&self, operation: Operation) -> bool {
        self.deny.iter().any(|rule| rule.operations.contains(operation) && rule.subjects.is_everything())
    }

    /// Whether there may be a subject of a context that may be read.
    pub fn sees_context(&self, context: &str) -> bool {
        let read = Operation::SubjectRead;
        let allows = |rule: &Arc<AccessRule>| rule.operations.contains(read) && rule.subjects.is_of_context(context);
        let allowed = self.allow.as_ref().is_none_or(|allow| allow.iter().any(allows));
        allowed && !self.denies_everywhere(read)
    }

    /// Whether anything at all is allowed.
    pub fn is_anything(&self) -> bool {
        self.allow.as_ref().is_none_or(|allow| !allow.is_empty())
    }

    /// Refuses what is not allowed on a subject.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require(&self, operation: Operation, subject: &Subject) -> Result<(), Denied> {
        if self.allows(operation, subject) {
            return Ok(());
        }
        Err(self.denied(operation, DeniedResource::Subject(subject.clone())))
    }

    /// Refuses what is not allowed on the registry as a whole.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require_globally(&self, operation: Operation) -> Result<(), Denied> {
        if self.allows_globally(operation) { Ok(()) } else { Err(self.denied(operation, DeniedResource::Registry)) }
    }

    /// The denial of an operation. A subject that may be read is known to be there, so nothing else about it is hidden.
    pub fn denied(&self, operation: Operation, resource: DeniedResource) -> Denied {
        let is_seen = match &resource {
            DeniedResource::Subject(subject) => self.reads(subject),
            DeniedResource::Schema(_) => false,
            DeniedResource::Registry => true,
        };
        let refusal = if self.refusal == DenialForm::Hidden && is_seen { DenialForm::Forbidden } else { self.refusal };
        Denied { operation, resource, refusal }
    }

    /// The rules about the principal, those that deny first.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<AccessRule>> {
        self.deny.iter().chain(self.allow.iter().flatten())
    }

    /// Whether everything is allowed that no rule denies.
    pub fn is_open(&self) -> bool {
        self.allow.is_none()
    }
}
