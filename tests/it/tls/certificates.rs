//! Certificates of clients as logins.

use accordant::login::{Certificate, CertificateLogin, NameSource, PrincipalMapping};
use base64::Engine as _;
use serde_json::Value;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::client::Client;
use super::{file, server};
use crate::support::process::{self, Process};

const SUBJECT: &str = r"CN=svc-orders,OU=Services,O=Example\, Inc.,C=DE";

fn names(source: NameSource) -> Vec<String> {
    Certificate::parse(&CertificateDer::from_pem_slice(&file("client.pem")).unwrap()).unwrap().names(source)
}

#[test]
fn names_are_written_as_kafka_has_them() {
    assert_eq!(names(NameSource::Subject), [SUBJECT]);
    assert_eq!(names(NameSource::Dns), ["orders.example"]);
    assert_eq!(names(NameSource::Uri), ["spiffe://example/orders"]);
    assert_eq!(names(NameSource::Email), ["orders@example.org"]);
    // BER of some other kind, a beginning, nothing
    let der = CertificateDer::from_pem_slice(&file("client.pem")).unwrap();
    for broken in [&b"\x30\x00"[..], &der[..100], &[]] {
        assert!(Certificate::parse(broken).is_err());
    }
}

#[test]
fn rules_mean_what_they_mean_to_kafka() {
    for (rules, name, expected) in [
        ("DEFAULT", SUBJECT, Some(SUBJECT)),
        ("RULE:^CN=(.*?),OU=Services.*$/$1/", SUBJECT, Some("svc-orders")),
        ("RULE:^CN=(.*?),OU=Services.*$/$1@$2/U,DEFAULT", SUBJECT, Some("SVC-ORDERS@$2")),
        ("RULE:CN=(.*?),OU=(.*?),.*/$2-$1/L", SUBJECT, Some("services-svc-orders")),
        // all of it must match
        ("RULE:CN=(.*?),OU=Services/$1/", SUBJECT, None),
        ("RULE:CN=(.*?),OU=Services/$1/ , DEFAULT", SUBJECT, Some(SUBJECT)),
        ("RULE:CN=x/y/,RULE:CN=(.*)/$1/", "CN=b", Some("b")),
        (r"RULE:spiffe:\/\/(.*?)\/(.*)/$1\/$2/", "spiffe://example/orders", Some("example/orders")),
        // there is no eleventh group, so the first one with a 1 behind it is meant
        ("RULE:(.)(.)/$11/", "ab", Some("a1")),
        (r"RULE:(.*)/\$1/", "a", Some("$1")),
        // one that would take for ever matches nothing
        ("RULE:(?=(a+)+b)a.*/x/", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", None),
    ] {
        let mapping = PrincipalMapping::parse(rules).unwrap();
        assert_eq!(mapping.apply(name).as_deref(), expected, "{rules}");
    }
    for rules in ["", "default", "RULE:a", "RULE:a/b", "RULE:(/b/", "DEFAULT RULE:a/b/", "RULE:a/b/X", "DEFAULT,x"] {
        assert!(PrincipalMapping::parse(rules).is_err(), "{rules}");
    }
    let login = CertificateLogin { source: NameSource::Dns, mapping: PrincipalMapping::parse("RULE:.*//").unwrap() };
    let certificate = Certificate::parse(&CertificateDer::from_pem_slice(&file("client.pem")).unwrap()).unwrap();
    assert_eq!(login.owner(&certificate), None, "nobody has an empty name");
}

fn start(directory: &std::path::Path, more: &[&str]) -> Process {
    let hash = bcrypt::hash("secret", 4).unwrap();
    std::fs::write(directory.join("users"), format!("alice:{hash}\n")).unwrap();
    let rules = "[[allow]]\nprincipals = [\"user:svc-*\"]\nroles = [\"producer\"]\nsubjects = [\"orders-*\"]\n\
                 [[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"admin\"]\n";
    std::fs::write(directory.join("access.toml"), rules).unwrap();
    let always =
        ["--tls-client-auth", "optional", "--tls-client-ca", "ca.pem", "--users-file", "users", "--access-file", "access.toml"];
    server(directory, &[&always[..], more].concat())
}

fn who(client: &Client, server: &Process, headers: &str) -> (u16, Value) {
    let (status, text) = client.send(&server.address, "GET", "/accordant/v1/whoami", headers, "").unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn a_certificate_is_a_login() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--tls-principal-mapping", "RULE:^CN=(.*?),.*$/$1/"]);
    assert!(server.begin.contains("1 users, 0 tokens, certificates of clients, 2 rules"), "{}", server.begin);
    let client = Client::new().identity("client");
    let (_, found) = who(&client, &server, "");
    assert_eq!((found["principal"].as_str(), found["login"].as_str()), (Some("user:svc-orders"), Some("certificate")));
    let schema = r#"{"schema":"\"int\""}"#;
    for (subject, expected) in [("orders-a", 200), ("payments-a", 403)] {
        let target = format!("/subjects/{subject}/versions");
        assert_eq!(client.send(&server.address, "POST", &target, "", schema).unwrap().0, expected, "{subject}");
    }
    // who shows a password as well wants to be taken for that user, and must be right
    let basic = |password: &str| {
        let login = base64::engine::general_purpose::STANDARD.encode(format!("alice:{password}"));
        format!("authorization: Basic {login}\r\n")
    };
    assert_eq!(who(&client, &server, &basic("secret")).1["principal"], "user:alice");
    assert_eq!(who(&client, &server, &basic("wrong")).0, 401);
    assert_eq!(who(&Client::new(), &server, "").1["principal"], "anonymous");
}

#[test]
fn an_alternative_name_can_say_who_it_is_and_one_that_no_rule_takes_is_nobodys() {
    let directory = tempfile::tempdir().unwrap();
    let more = ["--tls-principal", "uri", "--tls-principal-mapping", "RULE:spiffe:\\/\\/example\\/(.*)/svc-$1/"];
    let server = start(directory.path(), &more);
    let client = Client::new().identity("client");
    assert_eq!(who(&client, &server, "").1["principal"], "user:svc-orders");
    drop(server);
    let server = start(directory.path(), &["--tls-principal-mapping", "RULE:CN=other/other/"]);
    assert_eq!(who(&client, &server, "").1["principal"], "anonymous");
    assert_eq!(client.get(&server.address, "/subjects/orders-a/versions").unwrap().0, 401);
}

#[test]
fn certificates_can_say_who_may_connect_and_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &["--tls-principal", "none"]);
    assert!(server.begin.contains("logins: 1 users, 0 tokens, 2 rules"), "{}", server.begin);
    let client = Client::new().identity("client");
    assert_eq!(who(&client, &server, "").1["principal"], "anonymous");
    let login = base64::engine::general_purpose::STANDARD.encode("alice:secret");
    assert_eq!(who(&client, &server, &format!("authorization: Basic {login}\r\n")).1["principal"], "user:alice");
    drop(server);
    // where they are all there is, whoever may connect may do everything
    let more = ["--tls-client-auth", "required", "--tls-client-ca", "ca.pem", "--tls-principal", "none"];
    let server = self::server(directory.path(), &more);
    assert!(server.begin.contains("no logins are configured"), "{}", server.begin);
    let schema = r#"{"schema":"\"int\""}"#;
    assert_eq!(client.send(&server.address, "POST", "/subjects/a/versions", "", schema).unwrap().0, 200);
    assert!(Client::new().get(&server.address, "/subjects").is_err());
}

#[test]
fn without_rules_whoever_has_a_certificate_may_do_everything_and_nobody_else_anything() {
    let directory = tempfile::tempdir().unwrap();
    let listen = ["--listen", "https://127.0.0.1:0,http://127.0.0.1:0"];
    let mut starting = process::command(directory.path());
    for (name, to) in [("server.pem", "cert.pem"), ("server.key", "key.pem"), ("ca.pem", "ca.pem")] {
        super::copy(name, directory.path(), to);
    }
    starting.args(listen).args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    starting.args(["--tls-client-auth", "required", "--tls-client-ca", "ca.pem"]);
    let server = Process::spawn(&mut starting);
    let client = Client::new().identity("client");
    assert_eq!(client.send(&server.address, "PUT", "/config", "", r#"{"compatibility":"NONE"}"#).unwrap().0, 200);
    assert_eq!(who(&client, &server, "").1["principal"], format!("user:{SUBJECT}"));
    let plain = server.urls[1].trim_start_matches("http://");
    assert_eq!(process::exchange(plain, "GET", "/subjects", "").unwrap().0, 403);
    assert_eq!(process::exchange(plain, "GET", "/healthz", "").unwrap().0, 200);
}
