//! Contexts and subjects: the names under which schemas are registered.

use std::fmt;

/// Name of the default context.
pub const DEFAULT_CONTEXT: &str = ".";
/// The context of names that begin with the wildcard `:*:`. In prefixes of lists that stands for all contexts; in a name it stands
/// for one that is called so.
pub(super) const WILDCARD_CONTEXT: &str = "*";
/// Name of the context whose config and mode apply to all others.
pub const GLOBAL_CONTEXT: &str = ".__GLOBAL";

/// A subject together with its context; printed qualified (`:.ctx:name`), the default context left out.
///
/// Rules: a name that begins with `:.` carries a context up to the next colon (`:.ctx` alone means `:.ctx:`), and one that begins with
/// `:*:` the context `*`; everything else is a plain subject of the default context, also when it begins with another `:`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    context: Box<str>,
    name: Box<str>,
}

impl Subject {
    /// The scope of the subject's context, which for the default context is the top level.
    pub fn context_scope(&self) -> Self {
        Self::in_context(self.context(), "")
    }

    /// A subject of the default context.
    pub fn plain(name: &str) -> Self {
        Self::in_context(DEFAULT_CONTEXT, name)
    }

    /// A subject of a context; `context` with its leading dot.
    pub fn in_context(context: &str, name: &str) -> Self {
        Self { context: context.into(), name: name.into() }
    }

    /// Reads a possibly qualified name; an unqualified one belongs to `context`.
    pub fn parse_in(context: &str, text: &str) -> Self {
        match split_qualified(text) {
            Some((context, name)) => Self::in_context(context, name),
            None => Self::in_context(context, text),
        }
    }

    /// Reads a possibly qualified name; an unqualified one belongs to the default context.
    pub fn parse(text: &str) -> Self {
        Self::parse_in(DEFAULT_CONTEXT, text)
    }

    /// The context's name, with its leading dot.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The name inside the context; empty when the context itself is meant.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True in the default context.
    pub fn is_default_context(&self) -> bool {
        &*self.context == DEFAULT_CONTEXT
    }

    /// True when a context is addressed, not a subject in it.
    pub fn is_context(&self) -> bool {
        self.name.is_empty()
    }

    /// The subject of the same name in another context.
    pub fn with_context(&self, context: &str) -> Self {
        Self::in_context(context, &self.name)
    }

    /// The qualified name.
    pub fn qualified(&self) -> String {
        self.to_string()
    }

    /// The context as messages print it: `:.ctx:`, empty for the default context.
    pub fn printed_context(&self) -> String {
        if self.is_default_context() { String::new() } else { format!(":{}:", self.context) }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default_context() { f.write_str(&self.name) } else { write!(f, ":{}:{}", self.context, self.name) }
    }
}

/// Splits `:.ctx:name` into context and name; `None` for an unqualified name.
pub fn split_qualified(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix(':')?;
    if let Some(name) = rest.strip_prefix("*:") {
        return Some((WILDCARD_CONTEXT, name));
    }
    if !rest.starts_with('.') {
        return None;
    }
    Some(rest.split_once(':').unwrap_or((rest, "")))
}

/// Normalizes a context as URLs name it: the leading dot and the surrounding colons are optional. `None` when a colon stands inside.
pub fn context_from_segment(segment: &str) -> Option<String> {
    let inner = segment.strip_prefix(':').unwrap_or(segment);
    let inner = inner.strip_suffix(':').unwrap_or(inner);
    if inner.contains(':') {
        return None;
    }
    Some(if inner.starts_with('.') { inner.to_owned() } else { format!(".{inner}") })
}
