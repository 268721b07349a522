//! Numbers in options: one spelling for one value (protobuf 2.3).

/// Digits that a number may have without its exponent; a longer one keeps it.
const MAX_DIGITS: i64 = 400;

/// True for a word that is a number.
pub(super) fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let digits = digits.strip_prefix('.').unwrap_or(digits);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// The plain spelling of a number: decimal, no exponent, no zeros at the end, no suffix. Other words stay.
pub(super) fn plain(word: &str) -> String {
    if !is_number(word) {
        return word.to_owned();
    }
    let (sign, digits) = word.strip_prefix('-').map_or(("", word), |rest| ("-", rest));
    let found = integer(digits).or_else(|| decimal(digits));
    match found {
        Some(value) => format!("{sign}{value}"),
        None => word.to_owned(),
    }
}

/// The same for the value of an option, where a compiler reads `-0` as an integer, which has no sign, and `-0.0` as a number that has one.
pub(super) fn plain_in_option(word: &str) -> String {
    let plain = plain(word);
    if plain == "-0" && word.contains(['.', 'e', 'E']) { "-0.0".to_owned() } else { plain }
}

/// Hexadecimal after `0x`, octal after `0`.
fn integer(digits: &str) -> Option<String> {
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return u128::from_str_radix(hex, 16).ok().map(|value| value.to_string());
    }
    let octal = digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    octal.then(|| u128::from_str_radix(digits, 8).ok()).flatten().map(|value| value.to_string())
}

fn decimal(text: &str) -> Option<String> {
    let text = text.strip_suffix(['f', 'F']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let trimmed = significant.trim_end_matches('0');
    if trimmed.is_empty() {
        return Some("0".to_owned());
    }
    // The value is `trimmed` times ten to the power of `shift`.
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let shift = exponent.checked_sub(length(fraction))?.checked_add(length(significant) - length(trimmed))?;
    let point = length(trimmed).checked_add(shift)?;
    if shift.unsigned_abs() > MAX_DIGITS.unsigned_abs() {
        return Some(format!("{trimmed}e{shift}"));
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(if shift >= 0 {
        format!("{trimmed}{}", zeros(shift))
    } else if point > 0 {
        let (before, after) = trimmed.split_at_checked(usize::try_from(point).ok()?)?;
        format!("{before}.{after}")
    } else {
        format!("0.{}{trimmed}", zeros(-point))
    })
}
