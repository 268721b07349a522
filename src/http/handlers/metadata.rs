//! `/v1/metadata`.

use serde_json::json;

use crate::http::reply::{Answer, json};
use crate::http::request::Request;

/// Both names carry the id of this registry: there is no Kafka cluster behind it, and clients look for both keys.
pub(in crate::http) async fn cluster_id(request: Request) -> Answer {
    let id = request.registry().cluster_id().await?;
    json(&json!({ "scope": { "path": [], "clusters": { "kafka-cluster": id, "schema-registry-cluster": id } } }))
}

pub(in crate::http) async fn version(request: Request) -> Answer {
    json(&json!({ "version": env!("CARGO_PKG_VERSION"), "commitId": request.state.settings.commit }))
}

pub(in crate::http) async fn deployment(_: Request) -> Answer {
    json(&json!({ "attributes": [] }))
}
