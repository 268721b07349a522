//! Where connections come from: some addresses, each plain or with TLS.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};

use super::tls::Tls;

/// An address that is listened on.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// One that speaks TLS alone.
    pub fn with_tls(socket: TcpListener, tls: Arc<Tls>) -> Self {
        Self { socket, tls: Some(tls) }
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

/// All of them; none is preferred.
pub(super) struct Listeners {
    listeners: Vec<Listener>,
    turn: AtomicUsize,
}

impl Listeners {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        Self { listeners, turn: AtomicUsize::new(0) }
    }

    /// Whether some of them speak TLS.
    pub(super) fn have_tls(&self) -> bool {
        self.listeners.iter().any(|listener| listener.tls.is_some())
    }

    /// The next connection of any of them.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, Option<Arc<Tls>>)> {
        poll_fn(|cx| {
            let first = self.turn.fetch_add(1, Ordering::Relaxed);
            let count = self.listeners.len();
            for listener in self.listeners.iter().cycle().skip(first % count.max(1)).take(count) {
                if let Poll::Ready(accepted) = listener.socket.poll_accept(cx) {
                    return Poll::Ready(accepted.map(|(stream, peer)| (stream, peer, listener.tls.clone())));
                }
            }
            Poll::Pending
        })
        .await
    }
}
