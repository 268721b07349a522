//! `accordant --version`, and what it says with `--verbose`.

use std::fmt::Write as _;

use super::check::style::print;
use super::exit::Exit;
use crate::store::{postgres, sqlite};

/// The commit that this binary is of, if whoever built it has said so.
pub(super) const COMMIT: &str = match option_env!("BUILD_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Prints the version.
pub(super) fn run(is_verbose: bool) -> Result<Exit, String> {
    let mut text = format!("accordant {}\n", env!("CARGO_PKG_VERSION"));
    if is_verbose {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("threads can't be started: {error}"))?;
        let sqlite_version = runtime.block_on(sqlite::library_version()).map_err(|error| error.to_string())?;
        let features = match env!("BUILD_FEATURES") {
            "" => "none",
            features => features,
        };
        let lines = [
            ("commit", COMMIT.to_owned()),
            ("build", format!("{} for {}", env!("BUILD_PROFILE"), env!("BUILD_TARGET"))),
            ("compiler", env!("BUILD_RUSTC").to_owned()),
            ("features", features.to_owned()),
            ("SQLite", format!("{sqlite_version}, migrations up to {}", sqlite::latest_migration())),
            ("Postgres", format!("migrations up to {}", postgres::latest_migration())),
        ];
        for (name, value) in lines {
            // a String takes everything
            let _ = writeln!(text, "  {name:9} {value}");
        }
    }
    print(&text).map(|()| Exit::Success).map_err(|line| format!("can't write: {line}"))
}
