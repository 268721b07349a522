//! Rules that change under several replicas, and sessions that all of them take.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
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

/// What a browser keeps of one registry, whichever of its replicas a balancer sends it to.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A request of the registry's own pages; the status.
    fn send(&mut self, server: &Process, method: &str, target: &str, headers: &str) -> u16 {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
             accordant-session: 1\r\ncookie: {}\r\n{headers}content-length: 0\r\n\r\n",
            cookies.join("; ")
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        head[9..12].parse().unwrap()
    }

    fn log_in(&mut self, server: &Process) {
        let login = format!("authorization: {}\r\n", basic("alice", "secret"));
        assert_eq!(self.send(server, "POST", "/accordant/v1/session", &login), 200);
        assert!(self.cookies.contains_key("accordant-session"));
    }

    fn reads(&mut self, server: &Process) -> u16 {
        self.send(server, "GET", "/subjects", "")
    }
}

fn guarded(folder: &Path, url: &str) -> impl Fn() -> Process {
    std::fs::write(folder.join("users"), format!("alice:{}\n", *SECRET)).unwrap();
    let (folder, url) = (folder.to_owned(), url.to_owned());
    move || Process::start(&folder, &["--database", &url, "--users-file", "users"])
}

/// A login at one of two replicas is one at both, and so is its end, whichever is told.
fn sessions_at_both(folder: &Path, url: &str) {
    let start = guarded(folder, url);
    // started at once, so that both want to make the key
    let replicas =
        std::thread::scope(|scope| [scope.spawn(&start), scope.spawn(&start)].map(|starting| starting.join().unwrap()));
    for (here, there) in [(0, 1), (1, 0)] {
        let (here, there) = (&replicas[here], &replicas[there]);
        let mut browser = Browser::default();
        assert_eq!((browser.reads(here), browser.reads(there)), (401, 401));
        browser.log_in(here);
        assert_eq!((browser.reads(there), browser.reads(here)), (200, 200));
        assert_eq!(browser.send(there, "DELETE", "/accordant/v1/session", ""), 204);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
        assert_eq!((browser.reads(here), browser.reads(there)), (401, 401));
    }
    // what must end everywhere, also where somebody has a copy, ends with the password
    let mut browser = Browser::default();
    browser.log_in(&replicas[0]);
    std::fs::write(folder.join("users"), format!("alice:{}\n", bcrypt::hash("another", 4).unwrap())).unwrap();
    for replica in &replicas {
        eventually("the other password", || browser.reads(replica) == 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_or_out_at_one_replica_has_done_so_at_the_other() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let directory = tempfile::tempdir().unwrap();
    let (folder, url) = (directory.path().to_owned(), fresh.url.clone());
    tokio::task::spawn_blocking(move || sessions_at_both(&folder, &url)).await.unwrap();
    drop(fresh);
}

/// A database of SQLite has one server at a time: there the other one is the next.
fn sessions_after_a_restart(folder: &Path, url: &str) {
    let start = guarded(folder, url);
    let mut browser = Browser::default();
    let first = start();
    browser.log_in(&first);
    first.stop();
    let second = start();
    assert_eq!(browser.reads(&second), 200);
    assert_eq!(browser.send(&second, "DELETE", "/accordant/v1/session", ""), 204);
    assert_eq!(browser.reads(&second), 401);
}

crate::on_both! {
    async fn a_session_outlives_the_server_that_began_it(db) {
        let fresh = Fresh::new(db).await;
        let directory = tempfile::tempdir().unwrap();
        let (folder, url) = (directory.path().to_owned(), fresh.url.clone());
        tokio::task::spawn_blocking(move || sessions_after_a_restart(&folder, &url)).await.unwrap();
        drop(fresh);
    }
}
