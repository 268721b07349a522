//! Versions in an order in which they can be registered, without holding all of them: they come by their names, and those that refer to what
//! has not come yet are put by, or asked for once more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::content::StoredVersion;
use super::outline::{self, RegistryOutline};
use super::pace::Pace;
use super::source::MigrationSource;
use super::values::VersionKey;
use super::waves::targets;
use crate::cli::check::InputError;

/// What is handed on at once.
const BATCH: usize = 5000;
const BATCH_BYTES: usize = 16 << 20;
/// What is put by.
const HELD_BYTES: usize = 64 << 20;

type VersionBatch = BTreeMap<VersionKey, StoredVersion>;

/// What waits for others.
#[derive(Default)]
struct HeldVersions {
    versions: VersionBatch,
    bytes: usize,
    /// More than there was room for.
    again: RegistryOutline,
}

impl HeldVersions {
    fn put_by(&mut self, later: VersionBatch) {
        for (key, stored) in later {
            if self.bytes < HELD_BYTES {
                self.bytes += stored.bytes();
                self.versions.insert(key, stored);
            } else {
                outline::add(&mut self.again, &key, stored.is_deleted);
            }
        }
    }
}

/// Takes out what refers, also by others, to what is still to come.
fn set_apart(batch: &mut VersionBatch, open: &RegistryOutline) -> VersionBatch {
    let mut later = VersionBatch::new();
    let mut referring: Vec<(VersionKey, Vec<VersionKey>)> = Vec::new();
    for (key, stored) in &*batch {
        let own: Vec<VersionKey> = targets(&key.0, stored).filter(|target| target != key && outline::has(open, target)).collect();
        if !own.is_empty() {
            referring.push((key.clone(), own));
        }
    }
    loop {
        let before = later.len();
        referring.retain(|(key, targets)| {
            let waits = targets.iter().any(|target| !batch.contains_key(target));
            if waits && let Some(stored) = batch.remove(key) {
                later.insert(key.clone(), stored);
            }
            !waits
        });
        if later.len() == before {
            return later;
        }
    }
}

/// Hands all of the wanted versions on: each refers only to those of the same batch or of an earlier one, or to what is not wanted. Says how
/// many are not given.
pub(super) async fn in_order(
    from: &MigrationSource,
    wanted: RegistryOutline,
    parallel: u16,
    pace: &Arc<Pace>,
    mut take: impl AsyncFnMut(VersionBatch) -> Result<(), InputError>,
) -> Result<usize, InputError> {
    let (mut open, mut wanted, mut withheld) = (wanted.clone(), wanted, 0);
    let mut held = HeldVersions::default();
    loop {
        let before = outline::count(&open);
        let mut versions = from.versions(wanted, parallel, Arc::clone(pace))?;
        let (mut batch, mut bytes) = (VersionBatch::new(), 0);
        loop {
            let next = versions.next().await?;
            let is_end = next.is_none();
            for (key, stored) in next.into_iter().flatten() {
                if let Some(stored) = stored {
                    bytes += stored.bytes();
                    batch.insert(key, stored);
                } else {
                    withheld += 1;
                    outline::remove(&mut open, &key);
                }
            }
            if is_end || batch.len() >= BATCH || bytes >= BATCH_BYTES {
                held.put_by(set_apart(&mut batch, &open));
                for key in batch.keys() {
                    outline::remove(&mut open, key);
                }
                bytes = 0;
                hand_on(std::mem::take(&mut batch), &mut take).await?;
            }
            if is_end {
                break;
            }
        }
        wanted = std::mem::take(&mut held.again);
        let is_stuck = outline::count(&open) == before;
        if wanted.is_empty() || is_stuck {
            // whatever still waits for others waits for one of these, or for itself: what is wrong with it is said where it is registered
            open.clear();
        }
        let mut ready = std::mem::take(&mut held.versions);
        held.bytes = 0;
        held.put_by(set_apart(&mut ready, &open));
        for key in ready.keys() {
            outline::remove(&mut open, key);
        }
        hand_on(ready, &mut take).await?;
        if wanted.is_empty() {
            return Ok(withheld);
        }
    }
}

async fn hand_on(
    batch: VersionBatch,
    take: &mut impl AsyncFnMut(VersionBatch) -> Result<(), InputError>,
) -> Result<(), InputError> {
    if batch.is_empty() { Ok(()) } else { take(batch).await }
}
