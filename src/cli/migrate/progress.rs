//! How far things are: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::say;
use crate::cli::check::InputError;

/// Versions between two lines.
const SAY_EVERY: usize = 1000;

pub(super) struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `what` is done with `total` versions: `read`, `copied`.
    pub(super) fn new(what: &'static str, total: usize) -> Self {
        let bar = (total > 0 && std::io::stderr().is_terminal()).then(|| {
            let style =
                ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} versions, {per_sec}, {eta} left");
            let bar = ProgressBar::new(total as u64).with_message(what);
            style.map_or(bar.clone(), |style| bar.with_style(style))
        });
        Self { what, total, done: 0, bar }
    }

    /// So many more.
    pub(super) fn step(&mut self, more: usize) -> Result<(), InputError> {
        let before = self.done / SAY_EVERY;
        self.done += more;
        match &self.bar {
            Some(bar) => bar.inc(more as u64),
            None if self.done / SAY_EVERY > before => {
                say(&format!("{} {} of {} versions", self.what, self.done, self.total))?;
            }
            None => {}
        }
        Ok(())
    }
}

impl Drop for Progress {
    /// What is said next begins on a line of its own.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
