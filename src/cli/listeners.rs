//! The addresses that are listened on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;

use super::CommandFailure;
use super::exit::Exit;
use crate::config::Settings;
use crate::server::{Listener, Tls};

/// Addresses that were taken, in the order of the setting.
pub(super) struct BoundListeners {
    taken: Vec<(TcpListener, bool)>,
}

impl BoundListeners {
    /// Takes the addresses.
    pub(super) async fn bind(settings: &Settings) -> Result<Self, CommandFailure> {
        let has_certificate = settings.tls_cert.is_some();
        let mut taken = Vec::new();
        for endpoint in settings.listen.iter() {
            let is_https = endpoint.is_https(has_certificate);
            if is_https && !has_certificate {
                return Err((Exit::Usage, format!("listen: https://{endpoint} needs tls-cert and tls-key")));
            }
            let listener = TcpListener::bind(endpoint.address.as_str()).await;
            let listener = listener.map_err(|error| (Exit::Listen, format!("can't listen on {endpoint}: {error}")))?;
            taken.push((listener, is_https));
        }
        if has_certificate && !taken.iter().any(|(_, is_https)| *is_https) {
            tracing::warn!("tls-cert is given, and nothing listens with TLS: every address in listen says http://");
        }
        Ok(Self { taken })
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.taken.iter().filter_map(|(listener, _)| listener.local_addr().ok())
    }

    /// The first address.
    pub(super) fn first(&self) -> Option<SocketAddr> {
        self.addresses().next()
    }

    /// Whether nobody but this machine can connect.
    pub(super) fn are_local(&self) -> bool {
        let is_loopback = |address: SocketAddr| IpAddr::is_loopback(&address.ip().to_canonical());
        self.addresses().count() == self.taken.len() && self.addresses().all(is_loopback)
    }

    /// URLs for people.
    pub(super) fn shown(&self) -> String {
        let url = |(listener, is_https): &(TcpListener, bool)| {
            let address = listener.local_addr().map_or_else(|_| "an address".to_owned(), |address| address.to_string());
            format!("http{}://{address}", if *is_https { "s" } else { "" })
        };
        self.taken.iter().map(url).collect::<Vec<_>>().join(" and ")
    }

    /// Ready to be served.
    pub(super) fn with(self, tls: Option<&Arc<Tls>>) -> Vec<Listener> {
        let one = |(listener, is_https)| match tls {
            Some(tls) if is_https => Listener::with_tls(listener, Arc::clone(tls)),
            _ => listener.into(),
        };
        self.taken.into_iter().map(one).collect()
    }
}
