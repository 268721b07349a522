//! The binary: how it starts, stops, and refuses.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::support::process::{Process, command, exchange};

/// Runs to the end: exit code and standard error.
fn outcome(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command(directory).args(arguments).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).trim_end().to_owned())
}

#[test]
fn it_serves_from_a_file_in_the_working_directory_and_keeps_it() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let process = Process::start(directory.path(), if round == 0 { &[] } else { &["serve"] });
        let body = r#"{"schema":"\"string\""}"#;
        let (status, text) = exchange(&process.address, "POST", "/subjects/s/versions", body).unwrap();
        assert_eq!(status, 200, "{text}");
        assert!(text.starts_with(r#"{"id":1,"version":1,"#), "{text}");
        let (code, log) = process.stop();
        assert_eq!(code, 0, "{log}");
    }
    assert!(directory.path().join("accordant.db").exists());
}

#[test]
fn sigterm_lets_an_open_request_finish() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    let mut stream = TcpStream::connect(&process.address).unwrap();
    let body = r#"{"schema":"\"string\""}"#;
    let (first, second) = body.split_at(5);
    let length = body.len();
    write!(stream, "POST /subjects/s/versions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{first}").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    process.signal("-TERM");
    std::thread::sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(&process.address).is_err(), "new connections are refused");
    stream.write_all(second.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let mut process = process;
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_one_clear_line() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = outcome(directory.path(), &["--listen", &address]);
    assert_eq!(code, 3);
    assert!(text.starts_with(&format!("accordant: can't listen on {address}: ")) && text.lines().count() == 1, "{text}");
}

#[test]
fn a_file_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(code, 6);
    assert!(text.ends_with("accordant.db is in use by another process") && text.lines().count() == 1, "{text}");
    process.kill();
    let again = Process::start(directory.path(), &[]);
    assert_eq!(again.stop().0, 0);
}

#[test]
fn a_database_that_is_not_there_is_one_clear_line() {
    let directory = tempfile::tempdir().unwrap();
    let url = "postgres://nobody@127.0.0.1:1/nothing";
    let (code, text) =
        outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", url, "--database-acquire-timeout", "1s"]);
    assert_eq!(code, 4);
    assert!(text.starts_with("accordant: can't use the database: ") && text.lines().count() == 1, "{text}");
    let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", "sqlite:///no/such/folder/a.db"]);
    assert_eq!(code, 4, "{text}");
    let (code, text) = outcome(directory.path(), &["--database", "mysql://x"]);
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
}

#[test]
fn what_postgres_refuses_is_said_in_its_words_alone() {
    let Some(url) = crate::support::app::postgres_url() else { return };
    let directory = tempfile::tempdir().unwrap();
    let url = format!("{}/no_such_database", url.rsplit_once('/').unwrap().0);
    let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", &url]);
    assert!(code == 4 && text.contains("no_such_database") && !text.contains("at line"), "{text}");
}

#[test]
fn a_database_of_a_newer_release_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    Process::start(directory.path(), &[]).stop();
    let path = directory.path().join("accordant.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{Connection, Executor};
        let mut db = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
        db.execute(insert).await.unwrap();
        db.close().await.unwrap();
    });
    let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("written by a newer release (migration 9999;") && text.lines().count() == 1, "{text}");
}

#[test]
fn words_that_are_no_level_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (level, word) in [("loud", "loud"), ("info,accordant", "accordant"), ("warning", "warning")] {
        let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--log-level", level]);
        let reason = format!("accordant: log-level: '{level}' has the word '{word}', which is no level");
        assert!(code == 2 && text.starts_with(&reason) && text.lines().count() == 1, "{text}");
    }
    Process::start(directory.path(), &["--log-level", "INFO,accordant=debug,accordant::store[{x}]=trace"]).stop();
}

#[test]
fn a_url_of_a_database_is_never_shown_with_its_password() {
    let directory = tempfile::tempdir().unwrap();
    for url in ["host=db password=hunter2", "mysql://u:hunter2@h/d", "u:hunter2@h", "postgres://u:hunter2@h:99999/d"] {
        let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", url]);
        assert!(code == 2 || code == 4, "{url}: {code}: {text}");
        assert!(!text.contains("hunter2") && text.starts_with("accordant: ") && text.lines().count() == 1, "{url}: {text}");
    }
}

#[test]
fn help_that_can_not_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(directory.path()).args(arguments).stdout(full).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.starts_with("accordant: can't write: "), "{arguments:?}: {text}");
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(command(directory.path()).arg("--nope").stderr(full).status().unwrap().code(), Some(2));
    }
}

#[test]
fn unknown_settings_are_refused_with_a_hint() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(outcome(directory.path(), &["--listne", "x"]).0, 2);
    let output = command(directory.path()).env("ACCORDANT_DATABSE", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean ACCORDANT_DATABASE?"));
}

#[test]
fn after_a_clean_stop_the_one_file_is_the_registry() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    for i in 0..20 {
        let body = r#"{"schema":"\"string\""}"#;
        assert_eq!(exchange(&process.address, "POST", &format!("/subjects/s{i}/versions"), body).unwrap().0, 200);
    }
    assert_eq!(process.stop().0, 0);
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["accordant.db"], "nothing beside it");
    let copied = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join("accordant.db"), copied.path().join("accordant.db")).unwrap();
    let process = Process::start(copied.path(), &[]);
    for i in 0..20 {
        let (status, versions) = exchange(&process.address, "GET", &format!("/subjects/s{i}/versions"), "").unwrap();
        assert_eq!((status, versions.as_str()), (200, "[1]"), "s{i}");
    }
}

#[test]
fn the_record_of_changes_is_pruned_while_it_serves() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    for i in 0..5 {
        assert_eq!(
            exchange(&process.address, "POST", &format!("/subjects/s{i}/versions"), r#"{"schema":"\"int\""}"#).unwrap().0,
            200
        );
    }
    assert_eq!(process.stop().0, 0);
    let process = Process::start(directory.path(), &["--changes-max-rows", "2"]);
    let url = format!("sqlite://{}?mode=ro", directory.path().join("accordant.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut db = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
        for attempt in 0.. {
            let left: i64 = sqlx::query_scalar("SELECT count(*) FROM changes").fetch_one(&mut db).await.unwrap();
            if left == 2 {
                break;
            }
            assert!(attempt < 300, "{left} changes are left");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    drop(process);
}

#[test]
fn after_a_pause_the_file_has_what_the_log_had() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    assert_eq!(exchange(&process.address, "POST", "/subjects/paused/versions", r#"{"schema":"\"string\""}"#).unwrap().0, 200);
    let file = directory.path().join("accordant.db");
    for attempt in 0.. {
        let bytes = std::fs::read(&file).unwrap();
        if bytes.windows(6).any(|window| window == b"paused") {
            break;
        }
        assert!(attempt < 300, "the log stays beside the file");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(process);
}

#[test]
fn a_file_in_use_is_refused_under_every_name_that_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    let file = directory.path().join("accordant.db");
    std::os::unix::fs::symlink(&file, directory.path().join("link.db")).unwrap();
    std::fs::hard_link(&file, directory.path().join("hard.db")).unwrap();
    for name in ["link.db", "hard.db"] {
        let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", &format!("sqlite://{name}")]);
        assert_eq!(code, 6, "{name}: {text}");
    }
    drop(process);
}

#[test]
fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    drop(process);
}

#[test]
fn a_database_that_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://a.db?mode=memory", "sqlite://", "sqlite:///tmp/"] {
        let (code, text) = outcome(directory.path(), &["--listen", "127.0.0.1:0", "--database", url]);
        assert_eq!((code, text.lines().count()), (2, 1), "{url}: {text}");
        assert!(text.contains("sqlite://PATH is meant"), "{text}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
