//! `accordant audit`.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::on_both;
use crate::support::app::{Fresh, Setup, TestApp};
use crate::support::process::{Process, command, exchange};

/// Exit code and all that was said.
pub fn audit(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = command(folder);
    let Output { status, stdout, stderr } = command.arg("audit").args(arguments).stdout(Stdio::piped()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.code().unwrap_or(-1), said)
}

on_both! {
    async fn entries_are_printed_beside_a_server(db) {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        let fresh = Fresh::new(db).await;
        let app = TestApp::over(fresh.open().await, Setup::default()).await;
        for i in 0..3 {
            app.register(&format!("s{i}"), "\"int\"").await;
        }
        app.get("/accordant/v1/audit").await.ok();
        let export = |more: &[&str]| {
            let (code, text) = audit(folder, &[&["export", "--database", &fresh.url], more].concat());
            assert_eq!(code, 0, "{text}");
            text
        };
        let lines: Vec<Value> = export(&[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, *app.get("/accordant/v1/audit").await.ok()["entries"].as_array().unwrap());
        assert_eq!(export(&["--after", "2"]).lines().count(), 1);
        assert_eq!(export(&["--since", "1h"]).lines().count(), 3);
        assert_eq!(export(&["--since", "2100-01-01"]).lines().count(), 0);
        let csv = export(&["--format", "csv"]);
        assert!(csv.starts_with("position,at,operation,actor,") && csv.lines().count() == 4, "{csv}");
        let cef = export(&["--format", "cef"]);
        assert!(cef.lines().count() == 3 && cef.contains("|schema.registered|") && cef.contains("cs1Label=subject cs1=s2"), "{cef}");
        for wrong in [&["export", "--since", "soon"][..], &["export", "--format", "xml"], &["verify", "--checkpoint", "none"], &[]] {
            let (code, text) = audit(folder, &[wrong, &["--database", &fresh.url]].concat());
            assert_eq!(code, 2, "{text}");
        }
    }
}

#[test]
fn a_log_is_a_file_of_checkpoints() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let body = r#"{"schema":"\"string\""}"#;
    let process = Process::start(folder, &[]);
    assert_eq!(exchange(&process.address, "POST", "/subjects/s/versions", body).unwrap().0, 200);
    process.stop();
    for format in ["human", "json"] {
        let process = Process::start(folder, &["--log-format", format, "--audit-checkpoints", "1s"]);
        let mut log = String::new();
        // the line may come before the server listens or behind that
        for _ in 0..100 {
            if process.begin.contains("accordant-audit-checkpoint") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        log.push_str(&process.begin);
        log.push_str(&process.stop().1);
        assert_eq!(log.matches("accordant-audit-checkpoint v1 cluster=").count(), 1, "once for each entry: {log}");
        std::fs::write(folder.join("log"), &log).unwrap();
        let (code, text) = audit(folder, &["verify", "--checkpoint", "log"]);
        assert_eq!(code, 0, "{text}");
        let (_, hash) = log.split_once("hash=").unwrap();
        std::fs::write(folder.join("log"), log.replace(&hash[..64], &"0".repeat(64))).unwrap();
        let (code, text) = audit(folder, &["verify", "--checkpoint", "log"]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("entry 1 is not the one of the checkpoint"), "{text}");
    }
}

#[test]
fn a_record_that_is_not_wanted_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let process = Process::start(folder, &["--audit", "false"]);
    assert!(process.begin.contains("no record is kept of who changes what"), "{}", process.begin);
    assert_eq!(exchange(&process.address, "POST", "/subjects/s/versions", r#"{"schema":"\"string\""}"#).unwrap().0, 200);
    assert_eq!(exchange(&process.address, "GET", "/accordant/v1/audit", "").unwrap(), (200, r#"{"entries":[]}"#.to_owned()));
    process.stop();
    let (code, text) = audit(folder, &["verify"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("has no entries"), "{text}");
}
