//! Why there is no verdict.

use std::fmt;

use crate::schema::{Position, SchemaError, Stage};

/// Something that keeps a command from answering: exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct InputError {
    /// The file it is about, as the user calls it.
    pub(in crate::cli) file: Option<String>,
    /// Where in that file.
    pub(in crate::cli) at: Option<Position>,
    /// What is wrong.
    pub(in crate::cli) message: String,
    /// A name in the file stands for nothing that was found.
    pub(in crate::cli) is_unresolved: bool,
}

impl InputError {
    /// About no file in particular.
    pub(in crate::cli) fn new(message: impl Into<String>) -> Self {
        Self { file: None, at: None, message: message.into(), is_unresolved: false }
    }

    /// About a file as a whole.
    pub(in crate::cli) fn of(file: &str, message: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), ..Self::new(message) }
    }

    pub(in crate::cli) fn refused(file: &str, error: &SchemaError) -> Self {
        Self { at: error.position, is_unresolved: error.stage == Stage::Resolve, ..Self::of(file, &*error.message) }
    }
}

/// One line: `file:line:column: message`.
impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some(at) = self.at {
                write!(f, "{}:{}:", at.line, at.column)?;
            }
            f.write_str(" ")?;
        }
        let mut words = self.message.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        f.write_str(words.next().unwrap_or(""))?;
        words.try_for_each(|line| write!(f, " {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::InputError;
    use crate::schema::Position;

    #[test]
    fn it_is_one_line() {
        let at = Position { offset: 0, line: 3, column: 7 };
        let error = InputError { at: Some(at), ..InputError::of("a.avsc", "first\r\n  second\n") };
        assert_eq!(error.to_string(), "a.avsc:3:7: first second");
        assert_eq!(InputError::new("no").to_string(), "no");
    }
}
