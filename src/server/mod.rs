//! RING 4: connections. The accept loop, deadlines, a cap on connections and on answers that nobody takes, and draining.
//!
//! The loop is written here, on hyper, because `axum::serve` has neither deadlines nor a cap.
//!
//! | file | what |
//! | --- | --- |
//! | `activity` | what a connection is doing |
//! | `roster` | the open connections: their deadlines, and which of them goes when there are too many |
//! | `connection` | one connection, from its acceptance to its end |
//! | `listener` | where connections come from |
//! | `socket` | closed so that the last answer arrives |
//! | `tls/` | certificates and keys, and how others take their place |
//! | `stream` | what is read and written, and which version of HTTP it is |
//! | `answer_body` | the body of an answer on its way |
//! | `open_files` | the system's limit of open files |

mod activity;
mod answer_body;
mod connection;
mod listener;
mod open_files;
mod roster;
mod socket;
mod stream;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};

use crate::http::{App, Metrics};
use connection::{Accepted, ConnectionService};
pub use listener::Listener;
use listener::Listeners;
pub use open_files::{raise_open_files, room_for_connections};
use roster::Roster;
use tls::Handshakes;
pub use tls::{ClientAuth, MinVersion, Tls, TlsError, TlsOptions, TlsTexts};

#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Time in which the head of a request must have arrived, from its first byte on.
    pub header_timeout: Duration,
    /// Time in which a client and the server must have agreed on TLS.
    pub handshake_timeout: Duration,
    /// Clients that do so at once.
    pub max_handshakes: usize,
    /// How long a connection without a request is kept.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of its answer.
    pub send_timeout: Duration,
    /// Connections served at once.
    pub max_connections: usize,
    /// Bytes of large answers that may wait for clients to take them.
    pub max_unsent_bytes: u64,
    /// HTTP/2: requests of a connection that are answered at once.
    pub max_streams: u32,
    /// Time from the wish to stop until connections are no longer taken.
    pub shutdown_delay: Duration,
    /// Time that open requests get to finish.
    pub shutdown_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 512,
            idle_timeout: Duration::from_secs(75),
            send_timeout: Duration::from_secs(30),
            max_connections: 4096,
            max_unsent_bytes: 64 << 20,
            max_streams: 128,
            shutdown_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(20),
        }
    }
}

/// Connections beyond the cap that are accepted to ask for health and metrics.
pub const SURPLUS_CONNECTIONS: usize = 32;
/// Pause after a failed accept: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often [`Metrics::upkeep`] is called.
const UPKEEP: Duration = Duration::from_secs(5);
/// HTTP/2: largest list of headers, in bytes.
const MAX_HEADER_LIST: u32 = 64 << 10;
/// HTTP/2: streams that the client has reset and nobody has looked at yet, and those that our own errors have ended; a connection that
/// has more is ended. Both are floods: "rapid reset" and "made you reset".
const MAX_RESET_STREAMS: usize = 64;
/// HTTP/2: bytes of bodies that a connection may send ahead, per stream and in all.
const WINDOWS: (u32, u32) = (256 << 10, 1 << 20);
/// HTTP/2: bytes of an answer that wait for its client beside those that are counted.
const MAX_SEND_BUFFER: usize = 128 << 10;

/// Serves until `stop` resolves, then lets open requests finish.
pub async fn serve(
    listeners: Vec<Listener>,
    app: App,
    metrics: Metrics,
    settings: ServerSettings,
    stop: impl Future<Output = ()>,
) {
    let roster = Roster::new(settings.max_unsent_bytes);
    let listeners = Listeners::new(listeners);
    let (max_connections, max_handshakes) = (settings.max_connections.max(1), settings.max_handshakes.max(1));
    let announced = app.clone();
    let (http1, http2) = (http1(), http2(&settings));
    let handshakes = Handshakes::new(listeners.have_tls());
    let roster_of_all = Arc::clone(&roster);
    let service = Arc::new(ConnectionService {
        app,
        metrics,
        roster: roster_of_all,
        http1,
        http2,
        max_connections,
        max_handshakes,
        handshakes,
    });
    let mut stop = std::pin::pin!(stop);
    let mut closed: Option<Instant> = None;
    let mut sweeps = tokio::time::interval(sweep_interval(&settings));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut upkeep = tokio::time::interval(UPKEEP);
    loop {
        let at = closed;
        tokio::select! {
            accepted = accept(&listeners, &service) => {
                if let Some(accepted) = accepted {
                    tokio::spawn(connection::serve(accepted, Arc::clone(&service)));
                }
            }
            _ = sweeps.tick() => roster.sweep(&settings, false),
            _ = upkeep.tick() => service.metrics.upkeep(),
            () = &mut stop, if closed.is_none() => {
                announced.announce_stop();
                closed = Some(Instant::now() + settings.shutdown_delay);
            }
            () = async { tokio::time::sleep_until(at.unwrap_or_else(Instant::now)).await }, if at.is_some() => break,
        }
    }
    drop(listeners);
    drain(&roster, &settings).await;
}

/// Lets open requests finish, for as long as they may.
async fn drain(roster: &Roster, settings: &ServerSettings) {
    roster.finish();
    let mut sweeps = tokio::time::interval(sweep_interval(settings).min(Duration::from_millis(50)));
    let swept = async {
        loop {
            sweeps.tick().await;
            roster.sweep(settings, true);
        }
    };
    tokio::select! {
        () = roster.fewer_than(1) => {}
        () = swept => {}
        () = tokio::time::sleep(settings.shutdown_timeout) => {
            tracing::warn!("some requests did not finish within shutdown-timeout and were cut off");
            roster.cut();
        }
    }
}

/// Often enough that no deadline is overrun by much.
fn sweep_interval(settings: &ServerSettings) -> Duration {
    let shortest = settings.header_timeout.min(settings.idle_timeout).min(settings.send_timeout);
    (shortest / 8).clamp(Duration::from_millis(20), Duration::from_millis(500))
}

fn http1() -> http1::Builder {
    let mut http = http1::Builder::new();
    // a client that has said all it has to say may still want its answer
    http.timer(TokioTimer::new()).half_close(true).header_read_timeout(None);
    http
}

fn http2(settings: &ServerSettings) -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(settings.max_streams)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(MAX_RESET_STREAMS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(MAX_SEND_BUFFER);
    http
}

/// The next connection.
async fn accept(listeners: &Listeners, service: &ConnectionService) -> Option<Accepted> {
    let ConnectionService { roster, max_connections, .. } = service;
    roster.fewer_than(max_connections + SURPLUS_CONNECTIONS).await;
    match listeners.accept().await {
        Ok((stream, peer, tls)) => {
            let is_surplus = roster.len() >= *max_connections && !roster.make_room();
            without_delay(&stream, peer);
            Some(Accepted { stream, tls, place: roster.enter(), is_surplus })
        }
        Err(error) => {
            tracing::warn!(%error, "accept failed");
            roster.make_room();
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn without_delay(stream: &TcpStream, peer: SocketAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "TCP_NODELAY");
    }
}
