//! Traces that are sent to a collector, in builds with the feature `otlp`; others refuse the setting that asks for it.

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::CommandFailure;
use super::exit::Exit;
use crate::config::Settings;
#[cfg(not(feature = "otlp"))]
use crate::trace::Spans;

#[cfg(feature = "otlp")]
pub(super) use super::otlp::Traces;

/// What the settings ask for, if they do.
pub(super) fn of(settings: &Settings) -> Result<Option<Traces>, CommandFailure> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
    Traces::new(endpoint, settings).map(Some).map_err(|reason| (Exit::Usage, reason))
}

/// What records spans of registry and store.
#[cfg(feature = "otlp")]
pub(super) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(traces: &Traces) -> impl Layer<S> + use<S> {
    use super::otlp::SpanLayer;
    SpanLayer::new(traces.spans().clone()).with_filter(tracing_subscriber::filter::filter_fn(SpanLayer::wants))
}

/// There are none.
#[cfg(not(feature = "otlp"))]
pub(super) enum Traces {}

#[cfg(not(feature = "otlp"))]
pub(super) type Sending = Traces;

#[cfg(not(feature = "otlp"))]
impl Traces {
    fn new(_: &str, _: &Settings) -> Result<Self, String> {
        Err("otlp-endpoint: this binary sends no traces; one that is built with `--features otlp` does".to_owned())
    }

    pub(super) fn spans(&self) -> &Spans {
        match *self {}
    }

    pub(super) fn begin(self) -> Sending {
        match self {}
    }

    pub(super) fn end(self) -> std::future::Ready<()> {
        match self {}
    }
}

#[cfg(not(feature = "otlp"))]
pub(super) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(traces: &Traces) -> impl Layer<S> + use<S> {
    match *traces {}
    #[expect(unreachable_code, reason = "names a type")]
    tracing_subscriber::layer::Identity::new()
}
