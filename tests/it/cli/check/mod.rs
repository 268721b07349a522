//! `accordant check` and `accordant validate`, as a script runs them.

mod folders;
mod inputs;
mod login;
mod output;
mod registry;
mod validate;
mod verdicts;

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::support::process::command;

const OLD: &str = r#"{
  "type": "record",
  "name": "Order",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "total", "type": "int"}
  ]
}
"#;

/// Adds a field without a default on line 7.
const BROKEN: &str = r#"{
  "type": "record",
  "name": "Order",
  "fields": [
    {"name": "id", "type": "long"},
    {"name": "total", "type": "int"},
    {"name": "price", "type": "double"}
  ]
}
"#;

/// Drops a field: fine for new readers, not for old ones.
const SMALLER: &str = r#"{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}"#;

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    #[track_caller]
    pub fn verdict(&self) -> &str {
        self.out.lines().last().unwrap_or_else(|| panic!("nothing printed: {}", self.err))
    }
}

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

pub fn run(directory: &Path, arguments: &str) -> Run {
    run_with(directory, arguments, "", &[])
}

pub fn run_with(directory: &Path, arguments: &str, input: &str, environment: &[(&str, &str)]) -> Run {
    let output = output(directory, arguments, input, environment);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Run { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// What is printed that is no text, by a command that succeeds.
pub fn run_bytes(directory: &Path, arguments: &str, input: &str) -> Vec<u8> {
    let output = output(directory, arguments, input, &[]);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn output(directory: &Path, arguments: &str, input: &str, environment: &[(&str, &str)]) -> Output {
    let mut child = command(directory)
        .args(arguments.split_whitespace())
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // a process that failed early does not read
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
pub fn refused(run: &Run, line: &str) {
    assert_eq!((run.code, run.err.trim_end(), run.out.as_str()), (2, format!("accordant: {line}").as_str(), ""));
}
