//! What came out of checking many schemas.

use crate::cli::check::input_error::InputError;
use crate::cli::check::outcome::CheckOutcome;
use crate::types::SchemaType;

/// What became of one schema.
#[derive(Debug)]
pub(in crate::cli) enum Fate {
    /// The same text, and everything that it refers to too.
    Unchanged,
    /// There is no earlier version.
    New,
    /// Compared with earlier versions.
    Compared(Box<CheckOutcome>),
    /// No schema can be made of it.
    Invalid(InputError),
    /// It was there earlier.
    Removed,
}

/// A schema that was looked at.
#[derive(Debug)]
pub(in crate::cli) struct JudgedSchema {
    /// What the user calls it.
    pub(in crate::cli) name: String,
    /// The same for programs.
    pub(in crate::cli) location: String,
    /// The text, where it could be read.
    pub(in crate::cli) text: String,
    pub(in crate::cli) schema_type: Option<SchemaType>,
    pub(in crate::cli) fate: Fate,
    /// What people should know beside.
    pub(in crate::cli) remarks: Vec<String>,
}

impl JudgedSchema {
    pub(in crate::cli) fn is_refused(&self) -> bool {
        match &self.fate {
            Fate::Compared(outcome) => !outcome.is_compatible(),
            Fate::Invalid(_) => true,
            Fate::Unchanged | Fate::New | Fate::Removed => false,
        }
    }

    /// One word for the list.
    pub(in crate::cli) fn word(&self) -> &'static str {
        match &self.fate {
            Fate::Unchanged => "unchanged",
            Fate::New => "new",
            Fate::Compared(outcome) if outcome.is_compatible() => "compatible",
            Fate::Compared(_) => "incompatible",
            Fate::Invalid(_) => "invalid",
            Fate::Removed => "removed",
        }
    }

    /// What there is to say in one line.
    pub(in crate::cli) fn verdict(&self) -> String {
        let name = &self.name;
        match &self.fate {
            Fate::Unchanged => format!("{name} is unchanged"),
            Fate::New => format!("{name} is new and valid"),
            Fate::Compared(outcome) => outcome.verdict(),
            Fate::Invalid(error) => format!("{name} is not valid: {error}"),
            Fate::Removed => format!("{name} is gone"),
        }
    }
}

/// All of them, in the order of their names.
#[derive(Debug)]
pub(in crate::cli) struct FolderReport {
    /// What was compared with.
    pub(in crate::cli) against: String,
    pub(in crate::cli) schemas: Vec<JudgedSchema>,
    /// JSON files that are no schemas.
    pub(in crate::cli) passed_over: usize,
    /// Removed schemas are refused.
    pub(in crate::cli) refuse_removed: bool,
}

impl FolderReport {
    pub(in crate::cli) fn is_refused(&self) -> bool {
        self.schemas.iter().any(|judged| judged.is_refused() || self.is_refused_removal(judged))
    }

    pub(in crate::cli) fn is_refused_removal(&self, judged: &JudgedSchema) -> bool {
        self.refuse_removed && matches!(judged.fate, Fate::Removed)
    }

    pub(in crate::cli) fn outcomes(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.schemas.iter().filter_map(|judged| match &judged.fate {
            Fate::Compared(outcome) => Some(&**outcome),
            _ => None,
        })
    }

    /// How many schemas have a word, for the words that there are.
    pub(in crate::cli) fn counts(&self) -> Vec<(&'static str, usize)> {
        let count = |word: &'static str| (word, self.schemas.iter().filter(|judged| judged.word() == word).count());
        let words = ["incompatible", "invalid", "compatible", "new", "removed", "unchanged"];
        words.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
    }

    /// The last line.
    pub(in crate::cli) fn verdict(&self) -> String {
        let total = self.schemas.iter().filter(|judged| !matches!(judged.fate, Fate::Removed)).count();
        let counts: Vec<String> = self.counts().into_iter().map(|(word, count)| format!("{count} {word}")).collect();
        let schemas = if total == 1 { "1 schema".to_owned() } else { format!("{total} schemas") };
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        format!("{schemas} against {}{counts}", self.against)
    }
}
