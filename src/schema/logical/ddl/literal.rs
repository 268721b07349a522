//! Default values, as their types take them.

use super::tree::SyntaxNode;
use crate::schema::logical::default_value::{BigDecimal, DefaultValue};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::java_time;
use crate::schema::logical::model::{MAX_LENGTH, NO_PARAM, TypeKind};
use crate::schema::meter;

type Result<T> = std::result::Result<T, ConversionError>;

pub(super) fn fault<T>(message: impl Into<String>) -> Result<T> {
    Err(ConversionError::new(message))
}

/// The value that a literal is for a type.
pub(super) fn default_value(literal: &SyntaxNode<'_>, kind: &TypeKind) -> Result<DefaultValue> {
    if literal.has("NULL") {
        return Ok(DefaultValue::Null);
    }
    let what = LiteralNode { node: literal, word: kind.word() };
    meter::charge_for(literal.range().len() / 8 + 1)?;
    Ok(match *kind {
        TypeKind::Boolean => {
            let value = literal.child("bool_literal").ok_or_else(|| what.mismatch())?;
            DefaultValue::Boolean(value.has("TRUE"))
        }
        TypeKind::Tinyint => DefaultValue::Int(what.small(i8::MIN.into(), i8::MAX.into())?),
        TypeKind::Smallint => DefaultValue::Int(what.small(i16::MIN.into(), i16::MAX.into())?),
        TypeKind::Int => DefaultValue::Int(what.small(i32::MIN, i32::MAX)?),
        TypeKind::Bigint => DefaultValue::Long(what.integer()?),
        #[expect(clippy::cast_possible_truncation, reason = "Java reads a double and narrows it")]
        TypeKind::Float => DefaultValue::Float(what.number()? as f32),
        TypeKind::Double => DefaultValue::Double(what.number()?),
        TypeKind::Char(length) => DefaultValue::Text(what.chars(length)?),
        TypeKind::Varchar(length) => DefaultValue::Text(what.characters(length)?),
        TypeKind::Binary(length) => DefaultValue::Bytes(what.fixed_bytes(length)?),
        TypeKind::Varbinary(length) => DefaultValue::Bytes(what.bytes_up_to(length)?),
        TypeKind::Decimal { precision, scale } => DefaultValue::Decimal(what.decimal(precision, scale)?),
        TypeKind::Date => {
            let text = what.string()?;
            DefaultValue::Date(java_time::parse_date(&text).ok_or_else(|| not_a_time(&text))?)
        }
        TypeKind::Time(precision) => {
            let text = what.seconds(precision)?;
            DefaultValue::Time(java_time::parse_time(&text).ok_or_else(|| not_a_time(&text))?)
        }
        TypeKind::Timestamp(precision) => {
            let text = what.seconds(precision)?;
            let (seconds, nanos) = java_time::parse_timestamp(&text).ok_or_else(|| not_a_time(&text))?;
            DefaultValue::Timestamp(seconds, nanos)
        }
        TypeKind::TimestampLtz(precision) => {
            let text = what.seconds(precision)?;
            let (seconds, nanos) = java_time::parse_instant(&text).ok_or_else(|| not_a_time(&text))?;
            DefaultValue::Instant(seconds, nanos)
        }
        _ => return fault(format!("Default values are not supported for type: {}", what.word)),
    })
}

fn not_a_time(text: &str) -> ConversionError {
    ConversionError::new(format!("Text '{text}' could not be parsed at index 0"))
}

/// UTF-16 units, which Java counts.
fn java_length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The bound of a type, where it has one.
fn bound(length: i32) -> Option<usize> {
    (length != NO_PARAM && length != MAX_LENGTH).then(|| usize::try_from(length).unwrap_or(0))
}

struct LiteralNode<'n, 't> {
    node: &'n SyntaxNode<'t>,
    word: &'static str,
}

impl LiteralNode<'_, '_> {
    fn mismatch(&self) -> ConversionError {
        ConversionError::new(format!("Default literal {} is not compatible with type {}", self.node.text(), self.word))
    }

    fn text_of(&self, rule: &str) -> Option<String> {
        self.node.child(rule).map(SyntaxNode::text)
    }

    fn integer(&self) -> Result<i64> {
        let text = self.text_of("int_literal").ok_or_else(|| self.mismatch())?;
        text.parse().map_err(|_| ConversionError::new(format!("{} default value out of range: {text}", self.word)))
    }

    fn small(&self, least: i32, most: i32) -> Result<i32> {
        let value = self.integer()?;
        let small = i32::try_from(value).ok().filter(|value| (least..=most).contains(value));
        small.ok_or_else(|| ConversionError::new(format!("{} default value out of range: {value}", self.word)))
    }

    fn number(&self) -> Result<f64> {
        let texts = ["int_literal", "decimal_literal", "double_literal"].into_iter().find_map(|rule| self.text_of(rule));
        let text = texts.ok_or_else(|| self.mismatch())?;
        text.parse().map_err(|_| ConversionError::new(format!("For input string: \"{text}\"")))
    }

    fn string(&self) -> Result<String> {
        self.node.child("string_literal").map(SyntaxNode::unquoted).ok_or_else(|| self.mismatch())
    }

    fn chars(&self, length: i32) -> Result<String> {
        let (text, n) = (self.string()?, length);
        let own = java_length(&text);
        if bound(length).is_some_and(|length| own != length) {
            return fault(format!(
                "CHAR({n}) default value '{text}' has {own} characters; must be exactly {n} (CHAR is fixed-length — use VARCHAR for \
                 variable length)."
            ));
        }
        Ok(text)
    }

    fn characters(&self, length: i32) -> Result<String> {
        let text = self.string()?;
        let own = java_length(&text);
        if bound(length).is_some_and(|length| own > length) {
            return fault(format!("VARCHAR({length}) default value '{text}' exceeds the declared length ({own} > {length})"));
        }
        Ok(text)
    }

    fn fixed_bytes(&self, length: i32) -> Result<Vec<u8>> {
        let (bytes, n) = (self.bytes()?, length);
        if bound(length).is_some_and(|length| bytes.len() != length) {
            return fault(format!(
                "BINARY({n}) default value has {} bytes; must be exactly {n} (BINARY is fixed-length — use VARBINARY for variable \
                 length).",
                bytes.len()
            ));
        }
        Ok(bytes)
    }

    fn bytes_up_to(&self, length: i32) -> Result<Vec<u8>> {
        let bytes = self.bytes()?;
        if bound(length).is_some_and(|length| bytes.len() > length) {
            let own = bytes.len();
            return fault(format!("VARBINARY({length}) default value of {own} bytes exceeds the declared length (max {length})"));
        }
        Ok(bytes)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let text = self.text_of("bytes_literal").ok_or_else(|| self.mismatch())?;
        let hex = text.get(2..text.len().saturating_sub(1)).unwrap_or("").replace("''", "'");
        if !java_length(&hex).is_multiple_of(2) {
            return fault(format!("Bytes literal {text} has odd number of hex digits; must be even (each pair = one byte)"));
        }
        let mut bytes = Vec::new();
        let digits: Vec<Option<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
        for (at, pair) in digits.chunks(2).enumerate() {
            let [Some(high), Some(low)] = pair else {
                return fault(format!("Invalid hex character at position {} in bytes literal {text}", at * 2));
            };
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(0));
        }
        Ok(bytes)
    }

    fn decimal(&self, precision: i32, scale: i32) -> Result<BigDecimal> {
        let numbers = ["int_literal", "decimal_literal", "double_literal"].into_iter().find_map(|rule| self.text_of(rule));
        let text = match numbers {
            Some(text) => text,
            None => self.string()?,
        };
        let not_a_number = || ConversionError::new(format!("For input string: \"{text}\""));
        let value = BigDecimal::parse(&text).ok_or_else(not_a_number)?;
        let (digits, own_scale) = (i64::from(value.precision()), value.scale());
        let plain = || value.plain_text(MAX_PLAIN_DIGITS);
        if scale != NO_PARAM && own_scale > i64::from(scale) {
            return fault(format!(
                "DECIMAL({precision}, {scale}) default value '{}' has scale {own_scale} (more digits after the decimal point than \
                 declared scale)",
                plain()
            ));
        }
        // for a negative scale Java counts the digits that are written, not the zeros behind them
        let before = digits - own_scale.max(0);
        let allowed = i64::from(precision) - i64::from(if scale == NO_PARAM { 0 } else { scale });
        if before > allowed {
            let shown = if scale == NO_PARAM { String::new() } else { format!(", {scale}") };
            return fault(format!(
                "DECIMAL({precision}{shown}) default value '{}' exceeds declared precision (integer-part digits {before} > {allowed})",
                plain()
            ));
        }
        Ok(value)
    }

    /// A text with no more digits after the second than the type has.
    fn seconds(&self, precision: i32) -> Result<String> {
        let text = self.string()?;
        let Some((_, fraction)) = text.rsplit_once('.').filter(|_| precision != NO_PARAM) else { return Ok(text) };
        let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        if i64::try_from(digits).unwrap_or(i64::MAX) > i64::from(precision) {
            return fault(format!(
                "{}({precision}) default value '{text}' has {digits} fractional-second digits, exceeds the declared precision \
                 ({precision}).",
                self.word
            ));
        }
        Ok(text)
    }
}

/// Digits that a number in a message has at most: an exponent makes many of a few characters.
const MAX_PLAIN_DIGITS: usize = 10_000;
