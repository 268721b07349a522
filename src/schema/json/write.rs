//! Writes JSON.

use super::scan::plain_prefix;
use super::value::{JsonKind, Value};

/// Appends a number of floating point: the shortest text that reads as the same number of the same width. What JSON has no numbers for is a
/// string, as Avro's Java library and `ProtoJSON` write it.
pub fn write_float<F: Copy + Into<f64> + std::fmt::Debug>(out: &mut String, value: F) {
    use std::fmt::Write as _;
    let wide: f64 = value.into();
    if wide.is_finite() {
        // a String takes everything
        let _ = write!(out, "{value:?}");
    } else {
        out.push_str(match wide {
            wide if wide.is_nan() => r#""NaN""#,
            wide if wide > 0.0 => r#""Infinity""#,
            _ => r#""-Infinity""#,
        });
    }
}

/// Appends a value as JSON without blanks, numbers in their own spelling. It is nested no deeper than it was read.
pub fn write(out: &mut String, value: &Value) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        JsonKind::Number(text) => out.push_str(text),
        JsonKind::String(text) => write_string(out, text),
        JsonKind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        JsonKind::Object(object) => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_string(out, &member.key);
                out.push(':');
                write(out, &member.value);
            }
            out.push('}');
        }
    }
}

/// Appends `text` as a JSON string, as Jackson writes it: `"` and `\` escaped, the short escapes, other control characters as
/// `\u00XX` with capital digits, everything else raw.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut run = 0;
    let plain = plain_prefix(text.as_bytes());
    if plain == text.len() {
        out.push_str(text);
        out.push('"');
        return;
    }
    for (i, b) in text.bytes().enumerate().skip(plain) {
        let short = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0C => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1F => "",
            _ => continue,
        };
        out.push_str(text.get(run..i).unwrap_or(""));
        run = i + 1;
        if short.is_empty() {
            const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
            out.push_str("\\u00");
            out.push(HEX.get(usize::from(b >> 4)).copied().unwrap_or('0'));
            out.push(HEX.get(usize::from(b & 15)).copied().unwrap_or('0'));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(text.get(run..).unwrap_or(""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::write_string;

    #[test]
    fn strings_are_written_whole_and_escaped_wherever_it_is_needed() {
        for length in 0..20 {
            for (c, written) in [('"', "\\\""), ('\u{1f}', "\\u001F"), ('\u{7f}', "\u{7f}"), ('\u{e4}', "\u{e4}")] {
                let (before, after) = ("b".repeat(length), "a".repeat(length % 7));
                let mut out = String::new();
                write_string(&mut out, &format!("{before}{c}{after}"));
                assert_eq!(out, format!("\"{before}{written}{after}\""));
            }
        }
    }
}
