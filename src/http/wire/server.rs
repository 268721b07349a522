//! Modes and the server itself (rest-api 3.7).

use serde::Serialize;
use serde_with::skip_serializing_none;

/// `{}`
#[derive(Serialize)]
pub(in crate::http) struct Empty {}

#[derive(Serialize)]
pub(in crate::http) struct Mode<'m> {
    pub(in crate::http) mode: Option<&'m str>,
}

#[skip_serializing_none]
#[derive(Serialize)]
pub(in crate::http) struct Health {
    pub(in crate::http) status: &'static str,
    pub(in crate::http) message: Option<String>,
}

#[derive(Serialize)]
pub(in crate::http) struct ServerId {
    pub(in crate::http) scope: ClusterScope,
}

#[derive(Serialize)]
pub(in crate::http) struct ClusterScope {
    pub(in crate::http) path: [&'static str; 0],
    pub(in crate::http) clusters: Clusters,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) struct Clusters {
    pub(in crate::http) kafka_cluster: String,
    pub(in crate::http) schema_registry_cluster: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ServerVersion {
    pub(in crate::http) version: &'static str,
    pub(in crate::http) commit_id: &'static str,
}

#[derive(Serialize)]
pub(in crate::http) struct Deployment {
    pub(in crate::http) attributes: [&'static str; 0],
}
