//! A `dataschema` in pieces (RFC 3986). Lenient: what no rule can use is simply not there.

use percent_encoding::percent_decode_str;

/// Longest URI that is looked at.
pub const MAX_URI_BYTES: usize = 2048;

/// Why a text can't be looked at as a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// An empty text.
    #[error("the URI is empty")]
    Empty,
    /// Longer than [`MAX_URI_BYTES`].
    #[error("the URI is longer than {MAX_URI_BYTES} bytes")]
    TooLong,
    /// A blank or a control character.
    #[error("the URI has a blank or a control character in it")]
    Character,
}

/// Why the path of a URI can't name anything here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `.` or `..`, also percent-encoded.
    #[error("its path has a segment '.' or '..'")]
    Dots,
    /// A broken percent-encoding, or one of what is not UTF-8 text.
    #[error("its path has a percent-encoding that can't be decoded")]
    Encoding,
}

/// Scheme, host and port, in the one form in which they are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// In lower case.
    pub scheme: String,
    /// In lower case; an IPv6 address in its brackets.
    pub host: String,
    /// Left out where it is the scheme's own.
    pub port: Option<u16>,
}

/// A URI as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaUri {
    whole: String,
    /// Length of what stands before the fragment.
    address: usize,
    /// The text after `#`, decoded once.
    fragment: Option<String>,
    scheme: Option<String>,
    origin: Option<Origin>,
    /// Segments of the path, each decoded once; empty ones are left out, as the router leaves them out.
    path: Result<Vec<String>, PathError>,
    query: Option<String>,
}

impl SchemaUri {
    /// Takes a text apart. One without a scheme is taken too: some rules know what to do with it.
    ///
    /// # Errors
    /// [`UriError`] for a text that no rule may look at.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.is_empty() {
            return Err(UriError::Empty);
        }
        if text.len() > MAX_URI_BYTES {
            return Err(UriError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UriError::Character);
        }
        let (before, fragment) = text.split_once('#').map_or((text, None), |(before, after)| (before, Some(after)));
        let fragment = fragment.map(|text| decode(text).unwrap_or_else(|| text.to_owned()));
        let (address, query) = before.split_once('?').map_or((before, None), |(address, query)| (address, Some(query)));
        let scheme = scheme(address);
        let rest = scheme.and_then(|scheme| address.get(scheme.len() + 1..)).unwrap_or(address);
        let scheme = scheme.map(str::to_ascii_lowercase);
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        let origin = match (&scheme, authority) {
            (Some(scheme), Some(authority)) => origin(scheme, authority),
            _ => None,
        };
        Ok(Self {
            whole: text.to_owned(),
            address: before.len(),
            fragment,
            scheme,
            origin,
            path: segments(path),
            query: query.map(str::to_owned),
        })
    }

    /// The text as it was given.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The text before the fragment; empty when there is nothing else.
    pub fn address(&self) -> &str {
        self.whole.get(..self.address).unwrap_or("")
    }

    /// The fragment, decoded once. An empty one selects nothing.
    pub fn fragment(&self) -> Option<&str> {
        self.fragment.as_deref().filter(|fragment| !fragment.is_empty())
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// Scheme, host and port; none where there is no host, and none with user information, which no schema's address has.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// True for a path alone: `/subjects/...`.
    pub fn is_path(&self) -> bool {
        self.scheme.is_none() && self.whole.starts_with('/') && !self.whole.starts_with("//")
    }

    /// The path's segments, each decoded once.
    ///
    /// # Errors
    /// `PathError`: nothing may be read out of the path.
    pub fn path(&self) -> Result<&[String], PathError> {
        self.path.as_deref().map_err(|error| *error)
    }

    /// The query as it was given.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

/// The scheme, when the text begins with one.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let first = bytes.next()?;
    let rest = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (first.is_ascii_alphabetic() && rest).then_some(scheme)
}

fn origin(scheme: &str, authority: &str) -> Option<Origin> {
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    // the colons of an IPv6 address stand inside brackets
    let ports = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority.get(ports..)?.rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(ports + colon);
            (host, port.strip_prefix(':').filter(|port| !port.is_empty()))
        }
        None => (authority, None),
    };
    let port = match port {
        // a number may have a sign to Rust, a port may not
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse::<u16>().ok()?),
        Some(_) => return None,
        None => None,
    };
    // RFC 3986, 3.2.2: colons and brackets belong to IP literals
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).filter(|inside| !inside.contains(['[', ']']));
    if literal.is_none() && host.contains([':', '[', ']']) {
        return None;
    }
    let own = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let host = host.to_ascii_lowercase();
    (!host.is_empty()).then(|| Origin { scheme: scheme.to_owned(), host, port: port.filter(|port| Some(*port) != own) })
}

/// Undoes percent-encoding, once. `None` for what is broken or no text.
pub(super) fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = rest.get(at + 3..)?;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

fn segments(path: &str) -> Result<Vec<String>, PathError> {
    let mut out = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decode(segment).ok_or(PathError::Encoding)?;
        if matches!(segment.as_str(), "." | "..") {
            return Err(PathError::Dots);
        }
        out.push(segment);
    }
    Ok(out)
}

/// The form in which identifiers are compared: scheme and host in lower case, no default port, no empty fragment.
pub fn canonical(text: &str) -> String {
    let text = text.split_once('#').map_or(text, |(before, fragment)| if fragment.is_empty() { before } else { text });
    let Ok(uri) = SchemaUri::parse(text) else { return text.to_owned() };
    let Some(origin) = uri.origin() else { return text.to_owned() };
    let scheme_and_slashes = origin.scheme.len() + 3;
    let rest = text.get(scheme_and_slashes..).unwrap_or("");
    let after = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)).unwrap_or("");
    let port = origin.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{after}", origin.scheme, origin.host)
}
