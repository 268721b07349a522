//! `accordant settings`: are the settings of a server good, what are they, and what are they when nobody says otherwise?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use serde::Serialize;

use super::access::AccessFiles;
use super::check::style::print;
use super::exit::Exit;
use super::kms::{exporter_seal, kms};
use super::tls::TlsFiles;
use super::{CommandFailure, database, oidc, serve, traces};
use crate::config::{self, GROUPS, Given, SETTINGS, Setting, Settings};

const FORMAT: &str = "format";
const HIDDEN: &str = "********";
const WIDTH: usize = 110;

pub(super) fn command(settings: impl Fn() -> Vec<Arg>) -> Command {
    let format = Arg::new(FORMAT).long(FORMAT).value_name("FORMAT").default_value("toml").value_parser(["toml", "json"]);
    let check = Command::new("check").about("Look whether a server could start with these settings and the files they name");
    let show = Command::new("show").about("Print the settings that count, and where each comes from; secrets are hidden");
    let defaults = Command::new("defaults").about("Print a configuration file in which every setting stands, with its default");
    Command::new("settings")
        .about("The settings of a server: check them, show them, print the defaults")
        .subcommand_required(true)
        .subcommand(check.args(settings()))
        .subcommand(show.arg(format.help("A configuration file, or JSON")).args(settings()))
        .subcommand(defaults)
        .after_help("The config of subjects, such as their level of compatibility, is `accordant config`.")
}

/// Prints the defaults.
pub(super) fn defaults() -> Result<Exit, String> {
    let mut text = String::from(
        "# Every setting of accordant with its default. Take the # away from what you change.\n\
         # Each is also a flag (--list-limit 50) and an environment variable (ACCORDANT_LIST_LIMIT=50), which win over this file.\n",
    );
    each_group(|heading, settings| {
        let _ = write!(text, "\n## {heading}\n");
        for setting in settings.iter().filter(|setting| setting.name != "config") {
            let _ = write!(text, "\n{}# {} = {}\n", comment(setting.help), setting.name, toml(setting.default));
        }
    });
    print(&text).map(|()| Exit::Success)
}

fn each_group(mut act: impl FnMut(&str, &[&Setting])) {
    for heading in GROUPS {
        let settings: Vec<&Setting> = SETTINGS.iter().filter(|setting| config::group(setting.name) == heading).collect();
        act(heading, &settings);
    }
}

/// A text as lines of comments.
fn comment(text: &str) -> String {
    let (mut out, mut line) = (String::new(), String::from("#"));
    for word in text.split(' ') {
        if line.len() + word.len() >= WIDTH {
            let _ = writeln!(out, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
    out
}

/// A value as the file has it.
fn toml(value: &str) -> String {
    if value.parse::<i64>().is_ok() || ["true", "false"].contains(&value) {
        return value.to_owned();
    }
    toml::Value::String(value.to_owned()).to_string()
}

pub(super) fn run(
    loaded: (&Settings, &BTreeMap<&'static str, Given>),
    what: &str,
    asked: &ArgMatches,
) -> Result<Exit, CommandFailure> {
    let (settings, given) = loaded;
    let text = match what {
        "check" => {
            check(settings)?;
            format!("the settings are good; {} of {} are given, the others are the defaults\n", given.len(), SETTINGS.len())
        }
        _ => match asked.get_one::<String>(FORMAT).map(String::as_str) {
            Some("json") => json(given),
            _ => file(given),
        },
    };
    print(&text).map(|()| Exit::Success).map_err(|line| (Exit::Usage, line))
}

/// Reads all that a start reads before it opens the database.
fn check(settings: &Settings) -> Result<(), CommandFailure> {
    let said = |line: String| (Exit::Usage, line);
    super::log::check_level(&settings.log_level).map_err(said)?;
    if database::sqlite_path(&settings.database)?.is_none() && !database::is_postgres(&settings.database) {
        return Err(database::unknown(&settings.database));
    }
    if let Some(files) = TlsFiles::of(settings).map_err(said)? {
        files.dates().map_err(said)?;
    } else if let Some(endpoint) = settings.listen.iter().find(|endpoint| endpoint.is_https(false)) {
        return Err(said(format!("listen: https://{endpoint} needs tls-cert and tls-key")));
    }
    let clock = Arc::new(serve::now) as crate::types::Clock;
    let issuers = oidc::issuers(settings, &clock).map_err(said)?;
    let access = AccessFiles::of(settings).with_issuers(issuers.into_iter().map(|(issuer, _)| issuer).collect());
    access.load().map_err(said)?;
    kms(settings, clock)?;
    exporter_seal(settings)?;
    traces::of(settings)?;
    Ok(())
}

/// What of a value may be shown.
fn shown(name: &str, value: &str) -> String {
    match (name, value.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))) {
        ("database", Some((scheme, (login, place)))) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            let place = place.split_once('?').map_or(place, |(place, _)| place);
            format!("{scheme}://{user}:{HIDDEN}@{place}")
        }
        ("database", None) if !value.contains("password") => value.to_owned(),
        _ if config::is_secret(name) && !value.is_empty() => HIDDEN.to_owned(),
        _ => value.to_owned(),
    }
}

fn file(given: &BTreeMap<&'static str, Given>) -> String {
    let mut text = String::new();
    each_group(|heading, settings| {
        let _ = write!(text, "## {heading}\n\n");
        for setting in settings {
            let (value, origin) = given.get(setting.name).map_or((setting.default, "default"), |one| (&one.value, &one.origin));
            let comment = if setting.name == "config" { "# " } else { "" };
            let _ = writeln!(text, "{comment}{} = {} # {origin}", setting.name, toml(&shown(setting.name, value)));
        }
        text.push('\n');
    });
    text
}

#[derive(Serialize)]
struct SettingRow<'r> {
    setting: &'r str,
    value: String,
    origin: &'r str,
    group: &'r str,
}

fn json(given: &BTreeMap<&'static str, Given>) -> String {
    let row = |setting: &'static Setting| {
        let (value, origin) = given.get(setting.name).map_or((setting.default, "default"), |one| (&one.value, &one.origin));
        SettingRow { setting: setting.name, value: shown(setting.name, value), origin, group: config::group(setting.name) }
    };
    let rows: Vec<SettingRow<'_>> = SETTINGS.iter().map(row).collect();
    serde_json::to_string_pretty(&rows).map_or_else(|error| error.to_string(), |text| text + "\n")
}
