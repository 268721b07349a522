//! Logging in on the web pages with a password or a token: the session that comes of it, and everything that somebody might try with one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use accordant::http::{Gate, HttpSettings, Logins, SessionSettings, VerifierLimits};
use accordant::login::Users;
use accordant::types::Clock;
use hyper::Method;
use serde_json::json;

use super::{basic, rules, tokens, users};
use crate::on_both;
use crate::support::app::{Answer, Database, Setup, TestApp, record};

const RULES: &str = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"admin\"]\n";
const HOUR: i64 = 3_600_000;
const BEGIN: i64 = 1_700_000_000_000;
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

struct World {
    app: TestApp,
    gate: Arc<Gate>,
    now: Arc<AtomicI64>,
}

fn token_file(token: &str, more: &str) -> String {
    let hash = accordant::login::hash_token(&token.to_owned().into());
    format!("[[token]]\nname = \"ci\"\nhash = \"{hash}\"\nroles = [\"reader\"]\nsubjects = [\"*\"]\n{more}\n")
}

fn logins(of: Users, token: &str, more: &str) -> Logins {
    Logins::new(Some(of), Some(tokens(&token_file(token, more))), Some(rules(RULES)), false)
}

async fn world(db: Database) -> World {
    let now = Arc::new(AtomicI64::new(BEGIN));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || now.load(Ordering::Relaxed))
    };
    let gate =
        Gate::new(logins(users(&["alice", "bob"]), "accordant_one", ""), VerifierLimits { threads: 2, waiting: 64 }, clock)
            .unwrap();
    let sessions = Some(SessionSettings { key: [7; 32], max_age: Duration::from_hours(12) });
    let http = HttpSettings { sessions, ..HttpSettings::default() };
    let app = TestApp::with(db, Setup { gate: Some(Arc::clone(&gate)), http, ..Setup::default() }).await;
    World { app, gate, now }
}

fn set(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

/// What a browser keeps of cookies, as it sends it.
fn kept(answer: &Answer) -> String {
    let pairs = set(answer).into_iter().filter(|cookie| !cookie.contains("Max-Age=0"));
    pairs.map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

impl World {
    async fn log_in(&self, authorization: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let headers = [&[("authorization", authorization), ("content-type", "application/json"), OWN], more].concat();
        self.app.send(Method::POST, "/accordant/v1/session", &headers, body.to_owned()).await
    }

    async fn session(&self, user: &str) -> String {
        let answer = self.log_in(&basic(user, "secret"), &[], "{}").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        kept(&answer)
    }

    async fn read(&self, cookie: &str, more: &[(&str, &str)]) -> u16 {
        let headers = [&[("cookie", cookie)], more].concat();
        self.app.send(Method::GET, "/subjects", &headers, "").await.status.as_u16()
    }

    async fn write(&self, cookie: &str, more: &[(&str, &str)]) -> u16 {
        let headers = [&[("cookie", cookie), ("content-type", "application/json")], more].concat();
        let body = json!({ "schema": record("R", &["a"]) }).to_string();
        self.app.send(Method::POST, "/subjects/s/versions", &headers, body).await.status.as_u16()
    }
}

on_both! {
    async fn a_password_is_sent_once_and_its_session_is_a_login_from_then_on(db) {
        let world = world(db).await;
        let answer = world.log_in(&basic("alice", "secret"), &[], r#"{"path":"/prefix/"}"#).await;
        assert_eq!(answer.json(), json!({ "principal": "user:alice", "login": "basic", "endsAt": "2023-11-15T10:13:20.000Z" }));
        assert_eq!(answer.header("cache-control"), "no-store");
        for cookie in set(&answer) {
            assert!(cookie.contains("; Path=/prefix/; ") && cookie.contains("SameSite=Strict"), "{cookie}");
            // nobody has said that the browser has TLS
            assert!(!cookie.contains("Secure"), "{cookie}");
            assert!(cookie.contains("Max-Age=43200; ") || cookie.contains("Max-Age=0; "), "{cookie}");
            assert!(cookie.starts_with("accordant-signed-in=") != cookie.contains("HttpOnly"), "{cookie}");
        }
        let session = kept(&answer);
        let plain = ["secret", "alice:secret", "YWxpY2U6c2VjcmV0"];
        assert!(plain.iter().all(|secret| !session.contains(secret)), "{session}");
        let me = world.app.send(Method::GET, "/accordant/v1/whoami", &[("cookie", &session), OWN], "").await.ok();
        assert_eq!((&me["principal"], &me["login"]), (&json!("user:alice"), &json!("basic")));
        assert_eq!(world.write(&session, &[OWN]).await, 200);
        assert_eq!(world.read(&session, &[OWN]).await, 200);
        // the rights are those of its user, and what a client says itself counts before
        assert_eq!(world.write(&world.session("bob").await, &[OWN]).await, 403);
        assert_eq!(world.read(&session, &[OWN, ("authorization", "Bearer nonsense")]).await, 401);
        let wrong = world.log_in(&basic("alice", "Secret"), &[], "{}").await;
        assert_eq!((wrong.error(), kept(&wrong)), ((401, 401, "Unauthorized".to_owned()), String::new()));
    }

    async fn a_session_ends_in_time_with_its_password_and_with_its_user(db) {
        let world = world(db).await;
        let session = world.session("alice").await;
        let put = |of: Users| world.gate.replace(logins(of, "accordant_one", ""));
        // the same file, read anew
        put(users(&["alice", "bob"]));
        assert_eq!(world.read(&session, &[OWN]).await, 200);
        put(Users::parse(&format!("alice:{}", bcrypt::hash("secret", 4).unwrap()), &"users".into()).unwrap().0);
        assert_eq!(world.read(&session, &[OWN]).await, 401, "the password was set anew");
        put(users(&["bob"]));
        assert_eq!(world.read(&session, &[OWN]).await, 401, "the user is gone");
        put(users(&["alice"]));
        assert_eq!(world.read(&session, &[OWN]).await, 200);
        world.now.store(BEGIN + 12 * HOUR - 1, Ordering::Relaxed);
        assert_eq!(world.read(&session, &[OWN]).await, 200);
        world.now.store(BEGIN + 12 * HOUR, Ordering::Relaxed);
        assert_eq!(world.read(&session, &[OWN]).await, 401, "12 hours are over");
    }

    async fn a_token_gives_a_session_that_ends_with_it(db) {
        let world = world(db).await;
        world.gate.replace(logins(users(&["alice"]), "accordant_one", "expires = 2023-11-14T23:13:20Z"));
        let answer = world.log_in("Bearer accordant_one", &[], "").await;
        assert_eq!(answer.json(), json!({ "principal": "token:ci", "login": "token", "endsAt": "2023-11-14T23:13:20.000Z" }));
        assert!(set(&answer).iter().any(|cookie| cookie.contains("Max-Age=3600; ")));
        let session = kept(&answer);
        assert_eq!((world.read(&session, &[OWN]).await, world.write(&session, &[OWN]).await), (200, 403));
        world.gate.replace(logins(users(&["alice"]), "accordant_two", ""));
        assert_eq!(world.read(&session, &[OWN]).await, 401, "the token is another one");
        world.gate.replace(logins(users(&["alice"]), "accordant_one", "expires = 2023-11-14T23:13:20Z"));
        world.now.store(BEGIN + HOUR, Ordering::Relaxed);
        assert_eq!(world.read(&session, &[OWN]).await, 401, "it has ended");
    }

    async fn nobody_makes_a_session_up(db) {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
        let world = world(db).await;
        let session = world.session("bob").await;
        let value = session.split("; ").find_map(|pair| pair.strip_prefix("accordant-session=")).unwrap();
        let (said, seal) = value.strip_prefix("s.").unwrap().split_once('.').unwrap();
        assert_eq!(BASE64.decode(said).unwrap(), format!("u{}:bob", BEGIN + 12 * HOUR).into_bytes());
        let sealed = |said: &str, seal: &str| format!("accordant-session=s.{}.{seal}", BASE64.encode(said));
        let end = BEGIN + 12 * HOUR;
        for forged in [
            sealed(&format!("u{end}:alice"), seal),
            sealed(&format!("u{}:bob", end + 1), seal),
            sealed(&format!("t{end}:bob"), seal),
            sealed(&format!("t{end}:ci"), seal),
            sealed(&format!("u{end}:nobody"), seal),
            sealed(&format!("u{end}:bob"), ""),
            sealed(&format!("u{end}:bob"), &BASE64.encode([0; 32])),
            sealed("u", seal),
            sealed("", seal),
            sealed("uxyz:bob", seal),
            "accordant-session=s.".to_owned(),
            "accordant-session=s.!!!.!!!".to_owned(),
            format!("accordant-session=s.{said}.{seal}x"),
            format!("accordant-session=s.{}.{seal}", "A".repeat(5000)),
            format!("{session}; accordant-session=s.{said}.{seal}"),
        ] {
            assert_eq!(world.read(&forged, &[OWN]).await, 401, "{forged}");
        }
        // that of bob is good, and bob may do nothing
        assert_eq!(world.read(&session, &[OWN]).await, 403);
        // a session begins no other, which would never end
        let answer = world.app.send(Method::POST, "/accordant/v1/session", &[("cookie", &session), OWN, ("content-type", "application/json")], "").await;
        assert_eq!((answer.status.as_u16(), kept(&answer)), (401, String::new()));
        // another registry has another key
        let other = World { app: TestApp::with(db, Setup {
            gate: Some(Gate::new(logins(users(&["bob"]), "accordant_one", ""), VerifierLimits::default(), Arc::new(|| BEGIN)).unwrap()),
            http: HttpSettings { sessions: Some(SessionSettings { key: [9; 32], max_age: Duration::from_mins(1) }), ..HttpSettings::default() },
            ..Setup::default()
        }).await, gate: Arc::clone(&world.gate), now: Arc::clone(&world.now) };
        assert_eq!(other.read(&session, &[OWN]).await, 401);
    }

    async fn pages_of_others_can_do_nothing_with_a_session(db) {
        let world = world(db).await;
        let session = world.session("alice").await;
        for site in ["cross-site", "same-site"] {
            let site = [("sec-fetch-site", site)];
            assert_eq!((world.write(&session, &site).await, world.read(&session, &site).await), (403, 401), "{site:?}");
            let answer = world.app.send(Method::DELETE, "/accordant/v1/session", &[site[0], ("cookie", &session)], "").await;
            assert_eq!((answer.status.as_u16(), set(&answer).len()), (403, 0));
        }
        // a browser that reaches the registry without TLS does not say where a page is from: another port of the same host is of the same site
        let other = ("origin", "http://registry.example:9999");
        assert_eq!((world.write(&session, &[other]).await, world.read(&session, &[other]).await), (403, 401));
        assert_eq!(world.write(&session, &[]).await, 403);
        let ours = [("origin", "http://registry.example:8081"), ("accordant-session", "1")];
        assert_eq!((world.write(&session, &ours).await, world.read(&session, &ours).await), (200, 200));
        assert_eq!(world.read(&session, &[]).await, 200);
    }

    async fn logging_out_takes_the_cookies_back(db) {
        let world = world(db).await;
        let session = world.session("alice").await;
        let answer = world.app.send(Method::DELETE, "/accordant/v1/session?path=/prefix/", &[("cookie", &session), OWN], "").await;
        assert_eq!((answer.status.as_u16(), kept(&answer)), (204, String::new()));
        assert!(set(&answer).iter().all(|cookie| cookie.contains("; Path=/prefix/; Max-Age=0")));
        // one that is good no longer, too
        let answer = world.app.send(Method::DELETE, "/accordant/v1/session", &[("cookie", "accordant-session=s.x.y"), OWN], "").await;
        assert_eq!(answer.status, 204);
        for path in ["prefix/", "/a; Domain=example/", "//evil.example", ""] {
            let body = json!({ "path": path }).to_string();
            let answer = world.log_in(&basic("alice", "secret"), &[], &body).await;
            assert_eq!((answer.status.as_u16(), set(&answer).len()), (400, 0), "{path}");
        }
    }
}

#[tokio::test]
async fn a_cookie_is_secure_where_the_browser_has_tls() {
    let world = world(Database::Sqlite).await;
    let is_secure = |answer: &Answer| set(answer).iter().all(|cookie| cookie.contains("; Secure"));
    let login = basic("alice", "secret");
    assert!(is_secure(&world.log_in(&login, &[("origin", "https://registry.example")], "{}").await));
    assert!(!is_secure(&world.log_in(&login, &[("origin", "http://registry.example")], "{}").await));
    // that it has TLS a proxy of ours may say, and nobody else
    assert!(!is_secure(&world.log_in(&login, &[("x-forwarded-proto", "https")], "{}").await));
    let http = HttpSettings {
        sessions: Some(SessionSettings { key: [1; 32], max_age: Duration::from_mins(1) }),
        trusted_proxies: accordant::http::TrustedProxies::parse("127.0.0.1").unwrap(),
        ..HttpSettings::default()
    };
    let gate = Gate::new(logins(users(&["alice"]), "accordant_one", ""), VerifierLimits::default(), Arc::new(|| BEGIN)).unwrap();
    let app = TestApp::with(Database::Sqlite, Setup { gate: Some(Arc::clone(&gate)), http, ..Setup::default() }).await;
    let behind = World { app, gate, now: world.now };
    assert!(is_secure(&behind.log_in(&login, &[("x-forwarded-proto", "https")], "{}").await));
    assert!(!is_secure(&behind.log_in(&login, &[("x-forwarded-proto", "http")], "{}").await));
}

#[tokio::test]
async fn to_the_pages_no_password_is_offered_that_the_browser_would_ask_for_itself() {
    let world = world(Database::Sqlite).await;
    let asked = async |headers: &[(&str, &str)]| {
        let answer = world.app.send(Method::GET, "/subjects", headers, "").await;
        assert_eq!(answer.status, 401);
        answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(asked(&[]).await.iter().any(|challenge| challenge.starts_with("Basic ")));
    for headers in [[("cookie", "accordant-session=s.x.y")], [("accordant-session", "1")]] {
        assert_eq!(asked(&headers).await, ["Session realm=\"accordant\""]);
    }
}

#[tokio::test]
async fn without_pages_or_logins_there_are_no_sessions() {
    let http = HttpSettings {
        ui: false,
        sessions: Some(SessionSettings { key: [1; 32], max_age: Duration::from_mins(1) }),
        ..HttpSettings::default()
    };
    let gate = super::gate(logins(users(&["alice"]), "accordant_one", ""));
    let without_pages = TestApp::with(Database::Sqlite, Setup { gate: Some(gate), http, ..Setup::default() }).await;
    let without_logins = TestApp::new(Database::Sqlite).await;
    let login = basic("alice", "secret");
    for app in [without_pages, without_logins] {
        let headers = [("authorization", login.as_str()), ("content-type", "application/json")];
        assert_eq!(app.send(Method::POST, "/accordant/v1/session", &headers, "").await.status, 404);
    }
}
