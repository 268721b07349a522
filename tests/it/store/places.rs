//! Where the version at a place of a list is, however far behind.

use std::collections::HashMap;
use std::sync::Arc;

use accordant::store::{ImportOutcome, ImportRequest, ImportedVersion, Store, SubjectFilter};
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
        for name in names(store, filter).await {
            let (live, all) = counts[&name];
            let listed = i64::try_from(if filter.deleted { all } else { live }).unwrap();
            whole.extend((0..listed).map(|before| (name.clone(), before)));
        }
        assert!(!whole.is_empty(), "{filter:?}");
        for place in (0..whole.len()).rev().step_by(step).chain([0]) {
            let found = store.place_of_version(filter, i64::try_from(place).unwrap()).await.unwrap();
            assert_eq!(found.as_ref(), whole.get(place), "{place} of {filter:?}");
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
        for name in ["a", "s-1300-more", "zz", ":.c3:s-0000-more", ":.c9:first", ":.a:first", ":s-1301-more", "s-1300-more"] {
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
