//! Resolves URI references (RFC 3986, section 5.2). Nothing is ever fetched.

/// A URI reference without its fragment, in pieces.
struct Pieces<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// The reference before its `#`, and the fragment after it.
pub(crate) fn split_fragment(reference: &str) -> (&str, Option<&str>) {
    reference.split_once('#').map_or((reference, None), |(uri, fragment)| (uri, Some(fragment)))
}

pub(crate) fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let first = bytes.next()?;
    let rest = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (first.is_ascii_alphabetic() && rest).then_some(scheme)
}

fn split(uri: &str) -> Pieces<'_> {
    let scheme = scheme(uri);
    let rest = scheme.and_then(|s| uri.get(s.len() + 1..)).unwrap_or(uri);
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            Pieces { scheme, authority: Some(authority), path, query }
        }
        None => Pieces { scheme, authority: None, path: rest, query },
    }
}

/// Resolves `reference` (no fragment) against `base` (no fragment, may be empty or relative).
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let b = split(base);
    let r = split(reference);
    if r.scheme.is_some() {
        let path = if r.authority.is_some() || r.path.starts_with('/') { remove_dots(r.path) } else { r.path.to_owned() };
        return join(r.scheme, r.authority, &path, r.query);
    }
    if r.authority.is_some() {
        return join(b.scheme, r.authority, &remove_dots(r.path), r.query);
    }
    if r.path.is_empty() {
        return join(b.scheme, b.authority, b.path, r.query.or(b.query));
    }
    let path = if r.path.starts_with('/') {
        remove_dots(r.path)
    } else if b.authority.is_some() && b.path.is_empty() {
        remove_dots(&format!("/{}", r.path))
    } else {
        let folder = b.path.rfind('/').and_then(|at| b.path.get(..=at)).unwrap_or("");
        remove_dots(&format!("{folder}{}", r.path))
    };
    join(b.scheme, b.authority, &path, r.query)
}

fn join(scheme: Option<&str>, authority: Option<&str>, path: &str, query: Option<&str>) -> String {
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.push_str(scheme);
        out.push(':');
    }
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(authority);
    }
    out.push_str(path);
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    out
}

fn remove_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let absolute = path.starts_with('/');
    let mut folder = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut out = String::with_capacity(path.len());
    if absolute {
        out.push('/');
    }
    out.push_str(&kept.join("/"));
    if folder && !kept.is_empty() {
        out.push('/');
    }
    out
}

/// Undoes percent-encoding; broken sequences stay as they are.
pub(crate) fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match (byte, hex_pair(rest.clone())) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The value of two hexadecimal digits ahead.
fn hex_pair(mut ahead: std::str::Bytes<'_>) -> Option<u8> {
    let high = char::from(ahead.next()?).to_digit(16)?;
    let low = char::from(ahead.next()?).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn references_resolve_as_rfc_3986_says() {
        for (base, reference, want) in [
            ("http://a/b/c/d?q", "g", "http://a/b/c/g"),
            ("http://a/b/c/d?q", "../g", "http://a/b/g"),
            ("http://a/b/c/d?q", "/g", "http://a/g"),
            ("http://a/b/c/d?q", "//h/x", "http://h/x"),
            ("http://a/b/c/d?q", "", "http://a/b/c/d?q"),
            ("http://a/b/c/d?q", "?y", "http://a/b/c/d?y"),
            ("http://a/b/c/d", "mailto:x", "mailto:x"),
            ("http://a/b/c/d", ".", "http://a/b/c/"),
            ("mem://input", "ext.json", "mem://input/ext.json"),
            ("", "./ext.json", "ext.json"),
            ("dir/a.json", "b.json", "dir/b.json"),
        ] {
            assert_eq!(resolve(base, reference), want, "{base} + {reference}");
        }
    }
}
