//! Literals and patterns of SQL in CEL.

use super::{Result, refused};
use crate::schema::logical::ddl::names;
use crate::schema::logical::ddl::tree::SyntaxNode;
use crate::schema::logical::java_time;

pub(super) use names::is_cel_word;

/// A string in quotes.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// The character that takes the meaning from the next one in a pattern of LIKE.
pub(super) fn escape_of(escape: Option<&(&SyntaxNode<'_>, String)>) -> Result<char> {
    let Some((node, text)) = escape else { return Ok('\\') };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        // Java counts UTF-16 units
        (Some(c), None) if c.len_utf16() == 1 => Ok(c),
        _ => refused(node, format!("ESCAPE clause must specify exactly one character, got: '{text}'")),
    }
}

/// A pattern of LIKE as a regular expression, ready to stand in the quotes of a string.
pub(super) fn like(pattern: &str, escape: char) -> String {
    let mut regex = String::from("^");
    let literal = |regex: &mut String, c: char| {
        if ".+*?[](){}^$|\\".contains(c) {
            regex.push('\\');
        }
        regex.push(c);
    };
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            c if c == escape && characters.peek().is_some() => {
                if let Some(next) = characters.next() {
                    literal(&mut regex, next);
                }
            }
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            c => literal(&mut regex, c),
        }
    }
    regex.push('$');
    let mut out = String::new();
    for c in regex.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || c == '\u{7f}' => out.extend([format!("\\x{:02x}", u32::from(c))]),
            c => out.push(c),
        }
    }
    out
}

/// A number with digits on both sides of its dot.
pub(super) fn number(text: &str) -> String {
    let Some((before, after)) = text.split_once('.') else { return text.to_owned() };
    let (sign, digits) = before.strip_prefix('-').map_or(("", before), |digits| ("-", digits));
    let zero = |is_missing: bool| if is_missing { "0" } else { "" };
    let lacks_fraction = !after.starts_with(|c: char| c.is_ascii_digit());
    format!("{sign}{}{digits}.{}{after}", zero(digits.is_empty()), zero(lacks_fraction))
}

/// Bytes (`x'0A'`).
pub(super) fn bytes(node: &SyntaxNode<'_>, text: &str) -> Result<String> {
    let hex = text.get(2..text.len().saturating_sub(1)).unwrap_or("");
    if !hex.encode_utf16().count().is_multiple_of(2) {
        return refused(node, format!("Bytes literal must have an even number of hex digits, got: {text}"));
    }
    if !hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return refused(node, format!("Bytes literal contains non-hex character in: {text}"));
    }
    let mut out = String::from("b\"");
    for (at, c) in hex.char_indices() {
        out.push_str(if at.is_multiple_of(2) { "\\x" } else { "" });
        out.push(c.to_ascii_uppercase());
    }
    out.push('"');
    Ok(out)
}

/// A point in time: without an offset it is one of UTC.
pub(super) fn timestamp(node: &SyntaxNode<'_>, text: &str) -> Result<String> {
    let mut content = text.trim_matches(|c: char| c <= ' ').replace(' ', "T");
    if content.encode_utf16().count() == 10 {
        content.push_str("T00:00:00");
    }
    if java_time::parse_instant(&content).is_some() {
        return Ok(content);
    }
    if java_time::parse_timestamp(&content).is_some() {
        return Ok(content + "Z");
    }
    refused(
        node,
        format!(
            "Invalid TIMESTAMP literal '{}'. Expected 'YYYY-MM-DD HH:MM:SS[.fff]' (optionally with a zone offset); zoneless values are \
             treated as UTC.",
            text.replace('\'', "''")
        ),
    )
}

/// The seconds of an interval.
pub(super) fn seconds(node: &SyntaxNode<'_>, text: &str, unit: &str) -> Result<i64> {
    let word = unit.to_uppercase();
    let factor: i64 = match word.as_str() {
        "DAY" | "DAYS" => 86_400,
        "HOUR" | "HOURS" => 3_600,
        "MINUTE" | "MINUTES" => 60,
        "SECOND" | "SECONDS" => 1,
        "YEAR" | "YEARS" | "MONTH" | "MONTHS" => {
            return refused(
                node,
                format!(
                    "INTERVAL {word} is not supported: durations have no fixed calendar length. Use DAY, HOUR, MINUTE, or SECOND."
                ),
            );
        }
        _ => {
            return refused(node, format!("Unsupported INTERVAL unit '{unit}'. Supported units: DAY, HOUR, MINUTE, SECOND."));
        }
    };
    let text = text.trim_matches(|c: char| c <= ' ');
    let Ok(value) = text.parse::<i64>() else {
        return refused(node, format!("INTERVAL value '{text}' must be an integer."));
    };
    match value.checked_mul(factor) {
        Some(seconds) => Ok(seconds),
        None => refused(node, format!("INTERVAL value '{text} {word}' overflows.")),
    }
}
