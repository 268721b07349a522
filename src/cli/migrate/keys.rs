//! Keys of client-side encryption: KEKs, and the DEKs that they wrap. What is carried is what the KMS made of a DEK, never the key itself.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::cli::api::{Api, segment};
use crate::cli::check::InputError;
use crate::types::DekAlgorithm;

const KEKS: &str = "/dek-registry/v1/keks";
/// Names asked for in one request of a list.
const PAGE: usize = 1000;
/// Members of a KEK that say what it is.
const KEK_MEMBERS: [&str; 5] = ["kmsType", "kmsKeyId", "kmsProps", "doc", "shared"];
/// Those that can be changed later on.
const CHANGEABLE: [&str; 3] = ["kmsProps", "doc", "shared"];

/// A KEK as a registry answers it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredKek {
    pub(super) is_deleted: bool,
    /// When it was written last, in milliseconds since 1970; not compared.
    pub(super) ts: Option<i64>,
    pub(super) body: Map<String, Value>,
}

impl StoredKek {
    pub(super) fn read(answer: &Value) -> Self {
        let mut body = Map::new();
        for key in KEK_MEMBERS {
            if let Some(value) = answer.get(key).filter(|value| !value.is_null()) {
                body.insert(key.to_owned(), ordered(value.clone()));
            }
        }
        body.entry("kmsProps").or_insert_with(|| json!({}));
        body.entry("shared").or_insert_with(|| json!(false));
        Self { is_deleted: answer.get("deleted") == Some(&json!(true)), ts: answer.get("ts").and_then(Value::as_i64), body }
    }

    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        KEK_MEMBERS.iter().all(|key| self.body.get(*key) == other.body.get(*key))
    }
}

/// Members in the order of their names; those that are `null` stay, as they do with Confluent.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()),
        other => other,
    }
}

/// Which DEK: KEK, subject, algorithm, version.
pub(super) type DekKey = (String, String, String, i64);

/// A DEK, wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredDek {
    pub(super) is_deleted: bool,
    /// When it was written last, in milliseconds since 1970; not compared.
    pub(super) ts: Option<i64>,
    pub(super) material: String,
}

impl StoredDek {
    /// `None` where there is no wrapped key.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        Some(Self {
            is_deleted: answer.get("deleted") == Some(&json!(true)),
            ts: answer.get("ts").and_then(Value::as_i64),
            material: answer.get("encryptedKeyMaterial").and_then(Value::as_str)?.to_owned(),
        })
    }
}

/// All keys of a registry.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Keys {
    pub(super) keks: BTreeMap<String, StoredKek>,
    pub(super) deks: BTreeMap<DekKey, StoredDek>,
}

impl Keys {
    /// Leaves only DEKs of subjects that begin so, and the KEKs that wrap them.
    pub(super) fn keep(&mut self, prefix: &str) {
        if !prefix.is_empty() {
            self.deks.retain(|(_, subject, _, _), _| subject.starts_with(prefix));
            let deks = &self.deks;
            self.keks.retain(|name, _| deks.keys().any(|(kek, ..)| kek == name));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keks.len() + self.deks.len()
    }
}

/// A list, page by page.
async fn list(api: &Api, path: &str) -> Result<Vec<Value>, InputError> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = api.find(&format!("{path}{sign}deleted=true&offset={}&limit={PAGE}", all.len())).await?;
        let page = page.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        // a registry that knows no pages sends everything again
        if page.is_empty() || all.first() == page.first() {
            return Ok(all);
        }
        let is_last = page.len() != PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn names(values: &[Value]) -> impl Iterator<Item = String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned)
}

/// Reads the keys of a registry, and names those that it does not give; `None` where it has no keys to speak of.
pub(super) async fn read(api: &Api, prefix: &str, parallel: u16) -> Result<(Option<Keys>, Vec<String>), InputError> {
    let parallel = usize::from(parallel);
    let first = api.send(Method::GET, &format!("{KEKS}?deleted=true&limit=1"), None).await?;
    match first.status {
        200 if first.body.is_array() => {}
        401 | 403 => return Ok((None, vec![format!("keys of client-side encryption ({})", first.complaint())])),
        _ => return Ok((None, Vec::new())),
    }
    let (mut keys, mut withheld) = (Keys::default(), Vec::new());
    let keks: Vec<String> = names(&list(api, KEKS).await?).collect();
    let mut found = stream::iter(keks.clone())
        .map(async |name: String| {
            let answer = api.find(&format!("{}?deleted=true", kek_path(&name))).await?;
            Ok::<_, InputError>((name, answer))
        })
        .buffer_unordered(parallel);
    while let Some((name, answer)) = found.try_next().await? {
        match answer {
            Some(answer) => drop(keys.keks.insert(name, StoredKek::read(&answer))),
            None => withheld.push(format!("KEK {name}")),
        }
    }
    let mut owners = Vec::new();
    for kek in &keks {
        let subjects = list(api, &format!("{}/deks", kek_path(kek))).await?;
        let meant = names(&subjects).filter(|subject| subject.starts_with(prefix));
        owners.extend(meant.flat_map(|subject| algorithms().map(move |algorithm| (kek.clone(), subject.clone(), algorithm))));
    }
    let versions = async |(kek, subject, algorithm): (String, String, &'static str)| {
        let path = format!("{}/deks/{}/versions?algorithm={algorithm}", kek_path(&kek), segment(&subject));
        let numbers = list(api, &path).await?;
        let key = |version| (kek.clone(), subject.clone(), algorithm.to_owned(), version);
        Ok::<_, InputError>(numbers.iter().filter_map(Value::as_i64).map(key).collect::<Vec<DekKey>>())
    };
    let named: Vec<Vec<DekKey>> = stream::iter(owners).map(versions).buffer_unordered(parallel).try_collect().await?;
    let one = async |key: DekKey| {
        // that of a shared KEK is answered with the key itself, which is dropped here; without the KMS it is not answered at all
        let answer = api.send(Method::GET, &format!("{}&deleted=true", dek_path(&key)), None).await?;
        let is_found = answer.status == 200;
        // one that is called otherwise for clients (`aliasForDeks`) is answered with another one
        let is_meant = answer.body.get("subject").and_then(Value::as_str) == Some(key.1.as_str());
        let dek = Some(&answer.body).filter(|_| is_found && is_meant).and_then(StoredDek::read);
        let why = match (&dek, is_found) {
            (Some(_), _) => String::new(),
            (None, true) => "the subject has aliasForDeks".to_owned(),
            (None, false) => answer.complaint(),
        };
        Ok::<_, InputError>((key, dek, why))
    };
    let mut found = stream::iter(named.into_iter().flatten()).map(one).buffer_unordered(parallel);
    while let Some((key, dek, why)) = found.try_next().await? {
        match dek {
            Some(dek) => drop(keys.deks.insert(key, dek)),
            None => withheld.push(format!("{}: {why}", shown(&key))),
        }
    }
    keys.keep(prefix);
    Ok((Some(keys), withheld))
}

fn algorithms() -> impl Iterator<Item = &'static str> {
    [DekAlgorithm::AES128_GCM, DekAlgorithm::AES256_GCM, DekAlgorithm::AES256_SIV].into_iter().map(DekAlgorithm::as_str)
}

fn kek_path(name: &str) -> String {
    format!("{KEKS}/{}", segment(name))
}

/// With the algorithm as its query.
fn dek_path((kek, subject, algorithm, version): &DekKey) -> String {
    format!("{}/deks/{}/versions/{version}?algorithm={algorithm}", kek_path(kek), segment(subject))
}

fn undelete_path((kek, subject, algorithm, version): &DekKey) -> String {
    format!("{}/deks/{}/versions/{version}/undelete?algorithm={algorithm}", kek_path(kek), segment(subject))
}

/// A DEK in words.
pub(super) fn shown((kek, subject, algorithm, version): &DekKey) -> String {
    format!("DEK {version} of {subject} ({algorithm}) under {kek}")
}

/// A request that brings the target nearer to the source.
#[derive(Debug)]
pub(super) struct KeyRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) what: String,
}

fn is_shared(keys: &Keys, kek: &str) -> bool {
    keys.keks.get(kek).is_some_and(|kek| kek.body.get("shared") == Some(&json!(true)))
}

/// What is to be done for a target to have the keys of a source. A KEK comes before its DEKs, and goes after them.
pub(super) fn steps(from: &Keys, to: &Keys, mirror: bool) -> Vec<KeyRequest> {
    let mut steps = Vec::new();
    let mut add = |method: Method, path: String, body: Option<Value>, what: String| {
        steps.push(KeyRequest { method, path, body, what });
    };
    for (name, kek) in &from.keks {
        let what = format!("KEK {name}");
        let path = kek_path(name);
        match to.keks.get(name) {
            None => {
                let mut body = kek.body.clone();
                body.insert("name".to_owned(), json!(name));
                body.insert("deleted".to_owned(), json!(kek.is_deleted));
                add(Method::POST, KEKS.to_owned(), Some(body.into()), what);
            }
            Some(there) if !there.is_equivalent(kek) => {
                if there.is_deleted {
                    add(Method::POST, format!("{path}/undelete"), None, what.clone());
                }
                let part = CHANGEABLE.into_iter().filter(|key| kek.body.get(*key) != there.body.get(*key));
                let body: Map<String, Value> =
                    part.map(|key| (key.to_owned(), kek.body.get(key).cloned().unwrap_or_default())).collect();
                if body.is_empty() {
                    // another key of the KMS: the target says that there is one of this name
                    let mut body = kek.body.clone();
                    body.insert("name".to_owned(), json!(name));
                    add(Method::POST, KEKS.to_owned(), Some(body.into()), what);
                } else {
                    add(Method::PUT, path, Some(body.into()), what);
                }
            }
            Some(there) if there.is_deleted && !kek.is_deleted => add(Method::POST, format!("{path}/undelete"), None, what),
            Some(_) => {}
        }
    }
    for (key, dek) in &from.deks {
        let (kek, subject, algorithm, version) = key;
        // without the subject in the path, which `aliasForDeks` would make another one
        let create = || format!("{}/deks", kek_path(kek));
        let rewrap = || format!("{}/deks/{}?rewrap=true", kek_path(kek), segment(subject));
        let body = json!({
            "subject": subject,
            "version": version,
            "algorithm": algorithm,
            "encryptedKeyMaterial": dek.material,
            "deleted": dek.is_deleted,
        });
        match to.deks.get(key) {
            None => add(Method::POST, create(), Some(body), shown(key)),
            Some(there) if there.material != dek.material && is_shared(to, kek) => {
                // the registry alone wraps such a one anew, with a KMS that it may not have
                if !there.is_deleted {
                    add(Method::DELETE, dek_path(key), None, shown(key));
                }
                add(Method::DELETE, format!("{}&permanent=true", dek_path(key)), None, shown(key));
                add(Method::POST, create(), Some(body), shown(key));
            }
            Some(there) if there.material != dek.material => add(Method::POST, rewrap(), Some(body), shown(key)),
            Some(there) if there.is_deleted && !dek.is_deleted => add(Method::POST, undelete_path(key), None, shown(key)),
            Some(there) if !there.is_deleted && dek.is_deleted => add(Method::DELETE, dek_path(key), None, shown(key)),
            Some(_) => {}
        }
    }
    if mirror {
        for (key, there) in to.deks.iter().filter(|(key, _)| !from.deks.contains_key(*key)) {
            if !there.is_deleted {
                add(Method::DELETE, dek_path(key), None, shown(key));
            }
            add(Method::DELETE, format!("{}&permanent=true", dek_path(key)), None, shown(key));
        }
    }
    for (name, kek) in &from.keks {
        let there = to.keks.get(name);
        if kek.is_deleted && there.is_some_and(|there| !there.is_deleted || !there.is_equivalent(kek)) {
            add(Method::DELETE, kek_path(name), None, format!("KEK {name}"));
        }
    }
    if mirror {
        for (name, there) in to.keks.iter().filter(|(name, _)| !from.keks.contains_key(*name)) {
            if !there.is_deleted {
                add(Method::DELETE, kek_path(name), None, format!("KEK {name}"));
            }
            add(Method::DELETE, format!("{}?permanent=true", kek_path(name)), None, format!("KEK {name}"));
        }
    }
    steps
}

/// Takes one step.
pub(super) async fn take(to: &Api, step: &KeyRequest) -> Result<(), InputError> {
    let answer = to.send(step.method.clone(), &step.path, step.body.as_ref()).await?;
    let is_gone = step.method == Method::DELETE && answer.status == 404;
    if (200..300).contains(&answer.status) || is_gone {
        return Ok(());
    }
    Err(to.failed(format!("{}: {}", step.what, answer.complaint())))
}
