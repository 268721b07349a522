//! The words under which subjects and schemas are found.
//!
//! A word is a run of letters and digits, in small letters. A name with several parts (`customer_id`, `customerId`) has each of them as a
//! word, and all of them as one, so that it is found however it is written.

use std::collections::HashSet;

use super::Subject;

/// Characters of a word: longer ones are cut.
const MAX_WORD: usize = 40;

/// Where in a schema a word stands, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordPlace {
    /// Names of records, messages and other types.
    Names,
    /// Names of fields, properties and symbols.
    Fields,
    /// Tags and metadata.
    Labels,
    /// Descriptions.
    Texts,
}

impl WordPlace {
    pub const ALL: [Self; 4] = [Self::Names, Self::Fields, Self::Labels, Self::Texts];

    /// How many words of a schema are kept at most.
    fn limit(self) -> usize {
        match self {
            Self::Fields => 400,
            Self::Names | Self::Texts => 150,
            Self::Labels => 100,
        }
    }
}

/// Distinct words in the order in which they were met, up to a limit.
#[derive(Debug, Clone)]
pub struct WordSet {
    words: Vec<String>,
    known: HashSet<String>,
    limit: usize,
}

impl WordSet {
    fn new(limit: usize) -> Self {
        Self { words: Vec::new(), known: HashSet::new(), limit }
    }

    pub fn is_full(&self) -> bool {
        self.words.len() >= self.limit
    }

    /// The words of a name, and its parts.
    pub fn add_name(&mut self, name: &str) {
        for run in name.split(|c: char| !is_name(c)).filter(|run| !run.is_empty()) {
            if self.is_full() {
                return;
            }
            let parts = parts(run);
            let whole: String = parts.concat();
            let is_one = parts.len() == 1;
            self.add(&whole);
            parts.iter().filter(|_| !is_one).for_each(|part| self.add(part));
        }
    }

    /// The words of a text.
    pub fn add_text(&mut self, text: &str) {
        for word in text.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()) {
            if self.is_full() {
                return;
            }
            self.add(&lower(word));
        }
    }

    fn add(&mut self, word: &str) {
        let word: String = word.chars().take(MAX_WORD).collect();
        if !word.is_empty() && !self.is_full() && !self.known.contains(&word) {
            self.known.insert(word.clone());
            self.words.push(word);
        }
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }
}

/// Databases end words at other characters: so those that any of them might end one at are no letters here.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
}

fn is_name(c: char) -> bool {
    is_letter(c) || c == '_'
}

fn lower(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter(|c| is_letter(*c)).collect()
}

/// The parts of a name, in small letters: at underscores, and where small letters end.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for run in name.split('_').filter(|run| !run.is_empty()) {
        let mut part = String::new();
        let mut was_small = false;
        for c in run.chars() {
            if c.is_uppercase() && was_small {
                parts.push(lower(&std::mem::take(&mut part)));
            }
            was_small = c.is_lowercase() || c.is_numeric();
            part.push(c);
        }
        parts.push(lower(&part));
    }
    parts
}

/// The words of a schema by where they stand.
#[derive(Debug, Clone)]
pub struct SchemaWords {
    sets: [WordSet; 4],
}

impl Default for SchemaWords {
    fn default() -> Self {
        Self { sets: WordPlace::ALL.map(|place| WordSet::new(place.limit())) }
    }
}

impl SchemaWords {
    pub fn at(&self, place: WordPlace) -> &WordSet {
        let [names, fields, labels, texts] = &self.sets;
        match place {
            WordPlace::Names => names,
            WordPlace::Fields => fields,
            WordPlace::Labels => labels,
            WordPlace::Texts => texts,
        }
    }

    pub fn at_mut(&mut self, place: WordPlace) -> &mut WordSet {
        let [names, fields, labels, texts] = &mut self.sets;
        match place {
            WordPlace::Names => names,
            WordPlace::Fields => fields,
            WordPlace::Labels => labels,
            WordPlace::Texts => texts,
        }
    }
}

/// The words of a subject, its context included.
pub fn words_of_subject(subject: &Subject) -> Vec<String> {
    let mut words = WordSet::new(60);
    words.add_name(&subject.qualified());
    words.words
}

/// The words of what somebody searches for, at most so many.
pub fn words_of_query(query: &str, limit: usize) -> Vec<String> {
    let mut words = WordSet::new(limit);
    words.add_text(query);
    words.words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let words = |name: &str| {
            let mut words = WordSet::new(20);
            words.add_name(name);
            words.words
        };
        assert_eq!(words("customer_id"), ["customerid", "customer", "id"]);
        assert_eq!(words("customerId"), ["customerid", "customer", "id"]);
        assert_eq!(words("com.acme.OrderLine"), ["com", "acme", "orderline", "order", "line"]);
        assert_eq!(words("Größe2Maß"), ["größe2maß", "größe2", "maß"]);
        assert_eq!(words("___"), Vec::<String>::new());
    }

    #[test]
    fn words_are_as_many_and_as_long_as_they_may_be() {
        let mut words = WordSet::new(2);
        words.add_text(&format!("{} b c", "x".repeat(5000)));
        assert_eq!(words.words, ["x".repeat(MAX_WORD), "b".to_owned()]);
    }
}
