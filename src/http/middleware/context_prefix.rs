//! The prefix `/contexts/{context}` is taken off a path before routing, also behind `/cloudevents`; runs of slashes collapse, and a
//! trailing slash is insignificant, and parameters of segments are cut off (rest-api 1.2) (rest-api 5.10). All on the raw path: `%2F` is data.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::Uri;

use crate::http::error::ApiError;
use crate::http::path::decode;
use crate::http::problem;
use crate::types::{DEFAULT_CONTEXT, context_from_segment};

/// The context that a prefix named, among the extensions of a request.
#[derive(Debug, Clone)]
pub(in crate::http) struct PrefixContext(pub(in crate::http) String);

/// A path as the router sees it, and the context of its prefix.
type Stripped<'p> = (Cow<'p, str>, Option<String>);

/// Takes the prefix off a request's path.
pub(in crate::http) fn strip(request: &mut Request) -> Result<(), ApiError> {
    let uri = request.uri();
    let (path, context) = stripped(uri.path())?;
    if path == uri.path() {
        return Ok(());
    }
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    *request.uri_mut() = target.parse::<Uri>().map_err(|_| ApiError::not_found())?;
    if let Some(context) = context {
        request.extensions_mut().insert(PrefixContext(context));
    }
    Ok(())
}

fn stripped(path: &str) -> Result<Stripped<'_>, ApiError> {
    let path = collapse(path);
    let path = if path.contains(';') && !problem::is_here(&path) { without_parameters(&path).into() } else { path };
    let (before, rest) = match path.strip_prefix("/cloudevents/contexts/") {
        Some(rest) => ("/cloudevents", Some(rest)),
        None => ("", path.strip_prefix("/contexts/")),
    };
    let Some(rest) = rest else { return Ok((path, None)) };
    let rest = innermost(rest);
    let Some((segment, inner)) = rest.split_once('/') else {
        // the default context is the registry itself: it can't be deleted
        let decoded = decode(rest).ok_or_else(ApiError::not_found)?;
        let is_default = before.is_empty() && context_from_segment(&decoded).is_some_and(|context| context == DEFAULT_CONTEXT);
        let path = if is_default { "/".to_owned() } else { format!("{before}/contexts/{rest}") };
        return Ok((Cow::Owned(path), None));
    };
    let decoded = decode(segment).ok_or_else(ApiError::not_found)?;
    let context = context_from_segment(&decoded).ok_or_else(|| ApiError::context_with_colon(&decoded))?;
    Ok((Cow::Owned(format!("{before}/{inner}")), Some(context)))
}

/// Of prefixes one behind the other the last one counts.
fn innermost(mut rest: &str) -> &str {
    while let Some((_, inner)) =
        rest.split_once('/').and_then(|(_, path)| path.split_once("contexts/")).filter(|(before, _)| before.is_empty())
    {
        rest = inner;
    }
    rest
}

/// A path without what stands behind a semicolon in its segments, which Confluent takes for parameters and ignores.
fn without_parameters(path: &str) -> String {
    path.split('/').map(|segment| segment.split(';').next().unwrap_or("")).collect::<Vec<_>>().join("/")
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
