//! What the process is told by signals.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::exit::Exit;
use super::log::Log;
use super::service_manager::{ServiceState, tell};
use crate::config::{ConfigError, Settings};

fn caught(kind: SignalKind) -> Result<Signal, (Exit, String)> {
    signal(kind).map_err(|error| (Exit::Usage, format!("signals can't be caught: {error}")))
}

/// The signal of a file that has reached the size that the system allows; tokio has no name for it.
const SIGXFSZ: i32 = 25;

/// Survives writing beyond the size that files may have: the write fails as on a full disk.
pub(super) fn survive_file_size_limit() -> Result<Signal, (Exit, String)> {
    caught(SignalKind::from_raw(SIGXFSZ))
}

/// The same, and nothing is said.
pub(super) fn asked() -> Result<impl Future<Output = ()>, (Exit, String)> {
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at SIGTERM or SIGINT; they are caught from the call on, not only once it is awaited.
pub(super) fn asked_to_stop() -> Result<impl Future<Output = ()>, (Exit, String)> {
    let asked = asked()?;
    Ok(async move {
        asked.await;
        tell(ServiceState::Stopping);
        tracing::info!("stopping: open requests may finish");
    })
}

/// Reads the configuration anew at each SIGHUP, and takes over what may change while the server runs. Those who watch files of
/// their own are told.
pub(super) fn reload_when_asked(
    log: Arc<Log>,
    load: impl Fn() -> Result<Settings, ConfigError> + Send + 'static,
    watchers: Vec<Arc<Notify>>,
) -> Result<(), (Exit, String)> {
    let mut hangup = caught(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tell(ServiceState::Reloading);
            for watcher in &watchers {
                watcher.notify_one();
            }
            let taken = load().map_err(|error| error.to_string()).and_then(|settings| {
                log.set_level(&settings.log_level)?;
                Ok(settings.log_level)
            });
            match taken {
                Ok(level) => tracing::info!("configuration read anew: log-level is {level}; other settings need a restart"),
                Err(reason) => tracing::error!("configuration not read anew, and nothing changed: {reason}"),
            }
            tell(ServiceState::Ready);
        }
    });
    Ok(())
}
