//! Patterns inside the `jsonschema` crate.
//!
//! Its engine knows ECMA-262 only. So `pattern` is replaced by a custom keyword, and keys of `patternProperties` are respelled
//! where necessary.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{FancyRegex, Keyword, PatternOptions, ValidationError};
use serde_json::Value as Tree;

use super::budget::pay;
use super::pattern_keys::is_plain;
use crate::schema::json_schema::pattern::{self, BACKTRACK_LIMIT, Compiled, LARGE, SMALL, to_ecma};
use crate::schema::meter;

/// Large patterns that one schema may have. They cost some 50 ms each to compile, and hold 5 MB.
const MAX_LARGE: usize = 8;

/// The patterns of one schema, each compiled once.
#[derive(Default)]
pub(super) struct Patterns {
    compiled: Mutex<HashMap<String, Option<Arc<Compiled>>>>,
    large: AtomicUsize,
    unusable: AtomicBool,
    /// Bytes that the compiled ones hold.
    weight: AtomicUsize,
}

impl Patterns {
    /// Whether there are patterns that no engine runs.
    pub(super) fn has_unusable(&self) -> bool {
        self.unusable.load(Ordering::Relaxed)
    }

    pub(super) fn weight(&self) -> usize {
        self.weight.load(Ordering::Relaxed)
    }

    /// Tries the small size first, the large one a limited number of times.
    fn sized<T>(&self, attempt: impl Fn(usize) -> Option<T>) -> Option<T> {
        let weighed = |size| {
            let weight = Compiled::weight(size);
            meter::reserve(weight).ok()?;
            let found = attempt(size);
            if found.is_some() {
                self.weight.fetch_add(weight, Ordering::Relaxed);
            } else {
                meter::release(weight);
            }
            found
        };
        let may_be_large = || self.large.fetch_add(1, Ordering::Relaxed) < MAX_LARGE;
        let found = weighed(SMALL).or_else(|| may_be_large().then(|| weighed(LARGE)).flatten());
        if found.is_none() {
            self.unusable.store(true, Ordering::Relaxed);
        }
        found
    }

    /// The keyword `pattern` with this text.
    pub(super) fn keyword(&self, text: &str) -> PatternKeyword {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || self.sized(|size| Compiled::new(text, size).map(Arc::new));
        let compiled = compiled.entry(text.to_owned()).or_insert_with(compile).clone();
        PatternKeyword { text: text.to_owned(), compiled }
    }

    /// Another spelling for a key of `patternProperties` that the crate can't compile as it is. One that no engine runs becomes a key
    /// that is found in no name.
    pub(super) fn respell(&self, key: &str, number: usize) -> Option<String> {
        if is_plain(key) {
            return None;
        }
        let plain = to_ecma(key);
        let spelling = self.sized(|size| [key, &plain].into_iter().find(|key| works(key, size)).map(str::to_owned));
        match spelling {
            Some(spelling) => Some(spelling).filter(|spelling| spelling != key),
            None => Some(format!("(?!)(?:{number})")),
        }
    }
}

/// Options for the patterns the crate runs itself.
pub(super) fn options(size_limit: usize) -> PatternOptions<FancyRegex> {
    PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT).size_limit(size_limit).dfa_size_limit(SMALL)
}

fn works(key: &str, size_limit: usize) -> bool {
    let Ok(_memory) = pattern::afford_compiling(key, size_limit) else { return false };
    let mut patterns = serde_json::Map::new();
    patterns.insert(key.to_owned(), Tree::Bool(true));
    let schema = serde_json::json!({ "patternProperties": patterns });
    jsonschema::draft7::options().with_pattern_options(options(size_limit)).build(&schema).is_ok()
}

/// `pattern`, run by `pattern::Compiled`. A document is not valid if the pattern can't be run: it was not checked.
pub(super) struct PatternKeyword {
    text: String,
    compiled: Option<Arc<Compiled>>,
}

impl PatternKeyword {
    fn judge(&self, instance: &Tree) -> Result<(), String> {
        let Some(text) = instance.as_str() else { return Ok(()) };
        let Some(compiled) = &self.compiled else {
            return Err(format!("the pattern \"{}\" can't be run here, so nothing satisfies it", self.text));
        };
        let Ok(found) = compiled.found_in(text, pay);
        match found {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{instance} does not match \"{}\"", self.text)),
            Err(reason) => Err(reason),
        }
    }
}

impl<'i> Keyword<'i> for PatternKeyword {
    fn validate(&self, instance: &'i Tree) -> Result<(), ValidationError<'i>> {
        self.judge(instance).map_err(ValidationError::custom)
    }

    fn is_valid(&self, instance: &'i Tree) -> bool {
        self.judge(instance).is_ok()
    }
}
