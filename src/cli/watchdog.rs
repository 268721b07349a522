//! Ends the process where those who should don't: a server whose threads are all held by something must stop all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::exit::Exit;
use super::signals::asked;

/// Time beyond what requests have, until the process is ended.
const GRACE: Duration = Duration::from_millis(800);

/// Watches from a thread of its own, with a runtime of its own.
pub(super) struct Watchdog {
    is_drained: Arc<AtomicBool>,
}

impl Watchdog {
    /// `limit` is the time in which requests are to be over once the process was asked to stop; `end` is called when they are not.
    pub(super) fn start(limit: Duration, end: impl FnOnce() + Send + 'static) -> Result<Self, (Exit, String)> {
        let failed = |error: std::io::Error| (Exit::Usage, format!("the thread that watches the end can't be started: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let is_drained = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_drained);
        let watching = move || {
            let waited = runtime.block_on(async {
                asked()?.await;
                tokio::time::sleep(limit + GRACE).await;
                Ok::<(), (Exit, String)>(())
            });
            if waited.is_ok() && !seen.load(Ordering::Acquire) {
                end();
            }
        };
        std::thread::Builder::new().name("watchdog".to_owned()).spawn(watching).map_err(failed)?;
        Ok(Self { is_drained })
    }

    /// Requests are over; what is left is to close the database, which takes what it takes.
    pub(super) fn drained(&self) {
        self.is_drained.store(true, Ordering::Release);
    }
}

/// Ends the process. What was acknowledged is in the database.
#[expect(clippy::exit, reason = "nobody else is able to")]
pub(super) fn end() {
    tracing::error!("stopped at once: requests did not end within shutdown-timeout, nor could they be cut off");
    std::process::exit(i32::from(Exit::Success as u8));
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::Watchdog;

    #[test]
    fn what_does_not_end_is_ended_and_what_does_is_not() {
        let (hung, ended) = channel();
        let (orderly, closed) = channel();
        let _hung = Watchdog::start(Duration::ZERO, move || hung.send(()).unwrap()).unwrap();
        let drained = Watchdog::start(Duration::ZERO, move || orderly.send(()).unwrap()).unwrap();
        drained.drained();
        // signals are caught once both have begun, which they say by nothing
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        let _caught = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap() });
        while ended.recv_timeout(Duration::from_secs(2)).is_err() {
            assert!(std::time::Instant::now() < deadline, "nobody was ended");
            Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().unwrap();
        }
        assert!(closed.recv_timeout(Duration::from_secs(1)).is_err());
    }
}
