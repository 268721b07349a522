//! A database that goes away and comes back: what stands between a server under test and its Postgres.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Passes,
    /// Nothing moves on those connections that were opened before the one of this number.
    FrozenBefore(u64),
    /// Connections end.
    Gone,
}

pub struct Proxy {
    pub address: SocketAddr,
    upstream: String,
    state: Arc<watch::Sender<State>>,
    opened: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

async fn pump(number: u64, client: TcpStream, upstream: String, mut state: watch::Receiver<State>) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.into_split(), server.into_split());
    let copy = async {
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
            _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
        }
    };
    let mut copy = std::pin::pin!(copy);
    loop {
        let now = *state.borrow_and_update();
        match now {
            State::Gone => return,
            State::FrozenBefore(other) if number < other => {
                if state.changed().await.is_err() {
                    return;
                }
            }
            State::Passes | State::FrozenBefore(_) => tokio::select! {
                () = &mut copy => return,
                changed = state.changed() => if changed.is_err() { return },
            },
        }
    }
}

fn accept(listener: TcpListener, upstream: String, state: Arc<watch::Sender<State>>, opened: Arc<AtomicU64>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let number = opened.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(pump(number, client, upstream.clone(), state.subscribe()));
        }
    })
}

impl Proxy {
    /// In front of the database of a URL; the URL through the proxy.
    pub async fn to(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once('@').unwrap();
        let (upstream, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State::Passes));
        let opened = Arc::new(AtomicU64::new(0));
        let accepting = accept(listener, upstream.to_owned(), Arc::clone(&state), Arc::clone(&opened));
        (Self { address, upstream: upstream.to_owned(), state, opened, accepting }, format!("{before}@{address}/{database}"))
    }

    /// Ends all connections and refuses new ones.
    pub async fn refuse(&mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
        self.state.send_replace(State::Gone);
    }

    /// Connections stay, and nothing moves on them, nor on new ones.
    pub fn freeze(&self) {
        self.state.send_replace(State::FrozenBefore(u64::MAX));
    }

    /// Nothing moves any more on the connections that there are; new ones work.
    pub fn freeze_open(&self) {
        self.state.send_replace(State::FrozenBefore(self.opened.load(Ordering::Relaxed)));
    }

    /// Passes again, where it froze or refused.
    pub async fn resume(&mut self) {
        let was = self.state.send_replace(State::Passes);
        if was == State::Gone {
            let listener = TcpListener::bind(self.address).await.unwrap();
            self.accepting = accept(listener, self.upstream.clone(), Arc::clone(&self.state), Arc::clone(&self.opened));
        }
    }
}
