//! Who stands in front of a registry and answers as a test wants it.

use std::future::Future;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::app::TestApp;

pub type Answer = Response<Full<Bytes>>;

/// Answers requests for as long as the test runs; one without an answer ends its connection. Its URL.
pub async fn stand_in<F>(answer: impl Fn(Request<hyper::body::Incoming>) -> F + Clone + Send + 'static) -> String
where
    F: Future<Output = Option<Answer>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answered = answer(request);
                async move { answered.await.ok_or("no answer") }
            });
            tokio::spawn(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://{address}")
}

/// What the registry behind it answers.
pub async fn passed_on(app: &TestApp, request: Request<hyper::body::Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let target = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let headers: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
    let answer = app.send(parts.method, &target, headers, body).await;
    Response::builder().status(answer.status).header("content-type", "application/json").body(Full::from(answer.bytes)).unwrap()
}
