//! `accordant migrate` and `digest`: everything of one registry into another one, and the proof that both say the same.
//!
//! Both sides are asked over the API that all registries of Confluent's kind have.
//!
//! - `arguments`: what can be asked
//! - `outline`: which versions there are; `content`: what they say
//! - `copy`: from one to the other; `modes`: what that needs
//! - `verify`: where two registries differ; `digest`: one number for all that a registry says

mod arguments;
mod content;
mod copy;
mod digest;
mod modes;
mod outline;
mod verify;

use std::io::Write as _;
use std::time::Duration;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use self::arguments::{DigestArguments, MigrateArguments};
use self::content::Content;
use super::api::{Api, block_on};
use super::check::style::{print, without_controls};
use super::check::{InputError, on_deep_stack};
use super::connection::connect;
use super::exit::Exit;
use super::manifest::Manifest;
use super::registry_login::RegistryLogin;

/// The commands for the command line.
pub(super) fn commands() -> [Command; 2] {
    let command = |name: &'static str| Command::new(name).disable_version_flag(true);
    [
        MigrateArguments::augment_args(command("migrate"))
            .about("Copy everything of one registry into another, and prove that both say the same")
            .after_help(arguments::MIGRATE_HELP),
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
    let written = writeln!(std::io::stderr(), "{}", without_controls(line));
    written.map_err(|error| InputError::new(format!("can't write: {error}")))
}

fn digest_of(asked: &DigestArguments) -> Result<Exit, InputError> {
    let api = registry(&asked.registry)?;
    let content = block_on(Content::read(&api, &asked.prefix, asked.parallel))?;
    let text = if asked.json {
        format!("{}\n", digest::json(&content))
    } else {
        format!("{}  {} ({})\n", digest::of(&content), api.url(), digest::counts(&content))
    };
    print(&text).map_err(InputError::new)?;
    Ok(Exit::Success)
}

fn migrate(asked: &MigrateArguments) -> Result<Exit, InputError> {
    let (from, to) = (registry(&asked.from)?, registry(&asked.to)?);
    if from.url() == to.url() {
        return Err(InputError::new("both are the same registry"));
    }
    block_on(async {
        if asked.verify {
            return verified(asked, &from, &to).await;
        }
        if asked.dry_run {
            let planned = copy::plan(&from, &to, asked).await?;
            print(&planned.to_string()).map_err(InputError::new)?;
            return Ok(Exit::Success);
        }
        if let Some(follow) = asked.follow {
            return followed(asked, &from, &to, Duration::from_secs(follow.max(1))).await;
        }
        if asked.cutover {
            return cut_over(asked, &from, &to).await;
        }
        modes::take_imports(&from, &to).await?;
        let outcome = copy::everything(&from, &to, asked).await?;
        say(&outcome.to_string())?;
        if !asked.keep_import {
            modes::as_before(&from, &to).await?;
        }
        verified(asked, &from, &to).await
    })
}

/// Copies again and again what has changed, until it is stopped.
async fn followed(asked: &MigrateArguments, from: &Api, to: &Api, every: Duration) -> Result<Exit, InputError> {
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

/// Ends a migration: nobody writes to the source any more, what is missing is copied, and the target takes writes where both are equal.
async fn cut_over(asked: &MigrateArguments, from: &Api, to: &Api) -> Result<Exit, InputError> {
    modes::take_imports(from, to).await?;
    // what is there already is not written during the pause
    say(&copy::everything(from, to, asked).await?.to_string())?;
    let began = tokio::time::Instant::now();
    modes::close(from).await?;
    say(&format!("{} is read-only from now on", from.url()))?;
    say(&copy::everything(from, to, asked).await?.to_string())?;
    modes::as_before(from, to).await?;
    say(&format!("{} takes writes; nobody could write for {:.1} s", to.url(), began.elapsed().as_secs_f64()))?;
    verified(asked, from, to).await
}

async fn verified(asked: &MigrateArguments, from: &Api, to: &Api) -> Result<Exit, InputError> {
    let ours = Content::read(from, &asked.prefix, asked.parallel).await?;
    let theirs = Content::read(to, &asked.prefix, asked.parallel).await?;
    let report = verify::report(&ours, &theirs);
    let text = if asked.json { format!("{}\n", report.json(&ours, &theirs)) } else { report.human(&ours, &theirs) };
    print(&text).map_err(InputError::new)?;
    Ok(if report.is_equal() { Exit::Success } else { Exit::Refused })
}
