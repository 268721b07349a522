//! Rules that change under several replicas.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::{SECRET, basic};
use crate::support::app::{Database, Fresh, postgres_url};
use crate::support::process::{Process, eventually};

fn status(server: &Process, user: &str, method: &str, target: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (login, length) = (basic(user, "secret"), body.len());
    let head = format!("{method} {target} HTTP/1.0\r\nauthorization: {login}\r\ncontent-type: application/json\r\n");
    write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line[9..12].parse().unwrap()
}

/// Of two principals one may read, and then the other: on neither replica may both, or the wrong one, once the change has been seen there.
fn rounds(folder: &Path, url: &str) {
    std::fs::write(folder.join("users"), format!("admin:{0}\nalice:{0}\nbob:{0}\n", *SECRET)).unwrap();
    let allow = |reader: &str| {
        let text = format!(
            "[[allow]]\nprincipals = [\"user:admin\"]\nroles = [\"admin\"]\n\
             [[allow]]\nprincipals = [\"user:{reader}\"]\nroles = [\"producer\"]\nsubjects = [\"a\"]\n"
        );
        std::fs::write(folder.join("access.toml"), text).unwrap();
    };
    allow("alice");
    let start = || Process::start(folder, &["--database", url, "--users-file", "users", "--access-file", "access.toml"]);
    let replicas = [start(), start()];
    let schema = r#"{"schema":"\"int\""}"#;
    assert_eq!(status(&replicas[0], "admin", "POST", "/subjects/a/versions", schema), 200);
    for (reader, other) in [("alice", "bob"), ("bob", "alice"), ("alice", "bob"), ("bob", "alice")] {
        allow(reader);
        for replica in &replicas {
            eventually("the other rule", || status(replica, reader, "GET", "/schemas/ids/1", "") == 200);
            for (method, target, body) in [
                ("GET", "/schemas/ids/1", ""),
                ("GET", "/subjects/a/versions/1", ""),
                ("GET", "/subjects/a/versions/latest", ""),
                ("POST", "/subjects/a", schema),
                ("POST", "/subjects/a/versions", schema),
            ] {
                assert_eq!(status(replica, reader, method, target, body), 200, "{reader} {method} {target}");
                assert_eq!(status(replica, other, method, target, body), 403, "{other} {method} {target}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_is_not_allowed_any_more_on_any_replica() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let directory = tempfile::tempdir().unwrap();
    let (folder, url) = (directory.path().to_owned(), fresh.url.clone());
    tokio::task::spawn_blocking(move || rounds(&folder, &url)).await.unwrap();
    drop(fresh);
}
