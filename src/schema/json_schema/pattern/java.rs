//! Rewrites Java patterns into ECMA-262, for the engine inside the `jsonschema` crate, which knows nothing else.

/// Rewrites what only Java knows into ECMA-262, as far as that goes: flags in front, possessive and atomic groups (read as
/// ordinary ones, which find a little more), anchors, quoted text.
pub(crate) fn to_ecma(pattern: &str) -> String {
    let (flags, body) = leading_flags(pattern);
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = body.chars().peekable();
    let mut quantified = false;
    while let Some(c) = rest.next() {
        let was_quantified = std::mem::replace(&mut quantified, matches!(c, '*' | '+' | '?' | '}'));
        match c {
            '+' if was_quantified => quantified = false,
            '\\' => match rest.next() {
                Some('Z') => out.push_str("(?=\\n?$)(?![\\s\\S]{2})"),
                Some('z') => out.push('$'),
                Some('A') => out.push('^'),
                Some('h') => out.push_str("[ \\t]"),
                Some('Q') => {
                    while let Some(c) = rest.next() {
                        if c == '\\' && rest.peek() == Some(&'E') {
                            rest.next();
                            break;
                        }
                        if !c.is_alphanumeric() && c.is_ascii() {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            '(' if rest.clone().take(2).eq("?>".chars()) => {
                out.push_str("(?:");
                rest.nth(1);
            }
            other => out.push(other),
        }
    }
    if flags.is_empty() { out } else { format!("(?{flags}:{out})") }
}

/// `(?i)` and the like at the very front.
fn leading_flags(pattern: &str) -> (&str, &str) {
    let Some((flags, body)) = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')) else { return ("", pattern) };
    let known = !flags.is_empty() && flags.bytes().all(|b| matches!(b, b'i' | b'm' | b's'));
    if known { (flags, body) } else { ("", pattern) }
}
