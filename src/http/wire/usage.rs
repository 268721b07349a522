//! Answers of `/accordant/v1/usage` and `impact`.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::compatibility::Finding;
use crate::registry::{self, ClientUsage, ImpactedVersion, Usage};
use crate::types::{SchemaId, Subject, Version, timestamp};

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SubjectUsage {
    subject: String,
    is_recorded: bool,
    since: Option<String>,
    versions: Vec<UsedVersion>,
    is_whole: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UsedVersion {
    version: Version,
    id: SchemaId,
    deleted: bool,
    reads: i64,
    first_read_at: String,
    last_read_at: String,
    clients: Vec<Client>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    principal: Option<String>,
    client_id: Option<String>,
    user_agent: Option<String>,
    reads: i64,
    first_read_at: String,
    last_read_at: String,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Impact {
    subject: String,
    is_recorded: bool,
    since: Option<String>,
    versions: Vec<Impacted>,
    is_whole: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Impacted {
    #[serde(flatten)]
    used: UsedVersion,
    can_read: bool,
    findings: Vec<Finding>,
}

impl From<registry::UsedVersion> for UsedVersion {
    fn from(used: registry::UsedVersion) -> Self {
        Self {
            version: used.version,
            id: used.id,
            deleted: used.deleted,
            reads: used.reads,
            first_read_at: timestamp(used.first_at),
            last_read_at: timestamp(used.last_at),
            clients: used.clients.into_iter().map(Client::from).collect(),
        }
    }
}

impl From<ClientUsage> for Client {
    fn from(client: ClientUsage) -> Self {
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            principal: client.principal.and_then(said),
            client_id: said(client.client),
            user_agent: said(client.agent),
            reads: client.reads,
            first_read_at: timestamp(client.first_at),
            last_read_at: timestamp(client.last_at),
        }
    }
}

impl SubjectUsage {
    pub(in crate::http) fn new(subject: &Subject, usage: Usage) -> Self {
        Self {
            subject: subject.qualified(),
            is_recorded: usage.is_on,
            since: usage.since.map(timestamp),
            versions: usage.versions.into_iter().map(UsedVersion::from).collect(),
            is_whole: usage.is_whole,
        }
    }
}

impl Impact {
    pub(in crate::http) fn new(subject: &Subject, impact: registry::Impact) -> Self {
        let judged = |ImpactedVersion { used, verdict }: ImpactedVersion| Impacted {
            used: used.into(),
            can_read: verdict.is_compatible,
            findings: Finding::list(verdict.findings, Vec::new()),
        };
        Self {
            subject: subject.qualified(),
            is_recorded: impact.is_on,
            since: impact.since.map(timestamp),
            versions: impact.versions.into_iter().map(judged).collect(),
            is_whole: impact.is_whole,
        }
    }
}
