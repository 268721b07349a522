//! What is known of a request from beginning to end, also when its handler has failed.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::metrics::RouteIndex;
use super::peer::Peer;
use super::trusted_proxies::TrustedProxies;
use crate::registry::ReadSchema;
use crate::types::SchemaId;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Shared by everything that stands around a handler, and by the handler itself.
pub(super) struct RequestInfo {
    pub(super) id: HeaderValue,
    pub(super) method: Method,
    /// The target as the client sent it; the router may see another one (`middleware/context_prefix.rs`).
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// The client: the other end of the connection, or whom a proxy of our own names.
    pub(super) peer: Peer,
    route: OnceLock<RouteIndex>,
    /// The schema that the answer shows or has found, if that counts as use of it.
    read: OnceLock<ReadSchema>,
}

impl RequestInfo {
    /// Takes the headers out of the request and leaves itself among its extensions.
    pub(super) fn of(request: &mut Request, mut peer: Peer, id: HeaderValue, proxies: &TrustedProxies) -> Arc<Self> {
        if let Some(address) = &mut peer.address {
            peer.is_secure |= proxies.are_secure(address.ip(), request.headers());
            address.set_ip(proxies.client(address.ip(), request.headers()));
        }
        let headers = std::mem::take(request.headers_mut());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let info = Arc::new(Self { id, method, uri, headers, peer, route: OnceLock::new(), read: OnceLock::new() });
        request.extensions_mut().insert(Arc::clone(&info));
        info
    }

    /// The route that the router found.
    pub(super) fn route(&self) -> Option<RouteIndex> {
        self.route.get().copied()
    }

    pub(super) fn set_route(&self, route: RouteIndex) {
        // the router finds one, once
        let _ = self.route.set(route);
    }

    pub(super) fn read(&self) -> Option<&ReadSchema> {
        self.read.get()
    }

    /// Notes that the answer shows a schema, or has found one that was sent.
    pub(super) fn set_read(&self, context: impl Into<Arc<str>>, id: SchemaId) {
        // an answer shows one
        let _ = self.read.set(ReadSchema::new(context.into(), id));
    }

    /// The id for log lines.
    pub(super) fn id(&self) -> &str {
        self.id.to_str().unwrap_or("unprintable")
    }
}
