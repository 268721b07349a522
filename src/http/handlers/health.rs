//! Liveness, readiness, metrics, and the contract itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;

use crate::codec::FromJson;
use crate::http::bodies;
use crate::http::reply::{Answer, Reply, json, to_bytes};
use crate::http::request::Request;
use crate::http::wire::{Empty, Health};
use crate::trace;
use crate::types::JavaStr;

/// The contract, as it stands in the repository.
const OPENAPI: &str = include_str!("../../../openapi.yaml");

/// Time in which readiness is told.
const READY_LIMIT: Duration = Duration::from_secs(1);

pub(in crate::http) async fn root(_: Request) -> Answer {
    json(&Empty {})
}

/// Confluent takes any map of texts here.
pub(in crate::http) async fn post_root(request: Request) -> Answer {
    if let Some(value) = bodies::json::value(&request.body, "Map")? {
        BTreeMap::<JavaStr, String>::from_json(&value)?;
    }
    json(&Empty {})
}

pub(in crate::http) async fn alive(_: Request) -> Answer {
    json(&Health { status: "ok", message: None })
}

pub(in crate::http) async fn ready(request: Request) -> Answer {
    let unavailable = |status, message| {
        let body = Health { status, message: Some(message) };
        Ok(Reply::JsonWithStatus(StatusCode::SERVICE_UNAVAILABLE, to_bytes(&body)))
    };
    if request.state.is_stopping.load(Ordering::Relaxed) {
        return unavailable("stopping", "the server is stopping".to_owned());
    }
    match ping(&request).await {
        Ok(()) => json(&Health { status: "ready", message: None }),
        Err(message) => {
            tracing::warn!(request_id = request.info.id(), trace_id = trace::current_id(), message, "not ready");
            unavailable("unavailable", message)
        }
    }
}

/// Asks the database, on the threads that serve requests: whoever asks from an address of its own learns whether those get to work.
async fn ping(request: &Request) -> Result<(), String> {
    let store = Arc::clone(request.registry().store());
    let asked = async move { store.ping().await.map_err(|error| error.to_string()) };
    let asked = async {
        match &request.state.runtime {
            Some(runtime) => runtime.spawn(asked).await.unwrap_or_else(|error| Err(error.to_string())),
            None => asked.await,
        }
    };
    tokio::time::timeout(READY_LIMIT, asked).await.unwrap_or_else(|_| Err("the database does not answer".to_owned()))
}

pub(in crate::http) async fn metrics(request: Request) -> Answer {
    let text = request.state.metrics.render(&request.state.snapshot());
    Ok(Reply::Typed("text/plain; version=0.0.4; charset=utf-8", Bytes::from(text)))
}

pub(in crate::http) async fn openapi(_: Request) -> Answer {
    Ok(Reply::Typed("application/yaml", Bytes::from_static(OPENAPI.as_bytes())))
}
