//! Clients that ask more often than they may.

use std::time::Duration;

use accordant::http::{HttpSettings, Logins, Rate, RateLimits};
use serde_json::{Value, json};

use super::{gate, get, send, users};
use crate::on_both;
use crate::support::app::{Database, Setup, TestApp};

/// Two an hour: the third one is refused however slow the tests are.
const TWO: Option<Rate> = Some(Rate { requests: 2, per: Duration::from_hours(1) });

async fn server(database: Database, limits: RateLimits) -> TestApp {
    let http = HttpSettings { rate_limits: limits, ..HttpSettings::default() };
    let rules = "[[allow]]\nprincipals = [\"*\", \"anonymous\"]\nroles = [\"owner\"]\nsubjects = [\"*\"]\n";
    let logins = Logins::new(Some(users(&["alice", "bob"])), None, Some(super::rules(rules)), false);
    TestApp::with(database, Setup { gate: Some(gate(logins)), http, ..Setup::default() }).await
}

fn schema() -> Value {
    json!({ "schema": "\"int\"" })
}

on_both! {
    async fn each_client_may_write_so_often_and_read_as_it_likes(db) {
        let app = server(db, RateLimits { writes: TWO, judging: None }).await;
        for user in ["alice", "bob", ""] {
            for _ in 0..2 {
                assert_eq!(send(&app, user, "POST", "/subjects/a/versions", Some(&schema())).await.status, 200, "{user}");
            }
            let refused = send(&app, user, "POST", "/subjects/a/versions", Some(&schema())).await;
            let (status, code, message) = refused.error();
            assert_eq!((status, code), (429, 42980), "{user}");
            assert!(message.starts_with("Too many requests; the setting rate-limit-writes moves this limit"), "{message}");
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=1800).contains(&wait), "{wait}");
            // other writes are of the same bucket, and what only asks is not
            for (method, target) in [("DELETE", "/subjects/a"), ("PUT", "/config/a"), ("DELETE", "/mode/a"), ("PUT", "/cloudevents/aliases?uri=x")] {
                assert_eq!(send(&app, user, method, target, Some(&json!({}))).await.status, 429, "{user} {method} {target}");
            }
            for _ in 0..5 {
                assert_eq!(get(&app, user, "/subjects/a/versions").await.status, 200);
                assert_eq!(send(&app, user, "POST", "/subjects/a", Some(&schema())).await.status, 200);
                assert_eq!(send(&app, user, "POST", "/compatibility/subjects/a/versions", Some(&schema())).await.status, 200);
            }
        }
        let metrics = app.get("/metrics").await.text;
        assert!(metrics.contains("accordant_requests_limited_total{setting=\"rate-limit-writes\"} 15"), "{metrics}");
    }

    async fn each_client_may_have_so_much_judged(db) {
        let app = server(db, RateLimits { writes: None, judging: TWO }).await;
        assert_eq!(send(&app, "alice", "POST", "/subjects/a/versions", Some(&schema())).await.status, 200);
        for target in ["/subjects/a", "/compatibility/subjects/a/versions"] {
            assert_eq!(send(&app, "alice", "POST", target, Some(&schema())).await.status, 200, "{target}");
        }
        for target in ["/subjects/a", "/compatibility/subjects/a/versions", "/compatibility/subjects/a/versions/1"] {
            assert_eq!(send(&app, "alice", "POST", target, Some(&schema())).await.error().1, 42980, "{target}");
        }
        let problem = send(&app, "alice", "POST", "/cloudevents/validate", Some(&json!({}))).await;
        assert_eq!((problem.status.as_u16(), problem.header("content-type")), (429, "application/problem+json"));
        assert!(problem.json()["type"].as_str().unwrap().ends_with("/cloudevents/problems/too-many-requests"), "{}", problem.text);
        assert_eq!(app.get("/cloudevents/problems/too-many-requests").await.status, 200);
        assert_eq!(send(&app, "alice", "POST", "/subjects/a/versions", Some(&schema())).await.status, 200);
        assert_eq!(app.post("/", &json!({})).await.status, 200, "what needs nothing is not counted");
    }
}
