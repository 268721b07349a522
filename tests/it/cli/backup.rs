//! `accordant backup`: a copy while a server works with the database.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::support::process::{Process, command, exchange};

fn backup(directory: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stderr, .. } = command(directory).arg("backup").args(arguments).output().unwrap();
    (status.code().unwrap_or(-1), String::from_utf8_lossy(&stderr).trim_end().to_owned())
}

#[test]
fn a_running_registry_is_copied_and_the_copy_serves() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    let body = r#"{"schema":"\"string\""}"#;
    for i in 0..20 {
        assert_eq!(exchange(&process.address, "POST", &format!("/subjects/s{i}/versions"), body).unwrap().0, 200);
    }
    assert_eq!(backup(directory.path(), &["copy.db"]), (0, String::new()));
    assert_eq!(exchange(&process.address, "POST", "/subjects/later/versions", body).unwrap().0, 200, "it goes on");
    assert_eq!(process.stop().0, 0);
    let copy = directory.path().join("copy.db");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let process = Process::start(directory.path(), &["--database", "sqlite://copy.db"]);
    for i in 0..20 {
        let (status, versions) = exchange(&process.address, "GET", &format!("/subjects/s{i}/versions"), "").unwrap();
        assert_eq!((status, versions.as_str()), (200, "[1]"), "s{i}");
    }
    drop(process);
    // and of a registry that does not run
    assert_eq!(backup(directory.path(), &["again.db", "--database", "sqlite://accordant.db"]).0, 0);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_done_stays() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    std::fs::write(directory.path().join("mine"), "mine").unwrap();
    let (code, text) = backup(directory.path(), &["mine"]);
    assert_eq!(code, 4, "{text}");
    assert_eq!(std::fs::read_to_string(directory.path().join("mine")).unwrap(), "mine");
    let (code, text) = backup(directory.path(), &["/no/such/folder/copy.db"]);
    assert_eq!((code, text.lines().count()), (4, 1), "{text}");
    std::fs::write(directory.path().join("other.db"), "no database").unwrap();
    let (code, text) = backup(directory.path(), &["copy.db", "--database", "sqlite://other.db"]);
    assert_eq!((code, text.lines().count()), (4, 1), "{text}");
    let (code, text) = backup(directory.path(), &["copy.db", "--database", "postgres://127.0.0.1:9/registry"]);
    assert_eq!((code, text.lines().count()), (4, 1), "{text}");
    drop(process);
    let copies = std::fs::read_dir(directory.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("copy"));
    assert_eq!(copies.count(), 0);
}

#[test]
fn a_copy_leaves_nothing_beside_a_database_that_nobody_serves() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(Process::start(directory.path(), &[]).stop().0, 0);
    let beside = || {
        let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with("-wal") || name.ends_with("-shm")).collect::<Vec<_>>()
    };
    assert_eq!(beside(), Vec::<String>::new());
    assert_eq!(backup(directory.path(), &["copy.db"]), (0, String::new()));
    assert_eq!(beside(), Vec::<String>::new());
}
