//! Who was found to ask.

use std::sync::{Arc, OnceLock};

use crate::access::{Principal, Rights};

/// How a caller has proven who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMethod {
    /// Not at all.
    None,
    Basic,
    Token,
    /// The certificate of the connection.
    Certificate,
    /// A token of the issuer.
    Oidc,
}

impl LoginMethod {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Oidc => "oidc",
        }
    }
}

/// Who asks, and what it may do.
#[derive(Debug)]
pub(in crate::http) struct Caller {
    pub(in crate::http) principal: Principal,
    pub(in crate::http) method: LoginMethod,
    pub(in crate::http) rights: Arc<Rights>,
    /// Groups of the rules as well as of the login.
    pub(in crate::http) groups: Vec<Box<str>>,
    /// When the login ends, in milliseconds since 1970.
    pub(super) expires_at: Option<i64>,
}

impl Caller {
    /// Everybody, where there are no logins.
    pub(in crate::http) fn open() -> Arc<Self> {
        static OPEN: OnceLock<Arc<Caller>> = OnceLock::new();
        let open = || {
            let (principal, rights) = (Principal::anonymous(), Arc::new(Rights::unrestricted()));
            Arc::new(Self { principal, method: LoginMethod::None, rights, groups: Vec::new(), expires_at: None })
        };
        Arc::clone(OPEN.get_or_init(open))
    }

    pub(super) fn is_valid(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    pub(super) fn weight(&self) -> usize {
        self.principal.name.len() + self.groups.iter().map(|group| group.len() + 16).sum::<usize>() * 2 + 256
    }
}
