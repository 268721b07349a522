//! Versions that come in no order, as the records of a topic do: what they say is put into a file, and where it is there is remembered.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::ops::Bound;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use serde_json::json;

use super::content::StoredVersion;
use super::input::temporary;
use super::outline::{self, RegistryOutline};
use super::values::VersionKey;

/// What is written at once.
const BUFFER: usize = 1 << 20;

#[derive(Debug)]
struct KeptPlace {
    at: u64,
    length: usize,
    is_deleted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Made with the first version.
    file: Option<File>,
    /// The end of the file.
    end: u64,
    buffer: Vec<u8>,
    places: BTreeMap<VersionKey, KeptPlace>,
}

impl Kept {
    pub(super) fn insert(&mut self, key: VersionKey, stored: &StoredVersion) -> Result<(), String> {
        let text = json!([stored.id, stored.guid, stored.body]).to_string();
        let place = KeptPlace { at: self.end + self.buffer.len() as u64, length: text.len(), is_deleted: stored.is_deleted };
        self.buffer.extend_from_slice(text.as_bytes());
        if self.buffer.len() >= BUFFER {
            self.write()?;
        }
        self.places.insert(key, place);
        Ok(())
    }

    fn write(&mut self) -> Result<(), String> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(temporary()?),
        };
        file.write_all(&self.buffer).map_err(|error| format!("can't be kept (TMPDIR): {error}"))?;
        self.end += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    pub(super) fn remove(&mut self, key: &VersionKey) {
        self.places.remove(key);
    }

    /// The versions of a subject, of which those stay that are meant to; a mark of deletion can be set.
    pub(super) fn retain(&mut self, subject: &str, mut stays: impl FnMut(i64, &mut bool) -> bool) {
        let from = (subject.to_owned(), i64::MIN);
        let own = self.places.range_mut(from..).take_while(|((name, _), _)| name == subject);
        let gone: Vec<VersionKey> =
            own.filter_map(|(key, place)| (!stays(key.1, &mut place.is_deleted)).then(|| key.clone())).collect();
        for key in &gone {
            self.places.remove(key);
        }
    }

    /// What is remembered is there to be read.
    pub(super) fn end(mut self) -> Result<Self, String> {
        if !self.buffer.is_empty() {
            self.write()?;
        }
        self.buffer = Vec::new();
        Ok(self)
    }

    pub(super) fn outline(&self) -> RegistryOutline {
        let mut outline = RegistryOutline::new();
        for (key, place) in &self.places {
            outline::add(&mut outline, key, place.is_deleted);
        }
        outline
    }

    fn read(&self, place: &KeptPlace) -> Result<StoredVersion, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("what was kept of it (TMPDIR) can't be read: {error}");
        let mut bytes = vec![0; place.length];
        let file = self.file.as_ref().ok_or_else(|| wrong(&"it is gone"))?;
        file.read_exact_at(&mut bytes, place.at).map_err(|error| wrong(&error))?;
        let (id, guid, body) = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
        Ok(StoredVersion { id, guid, is_deleted: place.is_deleted, body })
    }

    /// All of them, in their order.
    pub(super) fn iter(self: &Arc<Self>) -> impl Iterator<Item = Result<(VersionKey, StoredVersion), String>> + Send + use<> {
        let kept = Arc::clone(self);
        let mut last: Option<VersionKey> = None;
        std::iter::from_fn(move || {
            let from = last.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let (key, place) = kept.places.range::<VersionKey, _>((from, Bound::Unbounded)).next()?;
            let read = kept.read(place).map(|stored| (key.clone(), stored));
            last = Some(key.clone());
            Some(read)
        })
    }
}
