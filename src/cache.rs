//! RING 0: one bounded cache for everything that is derived from the database.
//!
//! A value holds as long as the database stands as it stood when the value was made: each is kept with the generation it was made
//! in (see [`crate::store::Generation`]), and one of another generation is as good as none. The bound is in bytes; each user says
//! what a value weighs. Concurrent misses of one key load once: the others wait for that load.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::{Cache, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, Weighter};

/// What a key and its value weigh, in bytes.
pub type Weight<K, V> = fn(&K, &V) -> usize;

/// What a slot of the cache itself takes, beside key and value.
const SLOT: usize = 64;

#[derive(Clone)]
struct Slot<V> {
    generation: i64,
    /// What the value weighed when it was kept. It may grow inside (a parsed form that comes later), but the cache must subtract
    /// what it once added.
    weight: u64,
    value: V,
}

/// Bytes of a part of a divided cache; each has a lock of its own.
const PART: u64 = 1 << 20;
const MAX_PARTS: usize = 64;

/// About how many values of a typical weight there is room for.
fn items(bytes: u64, typical: u64) -> usize {
    usize::try_from(bytes / typical.max(1)).unwrap_or(usize::MAX).max(64)
}

#[derive(Clone)]
struct ByWeight;

impl<K, V> Weighter<K, Slot<V>> for ByWeight {
    fn weight(&self, _: &K, slot: &Slot<V>) -> u64 {
        slot.weight
    }
}

/// Counts the values that gave way to others.
#[derive(Clone, Default)]
struct CountsEvictions(Arc<AtomicU64>);

impl<K, V> Lifecycle<K, V> for CountsEvictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: K, _: V) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a cache holds, and how it has done since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheReading {
    pub values: usize,
    pub bytes: u64,
    pub capacity: u64,
    pub hits: u64,
    /// Values that were not there, or were made in another generation.
    pub misses: u64,
    /// Values that gave way to others for want of room.
    pub evictions: u64,
}

/// A cache of values that are valid for one generation of the database each.
pub struct Generational<K, V> {
    cache: Cache<K, Slot<V>, ByWeight, DefaultHashBuilder, CountsEvictions>,
    weight: Weight<K, V>,
    evictions: CountsEvictions,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<K: Eq + Hash + Clone, V: Clone> Generational<K, V> {
    /// A cache that holds at most `bytes`. `typical` is what most values weigh; it only sizes the index.
    ///
    /// It has a part for each mebibyte, and what is heavier than a part is not kept. That does not depend on the cores of the machine,
    /// as the cache's own choice would: on a large one the parts would be too small for anything.
    pub fn new(bytes: u64, typical: u64, weight: Weight<K, V>) -> Self {
        let parts = usize::try_from(bytes / PART).unwrap_or(MAX_PARTS).clamp(1, MAX_PARTS);
        Self::in_parts(parts, bytes, typical, weight)
    }

    /// As [`Self::new`], for values that can be heavy: the cache is not divided, so that one value may take all of its bytes.
    pub fn undivided(bytes: u64, typical: u64, weight: Weight<K, V>) -> Self {
        Self::in_parts(1, bytes, typical, weight)
    }

    fn in_parts(parts: usize, bytes: u64, typical: u64, weight: Weight<K, V>) -> Self {
        let items = items(bytes, typical);
        let options = OptionsBuilder::new().shards(parts).estimated_items_capacity(items).weight_capacity(bytes).build();
        let evictions = CountsEvictions::default();
        let divided = |options| Cache::with_options(options, ByWeight, DefaultHashBuilder::default(), evictions.clone());
        let whole = || Cache::with(items, bytes, ByWeight, DefaultHashBuilder::default(), evictions.clone());
        let cache = options.map_or_else(|_| whole(), divided);
        Self { cache, weight, evictions, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// A cache for the one value of its key type, whatever that weighs.
    pub fn single() -> Self {
        Self::new(1 << 20, 1 << 20, |_, _| 0)
    }

    /// The value, if it was made in this generation.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q, generation: i64) -> Option<V> {
        let value = self.cache.get(key).filter(|slot| slot.generation == generation).map(|slot| slot.value);
        let counter = if value.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        value
    }

    /// Keeps a value, in the place of an older one. `generation` is the one that was known before the value was computed.
    /// A value that has grown since it was kept is weighed anew by this.
    pub fn insert(&self, key: K, generation: i64, value: V) {
        let slot = self.slot(&key, generation, value);
        self.cache.insert(key, slot);
    }

    fn slot(&self, key: &K, generation: i64, value: V) -> Slot<V> {
        let weight = (self.weight)(key, &value).saturating_add(SLOT);
        Slot { generation, weight: u64::try_from(weight).unwrap_or(u64::MAX), value }
    }

    /// The value, or what `load` makes of it. Whoever else asks meanwhile waits for this load; when it fails or is cancelled, the
    /// next one of those loads.
    ///
    /// # Errors
    /// Those of `load`; nothing is kept then.
    pub async fn get_or_load<E>(&self, key: &K, generation: i64, load: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        if let Some(value) = self.get(key, generation) {
            return Ok(value);
        }
        let entry = self.cache.entry_async(key, |_, slot| {
            if slot.generation == generation { EntryAction::Retain(slot.value.clone()) } else { EntryAction::ReplaceWithGuard }
        });
        let guard = match entry.await {
            EntryResult::Retained(value) => return Ok(value),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => guard,
            // neither is asked for above
            EntryResult::Removed(..) | EntryResult::Timeout => return load.await,
        };
        let value = load.await?;
        // refused only where the cache was cleared meanwhile
        let _ = guard.insert(self.slot(key, generation, value.clone()));
        Ok(value)
    }

    /// What is held, and how often it was of use.
    pub fn reading(&self) -> CacheReading {
        CacheReading {
            values: self.cache.len(),
            bytes: self.cache.weight(),
            capacity: self.cache.capacity(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evictions.0.load(Ordering::Relaxed),
        }
    }
}
