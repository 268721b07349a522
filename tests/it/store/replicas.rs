//! Two replicas over one Postgres, and many writers at one SQLite file: one id for each content, one version for each number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use accordant::kms::{Kms, LocalKms, Secret, base64};
use accordant::registry::Defaults;
use accordant::store::postgres::{LockKind, PostgresOptions, PostgresStore};
use accordant::store::{RegisterOutcome, RegisterRequest, TurnHolder};
use accordant::types::Subject;
use hyper::Method;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::suite::{content, request, server};
use crate::support::app::{Database, Fresh, Setup, TestApp, clock, lenient, postgres_url, record};
use crate::support::until::until;

/// Both replicas; on SQLite, whose file has one owner, the same server twice.
async fn pair(database: Database) -> (Vec<Arc<TestApp>>, Fresh) {
    let fresh = Fresh::new(database).await;
    let first = Arc::new(TestApp::over(fresh.open().await, Setup::default()).await);
    let second = match database {
        Database::Sqlite => Arc::clone(&first),
        Database::Postgres => Arc::new(TestApp::over(fresh.open().await, Setup::default()).await),
    };
    (vec![first, second], fresh)
}

/// Both replicas, started at once on an empty database that is taken to have no advisory locks.
async fn pair_with_row_locks() -> (Vec<Arc<TestApp>>, Fresh) {
    let fresh = Fresh::new(Database::Postgres).await;
    let start = async || {
        let mut options = PostgresOptions::new(&fresh.url);
        options.locks = LockKind::Rows;
        options.answer_timeout = Duration::from_secs(20);
        Arc::new(TestApp::over(Arc::new(PostgresStore::open(options, clock()).await.unwrap()), Setup::default()).await)
    };
    let (first, second) = tokio::join!(start(), start());
    (vec![first, second], fresh)
}

async fn race_with_equal_schemas((replicas, _fresh): (Vec<Arc<TestApp>>, Fresh)) {
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..16_usize {
        let app = Arc::clone(&replicas[client % 2]);
        tasks.spawn(async move {
            let mut seen = Vec::new();
            for i in 0..20 {
                let text = lenient("R", &[&format!("f{i}")]);
                let answer = app.post(&format!("/subjects/s{}/versions", i % 4), &json!({ "schema": text })).await.ok();
                seen.push((text, answer["id"].as_i64().unwrap(), i % 4, answer["version"].as_i64().unwrap()));
            }
            seen
        });
    }
    let mut ids: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut contents: BTreeMap<(i32, i64), BTreeSet<String>> = BTreeMap::new();
    for (text, id, subject, version) in tasks.join_all().await.into_iter().flatten() {
        ids.entry(text.clone()).or_default().insert(id);
        contents.entry((subject, version)).or_default().insert(text);
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "one content has two ids: {ids:?}");
    assert_eq!(ids.values().flatten().collect::<BTreeSet<_>>().len(), 20);
    assert!(contents.values().all(|texts| texts.len() == 1), "one version stands for two contents");
    for subject in 0..4 {
        assert_eq!(replicas[0].get(&format!("/subjects/s{subject}/versions")).await.text, "[1,2,3,4,5]");
    }
}

async fn race_with_incompatible_schemas((replicas, _fresh): (Vec<Arc<TestApp>>, Fresh)) {
    for round in 0..10 {
        let mut tasks = tokio::task::JoinSet::new();
        for client in 0..16_usize {
            let app = Arc::clone(&replicas[client % 2]);
            tasks.spawn(async move {
                // fields without defaults: no two of these are compatible
                let text = record("R", &[&format!("f{client}")]);
                app.post(&format!("/subjects/r{round}/versions"), &json!({ "schema": text })).await.status.as_u16()
            });
        }
        let statuses = tasks.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
        assert_eq!(replicas[1].get(&format!("/subjects/r{round}/versions")).await.text, "[1]");
    }
}

/// Whoever is overtaken decides again, and nobody is overtaken for ever.
async fn write_one_subject((replicas, _fresh): (Vec<Arc<TestApp>>, Fresh)) {
    replicas[0].put("/config", &json!({ "compatibility": "NONE" })).await.ok();
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..48_usize {
        let app = Arc::clone(&replicas[client % 2]);
        tasks.spawn(async move {
            for i in 0..6 {
                let text = record("R", &[&format!("f{client}_{i}")]);
                // some take a turn among those who have much to judge as well
                let doc = if client % 8 < 2 { "d".repeat(40 << 10) } else { String::new() };
                let text = text.replacen('{', &format!(r#"{{"doc":"{doc}","#), 1);
                app.post("/subjects/contended/versions", &json!({ "schema": text })).await.ok();
            }
        });
    }
    tasks.join_all().await;
    let versions = replicas[1].get("/subjects/contended/versions").await.ok();
    assert_eq!(versions, json!((1..=48 * 6).collect::<Vec<_>>()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_one_subject_all_get_through_on_sqlite() {
    write_one_subject(pair(Database::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_one_subject_all_get_through_on_two_replicas() {
    if postgres_url().is_none() {
        return;
    }
    write_one_subject(pair(Database::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_one_subject_all_get_through_where_rows_serve_as_locks() {
    if postgres_url().is_none() {
        return;
    }
    write_one_subject(pair_with_row_locks().await).await;
}

/// Who judges for long is overtaken by all who write meanwhile; not for ever.
async fn write_slowly(replicas: &[Arc<TestApp>]) {
    replicas[0].put("/config", &json!({ "compatibility": "NONE" })).await.ok();
    let ends = Arc::new(AtomicBool::new(false));
    let mut quick = tokio::task::JoinSet::new();
    for client in 0..4 {
        let (app, ends) = (Arc::clone(&replicas[1]), Arc::clone(&ends));
        quick.spawn(async move {
            for i in 0.. {
                if ends.load(Ordering::Relaxed) {
                    return i;
                }
                let text = record("R", &[&format!("f{client}_{i}")]);
                app.post("/subjects/contended/versions", &json!({ "schema": text })).await.ok();
            }
            0
        });
    }
    let fields: Vec<String> = (0..4000).map(|i| format!("f{i}")).collect();
    for i in 0..3 {
        let text = record(&format!("R{i}"), &fields.iter().map(String::as_str).collect::<Vec<_>>());
        let version = replicas[0].post("/subjects/contended/versions", &json!({ "schema": text })).await.ok()["version"].clone();
        let tag = json!({ "tagsToAdd": [{ "schemaEntity": { "entityPath": format!("R{i}"), "entityType": "sr_record" }, "tags": ["T"] }] });
        replicas[0].post(&format!("/subjects/contended/versions/{version}/tags"), &tag).await.ok();
    }
    ends.store(true, Ordering::Relaxed);
    let quick: i64 = quick.join_all().await.into_iter().sum();
    assert!(quick > 3, "the others go on, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_gets_through_among_quick_ones_on_sqlite() {
    write_slowly(&pair(Database::Sqlite).await.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_gets_through_among_quick_ones_of_another_replica() {
    if postgres_url().is_none() {
        return;
    }
    let (replicas, fresh) = pair(Database::Postgres).await;
    write_slowly(&replicas).await;
    let mut database = PgConnection::connect(&fresh.url).await.unwrap();
    until("no turn is left", async || {
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM subject_turns").fetch_one(&mut database).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_has_the_turn_of_a_subject_others_wait_for_theirs() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let (one, two) = (fresh.open().await, fresh.open().await);
    let (subject, other) = (Subject::parse("s"), Subject::parse("t"));
    let (mine, yours) = (TurnHolder(1), TurnHolder(2));
    let long = Duration::from_secs(50);
    let register = async |subject: &Subject, turn: Option<TurnHolder>| {
        let state = two.subject(subject).await.unwrap();
        let text = format!("\"{}\"", ["int", "long", "float", "double", "bytes"][state.rows.len()]);
        let request = RegisterRequest { turn, ..request(subject, content(&text, &[]), state.next_version(), state.epoch) };
        two.register(Arc::new(request), &server()).await.unwrap()
    };
    assert!(one.take_turn(&subject, mine, long).await.unwrap());
    assert!(two.take_turn(&subject, mine, long).await.unwrap(), "it is its own");
    assert!(!two.take_turn(&subject, yours, long).await.unwrap());
    assert_eq!(register(&subject, Some(yours)).await, RegisterOutcome::OthersTurn);
    assert!(matches!(register(&other, Some(yours)).await, RegisterOutcome::Registered { .. }), "it is of one subject");
    assert!(matches!(register(&subject, Some(mine)).await, RegisterOutcome::Registered { .. }));
    assert!(matches!(register(&subject, None).await, RegisterOutcome::Registered { .. }), "who waits for no turn needs none");
    two.end_turn(&subject, yours).await.unwrap();
    assert_eq!(register(&subject, Some(yours)).await, RegisterOutcome::OthersTurn, "another's turn is not ended");
    one.end_turn(&subject, mine).await.unwrap();
    assert!(matches!(register(&subject, Some(yours)).await, RegisterOutcome::Registered { .. }));
    let mut database = PgConnection::connect(&fresh.url).await.unwrap();
    let set_back = "UPDATE subject_turns SET until = clock_timestamp() + INTERVAL '1 hour'";
    assert!(one.take_turn(&subject, mine, long).await.unwrap());
    assert_eq!(sqlx::query(set_back).execute(&mut database).await.unwrap().rows_affected(), 1);
    assert!(matches!(register(&subject, Some(yours)).await, RegisterOutcome::Registered { .. }), "the clock was set back");
    fresh.open().await;
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM subject_turns").fetch_one(&mut database).await.unwrap();
    assert_eq!(left, 0, "a start removes what died");
    assert!(one.take_turn(&subject, mine, Duration::from_millis(1)).await.unwrap());
    until("the turn of who is gone ends", async || two.take_turn(&subject, yours, long).await.unwrap().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_schemas_get_one_id_on_sqlite() {
    race_with_equal_schemas(pair(Database::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_incompatible_schemas_wins_on_sqlite() {
    race_with_incompatible_schemas(pair(Database::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_schemas_get_one_id_on_two_replicas() {
    if postgres_url().is_none() {
        return;
    }
    race_with_equal_schemas(pair(Database::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_incompatible_schemas_wins_on_two_replicas() {
    if postgres_url().is_none() {
        return;
    }
    race_with_incompatible_schemas(pair(Database::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_started_at_once_on_a_fresh_database_all_serve() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let starts = (0..4).map(async |_| TestApp::over(fresh.open().await, Setup::default()).await);
    let replicas = futures_util::future::join_all(starts).await;
    let mut ids = BTreeSet::new();
    for app in &replicas {
        ids.insert(app.get("/v1/metadata/id").await.text);
        app.register("s", "\"string\"").await;
    }
    assert_eq!(ids.len(), 1, "one registry has one cluster id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_on_one_replica_reaches_the_other() {
    if postgres_url().is_none() {
        return;
    }
    let (replicas, _fresh) = pair(Database::Postgres).await;
    replicas[0].register("s", "\"string\"").await;
    for app in &replicas {
        app.get("/schemas/ids/1").await.ok();
        app.get("/schemas/ids/1").await.ok();
    }
    replicas[0].delete("/subjects/s").await.ok();
    assert_eq!(replicas[1].get("/subjects/s/versions").await.status, 404, "existence is read from the database");
    // a ready answer may be old for as long as the poll interval, no longer
    for attempt in 0.. {
        if replicas[1].get("/schemas/ids/1").await.ok()["deleted"] == true {
            break;
        }
        assert!(attempt < 50, "the eviction never arrived");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Writers go on while the mode becomes READONLY; what is there when that is acknowledged is all there will be.
async fn race_with_read_only((replicas, _fresh): (Vec<Arc<TestApp>>, Fresh)) {
    for round in 0..3 {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..8_usize {
            let app = Arc::clone(&replicas[writer % 2]);
            tasks.spawn(async move {
                for i in 0.. {
                    let text = lenient("R", &[&format!("r{round}w{writer}_{i}")]);
                    let answer = app.post(&format!("/subjects/s{}/versions", writer % 3), &json!({ "schema": text })).await;
                    match answer.status.as_u16() {
                        200 | 503 => {}
                        422 => return,
                        status => panic!("{status}: {}", answer.text),
                    }
                }
            });
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        replicas[1].put("/mode", &json!({ "mode": "READONLY" })).await.ok();
        let there = async || {
            let mut versions = Vec::new();
            for subject in 0..3 {
                versions.push(replicas[0].get(&format!("/subjects/s{subject}/versions")).await.text);
            }
            versions
        };
        let acknowledged = there().await;
        tasks.join_all().await;
        assert_eq!(there().await, acknowledged, "a registration landed after READONLY was acknowledged");
        replicas[0].put("/mode", &json!({ "mode": "READWRITE" })).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_lands_after_read_only_on_sqlite() {
    race_with_read_only(pair(Database::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_lands_after_read_only_on_two_replicas() {
    if postgres_url().is_none() {
        return;
    }
    race_with_read_only(pair(Database::Postgres).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_mode_waits_for_registrations_that_are_being_written() {
    if postgres_url().is_none() {
        return;
    }
    let (replicas, fresh) = pair(Database::Postgres).await;
    replicas[0].register("s", "\"string\"").await;
    // the registration waits for the row that hands out ids
    let mut gate = PgConnection::connect(&fresh.url).await.unwrap();
    sqlx::query("BEGIN").execute(&mut gate).await.unwrap();
    sqlx::query("UPDATE contexts SET epoch = epoch").execute(&mut gate).await.unwrap();
    let (writer, setter) = (Arc::clone(&replicas[0]), Arc::clone(&replicas[1]));
    let write = tokio::spawn(async move { writer.post("/subjects/t/versions", &json!({ "schema": "\"int\"" })).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut observer = PgConnection::connect(&fresh.url).await.unwrap();
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut observer).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let set = tokio::spawn(async move { setter.put("/mode", &json!({ "mode": "READONLY" })).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!set.is_finished(), "acknowledged while a registration under the old mode is on its way");
    sqlx::query("ROLLBACK").execute(&mut gate).await.unwrap();
    write.await.unwrap().ok();
    set.await.unwrap().ok();
    assert_eq!(replicas[0].post("/subjects/u/versions", &json!({ "schema": "\"int\"" })).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_dropped_lets_go_of_its_connections() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    drop(fresh.open().await);
    let mut observer = PgConnection::connect(&fresh.url).await.unwrap();
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for attempt in 0.. {
        let connected: i64 = sqlx::query_scalar(others).fetch_one(&mut observer).await.unwrap();
        if connected == 0 {
            break;
        }
        assert!(attempt < 100, "the connections stay");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Two keys for one version would lose what was encrypted by one of them.
async fn race_for_keys(database: Database) {
    let fresh = Fresh::new(database).await;
    let setup = || {
        let kms = Kms::default().with(LocalKms::new(&Secret::new("secret".to_owned())).unwrap());
        Setup { defaults: Defaults { kms, ..Defaults::default() }, ..Setup::default() }
    };
    let first = Arc::new(TestApp::over(fresh.open().await, setup()).await);
    let second = match database {
        Database::Sqlite => Arc::clone(&first),
        Database::Postgres => Arc::new(TestApp::over(fresh.open().await, setup()).await),
    };
    let replicas = [first, second];
    for (round, shared) in [true, false, true, false].into_iter().enumerate() {
        let mut tasks = tokio::task::JoinSet::new();
        for client in 0..16_usize {
            let app = Arc::clone(&replicas[client % 2]);
            tasks.spawn(async move {
                let kek = format!("/dek-registry/v1/keks/k{round}");
                let body = json!({ "name": format!("k{round}"), "kmsType": "local-kms", "kmsKeyId": "x", "shared": shared });
                let created_kek = app.post("/dek-registry/v1/keks", &body).await.status.as_u16();
                // what clients do: create, and where another one was first, read
                let material = base64::encode(format!("client {client}").as_bytes());
                let body = if shared { json!({}) } else { json!({ "encryptedKeyMaterial": material }) };
                let created = app.post(&format!("{kek}/deks/s"), &body).await;
                let status = created.status.as_u16();
                let key = if status == 200 { created } else { app.get(&format!("{kek}/deks/s")).await }.ok();
                (created_kek, status, key["encryptedKeyMaterial"].to_string(), key["keyMaterial"].to_string())
            });
        }
        let outcomes = tasks.join_all().await;
        for statuses in [outcomes.iter().map(|o| o.0).collect::<Vec<_>>(), outcomes.iter().map(|o| o.1).collect()] {
            assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
            assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
        }
        let keys: BTreeSet<_> = outcomes.iter().map(|o| (&o.2, &o.3)).collect();
        assert_eq!(keys.len(), 1, "one version has two keys");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_keys_wins_on_sqlite() {
    race_for_keys(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_keys_wins_on_two_replicas() {
    if postgres_url().is_some() {
        race_for_keys(Database::Postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_is_old_at_most_where_nobody_asks_for_a_strict_one() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let replica = async |age: Option<Duration>| {
        let mut options = PostgresOptions::new(&fresh.url);
        options.read_age = age;
        TestApp::over(Arc::new(PostgresStore::open(options, clock()).await.unwrap()), Setup::default()).await
    };
    let latest = "/subjects/s/versions/latest";
    let version = async |app: &TestApp| app.get(latest).await.ok()["version"].clone();
    let (strict, bounded, short) =
        (replica(None).await, replica(Some(Duration::from_mins(10))).await, replica(Some(Duration::from_millis(50))).await);
    let mut fields = vec!["a"];
    strict.register("s", &lenient("R", &fields)).await;
    for app in [&strict, &bounded, &short] {
        assert_eq!(version(app).await, 1);
    }
    fields.push("b");
    strict.register("s", &lenient("R", &fields)).await;
    assert_eq!(version(&strict).await, 2);
    assert_eq!(version(&bounded).await, 1, "what it has read may be ten minutes old");
    let asked = bounded.send(Method::GET, latest, &[("accordant-consistency", "strict")], "").await.ok();
    assert_eq!(asked["version"], 2);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(version(&short).await, 2);
    fields.push("c");
    bounded.register("s", &lenient("R", &fields)).await;
    assert_eq!(version(&bounded).await, 3, "its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_serve_as_locks() {
    if postgres_url().is_some() {
        race_with_equal_schemas(pair_with_row_locks().await).await;
        race_with_incompatible_schemas(pair_with_row_locks().await).await;
        race_with_read_only(pair_with_row_locks().await).await;
    }
}

/// Where registrations of a replica run at once, their ids are taken in transactions of their own.
#[tokio::test(flavor = "multi_thread")]
async fn ids_are_given_once_and_none_is_left_out_on_two_replicas() {
    if postgres_url().is_none() {
        return;
    }
    let (replicas, _fresh) = pair(Database::Postgres).await;
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..16_usize {
        let app = Arc::clone(&replicas[client % 2]);
        tasks.spawn(async move {
            let mut ids = Vec::new();
            for round in 0..20 {
                let context = ["", ":.other:"][round % 2];
                let body = json!({ "schema": record("R", &[&format!("f{client}_{round}")]) });
                let answer = app.post(&format!("/subjects/{context}s{client}_{round}/versions"), &body).await.ok();
                ids.push((round % 2, answer["id"].as_i64().unwrap()));
            }
            ids
        });
    }
    let mut ids: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    ids.sort_unstable();
    let expected: Vec<_> = (0..2).flat_map(|context| (1..=160).map(move |id| (context, id))).collect();
    assert_eq!(ids, expected);
}
