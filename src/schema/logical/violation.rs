use std::fmt;

use super::rule::EngineRule;

/// One place where a logical type, or a change of it, breaks a rule of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub rule: EngineRule,
    /// The column: names joined by dots, `[]` for elements, `{key}` and `{}` for the keys and values of maps; empty for the root.
    pub path: String,
    pub message: String,
    /// Offset of the nearest declaration around it in the text of the type that reads, or that is judged alone.
    pub reader_at: Option<u32>,
    /// The same in the text of the type that wrote.
    pub writer_at: Option<u32>,
}

/// What was found, up to what anyone would read: long names must not be repeated without end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    pub list: Vec<Violation>,
    /// How many more there are, at least.
    pub left_out: usize,
    bytes: usize,
}

/// Violations that are listed, and bytes of their texts.
const MAX_LISTED: usize = 1_000;
const MAX_BYTES: usize = 256 << 10;

impl Violations {
    pub(super) fn add(&mut self, path: &str, make: impl FnOnce() -> Violation) {
        self.bytes = self.bytes.saturating_add(path.len() + 100);
        if self.list.is_empty() || (self.list.len() < MAX_LISTED && self.bytes <= MAX_BYTES) {
            self.list.push(make());
        } else {
            self.left_out += 1;
        }
    }

    /// One line for each, as Confluent prints them.
    pub fn text(&self) -> String {
        let mut lines: Vec<String> = self.list.iter().map(ToString::to_string).collect();
        if self.left_out > 0 {
            lines.push(format!("{{truncated: 'at least {} more differences'}}", self.left_out));
        }
        lines.join("\n")
    }
}

/// As Confluent prints it.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule.as_str();
        if self.path.is_empty() {
            return write!(f, "{rule}: {}", self.message);
        }
        write!(f, "{rule} at '{}': {}", self.path, self.message)
    }
}
