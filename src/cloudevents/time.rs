//! Timestamps of RFC 3339.

/// Why a text is no timestamp; `Ok` when it is one.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    let is = |at: usize, wanted: u8| bytes.get(at).is_some_and(|byte| byte.eq_ignore_ascii_case(&wanted));
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return Err("it must begin with a date such as 2018-04-05");
    };
    if !is(4, b'-') || !is(7, b'-') {
        return Err("it must begin with a date such as 2018-04-05");
    }
    if !is(10, b'T') {
        return Err(if bytes.len() == 10 { "no time of day" } else { "the date must be followed by T" });
    }
    let (Some(hour), Some(minute)) = (number(11, 13).filter(|_| is(13, b':')), number(14, 16)) else {
        return Err("the time of day must be hours:minutes:seconds");
    };
    let Some(second) = number(17, 19).filter(|_| is(16, b':')) else { return Err("no seconds") };
    let mut at = 19;
    if is(at, b'.') {
        let digits = bytes.get(20..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err("no digits after the decimal point");
        }
        at += 1 + digits;
    }
    let minutes_east = match bytes.get(at..) {
        Some([b'Z' | b'z']) => 0,
        Some([sign @ (b'+' | b'-'), _, _, b':', _, _]) => {
            let (Some(hours), Some(minutes)) = (number(at + 1, at + 3), number(at + 4, at + 6)) else {
                return Err("the offset must be Z, +hh:mm or -hh:mm");
            };
            if hours > 23 || minutes > 59 {
                return Err("no such offset");
            }
            let minutes = i64::from(hours * 60 + minutes);
            if *sign == b'+' { minutes } else { -minutes }
        }
        Some([]) | None => return Err("no offset"),
        Some(_) => return Err("the offset must be Z, +hh:mm or -hh:mm"),
    };
    if day == 0 || day > days(year, month) {
        return Err("no such day");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err("no such time of day");
    }
    let utc = (i64::from(hour * 60 + minute) - minutes_east).rem_euclid(24 * 60);
    // leap seconds are the last of a day in UTC (RFC 3339, 5.7)
    if second == 60 && utc != 24 * 60 - 1 {
        return Err("a leap second can only be the last second of a day in UTC");
    }
    Ok(())
}

/// Days of a month; none for a month that does not exist.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_is_a_timestamp() {
        for text in [
            "2024-02-29T00:00:00Z",
            "2000-02-29t23:59:59z",
            "0000-01-01T00:00:00.0Z",
            "2016-12-31T23:59:60Z",
            "2017-01-01T05:29:60+05:30",
            "2016-12-31T15:59:60.123-08:00",
            "2020-01-01T00:00:00-23:59",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-00-01T00:00:00Z",
            "2020-01-00T00:00:00Z",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:61Z",
            "2020-01-01T12:30:60Z",
            "2017-01-01T05:29:60+05:00",
            "2020-01-01T00:60:00Z",
            "2020-01-01T00:00:00+24:00",
            "2020-01-01T00:00:00+1:00",
            "2020-01-01T00:00:00Zx",
            "2020-1-01T00:00:00Z",
            "+020-01-01T00:00:00Z",
            "2020-01-01T00:00:00\u{ff3a}",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
