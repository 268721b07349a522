//! Threads that agree on TLS with clients. That is half a millisecond of arithmetic for each, which would keep those waiting who are
//! served already, when many connect at once.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The threads; without them the work is done where it is asked for.
pub(in crate::server) struct Handshakes(Option<Runtime>);

/// Ends the work when it is dropped.
struct Aborted<T>(JoinHandle<T>);

impl<T> Drop for Aborted<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Handshakes {
    /// A thread for each two cores.
    pub(in crate::server) fn new(has_tls: bool) -> Self {
        if !has_tls {
            return Self(None);
        }
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let built =
            Builder::new_multi_thread().worker_threads(threads).max_blocking_threads(1).thread_name("tls").enable_time().build();
        Self(built.inspect_err(|error| tracing::warn!(%error, "no threads for TLS handshakes")).ok())
    }

    /// What comes of it; nothing where it panics.
    pub(in crate::server) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        match &self.0 {
            Some(runtime) => (&mut Aborted(runtime.spawn(work)).0).await.ok(),
            None => Some(work.await),
        }
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
