//! Who makes a change, and how the wish for it got here.

use std::net::IpAddr;

/// Who makes a change, for the record of it. Texts that a client has chosen are bounded by whoever makes this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The principal as rules write it: `user:alice`, `token:ci`, `anonymous`.
    pub principal: Box<str>,
    /// How it has logged in.
    pub login: &'static str,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    pub user_agent: Option<Box<str>>,
    pub request_id: Box<str>,
    /// Why, as the client says.
    pub reason: Option<Box<str>>,
}

impl Actor {
    /// The server itself.
    pub fn server() -> Self {
        let (principal, request_id) = ("server".into(), "".into());
        Self { principal, login: "none", address: None, user_agent: None, request_id, reason: None }
    }
}
