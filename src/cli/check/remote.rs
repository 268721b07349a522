//! Earlier versions from a registry, over its REST API.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::input_error::InputError;
use super::loaded_schema::{LoadOptions, LoadedSchema};
use super::source::InputText;
use crate::cli::client::{RegistryAnswer, RegistryClient};
use crate::codec::{FromJson, config_from};
use crate::compat;
use crate::registry::Limits;
use crate::schema::{ParseMode, ResolvedReference};
use crate::types::{CompatibilityLevel, Config, Metadata, SchemaType, Subject, Version, VersionSelector};

/// What a path segment may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Error numbers of a subject that is not there, and of one whose versions are all deleted.
const NO_SUBJECT: [i64; 2] = [40401, 40404];

/// A subject of a registry.
pub(in crate::cli) struct Remote {
    client: RegistryClient,
    subject: Subject,
    /// Whether a subject that is not there is a new one.
    allow_new: bool,
    /// The registry's URL, for errors.
    url: String,
}

/// One stored version.
#[derive(Debug)]
struct RemoteVersion {
    version: Version,
    schema_type: SchemaType,
    text: String,
    references: Vec<(String, String, Version)>,
    metadata: Option<Metadata>,
}

impl Remote {
    pub(in crate::cli) fn of(client: &RegistryClient, subject: &str, allow_new: bool) -> Self {
        Self { url: client.url(""), client: client.clone(), subject: Subject::parse(subject), allow_new }
    }

    /// A version's text after all that it refers to, as what stands for a reference of this name; `None` when there is no such version.
    pub(in crate::cli) async fn referenced(
        &mut self,
        name: &str,
        version: Option<Version>,
    ) -> Result<Option<Vec<ResolvedReference>>, InputError> {
        let subject = self.subject.clone();
        let number = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
        let Some(stored) = self.version(&subject, &number, true).await? else { return Ok(None) };
        let mut graph = RemoteGraph { seen: HashSet::from([name.to_owned()]), resolved: Vec::new() };
        self.collect(&mut graph, &subject, &stored.references, 2).await?;
        let (name, version) = (name.to_owned(), stored.version);
        let own = ResolvedReference { name, subject: subject.qualified(), version, text: stored.text.into(), direct: true };
        Ok(Some(graph.resolved.into_iter().chain([own]).collect()))
    }

    /// The texts that a version refers to, dependencies first.
    pub(in crate::cli) async fn closure(&mut self, version: Version) -> Result<Vec<ResolvedReference>, InputError> {
        let subject = self.subject.clone();
        let Some(stored) = self.version(&subject, &version.to_string(), true).await? else { return Ok(Vec::new()) };
        let mut graph = RemoteGraph { seen: HashSet::new(), resolved: Vec::new() };
        self.collect(&mut graph, &subject, &stored.references, 1).await?;
        Ok(graph.resolved)
    }

    /// The schema of an answer that says which it is and what it refers to, relative to the context of this subject.
    pub(in crate::cli) async fn answered(&mut self, answer: &Value) -> Result<LoadedSchema, InputError> {
        let mut answer = answer.clone();
        if let Some(members) = answer.as_object_mut() {
            // where an id or a guid was asked for there is none
            members.entry("version").or_insert_with(|| 1.into());
        }
        let stored = read(&answer).ok_or_else(|| self.failed("the answer is not a schema that is known here"))?;
        self.load(stored).await
    }

    fn failed(&self, message: impl std::fmt::Display) -> InputError {
        InputError::new(format!("registry {}: {message}", self.url))
    }

    async fn get(&mut self, path: &str) -> Result<RegistryAnswer, InputError> {
        let answer = self.client.get(path).await;
        answer.map_err(|error| self.failed(error))
    }

    /// The effective config of the subject. Where the level is known already, a registry may have none.
    pub(in crate::cli) async fn config(&mut self, level: Option<CompatibilityLevel>) -> Result<Config, InputError> {
        let answer = self.get(&format!("/config/{}?defaultToGlobal=true", segment(&self.subject))).await?;
        if answer.status == 404 && level.is_some() {
            return Ok(Config { compatibility: level, ..Config::default() });
        }
        if answer.status != 200 {
            return Err(self.failed(format!("the subject's config: {}", answer.complaint())));
        }
        let mut body = answer.body;
        // answers call the level otherwise than requests do
        let named = body.get("compatibilityLevel").cloned();
        if let (Some(named), Some(map)) = (named, body.as_object_mut()) {
            map.entry("compatibility").or_insert(named);
        }
        let mut config = config_from(&body);
        config.compatibility = level.or(config.compatibility);
        if config.compatibility.is_none() {
            return Err(self.failed("the subject's config has no compatibility level; --level names one"));
        }
        Ok(config)
    }

    /// The versions that the level compares, newest first, within a compatibility group: the name of a metadata property and the
    /// candidate's value.
    pub(in crate::cli) async fn earlier(
        &mut self,
        wanted: Option<VersionSelector>,
        level: CompatibilityLevel,
        group: Option<(&str, Option<&str>)>,
    ) -> Result<Vec<LoadedSchema>, InputError> {
        let mut earlier: Vec<LoadedSchema> = Vec::new();
        for version in self.versions(wanted).await? {
            if earlier.len() >= compat::compared(level, usize::MAX) {
                break;
            }
            let subject = self.subject.clone();
            let Some(stored) = self.version(&subject, &version, false).await? else {
                return Err(self.failed(format!("{subject} has no version {version}")));
            };
            let own = |name| stored.metadata.as_ref().and_then(|metadata| metadata.property(name));
            if group.is_some_and(|(name, value)| own(name) != value) {
                continue;
            }
            earlier.push(self.load(stored).await?);
        }
        Ok(earlier)
    }

    /// Numbers of versions, newest first; those of a subject that is not there are none where it may be new.
    async fn versions(&mut self, wanted: Option<VersionSelector>) -> Result<Vec<String>, InputError> {
        if let Some(VersionSelector::Number(number)) = wanted {
            return Ok(vec![number.to_string()]);
        }
        let answer = self.get(&format!("/subjects/{}/versions", segment(&self.subject))).await?;
        if answer.status == 404 && answer.error_code().is_some_and(|code| NO_SUBJECT.contains(&code)) {
            if self.allow_new {
                return Ok(Vec::new());
            }
            let message = format!("there is no subject '{}'; with --allow-new it is a new one", self.subject);
            return Err(self.failed(message));
        }
        let numbers = answer.body.as_array().filter(|_| answer.status == 200);
        let Some(numbers) = numbers else { return Err(self.failed(format!("the versions: {}", answer.complaint()))) };
        let mut numbers: Vec<i64> = numbers.iter().filter_map(Value::as_i64).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        if wanted == Some(VersionSelector::Latest) {
            numbers.truncate(1);
        }
        Ok(numbers.into_iter().map(|number| number.to_string()).collect())
    }

    /// `None` for a version that is not there.
    async fn version(&mut self, subject: &Subject, version: &str, deleted: bool) -> Result<Option<RemoteVersion>, InputError> {
        let query = if deleted { "?deleted=true" } else { "" };
        let answer = self.get(&format!("/subjects/{}/versions/{version}{query}", segment(subject))).await?;
        match answer.status {
            200 => match read(&answer.body) {
                Some(stored) => Ok(Some(stored)),
                None => Err(self.failed(format!("version {version} of {subject} is not a schema that is known here"))),
            },
            404 if answer.error_code().is_some() => Ok(None),
            _ => Err(self.failed(format!("version {version} of {subject}: {}", answer.complaint()))),
        }
    }

    async fn load(&mut self, stored: RemoteVersion) -> Result<LoadedSchema, InputError> {
        let mut graph = RemoteGraph { seen: HashSet::new(), resolved: Vec::new() };
        let home = self.subject.clone();
        self.collect(&mut graph, &home, &stored.references, 1).await?;
        let RemoteVersion { version, schema_type, text, metadata, .. } = stored;
        let location = self.client.url(&format!("/subjects/{}/versions/{version}/schema", segment(&home)));
        let input = InputText { name: format!("{home} version {version}"), location, text: text.into() };
        let reading = LoadOptions { mode: ParseMode::Stored, validate_fields: false, strict: false, normalize: false };
        let loaded = LoadedSchema::read(schema_type, input, &graph.resolved, reading)?;
        // what is stored is quoted as it is
        let stored = loaded.input.text.to_string();
        Ok(LoadedSchema { stored, version, metadata, ..loaded })
    }

    /// Collects references depth first, each name once.
    fn collect<'a>(
        &'a mut self,
        graph: &'a mut RemoteGraph,
        home: &'a Subject,
        references: &'a [(String, String, Version)],
        depth: usize,
    ) -> BoxFuture<'a, Result<(), InputError>> {
        Box::pin(async move {
            for (name, target, version) in references {
                if !graph.seen.insert(name.clone()) {
                    continue;
                }
                let limits = Limits::default();
                if depth > limits.reference_depth || graph.seen.len() > limits.reference_count {
                    return Err(self.failed("references go too deep or are too many"));
                }
                let subject = Subject::parse_in(home.context(), target);
                // a version that was deleted permanently is only missed where a type of it is needed
                let Some(stored) = self.version(&subject, &version.to_string(), true).await? else { continue };
                self.collect(graph, &subject, &stored.references, depth + 1).await?;
                graph.resolved.push(ResolvedReference {
                    name: name.clone(),
                    subject: target.clone(),
                    version: *version,
                    text: stored.text.into(),
                    direct: depth == 1,
                });
            }
            Ok(())
        })
    }
}

/// References collected so far.
struct RemoteGraph {
    seen: HashSet<String>,
    resolved: Vec<ResolvedReference>,
}

fn segment(subject: &Subject) -> String {
    utf8_percent_encode(&subject.qualified(), SEGMENT).to_string()
}

fn read(body: &Value) -> Option<RemoteVersion> {
    let number = |value: &Value| Version::try_from(value.as_i64()?).ok();
    let reference = |value: &Value| {
        let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
        Some((text("name")?, text("subject")?, value.get("version").and_then(number)?))
    };
    let references = body.get("references").and_then(Value::as_array).into_iter().flatten();
    Some(RemoteVersion {
        version: number(body.get("version")?)?,
        // absent means Avro
        schema_type: body.get("schemaType").and_then(Value::as_str).map_or(Some(SchemaType::Avro), SchemaType::parse)?,
        text: body.get("schema")?.as_str()?.to_owned(),
        references: references.filter_map(reference).collect(),
        metadata: body.get("metadata").and_then(|value| Metadata::from_json(value).ok().flatten()),
    })
}
