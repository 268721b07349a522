//! `accordant migrate`, `export`, `import` and `digest`: everything of one registry into another one or into a file, and the proof that both
//! say the same.
//!
//! Both sides are asked over the API that all registries of Confluent's kind have.
//!
//! - `arguments`: what can be asked
//! - `outline`: which versions there are; `content`: what they say
//! - `keys`: KEKs and DEKs, on both sides
//! - `copy`: from a `source` to a registry; `modes`: what that needs
//! - `files`: files of several kinds; `bundle`: our own; `schemas_topic`: the topic of Confluent and Karapace
//! - `verify`: where two registries differ; `digest`: one number for all that a registry says

mod arguments;
mod bundle;
mod content;
mod copy;
mod digest;
mod files;
mod keys;
mod modes;
mod outline;
mod schemas_topic;
mod source;
mod verify;

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};
use serde_json::Value;

use self::arguments::{CopyArguments, DigestArguments, ExportArguments, ExportFormat, ImportArguments, MigrateArguments};
use self::content::Content;
use self::keys::Keys;
use self::source::Source;
use super::api::{Api, block_on};
use super::check::style::{print, without_controls};
use super::check::{InputError, on_deep_stack};
use super::connection::connect;
use super::exit::Exit;
use super::manifest::Manifest;
use super::registry_login::RegistryLogin;

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

/// A registry by its URL, or by the name of an environment of `accordant.toml`.
fn registry(which: &str) -> Result<Api, InputError> {
    let manifest = Manifest::find(None).map_err(InputError::new)?;
    let login = RegistryLogin::default();
    let (url, environment) = if which.contains("://") { (Some(which), None) } else { (None, Some(which)) };
    let found = connect(url, environment, &login, manifest.as_ref()).map_err(InputError::new)?;
    let found = found.ok_or_else(|| InputError::new(format!("{which} is no registry")))?;
    Ok(Api::new(found.client))
}

/// Says how far things are, where people see it.
fn say(line: &str) -> Result<(), InputError> {
    let written = Write::write_fmt(&mut std::io::stderr(), format_args!("{}\n", without_controls(line)));
    written.map_err(|error| InputError::new(format!("can't write: {error}")))
}

fn digest_of(asked: &DigestArguments) -> Result<Exit, InputError> {
    let (content, name) = match (&asked.registry, &asked.file) {
        (Some(which), _) => {
            let api = registry(which)?;
            (block_on(Content::read(&api, &asked.prefix, asked.parallel))?, api.url())
        }
        (None, file) => {
            let file = file.as_deref().unwrap_or("-");
            (read_file(file)?, file.to_owned())
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
fn read_file(file: &str) -> Result<Content, InputError> {
    let (content, skipped) = files::read(file)?;
    for what in &skipped.0 {
        say(&format!("left out: {what}"))?;
    }
    Ok(content)
}

fn export(asked: &ExportArguments) -> Result<Exit, InputError> {
    let api = registry(&asked.from)?;
    let content = block_on(Content::read(&api, &asked.prefix, asked.parallel))?;
    let text = match asked.format {
        ExportFormat::Bundle => bundle::write(&content, &api.url()),
        ExportFormat::SchemasTopic => {
            let order: Vec<(String, i64)> = copy::waves(&content.versions).into_iter().flatten().collect();
            let records = schemas_topic::records(&content, order.iter());
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
        content.add(read_file(file)?).map_err(|what| InputError::of(file, format!("{what} is in another file, too")))?;
    }
    content.keep(&asked.copy.prefix);
    let to = registry(&asked.to)?;
    let source = Source::File(&content);
    block_on(async {
        if asked.dry_run {
            print(&copy::plan(&source, &to, &asked.copy).await?.to_string()).map_err(InputError::new)?;
            return Ok(Exit::Success);
        }
        fill(&source, &to, &asked.copy).await?;
        let mut theirs = Content::read(&to, &asked.copy.prefix, asked.copy.parallel).await?;
        if !content.configs.contains_key("") {
            // a registry always has one for the whole; a file that says nothing of it leaves that as it is
            theirs.configs.remove("");
        }
        if content.keys.is_none() {
            theirs.keys = None;
        }
        compared(&content, &theirs, false)
    })
}

/// Copies everything, and gives the target its modes back.
async fn fill(source: &Source<'_>, to: &Api, asked: &CopyArguments) -> Result<(), InputError> {
    modes::take_imports(source, to).await?;
    let filled = async {
        say(&copy::everything(source, to, asked).await?.to_string())?;
        if asked.keep_import { Ok(()) } else { modes::as_before(source, to).await }
    };
    filled.await.map_err(|error| left_as_it_is(&error, to, None))
}

/// An error after which modes are not what they were, with how to go on.
fn left_as_it_is(error: &InputError, to: &Api, closed: Option<&Api>) -> InputError {
    let source = closed.map_or_else(String::new, |from| format!(" and {} READONLY", from.url()));
    InputError::new(format!(
        "{error}; {} is left in mode IMPORT{source}: run this again to go on, or set the mode with accordant mode",
        to.url()
    ))
}

fn migrate(asked: &MigrateArguments) -> Result<Exit, InputError> {
    let (from, to) = (registry(&asked.from)?, registry(&asked.to)?);
    if from.url() == to.url() {
        return Err(InputError::new("both are the same registry"));
    }
    let source = Source::Registry(&from);
    block_on(async {
        if asked.dry_run {
            print(&copy::plan(&source, &to, &asked.copy).await?.to_string()).map_err(InputError::new)?;
            return Ok(Exit::Success);
        }
        if let Some(follow) = asked.follow {
            return followed(&source, &to, &asked.copy, Duration::from_secs(follow.max(1))).await;
        }
        if asked.cutover {
            cut_over(&from, &to, &asked.copy).await?;
        } else if !asked.verify {
            fill(&source, &to, &asked.copy).await?;
        }
        let ours = Content::read(&from, &asked.copy.prefix, asked.copy.parallel).await?;
        let theirs = Content::read(&to, &asked.copy.prefix, asked.copy.parallel).await?;
        compared(&ours, &theirs, asked.json)
    })
}

/// Copies again and again what has changed, until it is stopped.
async fn followed(from: &Source<'_>, to: &Api, asked: &CopyArguments, every: Duration) -> Result<Exit, InputError> {
    modes::take_imports(from, to).await?;
    loop {
        match copy::everything(from, to, asked).await {
            Ok(outcome) if outcome.is_nothing() => {}
            Ok(outcome) => say(&outcome.to_string())?,
            Err(error) => say(&format!("{error}; tried again in {} s", every.as_secs()))?,
        }
        tokio::time::sleep(every).await;
    }
}

/// Ends a migration: nobody writes to the source any more, what is missing is copied, and the target takes writes.
async fn cut_over(from: &Api, to: &Api, asked: &CopyArguments) -> Result<(), InputError> {
    let source = Source::Registry(from);
    modes::take_imports(&source, to).await?;
    // what is there already is not written during the pause
    let copied = async { say(&copy::everything(&source, to, asked).await?.to_string()) };
    copied.await.map_err(|error| left_as_it_is(&error, to, None))?;
    let began = tokio::time::Instant::now();
    modes::close(from).await.map_err(|error| left_as_it_is(&error, to, None))?;
    let moved = async {
        say(&format!("{} is read-only from now on", from.url()))?;
        say(&copy::everything(&source, to, asked).await?.to_string())?;
        modes::as_before(&source, to).await
    };
    moved.await.map_err(|error| left_as_it_is(&error, to, Some(from)))?;
    say(&format!("{} takes writes; nobody could write for {:.1} s", to.url(), began.elapsed().as_secs_f64()))
}

/// Says where both differ.
fn compared(source: &Content, target: &Content, json: bool) -> Result<Exit, InputError> {
    let report = verify::report(source, target);
    let text = if json { format!("{}\n", report.json(source, target)) } else { report.human(source, target) };
    print(&text).map_err(InputError::new)?;
    Ok(if report.is_equal() { Exit::Success } else { Exit::Refused })
}
