//! In which order versions are copied: those that others refer to come before these.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::content::StoredVersion;
use super::values::VersionKey;
use crate::types::Subject;

/// The versions that one refers to.
pub(super) fn targets<'v>(subject: &str, stored: &'v StoredVersion) -> impl Iterator<Item = VersionKey> + use<'v> {
    let references = stored.body.get("references").and_then(Value::as_array);
    let home = references.map(|_| Subject::parse(subject));
    references.into_iter().flatten().filter_map(move |reference| {
        let target = Subject::parse_in(home.as_ref()?.context(), reference.get("subject")?.as_str()?).qualified();
        Some((target, reference.get("version")?.as_i64()?))
    })
}

/// The versions in waves: each refers only to versions of the waves before it, or to what the target has.
pub(super) fn waves<V: Borrow<StoredVersion>>(waiting: &BTreeMap<(String, i64), V>) -> Vec<Vec<&(String, i64)>> {
    let places: HashMap<(&str, i64), usize> =
        waiting.keys().enumerate().map(|(at, (subject, version))| ((subject.as_str(), *version), at)).collect();
    let mut referrers: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut open: HashMap<usize, usize> = HashMap::new();
    for (at, ((subject, _), stored)) in waiting.iter().enumerate() {
        let targets: BTreeSet<usize> = targets(subject, stored.borrow())
            .filter_map(|(target, version)| places.get(&(target.as_str(), version)).copied())
            .collect();
        for target in &targets {
            referrers.entry(*target).or_default().push(at);
        }
        if !targets.is_empty() {
            open.insert(at, targets.len());
        }
    }
    let mut waves = Vec::new();
    let mut wave: BTreeSet<usize> = (0..waiting.len()).filter(|at| !open.contains_key(at)).collect();
    while !wave.is_empty() {
        let mut next = BTreeSet::new();
        for referrer in wave.iter().filter_map(|at| referrers.get(at)).flatten() {
            if let Some(count) = open.get_mut(referrer) {
                *count -= 1;
                if *count == 0 {
                    open.remove(referrer);
                    next.insert(*referrer);
                }
            }
        }
        waves.push(std::mem::replace(&mut wave, next));
    }
    // circles can't be registered; what the target says of them is said
    waves.extend((!open.is_empty()).then(|| open.into_keys().collect()));
    let keys: Vec<&(String, i64)> = waiting.keys().collect();
    let in_order = |wave: BTreeSet<usize>| {
        let mut wave: Vec<_> = wave.into_iter().filter_map(|at| keys.get(at).copied()).collect();
        // neighbours are under way at the same time: two of one subject would keep each other off
        wave.sort_by(|(a, one), (b, other)| (one, a).cmp(&(other, b)));
        wave
    };
    waves.into_iter().map(in_order).collect()
}
