//! What a registry was seen to say, remembered to be compared later on: hashes, and not the texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arguments::CopyArguments;
use super::content::{self, Rest, StoredVersion};
use super::digest::Digest;
use super::feed::Changed;
use super::marks::{Mark, marked};
use super::outline::{self, RegistryOutline};
use super::pace::Pace;
use super::source::{MigrationSource, SourceContent};
use super::values::{VersionKey, context_of};
use super::verify::{Discrepancies, VerificationReport};
use super::versions::VersionStream;
use crate::cli::api::Api;
use crate::cli::check::InputError;

/// Versions that differ and are read once more, to say in what.
const EXPLAINED: usize = 200;

#[derive(Debug, Default)]
pub(super) struct KnownVersions {
    marks: BTreeMap<VersionKey, Mark>,
    pub(super) rest: Rest,
}

impl KnownVersions {
    /// Everything. `also` are scopes whose settings are read although nothing lists them.
    pub(super) async fn read(api: &Api, asked: &CopyArguments, also: &BTreeSet<String>) -> Result<Self, InputError> {
        let source = MigrationSource::Registry(api.clone());
        let SourceContent { versions, rest } = source.said(&asked.prefix, asked.parallel, also).await?;
        let mut known = Self { marks: BTreeMap::new(), rest };
        known.take(versions).await?;
        Ok(known)
    }

    async fn take(&mut self, mut versions: VersionStream) -> Result<(), InputError> {
        while let Some(batch) = versions.next().await? {
            let (given, withheld) = marked(batch);
            self.rest.withheld.extend(withheld);
            self.marks.extend(given.into_iter().map(|(key, _, mark)| (key, mark)));
        }
        Ok(())
    }

    /// Reads what has changed: versions that are not known yet, marks of deletion, configs, modes, keys. `outline` is that of the
    /// subjects that have changed.
    pub(super) async fn read_again(
        &mut self,
        api: &Api,
        changed: &Changed,
        outline: &RegistryOutline,
        asked: &CopyArguments,
    ) -> Result<(), InputError> {
        let subjects: BTreeSet<&str> = changed.subjects().map(String::as_str).collect();
        self.marks.retain(|key, mark| {
            if !subjects.contains(key.0.as_str()) {
                return true;
            }
            let there = outline.get(&key.0).filter(|there| there.has(key.1) && !changed.purged.contains(&key.0));
            mark.is_deleted = there.is_some_and(|there| there.deleted.contains(&key.1));
            there.is_some()
        });
        self.rest.read_again(api, changed, outline, asked).await?;
        let mut new = RegistryOutline::new();
        for (subject, version, is_deleted) in content::all(outline) {
            let key = (subject, version);
            if !self.marks.contains_key(&key) {
                outline::add(&mut new, &key, is_deleted);
            }
        }
        let pace = Arc::new(Pace::new(None));
        let versions = MigrationSource::Registry(api.clone()).versions(new, asked.parallel, pace)?;
        self.take(versions).await
    }

    pub(super) fn subjects(&self) -> BTreeSet<String> {
        let mut subjects: Vec<&String> = self.marks.keys().map(|(subject, _)| subject).collect();
        // in order: those of a subject stand together
        subjects.dedup();
        subjects.into_iter().cloned().collect()
    }

    /// The contexts that subjects are in, as scopes; without the default one.
    pub(super) fn contexts(&self) -> BTreeSet<String> {
        self.subjects().iter().filter_map(|subject| context_of(subject)).collect()
    }

    fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        for (key, mark) in &self.marks {
            digest.version(key, mark);
        }
        digest
    }
}

/// Where both differ, by what is known of them; with versions that say something else.
fn differences(ours: &KnownVersions, theirs: &KnownVersions) -> (Discrepancies, Vec<VersionKey>) {
    let (mut found, mut others) = (Discrepancies::default(), Vec::new());
    for (key, one) in &ours.marks {
        match theirs.marks.get(key) {
            None => found.one_sided(key, false),
            Some(other) if !one.is_same(other) => others.push(key.clone()),
            Some(_) => {}
        }
    }
    for key in theirs.marks.keys().filter(|key| !ours.marks.contains_key(*key)) {
        found.one_sided(key, true);
    }
    (found, others)
}

pub(super) fn report(ours: &KnownVersions, theirs: &KnownVersions) -> VerificationReport {
    let (mut found, others) = differences(ours, theirs);
    for key in &others {
        if let (Some(one), Some(other)) = (ours.marks.get(key), theirs.marks.get(key)) {
            found.marks(key, one, other);
        }
    }
    found.report((ours.digest(), &ours.rest), (theirs.digest(), &theirs.rest))
}

/// The same with reasons, for which what differs is read once more.
pub(super) async fn explained(
    from: &Api,
    to: &Api,
    ours: &KnownVersions,
    theirs: &KnownVersions,
) -> Result<VerificationReport, InputError> {
    let (mut found, others) = differences(ours, theirs);
    for (number, key) in others.iter().enumerate() {
        let (Some(one), Some(other)) = (ours.marks.get(key), theirs.marks.get(key)) else { continue };
        if number < EXPLAINED
            && let (Some(mut first), Some(mut second)) = (read(from, key, one).await?, read(to, key, other).await?)
        {
            // as they were
            (first.is_deleted, second.is_deleted) = (one.is_deleted, other.is_deleted);
            found.both(key, &first, &second);
        } else {
            found.marks(key, one, other);
        }
    }
    Ok(found.report((ours.digest(), &ours.rest), (theirs.digest(), &theirs.rest)))
}

/// A version, if it still says what it said.
async fn read(api: &Api, key: &VersionKey, mark: &Mark) -> Result<Option<StoredVersion>, InputError> {
    // whoever may write meanwhile may have deleted it
    let answer = content::version_of(api, &key.0, key.1, true).await?;
    let stored = answer.map(|answer| StoredVersion::read(&answer, mark.is_deleted));
    Ok(stored.filter(|stored| Mark::of(stored) == *mark))
}
