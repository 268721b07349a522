//! `accordant check`: is a schema compatible with earlier versions? The server's engines and rules, without a server.
//!
//! - `arguments`: what can be asked
//! - `source`, `references`, `remote`, `loaded_schema`: reading schemas from files, standard input and registries
//! - `compare`, `outcome`: the verdict
//! - `human`, `json`, `github`, `junit`, `sarif`: what is printed; `excerpt` and `style` help
//! - `input_error`: why there is no verdict

mod arguments;
mod compare;
mod excerpt;
mod github;
mod human;
mod input_error;
mod json;
mod junit;
mod loaded_schema;
mod outcome;
mod references;
mod remote;
mod sarif;
mod source;
pub(super) mod style;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use self::arguments::{Arguments, OutputFormat};
use self::loaded_schema::{LoadedSchema, Reading};
use self::outcome::Outcome;
use self::remote::Remote;
use self::source::{Input, STDIN};
use self::style::{print, print_styled};
use super::exit::Exit;
use crate::compat::Rules;
use crate::registry::JudgingLimits;
use crate::schema::ParseMode;
use crate::types::{CompatibilityLevel, Config, Metadata, ProtobufPolicy, SchemaType, Version};

pub(super) use self::arguments::{Color, schema_type};
pub(super) use self::excerpt::excerpt;
pub(super) use self::github::{Annotation, annotate};
pub(super) use self::input_error::InputError;
pub(super) use self::references::{Places, max_depth};
pub(super) use self::source::{read, type_of};

/// Stack on which schemas are read and compared: they may be nested to the limits.
const STACK_BYTES: usize = 32 << 20;

/// Version of what the candidate refers to: no registry has it, so it counts as another text than any earlier one.
const CANDIDATE: Version = 0;
/// Version of what earlier versions in files refer to.
const EARLIER: Version = 1;

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("check").disable_version_flag(true))
        .about("Check a schema against earlier versions, from files or a registry")
        .after_help("Exit codes: 0 compatible, 1 not compatible, 2 can't tell (bad input, no connection).")
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let outcome = match on_deep_stack(|| check(&arguments)) {
        Ok(outcome) => outcome,
        Err(error) => {
            if arguments.format == OutputFormat::Github {
                print(&annotate(&error))?;
            }
            return Err(error.to_string());
        }
    };
    match arguments.format {
        OutputFormat::Human => print_styled(&human::print(&outcome), arguments.color),
        OutputFormat::Json => print(&json::print(&outcome)),
        OutputFormat::Github => print(&github::print(&outcome)),
        OutputFormat::Junit => print(&junit::print(&outcome)),
        OutputFormat::Sarif => print(&sarif::print(&outcome)),
    }?;
    Ok(if outcome.is_compatible() { Exit::Success } else { Exit::Refused })
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

fn check(arguments: &Arguments) -> Result<Outcome, InputError> {
    let metadata = metadata(&arguments.property)?;
    match (&arguments.registry, &arguments.subject) {
        (Some(url), Some(subject)) => {
            let remote = Remote::new(url, &arguments.login, subject, arguments.allow_new)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| InputError::new(format!("the network can't be used: {error}")))?;
            runtime.block_on(against_registry(arguments, metadata, remote))
        }
        _ => against_files(arguments, metadata),
    }
}

/// Earlier versions from files: their numbers are their places in the history.
fn against_files(arguments: &Arguments, metadata: Option<Metadata>) -> Result<Outcome, InputError> {
    if arguments.against.is_empty() && arguments.against_dir.is_empty() {
        return Err(InputError::new(
            "nothing to compare with: --against FILE, --against-dir DIR or --registry URL --subject SUBJECT",
        ));
    }
    let of_stdin = arguments.against.iter().chain([&arguments.new]).filter(|path| *path == STDIN).count();
    if of_stdin > 1 {
        return Err(InputError::new("standard input can be one schema only"));
    }
    let schema_type = arguments.schema_type.or_else(|| type_of(&arguments.new));
    let schema_type = schema_type.or_else(|| arguments.against.iter().find_map(|path| type_of(path)));
    let Some(schema_type) = schema_type else { return Err(unknown_type(&arguments.new)) };
    let config = Config::default();
    let new = candidate(arguments, schema_type, metadata, &config)?;
    let pick = |own: &[String], other: &[String]| if own.is_empty() { other.to_vec() } else { own.to_vec() };
    let named = pick(&arguments.against_reference, &arguments.reference);
    let folders = pick(&arguments.against_proto_path, &arguments.proto_path);
    let places = Places::new(&named, &folders, EARLIER)?;
    let mut paths = Vec::new();
    for folder in &arguments.against_dir {
        paths.extend(source::folder(folder, &arguments.new, schema_type)?);
    }
    paths.extend(arguments.against.iter().cloned());
    let reading = Reading { mode: ParseMode::Lookup, validate_fields: false, strict: false, normalize: arguments.normalize };
    let mut earlier = Vec::with_capacity(paths.len());
    for (path, version) in paths.iter().zip(1..) {
        let own_type = arguments.schema_type.or_else(|| type_of(path)).unwrap_or(schema_type);
        let side = LoadedSchema::file(own_type, read(path)?, &places, reading)?;
        earlier.push(LoadedSchema { version, ..side });
    }
    earlier.reverse();
    compare::compare(new, earlier, &rules(arguments, &config))
}

/// Earlier versions from a registry, under the subject's own rules.
async fn against_registry(arguments: &Arguments, metadata: Option<Metadata>, mut remote: Remote) -> Result<Outcome, InputError> {
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
    let schema_type = arguments.schema_type.or_else(|| type_of(&arguments.new));
    let schema_type = schema_type.or_else(|| earlier.first().map(|side| side.parsed.schema_type()));
    let Some(schema_type) = schema_type else { return Err(unknown_type(&arguments.new)) };
    let new = candidate(arguments, schema_type, metadata, &config)?;
    compare::compare(new, earlier, &rules)
}

fn candidate(
    arguments: &Arguments,
    schema_type: SchemaType,
    metadata: Option<Metadata>,
    config: &Config,
) -> Result<LoadedSchema, InputError> {
    let places = Places::new(&arguments.reference, &arguments.proto_path, CANDIDATE)?;
    let text: Input = read(&arguments.new)?;
    let reading = Reading {
        mode: if config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup },
        validate_fields: config.validate_fields.unwrap_or(false),
        strict: arguments.strict || config.protobuf_policy == Some(ProtobufPolicy::Compiled),
        normalize: arguments.normalize || config.normalize.unwrap_or(false),
    };
    let side = LoadedSchema::file(schema_type, text, &places, reading)?;
    Ok(LoadedSchema { metadata, ..side })
}

/// What is given wins over what the registry says.
fn rules(arguments: &Arguments, config: &Config) -> Rules {
    Rules {
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
