//! Cross-origin requests of browsers, as Confluent's `access.control.allow.*` has them: off unless origins are named.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use bytes::Bytes;

/// Who may ask from a page of another site, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Origins such as `https://console.example.com`; `*` in them stands for any characters, alone for every origin.
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    /// Request headers, beside those that need no leave.
    pub headers: Vec<String>,
}

/// Seconds for which a browser may remember the answer to a preflight.
const MAX_AGE: &str = "1800";

/// A request of an origin that may ask.
pub(in crate::http) struct Grant {
    origin: HeaderValue,
    /// Another origin gets another answer.
    varies: bool,
    /// It only asks whether it may ask.
    pub(in crate::http) is_preflight: bool,
}

impl Cors {
    /// What a request gets; `None` where it names no origin, or one that is not let in.
    pub(in crate::http) fn grant<B>(&self, request: &Request<B>) -> Option<Grant> {
        let headers = request.headers();
        let origin = headers.get(header::ORIGIN)?;
        let text = origin.to_str().ok()?;
        if !text.split_ascii_whitespace().any(|origin| self.origins.iter().any(|allowed| matches(allowed, origin))) {
            return None;
        }
        let is_preflight = request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let varies = self.origins.iter().all(|origin| origin != "*");
        Some(Grant { origin: origin.clone(), varies, is_preflight })
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("");
        let method = text(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut names = text(header::ACCESS_CONTROL_REQUEST_HEADERS).split(',').map(str::trim).filter(|name| !name.is_empty());
        self.methods.iter().any(|allowed| allowed == method)
            && names.all(|name| self.headers.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(name)))
    }

    /// The answer to a preflight: without headers that say so, the browser takes it for a refusal.
    pub(in crate::http) fn preflight(&self, headers: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        if self.allows(headers) {
            let out = response.headers_mut();
            out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
            set(out, header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods.join(","));
            set(out, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers.join(","));
        }
        response
    }
}

impl Grant {
    /// Lets the page read the answer.
    pub(in crate::http) fn apply(self, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if self.varies {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, fits) in [
            ("*", "https://a.example", true),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example.evil", false),
            ("https://*.example", "https://a.b.example", true),
            ("https://*.example", "https://a.example.evil", false),
            ("https://*:*", "https://a:1", true),
            ("a*bc*cd", "abcd", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
