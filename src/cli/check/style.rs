//! Styles of the reports for people. Texts are styled always; whether the styles reach the output is decided where it is written.

use std::io::Write as _;

use anstream::{AutoStream, ColorChoice};

use super::arguments::Color;

/// Escape sequences: Select Graphic Rendition (ECMA-48, 8.3.117).
pub(in crate::cli) const ERROR: &str = "\u{1b}[1;31m";
pub(in crate::cli) const NOTE: &str = "\u{1b}[1;33m";
pub(in crate::cli) const GOOD: &str = "\u{1b}[1;32m";
/// Line numbers and frames.
pub(in crate::cli) const FRAME: &str = "\u{1b}[1;34m";
pub(in crate::cli) const BOLD: &str = "\u{1b}[1m";

pub(in crate::cli) fn styled(style: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}\u{1b}[0m") }
}

/// A text that can't steer a terminal: control characters other than the line feed are replaced.
pub(in crate::cli) fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Writes a text without styles to standard output.
pub(in crate::cli) fn print(text: &str) -> Result<(), String> {
    print_styled(text, Color::Always)
}

/// Writes to standard output, with styles where they are wanted: by the terminal, `NO_COLOR` and the like under `Color::Auto`.
/// A reader that has gone away is no failure: the exit code still has the verdict.
pub(in crate::cli) fn print_styled(text: &str, color: Color) -> Result<(), String> {
    let choice = match color {
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
        Color::Auto => ColorChoice::Auto,
    };
    let mut out = AutoStream::new(std::io::stdout().lock(), choice);
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
