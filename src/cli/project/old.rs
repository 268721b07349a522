//! Versions beside the latest that files have, compared with those of the registry. They are never registered: a registry numbers versions
//! as they come.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::plan::Old;
use super::planner::AT_ONCE;
use super::pull::{to_toml, written};
use crate::cli::api::Api;
use crate::cli::check::{InputError, read};
use crate::cli::manifest::{Manifest, OldVersion};

pub(super) async fn compared(api: &Api, manifest: &Manifest) -> Result<Vec<Old>, InputError> {
    let one = |version: &OldVersion| {
        let (version, path) = (version.clone(), manifest.folder.join(&version.file));
        async move {
            let file = read(&path.to_string_lossy())?;
            let found = api.version(&version.subject, &version.version.to_string()).await?;
            let difference = difference(&version, &file.text, found.as_ref());
            Ok(Old {
                subject: version.subject,
                version: version.version,
                file: version.file,
                difference: difference.map(str::to_owned),
            })
        }
    };
    stream::iter(manifest.old.iter().map(one)).buffered(AT_ONCE).try_collect().await
}

fn difference(version: &OldVersion, text: &str, found: Option<&Value>) -> Option<&'static str> {
    let Some(found) = found else {
        return Some("the registry does not have it; accordant migrate brings old versions, apply does not");
    };
    let theirs = found.get("schema").and_then(Value::as_str).unwrap_or_default();
    let is_protobuf = found.get("schemaType").and_then(Value::as_str) == Some("PROTOBUF");
    if written(theirs, is_protobuf) != written(text, is_protobuf) {
        return Some("the registry has another text");
    }
    let reference = |reference: &Value| {
        let text = |key: &str| reference.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = reference.get("version")?.as_i64()?;
        Some((text("name")?, (text("subject")?, i32::try_from(number).ok()?)))
    };
    let references = found.get("references").and_then(Value::as_array).into_iter().flatten();
    if references.filter_map(reference).collect::<BTreeMap<_, _>>() != version.references {
        return Some("the registry has other references");
    }
    let same = |key: &str, own: Option<&Value>| {
        let theirs = found.get(key).filter(|value| !value.is_null());
        theirs.map(to_toml).and_then(Result::ok) == own.map(to_toml).and_then(Result::ok)
    };
    let is_same = same("metadata", version.metadata.as_ref()) && same("ruleSet", version.rule_set.as_ref());
    (!is_same).then_some("the registry has other metadata or rules")
}
