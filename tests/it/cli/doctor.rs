//! `accordant doctor`, `migrate-database` and `--version --verbose`: what an operator asks before and after a start.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::check::{folder, run, run_with};
use crate::support::app::postgres_url;
use crate::support::process::{Process, exchange};

/// The findings of a report as (area, state, found).
fn findings(report: &str) -> Vec<(String, String, String)> {
    let report: Value = serde_json::from_str(report).unwrap_or_else(|_| panic!("{report}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let found = report["findings"].as_array().unwrap().iter();
    found.map(|finding| (text(finding, "area"), text(finding, "state"), text(finding, "found"))).collect()
}

fn has(findings: &[(String, String, String)], area: &str, state: &str, part: &str) -> bool {
    findings.iter().any(|(a, s, found)| a == area && s == state && found.contains(part))
}

#[test]
fn a_place_where_all_is_well_is_found_well_and_left_as_it_was() {
    let files = folder(&[]);
    let report = run(files.path(), "doctor --listen 127.0.0.1:9 --format json");
    assert_eq!(report.code, 0, "{}{}", report.out, report.err);
    let found = findings(&report.out);
    assert!(has(&found, "Database", "good", "not there yet") && has(&found, "Database", "good", "empty"), "{found:?}");
    assert!(has(&found, "Server", "good", "none answers") && has(&found, "Logins", "good", "only this machine"), "{found:?}");
    assert!(std::fs::read_dir(files.path()).unwrap().next().is_none(), "nothing was made");
    let server = Process::start(files.path(), &[]);
    let body = r#"{"schema":"\"string\""}"#;
    assert_eq!(exchange(&server.address, "POST", "/subjects/s/versions", body).unwrap().0, 200);
    let report = run(files.path(), &format!("doctor --thorough --listen {}", server.address));
    assert_eq!(report.code, 0, "{}{}", report.out, report.err);
    for part in
        ["which is all that there are", "nothing is broken", "and it is ready", "not behind the last change", "\n0 wrong, "]
    {
        assert!(report.out.contains(part), "{part}\n{}", report.out);
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let files = folder(&[
        ("a.toml", "list-limit = \"many\"\n"),
        (
            "other.db",
            "this is no database, and long enough to be read as one........................................................................",
        ),
    ]);
    let doctor = |arguments: &str| {
        let report = run(files.path(), &format!("doctor --format json {arguments}"));
        (report.code, findings(&report.out))
    };
    let (code, found) = doctor("--config a.toml");
    assert!(code == 1 && has(&found, "Settings", "bad", "a.toml: list-limit: 'many' is not a whole number"), "{found:?}");
    let (code, found) = doctor("--database sqlite://other.db");
    assert!(code == 1 && has(&found, "Database", "bad", "not a database"), "{found:?}");
    let (code, found) = doctor("--database sqlite:///no/such/folder/a.db");
    assert!(code == 1 && has(&found, "Database", "bad", "/no/such/folder"), "{found:?}");
    let (code, found) = doctor("--database postgres://u:hunter2@127.0.0.1:1/d --database-acquire-timeout 2s");
    assert!(code == 1 && has(&found, "Database", "bad", "127.0.0.1:1") && !format!("{found:?}").contains("hunter2"), "{found:?}");
    let (code, found) = doctor("--listen 0.0.0.0:9");
    assert!(code == 0 && has(&found, "Logins", "warning", "everybody who can connect"), "{found:?}");
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls/files");
    let (code, found) = doctor(&format!("--tls-cert {tls}/server.pem --tls-key {tls}/stranger.key"));
    assert!(code == 1 && found.iter().any(|(area, state, _)| area == "TLS" && state == "bad"), "{found:?}");
    let (code, found) = doctor(&format!("--tls-cert {tls}/server.pem --tls-key {tls}/server.key --admin-listen 127.0.0.1:9"));
    assert!(code == 0 && has(&found, "TLS", "good", "its key fits"), "{found:?}");
    let (code, found) = doctor("--max-connections 999999999");
    assert!(code == 0 && has(&found, "Machine", "warning", "files may be open"), "{found:?}");
}

/// A database whose newest migration this binary has not made: as an older release, and as a newer one, left it.
fn registry_of(files: &std::path::Path, change: &str) {
    drop(Process::start(files, &[]).stop());
    let status = std::process::Command::new("python3")
        .args(["-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"])
        .arg(files.join("accordant.db"))
        .arg(change)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_database_of_a_newer_release_is_refused_by_all_commands() {
    let files = folder(&[]);
    registry_of(
        files.path(),
        "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations LIMIT 1",
    );
    for command in ["serve --listen 127.0.0.1:0", "migrate-database", "migrate-database --dry-run"] {
        let ended = run(files.path(), command);
        assert!(ended.code == 5 && ended.err.contains("migration 9999"), "{command}: {} {}", ended.code, ended.err);
    }
    let report = run(files.path(), "doctor --listen 127.0.0.1:9");
    assert!(report.code == 1 && report.out.contains("written by a newer release"), "{}", report.out);
}

#[test]
fn what_a_start_would_migrate_is_told_before_and_done_without_serving() {
    let files = folder(&[]);
    let dry = run(files.path(), "migrate-database --dry-run");
    assert!(dry.code == 3 && dry.out.starts_with("0001 registry: would be applied\n"), "{}{}", dry.out, dry.err);
    assert!(!files.path().join("accordant.db").exists(), "nothing was made");
    let done = run(files.path(), "migrate-database");
    assert!(done.code == 0 && done.out.starts_with("0001 registry: applied\n"), "{}{}", done.out, done.err);
    for command in ["migrate-database --dry-run", "migrate-database"] {
        let again = run(files.path(), command);
        assert!(again.code == 0 && again.out.starts_with("nothing to do"), "{}{}", again.out, again.err);
    }
    let server = Process::start(files.path(), &[]);
    let busy = run(files.path(), "migrate-database");
    assert_eq!(busy.code, 6, "{}", busy.err);
    drop(server);
}

#[test]
fn a_file_that_others_may_read_is_warned_of() {
    let files = folder(&[]);
    drop(Process::start(files.path(), &[]).stop());
    let file = files.path().join("accordant.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = run(files.path(), "doctor --listen 127.0.0.1:9");
    assert!(report.code == 0 && report.out.contains("others than its owner may read the file"), "{}", report.out);
    assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 1, "looking leaves nothing");
}

#[test]
fn on_postgres_the_server_its_rights_and_a_pooler_are_seen() {
    let Some(url) = postgres_url() else { return };
    let files = folder(&[]);
    let doctor = |arguments: &str, url: &str| {
        let report = run_with(
            files.path(),
            &format!("doctor --format json --listen 127.0.0.1:9 {arguments}"),
            "",
            &[("ACCORDANT_DATABASE", url)],
        );
        findings(&report.out)
    };
    let found = doctor("", &url);
    assert!(
        has(&found, "Database", "good", "Postgres ") && has(&found, "Database", "good", "connections are in use"),
        "{found:?}"
    );
    assert!(!found.iter().any(|(_, _, found)| found.contains("pooler")), "{found:?}");
    let found = doctor("--database-statement-cache 0", &url);
    assert!(has(&found, "Database", "warning", "database-statement-cache is 0"), "{found:?}");
    let Ok(pooler) = std::env::var("TEST_PGBOUNCER_URL") else { return };
    let found = doctor("", &pooler);
    assert!(has(&found, "Database", "bad", "a pooler in transaction mode"), "{found:?}");
    let found = doctor("--database-statement-cache 0", &pooler);
    assert!(has(&found, "Database", "good", "and the settings say so"), "{found:?}");
}

#[test]
fn the_version_says_on_request_what_the_binary_was_built_from() {
    let files = folder(&[]);
    let short = format!("accordant {}\n", env!("CARGO_PKG_VERSION"));
    for arguments in ["--version", "-V"] {
        assert_eq!(run(files.path(), arguments).out, short);
    }
    let long = run(files.path(), "--version --verbose").out;
    assert!(long.starts_with(&short), "{long}");
    for name in ["commit", "build", "compiler", "features", "SQLite", "Postgres"] {
        assert!(long.lines().any(|line| line.starts_with(&format!("  {name} "))), "{name}: {long}");
    }
    assert_eq!(run(files.path(), "--verbose").code, 2, "it says nothing by itself");
}
