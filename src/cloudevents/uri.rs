//! URI references (RFC 3986, section 4.1): is a text one, and which parts does it have.

use fluent_uri::{ParseError, ParseErrorKind, UriRef};

/// Which parts a reference has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UriParts {
    pub(super) scheme: bool,
    pub(super) fragment: bool,
}

/// Parses a URI reference; the error explains what makes it invalid.
pub(super) fn check(text: &str) -> Result<UriParts, String> {
    match UriRef::parse(text) {
        Ok(uri) => Ok(UriParts { scheme: uri.has_scheme(), fragment: uri.has_fragment() }),
        Err(error) => Err(explain(text, error)),
    }
}

fn explain(text: &str, error: ParseError) -> String {
    match error.kind() {
        ParseErrorKind::InvalidPctEncodedOctet => return "'%' must be followed by two hexadecimal digits".to_owned(),
        ParseErrorKind::InvalidIpv6Addr => return "what stands in brackets must be an IPv6 address".to_owned(),
        ParseErrorKind::UnexpectedChar => {}
    }
    let (before, after) = text.split_at_checked(error.index()).unwrap_or((text, ""));
    // an authority begins behind the scheme, with two slashes
    let authority = before.split_once("//").map(|(_, authority)| authority);
    let port = authority.and_then(|authority| authority.rsplit_once(':')).map(|(_, port)| port);
    match after.chars().next() {
        Some(c) if !c.is_ascii() => format!("'{c}' must be percent-encoded"),
        Some(' ') => "it must not hold spaces".to_owned(),
        _ if port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit())) => "a port must be a number".to_owned(),
        _ if !before.contains(['/', '?', '#']) && after.contains(':') => {
            "what stands before the first colon must be a scheme, which begins with a letter".to_owned()
        }
        Some(c) => format!("{c:?} is not allowed there"),
        None => "it ends too early".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_is_a_reference() {
        for text in [
            "a",
            "",
            "?",
            "#",
            "./a:b",
            "a/b:c",
            "//",
            "//user:word@host:80/p;x=1?q=/?#/?",
            "http://[fe80::1]",
            "http://[v1f.a:b]/",
            "http://[::ffff:1.2.3.4]:/",
            "x-y.z+1:",
            "urn:a:b",
            "%41%zZ".get(..3).unwrap(),
            "mailto:a@b",
            "http://host:/",
        ] {
            assert!(check(text).is_ok(), "{text}: {:?}", check(text));
        }
        for text in [
            ":a",
            "1a:b",
            "a b",
            "http://h|st/",
            "http://a:b:c/",
            "http://[1]/",
            "http://[::1]x",
            "%4",
            "%",
            "a#b#c",
            "a[b]",
            "<a>",
            "a^b",
            "`",
            "{}",
            "http://[v.a]/",
            "h_t:x",
            "\u{e4}",
            "http://a@b@c/",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        let parts = check("a:b#").unwrap();
        assert!(parts.scheme && parts.fragment);
        let parts = check("//a/b:c").unwrap();
        assert!(!parts.scheme && !parts.fragment);
    }
}
