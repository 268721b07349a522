//! Exact numbers: schema texts compare bounds and print literals without ever going through a float.

use std::cmp::Ordering;

use crate::schema::meter;

/// Digits beyond which `multipleOf` arithmetic is not attempted; the values then count as unrelated.
const MAX_DIVISION_DIGITS: usize = 1_000;

/// A decimal number: `± 0.digits × 10^point`, `digits` without leading or trailing zeros, empty for zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: Box<str>,
    point: i64,
}

struct NumberLiteral<'a> {
    negative: bool,
    whole: &'a str,
    fraction: Option<&'a str>,
    exponent: Option<&'a str>,
}

impl<'a> NumberLiteral<'a> {
    fn split(text: &'a str) -> Self {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (rest, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        Self { negative, whole, fraction, exponent }
    }

    /// The exponent; one beyond 64 bits is cut to a magnitude at which all comparisons are still right in practice.
    fn exponent(&self) -> i64 {
        const FAR: i64 = i64::MAX / 4;
        let Some(text) = self.exponent else { return 0 };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let size = digits.parse::<i64>().map_or(FAR, |n| n.min(FAR));
        if negative { -size } else { size }
    }
}

/// True when the literal is written as an integer: neither point nor exponent.
pub(crate) fn is_integer_literal(text: &str) -> bool {
    !text.contains(['.', 'e', 'E'])
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX / 8)
}

impl Decimal {
    pub(crate) fn read(text: &str) -> Self {
        let literal = NumberLiteral::split(text);
        let fraction = literal.fraction.unwrap_or("");
        let mut digits = String::with_capacity(literal.whole.len() + fraction.len());
        digits.push_str(literal.whole);
        digits.push_str(fraction);
        let lead = digits.len() - digits.trim_start_matches('0').len();
        let point = length(literal.whole) - i64::try_from(lead).unwrap_or(0) + literal.exponent();
        let digits = digits.trim_matches('0');
        if digits.is_empty() {
            return Self { negative: false, digits: "".into(), point: 0 };
        }
        Self { negative: literal.negative, digits: digits.into(), point }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// How many digits it has.
    pub(crate) fn length(&self) -> usize {
        self.digits.len()
    }

    /// The value, if it is a whole number that fits.
    /// A whole number, cut to 32 bits.
    pub(crate) fn to_i32(&self) -> i32 {
        let size = Self { negative: false, ..self.clone() }.to_u64().and_then(|size| i32::try_from(size).ok());
        let size = size.unwrap_or(i32::MAX);
        if self.negative { -size } else { size }
    }

    pub(crate) fn to_u64(&self) -> Option<u64> {
        if self.is_zero() {
            return Some(0);
        }
        if self.negative || !self.is_whole() || self.point > 20 {
            return None;
        }
        let zeros = usize::try_from(self.point).ok()?.checked_sub(self.digits.len())?;
        format!("{}{}", self.digits, "0".repeat(zeros)).parse().ok()
    }

    /// How many places the point is from the first or the last digit, whichever is farther.
    pub(crate) fn magnitude(&self) -> i64 {
        self.point.abs().max((self.point - length(&self.digits)).abs())
    }

    /// True when the value is a whole number, however it is written.
    pub(crate) fn is_whole(&self) -> bool {
        length(&self.digits) <= self.point || self.is_zero()
    }

    /// True when `self` is a whole multiple of `other`; false where that would take too long to find out.
    pub(crate) fn is_multiple_of(&self, other: &Self) -> bool {
        let is_short = |number: &Self| number.length() <= MAX_DIVISION_DIGITS;
        self.is_zero() || (is_short(self) && is_short(other) && self.is_multiple_of_any(other))
    }

    /// As [`Self::is_multiple_of`], however many digits there are: all of them are paid for.
    pub(crate) fn is_multiple_of_any(&self, other: &Self) -> bool {
        if self.is_zero() {
            return true;
        }
        let (mine, theirs) = (&*self.digits, &*other.digits);
        let shift = (self.point - length(&self.digits)) - (other.point - length(&other.digits));
        // Significands end in a digit other than 0, so a missing power of ten can't come from anywhere.
        if other.is_zero() || shift < 0 {
            return false;
        }
        // More zeros than this add no prime factor the divisor could still miss.
        let zeros = usize::try_from(shift).unwrap_or(usize::MAX).min(theirs.len() * 4 + 4);
        // ten subtractions of all limbs for each digit, at worst; without a result the verdict is not used
        let steps = (mine.len() + zeros).saturating_mul(theirs.len() / 32 + 1);
        if meter::charge_for(steps).is_err() {
            return false;
        }
        let mut rest = Remainder::new(theirs);
        for digit in mine.bytes().chain(std::iter::repeat_n(b'0', zeros)) {
            rest.push(u32::from(digit - b'0'));
        }
        rest.is_zero()
    }

    /// A text that is the same for equal values.
    pub(crate) fn key(&self) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        format!("{}{}e{}", if self.negative { "-" } else { "" }, self.digits, self.point)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| match (d.is_zero(), d.negative) {
            (true, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        match sign(self).cmp(&sign(other)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        // Without trailing zeros, texts of digits compare like the fractions they stand for.
        let size = self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        if self.negative { size.reverse() } else { size }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A running remainder: long division in base 10^9, little-endian limbs.
struct Remainder {
    divisor: Vec<u32>,
    rest: Vec<u32>,
}

impl Remainder {
    const BASE: u64 = 1_000_000_000;

    fn new(divisor: &str) -> Self {
        let limbs =
            divisor.as_bytes().rchunks(9).map(|chunk| chunk.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'))).collect();
        Self { divisor: limbs, rest: Vec::new() }
    }

    /// `rest = (rest × 10 + digit) mod divisor`
    fn push(&mut self, digit: u32) {
        let mut carry = u64::from(digit);
        for limb in &mut self.rest {
            let value = u64::from(*limb) * 10 + carry;
            *limb = u32::try_from(value % Self::BASE).unwrap_or(0);
            carry = value / Self::BASE;
        }
        if carry > 0 {
            self.rest.push(u32::try_from(carry).unwrap_or(0));
        }
        while self.compare() != Ordering::Less {
            self.subtract();
        }
    }

    fn compare(&self) -> Ordering {
        self.rest.len().cmp(&self.divisor.len()).then_with(|| self.rest.iter().rev().cmp(self.divisor.iter().rev()))
    }

    fn subtract(&mut self) {
        let mut borrow = 0;
        for (at, limb) in self.rest.iter_mut().enumerate() {
            let minus = u64::from(self.divisor.get(at).copied().unwrap_or(0)) + borrow;
            let have = u64::from(*limb);
            borrow = u64::from(have < minus);
            *limb = u32::try_from(have + borrow * Self::BASE - minus).unwrap_or(0);
        }
        while self.rest.last() == Some(&0) {
            self.rest.pop();
        }
    }

    fn is_zero(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Prints a literal as Confluent stores it (json-schema 2): integers digit by digit, decimals as `BigDecimal.toString` does, that
/// is in plain notation while the scale is not negative and the adjusted exponent is at least −6. The flag is false when the scale
/// leaves 32 bits, which a `BigDecimal` can't hold.
pub(crate) fn canonical(text: &str) -> (String, bool) {
    let literal = NumberLiteral::split(text);
    let sign = if literal.negative { "-" } else { "" };
    if literal.fraction.is_none() && literal.exponent.is_none() {
        let printed = if literal.whole == "0" { "0".to_owned() } else { text.to_owned() };
        return (printed, true);
    }
    let fraction = literal.fraction.unwrap_or("");
    let scale = i128::from(length(fraction)) - i128::from(literal.exponent());
    if i32::try_from(scale).is_err() {
        return (text.to_owned(), false);
    }
    let joined = format!("{}{fraction}", literal.whole);
    let trimmed = joined.trim_start_matches('0');
    let (digits, sign) = if trimmed.is_empty() { ("0", "") } else { (trimmed, sign) };
    let count = i128::from(length(digits));
    let adjusted = count - 1 - scale;
    if scale >= 0 && adjusted >= -6 {
        return (plain(sign, digits, usize::try_from(scale).unwrap_or(0)), true);
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let plus = if adjusted < 0 { "" } else { "+" };
    (format!("{sign}{first}{point}{rest}E{plus}{adjusted}"), true)
}

fn plain(sign: &str, digits: &str, scale: usize) -> String {
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}
