//! `accordant migrate`, `export`, `import` and `digest`: everything of one registry into another one or into a file, and the proof that
//! both say the same.
//!
//! Both sides are asked over the API that all registries of Confluent's kind have; databases without a server are a `place`, too.
//!
//! - `arguments`: what can be asked
//! - `outline`: which versions there are; `content`: what they say, and what else a registry does
//! - `keys`: KEKs and DEKs, on both sides
//! - `source`: a registry that is asked, a `moment` of a database with what is `stored` there, or `files`; `versions`: how they come from
//!   there, a few at a time
//! - `copy`: from a source to a registry, in the `order` of references and in `waves`; `bulk`: into a database; `modes`: what that needs
//! - `files`: files of several kinds, read by `input`; `bundle`: our own; `schemas_topic`: the topic of Confluent and Karapace, whose
//!   versions are `kept` on the disk; `karapace`: Karapace's backups; `apicurio`: what Apicurio Registry exports; `output`,
//!   `bundle_writer`, `export`: files that are written
//! - `cutover`: following a source, and the end of it; `feed`: what has changed there; `known`: what both sides were seen to say
//! - `pace`: how many requests begin in a second; `progress`: how far things are
//! - `interruption`: what is left behind when a copy is broken off
//! - `values`: names of scopes, and values of settings as they are compared
//! - `verify`: where two registries differ, by the `marks` of their versions; `digest`: one number for all that a registry says

mod apicurio;
mod arguments;
mod bulk;
mod bundle;
mod bundle_writer;
mod content;
mod copy;
mod cutover;
mod digest;
mod export;
mod feed;
mod files;
mod input;
mod interruption;
mod karapace;
mod kept;
mod keys;
mod known;
mod marks;
mod modes;
pub(super) mod moment;
mod order;
mod outline;
mod output;
mod pace;
pub(super) mod place;
mod progress;
mod schemas_topic;
mod source;
mod stored;
mod values;
mod verify;
mod versions;
mod waves;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use self::arguments::{
    ApicurioIds, CopyArguments, DigestArguments, ExportArguments, ExportFormat, ImportArguments, MigrateArguments,
};
use self::files::MigrationFiles;
use self::interruption::Left;
use self::moment::Moment;
use self::output::Output;
use self::place::Location;
use self::source::MigrationSource;
use self::verify::VerificationReport;
use super::CommandFailure;
use super::api::Api;
use super::check::style::{print, without_controls};
use super::check::{InputError, on_deep_stack};
use super::exit::Exit;
use crate::config::Settings;

/// Stack of threads on which schemas are read.
const STACK_BYTES: usize = 8 << 20;

/// The commands for the command line.
pub(super) fn commands() -> [Command; 4] {
    let command = |name: &'static str| Command::new(name).disable_version_flag(true);
    [
        MigrateArguments::augment_args(command("migrate"))
            .about("Copy everything of one registry into another, and prove that both say the same")
            .after_help(arguments::MIGRATE_HELP),
        ExportArguments::augment_args(command("export"))
            .about("Write everything of a registry into a file")
            .after_help(arguments::EXPORT_HELP),
        ImportArguments::augment_args(command("import"))
            .about("Copy what a file says into a registry: a bundle, a dump of _schemas, a Karapace backup")
            .after_help(arguments::IMPORT_HELP),
        DigestArguments::augment_args(command("digest"))
            .about("Print one number for all that a registry says: equal registries have equal ones")
            .after_help(arguments::DIGEST_HELP),
    ]
}

/// Runs one of the commands; an error is the one line that says why it can't.
pub(super) fn run(name: &str, matches: &ArgMatches) -> Result<Exit, String> {
    let wrong = |error: clap::Error| error.to_string();
    let ended = match name {
        "digest" => {
            let asked = DigestArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| digest_of(&asked))
        }
        "export" => {
            let asked = ExportArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| export(&asked))
        }
        "import" => {
            let asked = ImportArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| import(&asked))
        }
        _ => {
            let asked = MigrateArguments::from_arg_matches(matches).map_err(wrong)?;
            on_deep_stack(|| migrate(&asked))
        }
    };
    ended.map_err(|error| error.to_string())
}

/// Runs work to its end, on several threads: a database of this process's own needs them.
fn block_on<T>(work: impl Future<Output = Result<T, InputError>>) -> Result<T, InputError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = runtime.map_err(|error| InputError::new(format!("threads can't be started: {error}")))?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

/// Says how far things are, where people see it.
fn say(line: &str) -> Result<(), InputError> {
    let written = Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", without_controls(line)));
    written.map_err(|error| InputError::new(format!("can't write: {error}")))
}

fn digest_of(asked: &DigestArguments) -> Result<Exit, InputError> {
    let summary = |source: MigrationSource| async move {
        let said = source.said(&asked.prefix, asked.parallel, &BTreeSet::new()).await?;
        let summary = verify::summary(said).await;
        source.close().await;
        summary
    };
    let (found, name) = match (asked.registry.as_ref().or(asked.database.as_ref()), &asked.file) {
        (Some(which), _) => {
            let place = Location::find(which)?;
            (block_on(async { summary(place.source().await?).await })?, place.name())
        }
        (None, file) => {
            let file = file.as_deref().unwrap_or("-");
            let source = files(&[file.to_owned()], asked.ids)?;
            (block_on(summary(source))?, file.to_owned())
        }
    };
    let text =
        if asked.json { format!("{}\n", found.json()) } else { format!("{}  {name} ({})\n", found.digest, found.counts()) };
    print(&text).map_err(InputError::new)?;
    Ok(Exit::Success)
}

/// What files say; what of it is left out is said.
fn files(paths: &[String], ids: Option<ApicurioIds>) -> Result<MigrationSource, InputError> {
    let files = MigrationFiles::open(paths, ids)?;
    for what in &files.skipped {
        say(&format!("left out: {what}"))?;
    }
    Ok(MigrationSource::Files(Arc::new(files)))
}

fn export(asked: &ExportArguments) -> Result<Exit, InputError> {
    let place = Location::find(asked.from.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    let mut out = Output::create(&asked.output)?;
    let summary = block_on(async {
        let source = place.source().await?;
        let summary = match asked.format {
            ExportFormat::Bundle => {
                let said = source.said(&asked.prefix, asked.parallel, &BTreeSet::new()).await?;
                bundle_writer::write(&mut out, said, &place.name()).await
            }
            ExportFormat::SchemasTopic => export::schemas_topic(&mut out, &source, asked).await,
            ExportFormat::DekRegistryTopic => export::dek_registry_topic(&mut out, &source, asked).await,
        };
        source.close().await;
        summary
    })?;
    out.finish()?;
    for withheld in &summary.withheld {
        say(&format!("{withheld}: the registry has it and does not give it"))?;
    }
    say(&format!("{}  {} ({})", summary.digest, asked.output, summary.counts()))?;
    Ok(if summary.withheld.is_empty() { Exit::Success } else { Exit::Refused })
}

fn import(asked: &ImportArguments) -> Result<Exit, InputError> {
    let source = files(&asked.files, asked.ids)?;
    let place = Location::find(asked.to.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    let left = Left::default();
    block_on(left.watch(async {
        let to = place.open().await?;
        if asked.dry_run {
            let plan = copy::plan(&source, &to, &asked.copy).await;
            to.client.close().await;
            print(&plan?.to_string()).map_err(InputError::new)?;
            return Ok(Exit::Success);
        }
        let filled = fill(&source, &to, &asked.copy, &left).await;
        to.client.close().await;
        filled?;
        reserve(&place, &source).await?;
        compared(&source, &place, &asked.copy, true, false).await
    }))
}

/// Keeps ids from being handed out that stood for something once, where that can be done.
async fn reserve(place: &Location, source: &MigrationSource) -> Result<(), InputError> {
    let (Location::Database(settings), Some(rest)) = (place, source.kept()) else { return Ok(()) };
    place::finish(settings, &rest.restored(None)).await.map_err(stored::failed)
}

/// Fills the empty database of some settings from a file, if it is not filled already, and says whether it is what the file says. The
/// registry is called as before, where that is known, unless it is to be another one.
pub(super) fn restore(
    file: &str,
    is_sqlite: bool,
    settings: &Settings,
    new_cluster_id: bool,
    is_filled: bool,
) -> Result<Exit, InputError> {
    let read = if is_sqlite { None } else { Some(files(&[file.to_owned()], None)?) };
    let place = Location::Database(Box::new(settings.clone()));
    let copy = CopyArguments { prefix: String::new(), mirror: false, keep_import: false, parallel: 256, rate: None };
    let left = Left::default();
    block_on(left.watch(async {
        let source = if let Some(source) = read {
            source
        } else {
            let path = std::path::absolute(file).map_err(|error| InputError::of(file, error.to_string()))?;
            let copy = Settings { database: format!("sqlite://{}", path.display()), ..settings.clone() };
            Location::Database(Box::new(copy)).source().await?
        };
        if !is_filled {
            let to = place.open().await?;
            let filled = fill(&source, &to, &copy, &left).await;
            to.client.close().await;
            filled?;
            if let Some(rest) = source.kept() {
                let cluster_id = rest.cluster_id.clone().filter(|_| !new_cluster_id);
                place::finish(settings, &rest.restored(cluster_id)).await.map_err(stored::failed)?;
            }
        }
        let compared = compared(&source, &place, &copy, true, false).await;
        source.close().await;
        compared
    }))
}

/// Writes a database at one moment as a bundle; what is in it, in words.
pub(super) fn write_snapshot(settings: &Settings, path: &str) -> Result<String, CommandFailure> {
    let wrong = |error: InputError| (Exit::Usage, error.to_string());
    let runtime = tokio::runtime::Runtime::new().map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    runtime.block_on(async {
        let source = MigrationSource::Database(Arc::new(Moment::open(settings).await?));
        let mut out = Output::create(path).map_err(wrong)?;
        let said = source.said("", 1, &BTreeSet::new()).await.map_err(wrong)?;
        let summary = bundle_writer::write(&mut out, said, &place::shown(&settings.database)).await;
        source.close().await;
        let summary = summary.map_err(wrong)?;
        out.finish().map_err(wrong)?;
        Ok(format!("{} ({})", summary.digest, summary.counts()))
    })
}

/// Copies everything, and gives the target its modes back.
async fn fill(source: &MigrationSource, to: &Api, asked: &CopyArguments, left: &Left) -> Result<(), InputError> {
    left.fills(&to.url());
    let before = modes::take_imports(source, to, &asked.prefix).await?;
    say(&copy::everything(source, to, asked).await?.to_string())?;
    if !asked.keep_import {
        modes::as_before(source, to, &before, &asked.prefix).await?;
    }
    left.is_done();
    Ok(())
}

fn migrate(asked: &MigrateArguments) -> Result<Exit, InputError> {
    let from = Location::find(&asked.from)?;
    let target = Location::find(asked.to.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    if from.name() == target.name() {
        return Err(InputError::new("both are the same registry"));
    }
    let left = Left::default();
    block_on(left.watch(async {
        if matches!(from, Location::Database(_)) && (asked.follow.is_some() || asked.cutover) {
            return Err(InputError::new(
                "a database is read as it is at one moment: --follow and --cutover need the URL of a server",
            ));
        }
        let source = from.source().await?;
        let done = migrate_from(&source, &target, asked, &left).await;
        source.close().await;
        done
    }))
}

async fn migrate_from(
    source: &MigrationSource,
    target: &Location,
    asked: &MigrateArguments,
    left: &Left,
) -> Result<Exit, InputError> {
    if !asked.verify {
        let to = target.open().await?;
        let done = moved(source, &to, asked, left).await;
        to.client.close().await;
        match done? {
            Moved::Done => {}
            Moved::Planned => return Ok(Exit::Success),
            Moved::CutOver(report) => return told(&report, asked.json),
        }
        reserve(target, source).await?;
    }
    compared(source, target, &asked.copy, false, asked.json).await
}

/// What has become of a migration.
enum Moved {
    Planned,
    Done,
    /// Where both sides differed when nobody could write.
    CutOver(Box<VerificationReport>),
}

/// Copies in the way that is asked for.
async fn moved(source: &MigrationSource, to: &Api, asked: &MigrateArguments, left: &Left) -> Result<Moved, InputError> {
    if asked.dry_run {
        print(&copy::plan(source, to, &asked.copy).await?.to_string()).map_err(InputError::new)?;
        return Ok(Moved::Planned);
    }
    if let Some(follow) = asked.follow {
        cutover::follow(source, to, &asked.copy, Duration::from_secs(follow.max(1)), left).await?;
        return Ok(Moved::Planned);
    }
    match source {
        MigrationSource::Registry(api) if asked.cutover => {
            let report = cutover::cut_over(api, to, &asked.copy, left).await?;
            return Ok(Moved::CutOver(Box::new(report)));
        }
        _ => fill(source, to, &asked.copy, left).await?,
    }
    Ok(Moved::Done)
}

/// Says where both differ. Of a registry that says more than a file can, `is_limited` leaves that out.
async fn compared(
    source: &MigrationSource,
    target: &Location,
    asked: &CopyArguments,
    is_limited: bool,
    json: bool,
) -> Result<Exit, InputError> {
    let ours = source.said(&asked.prefix, asked.parallel, &BTreeSet::new()).await?;
    let there = target.source().await?;
    let mut theirs = there.said(&asked.prefix, asked.parallel, &ours.rest.scopes()).await?;
    if is_limited {
        theirs.rest = theirs.rest.limited_to(&ours.rest);
    }
    let report = verify::report(ours, theirs).await;
    there.close().await;
    told(&report?, json)
}

fn told(report: &VerificationReport, json: bool) -> Result<Exit, InputError> {
    let text = if json { format!("{}\n", report.json()) } else { report.human() };
    print(&text).map_err(InputError::new)?;
    Ok(if report.is_equal() { Exit::Success } else { Exit::Refused })
}
