//! Times and durations: read, printed, and taken apart.

use crate::types::{civil, days};

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A time taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeParts {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
    /// Sunday is 0.
    pub(super) weekday: i64,
    /// From 0.
    pub(super) day_of_year: i64,
}

pub(super) fn parts(micros: i64) -> TimeParts {
    let seconds = micros.div_euclid(1_000_000);
    let (date, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(date);
    TimeParts {
        year,
        month,
        day,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
        micros: micros.rem_euclid(1_000_000),
        weekday: (date + 4).rem_euclid(7),
        day_of_year: date - days(year, 1, 1),
    }
}

struct TimestampReader<'t>(&'t str);

impl TimestampReader<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let text = self.0.get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.0 = self.0.get(digits..)?;
        text.parse().ok()
    }

    fn take(&mut self, expected: &[char]) -> Option<char> {
        let found = self.0.chars().next().filter(|c| expected.contains(c))?;
        self.0 = self.0.get(found.len_utf8()..)?;
        Some(found)
    }
}

/// Microseconds since 1970 of a time in the form of RFC 3339, or of a date; without an offset it is in UTC.
pub(in crate::contracts) fn timestamp(text: &str) -> Option<i64> {
    let mut reader = TimestampReader(text);
    let year = reader.number(4)?;
    reader.take(&['-'])?;
    let month = reader.number(2)?;
    reader.take(&['-'])?;
    let day = reader.number(2)?;
    let (mut hour, mut minute, mut second, mut micros, mut offset) = (0, 0, 0, 0, 0);
    if reader.take(&['T', 't', ' ']).is_some() {
        hour = reader.number(2)?;
        reader.take(&[':'])?;
        minute = reader.number(2)?;
        if reader.take(&[':']).is_some() {
            second = reader.number(2)?;
            if reader.take(&['.']).is_some() {
                let count = reader.0.bytes().take_while(u8::is_ascii_digit).count();
                let fraction = reader.0.get(..count).filter(|text| (1..=9).contains(&text.len()))?;
                micros = format!("{fraction:0<9}").parse::<i64>().ok()? / 1000;
                reader.0 = reader.0.get(count..)?;
            }
        }
        if let Some(sign @ ('+' | '-')) = reader.take(&['Z', 'z', '+', '-']) {
            let hours = reader.number(2)?;
            let colon = reader.take(&[':']).is_some();
            let minutes = if colon || !reader.0.is_empty() { reader.number(2)? } else { 0 };
            offset = (hours * 60 + minutes) * if sign == '-' { -1 } else { 1 };
        }
    }
    let is_valid = reader.0.is_empty()
        && (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    is_valid.then_some(seconds * 1_000_000 + micros)
}

/// A time as all clients print it: the fraction in groups of three digits.
pub(in crate::contracts) fn print_timestamp(micros: i64) -> String {
    let parts = parts(micros);
    let fraction = match parts.micros {
        0 => String::new(),
        micros if micros % 1000 == 0 => format!(".{:03}", micros / 1000),
        micros => format!(".{micros:06}"),
    };
    let TimeParts { year, month, day, hour, minute, second, .. } = parts;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Microseconds of a duration: numbers with units, such as `1h30m` or `-1.5s`.
pub(in crate::contracts) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let scale = match unit {
            "ns" => 1e-9,
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range")]
    let micros = (sign * seconds * 1e6).round() as i64;
    (seconds <= 315_576_000_000.0).then_some(micros)
}

/// Microseconds of an offset from UTC; `None` for the name of a time zone.
pub(super) fn offset(text: &str) -> Option<i64> {
    if matches!(text, "" | "UTC" | "Z" | "Etc/UTC" | "GMT") {
        return Some(0);
    }
    let mut reader = TimestampReader(text);
    let sign = match reader.take(&['+', '-']) {
        Some('-') => -1,
        _ => 1,
    };
    let hours = reader.number(2)?;
    reader.take(&[':'])?;
    let minutes = reader.number(2)?;
    (reader.0.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}
