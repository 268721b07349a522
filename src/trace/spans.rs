//! Spans that are recorded. Whoever finishes one never waits: what does not fit into the queue is dropped, and counted.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Current, Sampling, TraceContext};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Something within the process.
    Internal,
    /// A request that it answers.
    Server,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// What took some time, finished.
#[derive(Debug, Clone)]
pub struct Span {
    pub context: TraceContext,
    pub parent: Option<[u8; 8]>,
    pub name: Cow<'static, str>,
    pub kind: SpanKind,
    pub started: Instant,
    pub ended: Instant,
    pub attributes: Vec<(&'static str, Attribute)>,
    pub is_error: bool,
}

/// What became of spans.
#[derive(Debug, Default)]
pub struct SpanCounts {
    pub sent: AtomicU64,
    /// The queue was full.
    pub dropped: AtomicU64,
    /// The collector did not take them.
    pub failed: AtomicU64,
}

/// The way of spans to who sends them.
#[derive(Debug, Clone)]
pub struct Spans {
    queue: Sender<Span>,
    sampling: Sampling,
    counts: Arc<SpanCounts>,
}

/// A span that has begun.
#[derive(Debug)]
pub struct Recording {
    spans: Spans,
    pub context: TraceContext,
    parent: Option<[u8; 8]>,
}

impl Spans {
    /// `size` spans may wait, a million at most.
    pub fn new(size: usize, sampling: Sampling) -> (Self, Receiver<Span>) {
        let (queue, spans) = channel(size.clamp(1, 1_000_000));
        (Self { queue, sampling, counts: Arc::default() }, spans)
    }

    pub fn counts(&self) -> &Arc<SpanCounts> {
        &self.counts
    }

    /// What is known of the trace of a request, and its span, if that is recorded: as its caller has decided, else by chance.
    pub fn begin(&self, caller: Option<TraceContext>) -> (Current, Option<Recording>) {
        let is_recorded = |context: &TraceContext| context.is_sampled;
        match caller {
            Some(caller) if is_recorded(&caller) => self.recording(caller.with_fresh_span(), Some(caller.span_id)),
            Some(caller) => (Current::passed_on(caller), None),
            None => {
                let mut context = TraceContext::fresh();
                context.is_sampled = self.sampling.takes(&context.trace_id);
                if context.is_sampled { self.recording(context, None) } else { (Current::passed_on(context), None) }
            }
        }
    }

    fn recording(&self, context: TraceContext, parent: Option<[u8; 8]>) -> (Current, Option<Recording>) {
        let recording = Recording { spans: self.clone(), context: context.clone(), parent };
        (Current { context, is_recorded: true }, Some(recording))
    }

    /// Hands on a span.
    pub fn finish(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Recording {
    /// Ends the span of a request.
    pub fn answered(self, name: String, started: Instant, attributes: Vec<(&'static str, Attribute)>, is_error: bool) {
        let Self { spans, context, parent } = self;
        let (name, ended) = (name.into(), Instant::now());
        spans.finish(Span { context, parent, name, kind: SpanKind::Server, started, ended, attributes, is_error });
    }
}
