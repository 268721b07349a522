//! Which principals and which subjects a rule is about. In patterns `*` stands for any run of characters; nothing else is special.

use std::fmt;

use super::RulesError;
use super::principal::{ANONYMOUS, Principal, PrincipalKind};
use crate::types::{DEFAULT_CONTEXT, Subject};

/// Whether a text is what a pattern says, from end to end.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // the leftmost place leaves most for what comes behind
        let Some(at) = text.find(part) else { return false };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(last)
}

/// Which subjects: `orders` and `orders-*` are of the default context, `:.pay:*` is all of another one with its settings, `:*:orders-*` is
/// of every context, and `*` is all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectPattern {
    context: Box<str>,
    name: Box<str>,
}

impl SubjectPattern {
    /// Reads one.
    ///
    /// # Errors
    /// It is empty, or a context's name without a name behind it.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let new = |context: &str, name: &str| Ok(Self { context: context.into(), name: name.into() });
        if text.is_empty() {
            return Err(RulesError("a pattern of subjects is empty; \"*\" is all of them".to_owned()));
        }
        if text == "*" {
            return new("*", "*");
        }
        match text.strip_prefix(':').filter(|rest| rest.starts_with(['.', '*'])) {
            None => new(DEFAULT_CONTEXT, text),
            Some(rest) => match rest.split_once(':') {
                Some((context, name)) if !name.is_empty() => new(context, name),
                _ => {
                    let context = rest.trim_end_matches(':');
                    Err(RulesError(format!("the pattern \"{text}\" is a context alone; all that is in it is \":{context}:*\"")))
                }
            },
        }
    }

    pub fn matches(&self, subject: &Subject) -> bool {
        matches(&self.context, subject.context()) && matches(&self.name, subject.name())
    }

    /// Whether it is about subjects of a context.
    pub fn is_of_context(&self, context: &str) -> bool {
        matches(&self.context, context)
    }

    /// Whether it is all there are.
    pub fn is_everything(&self) -> bool {
        &*self.context == "*" && &*self.name == "*"
    }
}

impl fmt::Display for SubjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.context {
            _ if self.is_everything() => f.write_str("*"),
            DEFAULT_CONTEXT => f.write_str(&self.name),
            context => write!(f, ":{context}:{}", self.name),
        }
    }
}

/// Which principals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalPattern {
    /// `*`. What is allowed to it is allowed to everyone who has logged in; what is denied to it is denied to everyone.
    Everyone,
    Anonymous,
    User(Box<str>),
    Token(Box<str>),
    Group(Box<str>),
}

impl PrincipalPattern {
    /// Reads `user:alice`, `user:svc-*`, `token:ci`, `group:team-a`, `anonymous` or `*`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let wrong = || {
            RulesError(format!(
                "the principal \"{text}\" is none of \"user:NAME\", \"group:NAME\", \"token:NAME\", \"anonymous\", \"*\""
            ))
        };
        match text {
            "*" => return Ok(Self::Everyone),
            ANONYMOUS => return Ok(Self::Anonymous),
            _ => {}
        }
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(wrong)?;
        match kind.to_ascii_lowercase().as_str() {
            "user" => Ok(Self::User(name.into())),
            "token" => Ok(Self::Token(name.into())),
            "group" => Ok(Self::Group(name.into())),
            _ => Err(wrong()),
        }
    }

    /// Whether it is about a principal, which is in `groups`. Nothing is allowed to who has not logged in, unless that is said.
    pub fn matches(&self, principal: &Principal, groups: &[Box<str>], with_anonymous: bool) -> bool {
        match (self, principal.kind) {
            (Self::Everyone, PrincipalKind::Anonymous) => with_anonymous,
            (Self::Everyone, _) | (Self::Anonymous, PrincipalKind::Anonymous) => true,
            (Self::User(name), PrincipalKind::User) | (Self::Token(name), PrincipalKind::Token) => matches(name, &principal.name),
            (Self::Group(name), _) => groups.iter().any(|group| matches(name, group)),
            _ => false,
        }
    }
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Anonymous => f.write_str(ANONYMOUS),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Token(name) => write!(f, "token:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}
