//! Our own files: a line of JSON for each version, config and mode, between a first line that says what it is and a last one that says how
//! many there are and what their digest is. With a name that ends in `.gz` the file is compressed.

use serde_json::{Value, json};

use super::content::{Content, StoredVersion};
use super::digest;

/// What the first line says.
const KIND: &str = "accordant-bundle";
const FORMAT: i64 = 1;

/// The lines of a bundle.
pub(super) fn write(content: &Content, source: &str) -> String {
    let mut out = String::new();
    let mut line = |value: Value| {
        out.push_str(&value.to_string());
        out.push('\n');
    };
    line(json!({ "kind": KIND, "format": FORMAT, "source": source }));
    for ((subject, version), stored) in &content.versions {
        let mut body = serde_json::Map::new();
        body.insert("subject".to_owned(), json!(subject));
        body.insert("version".to_owned(), json!(version));
        body.insert("id".to_owned(), json!(stored.id));
        if let Some(guid) = &stored.guid {
            body.insert("guid".to_owned(), json!(guid));
        }
        if stored.is_deleted {
            body.insert("deleted".to_owned(), json!(true));
        }
        body.extend(stored.body.clone());
        line(json!({ "version": body }));
    }
    for (scope, config) in &content.configs {
        line(json!({ "config": { "scope": scope, "config": config } }));
    }
    for (scope, mode) in &content.modes {
        line(json!({ "mode": { "scope": scope, "mode": mode } }));
    }
    let end = json!({
        "versions": content.versions.len(),
        "configs": content.configs.len(),
        "modes": content.modes.len(),
        "digest": digest::of(content),
    });
    line(json!({ "end": end }));
    out
}

/// Whether a text begins as a bundle does.
pub(super) fn is_bundle(text: &str) -> bool {
    let first = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok());
    first.is_some_and(|first| first.get("kind").and_then(Value::as_str) == Some(KIND))
}

/// Reads a bundle whole: one that was cut, or changed, is refused.
pub(super) fn read(text: &str) -> Result<Content, String> {
    let mut content = Content::default();
    let mut end = None;
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |what: &str| format!("line {number}: {what}");
        let value: Value = serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
        if end.is_some() {
            return Err(wrong("there is more behind the end"));
        }
        if let Some(body) = value.get("version") {
            let text = |key: &str| body.get(key).and_then(Value::as_str);
            let (Some(subject), Some(version)) = (text("subject"), body.get("version").and_then(Value::as_i64)) else {
                return Err(wrong("a version without subject or number"));
            };
            let is_deleted = body.get("deleted").and_then(Value::as_bool) == Some(true);
            content.versions.insert((subject.to_owned(), version), StoredVersion::read(body, is_deleted));
        } else if let Some(body) = value.get("config") {
            let scope = body.get("scope").and_then(Value::as_str).ok_or_else(|| wrong("a config without scope"))?;
            content.configs.insert(scope.to_owned(), body.get("config").cloned().unwrap_or_default());
        } else if let Some(body) = value.get("mode") {
            let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
            let (Some(scope), Some(mode)) = (text("scope"), text("mode")) else {
                return Err(wrong("a mode without scope"));
            };
            content.modes.insert(scope, mode);
        } else if let Some(body) = value.get("end") {
            end = Some(body.clone());
        } else if value.get("kind").is_some() {
            let format = value.get("format").and_then(Value::as_i64);
            if format != Some(FORMAT) {
                return Err(wrong("the bundle was written by a newer release"));
            }
        } else {
            return Err(wrong("this is not a line of a bundle"));
        }
    }
    let end = end.ok_or("the bundle has no end: it was cut")?;
    if end.get("digest").and_then(Value::as_str) != Some(digest::of(&content).as_str()) {
        return Err("what the bundle says is not what its digest was made of".to_owned());
    }
    Ok(content)
}
