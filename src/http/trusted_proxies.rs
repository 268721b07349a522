//! Where a request came from, when proxies stand between: what they say is believed, and nobody else.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

/// Hops that are looked at; a list that is longer was made to be long.
const MAX_HOPS: usize = 32;

/// Networks whose machines are proxies of our own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: u128,
    /// Bits that must be the same; an IPv4 address is the one that stands for it in IPv6.
    bits: u32,
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        (bits <= width).then(|| Self { address: mapped(address), bits: 128 - width + bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        let differing = self.address ^ mapped(address);
        differing.leading_zeros() >= self.bits
    }
}

impl TrustedProxies {
    /// Reads addresses and networks with commas: `10.0.0.0/8, ::1`.
    pub fn parse(text: &str) -> Option<Self> {
        let networks = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        networks.map(Network::parse).collect::<Option<Vec<_>>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether a proxy of our own says that the client has TLS (`X-Forwarded-Proto`).
    pub(super) fn are_secure(&self, connected: IpAddr, headers: &HeaderMap) -> bool {
        let said = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let first = said.and_then(|list| list.split(',').next());
        first.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https")) && self.trusts(connected.to_canonical())
    }

    /// The address of the client: that of the connection, or where it is one of a proxy, the last one in `X-Forwarded-For` that is none.
    pub(super) fn client(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = connected.to_canonical();
        if self.0.is_empty() || !self.trusts(client) {
            return client;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(',')).take(MAX_HOPS);
        for hop in hops {
            // what a proxy has not understood says nothing about who was before it
            let Some(address) = address(hop.trim()) else { break };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// An address, with a port behind it if need be: `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (inner, _) = inner.split_once(']')?;
        return inner.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical());
    }
    let (host, _) = text.split_once(':')?;
    host.parse().ok().map(|address: std::net::Ipv4Addr| IpAddr::V4(address))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::TrustedProxies;

    fn client(trusted: &str, connected: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        TrustedProxies::parse(trusted).unwrap().client(connected.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_proxies_of_our_own_are_believed() {
        assert_eq!(client("", "10.0.0.1", &["1.2.3.4"]), "10.0.0.1");
        assert_eq!(client("10.0.0.0/8", "11.0.0.1", &["1.2.3.4"]), "11.0.0.1");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(client("10.0.0.0/8", "::ffff:10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        // what a client has written stands before what the proxies have
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["6.6.6.6", "1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["10.0.0.9, 10.0.0.2"]), "10.0.0.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["1.2.3.4, nonsense"]), "10.0.0.1");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("::1, 10.0.0.1", "::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", "10.0.0.1", &["1.2.3.4:80"]), "1.2.3.4");
        assert_eq!(client("2001:db8::/32", "2001:db9::1", &["1.2.3.4"]), "2001:db9::1");
        for wrong in ["x", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0"] {
            assert_eq!(TrustedProxies::parse(wrong), None, "{wrong}");
        }
    }
}
