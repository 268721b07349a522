//! Where the subject or the version at a place of a list is, however far behind, and what the page has that begins there.

use std::collections::HashMap;
use std::sync::Arc;

use accordant::store::{ImportOutcome, ImportRequest, ImportedVersion, Store, SubjectFilter, VersionFilter};
use accordant::types::{SchemaWords, Subject};

use super::suite::{content, delete, file, server};
use crate::on_both;
use crate::support::app::Fresh;

const SUBJECTS: usize = 2600;

/// Two of five subjects are of the default context; each has one to three versions, and some of them soft-deleted ones.
fn imported() -> Vec<ImportedVersion> {
    let mut versions = Vec::new();
    for number in 0..SUBJECTS {
        let name = format!("s-{number:04}");
        let subject = match number % 5 {
            0 => Subject::plain(&name),
            1 => Subject::plain(&format!(":{name}")),
            context => Subject::in_context(&format!(".c{context}"), &name),
        };
        for version in 1..=(number % 3 + 1) {
            let id = i32::try_from(version).unwrap();
            versions.push(ImportedVersion {
                subject: subject.clone(),
                version: id,
                id,
                schema: content(&format!("{{\"type\":\"string\",\"v\":{version}}}"), &[]).into(),
                targets: Vec::new(),
                digest: [0; 32],
                names: Vec::new(),
                words: SchemaWords::default(),
                deleted: number % 7 == 0 && version == 1,
            });
        }
    }
    versions
}

/// How many versions each subject has: live ones, and all.
async fn counts(store: &Arc<dyn Store>) -> HashMap<String, (usize, usize)> {
    let mut counts = HashMap::new();
    for name in names(store, &SubjectFilter { deleted: true, ..SubjectFilter::default() }).await {
        let rows = store.subject(&Subject::parse(&name)).await.unwrap().rows;
        counts.insert(name, (rows.iter().filter(|row| !row.deleted).count(), rows.len()));
    }
    counts
}

/// The whole list of subjects, by the pages that follow each other.
async fn names(store: &Arc<dyn Store>, filter: &SubjectFilter) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let page = store.subjects(filter, found.last().map(String::as_str), 0, 1000).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// Whether a subject with so many live versions, and all, is one of those.
fn is_meant(filter: &SubjectFilter, name: &str, (live, _): (usize, usize)) -> bool {
    let subject = Subject::parse(name);
    (live > 0 || filter.deleted)
        && filter.context.as_deref().is_none_or(|context| context == subject.context())
        && filter.context_prefix.as_deref().is_none_or(|context| subject.context().starts_with(context))
        && subject.name().starts_with(&filter.prefix)
}

async fn every_place_is_found(store: &Arc<dyn Store>, step: usize) {
    let filters = [
        SubjectFilter::default(),
        SubjectFilter { context: Some(".".to_owned()), ..SubjectFilter::default() },
        SubjectFilter { context: Some(".".to_owned()), prefix: "s-1".to_owned(), ..SubjectFilter::default() },
        SubjectFilter { context: Some(".".to_owned()), prefix: ":s".to_owned(), ..SubjectFilter::default() },
        SubjectFilter { context: Some(".c3".to_owned()), ..SubjectFilter::default() },
        SubjectFilter { context_prefix: Some(".c".to_owned()), ..SubjectFilter::default() },
        SubjectFilter { prefix: "s-2".to_owned(), ..SubjectFilter::default() },
        SubjectFilter { deleted: true, ..SubjectFilter::default() },
    ];
    let counts = counts(store).await;
    for filter in &filters {
        let mut whole = Vec::new();
        let names = names(store, filter).await;
        let mut expected: Vec<&String> =
            counts.iter().filter(|(name, own)| is_meant(filter, name, **own)).map(|(name, _)| name).collect();
        expected.sort();
        assert!(names.iter().eq(expected), "{filter:?}");
        for place in (0..names.len() + 2).rev().step_by(step).chain([0]) {
            let skip = i64::try_from(place).unwrap();
            let page = store.subjects(filter, None, skip, 3).await.unwrap();
            assert_eq!(page, names.iter().skip(place).take(3).cloned().collect::<Vec<_>>(), "{place} of {filter:?}");
            let Some(first) = page.first() else { continue };
            let latest = VersionFilter { subjects: filter.clone(), latest_only: true, also: Vec::new() };
            let listed = store.versions(&latest, Some((first, 0)), 0, 3).await.unwrap();
            assert_eq!(listed.iter().map(|own| own.subject.qualified()).collect::<Vec<_>>(), page, "{place} of {filter:?}");
        }
        for name in names {
            let (live, all) = counts[&name];
            let listed = i64::try_from(if filter.deleted { all } else { live }).unwrap();
            whole.extend((0..listed).map(|before| (name.clone(), before)));
        }
        assert!(!whole.is_empty(), "{filter:?}");
        for place in (0..whole.len()).rev().step_by(step).chain([0]) {
            let found = store.place_of_version(filter, i64::try_from(place).unwrap()).await.unwrap();
            assert_eq!(found.as_ref(), whole.get(place), "{place} of {filter:?}");
            let Some((subject, before)) = found else { continue };
            let all = VersionFilter { subjects: filter.clone(), ..VersionFilter::default() };
            let listed = store.versions(&all, Some((&subject, 0)), before, 4).await.unwrap();
            let page: Vec<String> = whole.iter().skip(place).take(4).map(|(subject, _)| subject.clone()).collect();
            assert_eq!(listed.iter().map(|own| own.subject.qualified()).collect::<Vec<_>>(), page, "{place} of {filter:?}");
        }
        assert_eq!(store.place_of_version(filter, i64::try_from(whole.len()).unwrap()).await.unwrap(), None, "{filter:?}");
    }
}

on_both! {
    async fn the_version_at_a_place_is_found_whatever_has_happened(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let all = imported();
        for chunk in all.chunks(500) {
            let request = ImportRequest { versions: chunk.to_vec(), expected_settings: 0, now: 1 };
            assert_eq!(store.import(Arc::new(request), &server()).await.unwrap(), ImportOutcome::Done);
        }
        every_place_is_found(&store, 211).await;
        // at the ends, within, and in a context that is new
        for name in ["a", "0-first", "1-second", "s-1300-more", "zz", ":.c3:s-0000-more", ":.c9:first", ":.a:first", ":s-1301-more", "s-1300-more"] {
            file(&store, name, "\"int\"").await;
        }
        every_place_is_found(&store, 307).await;
        for name in ["s-1300-more", ":.c3:s-0003"] {
            delete(&store, name, Some(1), false).await;
        }
        every_place_is_found(&store, 307).await;
        file(&store, "s-2000-more", "\"int\"").await;
        every_place_is_found(&store, 307).await;
    }
}
