//! Patterns of `matches`.

use crate::schema::meter::{self, Exhausted};
use crate::schema::search::{COMPILING, SearchPrice, afford};

/// Units of a microsecond.
const MICROSECOND: u64 = 20;
/// Bytes that a pattern may take. Most are content with the first size.
pub(super) const PATTERN_BYTES: usize = 1 << 20;
const PATTERN_SIZES: [usize; 4] = [1 << 10, 16 << 10, 128 << 10, PATTERN_BYTES];
/// Bytes of a program that are made for a unit of work.
const BYTES_PER_UNIT: usize = 10;

/// A pattern of `matches`.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: regex::Regex,
    price: SearchPrice,
}

impl Pattern {
    /// The inner error says why it is none.
    ///
    /// # Errors
    /// The request has spent what it may.
    pub(super) fn prepare(pattern: &str) -> Result<Result<Self, String>, Exhausted> {
        let _memory = afford(pattern, COMPILING)?;
        for size in PATTERN_SIZES {
            meter::charge_for(size / BYTES_PER_UNIT)?;
            let built = regex::RegexBuilder::new(pattern).size_limit(size).dfa_size_limit(PATTERN_BYTES).nest_limit(50).build();
            match built {
                Ok(regex) => return Ok(Ok(Self { regex, price: SearchPrice::new(pattern, size) })),
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(other) => {
                    let text = other.to_string();
                    let reason = text.lines().last().unwrap_or("it is no pattern").trim_start_matches("error: ");
                    return Ok(Err(reason.to_owned()));
                }
            }
        }
        Ok(Err(format!("the pattern takes more than {PATTERN_BYTES} bytes")))
    }

    /// # Errors
    /// The request has spent what it may.
    pub(super) fn is_found_in(&self, text: &str) -> Result<bool, Exhausted> {
        let found = self.price.settle(text, |units| meter::charge(units.saturating_mul(MICROSECOND)))?;
        Ok(found.unwrap_or_else(|| self.regex.is_match(text)))
    }
}
