//! `/v1/metadata`.

use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::{ClusterScope, Clusters, Deployment, ServerId, ServerVersion};

/// Both names carry the id of this registry: there is no Kafka cluster behind it, and clients look for both keys.
pub(in crate::http) async fn cluster_id(request: Request) -> Answer {
    let id = request.registry().cluster_id().await?;
    let clusters = Clusters { kafka_cluster: id.clone(), schema_registry_cluster: id };
    json(&ServerId { scope: ClusterScope { path: [], clusters } })
}

pub(in crate::http) async fn version(request: Request) -> Answer {
    json(&ServerVersion { version: env!("CARGO_PKG_VERSION"), commit_id: request.state.settings.commit })
}

pub(in crate::http) async fn deployment(_: Request) -> Answer {
    json(&Deployment { attributes: [] })
}
