//! What is valid and still worth a second look: rules that `accordant lint` holds schemas to. Pure text in, findings out.

use super::position::Position;
use crate::types::SchemaType;

/// How much a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Off,
    Warn,
    Error,
}

impl Severity {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// A rule, with what its page says.
#[derive(Debug, Clone, Copy)]
pub struct LintRule {
    pub id: &'static str,
    pub schema_type: SchemaType,
    /// How much it counts where nobody says.
    pub default: Severity,
    pub why: &'static str,
    pub fix: &'static str,
    /// Whether `--fix` does it.
    pub is_fixable: bool,
    /// A text that breaks it; of rules about changes, one that does so after `before`.
    pub bad: &'static str,
    /// The same without fault.
    pub good: &'static str,
    /// The earlier version, of rules about changes.
    pub before: Option<&'static str>,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintFinding {
    pub rule: &'static str,
    /// The declaration: a full name, a JSON pointer.
    pub path: String,
    pub position: Option<Position>,
    pub message: String,
    pub edit: Option<Edit>,
}

/// A change of the text that can't do harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// In bytes.
    pub offset: usize,
    /// What is put in there.
    pub insert: String,
}

/// The text with the edits of all findings.
pub fn fixed(text: &str, findings: &[LintFinding]) -> String {
    let mut edits: Vec<&Edit> = findings.iter().filter_map(|finding| finding.edit.as_ref()).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.offset));
    let mut out = text.to_owned();
    for edit in edits {
        if out.is_char_boundary(edit.offset) {
            out.insert_str(edit.offset, &edit.insert);
        }
    }
    out
}

/// `PascalCase`, as far as one can tell.
pub(crate) fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_uppercase()) && !name.contains('_')
}

/// `lower_snake_case`.
pub(crate) fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_lowercase() || c == '_') && !name.contains(char::is_uppercase)
}

/// `camelCase`.
pub(crate) fn is_camel(name: &str) -> bool {
    name.starts_with(char::is_lowercase) && !name.contains('_')
}
