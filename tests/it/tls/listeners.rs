//! What is agreed on, with whom, and what becomes of those with whom nothing is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::client::{Client, exchange};
use super::{copy, metric, server};
use crate::support::process::{self, Process, command};

const SCHEMA: &str = r#"{"schema":"\"int\""}"#;

#[test]
fn both_versions_and_both_protocols_are_spoken() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &[]);
    let address = &server.address;
    for version in [&TLS12, &TLS13] {
        let client = Client::new().version(version);
        assert_eq!(client.send(address, "POST", "/subjects/a/versions", "", SCHEMA).unwrap().0, 200);
        assert_eq!(client.get(address, "/subjects").unwrap(), (200, r#"["a"]"#.to_owned()));
    }
    for (offered, agreed) in [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1")] {
        let (protocol, version) = Client::new().protocols(offered).agreed(address).unwrap();
        assert_eq!((protocol.as_deref(), version.as_str()), (Some(agreed), "TLSv1_3"));
    }
    assert!(Client::new().protocols(&["spdy/3"]).connect(address).is_err());
    assert_eq!(metric(&server, "accordant_tls_stale "), Some(0.0));
    assert!(metric(&server, "accordant_tls_certificate_expires ").unwrap() > 4.0e9);
    // who speaks no TLS is not answered in plain text either
    assert!(process::exchange(address, "GET", "/subjects", "").is_err());
    assert!(metric(&server, "accordant_tls_handshakes_failed_total{reason=\"refused\"} ").unwrap() >= 2.0);
}

#[test]
fn http2_is_served_within_tls() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &[]);
    let mut connection = Client::new().protocols(&["h2"]).connect(&server.address).unwrap();
    // the preface and empty settings; the server says its own first
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    connection.flush().unwrap();
    let mut head = [0; 9];
    connection.read_exact(&mut head).unwrap();
    assert_eq!(head[3], 4, "a frame of settings: {head:?}");
}

#[test]
fn an_old_version_can_be_refused() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &["--tls-min-version", "1.3"]);
    assert!(Client::new().version(&TLS12).connect(&server.address).is_err());
    assert_eq!(Client::new().get(&server.address, "/subjects").unwrap().0, 200);
}

#[test]
fn addresses_are_plain_or_encrypted_each_as_it_says() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["server.pem", "server.key"] {
        copy(name, directory.path(), name);
    }
    let listen = "https://127.0.0.1:0,http://127.0.0.1:0, 127.0.0.1:0";
    let mut starting = command(directory.path());
    starting.args(["--listen", listen, "--tls-cert", "server.pem", "--tls-key", "server.key"]);
    let server = Process::spawn(&mut starting);
    let addresses: Vec<(&str, &str)> = server.urls.iter().map(|url| url.split_once("://").unwrap()).collect();
    assert_eq!(addresses.iter().map(|(scheme, _)| *scheme).collect::<Vec<_>>(), ["https", "http", "https"]);
    for (scheme, address) in addresses {
        let status = match scheme {
            "http" => process::exchange(address, "GET", "/subjects", "").unwrap().0,
            _ => Client::new().get(address, "/subjects").unwrap().0,
        };
        assert_eq!(status, 200, "{scheme} {address}");
    }
}

#[test]
fn settings_that_contradict_one_another_end_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["server.pem", "server.key", "ca.pem", "client.key"] {
        copy(name, directory.path(), name);
    }
    std::fs::write(directory.path().join("empty.pem"), "").unwrap();
    let pair = ["--tls-cert", "server.pem", "--tls-key", "server.key"];
    let cases: [(&[&str], &str); 9] = [
        (&["--tls-cert", "server.pem"], "without tls-key"),
        (&["--tls-key", "server.key"], "without tls-cert"),
        (&["--listen", "https://127.0.0.1:0"], "needs tls-cert and tls-key"),
        (&["--tls-cert", "server.pem", "--tls-key", "client.key"], "tls-cert and tls-key: "),
        (&["--tls-cert", "empty.pem", "--tls-key", "server.key"], "tls-cert: no certificate in it"),
        (&["--tls-cert", "server.pem", "--tls-key", "empty.pem"], "tls-key: "),
        (&["--tls-cert", "server.pem", "--tls-key", "none.key"], "none.key: "),
        (&[&pair[..], &["--tls-client-auth", "required"]].concat(), "tls-client-ca does not say whose are good"),
        (&[&pair[..], &["--tls-client-ca", "ca.pem"]].concat(), "tls-client-auth is off"),
    ];
    for (arguments, expected) in cases {
        let given = if arguments[0] == "--listen" { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let child = command(directory.path()).args(given).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("PRIVATE"), "{said}");
    }
}

#[test]
fn a_key_that_everybody_can_read_is_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &[]);
    assert!(server.begin.contains("key.pem can be read by everybody on this machine"), "{}", server.begin);
}

#[test]
fn who_does_not_agree_in_time_is_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &["--tls-handshake-timeout", "200ms"]);
    for begin in [&b""[..], b"\x16\x03\x01"] {
        let mut silent = TcpStream::connect(&server.address).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        silent.write_all(begin).unwrap();
        assert!(matches!(silent.read(&mut [0; 8]), Ok(0) | Err(_)));
    }
    assert_eq!(metric(&server, "accordant_tls_handshakes_failed_total{reason=\"given_up\"} "), Some(2.0));
}

#[test]
fn those_who_begin_and_do_not_go_on_keep_nobody_else_out() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &["--tls-max-handshakes", "4", "--tls-handshake-timeout", "10m"]);
    let mut kept = Client::new().connect(&server.address).unwrap();
    assert_eq!(exchange(&mut kept, "GET", "/subjects", "", "").unwrap().0, 200);
    let silent: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    assert_eq!(Client::new().get(&server.address, "/subjects").unwrap().0, 200);
    assert_eq!(exchange(&mut kept, "GET", "/subjects", "", "").unwrap().0, 200, "what is agreed on stays");
    drop(silent);
}

#[test]
fn certificates_of_clients_are_asked_for_as_the_setting_says() {
    let directory = tempfile::tempdir().unwrap();
    let with = |auth| server(directory.path(), &["--tls-client-auth", auth, "--tls-client-ca", "ca.pem"]);
    let status = |server: &Process, client: &Client| client.get(&server.address, "/subjects").map(|(status, _)| status).ok();
    for (auth, without) in [("required", None), ("optional", Some(403))] {
        let server = with(auth);
        for version in [&TLS12, &TLS13] {
            let client = Client::new().version(version);
            assert_eq!(status(&server, &client.clone().identity("client")), Some(200), "{auth}");
            assert_eq!(status(&server, &client.clone().identity("stranger")), None, "{auth}");
            assert_eq!(status(&server, &client), without, "{auth}");
        }
        drop(server);
    }
}
