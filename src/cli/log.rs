//! The log on standard error, written by a thread of its own: whoever reads it, or doesn't, can't hold up a request.
//!
//! tracing-appender does the same, and brings along what rolls files.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, registry, reload};

use super::traces::{self, Traces};
use crate::config::{LogFormat, Settings};

/// Lines, and bytes of them, that may wait to be written; more are dropped, and counted.
const MAX_LINES: usize = 4096;
const MAX_BYTES: usize = 4 << 20;
/// Time that the last lines get at the end of the process.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// The way to the log's filter, and its end.
pub(super) struct Log {
    queue: Arc<Queue>,
    reload: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>,
}

enum LogMessage {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

struct Queue {
    sender: SyncSender<LogMessage>,
    bytes: AtomicUsize,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Begins to log.
    ///
    /// Spans are recorded for `traces`, whatever the level of the log is.
    ///
    /// # Errors
    /// Why it can't, in words.
    pub(super) fn begin(settings: &Settings, traces: Option<&Traces>) -> Result<Self, String> {
        let filter = filter(&settings.log_level)?;
        let (sender, receiver) = sync_channel(MAX_LINES);
        let queue = Arc::new(Queue { sender, bytes: AtomicUsize::new(0), dropped: Arc::default() });
        let written = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write(&receiver, &written)).map_err(|error| format!("threads can't be started: {error}"))?;
        let (filter, level) = reload::Layer::new(filter);
        let lines = fmt::layer().with_writer(LogWriter(Arc::clone(&queue))).with_ansi(io::stderr().is_terminal());
        let lines = match settings.log_format {
            LogFormat::Human => lines.with_target(false).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        let log = registry().with(lines.with_filter(filter));
        match traces.map(traces::layer) {
            Some(spans) => log.with(spans).init(),
            None => log.init(),
        }
        let reload: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync> =
            Box::new(move |filter| level.reload(filter).map_err(|error| error.to_string()));
        panics_are_logged();
        Ok(Self { queue, reload })
    }

    /// How many lines could not be written.
    pub(super) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.queue.dropped)
    }

    /// From now on another level counts.
    pub(super) fn set_level(&self, level: &str) -> Result<(), String> {
        (self.reload)(filter(level)?)
    }

    /// Waits until what was logged is written, if that does not take long.
    pub(super) fn flush(&self) {
        let (done, is_done) = sync_channel(1);
        if self.queue.sender.try_send(LogMessage::Flush(done)).is_ok() {
            // whether it was done or not: the process ends
            let _ = is_done.recv_timeout(FLUSH_LIMIT);
        }
    }
}

/// Whether a level can be used.
pub(super) fn check_level(level: &str) -> Result<(), String> {
    filter(level).map(|_| ())
}

/// Levels and directives. A word that is no level would be read as the name of a module, and silence all others.
fn filter(text: &str) -> Result<EnvFilter, String> {
    let refused = |reason: &str| format!("log-level: '{text}' {reason}");
    let is_bare = |word: &&str| !word.contains(['=', '[', '{']) && word.parse::<LevelFilter>().is_err();
    if let Some(word) = text.split(',').map(str::trim).find(is_bare) {
        let what =
            if word.is_empty() { "has an empty part".to_owned() } else { format!("has the word '{word}', which is no level") };
        return Err(refused(&format!("{what}; levels are off, error, warn, info, debug, trace")));
    }
    EnvFilter::try_new(text).map_err(|error| refused(&format!("can't be used: {error}")))
}

/// A panic is a line in the log like any other, and as little able to hold up its thread.
fn panics_are_logged() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        let backtrace = match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        tracing::error!(place, "panic: {}{backtrace}", panic.payload_as_str().unwrap_or("unknown"));
    }));
}

#[derive(Clone)]
struct LogWriter(Arc<Queue>);

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = &'w Queue;

    fn make_writer(&'w self) -> &'w Queue {
        &self.0
    }
}

impl Write for &Queue {
    /// Takes a line; never fails and never waits.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let queued = self.bytes.fetch_add(line.len(), Ordering::Relaxed);
        if queued > MAX_BYTES || self.sender.try_send(LogMessage::Line(line.to_vec())).is_err() {
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log's thread does.
fn write(receiver: &Receiver<LogMessage>, queue: &Queue) {
    let mut reported = 0;
    for message in receiver {
        match message {
            LogMessage::Line(line) => {
                let written = io::stderr().write_all(&line);
                queue.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                if written.is_err() {
                    queue.dropped.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let dropped = queue.dropped.load(Ordering::Relaxed);
                if dropped > reported {
                    tracing::warn!(lines = dropped - reported, "lines of the log were dropped, for nothing took them");
                    reported = dropped;
                }
            }
            LogMessage::Flush(done) => {
                // nobody waits any more: the time was over
                let _ = done.try_send(());
            }
        }
    }
}

/// The one line that says why the process ends; where nobody can be told, that is no reason to end otherwise.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "accordant: {line}");
}
