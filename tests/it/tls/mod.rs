//! TLS of listeners, as a client meets it.

mod certificates;
mod client;
mod listeners;
mod reload;
mod revocation;

use std::path::Path;

use client::Client;

use crate::support::process::Process;

/// The files beside these tests: made once with openssl, good for a hundred years (`renewed` for fewer). `ca` has signed all but
/// `stranger`, which `other-ca` has signed, and `listed` and `unlisted`, which `listing-ca` has. Of its lists `none` is empty, and `listed`
/// has the one on it.
pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/files").join(name)).unwrap()
}

pub fn copy(name: &str, directory: &Path, to: &str) {
    std::fs::write(directory.join(to), file(name)).unwrap();
}

/// A server that speaks TLS on a free port, with more settings.
pub fn server(directory: &Path, more: &[&str]) -> Process {
    for (name, to) in [("server.pem", "cert.pem"), ("server.key", "key.pem"), ("ca.pem", "ca.pem")] {
        copy(name, directory, to);
    }
    let arguments = [&["--tls-cert", "cert.pem", "--tls-key", "key.pem"], more].concat();
    Process::start(directory, &arguments)
}

/// What a metric is.
pub fn metric(server: &Process, name: &str) -> Option<f64> {
    let text = Client::new().get(&server.address, "/metrics").unwrap().1;
    text.lines().find_map(|line| line.strip_prefix(name)).and_then(|value| value.trim().parse().ok())
}
