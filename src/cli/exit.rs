//! Exit codes.

use std::process::ExitCode;

/// Why the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well; for checks: compatible.
    Success = 0,
    /// A check's verdict was no.
    Refused = 1,
    /// The command line, the configuration or an input can't be used.
    Usage = 2,
    /// The address can't be listened on.
    Listen = 3,
    /// The database can't be reached or opened.
    Database = 4,
    /// The database was written by a newer release.
    NewerDatabase = 5,
    /// Another process owns the SQLite file.
    DatabaseInUse = 6,
    /// `plan`, `drift`, `diff` and `migrate-database --dry-run`: there are changes. The code is 3, as it is for `Listen`: no command has both.
    Changes = 7,
}

/// The list for `--help`.
pub(super) const HELP: &str = "\
Exit codes:
  0  done; for checks: compatible or valid
  1  a check's verdict was no
  2  the command line, the configuration or an input can't be used
  3  the address can't be listened on; of plan, drift, diff and migrate-database --dry-run: there are changes
  4  the database can't be reached or opened
  5  the database was written by a newer release
  6  another process owns the SQLite file";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(if exit == Exit::Changes { 3 } else { exit as u8 })
    }
}
