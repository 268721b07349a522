//! Writing a bundle, version by version.

use serde_json::{Map, Value, json};

use super::bundle::{FORMAT, KIND};
use super::content::{Rest, StoredVersion};
use super::digest::{Digest, Summary};
use super::marks::marked;
use super::output::Output;
use super::source::SourceContent;
use crate::cli::check::InputError;

/// Writes all that is said, and what that was.
pub(super) async fn write(out: &mut Output, said: SourceContent, source: &str) -> Result<Summary, InputError> {
    let SourceContent { mut versions, mut rest } = said;
    let mut first = json!({ "kind": KIND, "format": FORMAT, "source": source, "keys": rest.keys.is_some() });
    if let (Some(first), Some(id)) = (first.as_object_mut(), &rest.cluster_id) {
        first.insert("clusterId".to_owned(), json!(id));
    }
    out.line(&first)?;
    for (context, id) in &rest.highest_ids {
        out.line(&json!({ "context": { "name": context, "highestId": id } }))?;
    }
    let mut digest = Digest::default();
    while let Some(batch) = versions.next().await? {
        let (given, withheld) = marked(batch);
        rest.withheld.extend(withheld);
        for (key, stored, mark) in &given {
            digest.version(key, mark);
            out.line(&version(key, stored))?;
        }
    }
    let count = digest.versions();
    let summary = digest.end(&rest);
    let mut end = settings_and_keys(out, &rest)?;
    end.insert("versions".to_owned(), json!(count));
    end.insert("digest".to_owned(), json!(summary.digest));
    out.line(&json!({ "end": end }))?;
    Ok(summary)
}

fn version((subject, version): &(String, i64), stored: &StoredVersion) -> Value {
    let mut body = Map::new();
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
    json!({ "version": body })
}

/// What comes after the versions; how much of it there is.
fn settings_and_keys(out: &mut Output, rest: &Rest) -> Result<Map<String, Value>, InputError> {
    let mut end = Map::new();
    for (scope, config) in &rest.configs {
        out.line(&json!({ "config": { "scope": scope, "config": config } }))?;
    }
    for (scope, mode) in &rest.modes {
        out.line(&json!({ "mode": { "scope": scope, "mode": mode } }))?;
    }
    end.insert("configs".to_owned(), json!(rest.configs.len()));
    end.insert("modes".to_owned(), json!(rest.modes.len()));
    let Some(keys) = &rest.keys else { return Ok(end) };
    let marks = |body: &mut Map<String, Value>, is_deleted: bool, ts: Option<i64>| {
        if is_deleted {
            body.insert("deleted".to_owned(), json!(true));
        }
        if let Some(ts) = ts {
            body.insert("ts".to_owned(), json!(ts));
        }
    };
    for (name, kek) in &keys.keks {
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(name));
        body.extend(kek.body.clone());
        marks(&mut body, kek.is_deleted, kek.ts);
        out.line(&json!({ "kek": body }))?;
    }
    for ((kek, subject, algorithm, version), dek) in &keys.deks {
        let mut body = Map::new();
        body.insert("kekName".to_owned(), json!(kek));
        body.insert("subject".to_owned(), json!(subject));
        body.insert("version".to_owned(), json!(version));
        body.insert("algorithm".to_owned(), json!(algorithm));
        body.insert("encryptedKeyMaterial".to_owned(), json!(dek.material));
        marks(&mut body, dek.is_deleted, dek.ts);
        out.line(&json!({ "dek": body }))?;
    }
    end.insert("keks".to_owned(), json!(keys.keks.len()));
    end.insert("deks".to_owned(), json!(keys.deks.len()));
    Ok(end)
}
