//! Subjects, versions and schemas.

use reqwest::Method;
use serde_json::Value;

use super::CommandOutput;
use super::arguments::{GetArguments, PrintFormat, SubjectsArguments, VersionsArguments};
use crate::cli::api::{block_on, segment};
use crate::cli::check::InputError;
use crate::cli::check::style::without_controls;

pub(super) fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Each on a line of its own.
fn lines(texts: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for text in texts {
        out.push_str(&text);
        out.push('\n');
    }
    out
}

pub(super) fn subjects(asked: &SubjectsArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let names = block_on(api.subjects(&asked.prefix, asked.deleted))?;
    Ok(CommandOutput::plain(match asked.format {
        PrintFormat::Json => pretty(&names.into()),
        PrintFormat::Human => lines(names.iter().map(|name| without_controls(name))),
    }))
}

pub(super) fn versions(asked: &VersionsArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let query = if asked.deleted { "?deleted=true" } else { "" };
    let path = format!("/subjects/{}/versions{query}", segment(&asked.subject));
    let answer = block_on(api.demand(Method::GET, &path, None))?;
    Ok(CommandOutput::plain(match asked.format {
        PrintFormat::Json => pretty(&answer),
        PrintFormat::Human => lines(answer.as_array().into_iter().flatten().map(Value::to_string)),
    }))
}

pub(super) fn get(asked: &GetArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let query = if asked.deleted { "?deleted=true" } else { "" };
    let path = match (&asked.subject, asked.id, &asked.guid) {
        (Some(subject), ..) => format!("/subjects/{}/versions/{}{query}", segment(subject), segment(&asked.version)),
        (None, Some(id), _) => format!("/schemas/ids/{id}"),
        (None, None, guid) => format!("/schemas/guids/{}", segment(guid.as_deref().unwrap_or_default())),
    };
    let answer = block_on(api.demand(Method::GET, &path, None))?;
    if asked.format == PrintFormat::Json {
        return Ok(CommandOutput::plain(pretty(&answer)));
    }
    let text = answer.get("schema").and_then(Value::as_str).ok_or_else(|| api.failed("the answer has no schema"))?;
    Ok(CommandOutput::plain(format!("{}\n", text.trim_end_matches('\n'))))
}
