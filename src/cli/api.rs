//! The REST API of a registry, as commands need it: what is there, what is not, and what went wrong.

use std::future::Future;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::InputError;
use super::client::{RegistryAnswer, RegistryClient};

/// What a path segment may hold as it is; not every registry undoes the encoding of colons.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// Names asked for in one request of a list.
const PAGE: usize = 1_000;

/// A registry.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: RegistryClient,
}

/// What can be set for a subject, or for a registry as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ScopeSetting {
    #[default]
    Config,
    Mode,
}

impl ScopeSetting {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Mode => "mode",
        }
    }

    pub(super) fn path(self, subject: Option<&str>) -> String {
        let word = self.word();
        subject.map_or_else(|| format!("/{word}"), |subject| format!("/{word}/{}", segment(subject)))
    }
}

/// Runs requests to their end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, InputError>>) -> Result<T, InputError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| InputError::new(format!("the network can't be used: {error}")))?.block_on(work)
}

pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Api {
    pub(super) fn new(client: RegistryClient) -> Self {
        Self { client }
    }

    pub(super) fn url(&self) -> String {
        self.client.url("")
    }

    pub(super) fn failed(&self, message: impl std::fmt::Display) -> InputError {
        InputError::new(format!("registry {}: {message}", self.url()))
    }

    /// Sends a request; the answer may be an error of the registry.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<RegistryAnswer, InputError> {
        self.client.send(method, path, body).await.map_err(|error| self.failed(error))
    }

    /// As [`Api::send`], where anything but a 200 is an error.
    pub(super) async fn demand(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, InputError> {
        let answer = self.send(method, path, body).await?;
        if answer.status == 200 { Ok(answer.body) } else { Err(self.failed(answer.complaint())) }
    }

    /// What is at a path; `None` where the registry says that there is nothing.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Value>, InputError> {
        let answer = self.send(Method::GET, path, None).await?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 if answer.error_code().is_some() => Ok(None),
            _ => Err(self.failed(answer.complaint())),
        }
    }

    /// The same at a path that not every registry has: whatever its 404 says, there is nothing.
    pub(super) async fn find_where_known(&self, path: &str) -> Result<Option<Value>, InputError> {
        let answer = self.send(Method::GET, path, None).await?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(self.failed(answer.complaint())),
        }
    }

    /// The names of subjects, in order.
    pub(super) async fn subjects(&self, prefix: &str, deleted: bool) -> Result<Vec<String>, InputError> {
        let deleted = if deleted { "&deleted=true" } else { "" };
        let mut names: Vec<String> = Vec::new();
        loop {
            let offset = names.len();
            let path = format!("/subjects?subjectPrefix={}{deleted}&offset={offset}&limit={PAGE}", segment(prefix));
            let page = self.demand(Method::GET, &path, None).await?;
            // some registries say `null` for an empty list
            let page = match &page {
                Value::Null => &[][..],
                Value::Array(names) => names,
                _ => return Err(self.failed("the list of subjects is none")),
            };
            let before = names.len();
            names.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
            // a registry that knows no pages sends everything at once, and again
            let known = names.iter().take(before).any(|name| names.get(before).is_some_and(|first| first == name));
            if known {
                names.truncate(before);
            }
            if known || page.len() != PAGE {
                names.sort();
                return Ok(names);
            }
        }
    }

    /// The numbers of a subject's versions; none where there is no such subject.
    pub(super) async fn versions(&self, subject: &str) -> Result<Vec<i64>, InputError> {
        let found = self.find(&format!("/subjects/{}/versions", segment(subject))).await?;
        Ok(found.iter().flat_map(|body| body.as_array().into_iter().flatten()).filter_map(Value::as_i64).collect())
    }

    /// A version as the registry has it.
    pub(super) async fn version(&self, subject: &str, version: &str) -> Result<Option<Value>, InputError> {
        self.find(&format!("/subjects/{}/versions/{version}", segment(subject))).await
    }

    /// What is set for a subject alone, or for the registry as a whole, with the keys of requests.
    pub(super) async fn setting(&self, setting: ScopeSetting, subject: Option<&str>) -> Result<Option<Value>, InputError> {
        let path = setting.path(subject);
        let found = match setting {
            ScopeSetting::Config => self.find(&path).await?,
            ScopeSetting::Mode => {
                let answer = self.send(Method::GET, &path, None).await?;
                match answer.status {
                    200 => Some(answer.body),
                    // some registries have no modes
                    404 | 405 | 501 => None,
                    _ => return Err(self.failed(answer.complaint())),
                }
            }
        };
        Ok(found.map(|mut body| {
            if let Some(map) = body.as_object_mut()
                && let Some(level) = map.remove("compatibilityLevel")
            {
                map.insert("compatibility".to_owned(), level);
            }
            body
        }))
    }

    /// The version that a subject has of a schema, with all that the registry says about it.
    pub(super) async fn look_up(&self, subject: &str, body: &Value, normalize: bool) -> Result<Option<Value>, InputError> {
        let query = if normalize { "?normalize=true" } else { "" };
        let answer = self.send(Method::POST, &format!("/subjects/{}{query}", segment(subject)), Some(body)).await?;
        match answer.status {
            // a subject of another context may have it
            200 => Ok(Some(answer.body).filter(|body| body.get("subject").and_then(Value::as_str) == Some(subject))),
            404 if answer.error_code().is_some() => Ok(None),
            // what can't be read there has never been registered
            422 => Ok(None),
            _ => Err(self.failed(answer.complaint())),
        }
    }
}

/// The body that registers a schema, or looks it up.
pub(super) fn schema_body(
    schema_type: crate::types::SchemaType,
    text: &str,
    references: Vec<Value>,
    metadata: Option<&Value>,
    rule_set: Option<&Value>,
) -> Value {
    let mut body = json!({ "schemaType": schema_type.as_str(), "schema": text });
    if let Some(map) = body.as_object_mut() {
        if !references.is_empty() {
            map.insert("references".to_owned(), references.into());
        }
        if let Some(metadata) = metadata {
            map.insert("metadata".to_owned(), metadata.clone());
        }
        if let Some(rules) = rule_set {
            map.insert("ruleSet".to_owned(), rules.clone());
        }
    }
    body
}
