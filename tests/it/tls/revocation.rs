//! Certificates of clients that are good no longer.

use super::client::{Client, exchange};
use super::{copy, file, metric, server};
use crate::support::process::{self, eventually};

#[test]
fn a_certificate_on_a_list_is_refused_from_the_next_connection_on() {
    let directory = tempfile::tempdir().unwrap();
    copy("listing-ca.pem", directory.path(), "clients.pem");
    copy("none.crl", directory.path(), "revoked.pem");
    let more = ["--tls-client-auth", "optional", "--tls-client-ca", "clients.pem", "--tls-client-crl", "revoked.pem"];
    let server = server(directory.path(), &more);
    assert!(metric(&server, "accordant_tls_crl_expires ").unwrap() > 4e9);
    let connects = |name: &'static str| {
        Client::new().identity(name).get(&server.address, "/subjects").is_ok_and(|(status, _)| status == 200)
    };
    assert!(connects("listed") && connects("unlisted"));
    let mut kept = Client::new().identity("listed").connect(&server.address).unwrap();
    assert_eq!(exchange(&mut kept, "GET", "/subjects", "", "").unwrap().0, 200);
    copy("listed.crl", directory.path(), "revoked.pem");
    eventually("the list counts", || !connects("listed"));
    assert!(connects("unlisted"));
    assert_eq!(exchange(&mut kept, "GET", "/subjects", "", "").unwrap().0, 200, "an open connection stays");
    // a broken list changes nothing
    std::fs::write(directory.path().join("revoked.pem"), "no list").unwrap();
    eventually("a metric of the broken list", || metric(&server, "accordant_tls_stale ").unwrap() > 0.0);
    assert!(!connects("listed") && connects("unlisted"));
    let (_, log) = server.stop();
    assert!(log.contains("tls-client-crl: no list in it"), "{log}");
}

#[test]
fn whoever_has_signed_a_certificate_must_have_a_list() {
    let directory = tempfile::tempdir().unwrap();
    let both = [file("listing-ca.pem"), file("ca.pem")].concat();
    std::fs::write(directory.path().join("clients.pem"), both).unwrap();
    copy("none.crl", directory.path(), "revoked.pem");
    let more = ["--tls-client-auth", "optional", "--tls-client-ca", "clients.pem", "--tls-client-crl", "revoked.pem"];
    let server = server(directory.path(), &more);
    let connects = |name: &'static str| {
        Client::new().identity(name).get(&server.address, "/subjects").is_ok_and(|(status, _)| status == 200)
    };
    assert!(connects("unlisted"));
    assert!(!connects("client"), "`ca` has no list");
}

#[test]
fn lists_that_can_not_be_used_end_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for (name, to) in [("server.pem", "cert.pem"), ("server.key", "key.pem"), ("ca.pem", "ca.pem")] {
        copy(name, directory.path(), to);
    }
    std::fs::write(directory.path().join("empty"), "").unwrap();
    std::fs::write(directory.path().join("broken"), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n").unwrap();
    let tls = ["--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let auth = ["--tls-client-auth", "required", "--tls-client-ca", "ca.pem"];
    for (more, said) in [
        (&[&auth[..], &["--tls-client-crl", "empty"]].concat()[..], "tls-client-crl: no list in it"),
        (&[&auth[..], &["--tls-client-crl", "broken"]].concat(), "tls-client-crl: "),
        (&[&auth[..], &["--tls-client-crl", "gone"]].concat(), "gone: No such file"),
        (&["--tls-client-crl", "empty"], "tls-client-crl is given without tls-client-ca"),
    ] {
        let output = process::command(directory.path()).args(tls).args(more).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    }
}
