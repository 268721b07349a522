//! What a copy that is broken off leaves behind: registries in other modes than before, which its user has to know of.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use crate::cli::check::InputError;

/// Which registries are in which mode for as long as something is copied.
#[derive(Debug, Default)]
pub(super) struct Left(Mutex<InterruptedModes>);

#[derive(Debug, Default, Clone)]
struct InterruptedModes {
    /// Takes imports.
    filled: Option<String>,
    /// Takes nothing.
    closed: Option<String>,
}

impl Left {
    fn with<T>(&self, change: impl FnOnce(&mut InterruptedModes) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn fills(&self, target: &str) {
        self.with(|modes| modes.filled = Some(target.to_owned()));
    }

    pub(super) fn closes(&self, source: &str) {
        self.with(|modes| modes.closed = Some(source.to_owned()));
    }

    /// The target has its modes back; a source that is closed stays so, as was asked.
    pub(super) fn is_done(&self) {
        self.with(|modes| *modes = InterruptedModes::default());
    }

    /// An error with what is left behind, and how to go on.
    pub(super) fn explain(&self, error: &dyn fmt::Display) -> InputError {
        let modes = self.with(|modes| modes.clone());
        let hint = ": run this again to go on, or set the mode with accordant mode";
        InputError::new(match (modes.filled, modes.closed) {
            (None, None) => error.to_string(),
            (Some(filled), None) => format!("{error}; {filled} may be left in mode IMPORT{hint}"),
            (Some(filled), Some(closed)) => format!("{error}; {filled} may be left in mode IMPORT, and {closed} READONLY{hint}"),
            (None, Some(closed)) => format!("{error}; {closed} may be left in mode READONLY{hint}"),
        })
    }

    /// Runs work to its end, or until somebody stops it.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T, InputError>>) -> Result<T, InputError> {
        tokio::select! {
            done = work => done.map_err(|error| self.explain(&error)),
            () = asked_to_stop() => Err(self.explain(&"stopped")),
        }
    }
}

/// SIGINT or SIGTERM.
async fn asked_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => if interrupted.is_err() { std::future::pending().await },
        () = terminated => {}
    }
}
