//! RING 4: connections. The accept loop, with a deadline on request heads, a cap on connections, and draining.
//!
//! The loop is written here, on hyper, because `axum::serve` has neither a deadline for heads nor a cap.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::http::{App, Metrics};

#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Time in which the head of a request must have arrived.
    pub header_timeout: Duration,
    /// Connections served at once.
    pub max_connections: usize,
    /// Time that open requests get to finish.
    pub shutdown_timeout: Duration,
}

/// Pause after a failed accept: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often [`Metrics::upkeep`] is called.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then lets open requests finish.
pub async fn serve(listener: TcpListener, app: App, metrics: Metrics, settings: ServerSettings, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(settings.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout).pipeline_flush(true);
    let mut stop = std::pin::pin!(stop);
    let mut upkeep = tokio::time::interval(UPKEEP);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            _ = upkeep.tick() => {
                metrics.upkeep();
                continue;
            }
            () = &mut stop => break,
        };
        let Some((stream, slot)) = accepted else { continue };
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let app = app.clone();
            async move { Ok::<_, Infallible>(app.handle(request.map(Body::new)).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        let metrics = metrics.clone();
        tokio::spawn(async move {
            metrics.connection(1.0);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            metrics.connection(-1.0);
            drop(slot);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(settings.shutdown_timeout) => {
            tracing::warn!("some requests did not finish within shutdown-timeout and were cut off");
        }
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
            Some((stream, slot))
        }
        Err(error) => {
            tracing::warn!(%error, "accept failed");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
