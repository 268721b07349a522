//! Paths before routing: runs of slashes collapse, a trailing slash is insignificant, and the `/contexts/{ctx}` prefix is taken
//! off (rest-api 1.2, 5.10), also behind `/cloudevents`. All on the raw path: `%2F` is data.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::ApiError;
use crate::types::{DEFAULT_CONTEXT, context_from_segment};

/// A path ready for the router.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Routed<'p> {
    pub(super) path: Cow<'p, str>,
    /// The context of the prefix.
    pub(super) context: Option<String>,
}

/// Decodes a segment once. `+` is a plus. NUL, which no stored name has and no database takes, becomes U+FFFD.
pub(super) fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Some(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text.into_owned() })
}

fn collapse(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && (path.len() == 1 || !path.ends_with('/')) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    for segment in path.split('/').filter(|s| !s.is_empty()) {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() {
        out.push('/');
    }
    Cow::Owned(out)
}

/// Prepares a raw path.
pub(super) fn route(path: &str) -> Result<Routed<'_>, ApiError> {
    let path = collapse(path);
    let (before, rest) = match path.strip_prefix("/cloudevents/contexts/") {
        Some(rest) => ("/cloudevents", Some(rest)),
        None => ("", path.strip_prefix("/contexts/")),
    };
    let Some(rest) = rest else { return Ok(Routed { path, context: None }) };
    let Some((segment, inner)) = rest.split_once('/') else {
        // the default context is the registry itself: it can't be deleted
        let decoded = decode(rest).ok_or_else(ApiError::not_found)?;
        let is_default = before.is_empty() && context_from_segment(&decoded).is_some_and(|context| context == DEFAULT_CONTEXT);
        return Ok(Routed { path: if is_default { Cow::Borrowed("/") } else { path }, context: None });
    };
    let decoded = decode(segment).ok_or_else(ApiError::not_found)?;
    let Some(context) = context_from_segment(&decoded) else {
        return Err(ApiError::bad_request(format!("Context name '{decoded}' cannot contain a colon")));
    };
    let inner = format!("{before}/{inner}");
    Ok(Routed { path: Cow::Owned(inner), context: Some(context) })
}
