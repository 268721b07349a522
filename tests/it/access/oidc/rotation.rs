//! An issuer that is asked, changes its keys, and goes away, before a server of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{Signer, claims, keys};
use crate::support::process::{Process, command, eventually};

/// An issuer on this machine: what it has published can be changed, and it can be away.
struct TestIssuer {
    url: String,
    keys: Arc<Mutex<Value>>,
    is_away: Arc<AtomicBool>,
}

impl TestIssuer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (keys, is_away) = (Arc::new(Mutex::new(json!({}))), Arc::new(AtomicBool::new(false)));
        let issuer = Self { url: url.clone(), keys: Arc::clone(&keys), is_away: Arc::clone(&is_away) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let Some(Ok(first)) = lines.next() else { continue };
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let body = match first.split(' ').nth(1).unwrap() {
                    "/.well-known/openid-configuration" => json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }),
                    _ => keys.lock().unwrap().clone(),
                }
                .to_string();
                let status = if is_away.load(Ordering::Relaxed) { 503 } else { 200 };
                let length = body.len();
                let _ = write!(stream, "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            }
        });
        issuer
    }

    fn publish(&self, signers: &[&Signer]) {
        *self.keys.lock().unwrap() = keys(signers);
    }
}

#[expect(clippy::disallowed_methods, reason = "tokens for a process that asks the system for the time")]
fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap()
}

fn token(issuer: &str, signer: &Signer) -> String {
    let mut claims = claims(now());
    claims["iss"] = json!(issuer);
    signer.sign(&claims)
}

fn status(server: &Process, token: &str) -> u16 {
    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /subjects HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line[9..12].parse().unwrap()
}

#[test]
fn keys_are_found_by_discovery_and_kept_while_the_issuer_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let (issuer, first, second) = (TestIssuer::start(), Signer::new(Algorithm::RS256, "1"), Signer::new(Algorithm::ES256, "2"));
    issuer.publish(&[&first]);
    let arguments = ["--oidc-issuer", &issuer.url, "--oidc-audience", "registry", "--oidc-refresh", "200ms"];
    let server = Process::start(directory.path(), &arguments);
    assert!(server.begin.contains("tokens of an issuer"), "{}", server.begin);
    let (old, new) = (token(&issuer.url, &first), token(&issuer.url, &second));
    assert_eq!((status(&server, &old), status(&server, &new)), (200, 401));
    // what was refused for want of a key is good once the key is there; what was good is not once its key is gone
    issuer.publish(&[&second]);
    eventually("the new key", || status(&server, &new) == 200);
    eventually("the old one is forgotten", || status(&server, &old) == 401);
    issuer.is_away.store(true, Ordering::Relaxed);
    eventually("a fetch that fails", || {
        let text = crate::support::process::exchange(&server.address, "GET", "/metrics", "").unwrap().1;
        text.lines().any(|line| line.starts_with("accordant_oidc_key_fetches_total{") && line.contains("outcome=\"failed\""))
    });
    assert_eq!(status(&server, &new), 200);
    assert_eq!(status(&server, &token("https://elsewhere", &second)), 401);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("the issuer's keys stay as they are") && log.contains("HTTP 503") && !log.contains(&new), "{log}");
}

#[test]
fn a_server_starts_while_its_issuer_is_away_and_takes_tokens_once_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let (issuer, signer) = (TestIssuer::start(), Signer::new(Algorithm::EdDSA, "1"));
    issuer.is_away.store(true, Ordering::Relaxed);
    let arguments = ["--oidc-issuer", &issuer.url, "--oidc-audience", "registry", "--oidc-refresh", "200ms"];
    let server = Process::start(directory.path(), &arguments);
    assert!(server.begin.contains("tokens are not taken until the issuer's keys are here"), "{}", server.begin);
    let token = token(&issuer.url, &signer);
    assert_eq!(status(&server, &token), 503);
    issuer.publish(&[&signer]);
    issuer.is_away.store(false, Ordering::Relaxed);
    eventually("keys", || status(&server, &token) == 200);
}

#[test]
fn several_issuers_have_keys_and_names_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let (people, machines) = (TestIssuer::start(), TestIssuer::start());
    let (first, second) = (Signer::new(Algorithm::RS256, "1"), Signer::new(Algorithm::ES256, "1"));
    people.publish(&[&first]);
    machines.publish(&[&second]);
    let both = format!("{},{}", people.url, machines.url);
    let arguments = ["--oidc-issuer", &both, "--oidc-audience", "registry", "--oidc-prefix", ",ci:", "--oidc-refresh", "200ms"];
    let server = Process::start(directory.path(), &arguments);
    assert!(server.begin.contains("tokens of 2 issuers"), "{}", server.begin);
    let who = |token: &str| {
        let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
        write!(stream, "GET /accordant/v1/whoami HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n").unwrap();
        let text: String = BufReader::new(stream).lines().map_while(Result::ok).collect();
        text.split_once("\"principal\":\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
    };
    assert_eq!(who(&token(&people.url, &first)).as_deref(), Some("user:svc-orders"));
    assert_eq!(who(&token(&machines.url, &second)).as_deref(), Some("user:ci:svc-orders"));
    // the keys of one are not good for the other
    assert_eq!(status(&server, &token(&people.url, &second)), 401);
    assert_eq!(status(&server, &token(&machines.url, &first)), 401);
    assert_eq!(status(&server, &token("https://elsewhere", &first)), 401);
    people.is_away.store(true, Ordering::Relaxed);
    machines.publish(&[&first]);
    eventually("the keys of the one go on while the other is away", || status(&server, &token(&machines.url, &first)) == 200);
    assert_eq!(status(&server, &token(&people.url, &first)), 200);
}

#[test]
fn several_issuers_can_differ_in_what_their_tokens_must_say() {
    let directory = tempfile::tempdir().unwrap();
    let (people, machines) = (TestIssuer::start(), TestIssuer::start());
    let (first, second) = (Signer::new(Algorithm::RS256, "1"), Signer::new(Algorithm::ES256, "1"));
    people.publish(&[&first]);
    machines.publish(&[&second]);
    let both = format!("{},{}", people.url, machines.url);
    let arguments = [
        ["--oidc-issuer", &both],
        ["--oidc-prefix", ",ci:"],
        ["--oidc-audience", "people,all; machines"],
        ["--oidc-algorithms", "RS256;ES256,EdDSA"],
        ["--oidc-principal-claim", "name;job.[of.repository]"],
        ["--oidc-groups-claim", "groups;"],
    ];
    let server = Process::start(directory.path(), arguments.as_flattened());
    let token = |issuer: &str, signer: &Signer, audience: &str| {
        let mut claims = claims(now());
        claims["iss"] = json!(issuer);
        claims["aud"] = json!(audience);
        claims["name"] = json!("alice");
        claims["job"] = json!({ "of.repository": "shop" });
        claims["groups"] = json!(["team"]);
        signer.sign(&claims)
    };
    let who = |token: &str| {
        let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
        write!(stream, "GET /accordant/v1/whoami HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n").unwrap();
        let text: String = BufReader::new(stream).lines().map_while(Result::ok).collect();
        text.split_once('{').map(|(_, body)| body.split("\"login\"").next().unwrap().to_owned()).unwrap_or_default()
    };
    let alice = who(&token(&people.url, &first, "all"));
    assert!(alice.contains("\"user:alice\"") && alice.contains("team"), "{alice}");
    let job = who(&token(&machines.url, &second, "machines"));
    assert!(job.contains("\"user:ci:shop\"") && !job.contains("team"), "{job}");
    // the audience of one is not good for the other
    assert_eq!(status(&server, &token(&people.url, &first, "machines")), 401);
    assert_eq!(status(&server, &token(&machines.url, &second, "all")), 401);
}

#[test]
fn keys_can_be_in_a_file_that_changes() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (Signer::new(Algorithm::ES384, "1"), Signer::new(Algorithm::PS512, "2"));
    let file = directory.path().join("keys.json");
    std::fs::write(&file, keys(&[&first]).to_string()).unwrap();
    let issuer = "https://issuer.example";
    let server =
        Process::start(directory.path(), &["--oidc-issuer", issuer, "--oidc-audience", "x,registry", "--oidc-jwks", "keys.json"]);
    let (old, new) = (token(issuer, &first), token(issuer, &second));
    assert_eq!(status(&server, &old), 200);
    std::fs::write(&file, "{").unwrap();
    server.signal("-HUP");
    assert_eq!(status(&server, &old), 200);
    std::fs::write(&file, keys(&[&second]).to_string()).unwrap();
    eventually("the key of the changed file", || status(&server, &new) == 200);
}

#[test]
fn settings_that_would_let_anybody_in_end_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["--oidc-issuer", "https://i"][..], "oidc-audience is not given"),
        (&["--oidc-audience", "a"], "without oidc-issuer"),
        (&["--oidc-issuer", "https://i,https://j", "--oidc-audience", "a"], "each needs a part of oidc-prefix of its own"),
        (&["--oidc-issuer", "https://i,https://j", "--oidc-audience", "a", "--oidc-prefix", "a,b,c"], "have one part"),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a;b"], "oidc-audience has one part for each"),
        (
            &["--oidc-issuer", "https://i,https://j", "--oidc-audience", "a; ", "--oidc-prefix", ",b"],
            "oidc-audience is not given",
        ),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a", "--oidc-principal-claim", "a;b"], "oidc-principal-claim has"),
        (&["--oidc-issuer", "https://i,", "--oidc-audience", "a"], "have one part"),
        (&["--oidc-issuer", "http://issuer.example", "--oidc-audience", "a"], "neither https:// nor on this machine"),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a", "--oidc-jwks", "http://k/keys"], "neither https:// nor"),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a", "--oidc-jwks", "none.json"], "none.json: "),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a", "--oidc-algorithms", "HS256"], "is not a list of RS256"),
        (&["--oidc-issuer", "https://i", "--oidc-audience", "a", "--oidc-algorithms", "none"], "is not a list of RS256"),
    ] {
        let child = command(directory.path()).args(["--listen", "127.0.0.1:0"]).args(arguments).stdout(Stdio::piped()).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{arguments:?}: {said}");
    }
}
