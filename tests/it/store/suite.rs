//! The conformance suite of the store: what both implementations must do, below HTTP.

use std::sync::Arc;

use accordant::codec::ConfigPatch;
use accordant::store::{
    DeleteOutcome, DeleteRequest, HashedContent, ImportSwitch, KeyChange, KeyOutcome, RegisterOutcome, RegisterRequest,
    SettingsOutcome, Store, SubjectFilter,
};
use accordant::types::{
    Actor, CompatibilityLevel, Content, Dek, DekAlgorithm, DekName, Kek, Mode, Reference, SchemaType, Subject, VersionSelector,
};
use serde_json::json;

use crate::on_both;
use crate::support::app::Fresh;

pub(super) fn server() -> Arc<Actor> {
    Arc::new(Actor::server())
}

pub(super) fn content(text: &str, references: &[(&str, &str, i32)]) -> Content {
    Content {
        schema_type: SchemaType::Avro,
        text: text.into(),
        references: references
            .iter()
            .map(|(name, subject, version)| Reference { name: (*name).into(), subject: (*subject).into(), version: *version })
            .collect(),
        metadata: None,
        rule_set: None,
    }
}

pub(super) fn request(subject: &Subject, content: Content, version: i32, epoch: i64) -> RegisterRequest {
    let targets = content.references.iter().map(|r| Subject::parse_in(subject.context(), &r.subject)).collect();
    RegisterRequest {
        subject: subject.clone(),
        schema: HashedContent::from(content),
        targets,
        digest: None,
        names: Vec::new(),
        words: None,
        active_references: true,
        expected_epoch: epoch,
        expected_settings: 0,
        version,
        previous: None,
        id: None,
        disruptive: false,
        turn: None,
        now: 1000 + i64::from(version),
    }
}

/// Files the next version.
pub(super) async fn file(store: &Arc<dyn Store>, subject: &str, text: &str) -> i32 {
    let subject = Subject::parse(subject);
    let state = store.subject(&subject).await.unwrap();
    let request = request(&subject, content(text, &[]), state.next_version(), state.epoch);
    match store.register(Arc::new(request), &server()).await.unwrap() {
        RegisterOutcome::Registered { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn delete(store: &Arc<dyn Store>, subject: &str, version: Option<i32>, permanent: bool) -> DeleteOutcome {
    let version = version.map(VersionSelector::Number);
    let request = DeleteRequest {
        subject: Subject::parse(subject),
        version,
        permanent,
        read_only: false,
        expected_settings: None,
        now: 5000,
    };
    store.delete(Arc::new(request), &server()).await.unwrap()
}

on_both! {
    async fn what_is_filed_is_read_back_whole(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        assert_eq!(file(&store, "s", "\"string\"").await, 1);
        let stored = store.schema(".", 1).await.unwrap().unwrap();
        assert_eq!((&*stored.content.text, stored.content.schema_type, stored.id), ("\"string\"", SchemaType::Avro, 1));
        assert_eq!(stored.guid, stored.content.guid());
        assert_eq!(store.ids_by_guid(stored.guid).await.unwrap(), vec![(".".to_owned(), 1, SchemaType::Avro)]);
        let state = store.subject(&Subject::plain("s")).await.unwrap();
        assert_eq!(state.rows.iter().map(|r| (r.version, r.id, r.deleted, r.created_at)).collect::<Vec<_>>(), [(1, 1, false, 1001)]);
        assert!(state.epoch > 0);
        assert_eq!(store.schema(".", 2).await.unwrap().map(|schema| schema.id), None);
    }

    async fn a_head_that_moved_writes_nothing(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let subject = Subject::plain("s");
        file(&store, "s", "\"string\"").await;
        let stale = request(&subject, content("\"long\"", &[]), 1, 0);
        assert_eq!(store.register(Arc::new(stale), &server()).await.unwrap(), RegisterOutcome::HeadMoved);
        assert_eq!(store.schema(".", 2).await.unwrap().map(|schema| schema.id), None);
        assert_eq!(store.max_id(".").await.unwrap(), 1, "no number is used up");
    }

    async fn a_reference_that_is_gone_writes_nothing(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        file(&store, "target", "\"string\"").await;
        delete(&store, "target", Some(1), false).await;
        let subject = Subject::plain("s");
        let gone = request(&subject, content("\"long\"", &[("n", "target", 1)]), 1, 0);
        assert_eq!(store.register(Arc::new(gone), &server()).await.unwrap(), RegisterOutcome::ReferenceGone { position: 0 });
        assert!(store.subject(&subject).await.unwrap().rows.is_empty());
    }

    async fn an_id_asked_for_is_given_once(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let subject = Subject::plain("s");
        let mut first = request(&subject, content("\"long\"", &[]), 1, 0);
        first.id = Some(70);
        assert_eq!(store.register(Arc::new(first), &server()).await.unwrap(), RegisterOutcome::Registered { id: 70, is_new_schema: true });
        let epoch = store.subject(&subject).await.unwrap().epoch;
        let mut second = request(&subject, content("\"int\"", &[]), 2, epoch);
        second.id = Some(70);
        assert_eq!(store.register(Arc::new(second), &server()).await.unwrap(), RegisterOutcome::IdTaken);
        assert_eq!(file(&store, "s", "\"int\"").await, 71);
    }

    async fn deleting_marks_and_then_removes(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        file(&store, "s", "\"string\"").await;
        file(&store, "s", "\"long\"").await;
        let before = store.generation().await.unwrap();
        assert_eq!(delete(&store, "s", Some(1), false).await, DeleteOutcome::Deleted(vec![1]));
        let marked = store.generation().await.unwrap();
        assert!(marked.content > before.content && marked.id_bindings == before.id_bindings);
        assert_eq!(delete(&store, "s", Some(1), false).await, DeleteOutcome::VersionSoftDeleted(1));
        assert_eq!(delete(&store, "s", Some(2), true).await, DeleteOutcome::VersionNotDeleted(2));
        assert_eq!(delete(&store, "s", Some(1), true).await, DeleteOutcome::Deleted(vec![1]));
        assert!(store.generation().await.unwrap().id_bindings > marked.id_bindings);
        assert_eq!(store.schema(".", 1).await.unwrap().map(|schema| schema.id), None);
        assert_eq!(delete(&store, "s", None, true).await, DeleteOutcome::SubjectNotDeleted);
        assert_eq!(delete(&store, "x", None, false).await, DeleteOutcome::SubjectNotFound);
    }

    async fn config_and_mode_are_kept_for_each_scope(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let scope = Subject::plain("s");
        let patch = ConfigPatch::from_json(&json!({ "compatibility": "FULL", "alias": "t" })).unwrap().unwrap();
        let settings = async || store.generation().await.unwrap().settings;
        store.put_config(&scope, &patch, settings().await, &server()).await.unwrap();
        let patch = ConfigPatch::from_json(&json!({ "alias": null })).unwrap().unwrap();
        let SettingsOutcome::Done(merged) = store.put_config(&scope, &patch, settings().await, &server()).await.unwrap() else { panic!() };
        assert_eq!((merged.compatibility, merged.alias), (Some(CompatibilityLevel::Full), None));
        store.put_mode(&scope, Some(Mode::ReadOnly), ImportSwitch::No, &server()).await.unwrap();
        let kept = store.settings(&[Subject::plain("other"), scope.clone()]).await.unwrap();
        assert!(kept[0].config.is_none() && kept[0].mode.is_none());
        assert_eq!(kept[1].mode, Some(Mode::ReadOnly));
        let SettingsOutcome::Done(removed) = store.delete_config(&scope, settings().await, &server()).await.unwrap() else { panic!() };
        assert_eq!(removed.map(|config| config.compatibility), Some(Some(CompatibilityLevel::Full)));
        let again = store.delete_config(&scope, settings().await, &server()).await.unwrap();
        assert_eq!(again, SettingsOutcome::Done(None));
        assert_eq!(store.delete_mode(&scope, false, &server()).await.unwrap().0, Some(Mode::ReadOnly));
    }

    async fn what_was_decided_under_other_settings_is_not_written(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        file(&store, "s", "\"string\"").await;
        let before = store.generation().await.unwrap().settings;
        store.put_mode(&Subject::plain("other"), Some(Mode::ReadOnly), ImportSwitch::No, &server()).await.unwrap();
        let now = store.generation().await.unwrap().settings;
        let subject = Subject::plain("s");
        let epoch = store.subject(&subject).await.unwrap().epoch;
        for (expected, version) in [(before, None), (now, Some(2))] {
            let request = RegisterRequest { expected_settings: expected, ..request(&subject, content("\"int\"", &[]), 2, epoch) };
            let outcome = store.register(Arc::new(request), &server()).await.unwrap();
            assert_eq!(outcome == RegisterOutcome::HeadMoved, version.is_none(), "{outcome:?}");
            let patch = ConfigPatch::from_json(&json!({ "normalize": true })).unwrap().unwrap();
            if version.is_none() {
                assert_eq!(store.put_config(&subject, &patch, expected, &server()).await.unwrap(), SettingsOutcome::Moved);
                assert_eq!(store.delete_config(&subject, expected, &server()).await.unwrap(), SettingsOutcome::Moved);
            }
            let deletion = DeleteRequest {
                subject: subject.clone(), version: Some(VersionSelector::Number(1)), permanent: false, read_only: false,
                expected_settings: Some(expected), now: 1,
            };
            let outcome = store.delete(Arc::new(deletion), &server()).await.unwrap();
            assert_eq!(outcome == DeleteOutcome::Moved, version.is_none(), "{outcome:?}");
        }
    }

    async fn every_change_is_recorded_in_order(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        file(&store, "s", "\"string\"").await;
        delete(&store, "s", Some(1), false).await;
        delete(&store, "s", Some(1), true).await;
        let changes = store.changes(0, 100).await.unwrap();
        assert_eq!(changes.len(), 3);
        assert_eq!(changes[0].kind, "schema.registered");
        assert!(changes.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
        assert_eq!(store.changes(changes[1].sequence, 100).await.unwrap().len(), 1);
    }

    async fn the_record_of_changes_is_pruned_by_age_and_by_number(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        for i in 0..6 {
            file(&store, "s", &format!(r#"{{"type":"fixed","name":"F","size":{}}}"#, i + 1)).await;
        }
        let (epoch, generation) = (store.subject(&Subject::plain("s")).await.unwrap().epoch, store.generation().await.unwrap());
        let left = async || store.changes(0, 100).await.unwrap().iter().map(|change| change.created_at).collect::<Vec<_>>();
        // they were made at 1001, 1002 and so on
        assert_eq!(store.prune_changes(0, 1000, 100).await.unwrap(), 0);
        assert_eq!(store.prune_changes(1003, 1000, 1).await.unwrap(), 1, "one at once");
        assert_eq!(store.prune_changes(1003, 1000, 100).await.unwrap(), 1);
        assert_eq!(left().await, [1003, 1004, 1005, 1006]);
        assert_eq!(store.prune_changes(0, 2, 100).await.unwrap(), 2);
        assert_eq!(left().await, [1005, 1006]);
        assert_eq!(store.prune_changes(9999, 0, 100).await.unwrap(), 2);
        assert_eq!(store.subject(&Subject::plain("s")).await.unwrap().epoch, epoch);
        assert_eq!(store.generation().await.unwrap(), generation);
        file(&store, "s", "\"int\"").await;
        assert!(store.changes(epoch, 100).await.unwrap().len() == 1, "sequences go on");
    }

    async fn subjects_come_in_pages(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        for name in ["c", "a", "b", ":.x:a"] {
            file(&store, name, "\"string\"").await;
        }
        let filter = SubjectFilter::default();
        assert_eq!(store.subjects(&filter, None, 0, 3).await.unwrap(), [":.x:a", "a", "b"]);
        assert_eq!(store.subjects(&filter, Some("b"), 0, 3).await.unwrap(), ["c"]);
        assert_eq!(store.subjects(&filter, None, 2, 3).await.unwrap(), ["b", "c"]);
    }

    async fn the_key_of_sessions_is_made_once(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        assert_eq!(store.session_key([1; 32]).await.unwrap(), [1; 32]);
        assert_eq!(store.session_key([2; 32]).await.unwrap(), [1; 32]);
        store.close().await;
        drop(store);
        assert_eq!(fresh.open_again().await.session_key([3; 32]).await.unwrap(), [1; 32]);
    }

    async fn everything_is_there_after_closing_and_opening(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let cluster = store.cluster_id().await.unwrap();
        file(&store, "s", "\"string\"").await;
        store.close().await;
        drop(store);
        let store = fresh.open().await;
        assert_eq!(store.cluster_id().await.unwrap(), cluster);
        assert_eq!(store.subject(&Subject::plain("s")).await.unwrap().rows.len(), 1);
        assert_eq!(file(&store, "s", "\"long\"").await, 2);
    }
}

fn kek(name: &str) -> Kek {
    Kek {
        name: name.to_owned(),
        kms_type: "x".to_owned(),
        kms_key_id: "y".to_owned(),
        kms_props: [("b".into(), None), ("a".into(), Some("1".to_owned()))].into(),
        doc: None,
        shared: true,
        deleted: false,
        written_at: 0,
        revision: 0,
    }
}

fn dek(material: &str) -> Dek {
    let name = DekName { kek: "k".to_owned(), written_subject: ":.c:s".to_owned(), algorithm: DekAlgorithm::AES256_SIV };
    Dek { name, version: 1, encrypted_key_material: material.to_owned(), deleted: false, written_at: 0, revision: 0 }
}

async fn change(store: &Arc<dyn Store>, change: KeyChange) -> KeyOutcome {
    store.change_key(Arc::new(change), &server()).await.unwrap()
}

on_both! {
    async fn a_key_is_written_only_where_what_was_decided_on_still_stands(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let put = async |expected| change(&store, KeyChange::PutKek { kek: kek("k"), expected }).await;
        assert_eq!(put(Some(1)).await, KeyOutcome::Moved, "there is none");
        let KeyOutcome::Done(first) = put(None).await else { panic!() };
        assert_eq!(put(None).await, KeyOutcome::Moved, "there is one");
        let put_dek = async |material: &str, expected, expected_kek| {
            change(&store, KeyChange::PutDek { dek: dek(material), expected, expected_kek }).await
        };
        let KeyOutcome::Done(written) = put_dek("one", None, first).await else { panic!() };
        assert_eq!(put_dek("two", None, first).await, KeyOutcome::Moved);
        let KeyOutcome::Done(second) = put(Some(first)).await else { panic!() };
        assert!(second > written && written > first);
        assert_eq!(put_dek("two", Some(written), first).await, KeyOutcome::Moved, "the KEK has changed");
        assert_eq!(store.dek(&dek("").name, 1).await.unwrap().unwrap().encrypted_key_material, "one");
        // removed and created anew, it is another one
        let name = dek("").name;
        for permanent in [false, true] {
            change(&store, KeyChange::DeleteDeks { name: name.clone(), version: None, permanent }).await;
        }
        let KeyOutcome::Done(anew) = put_dek("three", None, second).await else { panic!() };
        assert!(anew != written);
        assert_eq!(put_dek("two", Some(written), second).await, KeyOutcome::Moved);
        let stored = store.kek("k").await.unwrap().unwrap();
        assert!(stored.is_equivalent(&kek("k")) && stored.revision == second && stored.written_at > 0);
    }

    async fn only_changes_of_what_was_there_begin_a_generation(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let generation = async || store.generation().await.unwrap().content;
        let KeyOutcome::Done(revision) = change(&store, KeyChange::PutKek { kek: kek("k"), expected: None }).await else { panic!() };
        change(&store, KeyChange::PutDek { dek: dek("one"), expected: None, expected_kek: revision }).await;
        change(&store, KeyChange::UndeleteKek { name: "k".to_owned() }).await;
        assert_eq!(generation().await, 0);
        let name = dek("").name;
        change(&store, KeyChange::DeleteDeks { name: name.clone(), version: Some(1), permanent: false }).await;
        change(&store, KeyChange::UndeleteDeks { name: name.clone(), version: None }).await;
        assert_eq!(generation().await, 2);
        // what is refused changes nothing
        assert_eq!(change(&store, KeyChange::DeleteDeks { name, version: None, permanent: true }).await, KeyOutcome::NotDeleted);
        assert_eq!(change(&store, KeyChange::DeleteKek { name: "k".to_owned(), permanent: false }).await, KeyOutcome::Referenced);
        assert_eq!(generation().await, 2);
    }
}
