//! RING 1: JSONata, evaluated by processes of their own.
//!
//! An expression of JSONata is a program: it loops, recurses and builds what it likes, and the crate that runs it counts neither its
//! work nor its memory. So this program starts itself anew for each, with bounds of time and memory that the operating system holds,
//! and reads one answer. docs/adr/0010-jsonata-in-a-process.md says why.
//!
//! - [`Evaluations`]: what one request may have evaluated; it starts the processes
//! - `worker`: what such a process does; `value`: JSON as its values, and back

mod value;
mod worker;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use self::worker::work;

use crate::contracts::{Jsonata, JsonataError};
use crate::schema::json::{self, JsonKind, ReadOptions};

/// The first argument of a process that evaluates; what follows are its bounds.
pub const WORKER: &str = "jsonata-worker";

/// Bytes of a result.
const MAX_RESULT: usize = 16 << 20;

/// Nesting of data, of results, and of what is said about them.
const MAX_DEPTH: usize = 256;

/// What evaluating may cost.
#[derive(Debug, Clone, Copy)]
pub struct JsonataLimits {
    /// All that one request has evaluated.
    pub time: Duration,
    /// Bytes, of each process.
    pub memory: u64,
}

impl Default for JsonataLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(2), memory: 48 << 20 }
    }
}

/// What came of the expressions since the start.
#[derive(Debug, Default)]
struct EvaluationCounts {
    evaluated: AtomicU64,
    wrong: AtomicU64,
    stopped: AtomicU64,
    unavailable: AtomicU64,
}

/// Starts the processes.
#[derive(Debug, Clone)]
pub struct JsonataEngine {
    program: PathBuf,
    limits: JsonataLimits,
    counts: Arc<EvaluationCounts>,
}

impl JsonataEngine {
    /// An engine whose processes are this program, or another build of it.
    pub fn new(program: PathBuf, limits: JsonataLimits) -> Self {
        Self { program, limits, counts: Arc::default() }
    }

    /// The program that runs, also when its file has been replaced meanwhile.
    ///
    /// # Errors
    /// The operating system does not tell which it is.
    pub fn of_this_program(limits: JsonataLimits) -> std::io::Result<Self> {
        let program = if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { std::env::current_exe()? };
        Ok(Self::new(program, limits))
    }

    /// What one request may have evaluated.
    pub fn evaluations(&self) -> Evaluations {
        Evaluations { engine: self.clone(), spent: AtomicU64::new(0) }
    }

    /// How often there was a result, none, no time or memory left, and no process; since the start.
    pub fn counts(&self) -> [(&'static str, u64); 4] {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let EvaluationCounts { evaluated, wrong, stopped, unavailable } = &*self.counts;
        [("evaluated", of(evaluated)), ("wrong", of(wrong)), ("stopped", of(stopped)), ("unavailable", of(unavailable))]
    }
}

/// What one request has had evaluated. Its processes follow each other, and share the time that it may take.
#[derive(Debug)]
pub struct Evaluations {
    engine: JsonataEngine,
    /// Milliseconds.
    spent: AtomicU64,
}

const NO_TIME: JsonataError = JsonataError::Stopped("it takes more time than jsonata-time allows for a request");
const NO_MEMORY: JsonataError = JsonataError::Stopped("it takes more memory than jsonata-memory allows");

impl Evaluations {
    /// Has a process answer, which is given the time that is left.
    fn answer(&self, request: &str) -> Result<json::Value, JsonataError> {
        let spent = Duration::from_millis(self.spent.load(Ordering::Relaxed));
        let left = self.engine.limits.time.saturating_sub(spent);
        if left.is_zero() {
            return Err(NO_TIME);
        }
        let begun = Instant::now();
        let answer = self.ask(request, left);
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.spent.fetch_add(took.max(1), Ordering::Relaxed);
        let answer = answer?;
        let options = ReadOptions { comments: false, replace_lone_surrogates: true, max_depth: MAX_DEPTH };
        json::read(&answer, options).map_err(|error| JsonataError::Wrong(format!("its value: {error}")))
    }

    fn ask(&self, request: &str, left: Duration) -> Result<String, JsonataError> {
        let unavailable = |error: std::io::Error| JsonataError::Unavailable(format!("no process evaluates it: {error}"));
        let mut child = Command::new(&self.engine.program)
            .arg(WORKER)
            .arg(self.engine.limits.memory.to_string())
            .arg(left.as_millis().max(1).to_string())
            .env_clear()
            // the allocator would claim a gigabyte at once, which counts as taken
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(unavailable)?;
        let alarm = Alarm::set(&child, left);
        let answer = exchange(&mut child, request);
        let is_late = alarm.stop();
        // what it has written is read: it is ending, or of no use any more
        let _ = child.kill();
        let status = child.wait().map_err(unavailable)?;
        match answer {
            _ if is_late => Err(NO_TIME),
            Ok(answer) if answer.len() > MAX_RESULT => Err(JsonataError::Wrong("its value is longer than 16 MiB".to_owned())),
            Ok(answer) if status.success() => Ok(answer),
            Err(error) if status.success() => Err(unavailable(error)),
            _ => Err(reason(status)),
        }
    }

    fn count(&self, result: Result<&(), &JsonataError>) {
        let counts = &self.engine.counts;
        let count = match result {
            Ok(()) => &counts.evaluated,
            Err(JsonataError::Wrong(_)) => &counts.wrong,
            Err(JsonataError::Stopped(_)) => &counts.stopped,
            Err(JsonataError::Unavailable(_)) => &counts.unavailable,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The process reads all before it writes, so neither waits for the other.
fn exchange(child: &mut Child, request: &str) -> std::io::Result<String> {
    if let Some(mut input) = child.stdin.take() {
        input.write_all(request.as_bytes())?;
    }
    let mut answer = String::new();
    if let Some(output) = child.stdout.take() {
        output.take(MAX_RESULT as u64 + 1).read_to_string(&mut answer)?;
    }
    Ok(answer)
}

/// Ends a process that does not end by itself: one that has no memory left may wait for ever.
struct Alarm {
    is_done: mpsc::Sender<()>,
    thread: Option<JoinHandle<bool>>,
}

impl Alarm {
    fn set(child: &Child, left: Duration) -> Self {
        let (is_done, done) = mpsc::channel();
        let process = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let wait = move || {
            let is_late = done.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout);
            if let Some(process) = process.filter(|_| is_late) {
                // it is there until somebody has waited for it, and nobody has
                let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            }
            is_late
        };
        // without a thread there is the limit of processor time
        let thread = std::thread::Builder::new().name("jsonata".to_owned()).spawn(wait).ok();
        Self { is_done, thread }
    }

    /// Whether it has gone off.
    fn stop(self) -> bool {
        let Self { is_done, thread } = self;
        drop(is_done);
        thread.is_some_and(|thread| thread.join().unwrap_or(false))
    }
}

/// Why a process has ended without an answer.
fn reason(status: ExitStatus) -> JsonataError {
    use std::os::unix::process::ExitStatusExt as _;
    let is_time = status.signal() == Some(rustix::process::Signal::XCPU.as_raw());
    if is_time { NO_TIME } else { NO_MEMORY }
}

impl Jsonata for Evaluations {
    fn evaluate(&self, expression: &str, data: &str) -> Result<Option<String>, JsonataError> {
        let mut request = String::with_capacity(data.len() + expression.len() + 32);
        request.push_str("{\"expression\":");
        json::write_string(&mut request, expression);
        request.push_str(",\"data\":");
        request.push_str(data);
        request.push('}');
        let answer = self.answer(&request).and_then(|answer| {
            let object = answer.as_object();
            if let Some(wrong) = object.and_then(|object| object.get("wrong")) {
                return Err(JsonataError::Wrong(wrong.as_str().unwrap_or_default().to_owned()));
            }
            Ok(object.and_then(|object| object.get("value")).map(|value| {
                let mut text = String::new();
                json::write(&mut text, value);
                text
            }))
        });
        self.count(answer.as_ref().map(|_| &()));
        answer
    }

    fn check(&self, expressions: &[&str]) -> Result<Vec<Option<String>>, JsonataError> {
        if expressions.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = String::from("{\"check\":[");
        for (at, expression) in expressions.iter().enumerate() {
            request.push_str(if at > 0 { "," } else { "" });
            json::write_string(&mut request, expression);
        }
        request.push_str("]}");
        let answer = self.answer(&request);
        self.count(answer.as_ref().map(|_| &()));
        let said = |value: &json::Value| value.as_str().map(str::to_owned);
        Ok(match answer?.kind {
            JsonKind::Array(items) if items.len() == expressions.len() => items.iter().map(said).collect(),
            _ => vec![None; expressions.len()],
        })
    }
}
