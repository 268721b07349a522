//! What was read from texts that schemas refer to: one copy for all the schemas that refer to the same text.
//!
//! A large file of definitions with hundreds of small schemas over it would otherwise be held once for each of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sha2::{Digest, Sha256};

/// What was read from texts, for as long as somebody holds it.
pub(crate) struct Shared<T>(Mutex<InUse<T>>);

struct InUse<T> {
    by_digest: BTreeMap<[u8; 32], Weak<T>>,
    /// At this many entries those that nobody holds any more are let go.
    sweep_at: usize,
}

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(InUse { by_digest: BTreeMap::new(), sweep_at: 64 }))
    }

    /// What was read from this text with this limit of nesting, or what `read` makes of it.
    ///
    /// # Errors
    /// That of `read`; nothing is kept then.
    pub(crate) fn get_or_read<E>(&self, text: &str, max_depth: usize, read: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut digest = Sha256::new_with_prefix(text);
        digest.update(max_depth.to_le_bytes());
        let key = digest.finalize().into();
        let in_use = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = in_use().by_digest.get(&key).and_then(Weak::upgrade) {
            return Ok(found);
        }
        // not under the lock: reading takes its time. Of two who read the same text at once, the second takes what the first has made.
        let made = Arc::new(read()?);
        let mut in_use = in_use();
        if let Some(found) = in_use.by_digest.get(&key).and_then(Weak::upgrade) {
            return Ok(found);
        }
        in_use.by_digest.insert(key, Arc::downgrade(&made));
        if in_use.by_digest.len() >= in_use.sweep_at {
            in_use.by_digest.retain(|_, value| value.strong_count() > 0);
            in_use.sweep_at = in_use.by_digest.len() * 2 + 64;
        }
        Ok(made)
    }
}

/// The part of a shared value's bytes that falls to one of its present holders, so that together they account for the whole.
pub(crate) fn share<T>(value: &Arc<T>, bytes: usize) -> usize {
    bytes / Arc::strong_count(value).max(1)
}
