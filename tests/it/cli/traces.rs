//! The trace of a request: in the log, and in requests that are made for it. What a collector gets: tests/traces.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::check::run_with;
use crate::support::process::{Process, command, eventually, exchange};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const LOGGED: [&str; 4] = ["--access-log", "all", "--log-format", "json"];

fn parent() -> String {
    format!("00-{TRACE}-00f067aa0ba902b7-01")
}

/// Asks with more headers, each a line.
fn ask(address: &str, headers: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /subjects HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

/// The lines of the access log.
fn requests(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["target"] == "accordant::access").collect()
}

#[test]
fn a_line_about_a_request_names_the_trace_that_its_caller_says() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &LOGGED);
    let good = format!("traceparent: {}\r\n", parent());
    for headers in [&*good, "", "traceparent: 00-0-0-01\r\n", &format!("{good}{good}")] {
        ask(&process.address, headers);
    }
    let (_, log) = process.stop();
    let traces: Vec<Value> = requests(&log).into_iter().map(|line| line["trace_id"].clone()).collect();
    assert_eq!(traces, [json!(TRACE), Value::Null, Value::Null, Value::Null], "{log}");
}

#[test]
fn commands_ask_within_the_trace_of_who_started_them_or_one_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &LOGGED);
    let url = format!("http://{}", process.address);
    for variables in [vec![("TRACEPARENT", parent())], vec![]] {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let run = run_with(directory.path(), &format!("subjects --registry {url}"), "", &variables);
        assert_eq!(run.code, 0, "{}", run.err);
    }
    let (_, log) = process.stop();
    let traces: Vec<Value> = requests(&log).into_iter().map(|line| line["trace_id"].clone()).collect();
    assert_eq!(traces.first(), Some(&json!(TRACE)), "{log}");
    let own = traces.last().unwrap().as_str().unwrap();
    assert!(own.len() == 32 && own != TRACE, "{own}");
}

#[test]
fn an_exporter_copies_within_traces_of_its_own() {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [from, to] = directories.each_ref().map(|directory| Process::start(directory.path(), &LOGGED));
    exchange(&from.address, "POST", "/subjects/s/versions", r#"{"schema":"\"string\""}"#).unwrap();
    let exporter = json!({ "name": "e", "config": { "schema.registry.url": format!("http://{}", to.address) } });
    let (status, text) = exchange(&from.address, "POST", "/exporters", &exporter.to_string()).unwrap();
    assert_eq!(status, 200, "{text}");
    eventually("the subject is copied", || {
        !exchange(&to.address, "GET", "/subjects?subjectPrefix=:*:", "").unwrap().1.contains("[]")
    });
    drop(from);
    let (_, log) = to.stop();
    let copying =
        requests(&log).into_iter().filter(|line| line["method"] != "GET" || line["path"] != "/subjects?subjectPrefix=:*:");
    let traces: Vec<Value> = copying.map(|line| line["trace_id"].clone()).collect();
    assert!(!traces.is_empty() && traces.iter().all(|trace| trace.as_str().is_some_and(|trace| trace.len() == 32)), "{log}");
}

#[test]
fn a_binary_that_sends_no_traces_says_so() {
    if cfg!(feature = "otlp") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for arguments in
        [&["--otlp-endpoint", "http://127.0.0.1:4318"][..], &["settings", "check", "--otlp-endpoint", "http://127.0.0.1:4318"]]
    {
        let output = command(directory.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("otlp-endpoint: this binary sends no traces; one that is built with `--features otlp` does"),
            "{said}"
        );
    }
}
