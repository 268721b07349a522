//! Where in a token something is.

use serde_json::Value;

/// Names of members from the outside in: `sub`, `realm_access.roles`, `resource_access.[schema-registry].roles`. A name in brackets is taken
/// as it is, dots included: `[https://example.com/groups]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<Box<str>>);

impl ClaimPath {
    /// Reads a path; `None` for one that has an empty name or an open bracket.
    pub fn parse(text: &str) -> Option<Self> {
        let mut names = Vec::new();
        let mut rest = text;
        loop {
            let (name, behind) = match rest.strip_prefix('[') {
                Some(inner) => inner.split_once(']')?,
                None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
            };
            if name.is_empty() {
                return None;
            }
            names.push(name.into());
            match behind.strip_prefix('.') {
                Some(more) => rest = more,
                None if behind.is_empty() => return Some(Self(names)),
                None => return None,
            }
        }
    }

    pub(super) fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        self.0.iter().try_fold(claims, |at, name| at.get(&**name))
    }
}
