//! Certificates that are renewed while the server runs.

use super::client::{Client, exchange};
use super::{copy, metric, server};
use crate::support::process::eventually;

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_stay() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), &[]);
    let mut kept = Client::new().connect(&server.address).unwrap();
    let shown = || Client::new().shown(&server.address).unwrap();
    let expires = || metric(&server, "accordant_tls_certificate_expires ").unwrap();
    let stale = || metric(&server, "accordant_tls_stale ").unwrap() > 0.0;
    let (first, first_expires) = (shown(), expires());
    // half of a pair: what is in force stays so, and that is said
    copy("renewed.pem", directory.path(), "cert.pem");
    eventually("a metric of the pair that does not match", stale);
    assert_eq!((shown(), expires()), (first.clone(), first_expires));
    copy("renewed.key", directory.path(), "key.pem");
    eventually("the renewed certificate", || shown() != first);
    eventually("the metric is taken back", || !stale());
    assert!(expires() < first_expires);
    // broken, and good again with a signal
    std::fs::write(directory.path().join("key.pem"), "PRIVATE").unwrap();
    server.signal("-HUP");
    eventually("a metric of the broken key", stale);
    assert_ne!(shown(), first);
    copy("server.pem", directory.path(), "cert.pem");
    copy("server.key", directory.path(), "key.pem");
    server.signal("-HUP");
    eventually("the first certificate", || shown() == first);
    assert_eq!(exchange(&mut kept, "GET", "/subjects", "", "").unwrap().0, 200, "no connection was dropped");
    drop(kept);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("certificate and key stay as they are: tls-cert and tls-key: "), "{log}");
    assert!(!log.contains("PRIVATE"), "{log}");
}
