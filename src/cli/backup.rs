//! `accordant backup` and `accordant restore`: copies of a database, also while servers work with it, and back.
//!
//! A copy of a `SQLite` file is such a file. One of Postgres is a bundle, made from one moment of the database.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::check::{InputError, on_deep_stack};
use super::exit::Exit;
use super::migrate::moment::StoreSnapshot;
use super::{CommandFailure, database, migrate, serve};
use crate::config::Settings;
use crate::store::{Restored, StoreError, postgres, sqlite};
use crate::types::timestamp;

const FILE: &str = "FILE";
const KEEP: &str = "keep";
const REPLACE: &str = "replace";
const NEW_CLUSTER_ID: &str = "new-cluster-id";

/// How files begin that are kept in a folder.
const NAME: &str = "accordant-";
const ENDINGS: [&str; 3] = [".db", ".jsonl.zst", ".jsonl.gz"];
/// How a `SQLite` file begins.
const SQLITE: [u8; 16] = *b"SQLite format 3\0";

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let file = Arg::new(FILE).required(true).help("The copy, which must not exist yet; with --keep the folder of all copies");
    let keep = Arg::new(KEEP).long(KEEP).value_name("NUMBER").value_parser(value_parser!(u16).range(1..));
    let about = "Copy the database to a file, also while servers work with it";
    Command::new("backup")
        .about(about)
        .arg(file)
        .arg(keep.help("Give the copy a name of its own in a folder, and remove all but so many of the newest there"))
        .args(settings)
        .after_help(
            "Exit codes: 0 the copy is there, and older ones are removed; 2 bad input, or a file that can't be written; \
             4 the database can't be read; 5 as that of `serve`.",
        )
}

pub(super) fn restore_command(settings: impl Iterator<Item = Arg>) -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("restore")
        .about("Fill the database from a copy, and prove that both say the same")
        .arg(Arg::new(FILE).required(true).help("What `accordant backup` or `accordant export` wrote"))
        .arg(
            flag(
                REPLACE,
                "Put what is there out of the way: a SQLite file gets another name, the tables of Postgres are removed",
            )
            .visible_alias("force"),
        )
        .arg(flag(NEW_CLUSTER_ID, "Let the registry be another one; otherwise it is called as the one that was copied"))
        .args(settings)
        .after_help(
            "Exit codes: 0 the database says what the copy says; 1 it does not; 2 bad input, or the database is not empty; \
             4, 5 and 6 as those of `serve`.",
        )
}

fn file_error(path: &Path, error: &std::io::Error) -> CommandFailure {
    (Exit::Usage, format!("{}: {error}", path.display()))
}

fn of_input(error: &InputError) -> CommandFailure {
    (Exit::Usage, error.to_string())
}

fn block_on<T>(work: impl Future<Output = Result<T, CommandFailure>>) -> Result<T, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?.block_on(work)
}

#[expect(clippy::print_stdout, reason = "what the command says")]
pub(super) fn run(settings: &Settings, asked: &ArgMatches) -> Result<(), CommandFailure> {
    let path = PathBuf::from(asked.get_one::<String>(FILE).map_or("", String::as_str));
    let keep = asked.get_one::<u16>(KEEP).copied().map(usize::from);
    let from = database::sqlite_path(&settings.database)?;
    let to = if keep.is_some() {
        let ending = if from.is_some() { ENDINGS[0] } else { ENDINGS[1] };
        let at: String = timestamp(serve::now()).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        path.join(format!("{NAME}{at}{ending}"))
    } else {
        path.clone()
    };
    let shown = to.display();
    if let Some(from) = from {
        let copied = block_on(async { Ok(sqlite::backup(&from, &to).await) })?;
        let bytes = copied.map_err(|error| (Exit::Database, format!("backup: {error}")))?;
        println!("{shown}: {bytes} bytes");
    } else {
        if std::fs::symlink_metadata(&to).is_ok() {
            return Err((Exit::Usage, format!("backup: {shown} exists already")));
        }
        let written = migrate::write_snapshot(settings, &to.to_string_lossy())?;
        println!("{shown}: {written}");
    }
    if let Some(keep) = keep {
        rotate(&path, keep)?;
    }
    Ok(())
}

/// Removes all but the newest copies of a folder. Their names are their times.
fn rotate(folder: &Path, keep: usize) -> Result<(), CommandFailure> {
    let failed = |error: std::io::Error| file_error(folder, &error);
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let stem = name.strip_prefix(NAME).and_then(|rest| ENDINGS.iter().find_map(|ending| rest.strip_suffix(ending)));
        if stem.is_some_and(|stem| stem.starts_with(|c: char| c.is_ascii_digit())) {
            copies.push(name);
        }
    }
    copies.sort();
    let old = copies.len().saturating_sub(keep);
    for name in copies.iter().take(old) {
        let path = folder.join(name);
        std::fs::remove_file(&path).map_err(|error| file_error(&path, &error))?;
    }
    Ok(())
}

fn is_sqlite(file: &Path) -> Result<bool, CommandFailure> {
    let mut begin = Vec::new();
    let read = File::open(file).and_then(|file| file.take(SQLITE.len() as u64).read_to_end(&mut begin));
    read.map_err(|error| file_error(file, &error))?;
    Ok(begin == SQLITE)
}

pub(super) fn restore(settings: &Settings, asked: &ArgMatches) -> Result<Exit, CommandFailure> {
    let file = asked.get_one::<String>(FILE).map_or("", String::as_str);
    let new_cluster_id = asked.get_flag(NEW_CLUSTER_ID);
    let copy = if file == "-" { false } else { is_sqlite(Path::new(file))? };
    let target = database::sqlite_path(&settings.database)?;
    if target.is_none() && !database::is_postgres(&settings.database) {
        return Err(database::unknown(&settings.database));
    }
    make_room(settings, target.as_deref(), asked.get_flag(REPLACE), copy)?;
    if let (true, Some(target)) = (copy, &target) {
        let copied = block_on(async { Ok(sqlite::backup(Path::new(file), target).await) })?;
        copied.map_err(|error| serve::unusable(&error))?;
        if new_cluster_id {
            let restored = Restored { cluster_id: Some(uuid::Uuid::new_v4().to_string()), highest_ids: Vec::new() };
            block_on(migrate::place::finish(settings, &restored))?;
        }
        let found = block_on(async { Ok(sqlite::inspect(target, true).await) })?.map_err(|error| serve::unusable(&error))?;
        if let Some(fault) = found.faults.into_iter().flatten().next() {
            return Err((Exit::Database, format!("restore: the copy is damaged: {fault}")));
        }
        if !found.migrations.pending().is_empty() {
            super::log::complain("the copy is of an older release: it is whole, and compared by nobody");
            return Ok(Exit::Success);
        }
    }
    let filled = copy && target.is_some();
    on_deep_stack(|| migrate::restore(file, copy, settings, new_cluster_id, filled)).map_err(|error| of_input(&error))
}

/// Refuses a database in which there is something, or puts that out of the way.
fn make_room(settings: &Settings, target: Option<&Path>, replace: bool, is_copied: bool) -> Result<(), CommandFailure> {
    if let Some(path) = target
        && std::fs::metadata(path).map_or(0, |file| file.len()) == 0
    {
        // the copy gets the name, and never that of something
        if is_copied && path.exists() {
            std::fs::remove_file(path).map_err(|error| file_error(path, &error))?;
        }
        return Ok(());
    }
    let found = block_on(async {
        let mut snapshot = match StoreSnapshot::open(settings).await? {
            Ok(snapshot) => snapshot,
            Err(error) => return Ok(Err(error)),
        };
        let is_empty =
            async { Ok::<_, StoreError>(snapshot.content().await?.is_empty() && snapshot.versions(None).await?.is_empty()) };
        let is_empty = is_empty.await;
        let _ = snapshot.close().await;
        Ok(is_empty)
    })?;
    let is_empty = match found {
        Ok(is_empty) => is_empty,
        Err(StoreError::NoRegistry) => true,
        Err(StoreError::Older { .. } | StoreError::Newer { .. }) => false,
        Err(error) => return Err(serve::unusable(&error)),
    };
    if !is_empty && !replace {
        return Err((Exit::Usage, "restore: the database is not empty; --replace puts what is there out of the way".to_owned()));
    }
    match target {
        Some(path) if !is_empty || is_copied => {
            let suffix = format!(".replaced-{}", serve::now());
            let aside = sqlite::move_aside(path, &suffix).map_err(|error| serve::unusable(&error))?;
            super::log::complain(&format!("what was there is {aside} now"));
        }
        None if !is_empty => {
            let cleared = block_on(async { Ok(postgres::clear(serve::postgres_options(settings)).await) })?;
            cleared.map_err(|error| serve::unusable(&error))?;
        }
        _ => {}
    }
    Ok(())
}
