//! `accordant ce`: CloudEvents from the command line.
//!
//! `convert` writes events in other encodings; `validate` judges events, with the server's engine; `human` prints its reports for people;
//! `resolve` tells which schema a `dataschema` names.

mod convert;
mod human;
mod resolve;
mod validate;

use clap::{ArgMatches, Command};

use super::exit::Exit;

/// The command for the command line.
pub(super) fn command() -> Command {
    Command::new("ce")
        .about("CloudEvents: validate and convert events, resolve their schemas")
        .disable_version_flag(true)
        .subcommand_required(true)
        .subcommand(validate::command())
        .subcommand(convert::command())
        .subcommand(resolve::command())
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    match matches.subcommand() {
        Some(("validate", asked)) => validate::run(asked),
        Some(("convert", asked)) => convert::run(asked),
        Some(("resolve", asked)) => resolve::run(asked),
        // clap refuses anything else
        _ => Ok(Exit::Usage),
    }
}
