//! `accordant doctor`: is everything there that a server of these settings needs? Nothing is changed.
//!
//! | file | what |
//! | --- | --- |
//! | `finding` | what was found, and how it is printed |
//! | `database` | the database: there, of this release, writable, durable, with room |
//! | `machine` | files of TLS, logins and keys, limits, and the server itself |

mod database;
mod finding;
mod machine;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::check::Color;
use super::check::style::print_styled;
use super::exit::Exit;
use super::{CommandFailure, serve};
use crate::config::{ConfigError, Settings};
use finding::{DoctorFinding, DoctorReport};

const FORMAT: &str = "format";
const THOROUGH: &str = "thorough";

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let format = Arg::new(FORMAT).long(FORMAT).value_name("FORMAT").default_value("human").value_parser(["human", "json"]);
    let thorough = Arg::new(THOROUGH).long(THOROUGH).action(ArgAction::SetTrue);
    Command::new("doctor")
        .about("Look whether all is there that a server of these settings needs; change nothing")
        .arg(format.help("One page for people, or JSON"))
        .arg(thorough.help("Read all of a SQLite file, and say what is broken in it"))
        .args(settings)
        .after_help("Exit codes: 0 nothing is wrong, warnings at most; 1 something is; 2 the command line can't be used.")
}

pub(super) fn run(settings: Result<Settings, ConfigError>, asked: &ArgMatches) -> Result<Exit, CommandFailure> {
    let mut report = DoctorReport::default();
    match settings {
        Ok(settings) => {
            report.add("Settings", DoctorFinding::good(origin(&settings)));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
            let now = serve::now();
            runtime.block_on(database::look(&settings, asked.get_flag(THOROUGH), now, &mut report));
            machine::look(&settings, now, &mut report);
            runtime.block_on(machine::server(&settings, &mut report));
        }
        Err(error) => report.add("Settings", DoctorFinding::bad(error.to_string(), "correct that; nothing else was looked at")),
    }
    let text = match asked.get_one::<String>(FORMAT).map(String::as_str) {
        Some("json") => report.json(),
        _ => report.page(),
    };
    print_styled(&text, Color::Auto).map_err(|line| (Exit::Usage, line))?;
    Ok(if report.is_good() { Exit::Success } else { Exit::Refused })
}

fn origin(settings: &Settings) -> String {
    match &settings.config {
        Some(file) => format!("all can be read; the file is {}", file.display()),
        None => "all can be read; there is no file (--config)".to_owned(),
    }
}
