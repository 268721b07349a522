//! A standby takes over from a primary while clients register: whatever was acknowledged is there, and registrations go on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use accordant::store::postgres::{PostgresOptions, PostgresStore};
use serde_json::json;

use crate::support::app::{Database, Fresh, Setup, TestApp, clock, postgres_url, record};
use crate::support::proxy::Proxy;

async fn replica(url: &str) -> TestApp {
    TestApp::over(Arc::new(PostgresStore::open(PostgresOptions::new(url), clock()).await.unwrap()), Setup::default()).await
}

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_mins(1);

async fn registered(app: &TestApp, subject: &str, text: &str) -> Option<i64> {
    let answer = app.post(&format!("/subjects/{subject}/versions"), &json!({ "schema": text })).await;
    (answer.status == 200).then(|| answer.ok()["id"].as_i64()).flatten()
}

/// Registers until it is acknowledged.
async fn insist(app: &TestApp, subject: &str, text: &str) -> i64 {
    let begun = Instant::now();
    loop {
        if let Some(id) = registered(app, subject, text).await {
            return id;
        }
        assert!(begun.elapsed() < PATIENCE, "no registration is taken any more");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_acknowledged_is_lost_when_a_standby_takes_over() {
    let (Ok(url), Ok(command)) = (std::env::var("TEST_FAILOVER_URL"), std::env::var("TEST_FAILOVER_COMMAND")) else {
        eprintln!("left out: the test of a standby that takes over, for TEST_FAILOVER_URL is not set (scripts/test sets it)");
        return;
    };
    let replicas = [Arc::new(replica(&url).await), Arc::new(replica(&url).await)];
    let is_over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (app, is_over) = (Arc::clone(&replicas[writer % 2]), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut acknowledged = BTreeMap::new();
                for round in 0.. {
                    let subject = format!("s{writer}-{round}");
                    let text = record("R", &[&format!("f{writer}_{round}")]);
                    if let Some(id) = registered(&app, &subject, &text).await {
                        acknowledged.insert(subject, id);
                    }
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
                acknowledged
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    let run = move || std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    let done = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let taken = begun.elapsed();
    for (i, app) in replicas.iter().enumerate() {
        insist(app, &format!("after-{i}"), &record("After", &["a"])).await;
    }
    eprintln!("the standby took over in {taken:?}; both replicas registered {:?} after the primary was stopped", begun.elapsed());
    is_over.store(true, Ordering::Relaxed);
    let mut ids = BTreeMap::new();
    for writer in writers {
        for (subject, id) in writer.await.unwrap() {
            let found = replicas[0].get(&format!("/subjects/{subject}/versions/1")).await.ok();
            assert_eq!(found["id"], id, "{subject}");
            assert_eq!(ids.insert(id, subject), None, "an id for two contents");
        }
    }
    assert!(ids.len() > 20, "hardly anything was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_of_several_servers_is_asked_when_one_is_gone() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let ((mut first, url), (mut second, _)) = (Proxy::to(&fresh.url).await, Proxy::to(&fresh.url).await);
    let both = url.replacen(&first.address.to_string(), &format!("{},{}", first.address, second.address), 1);
    first.refuse().await;
    let app = replica(&both).await;
    insist(&app, "a", &record("R", &["a"])).await;
    second.refuse().await;
    first.resume().await;
    insist(&app, "b", &record("R", &["b"])).await;
    assert_eq!(app.get("/subjects").await.ok(), json!(["a", "b"]));
    first.refuse().await;
    let told = app.get("/readyz").await;
    assert_eq!(told.status, 503);
    for proxy in [&first, &second] {
        assert!(told.text.contains(&proxy.address.to_string()), "{}", told.text);
    }
}
