//! `accordant subjects`, `versions`, `get`, `register`, `delete`, `config`, `mode` and `diff`: everyday work with a registry.
//!
//! - `arguments`: what can be asked
//! - `read`: subjects, versions, schemas; `write`: register and delete; `settings`: configs and modes
//! - `diff`: two versions, or two files

mod arguments;
mod diff;
mod read;
mod settings;
mod write;

use clap::{ArgMatches, Args as _, Command, FromArgMatches};

pub(super) use self::arguments::RegistryOptions;
use self::arguments::{
    ConfigArguments, DeleteArguments, DiffArguments, GetArguments, ModeArguments, RegisterArguments, SubjectsArguments,
    VersionsArguments,
};
use super::check::style::{print, print_styled};
use super::check::{Color, InputError, on_deep_stack};
use super::exit::Exit;

/// What a command ends with: the exit, and the text, with colours or without.
struct CommandOutput {
    exit: Exit,
    text: String,
    color: Option<Color>,
}

impl CommandOutput {
    fn plain(text: String) -> Self {
        Self { exit: Exit::Success, text, color: None }
    }
}

/// The names of the commands.
pub(super) const NAMES: [&str; 8] = ["subjects", "versions", "get", "register", "delete", "config", "mode", "diff"];

/// The commands for the command line.
pub(super) fn commands() -> [Command; 8] {
    let command = |name: &'static str| Command::new(name).disable_version_flag(true);
    [
        SubjectsArguments::augment_args(command("subjects")).about("List subjects"),
        VersionsArguments::augment_args(command("versions")).about("List the versions of a subject"),
        GetArguments::augment_args(command("get")).about("Print a schema"),
        RegisterArguments::augment_args(command("register"))
            .about("Register a schema under a subject")
            .after_help("Exit codes: 0 registered, 1 refused, 2 can't tell (bad input, no connection)."),
        DeleteArguments::augment_args(command("delete")).about("Delete a subject or one of its versions"),
        ConfigArguments::augment_args(command("config")).about("Print or change the config of a subject or of the registry"),
        ModeArguments::augment_args(command("mode")).about("Print or change the mode of a subject or of the registry"),
        DiffArguments::augment_args(command("diff"))
            .about("Say what two versions or files differ in, and who can read whom")
            .after_help(arguments::DIFF_HELP),
    ]
}

/// Runs one of the commands; an error is the one line that says why it can't.
pub(super) fn run(name: &str, matches: &ArgMatches) -> Result<Exit, String> {
    let said = match name {
        "subjects" => asked(matches, read::subjects),
        "versions" => asked(matches, read::versions),
        "get" => asked(matches, read::get),
        "register" => asked(matches, write::register),
        "delete" => asked(matches, write::delete),
        "config" => asked(matches, settings::config),
        "mode" => asked(matches, settings::mode),
        _ => asked(matches, diff::diff),
    }?;
    match said.color {
        Some(color) => print_styled(&said.text, color)?,
        None => print(&said.text)?,
    }
    Ok(said.exit)
}

fn asked<A: FromArgMatches + Sync>(
    matches: &ArgMatches,
    work: impl FnOnce(&A) -> Result<CommandOutput, InputError> + Send,
) -> Result<CommandOutput, String> {
    let arguments = A::from_arg_matches(matches).map_err(|error| error.to_string())?;
    on_deep_stack(|| work(&arguments)).map_err(|error| error.to_string())
}
