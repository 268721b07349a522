//! What a request must be like before anything is answered to it: addressed to this server, in a framing that it reads, and not
//! sent by a page of another site.
//!
//! A server that listens on a loopback address is reached by every page that its user looks at. Two tricks are known: a name of the
//! attacker's that comes to mean 127.0.0.1 (DNS rebinding), which `Host` gives away; and requests that a page sends without reading
//! the answers, which `Sec-Fetch-Site` gives away. Only browsers are asked for `Host`: a proxy before the registry calls it by
//! whatever name it has for it.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};

use super::cookies;
use super::header_scan;
use super::peer::Peer;

/// What the registry's own pages send with every request that has their session.
pub(super) const OWN_PAGE: HeaderName = HeaderName::from_static("accordant-session");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names under which requests reach the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hosts {
    /// Whatever it is; pages of other sites may write where they bring no login.
    #[default]
    Any,
    /// `localhost` and what is below it, IP addresses, and these, in lower case.
    Local(Vec<String>),
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// HTTP/1.1 without exactly one `Host`.
    Host,
    /// A name that is none of the server's.
    NotOurHost,
    OtherSite,
    TransferEncoding,
    /// All connections are taken, and this one is for health and metrics.
    FullHouse,
    /// Large answers wait for clients to take them.
    Unsent,
    /// The path is not served on this address.
    NotHere,
}

pub(super) fn check<B>(request: &Request<B>, hosts: &Hosts) -> Result<(), Refusal> {
    let headers = request.headers();
    let (host, second) = header_scan::first_two(headers, &header::HOST);
    let is_missing = host.is_none() && request.version() == Version::HTTP_11;
    if is_missing || second.is_some() {
        return Err(Refusal::Host);
    }
    // hyper has refused those that don't end in chunked, and undoes chunked alone
    if let Some(coding) = header_scan::first(headers, &header::TRANSFER_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(Refusal::TransferEncoding);
    }
    let Hosts::Local(names) = hosts else { return Ok(()) };
    // the host of an absolute target, which HTTP/2 always has, is the one that counts
    let name = request.uri().host().or_else(|| host.map(|host| host.to_str().map_or("", without_port)));
    if is_of_browser(headers) && name.is_some_and(|name| !is_ours(name, names)) {
        return Err(Refusal::NotOurHost);
    }
    if is_write(request.method()) && is_of_other_site(headers) { Err(Refusal::OtherSite) } else { Ok(()) }
}

/// Whether a page of another site writes with a login that the browser has remembered: a certificate, or what was once typed in. Of a
/// session it must be said that it is not so.
pub(super) fn borrows_login<B>(request: &Request<B>, peer: &Peer) -> bool {
    let headers = request.headers();
    if !is_write(request.method()) {
        return false;
    }
    let has_header = headers.contains_key(header::AUTHORIZATION);
    let is_unsure = !has_header
        && !headers.contains_key(SEC_FETCH_SITE)
        && !headers.contains_key(OWN_PAGE)
        && cookies::session(headers).is_some();
    let has_login = || peer.owner.is_some() || has_header || cookies::session(headers).is_some();
    is_unsure || is_of_other_site(headers) && has_login()
}

/// Whether a request can be one of the registry's own pages, and of no other: a browser says so (`Sec-Fetch-Site`); or it doesn't, for the
/// registry is reached without TLS, and there is nothing of another page in it (`Origin`), or what no other page can send without being
/// allowed to.
pub(super) fn is_of_own_page(headers: &HeaderMap) -> bool {
    match headers.get(SEC_FETCH_SITE) {
        Some(site) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => !headers.contains_key(header::ORIGIN) || headers.contains_key(OWN_PAGE),
    }
}

/// Paths that are answered when nothing else is.
pub(super) fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Every browser says `Mozilla/`; pages can't change that, nor what else is looked at here.
fn is_of_browser(headers: &HeaderMap) -> bool {
    let is_mozilla = |agent: &HeaderValue| agent.as_bytes().starts_with(b"Mozilla/");
    header_scan::first(headers, &header::USER_AGENT).is_some_and(is_mozilla)
        || header_scan::has(headers, &header::ORIGIN)
        || header_scan::has(headers, &SEC_FETCH_SITE)
}

fn is_of_other_site(headers: &HeaderMap) -> bool {
    header_scan::first(headers, &SEC_FETCH_SITE).is_some_and(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // the last colon of a bare IPv6 address is no port's
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

fn is_ours(name: &str, names: &[String]) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.ends_with(".localhost") || address.parse::<std::net::IpAddr>().is_ok() || names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::{is_ours, without_port};

    #[test]
    fn names_of_the_machine_itself_and_addresses_are_ours() {
        for host in ["localhost", "LOCALHOST:8081", "a.localhost:1", "127.0.0.1:8081", "[::1]:8081", "::1", "registry.example:80"]
        {
            assert!(is_ours(without_port(host), &["registry.example".to_owned()]), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "evil.example:8081", ""] {
            assert!(!is_ours(without_port(host), &[]), "{host}");
        }
    }
}
