//! `accordant audit`: the record of who changed what, read beside a server or without one.
//!
//! | file | what |
//! | --- | --- |
//! | `checkpoint` | the line that says how far the chain goes |
//! | `export` | entries as lines of JSON, CSV, CEF |
//! | `keeping` | what a server does for the record from time to time |
//! | `verify` | whether the chain is whole |

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::exit::Exit;
use super::{CommandFailure, database};
use crate::config::Settings;
use crate::store::postgres::{PostgresAudit, PostgresOptions};
use crate::store::sqlite::SqliteAudit;
use crate::store::{AuditFilter, AuditReader, ReadEntry, StoreError};
use crate::types::parse_timestamp;

mod checkpoint;
mod export;
mod keeping;
mod verify;

use checkpoint::CheckpointKey;
use export::AuditFormat;
pub(super) use keeping::keep;

/// Entries read at once.
const PAGE: i64 = 1000;

pub(super) fn command(settings: impl Fn() -> Vec<Arg>) -> Command {
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    };
    let value = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("VALUE").help(help);
    let checkpoint = Command::new("checkpoint")
        .about("Print how far the chain goes, on one line to be kept elsewhere; signed where audit-key-file is set");
    let verify = Command::new("verify").about("Check that no entry was changed, removed or inserted, and say which").arg(file(
        "checkpoint",
        "Hold the chain to the checkpoints in a file, which may be a log; with audit-key-file all must be signed",
    ));
    let export = Command::new("export")
        .about("Print entries, one a line")
        .arg(value("format", "json, csv or cef").default_value("json").value_parser(["json", "csv", "cef"]))
        .arg(value("since", "Only those since a date, a time, or an age such as 24h"))
        .arg(value("after", "Only those behind a place in the chain").value_parser(value_parser!(i64)));
    Command::new("audit")
        .about("Who changed what: check the record, print it")
        .subcommand_required(true)
        .subcommand(checkpoint.args(settings()))
        .subcommand(verify.args(settings()))
        .subcommand(export.args(settings()))
}

pub(super) fn run(settings: &Settings, what: &str, asked: &ArgMatches, now: i64) -> Result<Exit, CommandFailure> {
    let key = if what == "checkpoint" { signing_key(settings)? } else { key(settings)? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    runtime.block_on(async {
        let reader = open(settings).await?;
        let done = match what {
            "checkpoint" => print_checkpoint(&*reader, key.as_ref(), now).await,
            "verify" => {
                let file = asked.get_one::<PathBuf>("checkpoint");
                let text =
                    file.map(|file| std::fs::read_to_string(file).map_err(|error| usage(format!("{}: {error}", file.display()))));
                return verify::run(&*reader, text.transpose()?.as_deref(), key.as_ref()).await;
            }
            _ => {
                let since = asked.get_one::<String>("since").map(|text| since(text, now)).transpose()?;
                let format =
                    asked.get_one::<String>("format").and_then(|text| AuditFormat::parse(text)).unwrap_or(AuditFormat::Json);
                print(&*reader, format, AuditFilter { since, after: asked.get_one("after").copied(), ..AuditFilter::default() })
                    .await
            }
        };
        done.map(|()| Exit::Success)
    })
}

fn usage(reason: String) -> CommandFailure {
    (Exit::Usage, reason)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> CommandFailure {
    (Exit::Database, format!("can't read the audit: {error}"))
}

/// What signs checkpoints, if anything does.
pub(super) fn key(settings: &Settings) -> Result<Option<CheckpointKey>, CommandFailure> {
    settings
        .audit_key_file
        .as_deref()
        .map(CheckpointKey::read)
        .transpose()
        .map_err(|reason| usage(format!("audit-key-file: {reason}")))
}

/// The same, where it is to sign.
pub(super) fn signing_key(settings: &Settings) -> Result<Option<CheckpointKey>, CommandFailure> {
    let key = key(settings)?;
    if key.as_ref().is_some_and(|key| !key.signs()) {
        return Err(usage("audit-key-file: a public key can't sign checkpoints".to_owned()));
    }
    Ok(key)
}

async fn open(settings: &Settings) -> Result<Box<dyn AuditReader>, CommandFailure> {
    if let Some(path) = database::sqlite_path(&settings.database)? {
        return Ok(Box::new(SqliteAudit::open(&path).await.map_err(failed)?));
    }
    if !database::is_postgres(&settings.database) {
        return Err(database::unknown(&settings.database));
    }
    let mut options = PostgresOptions::new(settings.database.clone());
    options.acquire_timeout = settings.database_acquire_timeout;
    options.statement_timeout = settings.database_statement_timeout;
    options.statement_cache = settings.database_statement_cache;
    Ok(Box::new(PostgresAudit::open(&options).await.map_err(failed)?))
}

/// A time, or one that is so long ago.
fn since(text: &str, now: i64) -> Result<i64, CommandFailure> {
    if let Some(time) = parse_timestamp(text) {
        return Ok(time);
    }
    let age = crate::config::age_seconds(text).and_then(|seconds| i64::try_from(seconds.checked_mul(1000)?).ok());
    let age =
        age.ok_or_else(|| usage(format!("since: '{text}' is no date (2026-01-31), time (2026-01-31T08:30:00Z) or age (24h)")))?;
    Ok(now.saturating_sub(age))
}

#[expect(clippy::print_stdout, reason = "what the command says")]
async fn print_checkpoint(reader: &dyn AuditReader, key: Option<&CheckpointKey>, now: i64) -> Result<(), CommandFailure> {
    let cluster_id = reader.cluster_id().await.map_err(failed)?;
    println!("{}", checkpoint::line(&cluster_id, &reader.chain().await.map_err(failed)?, now, key));
    Ok(())
}

async fn print(reader: &dyn AuditReader, format: AuditFormat, mut filter: AuditFilter) -> Result<(), CommandFailure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut lines = format.head().map(str::to_owned).into_iter().collect::<Vec<_>>();
    loop {
        let page = reader.page(&filter, PAGE).await.map_err(failed)?;
        for entry in &page.entries {
            match entry {
                ReadEntry::Entry(entry) => lines.push(format.line(entry)),
                ReadEntry::Unreadable { position, .. } => {
                    return Err((Exit::Refused, format!("entry {position} can't be read; `accordant audit verify` says more")));
                }
            }
        }
        for line in lines.drain(..) {
            match writeln!(out, "{line}") {
                Ok(()) => {}
                // who reads has had enough
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(usage(format!("can't write: {error}"))),
            }
        }
        match page.next {
            Some(next) => filter.after = Some(next),
            None => break,
        }
    }
    out.flush().or_else(|error| {
        if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(usage(format!("can't write: {error}"))) }
    })
}
