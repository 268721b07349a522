//! The other end of a connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What is known of the other end of a connection before it says anything.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    pub address: Option<SocketAddr>,
    /// Whom its certificate names, where it has shown one that was good.
    pub owner: Option<Arc<str>>,
    /// Nobody can listen on the way: the connection has TLS, or that to a proxy of our own has.
    pub is_secure: bool,
}

impl Peer {
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.address.map(|address| address.ip())
    }
}
