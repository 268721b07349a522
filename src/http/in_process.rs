//! The application asked by its own process, without a connection.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::{App, Handled, Peer};

impl App {
    /// Asks for a path that is percent-encoded already; the status, and the body of the answer.
    ///
    /// # Errors
    /// The path can't be asked for.
    pub async fn ask(&self, method: &str, path: &str, body: Option<String>) -> Result<(u16, Bytes), String> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let json = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, json);
        }
        let request = request.header(header::USER_AGENT, concat!("accordant/", env!("CARGO_PKG_VERSION")));
        let request = request.body(Body::from(body.unwrap_or_default())).map_err(|error| error.to_string())?;
        let response = match self.handle(request, &Peer::default()) {
            Handled::Ready(response, _) => response.map(|bytes| Body::from(Bytes::from(bytes))),
            Handled::Work(work) => work.await,
        };
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, bytes.to_bytes()))
    }
}
