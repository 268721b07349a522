//! The issuer of tokens, as far as it is known: what its tokens must say, and its keys for as long as they live. Whoever fetches keys
//! (`cli/oidc.rs`) brings them here.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::login::{Identity, KeySet, KeySetError, OidcSettings, TokenFault};
use crate::types::Clock;

/// Keys that are missing are asked for once in this time, in milliseconds: tokens that name a key that there is not are easily made.
const ASK_EVERY: i64 = 10_000;
/// How long a request waits for keys that it misses.
const PATIENCE: Duration = Duration::from_secs(3);

/// Keys and how long they are good for.
struct HeldKeys {
    text: String,
    keys: Arc<KeySet>,
    until: i64,
}

/// An issuer.
pub struct Issuer {
    settings: OidcSettings,
    clock: Clock,
    held: RwLock<Option<HeldKeys>>,
    asked: AtomicI64,
    wanted: Notify,
    /// How often the keys were fetched, or could not be.
    rounds: watch::Sender<u64>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issuer({})", self.settings.issuer)
    }
}

/// What came of looking at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    Fault(TokenFault),
    /// There are no keys, or none that live.
    NoKeys,
}

impl Issuer {
    /// One whose keys are not known yet.
    pub fn new(settings: OidcSettings, clock: Clock) -> Arc<Self> {
        let (held, wanted, rounds) = (RwLock::new(None), Notify::new(), watch::Sender::new(0));
        Arc::new(Self { settings, clock, held, asked: AtomicI64::new(i64::MIN), wanted, rounds })
    }

    /// What its tokens call it.
    pub fn name(&self) -> &str {
        &self.settings.issuer
    }

    /// Takes keys over, which are good for so many milliseconds. Answers how many there are, and whether they are others than before.
    ///
    /// # Errors
    /// [`KeySetError`]; those from before stay.
    pub fn take(&self, text: String, live: i64) -> Result<(usize, bool), KeySetError> {
        let until = (self.clock)().saturating_add(live);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held.as_mut().filter(|known| known.text == text) {
            known.until = until;
            return Ok((known.keys.len(), false));
        }
        let keys = Arc::new(KeySet::parse(&text)?);
        let count = keys.len();
        *held = Some(HeldKeys { text, keys, until });
        Ok((count, true))
    }

    /// A round of fetching has ended, whatever came of it.
    pub fn round_ended(&self) {
        self.rounds.send_modify(|rounds| *rounds += 1);
    }

    /// Resolves when a request misses a key.
    pub async fn wants_keys(&self) {
        self.wanted.notified().await;
    }

    fn look(&self, token: &str) -> Result<Identity, Unproven> {
        let now = (self.clock)();
        let keys = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            held.as_ref().filter(|held| now < held.until).map(|held| Arc::clone(&held.keys)).ok_or(Unproven::NoKeys)?
        };
        self.settings.verify(token, &keys, now).map_err(Unproven::Fault)
    }

    /// Whom a token is of. Where the issuer may have got a new key since, it is asked.
    pub(super) async fn prove(&self, token: &str) -> Result<Identity, Unproven> {
        let mut rounds = self.rounds.subscribe();
        let found = self.look(token);
        let is_missing = matches!(found, Err(Unproven::NoKeys | Unproven::Fault(TokenFault::UnknownKey)));
        if !is_missing || !self.may_ask() {
            return found;
        }
        self.wanted.notify_one();
        // in time or not: what is there then decides
        let _ = tokio::time::timeout(PATIENCE, rounds.changed()).await;
        self.look(token)
    }

    fn may_ask(&self) -> bool {
        let now = (self.clock)();
        let is_due = |asked: i64| (now.saturating_sub(asked) >= ASK_EVERY).then_some(now);
        self.asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok()
    }
}
