//! Values as texts, as Python prints them.

use std::fmt::Write as _;

use super::site::{EvaluationStop, Site};
use super::time;
use super::value::CelValue;

/// A double with as few digits as tell it apart, in Python's way of placing the point.
fn double(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        exponent @ -4..=15 => {
            let plain = format!("{value}");
            if exponent >= 0 && !plain.contains('.') { plain + ".0" } else { plain }
        }
        exponent => format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
    }
}

/// What `string()` makes of a scalar.
pub(super) fn print(value: &CelValue) -> String {
    match value {
        CelValue::Int(value) => value.to_string(),
        CelValue::Uint(value) => value.to_string(),
        CelValue::Double(value) => double(*value),
        CelValue::Bool(value) => value.to_string(),
        CelValue::String(text) => text.to_string(),
        CelValue::Timestamp(micros) => time::print_timestamp(*micros),
        CelValue::Duration(micros) => format!("{}s", micros / 1_000_000),
        other => other.type_name().to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// `%s`. Lists are nested as deep as the expression or the data.
fn plain(site: &Site<'_>, value: &CelValue, is_inside: bool) -> Result<String, EvaluationStop> {
    site.reserve(value.weight())?;
    Ok(match value {
        CelValue::String(text) if is_inside => quoted(text),
        CelValue::String(text) => text.to_string(),
        CelValue::Bytes(bytes) => hex(bytes),
        CelValue::Null => "None".to_owned(),
        CelValue::Bool(true) => "True".to_owned(),
        CelValue::Bool(false) => "False".to_owned(),
        CelValue::List(items) => {
            let items = items.iter().map(|item| plain(site, item, true)).collect::<Result<Vec<_>, _>>()?;
            format!("[{}]", items.join(", "))
        }
        CelValue::Map(_) | CelValue::Message(_) => return Err(site.unsupported("format() of maps")),
        other => print(other),
    })
}

/// Digits behind the point that a format may ask for.
const MAX_PRECISION: usize = 300;

pub(super) fn format(site: &Site<'_>, form: &str, values: &[CelValue]) -> Result<CelValue, EvaluationStop> {
    site.reserve(form.len())?;
    let mut out = String::new();
    let mut chars = form.chars().peekable();
    let mut values = values.iter();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let Some(value) = values.next() else { return Err(site.error("format() has fewer values than places")) };
        let mut precision = 6;
        if chars.next_if_eq(&'.').is_some() {
            precision = 0;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                precision = (precision * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(MAX_PRECISION);
            }
        }
        let Some(verb) = chars.next() else { return Err(site.error("the last place of format() is not complete")) };
        let wrong = || site.error(format!("format(): %{verb} does not take {}", value.type_name()));
        site.reserve(precision + 32)?;
        let part = match (verb, value) {
            ('s', value) => plain(site, value, false)?,
            ('f', CelValue::Double(value)) => format!("{value:.precision$}"),
            ('e', CelValue::Double(value)) => exponential(*value, precision),
            ('d' | 'f' | 'e', CelValue::Int(value)) => value.to_string(),
            ('d' | 'f' | 'e', CelValue::Uint(value)) => value.to_string(),
            ('x', value) => in_hex(site, value)?.ok_or_else(wrong)?,
            ('X', value) => in_hex(site, value)?.ok_or_else(wrong)?.to_uppercase(),
            ('o', CelValue::Int(value)) => signed(*value, |value| format!("{value:o}")),
            ('o', CelValue::Uint(value)) => format!("{value:o}"),
            ('b', CelValue::Int(value)) => signed(*value, |value| format!("{value:b}")),
            ('b', CelValue::Uint(value)) => format!("{value:b}"),
            ('b', CelValue::Bool(value)) => u8::from(*value).to_string(),
            ('d' | 'f' | 'e' | 'o' | 'b', _) => return Err(wrong()),
            _ => return Err(site.error(format!("format() has no %{verb}"))),
        };
        out.push_str(&part);
    }
    if values.next().is_some() {
        return Err(site.error("format() has more values than places"));
    }
    Ok(CelValue::String(out.into()))
}

fn signed(value: i64, print: impl Fn(u64) -> String) -> String {
    format!("{}{}", if value < 0 { "-" } else { "" }, print(value.unsigned_abs()))
}

fn in_hex(site: &Site<'_>, value: &CelValue) -> Result<Option<String>, EvaluationStop> {
    Ok(match value {
        CelValue::Int(value) => Some(signed(*value, |value| format!("{value:x}"))),
        CelValue::Uint(value) => Some(format!("{value:x}")),
        CelValue::Bytes(bytes) => {
            site.reserve(bytes.len() * 2)?;
            Some(hex(bytes))
        }
        CelValue::String(text) => {
            site.reserve(text.len() * 2)?;
            Some(hex(text.as_bytes()))
        }
        _ => None,
    })
}

fn exponential(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        None => text,
    }
}
