//! Styles of the reports for people. Texts are styled always; whether the styles reach the output is decided where it is written.

use std::io::Write as _;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::arguments::Color;

pub(in crate::cli) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(in crate::cli) const NOTE: Style = AnsiColor::Yellow.on_default().bold();
pub(in crate::cli) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Line numbers and frames.
pub(in crate::cli) const FRAME: Style = AnsiColor::Blue.on_default().bold();
pub(in crate::cli) const BOLD: Style = Style::new().bold();

pub(in crate::cli) fn styled(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
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
