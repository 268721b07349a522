//! Spans, sent to an OpenTelemetry collector by OTLP over HTTP.
//!
//! | file | what |
//! | --- | --- |
//! | `layer.rs` | spans of registry and store, below those of requests |
//! | `encode.rs` | OTLP's Protobuf |
//! | `send.rs` | the task that sends them |
//!
//! Why no crate of OpenTelemetry: docs/adr/0011-otlp-by-hand.md.

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::mpsc::Receiver;

use crate::config::Settings;
use crate::trace::{Span, Spans};

mod encode;
mod layer;
mod send;

pub(super) use layer::SpanLayer;
use send::Sending;

/// What the settings ask for.
pub(super) struct Traces {
    spans: Spans,
    queue: Receiver<Span>,
    sender: send::SpanSender,
}

impl Traces {
    /// # Errors
    /// In words: a setting that can't be used.
    pub(super) fn new(endpoint: &str, settings: &Settings) -> Result<Self, String> {
        let url = url(endpoint).map_err(|why| format!("otlp-endpoint: {why}"))?;
        let headers = settings.otlp_headers.as_ref().map(|text| headers(text.expose())).transpose()?.unwrap_or_default();
        let (spans, queue) = Spans::new(settings.otlp_queue, settings.otlp_sampling);
        let sender = send::SpanSender::new(url, headers, &settings.otlp_service_name)?;
        Ok(Self { spans, queue, sender })
    }

    pub(super) fn spans(&self) -> &Spans {
        &self.spans
    }

    /// Sends from now on. What it gives back ends that, with what waits still sent.
    pub(super) fn begin(self) -> Sending {
        send::begin(self.sender, self.queue, self.spans.counts().clone())
    }
}

/// Where traces are taken. A URL without a path is that of a collector.
fn url(endpoint: &str) -> Result<Url, String> {
    let mut url = Url::parse(endpoint).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("not a URL that begins with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a login stands in otlp-headers, not in the URL".to_owned());
    }
    if matches!(url.path(), "" | "/") {
        url.set_path("/v1/traces");
    }
    Ok(url)
}

/// `NAME=VALUE` with commas. A message holds no value: it may be a secret.
fn headers(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("otlp-headers: a part is not NAME=VALUE")?;
        let (name, value) = (name.trim(), HeaderValue::from_str(value.trim()));
        let mut value = value.map_err(|_| format!("otlp-headers: the value of '{name}' can't be sent"))?;
        value.set_sensitive(true);
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("otlp-headers: '{name}' is no name of a header"))?;
        headers.append(name, value);
    }
    Ok(headers)
}
