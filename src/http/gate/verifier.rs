//! Holding passwords against hashes, which is made to take long: so not on threads that serve requests, not too many at once, and not all
//! of them for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// How many passwords may be verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifierLimits {
    /// At once; 0 means one for two cores.
    pub threads: usize,
    /// Waiting for that; what comes on top is refused.
    pub waiting: usize,
}

impl Default for VerifierLimits {
    fn default() -> Self {
        Self { threads: 0, waiting: 64 }
    }
}

/// No room for another one.
#[derive(Debug)]
pub(super) struct Busy;

/// Counts of one address.
type Addresses = Arc<Mutex<HashMap<IpAddr, usize>>>;

pub(super) struct Verifier {
    turns: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
    by_address: Addresses,
    limit: usize,
    /// Of one address; the others keep some room.
    limit_of_address: usize,
    refused: AtomicU64,
}

/// A place among those that are under way, until it is dropped.
struct VerificationSlot {
    under_way: Arc<AtomicUsize>,
    address: Option<(Addresses, IpAddr)>,
}

impl Drop for VerificationSlot {
    fn drop(&mut self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        if let Some((addresses, ip)) = &self.address {
            let mut addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = addresses.get_mut(ip) {
                *count -= 1;
                if *count == 0 {
                    addresses.remove(ip);
                }
            }
        }
    }
}

impl Verifier {
    pub(super) fn new(limits: VerifierLimits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if limits.threads == 0 { (cores / 2).max(1) } else { limits.threads };
        let limit = limits.waiting.saturating_add(threads);
        Self {
            turns: Arc::new(Semaphore::new(threads)),
            under_way: Arc::default(),
            by_address: Addresses::default(),
            limit,
            limit_of_address: (limit / 4).max(threads + 1),
            refused: AtomicU64::new(0),
        }
    }

    fn enter(&self, from: Option<IpAddr>) -> Result<VerificationSlot, Busy> {
        let entered = self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < self.limit).then_some(n + 1));
        let mut place = match entered {
            Ok(_) => VerificationSlot { under_way: Arc::clone(&self.under_way), address: None },
            Err(_) => return Err(Busy),
        };
        let Some(ip) = from.map(|ip| ip.to_canonical()) else { return Ok(place) };
        let mut addresses = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(ip).or_insert(0);
        if *count >= self.limit_of_address {
            drop(addresses);
            return Err(Busy);
        }
        *count += 1;
        drop(addresses);
        place.address = Some((Arc::clone(&self.by_address), ip));
        Ok(place)
    }

    /// Verifies on a thread of its own, when it is its turn. What has begun goes on when nobody waits for it any more, and counts until
    /// it has ended.
    pub(super) async fn run(&self, from: Option<IpAddr>, verify: impl FnOnce() -> bool + Send + 'static) -> Result<bool, Busy> {
        let refuse = |busy| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            busy
        };
        let place = self.enter(from).map_err(refuse)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| refuse(Busy))?;
        let work = move || {
            let _held = (place, turn);
            verify()
        };
        // a verification that panics has proven nothing
        Ok(tokio::task::spawn_blocking(work).await.unwrap_or(false))
    }
}
