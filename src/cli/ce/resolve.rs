//! `accordant ce resolve`: which schema does a `dataschema` name? Asks a registry, which never fetches anything.

use std::fmt::Write as _;

use clap::{ArgMatches, Args, Command, FromArgMatches as _, ValueEnum};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::cli::check::style::{print, without_controls};
use crate::cli::client::{RegistryAnswer, RegistryClient};
use crate::cli::exit::Exit;
use crate::cli::registry_login::RegistryLogin;

#[derive(Debug, Args)]
struct Arguments {
    /// The attribute `dataschema` of an event
    #[arg(value_name = "URI")]
    uri: String,
    /// The attribute `type` of the event, for bindings of types
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// The registry: http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH]
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8081")]
    registry: String,
    #[command(flatten)]
    login: RegistryLogin,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ResolutionFormat,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ResolutionFormat {
    /// For people
    #[default]
    Human,
    /// The registry's answer
    Json,
}

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("resolve").disable_version_flag(true))
        .about("Tell which schema a dataschema URI names")
        .after_help("Exit codes: 0 resolved, 1 not resolved, 2 can't tell (bad input, no connection).")
}

/// Runs the command; an error is the one line that says why there is no answer.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the network can't be used: {error}"))?;
    let answer = runtime.block_on(ask(&arguments))?;
    let is_resolved = match (answer.status, answer.body.get("tried")) {
        (200, _) => true,
        // the registry's verdict, not that of whatever else may answer
        (404 | 409, Some(_)) => false,
        _ => return Err(format!("registry {}: {}", arguments.registry, without_controls(&answer.complaint()))),
    };
    print(&match arguments.format {
        ResolutionFormat::Json => format!("{:#}\n", answer.body),
        ResolutionFormat::Human if is_resolved => resolved(&answer.body),
        ResolutionFormat::Human => unresolved(&answer.body),
    })?;
    Ok(if is_resolved { Exit::Success } else { Exit::Refused })
}

async fn ask(arguments: &Arguments) -> Result<RegistryAnswer, String> {
    let registry = |error: String| format!("registry {}: {error}", arguments.registry);
    let client = RegistryClient::new(&arguments.registry, &arguments.login).map_err(registry)?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut path = format!("/cloudevents/resolve?dataschema={}", encoded(&arguments.uri));
    if let Some(event_type) = &arguments.event_type {
        path.push_str("&type=");
        path.push_str(&encoded(event_type));
    }
    client.get(&path).await.map_err(registry)
}

/// A member as text that a terminal can show.
fn text(body: &Value, key: &str) -> String {
    match body.get(key) {
        Some(Value::String(text)) => without_controls(text),
        Some(Value::Null) | None => String::new(),
        Some(other) => without_controls(&other.to_string()),
    }
}

fn list(body: &Value, key: &str) -> Vec<String> {
    let items = body.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(without_controls).collect()
}

fn resolved(body: &Value) -> String {
    let get = |key| text(body, key);
    let mut out = format!("{} version {} ({})\n", get("subject"), get("version"), get("schemaType"));
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            // writing to a string does not fail
            let _ = writeln!(out, "  {name:<9} {value}");
        }
    };
    line("id", get("id"));
    line("guid", get("guid"));
    line("by", get("resolved_by"));
    line("tried", list(body, "tried").join(", "));
    line("selects", get("fragment"));
    line("document", get("url"));
    if get("immutable") == "false" {
        line("note", "the URI names whatever is the latest".to_owned());
    }
    if get("deleted") == "true" {
        line("note", "the version is soft-deleted".to_owned());
    }
    out
}

fn unresolved(body: &Value) -> String {
    let mut out = format!("{}\n", text(body, "detail"));
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            // writing to a string does not fail
            let _ = writeln!(out, "  {name:<12} {value}");
        }
    };
    line("tried", list(body, "tried").join(", "));
    for candidate in body.get("candidates").and_then(Value::as_array).into_iter().flatten() {
        line(
            "candidate",
            format!("{} version {}: {}", text(candidate, "subject"), text(candidate, "version"), text(candidate, "url")),
        );
    }
    for suggestion in list(body, "did_you_mean") {
        line("did you mean", suggestion);
    }
    out
}
