//! Spans of registry and store, as `tracing` has them, below the span of the request or another span of theirs.

use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::trace::{self, Attribute, Span, SpanKind, Spans, TraceContext};

/// Most attributes of a span, and the longest text in one.
const MAX_ATTRIBUTES: usize = 8;
const MAX_TEXT_BYTES: usize = 256;

/// Records spans, where the request is recorded that they belong to.
pub(in crate::cli) struct SpanLayer {
    spans: Spans,
}

/// A span that is open.
struct OpenSpan {
    context: TraceContext,
    parent: [u8; 8],
    started: Instant,
    attributes: Vec<(&'static str, Attribute)>,
}

impl SpanLayer {
    pub(in crate::cli) fn new(spans: Spans) -> Self {
        Self { spans }
    }

    /// Which spans it wants to hear of: our own, but for those of requests, which http records with their outcome.
    pub(in crate::cli) fn wants(metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
            && *metadata.level() <= Level::DEBUG
            && metadata.target().starts_with("accordant")
            && metadata.name() != "request"
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let above = span.parent().and_then(|parent| parent.extensions().get::<OpenSpan>().map(|open| open.context.clone()));
        let of_request = || trace::current().filter(|current| current.is_recorded).map(|current| current.context);
        let Some(above) = above.or_else(of_request) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let open =
            OpenSpan { context: above.with_fresh_span(), parent: above.span_id, started: Instant::now(), attributes: fields.0 };
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<OpenSpan>() {
            let mut fields = Fields(std::mem::take(&mut open.attributes));
            values.record(&mut fields);
            open.attributes = fields.0;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(OpenSpan { context, parent, started, attributes }) = span.extensions_mut().remove::<OpenSpan>() else { return };
        self.spans.finish(Span {
            context,
            parent: Some(parent),
            name: name(span.metadata()).into(),
            kind: SpanKind::Internal,
            started,
            ended: Instant::now(),
            attributes,
            is_error: false,
        });
    }
}

/// A span is called by its function; several rings have functions of the same name.
fn name(metadata: &Metadata<'_>) -> String {
    let module = metadata.target().split("::").nth(1).unwrap_or("accordant");
    format!("{module}.{}", metadata.name())
}

/// The fields of a span.
#[derive(Default)]
struct Fields(Vec<(&'static str, Attribute)>);

impl Fields {
    fn add(&mut self, field: &Field, value: Attribute) {
        if self.0.len() < MAX_ATTRIBUTES {
            self.0.push((field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = value.get(..value.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default();
        self.add(field, Attribute::Text(text.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Attribute::Number(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Attribute::Number(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Attribute::Flag(value));
    }
}
