//! OTLP's `ExportTraceServiceRequest`, written as Protobuf: the numbers are those of its `trace.proto`, `common.proto` and
//! `resource.proto`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::trace::{Attribute, Span, SpanKind};

/// Turns moments into times of day, all of a batch by the same clock.
#[derive(Clone, Copy)]
pub(super) struct Times {
    now: Instant,
    since_epoch: Duration,
}

impl Times {
    #[expect(clippy::disallowed_methods, reason = "types::Clock counts milliseconds, which is too coarse for spans")]
    pub(super) fn now() -> Self {
        Self { now: Instant::now(), since_epoch: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    fn unix_nanos(self, at: Instant) -> u64 {
        let since_epoch = self.since_epoch.saturating_sub(self.now.saturating_duration_since(at));
        u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A batch of spans of the process that `resource` describes.
pub(super) fn request(resource: &[(&'static str, Attribute)], spans: &[Span], times: Times) -> Vec<u8> {
    let mut scope_spans = EncodedMessage::default();
    scope_spans.message(1, |scope| {
        scope.text(1, "accordant");
        scope.text(2, env!("CARGO_PKG_VERSION"));
    });
    for span in spans {
        scope_spans.message(2, |message| write(message, span, times));
    }
    let mut request = EncodedMessage::default();
    request.message(1, |resource_spans| {
        resource_spans.message(1, |message| attributes(message, 1, resource));
        resource_spans.bytes(2, &scope_spans.0);
    });
    request.0
}

fn write(message: &mut EncodedMessage, span: &Span, times: Times) {
    message.bytes(1, &span.context.trace_id);
    message.bytes(2, &span.context.span_id);
    message.text(3, span.context.state.as_deref().unwrap_or_default());
    if let Some(parent) = &span.parent {
        message.bytes(4, parent);
    }
    message.text(5, &span.name);
    message.number(
        6,
        match span.kind {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
        },
    );
    message.fixed64(7, times.unix_nanos(span.started));
    message.fixed64(8, times.unix_nanos(span.ended));
    attributes(message, 9, &span.attributes);
    if span.is_error {
        message.message(15, |status| status.number(3, 2));
    }
}

fn attributes(message: &mut EncodedMessage, number: u32, attributes: &[(&'static str, Attribute)]) {
    for (key, value) in attributes {
        message.message(number, |pair| {
            pair.text(1, key);
            pair.message(2, |any| match value {
                Attribute::Text(text) => any.bytes(1, text.as_bytes()),
                Attribute::Flag(flag) => any.number(2, u64::from(*flag)),
                Attribute::Number(number) => any.number(3, number.cast_unsigned()),
            });
        });
    }
}

/// A message that is being written.
#[derive(Default)]
struct EncodedMessage(Vec<u8>);

impl EncodedMessage {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    fn number(&mut self, number: u32, value: u64) {
        self.varint(u64::from(number) << 3);
        self.varint(value);
    }

    fn fixed64(&mut self, number: u32, value: u64) {
        self.varint(u64::from(number) << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, number: u32, value: &[u8]) {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn text(&mut self, number: u32, value: &str) {
        if !value.is_empty() {
            self.bytes(number, value.as_bytes());
        }
    }

    fn message(&mut self, number: u32, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(number, &inner.0);
    }
}
