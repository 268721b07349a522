//! Numbers as Java prints them: `Double.toString`, `Float.toString`, and integers of any length (avro 2.4).

use std::fmt::LowerExp;

/// A JSON number by the class it falls into when it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JavaNumber<'a> {
    /// No fraction and no exponent: kept digit by digit. `-0` is `0`.
    Integer(&'a str),
    /// Anything else is a double; beyond its range it is infinite.
    Double(f64),
}

pub(crate) fn classify(text: &str) -> JavaNumber<'_> {
    if text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
        // Rust's parser rounds correctly and overflows to infinity, as Java's does
        JavaNumber::Double(text.parse().unwrap_or(f64::NAN))
    } else {
        JavaNumber::Integer(if text == "-0" { "0" } else { text })
    }
}

/// The value as a double, however it was written.
pub(crate) fn as_double(text: &str) -> f64 {
    // an integer has no negative zero
    if text == "-0" { 0.0 } else { text.parse().unwrap_or(f64::NAN) }
}

/// The value as a 64-bit integer, when it is written as one and fits.
pub(crate) fn as_long(text: &str) -> Option<i64> {
    match classify(text) {
        JavaNumber::Integer(digits) => digits.parse().ok(),
        JavaNumber::Double(_) => None,
    }
}

/// Appends a JSON number as Java prints it.
pub(crate) fn write(out: &mut String, text: &str) {
    match classify(text) {
        JavaNumber::Integer(digits) => out.push_str(digits),
        JavaNumber::Double(value) => write_double(out, value),
    }
}

/// Appends a double; what JSON has no number for becomes a string.
pub(crate) fn write_double(out: &mut String, value: f64) {
    if value.is_finite() { finite(out, value, value == 0.0) } else { special(out, value) }
}

pub(crate) fn write_float(out: &mut String, value: f32) {
    if value.is_finite() { finite(out, value, value == 0.0) } else { special(out, f64::from(value)) }
}

fn special(out: &mut String, value: f64) {
    out.push_str(if value.is_nan() {
        "\"NaN\""
    } else if value > 0.0 {
        "\"Infinity\""
    } else {
        "\"-Infinity\""
    });
}

/// Java's layout of the shortest digits that read back as the same value, of which there are always at least two.
fn finite<T: LowerExp + Copy>(out: &mut String, value: T, zero: bool) {
    let mut text = format!("{value:e}");
    if !zero && !text.contains('.') {
        text = format!("{value:.1e}");
    }
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (head, tail) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let tail = tail.trim_end_matches('0');
    out.push_str(sign);
    if zero {
        out.push_str("0.0");
    } else if (-3..7).contains(&exponent) {
        plain(out, head, tail, exponent);
    } else {
        out.push_str(head);
        out.push('.');
        out.push_str(if tail.is_empty() { "0" } else { tail });
        out.push('E');
        out.push_str(&exponent.to_string());
    }
}

fn plain(out: &mut String, head: &str, tail: &str, exponent: i32) {
    let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
    if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', shift - 1));
        out.push_str(head);
        out.push_str(tail);
        return;
    }
    out.push_str(head);
    let whole = tail.get(..shift.min(tail.len())).unwrap_or("");
    out.push_str(whole);
    out.extend(std::iter::repeat_n('0', shift - whole.len()));
    out.push('.');
    let fraction = tail.get(whole.len()..).unwrap_or("");
    out.push_str(if fraction.is_empty() { "0" } else { fraction });
}

/// `Double.valueOf` of a string: blanks around it, a type suffix, hexadecimal and the three special words are allowed.
pub(crate) fn parse_java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let (sign, body) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, text.get(1..)?),
        Some(b'+') => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    match body {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let body = body.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(body);
    if let Some(hex) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        return hexadecimal(hex).map(|value| sign * value);
    }
    let decimal = !body.is_empty() && body.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if decimal { body.parse::<f64>().ok().map(|value| sign * value) } else { None }
}

/// `<digits>[.<digits>]p<exponent>`. Sixteen significant digits are read; more can't matter in a default that anyone writes.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent: i32 = exponent.parse().ok()?;
    let mut value = 0.0_f64;
    for c in whole.chars() {
        value = value * 16.0 + f64::from(c.to_digit(16)?);
    }
    let mut unit = 1.0_f64 / 16.0;
    for c in fraction.chars() {
        value += f64::from(c.to_digit(16)?) * unit;
        unit /= 16.0;
    }
    Some(value * 2.0_f64.powi(exponent))
}
