//! `accordant migrate`, `export`, `import` and `digest`: everything of one registry into another one or into a file, and the proof that both
//! say the same.
//!
//! Both sides are asked over the API that all registries of Confluent's kind have; databases without a server are a `place`, too.
//!
//! - `arguments`: what can be asked
//! - `outline`: which versions there are; `content`: what they say
//! - `keys`: KEKs and DEKs, on both sides
//! - `copy`: from a `source` to a registry, in `waves`; `bulk`: into a database; `modes`: what that needs
//! - `files`: files of several kinds; `bundle`: our own; `schemas_topic`: the topic of Confluent and Karapace
//! - `cutover`: following a source, and the end of it; `feed`: what has changed there
//! - `interruption`: what is left behind when a copy is broken off
//! - `verify`: where two registries differ; `digest`: one number for all that a registry says

mod apicurio;
mod arguments;
mod bulk;
mod bundle;
mod content;
mod copy;
mod cutover;
mod digest;
mod feed;
mod file_bytes;
mod files;
mod interruption;
mod karapace;
mod keys;
mod modes;
mod outline;
pub(super) mod place;
mod progress;
mod schemas_topic;
mod source;
mod values;
mod verify;
mod waves;

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};
use serde_json::Value;

use self::arguments::{
    ApicurioIds, CopyArguments, DigestArguments, ExportArguments, ExportFormat, ImportArguments, MigrateArguments,
};
use self::content::Content;
use self::interruption::Left;
use self::keys::Keys;
use self::place::Place;
use self::source::Source;
use super::api::Api;
use super::check::style::{print, without_controls};
use super::check::{InputError, on_deep_stack};
use super::exit::Exit;
use crate::config::Settings;
use crate::store::RegistrySnapshot;

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
    let (content, name) = match (asked.registry.as_ref().or(asked.database.as_ref()), &asked.file) {
        (Some(which), _) => {
            let place = Place::find(which)?;
            (block_on(place.content(&asked.prefix, asked.parallel))?, place.name())
        }
        (None, file) => {
            let file = file.as_deref().unwrap_or("-");
            (read_file(file, asked.ids)?, file.to_owned())
        }
    };
    let text = if asked.json {
        format!("{}\n", digest::json(&content))
    } else {
        format!("{}  {name} ({})\n", digest::of(&content), digest::counts(&content))
    };
    print(&text).map_err(InputError::new)?;
    Ok(Exit::Success)
}

/// What a file says; what of it is left out is said.
fn read_file(file: &str, ids: Option<ApicurioIds>) -> Result<Content, InputError> {
    let (content, skipped) = files::read(file, ids)?;
    for what in &skipped.0 {
        say(&format!("left out: {what}"))?;
    }
    Ok(content)
}

fn export(asked: &ExportArguments) -> Result<Exit, InputError> {
    let place = Place::find(asked.from.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    let content = block_on(place.content(&asked.prefix, asked.parallel))?;
    let text = match asked.format {
        ExportFormat::Bundle => bundle::write(&content, &place.name()),
        ExportFormat::SchemasTopic => {
            let order = waves::waves(&content.versions).into_iter().flatten();
            let records = schemas_topic::records(&content, order);
            lines(records)
        }
        ExportFormat::DekRegistryTopic => lines(schemas_topic::key_records(content.keys.as_ref().unwrap_or(&Keys::default()))),
    };
    files::write(&asked.output, &text)?;
    for withheld in &content.withheld {
        say(&format!("{withheld}: the registry has it and does not give it"))?;
    }
    say(&format!("{}  {} ({})", digest::of(&content), asked.output, digest::counts(&content)))?;
    Ok(if content.withheld.is_empty() { Exit::Success } else { Exit::Refused })
}

/// Records as a console producer takes them.
fn lines(records: Vec<(Value, Value)>) -> String {
    let mut text = String::new();
    for (key, value) in records {
        // a String takes everything
        let _ = writeln!(text, "{key}\t{value}");
    }
    text
}

fn import(asked: &ImportArguments) -> Result<Exit, InputError> {
    let mut content = Content::default();
    for file in &asked.files {
        content
            .add(read_file(file, asked.ids)?)
            .map_err(|what| InputError::of(file, format!("{what} is in another file, too")))?;
    }
    content.keep(&asked.copy.prefix);
    let place = Place::find(asked.to.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    let left = Left::default();
    block_on(left.watch(async {
        let source = Source::File(&content);
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
        reserve(&place, &content).await?;
        let theirs = place.compared_with(&content, &asked.copy.prefix, asked.copy.parallel).await?;
        compared(&content, &theirs.limited_to(&content), false)
    }))
}

/// Keeps ids from being handed out that stood for something once, where that can be done.
async fn reserve(place: &Place, content: &Content) -> Result<(), InputError> {
    let Place::Database(settings) = place else { return Ok(()) };
    place::finish(settings, &content.restored(None)).await.map_err(place::failed)
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
    let mut content = if is_sqlite {
        let path = std::path::absolute(file).map_err(|error| InputError::of(file, error.to_string()))?;
        let source = Settings { database: format!("sqlite://{}", path.display()), ..settings.clone() };
        block_on(Place::Database(Box::new(source)).content("", 1))?
    } else {
        read_file(file, None)?
    };
    let place = Place::Database(Box::new(settings.clone()));
    let copy = CopyArguments { prefix: String::new(), mirror: false, keep_import: false, parallel: 256, rate: None };
    let left = Left::default();
    block_on(left.watch(async {
        if !is_filled {
            let to = place.open().await?;
            let filled = fill(&Source::File(&content), &to, &copy, &left).await;
            to.client.close().await;
            filled?;
            let cluster_id = if new_cluster_id { None } else { content.cluster_id.take() };
            place::finish(settings, &content.restored(cluster_id)).await.map_err(place::failed)?;
        }
        let theirs = place.compared_with(&content, "", copy.parallel).await?;
        compared(&content, &theirs.limited_to(&content), false)
    }))
}

/// Writes a database at one moment as a bundle; what is in it, in words.
pub(super) fn write_snapshot(snapshot: &RegistrySnapshot, settings: &Settings, path: &str) -> Result<String, InputError> {
    let content = place::of_snapshot(snapshot, settings.compatibility_level);
    files::write(path, &bundle::write(&content, &place::shown(&settings.database)))?;
    Ok(format!("{} ({})", digest::of(&content), digest::counts(&content)))
}

/// Copies everything, and gives the target its modes back.
async fn fill(source: &Source<'_>, to: &Api, asked: &CopyArguments, left: &Left) -> Result<(), InputError> {
    left.fills(&to.url());
    let before = modes::take_imports(source, to).await?;
    say(&copy::everything(source, to, asked).await?.to_string())?;
    if !asked.keep_import {
        modes::as_before(source, to, &before).await?;
    }
    left.is_done();
    Ok(())
}

fn migrate(asked: &MigrateArguments) -> Result<Exit, InputError> {
    let from = Place::find(&asked.from)?;
    let target = Place::find(asked.to.as_ref().or(asked.database.as_ref()).map_or("", String::as_str))?;
    if from.name() == target.name() {
        return Err(InputError::new("both are the same registry"));
    }
    let left = Left::default();
    block_on(left.watch(async {
        if asked.verify {
            let ours = from.content(&asked.copy.prefix, asked.copy.parallel).await?;
            let theirs = target.compared_with(&ours, &asked.copy.prefix, asked.copy.parallel).await?;
            return compared(&ours, &theirs, asked.json);
        }
        let read = match &from {
            Place::Registry(_) => None,
            Place::Database(_) if asked.follow.is_some() || asked.cutover => {
                return Err(InputError::new(
                    "a database is read as it is at one moment: --follow and --cutover need the URL of a server",
                ));
            }
            Place::Database(_) => Some(from.content(&asked.copy.prefix, asked.copy.parallel).await?),
        };
        let source = match (&from, &read) {
            (Place::Registry(api), _) => Source::Registry(api),
            (_, Some(content)) => Source::File(content),
            (Place::Database(_), None) => return Err(InputError::new("the database was not read")),
        };
        let to = target.open().await?;
        let done = moved(&from, &source, &to, asked, &left).await;
        to.client.close().await;
        match done? {
            Moved::Done => {}
            Moved::Planned => return Ok(Exit::Success),
            Moved::CutOver(both) => return compared(&both.0, &both.1, asked.json),
        }
        let ours = match read {
            Some(content) => content,
            None => from.content(&asked.copy.prefix, asked.copy.parallel).await?,
        };
        reserve(&target, &ours).await?;
        let theirs = target.compared_with(&ours, &asked.copy.prefix, asked.copy.parallel).await?;
        compared(&ours, &theirs, asked.json)
    }))
}

/// What has become of a migration.
enum Moved {
    Planned,
    Done,
    /// What both sides said when nobody could write.
    CutOver(Box<(Content, Content)>),
}

/// Copies in the way that is asked for.
async fn moved(from: &Place, source: &Source<'_>, to: &Api, asked: &MigrateArguments, left: &Left) -> Result<Moved, InputError> {
    if asked.dry_run {
        print(&copy::plan(source, to, &asked.copy).await?.to_string()).map_err(InputError::new)?;
        return Ok(Moved::Planned);
    }
    if let Some(follow) = asked.follow {
        cutover::follow(source, to, &asked.copy, Duration::from_secs(follow.max(1)), left).await?;
        return Ok(Moved::Planned);
    }
    match from {
        Place::Registry(api) if asked.cutover => {
            let both = cutover::cut_over(api, to, &asked.copy, left).await?;
            return Ok(Moved::CutOver(Box::new(both)));
        }
        _ => fill(source, to, &asked.copy, left).await?,
    }
    Ok(Moved::Done)
}

/// Says where both differ.
fn compared(source: &Content, target: &Content, json: bool) -> Result<Exit, InputError> {
    let report = verify::report(source, target);
    let text = if json { format!("{}\n", report.json(source, target)) } else { report.human(source, target) };
    print(&text).map_err(InputError::new)?;
    Ok(if report.is_equal() { Exit::Success } else { Exit::Refused })
}
