//! Times for people: RFC 3339 in UTC, to the millisecond.

const DAY: i64 = 86_400_000;

/// Milliseconds since 1970 as `2026-01-31T08:30:00.000Z`.
pub fn timestamp(millis: i64) -> String {
    let (year, month, day) = civil(millis.div_euclid(DAY));
    let rest = millis.rem_euclid(DAY);
    let (hour, minute, second, milli) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a number of days since 1970 (the proleptic Gregorian calendar, counted in years that begin with March).
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days from 1970 to a date of the same calendar.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// Reads a date (`2026-01-31`) or a time (`2026-01-31T08:30:00Z`, with a fraction and an offset if need be).
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let is = |at: usize, wanted: &str| text.get(at..at + 1).is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let midnight = days(year, month, day);
    // a day that is not there would be another one
    if !is(4, "-") || !is(7, "-") || civil(midnight) != (year, month, day) {
        return None;
    }
    if text.len() == 10 {
        return Some(midnight * DAY);
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !is(10, "T") || !is(13, ":") || !is(16, ":") || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text.get(19..)?;
    let (milli, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(fraction) => {
            let end = fraction.find(|c: char| !c.is_ascii_digit())?;
            let padded = format!("{:0<3}", fraction.get(..end)?);
            (padded.get(..3).filter(|_| end > 0)?.parse::<i64>().ok()?, fraction.get(end..)?)
        }
    };
    let east = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = match zone.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok())?.map(i64::from);
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))?
        }
    };
    Some(midnight * DAY + ((hour * 60 + minute - east) * 60 + second) * 1000 + milli)
}

#[cfg(test)]
mod tests {
    use super::{civil, days, parse_timestamp, timestamp};

    #[test]
    fn days_are_those_of_the_calendar() {
        for (date, number) in [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 11, 28), 20_785), ((1969, 12, 31), -1)] {
            assert_eq!(days(date.0, date.1, date.2), number);
            assert_eq!(civil(number), date);
        }
    }

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_764_340_200_120, "2025-11-28T14:30:00.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(timestamp(millis), text);
            assert_eq!(parse_timestamp(text), Some(millis));
        }
        assert_eq!(parse_timestamp("2025-11-28"), Some(1_764_288_000_000));
        assert_eq!(parse_timestamp("2025-11-28T15:30:00.12+01:00"), Some(1_764_340_200_120));
        for text in [
            "",
            "2025",
            "2025-02-30",
            "2025-11-28T",
            "2025-11-28T14:30Z",
            "2025-11-28T14:30:00",
            "2025-11-28T14:30:00.Z",
            "2025-11-28 14:30:00Z",
            "2025-11-28T14:30:00+1",
            "é025-11-28",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
