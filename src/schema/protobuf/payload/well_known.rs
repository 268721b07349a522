//! Messages that have a form of their own in `ProtoJSON`.

use super::scalar::Scalar;
use crate::types::{civil, days};

const DAY: i64 = 86_400;
/// Ten thousand years.
const MOST_SECONDS: i64 = 315_576_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
pub(super) enum WellKnown {
    Any,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    /// The value itself, or null.
    #[strum(disabled)]
    Wrapper(Scalar),
}

impl WellKnown {
    pub(super) fn of(full: &str) -> Option<Self> {
        let name = full.strip_prefix("google.protobuf.")?;
        Some(match name {
            "DoubleValue" => Self::Wrapper(Scalar::Double),
            "FloatValue" => Self::Wrapper(Scalar::Float),
            "Int64Value" => Self::Wrapper(Scalar::Int64),
            "UInt64Value" => Self::Wrapper(Scalar::Uint64),
            "Int32Value" => Self::Wrapper(Scalar::Int32),
            "UInt32Value" => Self::Wrapper(Scalar::Uint32),
            "BoolValue" => Self::Wrapper(Scalar::Bool),
            "StringValue" => Self::Wrapper(Scalar::String),
            "BytesValue" => Self::Wrapper(Scalar::Bytes),
            _ => return name.parse().ok(),
        })
    }
}

/// RFC 3339 with at most nine digits of a second, from year 1 to 9999.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    let is = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
    let separators = is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':');
    let parts = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    let in_range = year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let mut at = 19;
    if is(at, b'.') {
        let digits = bytes.get(20..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return false;
        }
        at += 1 + digits;
    }
    let zone = match bytes.get(at..) {
        Some([b'Z']) => true,
        Some([b'+' | b'-', _, _, b':', _, _]) => {
            number(at + 1, at + 3).is_some_and(|hours| hours < 24) && number(at + 4, at + 6).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    };
    separators && in_range && zone
}

/// Seconds with at most nine digits behind the point, and an `s`; within ten thousand years.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && fraction.len() <= 9
        && whole.parse::<u64>().is_ok_and(|seconds| seconds <= 315_576_000_000)
}

/// Paths in lower camel case, separated by commas.
pub(super) fn is_field_mask(text: &str) -> bool {
    let is_path = |path: &str| !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    text.is_empty() || text.split(',').all(is_path)
}

/// A fraction of a second in groups of three digits, with its point; nothing for none.
fn fraction(nanos: i64) -> String {
    match nanos {
        0 => String::new(),
        _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        _ if nanos % 1000 == 0 => format!(".{:06}", nanos / 1000),
        _ => format!(".{nanos:09}"),
    }
}

/// `Timestamp` in its form.
pub(super) fn timestamp(seconds: i64, nanos: i64) -> Option<String> {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let rest = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let fits = (1..=9999).contains(&year) && (0..1_000_000_000).contains(&nanos);
    fits.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}Z", fraction(nanos)))
}

/// Seconds since 1970 and nanoseconds; `None` for what [`is_timestamp`] refuses.
pub(super) fn parse_timestamp(text: &str) -> Option<(i64, i64)> {
    if !is_timestamp(text) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let midnight = days(number(0, 4)?, number(5, 7)?, number(8, 10)?).checked_mul(DAY)?;
    let seconds = midnight + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let rest = text.get(19..)?;
    let digits = rest.strip_prefix('.').map_or("", |rest| rest.trim_end_matches(|c: char| !c.is_ascii_digit()));
    // the offset has digits too
    let digits = digits.split(['+', '-', 'Z']).next().unwrap_or("");
    let nanos = nanos_of(digits)?;
    let zone = rest.get(if digits.is_empty() { 0 } else { digits.len() + 1 }..)?;
    let east = match zone.get(..1)? {
        "Z" => 0,
        sign => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let seconds = seconds - east * 60;
    // the offset may lead out of the years that there are
    timestamp(seconds, nanos).map(|_| (seconds, nanos))
}

/// Nanoseconds of the digits behind the point.
fn nanos_of(digits: &str) -> Option<i64> {
    format!("{digits:0<9}").parse().ok()
}

/// `Duration` in its form.
pub(super) fn duration(seconds: i64, nanos: i64) -> Option<String> {
    let same_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    let fits = (-MOST_SECONDS..=MOST_SECONDS).contains(&seconds) && (-999_999_999..=999_999_999).contains(&nanos) && same_sign;
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    fits.then(|| format!("{sign}{}{}s", seconds.abs(), fraction(nanos.abs())))
}

/// Seconds and nanoseconds, of the same sign; `None` for what [`is_duration`] refuses.
pub(super) fn parse_duration(text: &str) -> Option<(i64, i64)> {
    if !is_duration(text) {
        return None;
    }
    let number = text.strip_suffix('s')?;
    let (sign, number) = number.strip_prefix('-').map_or((1, number), |number| (-1, number));
    let (whole, digits) = number.split_once('.').unwrap_or((number, ""));
    Some((sign * whole.parse::<i64>().ok()?, sign * nanos_of(digits)?))
}

/// `FieldMask` in its form: paths in lower camel case, separated by commas.
pub(super) fn field_mask<'p>(paths: impl Iterator<Item = &'p str>) -> String {
    let mut out = String::new();
    for (at, path) in paths.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let mut raise = false;
        for c in path.chars() {
            match (c, std::mem::take(&mut raise)) {
                ('_', _) => raise = true,
                (c, true) => out.push(c.to_ascii_uppercase()),
                (c, false) => out.push(c),
            }
        }
    }
    out
}

/// A path in lower camel case, as the field mask has it.
pub(super) fn snake_case(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{duration, is_duration, is_timestamp, parse_duration, parse_timestamp, timestamp};

    #[test]
    fn times_in_their_forms() {
        for text in ["1972-01-01T10:00:20.021Z", "9999-12-31T23:59:59.999999999Z", "2020-02-29T00:00:00+05:30"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "2020-01-01T00:00:00", "2021-02-29T00:00:00Z", "2020-01-01T00:00:00.0000000001Z", ""]
        {
            assert!(!is_timestamp(text), "{text}");
        }
        for text in ["1s", "-1.5s", "0.000000001s", "315576000000s"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["1", "s", "1.s", ".5s", "1.0000000001s", "315576000001s", "--1s", "1e3s"] {
            assert!(!is_duration(text), "{text}");
        }
    }
    #[test]
    fn times_and_spans_there_and_back() {
        for (text, value) in [
            ("1970-01-01T00:00:00Z", (0, 0)),
            ("1969-12-31T23:59:59.500Z", (-1, 500_000_000)),
            ("2020-02-29T12:30:00.000000001Z", (1_582_979_400, 1)),
        ] {
            assert_eq!(parse_timestamp(text), Some(value), "{text}");
            assert_eq!(timestamp(value.0, value.1).as_deref(), Some(text));
        }
        assert_eq!(parse_timestamp("2020-01-01T01:00:00.25+01:00"), Some((1_577_836_800, 250_000_000)));
        for (text, value) in [("1s", (1, 0)), ("-1.500s", (-1, -500_000_000)), ("-0.000001s", (0, -1000)), ("0s", (0, 0))] {
            assert_eq!(parse_duration(text), Some(value), "{text}");
            assert_eq!(duration(value.0, value.1).as_deref(), Some(text));
        }
        assert_eq!((timestamp(i64::MIN, 0), duration(1, -1), duration(i64::MIN, 0)), (None, None, None));
    }
}
