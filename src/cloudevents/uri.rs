//! URI references of RFC 3986: is a text one, and which parts does it have.

/// Which parts a reference has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) scheme: bool,
    pub(super) fragment: bool,
}

/// Reads a URI reference; the error says why it is none.
pub(super) fn check(text: &str) -> Result<Parts, String> {
    if !text.is_ascii()
        && let Some(c) = text.chars().find(|c| !c.is_ascii())
    {
        return Err(format!("'{c}' must be percent-encoded"));
    }
    // most have neither, which is quickly seen
    let (rest, query, fragment) = if all_may_stand(text, PATH) {
        (text, None, None)
    } else {
        let (rest, fragment) = split(text, '#');
        let (rest, query) = split(rest, '?');
        (rest, query, fragment)
    };
    for part in [fragment, query].into_iter().flatten() {
        characters(part, QUERY)?;
    }
    let scheme = rest.split_once(':').filter(|(name, _)| !name.contains('/'));
    let hierarchical = match scheme {
        Some((name, after)) => {
            let mut bytes = name.bytes();
            let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
            if !starts || !bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
                return Err("what stands before the first colon must be a scheme, which begins with a letter".to_owned());
            }
            after
        }
        None => rest,
    };
    let path = match hierarchical.strip_prefix("//") {
        Some(after) => {
            let end = after.find('/').unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
            check_authority(authority)?;
            path
        }
        None => hierarchical,
    };
    characters(path, PATH)?;
    Ok(Parts { scheme: scheme.is_some(), fragment: fragment.is_some() })
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Where bytes may stand, a bit for each place.
const NAME: u8 = 1;
const USER: u8 = 2;
const PATH: u8 = 4;
const QUERY: u8 = 8;

#[expect(clippy::indexing_slicing, reason = "in a constant, where it would be an error of the build")]
const PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        places[byte as usize] = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' |
            // delimiters of a scheme's own
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => NAME | USER | PATH | QUERY,
            b':' => USER | PATH | QUERY,
            b'@' | b'/' => PATH | QUERY,
            b'?' => QUERY,
            _ => 0,
        };
        byte += 1;
    }
    places
};

fn places_of(byte: u8) -> u8 {
    PLACES.get(usize::from(byte)).copied().unwrap_or(0)
}

fn may_stand(byte: u8, place: u8) -> bool {
    places_of(byte) & place != 0
}

/// All bytes are looked at, which is quicker than to stop at the first that may not.
fn all_may_stand(text: &str, place: u8) -> bool {
    text.bytes().fold(place, |all, byte| all & places_of(byte)) != 0
}

/// Every byte must be allowed or part of a percent-encoding.
fn characters(text: &str, place: u8) -> Result<(), String> {
    let bytes = text.as_bytes();
    if all_may_stand(text, place) {
        return Ok(());
    }
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let digits = bytes.get(at + 1..at + 3);
            if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return Err("'%' must be followed by two hexadecimal digits".to_owned());
            }
            at += 3;
        } else if may_stand(*byte, place) {
            at += 1;
        } else {
            let c = char::from(*byte);
            return Err(if c == ' ' { "it must not hold spaces".to_owned() } else { format!("{c:?} is not allowed there") });
        }
    }
    Ok(())
}

fn check_authority(authority: &str) -> Result<(), String> {
    let host_and_port = match authority.rsplit_once('@') {
        Some((user, rest)) => {
            characters(user, USER)?;
            rest
        }
        None => authority,
    };
    let port = if let Some(literal) = host_and_port.strip_prefix('[') {
        let (address, port) = literal.split_once(']').ok_or("the address in brackets does not end")?;
        if !is_ip_literal(address) {
            return Err("what stands in brackets must be an IPv6 address".to_owned());
        }
        match port {
            "" => None,
            port => Some(port.strip_prefix(':').ok_or("only a port may follow the address in brackets")?),
        }
    } else {
        let (host, port) = split(host_and_port, ':');
        characters(host, NAME)?;
        port
    };
    match port {
        Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit()) => Err("a port must be a number".to_owned()),
        _ => Ok(()),
    }
}

fn is_ip_literal(text: &str) -> bool {
    let future = text.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.'));
    match future {
        Some((version, address)) => {
            let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            hexadecimal(version) && !address.is_empty() && address.bytes().all(|byte| may_stand(byte, USER))
        }
        None => text.parse::<std::net::Ipv6Addr>().is_ok(),
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
