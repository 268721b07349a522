//! Searching texts with patterns that somebody has sent, for a price that is known beforehand.
//!
//! Engines without backtracking take time in proportion to the text, as long as few ways through the pattern are open at once. Where many
//! are, as in `[ab]*a[ab]{1000}c`, they take it in proportion to text and program: 3 s for 400 KB. Which of the two it is shows an automaton
//! that is built while it runs, and gives up when it grows too large.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::{Input, MatchErrorKind};

use super::meter::{self, Exhausted, ReservedMemory};

/// What the crates take for a pattern, before any limit of theirs on the result comes into play; measured with the patterns that take
/// the most.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Bytes of memory for a byte of the pattern.
    byte: usize,
    /// For each repetition.
    repetition: usize,
}

/// To read the syntax.
pub(crate) const READING: Cost = Cost { byte: 1_000, repetition: 0 };
/// To compile it as well.
pub(crate) const COMPILING: Cost = Cost { byte: 1_000, repetition: 20_000 };
/// For a class of Unicode characters, and for one without regard to case.
const CLASS: usize = 6_000;
const FOLDED_CLASS: usize = 72_000;

/// Charges for a pattern that is about to be read or compiled, and reserves the memory for the time being.
pub(crate) fn afford(pattern: &str, cost: Cost) -> Result<ReservedMemory, Exhausted> {
    let classes = pattern.bytes().zip(pattern.bytes().skip(1)).filter(|pair| matches!(pair, (b'\\', b'p' | b'P'))).count();
    let repetitions = pattern.bytes().filter(|byte| b"*+?{".contains(byte)).count();
    // a group in the middle can have the flag as well
    let class = if pattern.contains("(?") { FOLDED_CLASS } else { CLASS };
    // a microsecond for each thousand bytes, at worst
    let bytes = (pattern.len() * cost.byte).saturating_add(classes * class).saturating_add(repetitions * cost.repetition);
    meter::charge_for(bytes / 50)?;
    meter::reserve_for_now(bytes)
}

/// Bytes of text, each with so many bytes of a program, that an engine gets done in a microsecond at worst.
const PER_MICROSECOND: u64 = 10_000;
/// Bytes of text that any engine is through with in a microsecond.
const PLAIN: u64 = 32;
/// Microseconds up to which the worst case is simply paid.
const CHEAP: u64 = 4;
/// Bytes that an automaton may grow to, and those that it grows by in a microsecond.
const GROWN: usize = 1 << 20;
const GROWTH: usize = 256;
/// Bytes of its program that are built in a microsecond.
const BUILT: usize = 200;
/// Bytes up to which what it has grown to is kept for the next search, beside half its program.
const KEPT: usize = 256 << 10;

/// What searches with one pattern take.
#[derive(Debug)]
pub(crate) struct SearchPrice {
    pattern: Box<str>,
    /// Bytes of its program, at most.
    program: usize,
    automaton: OnceLock<Option<Box<SearchAutomaton>>>,
}

impl SearchPrice {
    pub(crate) fn new(pattern: &str, program: usize) -> Self {
        Self { pattern: pattern.into(), program, automaton: OnceLock::new() }
    }

    /// Pays, in microseconds, for a search in `text`. Whether the pattern is found there, if that is known by then; else the engine may
    /// be asked.
    ///
    /// # Errors
    /// Those of `pay`.
    pub(crate) fn settle<E>(&self, text: &str, pay: impl Fn(u64) -> Result<(), E>) -> Result<Option<bool>, E> {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let worst = length.saturating_mul(u64::try_from(self.program).unwrap_or(u64::MAX)) / PER_MICROSECOND;
        pay(length / PLAIN + 1)?;
        if worst > CHEAP {
            if self.automaton.get().is_none() {
                pay(u64::try_from(self.program / BUILT).unwrap_or(u64::MAX))?;
            }
            let automaton = self.automaton.get_or_init(|| SearchAutomaton::new(&self.pattern, self.program).map(Box::new));
            if let Some((found, grown)) = automaton.as_ref().map(|automaton| automaton.is_match(text)) {
                pay(u64::try_from(grown / GROWTH).unwrap_or(u64::MAX))?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        pay(worst)?;
        Ok(None)
    }
}

#[derive(Debug)]
struct SearchAutomaton {
    dfa: DFA,
    cache: Mutex<Option<Cache>>,
    kept: usize,
    /// It has grown too large once.
    is_unruly: AtomicBool,
}

impl SearchAutomaton {
    fn new(pattern: &str, program: usize) -> Option<Self> {
        let thompson = thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(program));
        let bounded = DFA::config()
            .unicode_word_boundary(true)
            .cache_capacity(GROWN)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder().thompson(thompson).configure(bounded).build(pattern).ok()?;
        Some(Self { dfa, cache: Mutex::new(None), kept: KEPT + program / 2, is_unruly: AtomicBool::new(false) })
    }

    /// Whether the pattern is found, if that is found out, and by how many bytes the automaton has grown.
    fn is_match(&self, text: &str) -> (Option<bool>, usize) {
        if self.is_unruly.load(Ordering::Relaxed) {
            return (None, 0);
        }
        let kept = self.cache.lock().unwrap_or_else(PoisonError::into_inner).take();
        let before = kept.as_ref().map_or(0, Cache::memory_usage);
        let mut cache = kept.unwrap_or_else(|| self.dfa.create_cache());
        let found = self.dfa.try_search_fwd(&mut cache, &Input::new(text).earliest(true));
        let grown = cache.memory_usage().saturating_sub(before);
        match &found {
            Err(error) if matches!(error.kind(), MatchErrorKind::GaveUp { .. }) => self.is_unruly.store(true, Ordering::Relaxed),
            _ if cache.memory_usage() <= self.kept => {
                *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = Some(cache);
            }
            _ => {}
        }
        (found.ok().map(|found| found.is_some()), grown)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::SearchPrice;

    fn settled(pattern: &str, program: usize, text: &str) -> (Option<bool>, u64) {
        let paid = Cell::new(0);
        let pay = |units| {
            paid.set(paid.get() + units);
            Ok::<(), ()>(())
        };
        (SearchPrice::new(pattern, program).settle(text, pay).unwrap(), paid.get())
    }

    #[test]
    fn a_search_with_one_way_open_is_paid_by_the_length_of_the_text() {
        let text = "a".repeat(100_000);
        for (pattern, is_found) in [("^a+$", true), ("^a+b$", false), ("^[\\p{L}\\p{N} ]{1,100}$", false)] {
            let (found, paid) = settled(pattern, 10 << 20, &text);
            assert_eq!(found, Some(is_found), "{pattern}");
            assert!(paid < 100_000, "{pattern}: {paid}");
        }
    }

    #[test]
    fn a_search_with_many_ways_open_is_paid_by_text_and_program() {
        let mut seed = 1_u32;
        let mut letter = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if seed >> 31 == 0 { 'a' } else { 'b' }
        };
        let text: String = (0..100_000).map(|_| letter()).collect();
        let (found, paid) = settled("[ab]*a[ab]{1000}c", 64 << 10, &text);
        assert_eq!(found, None);
        assert!(paid > 600_000, "{paid}");
    }

    #[test]
    fn little_is_paid_at_its_worst_and_left_to_the_engine() {
        assert_eq!(settled("^a+$", 1 << 10, "aaa"), (None, 1));
    }
}
