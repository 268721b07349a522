//! Help, completions and man pages; the pre-commit hooks and the GitHub Action, played as they would be.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_yaml_ng::Value;
use tempfile::TempDir;

use super::check::{folder, run};
use crate::support::process::{Process, command, exchange};

const OLD: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"}]}"#;
const BROKEN: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"}]}"#;

#[test]
fn the_overview_fits_a_screen_and_names_every_command() {
    let files = folder(&[]);
    let help = run(files.path(), "--help");
    assert_eq!(help.code, 0);
    assert!(help.out.lines().count() <= 70 && help.out.lines().all(|line| line.chars().count() <= 110), "{}", help.out);
    for name in ["check", "plan", "subjects", "serve", "ce", "completions"] {
        assert!(help.out.contains(&format!("\n  {name} ")), "{name}: {}", help.out);
    }
    // settings have headings of their own
    let serve = run(files.path(), "serve --help");
    for heading in ["TLS:", "OpenID Connect:", "Database:", "Connections:"] {
        assert!(serve.out.contains(&format!("\n{heading}\n")), "{heading}");
    }
}

#[test]
fn shells_complete_commands_and_manuals_have_a_page_for_each() {
    let files = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let script = run(files.path(), &format!("completions {shell}"));
        assert_eq!(script.code, 0, "{}", script.err);
        assert!(script.out.contains("promote") && script.out.contains("against"), "{shell}");
    }
    assert!(run(files.path(), "man").out.contains(".TH accordant 1"));
    assert_eq!(run(files.path(), "man pages").code, 0);
    let page = std::fs::read_to_string(files.path().join("pages/accordant-check.1")).unwrap();
    assert!(page.contains("against"));
}

#[test]
fn a_change_of_a_file_is_checked_again() {
    let files = folder(&[("new/a.avsc", OLD), ("old/a.avsc", OLD)]);
    let arguments = ["check", "new", "--against", "old", "--watch"];
    let mut child = command(files.path()).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
    let until = |end: &str| {
        let limit = Duration::from_mins(1);
        while heard.recv_timeout(limit).unwrap_or_else(|_| panic!("it never says {end}")) != end {}
    };
    until("1 schema against old: 1 unchanged");
    until("(waiting for a change)");
    std::fs::write(files.path().join("new/a.avsc"), BROKEN).unwrap();
    until("1 schema against old: 1 incompatible");
    until("(waiting for a change)");
    std::fs::remove_file(files.path().join("new/a.avsc")).unwrap();
    until("0 schemas against old: 1 removed");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn repository() -> TempDir {
    let files = folder(&[("schemas/order.avsc", OLD), ("package.json", "{}")]);
    for arguments in ["init --quiet --initial-branch=main", "add --all", "commit --quiet --message all", "branch origin/main"] {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let done = Command::new("git").current_dir(files.path()).args(identity).args(arguments.split(' ')).status().unwrap();
        assert!(done.success(), "git {arguments}");
    }
    files
}

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn yaml(file: &str) -> Value {
    serde_yaml_ng::from_str(&std::fs::read_to_string(root(file)).unwrap()).unwrap()
}

/// The search path with the binary in front, as it is once it has been installed.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_accordant")).parent().unwrap().display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

#[test]
fn the_hooks_of_pre_commit_stop_what_breaks() {
    let files = repository();
    let hooks = yaml(".pre-commit-hooks.yaml");
    let play = || {
        let play = |hook: &Value| {
            assert_eq!((hook["language"].as_str(), hook["pass_filenames"].as_bool()), (Some("rust"), Some(false)));
            let entry = hook["entry"].as_str().unwrap();
            let mut words = entry.split_whitespace();
            let done =
                Command::new(words.next().unwrap()).args(words).current_dir(files.path()).env("PATH", path()).output().unwrap();
            (hook["id"].as_str().unwrap().to_owned(), done.status.code().unwrap())
        };
        hooks.as_sequence().unwrap().iter().map(play).collect::<Vec<_>>()
    };
    let both = |check: i32, lint: i32| vec![("accordant-check".to_owned(), check), ("accordant-lint".to_owned(), lint)];
    assert_eq!(play(), both(0, 0));
    std::fs::write(files.path().join("schemas/order.avsc"), BROKEN).unwrap();
    assert_eq!(play(), both(1, 0));
    std::fs::write(files.path().join("schemas/order.avsc"), "{").unwrap();
    assert_eq!(play(), both(1, 1));
}

#[test]
fn the_hooks_in_the_book_are_those_that_are_shipped() {
    let book = std::fs::read_to_string(root("docs/ci.md")).unwrap();
    let section = book.split("\n## ").find(|section| section.starts_with("pre-commit\n")).unwrap();
    let local: Value = serde_yaml_ng::from_str(section.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap()).unwrap();
    let told = |hook: &Value| ["id", "entry", "files", "pass_filenames"].map(|key| hook[key].clone());
    let (shipped, local) = (yaml(".pre-commit-hooks.yaml"), &local["repos"][0]["hooks"]);
    let all = |hooks: &Value| hooks.as_sequence().unwrap().iter().map(told).collect::<Vec<_>>();
    assert_eq!(all(local), all(&shipped));
}

/// Plays the steps of action.yml as a runner does: inputs in variables, files for outputs and the summary.
fn play_action(files: &TempDir, inputs: &[(&str, &str)], base: &str) -> (i32, String, String) {
    let action = yaml("action.yml");
    let temporary = tempfile::tempdir().unwrap();
    let file = |name: &str| temporary.path().join(name);
    let (mut code, mut out) = (0, String::new());
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"].as_str().unwrap()]);
        shell.current_dir(files.path()).env("PATH", path()).env("RUNNER_TEMP", temporary.path());
        shell.env("GITHUB_OUTPUT", file("output")).env("GITHUB_STEP_SUMMARY", file("summary"));
        shell.env("GITHUB_PATH", file("path")).env("GITHUB_ACTION_PATH", root("."));
        for (name, value) in step["env"].as_mapping().into_iter().flatten() {
            let expression = value.as_str().unwrap();
            let input = expression.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
            let value = match input {
                Some(input) => {
                    let default = action["inputs"][input]["default"].as_str().unwrap();
                    inputs.iter().find(|(name, _)| *name == input).map_or(default, |(_, value)| *value)
                }
                None if expression == "${{ github.base_ref }}" => base,
                None => panic!("{expression}"),
            };
            shell.env(name.as_str().unwrap(), value);
        }
        let done = shell.output().unwrap();
        out.push_str(&String::from_utf8(done.stdout).unwrap());
        out.push_str(&String::from_utf8(done.stderr).unwrap());
        code = done.status.code().unwrap();
        if code != 0 {
            break;
        }
    }
    let summary = std::fs::read_to_string(file("summary")).unwrap_or_default();
    let output = std::fs::read_to_string(file("output")).unwrap_or_default();
    assert!(output.starts_with("report=") && Path::new(output.trim_start_matches("report=").trim()).exists(), "{output}{out}");
    (code, out, summary)
}

#[test]
fn the_action_annotates_and_summarizes() {
    let files = repository();
    let (code, out, summary) = play_action(&files, &[], "main");
    assert_eq!(code, 0, "{out}");
    assert!(summary.starts_with("### 1 schema against origin/main: 1 unchanged"), "{summary}");
    std::fs::write(files.path().join("schemas/order.avsc"), BROKEN).unwrap();
    let (code, out, summary) = play_action(&files, &[("paths", "schemas")], "main");
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("::error file=schemas/order.avsc,line=1,"), "{out}");
    assert!(summary.contains("| ❌ | `schemas/order.avsc` | not compatible under BACKWARD: `TYPE_MISMATCH` |"), "{summary}");
    let (code, out, _) = play_action(&files, &[("against", "git:HEAD"), ("arguments", "--level NONE")], "");
    assert_eq!(code, 0, "{out}");
}

/// The commands of the README's tour, in their order.
fn tour() -> String {
    let readme = std::fs::read_to_string(root("README.md")).unwrap();
    let tour = readme.split("\n## ").find(|section| section.starts_with("A tour\n")).unwrap();
    tour.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn the_tour_works_as_written_and_leaves_no_trace() {
    let kept = tempfile::tempdir().unwrap();
    let server = Process::start(kept.path(), &[]);
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("examples/tour");
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(root("examples/tour")).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        std::fs::write(folder.join(entry.file_name()), text.replace("localhost:8081", &server.address)).unwrap();
    }
    let script = format!("set -eo pipefail\n{}", tour().replace("localhost:8081", &server.address));
    let done = Command::new("bash").args(["-c", &script]).current_dir(copy.path()).env("PATH", path()).output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert!(done.status.success(), "{out}{err}");
    for said in
        ["READER_FIELD_MISSING_DEFAULT_VALUE", "order.avsc is compatible with order.v1.avsc under FULL", "orders-value version 2"]
    {
        assert!(out.contains(said), "{said}: {out}{err}");
    }
    for (target, answer) in [("/subjects?deleted=true", "[]"), ("/config", r#"{"compatibilityLevel":"BACKWARD"}"#)] {
        assert_eq!(exchange(&server.address, "GET", target, "").unwrap().1, answer);
    }
    assert_eq!(exchange(&server.address, "GET", "/config/orders-value", "").unwrap().0, 404);
}
