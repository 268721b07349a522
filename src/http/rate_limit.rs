//! How many requests one principal, or one address where nobody has logged in, may make in a time.
//!
//! A bucket of tokens for each of them, kept as one number: when the bucket would be full again (the "generic cell rate algorithm"). Buckets are
//! bounded by bytes; one that is forgotten is full, so what is forgotten is what was not asked for lately.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::gate::Caller;
use super::needs::Needs;
use super::peer::Peer;
use crate::cache::Generational;

/// Memory for the buckets of one kind: some ten thousand.
const BYTES: u64 = 2 << 20;

/// So many requests in a time: all at once, or spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub requests: u32,
    pub per: Duration,
}

/// What is bounded; `None` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Requests that change something.
    pub writes: Option<Rate>,
    /// Requests that have something judged: look-ups, trials of compatibility, validation of events.
    pub judging: Option<Rate>,
}

/// A request too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded {
    /// Seconds until the next one is taken.
    pub(super) retry_after: u64,
    pub(super) setting: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum LimitedClient {
    Principal(Box<str>),
    Address(IpAddr),
}

impl LimitedClient {
    fn of(caller: &Caller, peer: &Peer) -> Option<Self> {
        if !caller.principal.is_anonymous() {
            return Some(Self::Principal(caller.principal.to_string().into()));
        }
        let address = match peer.ip()?.to_canonical() {
            // whoever has one address of a network has all of them
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        Some(Self::Address(address))
    }
}

struct Buckets {
    setting: &'static str,
    /// Microseconds for one request, and for all that fit into a bucket.
    one: u64,
    all: u64,
    /// For each client the microsecond at which its bucket is full again.
    full: Generational<LimitedClient, Arc<AtomicU64>>,
}

impl Buckets {
    fn new(setting: &'static str, rate: Rate) -> Self {
        let all = u64::try_from(rate.per.as_micros()).unwrap_or(u64::MAX);
        let one = (all / u64::from(rate.requests.max(1))).max(1);
        let weight = |client: &LimitedClient, _: &Arc<AtomicU64>| match client {
            LimitedClient::Principal(name) => name.len() + 64,
            LimitedClient::Address(_) => 80,
        };
        Self { setting, one, all, full: Generational::new(BYTES, 160, weight) }
    }

    /// Takes a token, at a time in microseconds.
    fn take(&self, client: &LimitedClient, now: u64) -> Result<(), Exceeded> {
        let full = self.full.get(client, 0).unwrap_or_else(|| {
            let full = Arc::new(AtomicU64::new(0));
            self.full.insert(client.clone(), 0, Arc::clone(&full));
            full
        });
        let taken = full.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full| {
            let after = full.max(now) + self.one;
            (after <= now + self.all).then_some(after)
        });
        match taken {
            Ok(_) => Ok(()),
            Err(full) => {
                let wait = (full + self.one).saturating_sub(now + self.all);
                Err(Exceeded { retry_after: wait.div_ceil(1_000_000).max(1), setting: self.setting })
            }
        }
    }
}

/// The buckets of all clients.
pub(super) struct RateLimiter {
    begin: Instant,
    writes: Option<Buckets>,
    judging: Option<Buckets>,
}

impl RateLimiter {
    pub(super) fn new(limits: RateLimits) -> Self {
        let buckets = |setting: &'static str, rate: Option<Rate>| rate.map(|rate| Buckets::new(setting, rate));
        let (writes, judging) = (buckets("rate-limit-writes", limits.writes), buckets("rate-limit-judging", limits.judging));
        Self { begin: Instant::now(), writes, judging }
    }

    /// Counts a request that may have a body, by what its route needs.
    pub(super) fn count(&self, needs: Needs, caller: &Caller, peer: &Peer) -> Result<(), Exceeded> {
        let buckets = match needs {
            Needs::Nothing => None,
            needs if needs.changes() => self.writes.as_ref(),
            _ => self.judging.as_ref(),
        };
        let (Some(buckets), Some(client)) = (buckets, LimitedClient::of(caller, peer)) else { return Ok(()) };
        buckets.take(&client, u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Buckets, LimitedClient, Rate};

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_bucket_is_emptied_at_once_and_filled_evenly() {
        let buckets = Buckets::new("x", Rate { requests: 4, per: Duration::from_secs(8) });
        let client = LimitedClient::Principal("a".into());
        let take = |at: u64| buckets.take(&client, at).map_err(|exceeded| exceeded.retry_after);
        for _ in 0..4 {
            assert_eq!(take(SECOND), Ok(()));
        }
        assert_eq!(take(SECOND), Err(2));
        assert_eq!(take(2 * SECOND), Err(1));
        assert_eq!(take(3 * SECOND), Ok(()));
        assert_eq!(take(3 * SECOND), Err(2));
        // a long pause saves no more than one bucket
        for _ in 0..4 {
            assert_eq!(take(1000 * SECOND), Ok(()));
        }
        assert_eq!(take(1000 * SECOND), Err(2));
        assert_eq!(buckets.take(&LimitedClient::Principal("b".into()), 1000 * SECOND), Ok(()));
    }

    #[test]
    fn clients_without_end_take_no_memory_without_end() {
        let buckets = Buckets::new("x", Rate { requests: 1, per: Duration::from_hours(1) });
        for n in 0..100_000 {
            assert_eq!(buckets.take(&LimitedClient::Principal(n.to_string().into()), SECOND), Ok(()));
        }
        assert!(buckets.full.reading().bytes <= super::BYTES);
    }
}
