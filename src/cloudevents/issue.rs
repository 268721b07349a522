//! What is wrong with an event.

use std::borrow::Cow;

use serde::Serialize;

/// How strictly an event is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// What the specifications forbid is an error; what they advise against is a warning.
    #[default]
    Default,
    /// What they advise against is an error too.
    Strict,
    /// Only a missing required attribute, unreadable JSON and bad data are errors.
    Lenient,
}

impl Strictness {
    /// Its word in requests and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
            Self::Lenient => "lenient",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Default, Self::Strict, Self::Lenient].into_iter().find(|strictness| strictness.word() == word)
    }
}

/// How bad something is, before a strictness is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueLevel {
    /// A MUST is broken.
    Error,
    /// A SHOULD is broken, or a MUST that senders in the field break: an error in strict mode.
    Breach,
    /// Worth knowing; never an error.
    Note,
}

/// Characters of a value that a report shows.
const SHOWN: usize = 200;
/// Issues of each kind that are kept for one event.
pub(super) const KEPT: usize = 100;

/// One thing that is wrong; in reports, with these keys in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The stable code.
    pub code: Cow<'static, str>,
    #[serde(skip)]
    pub level: IssueLevel,
    /// The attribute it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// JSON pointer into the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The keyword of a JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// JSON pointer of that keyword in the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_pointer: Option<String>,
    /// The address of the text that holds the keyword, when it is a referenced one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// One sentence.
    pub message: String,
    /// The offending value of an attribute, cut; never data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the body, as byte offset.
    #[serde(skip)]
    pub offset: Option<u32>,
    /// The same as line and column, once they have been counted.
    #[serde(flatten)]
    pub position: Option<IssuePosition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IssuePosition {
    pub line: u32,
    pub column: u32,
}

impl Issue {
    /// An issue with a code and a sentence.
    pub fn new(level: IssueLevel, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            level,
            attribute: None,
            message: message.into(),
            value: None,
            pointer: None,
            keyword: None,
            schema_pointer: None,
            schema: None,
            hint: None,
            offset: None,
            position: None,
        }
    }

    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(IssueLevel::Error, code, message)
    }

    /// About an attribute.
    pub fn of(mut self, attribute: &str) -> Self {
        self.attribute = Some(cut(attribute));
        self
    }

    /// With the value that is wrong.
    pub fn value(mut self, value: &str) -> Self {
        self.value = Some(cut(value));
        self
    }

    /// With a place in the body.
    pub fn at(mut self, offset: Option<u32>) -> Self {
        self.offset = offset;
        self
    }

    /// With a place in the data.
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// With advice.
    pub fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Whether it makes the event invalid.
    pub fn fails(&self, strictness: Strictness) -> bool {
        match strictness {
            Strictness::Default => self.level == IssueLevel::Error,
            Strictness::Strict => self.level != IssueLevel::Note,
            Strictness::Lenient => self.level == IssueLevel::Error && self.is_grave(),
        }
    }

    /// Errors in lenient mode too: without an event, or with bad data, nothing is left to be lenient about.
    fn is_grave(&self) -> bool {
        let code = &*self.code;
        let whole =
            ["attribute.missing", "not_a_cloudevent", "envelope.json", "envelope.shape", "envelope.format", "batch.shape"];
        let bounds = ["limit.size", "limit.depth", "limit.time", "limit.work", "limit.memory", "limit.items", "limit.events"];
        code.starts_with("data.") || whole.contains(&code) || bounds.contains(&code)
    }
}

/// A text cut to what a report shows.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// The issues of one event: the first of each kind, so that errors are never crowded out by warnings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issues {
    list: Vec<Issue>,
    errors: usize,
    /// There were more.
    pub truncated: bool,
}

impl Issues {
    /// Adds one.
    pub fn push(&mut self, issue: Issue) {
        let is_error = issue.level == IssueLevel::Error;
        let count = if is_error { self.errors } else { self.list.len() - self.errors };
        if count >= KEPT {
            self.truncated = true;
            return;
        }
        self.errors += usize::from(is_error);
        self.list.push(issue);
    }

    /// Adds several.
    pub fn extend(&mut self, issues: impl IntoIterator<Item = Issue>) {
        issues.into_iter().for_each(|issue| self.push(issue));
    }

    /// All that were kept.
    pub fn list(&self) -> &[Issue] {
        &self.list
    }

    pub(super) fn list_mut(&mut self) -> &mut [Issue] {
        &mut self.list
    }

    /// Whether none makes the event invalid.
    pub fn pass(&self, strictness: Strictness) -> bool {
        !self.list.iter().any(|issue| issue.fails(strictness))
    }

    /// Whether one has this code.
    pub fn has(&self, code: &str) -> bool {
        self.list.iter().any(|issue| issue.code == code)
    }
}
