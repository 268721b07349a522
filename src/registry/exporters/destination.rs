//! The registry that an exporter writes to.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::codec::{ConfigJson, LevelKey};
use crate::peer::{PeerError, PeerRegistry};
use crate::types::{Config, Exporter, Metadata, Reference, RuleSet, Subject, Version};

/// How long a request may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// What a path segment may hold as it is; not every registry undoes the encoding of colons.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
/// Error code of an operation that the mode does not permit.
const NOT_PERMITTED: i64 = 42205;
/// Error codes of a deletion that has been made already.
const GONE: [i64; 6] = [40401, 40402, 40403, 40404, 40406, 40408];
/// Subjects of which it is remembered that they have no alias.
const MAX_UNALIASED: usize = 100_000;
/// Error code of a version that is to be removed for good and is not soft-deleted yet.
const NOT_DELETED: i64 = 40407;

/// The client for a config; requests name the exporter, as Confluent's do.
pub(super) fn peer(name: &str, config: &BTreeMap<String, String>) -> Result<PeerRegistry, String> {
    PeerRegistry::new(config, &[("confluent-schema-exporter-name", name)], TIME_LIMIT)
}

/// A version on its way.
#[derive(Debug)]
pub(super) struct SentVersion<'a> {
    pub(super) subject: &'a Subject,
    pub(super) version: Version,
    pub(super) id: i32,
    pub(super) schema_type: &'static str,
    pub(super) text: &'a str,
    pub(super) references: &'a [Reference],
    pub(super) metadata: Option<&'a Metadata>,
    pub(super) rule_set: Option<&'a RuleSet>,
}

pub(super) struct Destination<'e> {
    peer: PeerRegistry,
    exporter: &'e Exporter,
    /// The context that `AUTO` puts first.
    cluster: String,
    /// Contexts that were asked to take imports.
    switched: HashSet<String>,
    /// Subjects of the destination whose names are known to stand for themselves, rather than for another one as an alias.
    unaliased: HashSet<Subject>,
}

impl<'e> Destination<'e> {
    pub(super) fn new(exporter: &'e Exporter, cluster: String) -> Result<Self, String> {
        Ok(Self {
            peer: peer(&exporter.name, &exporter.config)?,
            exporter,
            cluster,
            switched: HashSet::new(),
            unaliased: HashSet::new(),
        })
    }

    /// The id of the destination; empty where it tells none.
    pub(super) async fn cluster_id(&self) -> Result<String, PeerError> {
        let id = match self.peer.send(Method::GET, "/v1/metadata/id", None).await {
            Err(PeerError::Refused { .. }) => Value::Null,
            answered => answered?,
        };
        let id = id.pointer("/scope/clusters/schema-registry-cluster").and_then(Value::as_str);
        Ok(id.unwrap_or_default().to_owned())
    }

    pub(super) fn map(&self, subject: &Subject) -> Subject {
        self.exporter.destination(subject, &self.cluster)
    }

    /// The KEK of the destination.
    pub(super) fn map_kek(&self, name: &str) -> String {
        match &self.exporter.kek_rename_format {
            Some(format) => format.replace("${kek}", name),
            None => name.to_owned(),
        }
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, PeerError> {
        self.peer.send(method, path, body).await
    }

    /// Registers a version under its own id and number.
    pub(super) async fn register(&mut self, sent: &SentVersion<'_>) -> Result<(), PeerError> {
        let target = self.map(sent.subject);
        let mut body = json!({
            "schemaType": sent.schema_type,
            "schema": sent.text,
            "id": sent.id,
            "version": sent.version,
        });
        if let Some(members) = body.as_object_mut() {
            if !sent.references.is_empty() {
                let references = sent.references.iter().map(|reference| self.reference(sent.subject, &target, reference));
                members.insert("references".to_owned(), references.collect());
            }
            for (key, value) in
                [("metadata", sent.metadata.map(serde_json::to_value)), ("ruleSet", sent.rule_set.map(serde_json::to_value))]
            {
                if let Some(Ok(value)) = value {
                    members.insert(key.to_owned(), value);
                }
            }
        }
        let alias = self.lift_alias(&target).await?;
        let registered = self.register_at(&target, &body).await;
        self.set_alias(&target, alias).await?;
        registered
    }

    async fn register_at(&mut self, target: &Subject, body: &Value) -> Result<(), PeerError> {
        let path = format!("/subjects/{}/versions", segment(target));
        match self.peer.send(Method::POST, &path, Some(body)).await {
            Err(PeerError::Refused { code: NOT_PERMITTED, message, .. }) if self.switched.insert(target.context().to_owned()) => {
                self.take_imports(target, message).await?;
                self.peer.send(Method::POST, &path, Some(body)).await.map(drop)
            }
            answered => answered.map(drop),
        }
    }

    /// What is written under the name of a subject with an alias would be written to the other one. The alias is taken away for as long
    /// as something is written; the config with it is what [`Self::set_alias`] puts back.
    async fn lift_alias(&mut self, target: &Subject) -> Result<Option<Value>, PeerError> {
        if self.unaliased.contains(target) {
            return Ok(None);
        }
        let path = format!("/config/{}", segment(target));
        let config = match self.peer.send(Method::GET, &path, None).await {
            Err(PeerError::Refused { status: 403 | 404, .. }) => Value::Null,
            answered => answered?,
        };
        if config.get("alias").and_then(Value::as_str).is_none_or(str::is_empty) {
            if self.unaliased.len() >= MAX_UNALIASED {
                self.unaliased.clear();
            }
            self.unaliased.insert(target.clone());
            return Ok(None);
        }
        gone(self.peer.send(Method::DELETE, &path, None).await)?;
        Ok(Some(config))
    }

    async fn set_alias(&self, target: &Subject, config: Option<Value>) -> Result<(), PeerError> {
        let Some(mut config) = config else { return Ok(()) };
        if let Some(members) = config.as_object_mut()
            && let Some(level) = members.remove("compatibilityLevel")
        {
            members.entry("compatibility").or_insert(level);
        }
        self.peer.send(Method::PUT, &format!("/config/{}", segment(target)), Some(&config)).await.map(drop)
    }

    /// A reference as the destination knows it: within the context of who refers to it without that context.
    fn reference(&self, home: &Subject, target: &Subject, reference: &Reference) -> Value {
        let mapped = self.map(&Subject::parse_in(home.context(), &reference.subject));
        let subject = if mapped.context() == target.context() { mapped.name().to_owned() } else { mapped.qualified() };
        json!({ "name": reference.name, "subject": subject, "version": reference.version })
    }

    /// Has a context of the destination take ids. It does that where it is empty; the default context is its owner's to switch.
    async fn take_imports(&self, target: &Subject, refused: String) -> Result<(), PeerError> {
        if target.is_default_context() {
            let hint = if refused.contains("import mode") { "; PUT /mode with IMPORT there lets the exporter write" } else { "" };
            let message = format!("{refused}{hint}");
            return Err(PeerError::Refused { status: 422, code: NOT_PERMITTED, message });
        }
        let path = format!("/mode/{}", segment(&target.context_scope()));
        self.peer.send(Method::PUT, &path, Some(&json!({ "mode": "IMPORT" }))).await.map(drop)
    }

    /// Soft-deletes a version; one that is gone already is as good.
    pub(super) async fn delete(&mut self, subject: &Subject, version: Version) -> Result<(), PeerError> {
        let target = self.map(subject);
        let alias = self.lift_alias(&target).await?;
        let deleted = self.delete_at(&target, version, false).await;
        self.set_alias(&target, alias).await?;
        deleted
    }

    /// Removes a version for good.
    pub(super) async fn purge(&mut self, subject: &Subject, version: Version) -> Result<(), PeerError> {
        let target = self.map(subject);
        let alias = self.lift_alias(&target).await?;
        let mut purged = self.delete_at(&target, version, true).await;
        if matches!(purged, Err(PeerError::Refused { code: NOT_DELETED, .. })) {
            purged = match self.delete_at(&target, version, false).await {
                Ok(()) => self.delete_at(&target, version, true).await,
                refused => refused,
            };
        }
        self.set_alias(&target, alias).await?;
        purged
    }

    async fn delete_at(&self, target: &Subject, version: Version, permanent: bool) -> Result<(), PeerError> {
        let query = if permanent { "?permanent=true" } else { "" };
        let path = format!("/subjects/{}/versions/{version}{query}", segment(target));
        gone(self.peer.send(Method::DELETE, &path, None).await)
    }

    /// Sets the config of a subject or a context; `None` removes it.
    pub(super) async fn config(&mut self, scope: &Subject, config: Option<&Config>) -> Result<(), PeerError> {
        let target = self.map(scope);
        let path = format!("/config/{}", segment(&target));
        self.unaliased.remove(&target);
        let Some(config) = config else { return gone(self.peer.send(Method::DELETE, &path, None).await) };
        let alias = |alias: &String| self.map(&Subject::parse_in(scope.context(), alias)).qualified();
        let config = Config { alias: config.alias.as_ref().map(alias), ..config.clone() };
        let body = serde_json::to_value(ConfigJson::new(&config, LevelKey::Compatibility)).unwrap_or_default();
        self.peer.send(Method::PUT, &path, Some(&body)).await.map(drop)
    }
}

fn segment(subject: &Subject) -> String {
    segment_of(&subject.qualified())
}

pub(super) fn segment_of(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

fn gone(answered: Result<Value, PeerError>) -> Result<(), PeerError> {
    match answered {
        Err(PeerError::Refused { code, .. }) if GONE.contains(&code) => Ok(()),
        answered => answered.map(drop),
    }
}
