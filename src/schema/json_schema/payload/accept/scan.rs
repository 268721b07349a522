//! Tokens of JSON, as slices of the text.

use std::cmp::Ordering;

use crate::schema::json::plain_prefix;

/// Digits up to which numbers are compared here: up to that, floats and exact arithmetic agree.
const DIGITS: usize = 15;

/// A number of few digits: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallDecimal {
    mantissa: i64,
    scale: u32,
}

impl SmallDecimal {
    /// Reads a literal without exponent; `None` for one with more digits.
    pub(super) fn read(literal: &str) -> Option<Self> {
        let (negative, rest) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mut mantissa, mut scale, mut digits, mut in_fraction) = (0_i64, 0_u32, 0_usize, false);
        for byte in rest.bytes() {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    if digits > DIGITS {
                        return None;
                    }
                    mantissa = mantissa * 10 + i64::from(byte - b'0');
                    scale += u32::from(in_fraction);
                }
                b'.' if !in_fraction => in_fraction = true,
                _ => return None,
            }
        }
        // `-0` is left to the crate
        (digits > 0 && !(negative && mantissa == 0))
            .then_some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// Whether it is written the same way as well.
    pub(super) fn is_spelled_as(self, other: Self) -> bool {
        self.mantissa == other.mantissa && self.scale == other.scale
    }

    /// Whether it is a whole multiple of another; `None` unless both were written as whole numbers.
    pub(super) fn is_multiple_of(self, divisor: Self) -> Option<bool> {
        if self.scale > 0 || divisor.scale > 0 {
            return None;
        }
        self.mantissa.checked_rem(divisor.mantissa).map(|rest| rest == 0)
    }
}

impl PartialEq for SmallDecimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for SmallDecimal {}

impl PartialOrd for SmallDecimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SmallDecimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        // at most 30 digits each
        let scaled = |number: &Self, by: u32| i128::from(number.mantissa) * 10_i128.pow(by);
        scaled(self, other.scale).cmp(&scaled(other, self.scale))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'t> {
    /// What stands between the quotes.
    pub(super) raw: &'t str,
    pub(super) has_escapes: bool,
    pub(super) is_ascii: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NumberToken<'t> {
    pub(super) literal: &'t str,
    /// Written without fraction and exponent.
    pub(super) is_integer: bool,
}

/// A place in a text. Every reader gives back `None` where the text is not what it should be.
#[derive(Debug)]
pub(super) struct DataScanner<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> DataScanner<'t> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space; it is not consumed.
    pub(super) fn next(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.next().is_none()
    }

    pub(super) fn take(&mut self, wanted: u8) -> Option<()> {
        if self.next()? != wanted {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Whether a number or a word may end here.
    fn ends_here(&self) -> bool {
        matches!(self.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
    }

    pub(super) fn word(&mut self, word: &str) -> Option<()> {
        if !self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        self.ends_here().then_some(())
    }

    pub(super) fn string(&mut self) -> Option<Quoted<'t>> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes().get(start..)?;
        let (mut has_escapes, mut is_ascii) = (false, true);
        let mut length = 0;
        loop {
            length += plain_prefix(bytes.get(length..)?);
            match bytes.get(length)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    // escapes are checked when the string is needed
                    length += 1;
                    if bytes.get(length)? < &0x20 {
                        return None;
                    }
                }
                0..=0x1F => return None,
                128.. => is_ascii = false,
                _ => {}
            }
            length += 1;
        }
        self.at = start + length + 1;
        Some(Quoted { raw: self.text.get(start..start + length)?, has_escapes, is_ascii })
    }

    /// A number without exponent.
    pub(super) fn number(&mut self) -> Option<NumberToken<'t>> {
        let rest = self.text.get(self.at..)?;
        let bytes = rest.as_bytes();
        // the offset behind the digits that begin here; there must be one at least
        let behind = |from: usize| {
            let digits = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then_some(from + digits)
        };
        let first = usize::from(bytes.first() == Some(&b'-'));
        let mut end = behind(first)?;
        if bytes.get(first) == Some(&b'0') && end > first + 1 {
            return None;
        }
        let is_integer = bytes.get(end) != Some(&b'.');
        if !is_integer {
            end = behind(end + 1)?;
        }
        self.at += end;
        self.ends_here().then_some(NumberToken { literal: rest.get(..end)?, is_integer })
    }
}
