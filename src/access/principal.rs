//! Who asks.

use std::fmt;

/// What kind of principal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// Someone or something with a name that a login has proven.
    User,
    /// A static token, which is nobody's but its own.
    Token,
    /// Who has not logged in.
    Anonymous,
}

/// The word for who has not logged in.
pub const ANONYMOUS: &str = "anonymous";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    pub kind: PrincipalKind,
    /// Empty for the anonymous one.
    pub name: Box<str>,
    /// The groups that the login says; those of the rules come on top.
    pub groups: Vec<Box<str>>,
}

impl Principal {
    /// Who has not logged in.
    pub fn anonymous() -> Self {
        Self { kind: PrincipalKind::Anonymous, name: "".into(), groups: Vec::new() }
    }

    pub fn user(name: &str) -> Self {
        Self { kind: PrincipalKind::User, name: name.into(), groups: Vec::new() }
    }

    pub fn token(name: &str) -> Self {
        Self { kind: PrincipalKind::Token, name: name.into(), groups: Vec::new() }
    }

    /// Reads `user:alice`, `token:ci`, `anonymous`; a bare name is a user's.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            _ if text == ANONYMOUS => Self::anonymous(),
            Some((kind, name)) if kind.eq_ignore_ascii_case("user") => Self::user(name),
            Some((kind, name)) if kind.eq_ignore_ascii_case("token") => Self::token(name),
            _ => Self::user(text),
        }
    }

    pub fn is_anonymous(&self) -> bool {
        self.kind == PrincipalKind::Anonymous
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PrincipalKind::User => write!(f, "user:{}", self.name),
            PrincipalKind::Token => write!(f, "token:{}", self.name),
            PrincipalKind::Anonymous => f.write_str(ANONYMOUS),
        }
    }
}
