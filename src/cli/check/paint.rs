//! Colours, where they are wanted.

use std::io::IsTerminal as _;

use super::arguments::Color;

/// A way to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Ink {
    /// What is wrong.
    Error,
    /// What is worth knowing.
    Note,
    /// What is well.
    Good,
    /// Line numbers and frames.
    Frame,
    /// What stands out.
    Bold,
}

/// Paints or doesn't.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Paint {
    on: bool,
}

impl Paint {
    /// Decides for standard output: <https://no-color.org>.
    pub(in crate::cli) fn for_stdout(color: Color) -> Self {
        let unwanted = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !unwanted() && std::io::stdout().is_terminal(),
        };
        Self { on }
    }

    /// A text in an ink.
    pub(in crate::cli) fn ink(self, ink: Ink, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Error => "1;31",
            Ink::Note => "1;33",
            Ink::Good => "1;32",
            Ink::Frame => "1;34",
            Ink::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A text that can't steer a terminal: control characters other than the line feed are replaced.
pub(in crate::cli) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
