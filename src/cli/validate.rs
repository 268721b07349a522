//! `accordant validate`: is a JSON document valid under a JSON Schema?

use std::fmt::Write as _;

use clap::{ArgMatches, Args, Command, FromArgMatches as _, ValueEnum};
use serde_json::{Value, json};

use super::check::style::{self, print, print_styled, styled, without_controls};
use super::check::{
    Annotation, Color, InputError, ReferenceLocations, annotate, excerpt, max_depth, on_deep_stack, read, schema_type, type_of,
};
use super::exit::Exit;
use crate::schema::json::{self, JsonError, JsonKind, ReadOptions};
use crate::schema::json_schema::payload::{DocumentError, ValidateOptions, Validator};
use crate::schema::{ParseMode, ParseOptions, Parsed, Position};
use crate::types::SchemaType;

#[derive(Debug, Args)]
struct Arguments {
    /// The document; `-` is standard input
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// The schema
    #[arg(long, value_name = "FILE")]
    schema: String,
    /// Format of the schema; only json is known to this command
    #[arg(long = "type", value_name = "TYPE", value_parser = schema_type)]
    schema_type: Option<SchemaType>,
    /// A schema that the schema refers to under this name; may be given several times
    #[arg(long, value_name = "NAME=PATH")]
    reference: Vec<String>,
    /// What is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ValidationFormat,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ValidationFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object
    Json,
    /// Annotations of GitHub Actions
    Github,
}

/// The verdict.
struct DocumentReport {
    /// The document's name, and its location for programs.
    name: String,
    location: String,
    text: std::sync::Arc<str>,
    schema: String,
    errors: Vec<(DocumentError, Option<Position>)>,
    truncated: bool,
}

/// The command for the command line.
pub(super) fn command() -> Command {
    Arguments::augment_args(Command::new("validate").disable_version_flag(true))
        .about("Validate a JSON document against a JSON Schema")
        .after_help("Exit codes: 0 valid, 1 not valid, 2 can't tell (bad input).")
}

/// Runs the command; an error is the one line that says why there is no verdict.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, String> {
    let arguments = Arguments::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let outcome = match on_deep_stack(|| validate(&arguments)) {
        Ok(outcome) => outcome,
        Err(error) => {
            if arguments.format == ValidationFormat::Github {
                print(&annotate(&error))?;
            }
            return Err(error.to_string());
        }
    };
    match arguments.format {
        ValidationFormat::Human => print_styled(&human(&outcome), arguments.color),
        ValidationFormat::Json => print(&as_json(&outcome)),
        ValidationFormat::Github => print(&github(&outcome)),
    }?;
    Ok(if outcome.errors.is_empty() { Exit::Success } else { Exit::Refused })
}

fn validate(arguments: &Arguments) -> Result<DocumentReport, InputError> {
    let schema_type = arguments.schema_type.or_else(|| type_of(&arguments.schema)).unwrap_or(SchemaType::Json);
    if schema_type != SchemaType::Json {
        let message = format!("documents can be validated against JSON Schemas only, and this one is of type {schema_type}");
        return Err(InputError::of(&arguments.schema, message));
    }
    if arguments.document == "-" && arguments.schema == "-" {
        return Err(InputError::new("standard input can be the document or the schema, not both"));
    }
    let schema = read(&arguments.schema)?;
    let references = ReferenceLocations::new(&arguments.reference, &[], 0)?.resolve(schema_type, &schema.text)?;
    let options = ParseOptions::new(ParseMode::New, max_depth(schema_type));
    let refused = |error| InputError::refused(&schema.name, &error);
    let parsed = Parsed::parse(schema_type, &schema.text, &references, &options).map_err(refused)?;
    let Parsed::Json(parsed) = &parsed else { return Err(InputError::of(&schema.name, "is not a JSON Schema")) };
    let options = ValidateOptions { max_errors: 1000, causes: true, ..ValidateOptions::default() };
    let validator = Validator::compile(parsed, &options).map_err(refused)?;
    let document = read(&arguments.document)?;
    let (errors, truncated) = judge(&validator, &document.text).map_err(|why| InputError::of(&document.name, why))?;
    let (name, location, text) = (document.name, document.location, document.text);
    Ok(DocumentReport { name, location, text, schema: schema.name, errors, truncated })
}

type JudgedDocument = (Vec<(DocumentError, Option<Position>)>, bool);

/// All errors with their places; else why there is no verdict. A text that is not JSON is not valid.
fn judge(validator: &Validator, text: &str) -> Result<JudgedDocument, String> {
    let read = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: max_depth(SchemaType::Json) };
    let tree = json::read(text, read);
    if let Err(error @ JsonError::TooDeep { .. }) = &tree {
        return Err(error.to_string());
    }
    let report = validator.report(text);
    if let (Ok(_), [error], false) = (&tree, report.errors.as_slice(), report.truncated)
        && error.keyword.is_empty()
    {
        return Err(error.message.clone());
    }
    let position = |error: &DocumentError| match &tree {
        Ok(tree) => find(tree, &error.instance_path).map(|value| Position::of(text, value.offset as usize)),
        Err(error) => Some(Position::of(text, error.offset())),
    };
    let errors = report.errors.into_iter().map(|error| (position(&error), error)).map(|(at, error)| (error, at)).collect();
    Ok((errors, report.truncated))
}

/// The value at a JSON pointer.
fn find<'v>(root: &'v json::Value, pointer: &str) -> Option<&'v json::Value> {
    pointer.split('/').skip(1).try_fold(root, |value, segment| {
        let key = segment.replace("~1", "/").replace("~0", "~");
        match &value.kind {
            JsonKind::Array(items) => items.get(key.parse::<usize>().ok()?),
            JsonKind::Object(object) => object.get(&key),
            _ => None,
        }
    })
}

fn verdict(outcome: &DocumentReport) -> String {
    let (name, schema) = (&outcome.name, &outcome.schema);
    match outcome.errors.len() {
        0 => format!("{name} is valid under {schema}"),
        1 if !outcome.truncated => format!("{name} is not valid under {schema}: 1 error"),
        n => format!("{name} is not valid under {schema}: {n} errors{}", if outcome.truncated { ", and more" } else { "" }),
    }
}

fn pointer(error: &DocumentError) -> &str {
    if error.instance_path.is_empty() { "the document" } else { &error.instance_path }
}

fn human(outcome: &DocumentReport) -> String {
    let mut out = String::new();
    // a String takes everything
    for (error, at) in &outcome.errors {
        let keyword = if error.keyword.is_empty() { String::new() } else { format!("[{}]", without_controls(&error.keyword)) };
        let title = styled(style::ERROR, &format!("error{keyword}"));
        let _ = writeln!(out, "{title}{}", styled(style::BOLD, &format!(" at {}", without_controls(pointer(error)))));
        let _ = writeln!(out, "  {}", without_controls(&error.message).replace('\n', " "));
        for cause in &error.causes {
            let _ = writeln!(
                out,
                "    - {}: {}",
                without_controls(pointer(cause)),
                without_controls(&cause.message).replace('\n', " ")
            );
        }
        if let Some(at) = at {
            let _ =
                writeln!(out, " {} {}:{}:{}", styled(style::FRAME, " -->"), without_controls(&outcome.name), at.line, at.column);
            if let Some(found) = excerpt(SchemaType::Json, &outcome.text, *at) {
                let number = at.line.to_string();
                let frame = |number: &str| styled(style::FRAME, &format!("  {number} |"));
                let _ = writeln!(out, " {} {}", frame(&number), found.line);
                let carets = styled(style::ERROR, &"^".repeat(found.carets));
                let _ = writeln!(out, " {} {}{carets}", frame(&" ".repeat(number.len())), found.lead);
            }
        }
        let source = error.schema.as_deref().unwrap_or(&outcome.schema);
        if !error.keyword.is_empty() {
            let title = styled(style::FRAME, "= rule:");
            let _ = writeln!(out, "  {title} {} in {}", without_controls(&error.schema_path), without_controls(source));
        }
        out.push('\n');
    }
    let style = if outcome.errors.is_empty() { style::GOOD } else { style::ERROR };
    let _ = writeln!(out, "{}", styled(style, &without_controls(&verdict(outcome))));
    out
}

fn as_json(outcome: &DocumentReport) -> String {
    let error = |(error, at): &(DocumentError, Option<Position>)| {
        let mut out = json!({
            "pointer": error.instance_path,
            "keyword": error.keyword,
            "schemaPointer": error.schema_path,
            "message": error.message,
        });
        if let Some(map) = out.as_object_mut() {
            if let Some(at) = at {
                map.insert("line".into(), at.line.into());
                map.insert("column".into(), at.column.into());
            }
            if let Some(schema) = &error.schema {
                map.insert("schema".into(), schema.as_str().into());
            }
            if !error.causes.is_empty() {
                let cause = |cause: &DocumentError| json!({ "pointer": cause.instance_path, "message": cause.message });
                map.insert("causes".into(), error.causes.iter().map(cause).collect::<Vec<Value>>().into());
            }
        }
        out
    };
    let out = json!({
        "valid": outcome.errors.is_empty(),
        "file": outcome.name,
        "schema": outcome.schema,
        "errors": outcome.errors.iter().map(error).collect::<Vec<_>>(),
        "truncated": outcome.truncated,
    });
    format!("{}\n", serde_json::to_string_pretty(&out).unwrap_or_default())
}

fn github(outcome: &DocumentReport) -> String {
    let mut out = String::new();
    for (error, at) in &outcome.errors {
        let message = format!("{}: {}", pointer(error), error.message);
        let title = if error.keyword.is_empty() { "not JSON" } else { &error.keyword };
        let (command, file) = ("error", outcome.location.as_str());
        Annotation { command, file, at: *at, end_column: None, title, message: &message }.print(&mut out);
    }
    let _ = writeln!(out, "{}", verdict(outcome).replace(['\r', '\n'], " ").trim_start_matches(':'));
    out
}
