//! The task that sends spans: in batches, without haste, and never twice. A collector that is away loses what was for it meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::encode::{self, Times};
use crate::cli::client::causes;
use crate::trace::{Attribute, Span, SpanCounts};

/// Spans of one request.
const BATCH: usize = 512;
/// How long the first span of a batch waits for others.
const COLLECT: Duration = Duration::from_millis(200);
/// Time in which the collector must have answered.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Wait after it has not.
const PAUSE: Duration = Duration::from_secs(5);
/// Time that the last spans get at the end of the process.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// What is sent where.
pub(super) struct SpanSender {
    http: reqwest::Client,
    url: Url,
    resource: Vec<(&'static str, Attribute)>,
}

/// The task, running.
pub(in crate::cli) struct Sending {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl SpanSender {
    pub(super) fn new(url: Url, headers: HeaderMap, service: &str) -> Result<Self, String> {
        let builder = ClientBuilder::new()
            .timeout(TIME_LIMIT)
            .redirect(Policy::none())
            .default_headers(headers)
            .user_agent(concat!("accordant/", env!("CARGO_PKG_VERSION")));
        let builder = if url.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
        let http = builder.build().map_err(|error| format!("otlp-endpoint: {}", causes(&error)))?;
        let text = |text: &str| Attribute::Text(text.to_owned());
        let resource = vec![
            ("service.name", text(service)),
            ("service.version", text(env!("CARGO_PKG_VERSION"))),
            ("service.instance.id", Attribute::Text(uuid::Uuid::new_v4().to_string())),
        ];
        Ok(Self { http, url, resource })
    }

    async fn send(&self, spans: &[Span]) -> Result<(), String> {
        let body = encode::request(&self.resource, spans, Times::now());
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/x-protobuf").body(body);
        let answer = request.send().await.map_err(|error| causes(&error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("HTTP {}", answer.status().as_u16())) }
    }
}

impl Sending {
    /// Sends what waits, if that does not take long.
    pub(in crate::cli) async fn end(self) {
        // the task ends by itself where nobody listens any more
        let _ = self.end.send(());
        let _ = timeout(FLUSH_LIMIT, self.task).await;
    }
}

pub(super) fn begin(sender: SpanSender, queue: Receiver<Span>, counts: Arc<SpanCounts>) -> Sending {
    let (end, ended) = oneshot::channel();
    Sending { end, task: tokio::spawn(run(sender, queue, counts, ended)) }
}

async fn run(sender: SpanSender, mut queue: Receiver<Span>, counts: Arc<SpanCounts>, mut ended: oneshot::Receiver<()>) {
    let (mut is_away, mut is_last) = (false, false);
    let mut batch = Vec::with_capacity(BATCH);
    while !is_last {
        let collected = async {
            batch.extend(queue.recv().await);
            sleep(if is_away { PAUSE } else { COLLECT }).await;
        };
        is_last = tokio::select! {
            _ = &mut ended => true,
            () = collected => false,
        };
        loop {
            while batch.len() < BATCH
                && let Ok(span) = queue.try_recv()
            {
                batch.push(span);
            }
            if batch.is_empty() {
                break;
            }
            let sent = sender.send(&batch).await;
            let counter = if sent.is_ok() { &counts.sent } else { &counts.failed };
            counter.fetch_add(batch.len() as u64, Ordering::Relaxed);
            batch.clear();
            match &sent {
                Err(error) if !is_away => tracing::warn!(%error, "the collector of traces takes none"),
                Ok(()) if is_away => tracing::info!("the collector of traces takes them again"),
                _ => {}
            }
            is_away = sent.is_err();
            if is_away {
                break;
            }
        }
    }
}
