//! `accordant backup`: a copy of the `SQLite` database, also while a server works with it.

use std::path::Path;

use clap::{Arg, ArgMatches, Command};

use super::exit::Exit;
use super::{Failure, database};
use crate::config::Settings;
use crate::store::sqlite;

const FILE: &str = "FILE";

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let file = Arg::new(FILE).required(true).help("The copy, which must not exist yet");
    let about = "Copy the SQLite database to a file, also while a server works with it";
    Command::new("backup").about(about).arg(file).args(settings)
}

#[expect(clippy::print_stdout, reason = "what the command says")]
pub(super) fn run(settings: &Settings, asked: &ArgMatches) -> Result<(), Failure> {
    let to = asked.get_one::<String>(FILE).map_or("", String::as_str);
    let Some(from) = database::sqlite_path(&settings.database)? else {
        return Err((Exit::Usage, "backup: the database is not SQLite; Postgres has pg_dump".to_owned()));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    let copied = runtime.block_on(sqlite::backup(&from, Path::new(to)));
    let bytes = copied.map_err(|error| (Exit::Database, format!("backup: {error}")))?;
    println!("{to}: {bytes} bytes");
    Ok(())
}
