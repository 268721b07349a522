//! RING 5: the command line.
//!
//! | file | what |
//! | --- | --- |
//! | `serve` | `accordant serve`: opens the store, runs the server |
//! | `audit/` | `accordant audit`: the record of who changed what, checked and printed |
//! | `backup` | `accordant backup`, `restore`: a copy of the database, and back |
//! | `ping` | `accordant ping`: is a server ready? |
//! | `doctor/` | `accordant doctor`: is all there that a server needs? |
//! | `settings` | `accordant settings`: settings checked, shown, and their defaults |
//! | `migrate_database` | `accordant migrate-database`: what a start does to a database, alone |
//! | `version` | `accordant --version` |
//! | `database` | what the setting `database` means |
//! | `check/` | `accordant check`: `source`, `references`, `remote` find the schemas, `compare` judges them, one file prints each format |
//! | `lint/` | `accordant lint`: schemas by themselves |
//! | `validate` | `accordant validate`: payloads against a schema |
//! | `ce/` | `accordant ce`: events, and what a `dataschema` names |
//! | `passwd`, `token`, `explain` | users, static tokens, and what rules say of them |
//! | `access`, `secret_file`, `file_watch` | the files of logins and rules, and how they are read anew when they change |
//! | `listeners`, `tls` | the addresses that are listened on, and the files of TLS |
//! | `oidc`, `sign_in` | the keys of the issuer of tokens, and the provider where users of the web pages sign in |
//! | `kms` | the KMS that the settings name, for shared keys |
//! | `client`, `connection`, `registry_login`, `api` | asking another registry: which one, logging in there, and its API |
//! | `registry/` | `accordant subjects`, `versions`, `get`, `register`, `delete`, `config`, `mode`, `diff` |
//! | `data/` | `accordant decode`, `encode`: messages as JSON, and back |
//! | `migrate/` | `accordant migrate`, `export`, `import`, `digest`: one registry into another, and the proof that both are equal |
//! | `project/` | `accordant plan`, `apply`, `pull`, `drift`, `promote`: a registry that is what files say |
//! | `manifest/` | `accordant.toml`: files and their subjects, environments |
//! | `admin`, `log`, `signals` | what stands beside the server: health and metrics on an address of their own, the log, signals |
//! | `traces`, `otlp/` | traces that are sent to a collector, in builds with the feature `otlp` |
//! | `usage` | who reads which version: written from time to time |
//! | `service_manager` | what systemd is told |
//! | `watchdog` | ends a process that should stop and can't |
//! | `help` | the overview, completions, man pages |
//! | `exit` | what each exit code means |

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{self, SETTINGS};
use crate::jsonata;

mod access;
mod admin;
mod api;
mod audit;
mod backup;
mod ce;
mod check;
mod client;
mod connection;
mod data;
mod database;
mod doctor;
mod exit;
mod explain;
mod file_watch;
mod help;
mod kms;
mod lint;
mod listeners;
mod log;
mod manifest;
mod migrate;
mod migrate_database;
mod oidc;
#[cfg(feature = "otlp")]
mod otlp;
mod passwd;
mod ping;
mod project;
mod registry;
mod registry_login;
mod secret_file;
mod serve;
mod service_manager;
mod settings;
mod sign_in;
mod signals;
mod tls;
mod token;
mod traces;
mod usage;
mod validate;
mod version;
mod watchdog;

pub use exit::Exit;

/// Why a command ends, and the line that says so.
type CommandFailure = (Exit, String);

const VERSION: &str = "version";
const VERBOSE: &str = "verbose";

fn settings_arguments() -> impl Iterator<Item = Arg> {
    // help has the headings in the order in which they appear
    let of_group = |group: &'static str| SETTINGS.iter().filter(move |setting| config::group(setting.name) == group);
    config::GROUPS.iter().flat_map(move |group| of_group(group)).map(|setting| {
        let variable = format!("{}{}", config::ENV_PREFIX, setting.name.replace('-', "_").to_uppercase());
        let default = if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
        let action = if config::is_list(setting.name) { ArgAction::Append } else { ArgAction::Set };
        let help = format!("{}{default} [env: {variable}]", setting.help);
        Arg::new(setting.name)
            .long(setting.name)
            .value_name("VALUE")
            .action(action)
            .help(help)
            .help_heading(config::group(setting.name))
    })
}

fn command() -> Command {
    let command = commands();
    let overview = help::overview(&command);
    command.override_help(overview)
}

fn commands() -> Command {
    Command::new("accordant")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg(Arg::new(VERSION).long(VERSION).short('V').action(ArgAction::SetTrue).help("Print the version"))
        .arg(
            Arg::new(VERBOSE)
                .long(VERBOSE)
                .action(ArgAction::SetTrue)
                .requires(VERSION)
                .help("With --version: all about the build"),
        )
        .about("A schema registry that answers as Confluent's does. Without a command it serves.")
        // they are in the help of `serve`
        .args(settings_arguments().map(|setting| setting.hide(true)))
        .subcommand(Command::new("serve").about("Serve the registry (the default)").args(settings_arguments()))
        .subcommand(audit::command(|| settings_arguments().collect()))
        .subcommand(backup::command(settings_arguments()))
        .subcommand(backup::restore_command(settings_arguments()))
        .subcommand(ce::command())
        .subcommand(check::command())
        .subcommands(project::commands())
        .subcommands(registry::commands())
        .subcommands(data::commands())
        .subcommands(migrate::commands())
        .subcommand(explain::command(settings_arguments()))
        .subcommand(lint::command())
        .subcommand(passwd::command())
        .subcommand(doctor::command(settings_arguments()))
        .subcommand(migrate_database::command(settings_arguments()))
        .subcommand(settings::command(|| settings_arguments().collect()))
        .subcommand(ping::command(settings_arguments()))
        .subcommand(token::command())
        .subcommand(validate::command())
        .subcommands(help::commands())
        .after_help(exit::HELP)
}

fn given(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    // a flag of a list has an entry each time it is given
    let value = |name: &'static str| {
        let values = matches.get_many::<String>(name)?.map(String::as_str).collect::<Vec<_>>();
        Some((name, values.join("\n")))
    };
    SETTINGS.iter().filter_map(|setting| value(setting.name)).collect()
}

/// Runs the process's command line.
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map_while(|argument| argument.into_string().ok()).take(4).collect();
    // what this program starts itself as is no command for people
    if let Some((jsonata::WORKER, bounds)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return jsonata::work(bounds);
    }
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let printed = error.print();
            return match printed {
                Ok(()) if !error.use_stderr() => Exit::Success.into(),
                Ok(()) => Exit::Usage.into(),
                Err(reason) => refuse(Exit::Usage, &format!("can't write: {reason}")),
            };
        }
    };
    if matches.get_flag(VERSION) {
        return version::run(matches.get_flag(VERBOSE)).map_or_else(|line| refuse(Exit::Usage, &line), ExitCode::from);
    }
    let answered = match matches.subcommand() {
        Some(("settings", asked)) if asked.subcommand_name() == Some("defaults") => Some(settings::defaults()),
        Some(("ce", asked)) => Some(ce::run(asked)),
        Some(("check", asked)) => Some(check::run(asked)),
        Some((name, asked)) if registry::NAMES.contains(&name) => Some(registry::run(name, asked)),
        Some((name, asked)) if data::NAMES.contains(&name) => Some(data::run(name, asked)),
        Some((name @ ("migrate" | "export" | "import" | "digest"), asked)) => Some(migrate::run(name, asked)),
        Some((name @ ("plan" | "apply" | "drift" | "pull" | "promote"), asked)) => Some(project::run(name, asked)),
        Some(("completions", asked)) => Some(help::completions(command(), asked)),
        Some(("man", asked)) => Some(help::man(commands(), asked)),
        Some(("lint", asked)) => Some(lint::run(asked)),
        Some(("passwd", asked)) => Some(passwd::run(asked)),
        Some(("token", asked)) => Some(token::run(asked)),
        Some(("validate", asked)) => Some(validate::run(asked)),
        _ => None,
    };
    if let Some(answer) = answered {
        return answer.map_or_else(|line| refuse(Exit::Usage, &line), ExitCode::from);
    }
    let mut flags = given(&matches);
    match matches.subcommand() {
        Some(("serve" | "backup" | "restore" | "ping" | "doctor" | "migrate-database", own)) => flags.extend(given(own)),
        Some(("access" | "audit" | "settings", asked)) => {
            flags.extend(asked.subcommand().map(|(_, own)| given(own)).unwrap_or_default());
        }
        _ => {}
    }
    let environment: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let loaded = config::load(&flags, &environment);
    if let Some(("doctor", asked)) = matches.subcommand() {
        return doctor::run(loaded, asked).map_or_else(|(exit, line)| refuse(exit, &line), ExitCode::from);
    }
    let outcome = match loaded {
        Ok(settings) => match matches.subcommand() {
            Some(("backup", asked)) => backup::run(&settings, asked).map(|()| Exit::Success),
            Some(("restore", asked)) => backup::restore(&settings, asked),
            Some(("ping", asked)) => ping::run(&settings, asked),
            Some(("migrate-database", asked)) => migrate_database::run(&settings, asked),
            Some(("settings", asked)) => match (asked.subcommand(), config::given(&flags, &environment)) {
                (Some((what, asked)), Ok(given)) => settings::run((&settings, &given), what, asked),
                (_, given) => given.map(|_| Exit::Usage).map_err(|error| (Exit::Usage, error.to_string())),
            },
            Some(("audit", asked)) => {
                asked.subcommand().map_or(Ok(Exit::Usage), |(what, asked)| audit::run(&settings, what, asked, serve::now()))
            }
            Some(("access", asked)) => asked.subcommand().map_or(Ok(Exit::Usage), |(_, asked)| explain::run(&settings, asked)),
            _ => serve::run(&settings, move || config::load(&flags, &environment)).map(|()| Exit::Success),
        },
        Err(error) => Err((Exit::Usage, error.to_string())),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err((exit, line)) => refuse(exit, &line),
    }
}

fn refuse(exit: Exit, line: &str) -> ExitCode {
    log::complain(line);
    exit.into()
}
