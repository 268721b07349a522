//! What the configuration says about resolving.

use std::net::SocketAddr;

use super::base::{Base, BaseError};
use super::shape::{UriTarget, read_path};
use super::uri::SchemaUri;
use crate::types::{Alias, TypeBinding};

/// Which URLs are the registry's own.
#[derive(Debug, Clone, Default)]
pub struct OwnBases {
    bases: Vec<Base>,
    /// A public URL is configured, so a bare path is nobody's.
    is_public: bool,
}

impl OwnBases {
    /// Those below the public URL; without one, bare paths and those below the address that the registry listens on, by every name
    /// that a loopback address has.
    ///
    /// # Errors
    /// The setting `public-url` is not a URL.
    pub fn new(public_url: Option<&str>, listen: Option<SocketAddr>) -> Result<Self, BaseError> {
        let mut urls = Vec::new();
        match (public_url, listen) {
            (Some(url), _) => urls.push(url.to_owned()),
            (None, Some(address)) => {
                let port = address.port();
                urls.push(format!("http://{address}"));
                if address.ip().is_loopback() || address.ip().is_unspecified() {
                    urls.extend(["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}")));
                }
            }
            (None, None) => {}
        }
        let bases = urls.iter().map(|url| Base::registry(url)).collect::<Result<_, _>>()?;
        Ok(Self { bases, is_public: public_url.is_some() })
    }

    fn read(&self, uri: &SchemaUri) -> Option<UriTarget> {
        if uri.is_path() && !self.is_public {
            return read_path(uri.path().ok()?, uri.query());
        }
        self.bases.iter().find_map(|base| base.read(uri).into_iter().next())
    }
}

/// The configured part of the rules. The default knows bare paths as its own and nothing else.
#[derive(Debug, Clone, Default)]
pub struct ResolveSettings {
    /// Which URLs are the registry's own.
    pub own: OwnBases,
    /// Bases of others, in the order in which they are tried.
    pub bases: Vec<Base>,
    /// Aliases, beside those that are stored.
    pub aliases: Vec<Alias>,
    /// Bindings of event types, beside those that are stored.
    pub types: Vec<TypeBinding>,
    /// A subject that is called like the event type, or that with `-value` behind it, holds the type's schema.
    pub convention: bool,
}

impl ResolveSettings {
    /// What a URI names, if it is one of the registry's own.
    pub fn read_own(&self, uri: &SchemaUri) -> Option<UriTarget> {
        self.own.read(uri)
    }

    /// What a URI can name below the bases of others, in the order in which it is to be tried.
    pub fn read_foreign<'s>(&'s self, uri: &'s SchemaUri) -> impl Iterator<Item = UriTarget> + 's {
        self.bases.iter().flat_map(move |base| base.read(uri))
    }
}
