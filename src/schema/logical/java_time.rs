//! Dates and times as Java's `java.time` reads and writes them.

use std::fmt::Write as _;

use crate::types::{civil, days};

const DAY: i64 = 86_400;
pub(crate) const NANOS_OF_DAY: u64 = 86_400_000_000_000;

pub(crate) fn write_date(out: &mut String, since_1970: i64) {
    let (year, month, day) = civil(since_1970);
    let _ = match year {
        year if year > 9_999 => write!(out, "+{year}"),
        year if year < 0 => write!(out, "-{:04}", year.unsigned_abs()),
        year => write!(out, "{year:04}"),
    };
    let _ = write!(out, "-{month:02}-{day:02}");
}

/// Digits after the second, in groups of three, as few as show the value.
fn write_fraction(out: &mut String, nanos: u64) {
    let _ = match nanos {
        0 => Ok(()),
        nanos if nanos % 1_000_000 == 0 => write!(out, ".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => write!(out, ".{:06}", nanos / 1_000),
        nanos => write!(out, ".{nanos:09}"),
    };
}

/// Seconds only where they are not zero.
pub(crate) fn write_time(out: &mut String, nanos: u64) {
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let _ = write!(out, "{:02}:{:02}", minutes / 60, minutes % 60);
    if second > 0 || nanos > 0 {
        let _ = write!(out, ":{second:02}");
        write_fraction(out, nanos);
    }
}

fn nanos_of_day(seconds: i64, nanos: u32) -> u64 {
    u64::try_from(seconds.rem_euclid(DAY)).unwrap_or(0) * 1_000_000_000 + u64::from(nanos)
}

pub(crate) fn write_timestamp(out: &mut String, seconds: i64, nanos: u32) {
    write_date(out, seconds.div_euclid(DAY));
    out.push('T');
    write_time(out, nanos_of_day(seconds, nanos));
}

pub(crate) fn write_instant(out: &mut String, seconds: i64, nanos: u32) {
    write_date(out, seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let _ = write!(out, "T{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
    write_fraction(out, u64::from(nanos));
    out.push('Z');
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// `2020-02-29`
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let mut parts = rest.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(4..=9).contains(&year.len()) {
        return None;
    }
    let (year, month, day) = (sign * number(year, year.len())?, number(month, 2)?, number(day, 2)?);
    let since = days(year, month, day);
    (civil(since) == (year, month, day)).then_some(since)
}

/// `10:15`, `10:15:30` or `10:15:30.123456789`
pub(crate) fn parse_time(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] if fraction.is_none() => (hour, minute, &"00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let nanos = match fraction {
        None | Some("") => 0,
        Some(digits) if digits.len() <= 9 => number(&format!("{digits:0<9}"), 9)?,
        Some(_) => return None,
    };
    let valid = hour < 24 && minute < 60 && second < 60;
    let seconds = hour * 3_600 + minute * 60 + second;
    valid.then(|| u64::try_from(seconds * 1_000_000_000 + nanos).ok()).flatten()
}

/// `2020-02-29T10:15:30`: seconds and nanoseconds.
pub(crate) fn parse_timestamp(text: &str) -> Option<(i64, u32)> {
    let (date, time) = text.split_once(['T', 't'])?;
    let (days, nanos) = (parse_date(date)?, parse_time(time)?);
    let seconds = days * DAY + i64::try_from(nanos / 1_000_000_000).ok()?;
    Some((seconds, u32::try_from(nanos % 1_000_000_000).ok()?))
}

/// The same with `Z` or an offset behind it.
pub(crate) fn parse_instant(text: &str) -> Option<(i64, u32)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return parse_timestamp(local);
    }
    let at = text.rfind(['+', '-']).filter(|at| text.get(..*at).is_some_and(|local| local.contains(['T', 't'])))?;
    let (local, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { 1 } else { -1 };
    let mut parts = offset.get(1..)?.split(':');
    let (hours, minutes) = (number(parts.next()?, 2)?, parts.next().map_or(Some(0), |minutes| number(minutes, 2))?);
    let (seconds, nanos) = parse_timestamp(local)?;
    Some((seconds + sign * (hours * 3_600 + minutes * 60), nanos))
}
