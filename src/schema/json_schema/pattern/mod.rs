//! Regular expressions of schemas: which are acceptable, and matching them in bounded time.
//!
//! Schemas have ECMA-262 patterns and, because Confluent's registry runs on Java, Java ones. A pattern is rewritten into the syntax
//! of the `fancy-regex` crate. It is accepted when the rewritten or the original text can be read; matching has a backtracking
//! limit and a size limit, so that no pattern can hold a thread.

mod java;
mod sample;
mod translate;

use fancy_regex::{CompileError, Error, Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;

pub(super) use self::java::to_ecma;
pub(super) use self::sample::{finds, sample};
use self::translate::{PatternUse, translate};
use crate::schema::meter::{self, Exhausted, ReservedMemory};
use crate::schema::search::{COMPILING, READING, SearchPrice, afford};

/// Backtracking steps after which a match is given up.
pub(super) const BACKTRACK_LIMIT: usize = 10_000;
/// Size in bytes that most compiled patterns stay below.
pub(super) const SMALL: usize = 256 << 10;
/// Size in bytes a compiled pattern may have: enough for `^[\p{L}\p{N} ]{1,100}$`, and some 20 ms of work.
pub(super) const LARGE: usize = 10 << 20;
/// Size limit where a pattern is compiled only to see whether it is well-formed.
const LOOK: usize = 32 << 10;

/// Units of work for compiling a pattern that stays small.
const TYPICAL: usize = 2_000;

/// Units of work, here of a microsecond, for a search that may go back to its limit.
const BACKTRACKING: u64 = 400;

/// Longest text that counts as a pattern in data; reading one takes a thousand times its size.
const MAX_IN_DATA: usize = 32 << 10;

/// Whether a text in data is a pattern (`"format": "regex"`).
pub(super) fn acceptable_in_data(text: &str) -> bool {
    text.len() <= MAX_IN_DATA && acceptable(text)
}

/// Whether a schema with this pattern is accepted. Nothing is compiled where reading the syntax settles it.
pub(crate) fn acceptable(pattern: &str) -> bool {
    let Ok(_memory) = afford(pattern, READING) else { return false };
    let rewritten = translate(pattern, PatternUse::Shape);
    if readable(&rewritten) || readable(pattern) {
        return true;
    }
    let Ok(_memory) = afford(pattern, COMPILING) else { return false };
    !reverses_a_count(pattern) && (builds(&rewritten) || builds(pattern))
}

/// `a{2,1}`, which `fancy-regex` does not refuse.
fn reverses_a_count(pattern: &str) -> bool {
    let error = regex_syntax::Parser::new().parse(pattern).err();
    matches!(error, Some(regex_syntax::Error::Parse(error)) if matches!(error.kind(), ErrorKind::RepetitionCountInvalid))
}

fn readable(pattern: &str) -> bool {
    regex_syntax::Parser::new().parse(pattern).is_ok()
}

/// Whether it is well-formed. Patterns that are too large to run are, and those with a look-behind of a length that the engine can't
/// handle.
fn builds(pattern: &str) -> bool {
    let Err(error) = build(pattern, LOOK) else { return true };
    let Error::CompileError(error) = error else { return false };
    match &*error {
        CompileError::InnerError(inner) => inner.size_limit().is_some(),
        CompileError::LookBehindNotConst | CompileError::VariableLookBehindRequiresFeature => true,
        _ => false,
    }
}

fn build(pattern: &str, size_limit: usize) -> Result<Regex, Error> {
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(size_limit)
        .delegate_dfa_size_limit(size_limit)
        .build()
}

/// Charges for compiling a pattern up to this size, and reserves what that takes for the time being.
pub(super) fn afford_compiling(pattern: &str, size_limit: usize) -> Result<ReservedMemory, Exhausted> {
    // what the limit allows takes up to 5 ns a byte
    meter::charge_for(if size_limit > SMALL { size_limit / 10 } else { TYPICAL })?;
    // and some more memory than it allows, which is given back
    let mut memory = meter::reserve_for_now(if size_limit > SMALL { size_limit * 5 / 2 } else { size_limit })?;
    memory.join(afford(pattern, COMPILING)?);
    Ok(memory)
}

/// Bytes that the programs of patterns are tried to be held to, one after the other: searches are paid by it.
const SIZES: [usize; 6] = [1 << 10, 8 << 10, 64 << 10, SMALL, LARGE / 4, LARGE];

#[derive(Debug)]
pub(crate) struct Compiled {
    regex: Box<Regex>,
    /// For a search, where it needs no backtracking.
    price: Option<SearchPrice>,
}

impl Compiled {
    /// Compiles a pattern of at most this size; `None` when no engine can run it.
    pub(crate) fn new(pattern: &str, size_limit: usize) -> Option<Self> {
        let _memory = afford_compiling(pattern, size_limit).ok()?;
        let rewritten = translate(pattern, PatternUse::Run);
        // what is smaller was tried before, or is smaller than the text
        let least = if size_limit > SMALL { SMALL } else { pattern.len().min(SMALL - 1) };
        let sizes = || SIZES.into_iter().filter(|size| *size > least && *size <= size_limit);
        let of = |text: &str| {
            let (program, regex) = sizes().find_map(|size| Some((size, Box::new(build(text, size).ok()?))))?;
            let price = readable(text).then(|| SearchPrice::new(text, program));
            Some(Self { regex, price })
        };
        of(&rewritten).or_else(|| of(pattern))
    }

    /// Whether the pattern is found anywhere in `text`; what that costs is paid in units of about a microsecond at worst. The inner
    /// error is the engine's reason for giving up.
    ///
    /// # Errors
    /// Those of `pay`.
    pub(crate) fn found_in<E>(&self, text: &str, pay: impl Fn(u64) -> Result<(), E>) -> Result<Result<bool, String>, E> {
        match &self.price {
            Some(price) => {
                if let Some(found) = price.settle(text, pay)? {
                    return Ok(Ok(found));
                }
            }
            // each step back may look through some of the text
            None => pay(u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_mul(4).saturating_add(BACKTRACKING))?,
        }
        Ok(self.regex.is_match(text).map_err(|error| error.to_string()))
    }

    /// Bytes held by one whose size is limited like this, roughly.
    pub(crate) fn weight(size_limit: usize) -> usize {
        if size_limit > SMALL { size_limit / 2 } else { 64 << 10 }
    }
}

/// What a search with a pattern costs at worst, apart from the length of the text.
pub(super) fn cost(pattern: &str) -> u64 {
    if readable(&translate(pattern, PatternUse::Run)) { 1 } else { BACKTRACKING }
}

#[cfg(test)]
mod tests {
    use super::{Compiled, acceptable};

    #[test]
    fn java_and_ecma_patterns_are_acceptable_and_broken_ones_are_not() {
        for good in [
            "",
            "a",
            "(a)\\1",
            "^\\p{L}+$",
            "a++",
            "a\\Z",
            "a/b",
            "a\\/b",
            "(?i)abc",
            "(?<y>[0-9]{4})",
            "^(?!x)",
            "\\Qa(b\\E",
            "[[a]",
            "[\\w-.]",
            "\\cA",
            "\\u0041",
            "\\uD83D\\uDE00",
            "[^]",
            "\\_",
            "[a&&b]",
            "\\p{Alpha}",
            "(?>a|b)",
            "((a{0,100}){0,100}){0,100}",
            "\\p{InGreek}",
            "[+--]",
        ] {
            assert!(acceptable(good), "{good}");
        }
        for bad in ["(", "[a", "*a", "a)", "[z-a]", "(?<n", "\\p{Nope}", "a{2,1}"] {
            assert!(!acceptable(bad), "{bad}");
        }
    }

    #[test]
    fn classes_mean_what_ecma_says() {
        for (pattern, text, found) in [
            ("^\\d$", "٣", false),
            ("^\\d$", "3", true),
            ("^[\\w-.]+$", "a-b.c", true),
            ("^[[]$", "[", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\Qa.b\\E", "axb", false),
            ("^\\uD83D\\uDE00$", "😀", true),
            ("^[^]$", "\n", true),
            ("(?i)abc", "xABCx", true),
            ("b", "abc", true),
        ] {
            let compiled = Compiled::new(pattern, super::SMALL).unwrap();
            assert_eq!(compiled.found_in(text, |_| Ok::<(), ()>(())), Ok(Ok(found)), "{pattern} in {text}");
        }
    }
}
