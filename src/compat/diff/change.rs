//! What a change is.

use std::fmt;

use crate::schema::Position;
use crate::schema::outline::{Declaration, DeclarationKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
    Renamed,
    Moved,
    /// The parts are the same, in another order.
    Reordered,
}

impl ChangeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Reordered => "reordered",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// What has changed.
    pub declaration: DeclarationKind,
    /// Its path in the new schema; in the old one, where it has been removed.
    pub path: String,
    /// Its path in the old schema, where it had another one.
    pub old_path: Option<String>,
    /// What about it has changed: `type`, `kind`, or a word of the format, such as `default`.
    pub what: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// Declarations inside that came or went with it.
    pub inside: usize,
    pub old: Option<Position>,
    pub new: Option<Position>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "" } else { &self.path };
        write!(f, "{}", self.declaration.word())?;
        if !path.is_empty() {
            write!(f, " {path}")?;
        }
        let value = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"));
        match self.kind {
            ChangeKind::Added | ChangeKind::Removed => write!(f, " {}", self.kind.word())?,
            ChangeKind::Renamed => write!(f, " renamed from {}", self.old_path.as_deref().unwrap_or(""))?,
            ChangeKind::Moved => write!(f, " moved from {}", self.old_path.as_deref().unwrap_or(""))?,
            ChangeKind::Reordered => f.write_str(": same parts in another order")?,
            ChangeKind::Changed => {
                let what = self.what.as_deref().unwrap_or("");
                write!(f, ": {what} changed from {} to {}", value(&self.from), value(&self.to))?;
            }
        }
        match self.inside {
            0 => Ok(()),
            1 => f.write_str(", with the one declaration inside"),
            more => write!(f, ", with the {more} declarations inside"),
        }
    }
}

/// What changed between two schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub changes: Vec<Change>,
    /// False where there were more, or a schema declares more than is compared.
    pub is_whole: bool,
}

/// A change without places.
pub(super) fn change(kind: ChangeKind, of: &Declaration) -> Change {
    Change {
        kind,
        declaration: of.kind,
        path: of.path.clone(),
        old_path: None,
        what: None,
        from: None,
        to: None,
        inside: 0,
        old: None,
        new: None,
    }
}
