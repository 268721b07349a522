//! Who is let in, and what a failed login says and costs.

use accordant::http::{Gate, Logins, VerifierLimits};
use hyper::Method;
use serde_json::json;

use super::{SECRET, basic, gate, get, register, rules, send, server, tokens, users};
use crate::on_both;
use crate::support::app::{Database, Setup, TestApp, clock, record};

const EVERYONE: &str = "[[allow]]\nprincipals = [\"*\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n";

/// The hash of `accordant_test`.
const TOKEN: &str = "accordant_test";

fn token_file(more: &str) -> String {
    let hash = accordant::login::hash_token(&TOKEN.to_owned().into());
    format!("[[token]]\nname = \"ci\"\nhash = \"{hash}\"\n{more}\n")
}

async fn with_token(app: &TestApp, method: Method, target: &str, token: &str, body: &str) -> crate::support::app::Answer {
    let header = format!("Bearer {token}");
    app.send(method, target, &[("authorization", &header), ("content-type", "application/json")], body.to_owned()).await
}

async fn with_header(app: &TestApp, header: &str) -> u16 {
    app.send(Method::GET, "/subjects", &[("authorization", header)], "").await.status.as_u16()
}

on_both! {
    async fn a_password_is_asked_for_in_the_words_of_confluent(db) {
        let app = server(db, &["alice", "ünal"], EVERYONE).await;
        for (header, status) in [
            (basic("alice", "secret"), 200),
            (basic("ünal", "secret"), 200),
            (basic("alice", "secret").replace("Basic", "basic"), 200),
            (basic("alice", "secret").trim_end_matches('=').to_owned(), 200),
            (basic("alice", "Secret"), 401),
            (basic("alice", ""), 401),
            (basic("alice", "secret\0"), 401),
            (basic("bob", "secret"), 401),
            (basic("", "secret"), 401),
            (basic("ALICE", "secret"), 401),
            ("Basic".to_owned(), 401),
            ("Basic !!!".to_owned(), 401),
            ("Basic YQ==".to_owned(), 401),
            ("Bearer x".to_owned(), 401),
            ("Digest x".to_owned(), 401),
            (String::new(), 401),
        ] {
            assert_eq!(with_header(&app, &header).await, status, "{header}");
        }
        for accept in ["application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json", "text/html"] {
            let answer = app.send(Method::GET, "/subjects", &[("accept", accept)], "").await;
            assert_eq!(answer.text, r#"{"error_code":401,"message":"Unauthorized"}"#);
            let expected = if accept == "text/html" { "application/vnd.schemaregistry.v1+json" } else { accept };
            assert_eq!(answer.header("content-type"), expected);
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"accordant\", charset=\"UTF-8\"");
        }
        let two = [("authorization", basic("alice", "secret")), ("authorization", basic("admin", "secret"))];
        let two: Vec<(&str, &str)> = two.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(app.send(Method::GET, "/subjects", &two, "").await.status, 401, "which of them is meant?");
        let answer = send(&app, "alice", "POST", "/subjects/x/versions", Some(&json!({ "schema": "\"int\"" }))).await;
        assert_eq!(answer.text, r#"{"error_code":40301,"message":"User is denied operation Write on Subject: x"}"#);
    }

    async fn health_is_open_whatever_is_sent(db) {
        let app = server(db, &["alice"], "").await;
        let wrong = basic("alice", "wrong");
        for path in ["/", "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/schemas/types"] {
            for headers in [&[][..], &[("authorization", wrong.as_str())]] {
                assert_eq!(app.send(Method::GET, path, headers, "").await.status, 200, "{path}");
            }
        }
        assert_eq!(app.send(Method::OPTIONS, "/cloudevents/schemas/ids/1", &[], "").await.status, 204, "browsers ask without credentials");
    }

    async fn a_page_of_another_site_can_not_use_a_login_of_the_browser(db) {
        let app = server(db, &[], "").await;
        let login = basic("admin", "secret");
        let body = json!({ "schema": "\"int\"" }).to_string();
        for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
            let headers = [("authorization", login.as_str()), ("content-type", "application/json"), ("sec-fetch-site", site)];
            assert_eq!(app.send(Method::POST, "/subjects/t/versions", &headers, body.clone()).await.status, status, "{site}");
            assert_eq!(app.send(Method::GET, "/subjects", &headers[..1], "").await.status, 200);
        }
    }

    async fn metrics_can_be_closed(db) {
        let http = accordant::http::HttpSettings { metrics_open: false, ..Default::default() };
        let logins = Logins::new(Some(users(&["alice", "bob"])), None, Some(rules("[[allow]]\nprincipals = [\"user:alice\"]\noperations = [\"GLOBAL_READ\"]\n")), false);
        let app = TestApp::with(db, Setup { gate: Some(gate(logins)), http, ..Setup::default() }).await;
        assert_eq!(get(&app, "alice", "/metrics").await.status, 200);
        assert_eq!(get(&app, "bob", "/metrics").await.status, 403);
        assert_eq!(get(&app, "", "/metrics").await.status, 401);
    }

    async fn a_token_may_do_what_it_was_given_and_no_more(db) {
        let all = "[[allow]]\nprincipals = [\"*\", \"token:*\"]\nroles = [\"admin\"]\n[[deny]]\nprincipals = [\"token:*\"]\nroles = [\"owner\"]\nsubjects = [\"a-closed\"]\n";
        let given = token_file("roles = [\"producer\"]\nsubjects = [\"a-*\"]");
        let app = TestApp::with(db, Setup { gate: Some(gate(Logins::new(None, Some(tokens(&given)), Some(rules(all)), false))), ..Setup::default() }).await;
        let schema = json!({ "schema": "\"int\"" }).to_string();
        for (method, target, status) in [
            (Method::POST, "/subjects/a-x/versions", 200),
            (Method::GET, "/subjects/a-x/versions", 200),
            (Method::DELETE, "/subjects/a-x", 403),
            (Method::POST, "/subjects/b-x/versions", 403),
            (Method::POST, "/subjects/a-closed/versions", 403),
            (Method::PUT, "/config", 403),
        ] {
            let answer = with_token(&app, method.clone(), target, TOKEN, &schema).await;
            assert_eq!(answer.status, status, "{method} {target}: {}", answer.text);
        }
        for wrong in ["accordant_tesu", "", "x", "accordant_test accordant_test"] {
            assert_eq!(with_token(&app, Method::GET, "/subjects", wrong, "").await.status, 401, "{wrong}");
        }
        let answer = app.get("/subjects").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"accordant\"");
        assert_eq!(with_token(&app, Method::GET, "/accordant/v1/whoami", TOKEN, "").await.ok()["principal"], "token:ci");
    }

    async fn a_token_ends_when_it_says(db) {
        let now = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
        let read = std::sync::Arc::clone(&now);
        let clock: accordant::types::Clock = std::sync::Arc::new(move || read.load(std::sync::atomic::Ordering::Relaxed));
        let given = token_file("roles = [\"reader\"]\nsubjects = [\"*\"]\nexpires = 1970-01-01T00:00:10Z");
        let gate = Gate::new(Logins::new(None, Some(tokens(&given)), None, false), VerifierLimits::default(), clock).unwrap();
        let app = TestApp::with(db, Setup { gate: Some(gate), ..Setup::default() }).await;
        for (millis, status) in [(0, 200), (9_999, 200), (10_000, 401), (20_000, 401)] {
            now.store(millis, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(with_token(&app, Method::GET, "/subjects", TOKEN, "").await.status, status, "{millis}");
        }
    }

    async fn anonymous_is_a_principal_like_any_other(db) {
        let text = "[[allow]]\nprincipals = [\"anonymous\"]\nroles = [\"reader\"]\nsubjects = [\"public-*\"]\n";
        let app = server(db, &[], text).await;
        register(&app, "public-a", &record("A", &["x"])).await;
        register(&app, "private-a", &record("B", &["x"])).await;
        assert_eq!(get(&app, "", "/subjects").await.ok(), json!(["public-a"]));
        assert_eq!(get(&app, "", "/subjects/public-a/versions/1").await.status, 200);
        assert_eq!(get(&app, "", "/subjects/private-a/versions/1").await.status, 401);
        assert_eq!(send(&app, "", "DELETE", "/subjects/public-a", None).await.status, 401);
        assert_eq!(app.send(Method::GET, "/subjects", &[("authorization", &basic("admin", "wrong"))], "").await.status, 401, "who says a name must prove it");
        // without logins there is nothing to ask for
        let rules_alone = gate(Logins::new(None, None, Some(rules(text)), false));
        let app = TestApp::with(db, Setup { gate: Some(rules_alone), ..Setup::default() }).await;
        assert_eq!(app.get("/subjects/private-a/versions/1").await.error().1, 40301);
    }

    async fn without_rules_who_has_logged_in_may_do_everything(db) {
        let app = TestApp::with(db, Setup { gate: Some(gate(Logins::new(Some(users(&["alice"])), None, None, false))), ..Setup::default() }).await;
        assert_eq!(send(&app, "alice", "PUT", "/config", Some(&json!({ "compatibility": "NONE" }))).await.status, 200);
        assert_eq!(get(&app, "", "/subjects").await.status, 401);
        let who = get(&app, "alice", "/accordant/v1/whoami").await.ok();
        assert_eq!((&who["principal"], &who["unrestricted"], &who["login"]), (&json!("user:alice"), &json!(true), &json!("basic")));
    }

    async fn what_is_denied_can_be_hidden(db) {
        let text = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"reader\"]\nsubjects = [\"a\"]\n\
                    [[allow]]\nprincipals = [\"user:admin\"]\nroles = [\"admin\"]\n";
        let hidden = gate(Logins::new(Some(users(&["alice", "admin"])), None, Some(rules(text)), true));
        let app = TestApp::with(db, Setup { gate: Some(hidden), ..Setup::default() }).await;
        let id = register(&app, "b", &record("B", &["x"])).await;
        register(&app, "a", &record("A", &["x"])).await;
        let nothing = (404, 40401, "Subject 'b' not found.".to_owned());
        assert_eq!(get(&app, "alice", "/subjects/b/versions/1").await.error(), nothing);
        assert_eq!(get(&app, "alice", "/config/b").await.error(), nothing);
        assert_eq!(send(&app, "alice", "POST", "/subjects/b/versions", Some(&json!({ "schema": "\"int\"" }))).await.error(), nothing);
        assert_eq!(send(&app, "alice", "PUT", "/config/b", Some(&json!({ "compatibility": "NONE" }))).await.error(), nothing);
        assert_eq!(get(&app, "alice", &format!("/schemas/ids/{id}")).await.error(), (404, 40403, format!("Schema {id} not found")));
        // what may be read is known to be there
        assert_eq!(send(&app, "alice", "DELETE", "/subjects/a", None).await.error().1, 40301);
        assert_eq!(send(&app, "alice", "PUT", "/config", Some(&json!({ "compatibility": "NONE" }))).await.error().1, 40301);
    }

    async fn whoami_says_what_is_allowed_and_by_which_line(db) {
        let text = "[groups]\nteam = [\"user:alice\"]\n\n[[allow]]\nprincipals = [\"group:team\"]\nroles = [\"producer\"]\nsubjects = [\"orders-*\"]\n";
        let app = server(db, &["alice"], text).await;
        assert_eq!(get(&app, "alice", "/accordant/v1/whoami").await.ok(), json!({
            "principal": "user:alice",
            "groups": ["team"],
            "login": "basic",
            "unrestricted": false,
            "rules": [{
                "effect": "allow",
                "operations": ["SUBJECT_READ", "SUBJECT_WRITE", "SUBJECT_COMPATIBILITY_READ", "GLOBAL_READ", "GLOBAL_COMPATIBILITY_READ"],
                "subjects": ["orders-*"],
                "origin": "access.toml:4",
            }],
        }));
        assert_eq!(get(&app, "", "/accordant/v1/whoami").await.ok()["principal"], "anonymous");
    }

    async fn rules_that_change_count_from_the_next_request_on(db) {
        let logins = |text: &str| Logins::new(Some(users(&["alice", "admin"])), None, Some(rules(text)), false);
        let admin = "[[allow]]\nprincipals = [\"user:admin\"]\nroles = [\"admin\"]\n";
        let reads = format!("{admin}[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"reader\"]\nsubjects = [\"a\"]\n");
        let gate = gate(logins(&reads));
        let app = TestApp::with(db, Setup { gate: Some(std::sync::Arc::clone(&gate)), ..Setup::default() }).await;
        let id = register(&app, "a", &record("A", &["x"])).await;
        let path = format!("/schemas/ids/{id}");
        for _ in 0..2 {
            assert_eq!(get(&app, "alice", &path).await.status, 200);
            gate.replace(logins(admin));
            assert_eq!(get(&app, "alice", &path).await.status, 403, "nothing that was kept is given any more");
            gate.replace(logins(&reads));
        }
        gate.replace(Logins::new(Some(users(&["admin"])), None, Some(rules(&reads)), false));
        assert_eq!(get(&app, "alice", &path).await.status, 401);
    }
}

/// Hashes that take their time, as those of real files do.
fn slow_users() -> accordant::login::Users {
    let hash = bcrypt::hash("secret", 10).unwrap();
    let lines: Vec<String> = (0..4).map(|n| format!("user{n}:{hash}")).collect();
    accordant::login::Users::parse(&lines.join("\n"), &"users".into()).unwrap().0
}

#[test]
fn an_unknown_user_costs_the_same_work_as_a_wrong_password() {
    // half of the file are hashes of one kind, half of another that is dearer; which one is computed shows by the password it takes
    let (cheap, dear) = (bcrypt::hash("cheap", 4).unwrap(), bcrypt::hash("dear", 5).unwrap());
    let lines: Vec<String> = (0..10).map(|n| format!("c{n}:{cheap}\nd{n}:{dear}")).collect();
    let users = accordant::login::Users::parse(&lines.join("\n"), &"users".into()).unwrap().0;
    let is_dear = |name: &str| users.hash_for(name).unwrap().verify(b"dear");
    assert!(is_dear("d0") && !is_dear("c0"));
    let dear_ones = (0..200).filter(|n| is_dear(&format!("nobody{n}"))).count();
    assert!((40..160).contains(&dear_ones), "{dear_ones} of 200 unknown names: known ones would be told from them");
    assert_eq!(is_dear("nobody1"), is_dear("nobody1"), "the same name always takes the same work");
    assert!(!users.verify("nobody1", b"dear") && !users.verify("nobody1", b"cheap"), "and is nobody's, whatever the password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_logins_is_refused_and_leaves_the_others_alone() {
    let logins = Logins::new(Some(slow_users()), None, None, false);
    let gate = Gate::new(logins, VerifierLimits { threads: 1, waiting: 8 }, clock()).unwrap();
    let app = TestApp::with(Database::Sqlite, Setup { gate: Some(gate), ..Setup::default() }).await;
    let login = basic("user0", "secret");
    let good = [("authorization", login.as_str()), ("content-type", "application/json")];
    let answer = app.send(Method::POST, "/subjects/a/versions", &good, json!({ "schema": "\"int\"" }).to_string()).await;
    assert_eq!(answer.status, 200);
    let path = format!("/schemas/ids/{}", answer.json()["id"]);
    assert_eq!(app.send(Method::GET, &path, &good, "").await.status, 200);
    let flood = async {
        let wrong = (0..200).map(|n| {
            let header = basic(&format!("user{}", n % 8), &format!("wrong{n}"));
            let app = &app;
            async move {
                let answer = app.send(Method::GET, "/subjects", &[("authorization", &header)], "").await;
                (answer.status.as_u16(), answer.header("retry-after").to_owned(), answer.error().1)
            }
        });
        futures_util::future::join_all(wrong).await
    };
    let reads = async {
        for _ in 0..50 {
            assert_eq!(app.send(Method::GET, &path, &good, "").await.status, 200);
        }
    };
    let (answers, ()) = tokio::join!(flood, reads);
    assert!(answers.iter().all(|(status, _, _)| matches!(status, 401 | 429)));
    let busy: Vec<_> = answers.iter().filter(|(status, _, _)| *status == 429).collect();
    assert!(!busy.is_empty() && busy.iter().all(|(_, retry, code)| retry == "1" && *code == 42980), "{busy:?}");
    let _ = &*SECRET;
}
