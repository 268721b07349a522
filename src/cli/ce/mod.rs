//! `accordant ce`: CloudEvents.

mod resolve;

use clap::{ArgMatches, Command};

use super::exit::Exit;

/// The command for the command line.
pub(super) fn command() -> Command {
    Command::new("ce").about("CloudEvents").subcommand_required(true).subcommand(resolve::command())
}

/// Runs the command; an error is the one line that says why there is no answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    match matches.subcommand() {
        Some(("resolve", asked)) => resolve::run(asked),
        _ => Err("ce needs a command; --help lists them".to_owned()),
    }
}
