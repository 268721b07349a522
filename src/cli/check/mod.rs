//! `accordant check`: is a schema compatible with earlier versions? The server's engines and rules, without a server.
//!
//! - `arguments`: what can be asked
//! - `source`, `references`, `remote`, `loaded_schema`: reading schemas from files, standard input and registries
//! - `compare`, `outcome`: the verdict
//! - `subject`: the same under the rules of a subject of a registry
//! - `contract`: rules of data contracts, held to the types of their schema
//! - `folder/`: many schemas at once, against a folder, a commit or a registry
//! - `human`, `markdown`, `json`, `github`, `junit`, `sarif`: what is printed; `excerpt` and `style` help
//! - `watch`: the same again whenever a file changes
//! - `input_error`: why there is no verdict

mod arguments;
mod compare;
pub(in crate::cli) mod contract;
mod excerpt;
pub(super) mod folder;
mod github;
mod human;
mod input_error;
mod json;
pub(super) mod junit;
mod loaded_schema;
pub(super) mod markdown;
mod outcome;
mod references;
mod remote;
pub(super) mod sarif;
mod source;
pub(super) mod style;
mod subject;
mod watch;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use self::arguments::Arguments;
use self::folder::FolderReport;
use self::source::STDIN;
use self::style::{print, print_styled};
use super::connection::connect;
use super::exit::Exit;
use super::manifest::Manifest;
use crate::compat::CompatibilitySettings;
use crate::registry::JudgingLimits;
use crate::schema::ParseMode;
use crate::types::{CompatibilityLevel, Config, Metadata, ProtobufPolicy, SchemaType, Version};

pub(super) use self::arguments::{Color, OutputFormat, schema_type};
pub(super) use self::compare::compare;
pub(super) use self::excerpt::{end_column, excerpt};
pub(super) use self::github::{Annotation, annotate};
pub(super) use self::input_error::InputError;
pub(super) use self::loaded_schema::{LoadOptions, LoadedSchema};
pub(super) use self::outcome::CheckOutcome;
pub(super) use self::references::{ReferenceLocations, max_depth};
pub(super) use self::remote::Remote;
pub(super) use self::source::{InputText, read, type_of};
pub(super) use self::subject::{SchemaJudgement, SubmittedSchema, judge};

/// Stack on which schemas are read and compared: they may be nested to the limits.
const STACK_BYTES: usize = 32 << 20;

/// Version of what the candidate refers to: no registry has it, so it counts as another text than any earlier one.
const CANDIDATE: Version = 0;
/// Version of what earlier versions in files refer to.
const EARLIER: Version = 1;

const AFTER_HELP: &str = "\
Examples:
  accordant check order.avsc --against order.old.avsc
  accordant check schemas --against git:origin/main
  accordant check schemas --against registry --registry https://registry.example
  accordant check order.avsc --subject orders-value --registry https://registry.example

Exit codes: 0 compatible, 1 not compatible or not valid, 2 can't tell (bad input, no connection).";

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("check").disable_version_flag(true))
        .about("Check schemas against earlier versions, from files, git or a registry")
        .after_help(AFTER_HELP)
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    if arguments.watch {
        return watch::watch(&arguments, || once(&arguments).map_err(|line| format!("accordant: {line}\n")));
    }
    once(&arguments)
}

/// One check, printed.
fn once(arguments: &Arguments) -> Result<Exit, String> {
    let answer = on_deep_stack(|| checked(arguments));
    let report = match answer {
        Ok(report) => report,
        Err(error) => {
            if arguments.format == OutputFormat::Github {
                print(&annotate(&error))?;
            }
            return Err(error.to_string());
        }
    };
    report.print(arguments.format, arguments.color)?;
    Ok(if report.is_refused() { Exit::Refused } else { Exit::Success })
}

/// What stands behind a verdict, for people.
pub(super) fn human_findings(outcome: &CheckOutcome) -> String {
    human::findings(outcome)
}

/// The same in Markdown.
pub(super) fn markdown_findings(outcome: &CheckOutcome) -> String {
    markdown::findings_of(outcome)
}

/// The same for programs, as `?explain=true` shows it.
pub(super) fn json_findings(outcome: &CheckOutcome) -> Vec<serde_json::Value> {
    json::findings(outcome)
}

/// What came out of a check: of one schema with its history, or of many.
enum CheckResult {
    One(Box<CheckOutcome>),
    Many(FolderReport),
}

impl CheckResult {
    fn is_refused(&self) -> bool {
        match self {
            Self::One(outcome) => !outcome.is_compatible(),
            Self::Many(report) => report.is_refused(),
        }
    }

    fn print(&self, format: OutputFormat, color: Color) -> Result<(), String> {
        match (format, self) {
            (OutputFormat::Human, Self::One(outcome)) => print_styled(&human::print(outcome), color),
            (OutputFormat::Human, Self::Many(report)) => print_styled(&human::print_all(report), color),
            (OutputFormat::Json, Self::One(outcome)) => print(&json::print(outcome)),
            (OutputFormat::Json, Self::Many(report)) => print(&json::print_all(report)),
            (OutputFormat::Github, Self::One(outcome)) => print(&github::print(outcome)),
            (OutputFormat::Github, Self::Many(report)) => print(&github::print_all(report)),
            (OutputFormat::Junit, Self::One(outcome)) => print(&junit::print(outcome)),
            (OutputFormat::Junit, Self::Many(report)) => print(&junit::print_all(report)),
            (OutputFormat::Sarif, Self::One(outcome)) => print(&sarif::print(outcome)),
            (OutputFormat::Sarif, Self::Many(report)) => print(&sarif::print_all(report)),
            (OutputFormat::Markdown, Self::One(outcome)) => print(&markdown::print(outcome)),
            (OutputFormat::Markdown, Self::Many(report)) => print(&markdown::print_all(report)),
        }
    }
}

fn checked(arguments: &Arguments) -> Result<CheckResult, InputError> {
    if folder::is_meant(arguments) {
        return folder::check(arguments).map(CheckResult::Many);
    }
    match arguments.new.as_slice() {
        [new] => check(arguments, new).map(|outcome| CheckResult::One(Box::new(outcome))),
        _ => Err(InputError::new("one schema is expected")),
    }
}

/// Runs `work` on a thread with a 32 MiB stack: schemas may be nested as deep as the limits allow, whatever the shell's stack is.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, InputError> + Send) -> Result<T, InputError> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("check".to_owned()).stack_size(STACK_BYTES);
        let thread =
            builder.spawn_scoped(scope, work).map_err(|error| InputError::new(format!("threads can't be started: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(InputError::new("the check broke off; please report this with its input")))
    })
}

fn check(arguments: &Arguments, new: &str) -> Result<CheckOutcome, InputError> {
    let metadata = metadata(&arguments.property)?;
    let of_files = !arguments.against.is_empty() || !arguments.against_dir.is_empty();
    let Some(subject) = &arguments.subject else {
        if arguments.registry.is_some() && !of_files {
            return Err(InputError::new("--registry needs --subject, or --against registry"));
        }
        return against_files(arguments, new, metadata);
    };
    if of_files {
        return Err(InputError::new("--subject asks a registry for the earlier versions: leave --against out"));
    }
    let manifest = Manifest::find(arguments.config.as_deref()).map_err(InputError::new)?;
    let connection = connect(arguments.registry.as_deref(), arguments.env.as_deref(), &arguments.login, manifest.as_ref());
    let connection = connection.map_err(InputError::new)?;
    let connection = connection
        .ok_or_else(|| InputError::new("--subject needs --registry URL, --env NAME or the variable ACCORDANT_REGISTRY"))?;
    let remote = Remote::of(&connection.client, subject, arguments.allow_new);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| InputError::new(format!("the network can't be used: {error}")))?;
    runtime.block_on(against_registry(arguments, new, metadata, remote))
}

/// Earlier versions from files: their numbers are their places in the history.
fn against_files(arguments: &Arguments, new: &str, metadata: Option<Metadata>) -> Result<CheckOutcome, InputError> {
    if arguments.against.is_empty() && arguments.against_dir.is_empty() {
        return Err(InputError::new(
            "nothing to compare with: --against FILE, --against-dir DIR or --registry URL --subject SUBJECT",
        ));
    }
    let of_stdin = arguments.against.iter().map(String::as_str).chain([new]).filter(|path| *path == STDIN).count();
    if of_stdin > 1 {
        return Err(InputError::new("standard input can be one schema only"));
    }
    let schema_type = arguments.schema_type.or_else(|| type_of(new));
    let schema_type = schema_type.or_else(|| arguments.against.iter().find_map(|path| type_of(path)));
    let Some(schema_type) = schema_type else { return Err(unknown_type(new)) };
    let config = Config::default();
    let side = candidate(arguments, new, schema_type, metadata, &config)?;
    let pick = |own: &[String], other: &[String]| if own.is_empty() { other.to_vec() } else { own.to_vec() };
    let named = pick(&arguments.against_reference, &arguments.reference);
    let folders = pick(&arguments.against_proto_path, &arguments.proto_path);
    let places = ReferenceLocations::new(&named, &folders, EARLIER)?;
    let mut paths = Vec::new();
    for folder in &arguments.against_dir {
        paths.extend(source::folder(folder, new, schema_type)?);
    }
    paths.extend(arguments.against.iter().cloned());
    let reading = LoadOptions { mode: ParseMode::Lookup, validate_fields: false, strict: false, normalize: arguments.normalize };
    let mut earlier = Vec::with_capacity(paths.len());
    for (path, version) in paths.iter().zip(1..) {
        let own_type = arguments.schema_type.or_else(|| type_of(path)).unwrap_or(schema_type);
        let side = LoadedSchema::file(own_type, read(path)?, &places, reading)?;
        earlier.push(LoadedSchema { version, ..side });
    }
    earlier.reverse();
    compare(side, earlier, &rules(arguments, &config))
}

/// Earlier versions from a registry, under the subject's own rules.
async fn against_registry(
    arguments: &Arguments,
    new: &str,
    metadata: Option<Metadata>,
    mut remote: Remote,
) -> Result<CheckOutcome, InputError> {
    let config = remote.config(arguments.level).await?;
    let rules = rules(arguments, &config);
    let value = |group: &str| metadata.as_ref().and_then(|metadata| metadata.property(group)).map(str::to_owned);
    let group = config.compatibility_group.as_deref().filter(|group| !group.is_empty()).map(|group| (group, value(group)));
    let group = group.as_ref().map(|(group, value)| (*group, value.as_deref()));
    let earlier = if rules.level == CompatibilityLevel::None && !rules.validate_fields && !rules.is_logical() {
        Vec::new()
    } else {
        remote.earlier(arguments.of_version, rules.level, group).await?
    };
    let schema_type = arguments.schema_type.or_else(|| type_of(new));
    let schema_type = schema_type.or_else(|| earlier.first().map(|side| side.parsed.schema_type()));
    let Some(schema_type) = schema_type else { return Err(unknown_type(new)) };
    let new = candidate(arguments, new, schema_type, metadata, &config)?;
    compare(new, earlier, &rules)
}

fn candidate(
    arguments: &Arguments,
    new: &str,
    schema_type: SchemaType,
    metadata: Option<Metadata>,
    config: &Config,
) -> Result<LoadedSchema, InputError> {
    let places = ReferenceLocations::new(&arguments.reference, &arguments.proto_path, CANDIDATE)?;
    let text: InputText = read(new)?;
    let reading = LoadOptions {
        mode: if config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup },
        validate_fields: config.validate_fields.unwrap_or(false),
        strict: arguments.strict || config.protobuf_policy == Some(ProtobufPolicy::Compiled),
        normalize: arguments.normalize || config.normalize.unwrap_or(false),
    };
    let side = LoadedSchema::file(schema_type, text, &places, reading)?;
    let rule_set = arguments.rule_set.as_deref().map(|file| {
        let input = read(file)?;
        serde_json::from_str(&input.text).map_err(|error| InputError::of(&input.name, format!("not JSON: {error}")))
    });
    let rule_set: Option<serde_json::Value> = rule_set.transpose()?;
    if rule_set.is_some() || config.validate_rules == Some(true) {
        contract::hold_rules(&side.input.name, &side.parsed, rule_set.as_ref(), metadata.as_ref())?;
    }
    Ok(LoadedSchema { metadata, ..side })
}

/// What is given wins over what the registry says.
fn rules(arguments: &Arguments, config: &Config) -> CompatibilitySettings {
    CompatibilitySettings {
        level: arguments.level.or(config.compatibility).unwrap_or_default(),
        policy: arguments.policy.or(config.compatibility_policy).unwrap_or_default(),
        protobuf_policy: arguments.protobuf_policy.or(config.protobuf_policy).unwrap_or_default(),
        validate_fields: config.validate_fields.unwrap_or(false),
        work_budget: JudgingLimits::default().work,
    }
}

fn metadata(properties: &[String]) -> Result<Option<Metadata>, InputError> {
    let mut metadata = None;
    for pair in properties {
        let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(InputError::new(format!("property '{pair}': expected KEY=VALUE")));
        };
        metadata = Some(metadata.unwrap_or_else(Metadata::default).with_property(key, value));
    }
    Ok(metadata)
}

fn unknown_type(path: &str) -> InputError {
    let file = if path == STDIN { "stdin" } else { path };
    InputError::of(file, "the name does not tell the format: --type avro, protobuf or json")
}
