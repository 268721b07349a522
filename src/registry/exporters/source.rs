//! The registry that an importer reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::destination::segment_of;
use crate::codec::config_from;
use crate::peer::{PeerError, PeerRegistry};
use crate::registry::Submission;
use crate::types::{Config, DEFAULT_CONTEXT, Exporter, Subject, Version};

/// How long a request may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Names asked for in one request of a list.
const PAGE: usize = 1_000;
/// Most subjects that are looked at.
const MAX_SUBJECTS: usize = 1_000_000;

/// The versions of a subject; whether they are live.
pub(super) type SourceVersions = BTreeMap<Version, bool>;

/// What the source answers for a version.
pub(super) enum SourceVersion {
    Version(Box<Submission>),
    Gone,
    /// One of another subject, which the subject has as its alias.
    OfAnother,
}

pub(super) struct SourceRegistry {
    peer: PeerRegistry,
}

impl SourceRegistry {
    pub(super) fn new(importer: &Exporter) -> Result<Self, String> {
        Ok(Self { peer: PeerRegistry::new(&importer.config, &[], TIME_LIMIT)? })
    }

    pub(super) fn peer(&self) -> &PeerRegistry {
        &self.peer
    }

    /// What is at a path; `None` where there is nothing.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Value>, PeerError> {
        match self.peer.send(Method::GET, path, None).await {
            Err(PeerError::Refused { status: 404, .. }) => Ok(None),
            answered => answered.map(Some),
        }
    }

    /// The id of the source; empty where it tells none.
    pub(super) async fn cluster_id(&self) -> Result<String, PeerError> {
        let id = self.find("/v1/metadata/id").await?.unwrap_or_default();
        let id = id.pointer("/scope/clusters/schema-registry-cluster").and_then(Value::as_str);
        Ok(id.unwrap_or_default().to_owned())
    }

    /// The names of all subjects, deleted ones too.
    pub(super) async fn subjects(&self) -> Result<BTreeSet<Subject>, PeerError> {
        let mut names = self.names(":*:").await?;
        if names.is_empty() {
            // some registries take that for a name
            names = self.names("").await?;
        }
        let mut subjects: BTreeSet<Subject> = names.iter().map(|name| Subject::parse(name)).collect();
        // and some list the default context alone
        for context in texts(self.find("/contexts").await?.as_ref()) {
            if context == DEFAULT_CONTEXT || subjects.iter().any(|subject| subject.context() == context) {
                continue;
            }
            let listed = self.find(&format!("/contexts/{}/subjects?deleted=true", segment_of(&context))).await?;
            subjects.extend(texts(listed.as_ref()).iter().map(|name| Subject::parse_in(&context, name)));
        }
        Ok(subjects)
    }

    async fn names(&self, prefix: &str) -> Result<BTreeSet<String>, PeerError> {
        let mut names = BTreeSet::new();
        let mut offset = 0;
        loop {
            let path = format!("/subjects?subjectPrefix={}&deleted=true&offset={offset}&limit={PAGE}", segment_of(prefix));
            let page = texts(self.find(&path).await?.as_ref());
            let (before, length) = (names.len(), page.len());
            names.extend(page);
            // a registry that knows no pages sends everything at once, and again
            if length != PAGE || names.len() == before {
                return Ok(names);
            }
            if names.len() > MAX_SUBJECTS {
                return Err(PeerError::Away(format!("the source has more than {MAX_SUBJECTS} subjects")));
            }
            offset += length;
        }
    }

    pub(super) async fn versions(&self, subject: &Subject) -> Result<SourceVersions, PeerError> {
        let path = format!("/subjects/{}/versions", segment_of(&subject.qualified()));
        let live: BTreeSet<Version> = numbers(self.find(&path).await?.as_ref());
        let all = numbers(self.find(&format!("{path}?deleted=true")).await?.as_ref());
        Ok(all.union(&live).map(|version| (*version, live.contains(version))).collect())
    }

    /// A version as it is to be registered.
    pub(super) async fn version(&self, subject: &Subject, version: Version) -> Result<SourceVersion, PeerError> {
        let path = format!("/subjects/{}/versions/{version}?deleted=true", segment_of(&subject.qualified()));
        let Some(found) = self.find(&path).await? else { return Ok(SourceVersion::Gone) };
        // some registries leave the context out of the name
        let answered =
            found.get("subject").and_then(Value::as_str).map(|answered| Subject::parse_in(subject.context(), answered));
        if answered.is_some_and(|answered| answered != *subject) {
            return Ok(SourceVersion::OfAnother);
        }
        Submission::copied(&found, version).map(|read| SourceVersion::Version(Box::new(read))).map_err(|what| {
            PeerError::Away(format!("the source's answer for {} version {version} can't be read: {what}", subject.qualified()))
        })
    }

    /// What is set for a scope itself; `None` where nothing is.
    pub(super) async fn config(&self, scope: &Subject) -> Result<Option<Config>, PeerError> {
        let found = self.find(&format!("/config/{}", segment_of(&scope.qualified()))).await?;
        Ok(found.as_ref().map(config_from).filter(|config| *config != Config::default()))
    }
}

pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn numbers(list: Option<&Value>) -> BTreeSet<Version> {
    let numbers = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64);
    numbers.filter_map(|number| Version::try_from(number).ok()).collect()
}
