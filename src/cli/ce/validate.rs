//! `accordant ce validate`: is this an event, and is its data what the schema says?

use std::io::Read as _;

use clap::{ArgMatches, Args, Command, FromArgMatches as _, ValueEnum};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::human;
use crate::cli::check::style::{print, print_styled};
use crate::cli::check::{Color, InputError, ReferenceLocations, max_depth, on_deep_stack, read, schema_type, type_of};
use crate::cli::client::RegistryClient;
use crate::cli::exit::Exit;
use crate::cli::registry_login::RegistryLogin;
use crate::cloudevents::{
    Attempt, ContentMode, Envelope, EventSchema, EventSettings, EventVerdict, Issues, Judgement, RenderedReport, SchemaFacts,
    Strictness, Tolerate, batch_report, content_mode, judge, parse_batch, parse_headers, parse_structured, report, without_data,
};
use crate::schema::PayloadValidator;
use crate::schema::payload::{Effort, Work};
use crate::schema::{ParseMode, ParseOptions, Parsed};
use crate::types::SchemaType;

#[derive(Debug, Args)]
struct Arguments {
    /// The event: JSON (one, or an array of them), or with --header the body of an HTTP request; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// A header of the HTTP request that carries the event, as `ce-id: 1`; may be given several times. Then FILE is the body
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The schema of the data
    #[arg(long, value_name = "FILE", conflicts_with = "registry")]
    schema: Option<String>,
    /// Format of the schema: avro, protobuf or json [default: by the file's name]
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type, requires = "schema")]
    schema_type: Option<SchemaType>,
    /// A schema that the schema refers to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH", requires = "schema")]
    reference: Vec<String>,
    /// A folder that Protobuf imports are relative to
    #[arg(long, value_name = "DIR", requires = "schema")]
    proto_path: Vec<String>,
    /// What the data is inside the schema: a Protobuf message, an Avro type, a JSON pointer
    #[arg(long, value_name = "PART", requires = "schema")]
    part: Option<String>,
    /// Ask a registry, which finds the schema that the event names
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    #[command(flatten)]
    login: RegistryLogin,
    /// Use the schema of this subject of the registry, whatever the event says
    #[arg(long, value_name = "SUBJECT", requires = "registry")]
    subject: Option<String>,
    /// The version of that subject
    #[arg(long, value_name = "VERSION", requires = "subject")]
    version: Option<String>,
    /// An event without a schema is invalid
    #[arg(long, requires = "registry")]
    require_schema: bool,
    /// The data is not to be checked; without this, --schema and --registry the exit code is 2 even where the envelope is valid
    #[arg(long, conflicts_with_all = ["schema", "registry"])]
    envelope_only: bool,
    /// How strictly: default, strict (what the specifications advise against is an error too), lenient
    #[arg(long, value_name = "MODE", default_value = "default", value_parser = strictness)]
    mode: Strictness,
    /// Forms of dataschema without a scheme that are warnings: `#`, `type-url`, or both with a comma
    #[arg(long, value_name = "FORMS", default_value = "", value_parser = tolerate, hide_default_value = true, conflicts_with = "registry")]
    tolerate_dataschema: Tolerate,
    /// Don't treat `format` of JSON Schema as an assertion
    #[arg(long)]
    no_formats: bool,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: EventReportFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum EventReportFormat {
    /// For people
    #[default]
    Human,
    /// The report of the server, as JSON
    Json,
}

fn strictness(word: &str) -> Result<Strictness, String> {
    Strictness::parse(word).ok_or_else(|| "expected one of default, strict, lenient".to_owned())
}

fn tolerate(text: &str) -> Result<Tolerate, String> {
    Tolerate::parse(text).ok_or_else(|| "expected a list of # and type-url".to_owned())
}

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("validate").disable_version_flag(true))
        .about("Validate an event, and its data against a schema")
        .after_help("Exit codes: 0 valid, 1 not valid, 2 can't tell (bad input, no connection, nothing to check the data by).")
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let (report, name, body) = on_deep_stack(|| validate(&arguments)).map_err(|error| error.to_string())?;
    let is_data_checked = arguments.schema.is_some() || arguments.registry.is_some();
    match arguments.format {
        EventReportFormat::Human => {
            let text = std::str::from_utf8(&body).ok();
            print_styled(&human::print(&report, &name, text, is_data_checked), arguments.color)
        }
        EventReportFormat::Json => print(&format!("{}\n", serde_json::to_string_pretty(&report).unwrap_or_default())),
    }?;
    let valid = report.get("valid").and_then(Value::as_bool) == Some(true);
    if valid && !is_data_checked && !arguments.envelope_only {
        return Err(format!(
            "{name}: the data was not checked; --schema or --registry does, and --envelope-only says that it need not be"
        ));
    }
    Ok(if valid { Exit::Success } else { Exit::Refused })
}

/// The report, the event's name, and its text.
fn validate(arguments: &Arguments) -> Result<(Value, String, Vec<u8>), InputError> {
    if arguments.file == "-" && arguments.schema.as_deref() == Some("-") {
        return Err(InputError::new("standard input can be the event or the schema, not both"));
    }
    let schema = arguments.schema.as_deref().map(|file| schema(arguments, file)).transpose()?;
    let (name, body) = bytes(&arguments.file)?;
    let mut headers = headers(&arguments.header)?;
    if headers.is_empty() {
        let is_batch = body.trim_ascii_start().starts_with(b"[");
        let kind: &[u8] = if is_batch { b"application/cloudevents-batch+json" } else { b"application/cloudevents+json" };
        headers.push(("content-type".to_owned(), kind.to_vec()));
    }
    let report = match &arguments.registry {
        Some(url) => ask(arguments, url, &headers, &body)?,
        None => here(arguments, &headers, &body, schema.as_ref())?,
    };
    Ok((report, name, body))
}

/// A file's bytes: bodies need not be text.
pub(super) fn bytes(path: &str) -> Result<(String, Vec<u8>), InputError> {
    let name = if path == "-" { "stdin" } else { path };
    let mut body = Vec::new();
    let read = if path == "-" {
        std::io::stdin().read_to_end(&mut body).map(|_| ())
    } else {
        std::fs::read(path).map(|bytes| body = bytes)
    };
    read.map_err(|error| InputError::of(name, format!("can't be read: {error}")))?;
    Ok((name.to_owned(), body))
}

pub(super) fn headers(given: &[String]) -> Result<Vec<(String, Vec<u8>)>, InputError> {
    let one = |text: &String| match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().as_bytes().to_vec())),
        _ => Err(InputError::new(format!("header '{text}': expected NAME: VALUE"))),
    };
    given.iter().map(one).collect()
}

fn schema(arguments: &Arguments, file: &str) -> Result<EventSchema, InputError> {
    let kind = arguments.schema_type.or_else(|| type_of(file));
    let kind = kind.ok_or_else(|| InputError::of(file, "the file's name does not tell its format; --type does"))?;
    let input = read(file)?;
    let references = ReferenceLocations::new(&arguments.reference, &arguments.proto_path, 0)?.resolve(kind, &input.text)?;
    let refused = |error| InputError::refused(&input.name, &error);
    let options = ParseOptions::new(ParseMode::New, max_depth(kind));
    let parsed = Parsed::parse(kind, &input.text, &references, &options).map_err(refused)?;
    let payload = PayloadValidator::prepare(&parsed, !arguments.no_formats, arguments.part.as_deref()).map_err(refused)?;
    let facts = SchemaFacts { resolved_by: "override", schema_type: Some(kind), ..SchemaFacts::default() };
    Ok(EventSchema { facts, payload })
}

/// Judges without a server.
fn here(
    arguments: &Arguments,
    headers: &[(String, Vec<u8>)],
    body: &[u8],
    schema: Option<&EventSchema>,
) -> Result<Value, InputError> {
    let settings = EventSettings { tolerate: arguments.tolerate_dataschema, ..EventSettings::default() };
    let text = std::str::from_utf8(body).ok();
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.and_then(|(_, value)| std::str::from_utf8(value).ok());
    let envelope = match content_mode(content_type) {
        Some(ContentMode::Batched) => {
            let mut own = Issues::default();
            let envelopes = parse_batch(body, &settings).unwrap_or_else(|issue| {
                own.push(*issue);
                Vec::new()
            });
            let verdicts = envelopes.into_iter().map(|envelope| hold(envelope, schema)).collect();
            return in_json(&batch_report(verdicts, own, text, arguments.mode));
        }
        Some(ContentMode::Structured) => parse_structured(body, &settings),
        Some(ContentMode::Binary) => {
            let headers: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())).collect();
            parse_headers(&headers, body.to_vec(), &settings)
        }
        None => {
            let content_type = content_type.unwrap_or_default();
            return Err(InputError::new(format!("'{content_type}' is an event format that is not read")));
        }
    };
    in_json(&report(hold(envelope, schema), text, arguments.mode))
}

/// A report as a registry would have sent it.
fn in_json(report: &RenderedReport) -> Result<Value, InputError> {
    serde_json::from_slice(&report.json).map_err(|error| InputError::new(error.to_string()))
}

/// Holds an event's data against a schema.
fn hold(mut envelope: Envelope, schema: Option<&EventSchema>) -> EventVerdict {
    let Some(schema) = schema.filter(|_| envelope.is_event()) else {
        return EventVerdict { envelope, schema: None, judgement: Judgement::default() };
    };
    let mut judgement = Judgement::default();
    if let Some(data) = &envelope.data {
        // nobody knows here which ids there are, so what looks like framing is tried as such
        let attempt = |framed: bool| Attempt { schema: schema.clone(), framed };
        let attempts = if data.framing.is_some() { vec![attempt(true), attempt(false)] } else { vec![attempt(false)] };
        judgement = judge(data, &attempts, None, &Work::new(Effort::Full, None)).1;
        envelope.issues.extend(std::mem::take(&mut judgement.issues));
    } else if let Some(issue) = without_data(&envelope, true) {
        envelope.issues.push(issue);
    }
    EventVerdict { envelope, schema: Some(schema.facts.clone()), judgement }
}

/// Sends the event to a registry as it would be sent to a consumer.
fn ask(arguments: &Arguments, url: &str, headers: &[(String, Vec<u8>)], body: &[u8]) -> Result<Value, InputError> {
    let refused = |message: String| InputError::new(format!("registry: {message}"));
    let client = RegistryClient::new(url, &arguments.login).map_err(refused)?;
    let mut path = format!("/cloudevents/validate?mode={}", arguments.mode.word());
    for (name, value) in [("subject", &arguments.subject), ("version", &arguments.version)] {
        if let Some(value) = value {
            path.extend(["&", name, "="]);
            path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
    }
    path.push_str(if arguments.require_schema { "&schema=required" } else { "" });
    path.push_str(if arguments.no_formats { "&formats=false" } else { "" });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(format!("the network can't be used: {error}")))?;
    let answer = runtime.block_on(client.post(&path, headers, body.to_vec().into()));
    let answer = answer.map_err(|error| refused(format!("{}: {error}", client.url(""))))?;
    match answer.status {
        200 | 422 if answer.body.get("valid").is_some() => Ok(answer.body),
        404 => Err(refused(format!("{} validates no events", client.url("")))),
        _ => Err(refused(format!("{}: {}", client.url(""), answer.complaint()))),
    }
}
