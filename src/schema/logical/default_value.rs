//! Default values of fields, and their texts: those of Java's `toString`, which Confluent's DDL shows.

use std::fmt::Write as _;

use super::java_time;
use crate::schema::java_number::{write_double, write_float};
use crate::schema::meter::{self, Exhausted};

/// The value of a field where a row has none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DefaultValue {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Decimal(BigDecimal),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970.
    Date(i64),
    /// Nanoseconds of the day.
    Time(u64),
    /// Seconds since 1970 and nanoseconds, without a zone.
    Timestamp(i64, u32),
    /// The same in UTC.
    Instant(i64, u32),
    List(Vec<DefaultValue>),
    Map(Vec<(DefaultValue, DefaultValue)>),
}

impl DefaultValue {
    /// A number as a 64-bit integer, as Java narrows it.
    pub(crate) fn as_long(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(i64::from(*value)),
            Self::Long(value) => Some(*value),
            #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
            Self::Float(value) => Some(*value as i64),
            #[expect(clippy::cast_possible_truncation, reason = "Java narrows like this")]
            Self::Double(value) => Some(*value as i64),
            _ => None,
        }
    }

    /// As Java's `toString` writes it. Java has no text for bytes within other values; here they are written as literals.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => push(out, value),
            Self::Long(value) => push(out, value),
            Self::Float(value) if value.is_finite() => write_float(out, *value),
            Self::Double(value) if value.is_finite() => write_double(out, *value),
            Self::Float(value) => out.push_str(special(f64::from(*value))),
            Self::Double(value) => out.push_str(special(*value)),
            Self::Decimal(value) => value.write(out),
            Self::Text(value) => out.push_str(value),
            Self::Bytes(bytes) => write_bytes(out, bytes),
            Self::Date(days) => java_time::write_date(out, *days),
            Self::Time(nanos) => java_time::write_time(out, *nanos),
            Self::Timestamp(seconds, nanos) => java_time::write_timestamp(out, *seconds, *nanos),
            Self::Instant(seconds, nanos) => java_time::write_instant(out, *seconds, *nanos),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    key.write(out);
                    out.push('=');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // a String takes everything
    let _ = write!(out, "{value}");
}

fn special(value: f64) -> &'static str {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// `x'0AFF'`
pub(crate) fn write_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("x'");
    for byte in bytes {
        let _ = write!(out, "{byte:02X}");
    }
    out.push('\'');
}

/// A decimal number as Java's `BigDecimal` holds it: `digits × 10^-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BigDecimal {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: String,
    scale: i64,
}

/// What a group of nine digits counts up to.
const GROUP: u64 = 1_000_000_000;

impl BigDecimal {
    /// Of a signed number of any length, highest byte first. `None` for no bytes.
    ///
    /// # Errors
    /// The work runs out: the digits of long numbers take time.
    pub(crate) fn of_bytes(bytes: &[u8], scale: i32) -> Result<Option<Self>, Exhausted> {
        let Some(first) = bytes.first() else { return Ok(None) };
        meter::charge_for(bytes.len().saturating_mul(bytes.len() / 8 + 1))?;
        let negative = *first >= 0x80;
        let mut magnitude: Vec<u8> = bytes.to_vec();
        if negative {
            let mut carry = true;
            for byte in magnitude.iter_mut().rev() {
                let (value, over) = (!*byte).overflowing_add(u8::from(carry));
                (*byte, carry) = (value, over);
            }
        }
        // nine digits at a time, lowest first
        let mut groups: Vec<u64> = vec![0];
        for byte in magnitude {
            let mut carry = u64::from(byte);
            for group in &mut groups {
                let value = *group * 256 + carry;
                (*group, carry) = (value % GROUP, value / GROUP);
            }
            if carry > 0 {
                groups.push(carry);
            }
        }
        let mut digits = String::new();
        for group in groups.iter().rev() {
            let _ = write!(digits, "{group:09}");
        }
        Ok(Some(Self::of_digits(negative, &digits, i64::from(scale))))
    }

    fn of_digits(negative: bool, digits: &str, scale: i64) -> Self {
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Self { negative: negative && digits != "0", digits: digits.to_owned(), scale }
    }

    /// Reads what Java's constructor reads.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        Some(Self::of_digits(negative, &digits, scale))
    }

    fn write(&self, out: &mut String) {
        out.push_str(if self.negative { "-" } else { "" });
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if self.scale == 0 {
            return out.push_str(&self.digits);
        }
        let exponent = count - 1 - self.scale;
        if self.scale > 0 && exponent >= -6 {
            let whole = usize::try_from(count - self.scale).unwrap_or(0);
            let (head, tail) = self.digits.split_at_checked(whole).unwrap_or((&self.digits, ""));
            out.push_str(if head.is_empty() { "0" } else { head });
            out.push('.');
            let zeros = usize::try_from(self.scale - count).unwrap_or(0);
            out.extend(std::iter::repeat_n('0', zeros));
            return out.push_str(tail);
        }
        let (head, tail) = self.digits.split_at_checked(1).unwrap_or((&self.digits, ""));
        out.push_str(head);
        if !tail.is_empty() {
            out.push('.');
            out.push_str(tail);
        }
        if exponent != 0 {
            let sign = if exponent > 0 { "+" } else { "" };
            let _ = write!(out, "E{sign}{exponent}");
        }
    }
}

impl BigDecimal {
    /// The digits that are written.
    pub(crate) fn precision(&self) -> u32 {
        u32::try_from(self.digits.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn scale(&self) -> i64 {
        self.scale
    }

    /// Without an exponent, cut where there would be more digits than `most`.
    pub(crate) fn plain_text(&self, most: usize) -> String {
        let mut out = String::from(if self.negative { "-" } else { "" });
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0).min(most));
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if self.scale <= 0 {
            out.push_str(&self.digits);
            out.push_str(&if self.digits == "0" { String::new() } else { zeros(self.scale.saturating_neg()) });
        } else if self.scale < count {
            let (whole, fraction) =
                self.digits.split_at_checked(usize::try_from(count - self.scale).unwrap_or(0)).unwrap_or_default();
            let _ = write!(out, "{whole}.{fraction}");
        } else {
            let _ = write!(out, "0.{}{}", zeros(self.scale - count), self.digits);
        }
        out
    }
}

impl BigDecimal {
    /// The number without its point, highest byte first, as short as it can be with its sign.
    ///
    /// # Errors
    /// The work runs out.
    pub(crate) fn unscaled_bytes(&self) -> Result<Vec<u8>, Exhausted> {
        meter::charge_for(self.digits.len().saturating_mul(self.digits.len() / 16 + 1))?;
        // lowest byte first
        let mut bytes: Vec<u8> = vec![0];
        for digit in self.digits.bytes() {
            let mut carry = u32::from(digit.wrapping_sub(b'0'));
            for byte in &mut bytes {
                let value = u32::from(*byte) * 10 + carry;
                (*byte, carry) = (u8::try_from(value & 0xFF).unwrap_or(0), value >> 8);
            }
            if carry > 0 {
                bytes.push(u8::try_from(carry).unwrap_or(0));
            }
        }
        if self.negative {
            let mut carry = true;
            for byte in &mut bytes {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
        }
        let is_negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
        if is_negative != self.negative {
            bytes.push(if self.negative { 0xFF } else { 0 });
        }
        while let [.., before, last] = bytes.as_slice()
            && ((*last == 0 && *before < 0x80) || (*last == 0xFF && *before >= 0x80))
        {
            bytes.pop();
        }
        bytes.reverse();
        Ok(bytes)
    }
}
