//! Registrations of many who come at the same time, in one transaction of Postgres.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use accordant::store::postgres::{PostgresOptions, PostgresStore};
use accordant::store::{RegisterOutcome, Store, StoreError, StoreObserver};
use accordant::types::Subject;
use futures_util::future::join_all;
use md5::{Digest as _, Md5};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::suite::{content, file, request, server};
use crate::support::app::{Database, Fresh, clock, postgres_url};

#[derive(Default)]
struct Commits {
    commits: AtomicUsize,
    units: AtomicUsize,
}

impl StoreObserver for Commits {
    fn unit(&self, _: &'static str, _: Duration, _: Option<&StoreError>) {}
    fn waited(&self, _: &'static str, _: Duration) {}
    fn committed(&self, units: usize, _: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.units.fetch_add(units, Ordering::Relaxed);
    }
    fn read_in_outage(&self) {}
}

/// A store whose default context is there; how it commits, and a connection of its own to the database.
async fn open() -> (Arc<dyn Store>, Arc<Commits>, PgConnection, Fresh) {
    let (fresh, commits) = (Fresh::new(Database::Postgres).await, Arc::new(Commits::default()));
    let mut options = PostgresOptions::new(&fresh.url);
    options.observer = Arc::clone(&commits) as Arc<dyn StoreObserver>;
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(options, clock()).await.unwrap());
    file(&store, "first", "\"string\"").await;
    let connection = PgConnection::connect(&fresh.url).await.unwrap();
    (store, commits, connection, fresh)
}

async fn register(store: &Arc<dyn Store>, name: &str, text: &str) -> Result<RegisterOutcome, StoreError> {
    let request = request(&Subject::parse(name), content(text, &[]), 1, 0);
    store.register(Arc::new(request), &server()).await
}

fn enumeration(number: usize) -> String {
    format!(r#"{{"type":"enum","name":"E","symbols":["S{number}"]}}"#)
}

fn id_of(outcome: &RegisterOutcome) -> i32 {
    match outcome {
        RegisterOutcome::Registered { id, .. } => *id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_that_come_together_share_commits() {
    if postgres_url().is_none() {
        return;
    }
    let (store, commits, _, _fresh) = open().await;
    commits.commits.store(0, Ordering::Relaxed);
    commits.units.store(0, Ordering::Relaxed);
    let all = join_all((0..80).map(async |n| register(&store, &format!("s{n}"), &enumeration(n)).await.unwrap())).await;
    let ids: BTreeSet<i32> = all.iter().map(id_of).collect();
    assert_eq!(ids.len(), 80, "each content has an id of its own");
    assert_eq!(commits.units.load(Ordering::Relaxed), 80);
    let commits = commits.commits.load(Ordering::Relaxed);
    assert!(commits <= 40, "{commits} commits for 80 registrations");
    for n in 0..80 {
        assert_eq!(store.subject(&Subject::parse(&format!("s{n}"))).await.unwrap().rows.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_lock_holds_up_nobody_else() {
    if postgres_url().is_none() {
        return;
    }
    let (store, _, mut other, _fresh) = open().await;
    // as replicas of every release compute it
    let hash: [u8; 16] = Md5::digest(b"subject\0.\0held\0").into();
    let key = i64::from_be_bytes(hash[..8].try_into().unwrap());
    let mut holder = other.begin().await.unwrap();
    holder.execute(sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key)).await.unwrap();
    let held = tokio::spawn({
        let store = Arc::clone(&store);
        async move { register(&store, "held", &enumeration(1000)).await.unwrap() }
    });
    let all = join_all((0..40).map(async |n| register(&store, &format!("s{n}"), &enumeration(n)).await.unwrap())).await;
    assert_eq!(all.iter().map(id_of).collect::<BTreeSet<_>>().len(), 40);
    assert!(!held.is_finished(), "the lock is held by another transaction");
    holder.commit().await.unwrap();
    id_of(&held.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_takes_nothing_of_its_group_with_it() {
    if postgres_url().is_none() {
        return;
    }
    let (store, _, mut other, _fresh) = open().await;
    let refusing = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                    IF NEW.name = 's7' THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$";
    other.execute(refusing).await.unwrap();
    other.execute("CREATE TRIGGER refusing BEFORE INSERT ON subjects FOR EACH ROW EXECUTE FUNCTION refuse()").await.unwrap();
    let all = join_all((0..40).map(async |n| register(&store, &format!("s{n}"), &enumeration(n)).await)).await;
    for (n, outcome) in all.iter().enumerate() {
        assert_eq!(outcome.is_err(), n == 7, "{n}: {outcome:?}");
        let rows = store.subject(&Subject::parse(&format!("s{n}"))).await.unwrap().rows;
        assert_eq!(rows.len(), usize::from(n != 7), "{n}");
    }
}

/// They can't be decided by what was there before the group.
#[tokio::test(flavor = "multi_thread")]
async fn members_that_depend_on_each_other_are_decided_one_after_the_other() {
    if postgres_url().is_none() {
        return;
    }
    let (store, _, _, _fresh) = open().await;
    for round in 0..5 {
        // ten subjects with one new content, and ten contents for one new subject
        let shared = enumeration(round);
        let same_content = (0..10).map(|n| (format!("r{round}-{n}"), shared.clone()));
        let same_subject = (0..10).map(|n| (format!("r{round}"), enumeration(100 + 10 * round + n)));
        let all =
            join_all(same_content.chain(same_subject).map(async |(name, text)| register(&store, &name, &text).await.unwrap()));
        let all = all.await;
        let (contents, subjects) = all.split_at(10);
        assert_eq!(contents.iter().map(id_of).collect::<BTreeSet<_>>().len(), 1, "one content has one id");
        let written: Vec<_> = subjects.iter().filter(|outcome| matches!(outcome, RegisterOutcome::Registered { .. })).collect();
        assert_eq!(written.len(), 1, "the others were decided on a subject without versions: {subjects:?}");
        assert!(
            subjects.iter().all(|outcome| matches!(outcome, RegisterOutcome::Registered { .. } | RegisterOutcome::HeadMoved))
        );
    }
}
