//! `accordant migrate-database`: what a start would do to the database, done or shown without serving.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::check::style::print;
use super::exit::Exit;
use super::{CommandFailure, database, serve};
use crate::config::Settings;
use crate::http::Metrics;
use crate::store::{MigrationState, StoreError, postgres, sqlite};

const DRY_RUN: &str = "dry-run";

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let dry_run = Arg::new(DRY_RUN).long(DRY_RUN).action(ArgAction::SetTrue);
    Command::new("migrate-database")
        .about("Bring the database to this release, as a start does, without serving")
        .arg(dry_run.help("Only say what would be applied"))
        .args(settings)
        .after_help(
            "Exit codes: 0 done, or nothing to do; with --dry-run 3 when there is something to do. 4, 5 and 6 as those of `serve`.",
        )
}

pub(super) fn run(settings: &Settings, asked: &ArgMatches) -> Result<Exit, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    runtime.block_on(async {
        let before = state(settings).await?;
        if let (Some(found), known) = (before.newer(), before.latest_known()) {
            return Err(serve::unusable(&StoreError::Newer { found, known }));
        }
        let pending = before.pending();
        let is_dry = asked.get_flag(DRY_RUN);
        if !is_dry {
            let store = serve::open(settings, &Metrics::new(std::iter::empty())).await?;
            store.close().await;
        }
        let mut text = String::new();
        for migration in &pending {
            let done = if is_dry { "would be applied" } else { "applied" };
            // a String takes everything
            let _ = writeln!(text, "{:04} {}: {done}", migration.version, migration.description);
        }
        if pending.is_empty() {
            let _ = writeln!(text, "nothing to do: the database has all migrations, up to {}", before.latest_known());
        }
        print(&text).map_err(|line| (Exit::Usage, line))?;
        Ok(if is_dry && !pending.is_empty() { Exit::Changes } else { Exit::Success })
    })
}

async fn state(settings: &Settings) -> Result<MigrationState, CommandFailure> {
    let failed = |error: StoreError| serve::unusable(&error);
    let url = &settings.database;
    if let Some(path) = database::sqlite_path(url)? {
        return sqlite::inspect(&path, false).await.map(|found| found.migrations).map_err(failed);
    }
    if database::is_postgres(url) {
        let found = postgres::inspect(serve::postgres_options(settings)).await;
        return found.map(|found| found.migrations).map_err(failed);
    }
    Err(database::unknown(url))
}
