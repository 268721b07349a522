//! The yardstick: a bare axum server. It parses the path, reads the body, and answers every request with the same bytes.

use std::future::IntoFuture;
use std::path::Path;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;

use crate::plan::MEDIA_TYPE;
use crate::tls::TlsListener;

/// Serves the content of a file on an address, and on another one with TLS if there is one, until it is killed.
pub fn run(address: &str, encrypted: Option<&str>, body: &Path) -> Result<()> {
    let body = Bytes::from(std::fs::read(body).with_context(|| format!("{}", body.display()))?);
    let answer = move || -> Response { ([(CONTENT_TYPE, MEDIA_TYPE)], body.clone()).into_response() };
    let (by_id, by_guid, version, versions, register) =
        (answer.clone(), answer.clone(), answer.clone(), answer.clone(), answer.clone());
    let (config, look_up, validate, check) = (answer.clone(), answer.clone(), answer.clone(), answer);
    let app = Router::new()
        .route(
            "/cloudevents/schemas/guids/{guid}",
            get(async |_: extract::Path<String>| {
                (StatusCode::NOT_MODIFIED, [(ETAG, "\"a tag of the usual length, some fifty letters\"")])
            }),
        )
        .route("/schemas/ids/{id}", get(async move |_: extract::Path<u32>| by_id()))
        .route("/subjects/{subject}/versions/{version}", get(async move |_: extract::Path<(String, String)>| version()))
        .route("/schemas/guids/{guid}", get(async move |_: extract::Path<String>| by_guid()))
        .route("/config/{subject}", get(async move |_: extract::Path<String>| config()))
        .route("/subjects/{subject}", post(async move |_: extract::Path<String>, _: Bytes| look_up()))
        .route("/cloudevents/validate", post(async move |_: Bytes| validate()))
        .route(
            "/subjects/{subject}/versions",
            get(async move |_: extract::Path<String>| versions())
                .post(async move |_: extract::Path<String>, _: Bytes| register()),
        )
        .route(
            "/compatibility/subjects/{subject}/versions/{version}",
            post(async move |_: extract::Path<(String, String)>, _: Bytes| check()),
        );
    // the registry's kind of runtime: as many threads as the process may use cores
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?.tap_io(|stream| {
            // without it the numbers would be those of delayed acknowledgements
            stream.set_nodelay(true).expect("TCP_NODELAY");
        });
        if let Some(encrypted) = encrypted {
            let encrypted = TlsListener::bind(encrypted).await?;
            tokio::spawn(axum::serve(encrypted, app.clone()).into_future());
        }
        axum::serve(listener, app).await?;
        Ok(())
    })
}
