//! Registering and deleting.

use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;

use super::CommandOutput;
use super::arguments::{DeleteArguments, PrintFormat, RegisterArguments};
use super::read::pretty;
use crate::cli::api::{Api, block_on, schema_body, segment};
use crate::cli::check::folder::kind_of;
use crate::cli::check::style::without_controls;
use crate::cli::check::{InputError, read, type_of};
use crate::cli::exit::Exit;
use crate::types::SchemaType;

pub(super) fn register(asked: &RegisterArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let input = read(&asked.file)?;
    let told = || kind_of(&asked.file, &input.text).or_else(|| type_of(&asked.file));
    let schema_type = asked.schema_type.or_else(told);
    let schema_type = schema_type
        .ok_or_else(|| InputError::of(&input.name, "the name does not tell the format: --type avro, protobuf or json"))?;
    block_on(send(&api, asked, schema_type, &input.text))
}

async fn send(api: &Api, asked: &RegisterArguments, schema_type: SchemaType, text: &str) -> Result<CommandOutput, InputError> {
    let mut references = Vec::new();
    for reference in &asked.reference {
        references.push(self::reference(api, reference).await?);
    }
    let mut properties = serde_json::Map::new();
    for pair in &asked.property {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| InputError::new(format!("property '{pair}': expected KEY=VALUE")))?;
        properties.insert(key.to_owned(), value.into());
    }
    let metadata = (!properties.is_empty()).then(|| json!({ "properties": properties }));
    let body = schema_body(schema_type, text, references, metadata.as_ref(), None);
    let path = format!("/subjects/{}/versions?explain=true&normalize={}", segment(&asked.subject), asked.normalize);
    let answer = api.send(Method::POST, &path, Some(&body)).await?;
    match answer.status {
        200 if asked.format == PrintFormat::Json => Ok(CommandOutput::plain(pretty(&answer.body))),
        200 => {
            let number = |key: &str| answer.body.get(key).and_then(Value::as_i64);
            let version = number("version").map(|version| format!(" version {version}")).unwrap_or_default();
            let id = number("id").map(|id| format!(", id {id}")).unwrap_or_default();
            Ok(CommandOutput::plain(format!("{}{version}{id}\n", without_controls(&asked.subject))))
        }
        409 | 422 => {
            let text =
                if asked.format == PrintFormat::Json { pretty(&answer.body) } else { refusal(&answer.body, &answer.complaint()) };
            Ok(CommandOutput { exit: Exit::Refused, text, color: None })
        }
        _ => Err(api.failed(answer.complaint())),
    }
}

/// What was found, where the registry explains, and else its message.
fn refusal(body: &Value, complaint: &str) -> String {
    let mut out = String::new();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for finding in body.get("findings").and_then(Value::as_array).into_iter().flatten() {
        let at = finding.get("new").map(|new| (new.get("line").cloned(), new.get("column").cloned()));
        let at = match at {
            Some((Some(line), Some(column))) => format!(" ({line}:{column})"),
            _ => String::new(),
        };
        let _ = write!(
            out,
            "error[{}] at {}{at}\n  {}\n",
            text(finding, "rule"),
            text(finding, "path"),
            text(finding, "explanation")
        );
        let remedy = text(finding, "remedy");
        if !remedy.is_empty() {
            let _ = writeln!(out, "  = fix: {remedy}");
        }
        out.push('\n');
    }
    if out.is_empty() {
        out = format!("{complaint}\n");
    } else {
        out.push_str("not registered\n");
    }
    without_controls(&out)
}

/// `NAME=SUBJECT[@VERSION]`.
async fn reference(api: &Api, written: &str) -> Result<Value, InputError> {
    let wrong = || InputError::new(format!("reference '{written}': expected NAME=SUBJECT[@VERSION]"));
    let (name, target) =
        written.split_once('=').filter(|(name, target)| !name.is_empty() && !target.is_empty()).ok_or_else(wrong)?;
    let (subject, version) = match target.rsplit_once('@') {
        Some((subject, number)) => (subject, Some(number.parse::<i64>().map_err(|_| wrong())?)),
        None => (target, None),
    };
    let version = if let Some(version) = version {
        version
    } else {
        let latest = api.version(subject, "latest").await?;
        let number = latest.and_then(|latest| latest.get("version")?.as_i64());
        number.ok_or_else(|| api.failed(format!("there is no subject '{subject}'")))?
    };
    Ok(json!({ "name": name, "subject": subject, "version": version }))
}

/// Error numbers of what is soft-deleted already.
const DELETED_ALREADY: [i64; 2] = [40404, 40406];

pub(super) fn delete(asked: &DeleteArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let path = match &asked.version {
        Some(version) => format!("/subjects/{}/versions/{}", segment(&asked.subject), segment(version)),
        None => format!("/subjects/{}", segment(&asked.subject)),
    };
    let gone = block_on(async {
        let answer = api.send(Method::DELETE, &path, None).await?;
        // of a subject some versions may be soft-deleted already, and are gone for good with it
        let is_known = asked.permanent && answer.error_code().is_some_and(|code| DELETED_ALREADY.contains(&code));
        if answer.status != 200 && !is_known {
            return Err(api.failed(answer.complaint()));
        }
        if !asked.permanent {
            return Ok(answer.body);
        }
        api.demand(Method::DELETE, &format!("{path}?permanent=true"), None).await
    })?;
    let how = if asked.permanent { "deleted for good" } else { "deleted" };
    let numbers: Vec<String> =
        gone.as_array().map_or_else(|| vec![gone.to_string()], |list| list.iter().map(Value::to_string).collect());
    let versions = if numbers.len() == 1 { "version" } else { "versions" };
    Ok(CommandOutput::plain(format!("{}: {versions} {} {how}\n", without_controls(&asked.subject), numbers.join(", "))))
}
