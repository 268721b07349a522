//! Which keys a source had: what is no longer there was removed for good.

use std::collections::{BTreeSet, HashSet};

use tokio::time::Instant;

use crate::types::DekName;

/// The keys that the source had when it was looked at last, as it calls them.
#[derive(Debug, Default)]
pub(super) struct SeenKeys {
    pub(super) keks: BTreeSet<String>,
    pub(super) deks: HashSet<(DekName, i32)>,
    /// When those of shared KEKs were read.
    pub(super) shared: Option<Instant>,
}
