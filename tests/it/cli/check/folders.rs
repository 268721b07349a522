//! Folders against folders, commits and registries.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{BROKEN, OLD, SMALLER, folder, run, run_with};
use crate::support::process::{Process, exchange};

const MONEY: &str = "syntax = \"proto3\";\npackage shop;\nmessage Money {\n  int64 units = 1;\n}\n";
const BILL: &str = "syntax = \"proto3\";\npackage shop;\nimport \"shop/money.proto\";\nmessage Bill {\n  Money total = 1;\n}\n";
const AVRO_MONEY: &str = r#"{"type": "record", "name": "common.Money", "fields": [{"name": "units", "type": "long"}]}"#;
const AVRO_BILL: &str =
    r#"{"type": "record", "name": "shop.Bill", "fields": [{"name": "total", "type": ["null", "common.Money"]}]}"#;
const ADDRESS: &str =
    r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"street": {"type": "string"}}}"#;
const CUSTOMER: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"home": {"$ref": "address.json"}}}"#;

/// A folder of all formats, with what refers to what.
fn shop() -> Vec<(&'static str, &'static str)> {
    vec![
        ("schemas/order.avsc", OLD),
        ("schemas/avro/money.json", AVRO_MONEY),
        ("schemas/avro/bill.avsc", AVRO_BILL),
        ("schemas/proto/shop/money.proto", MONEY),
        ("schemas/proto/shop/bill.proto", BILL),
        ("schemas/json/address.json", ADDRESS),
        ("schemas/json/customer.json", CUSTOMER),
        ("schemas/package.json", r#"{"name": "x", "type": "module"}"#),
        ("schemas/old/gone.avsc", r#"{"type": "record", "name": "Gone", "fields": []}"#),
        ("schemas/old/moved.avsc", r#"{"type": "record", "name": "Moved", "fields": []}"#),
    ]
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").current_dir(directory).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The shop as it was committed, and then changed in every way there is.
fn repository() -> tempfile::TempDir {
    let files = folder(&shop());
    let root = files.path();
    git(root, &["init", "--quiet"]);
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "all"]);
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write("schemas/order.avsc", BROKEN);
    write("schemas/proto/shop/money.proto", &MONEY.replace("int64", "string"));
    write("schemas/json/address.json", &ADDRESS.replace("\"string\"", "\"integer\""));
    write("schemas/bad.avsc", r#"{"type": "record", "name": "Bad", "fields": [{"name": "a", "type": "Nope"}]}"#);
    write("schemas/new.avsc", SMALLER.replace("Order", "New").as_str());
    std::fs::remove_file(root.join("schemas/old/gone.avsc")).unwrap();
    std::fs::rename(root.join("schemas/old/moved.avsc"), root.join("schemas/moved.avsc")).unwrap();
    files
}

fn in_git(directory: &Path, arguments: &str) -> super::Run {
    let path = std::env::var("PATH").unwrap_or_default();
    run_with(directory, arguments, "", &[("PATH", &path)])
}

#[test]
fn a_commit_is_what_a_folder_is_compared_with() {
    let files = repository();
    let report = in_git(files.path(), "check schemas --against git:main");
    assert_eq!(report.code, 1, "{}", report.err);
    insta::assert_snapshot!("folder_human", report.out);
    for format in ["json", "github", "junit", "sarif", "markdown"] {
        let report = in_git(files.path(), &format!("check schemas --against git:HEAD --format {format}"));
        insta::assert_snapshot!(format!("folder_{format}"), report.out.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}

#[test]
fn a_part_of_a_commit_is_compared_with_a_folder_that_was_elsewhere() {
    let files = repository();
    std::fs::rename(files.path().join("schemas"), files.path().join("contracts")).unwrap();
    let report = in_git(files.path(), "check contracts --against git:main:schemas");
    assert_eq!(report.verdict(), "10 schemas against main:schemas: 5 incompatible, 1 invalid, 1 new, 1 removed, 3 unchanged");
    // from within the folder, and for one file of it
    let report = in_git(&files.path().join("contracts"), "check moved.avsc --against git:main:schemas/old");
    assert_eq!(report.verdict(), "1 schema against main:schemas/old: 1 unchanged");
}

#[test]
fn what_git_does_not_know_is_said() {
    let files = repository();
    for (against, line) in [
        ("git:nope", "git:nope: there is no such commit here"),
        ("git:--output=x", "git:--output=x: that is no revision"),
        ("git:", "git:: that is no revision"),
        ("git:main:nope", "git:main:nope: "),
        ("git:main:../..", "git:main:../..: the folder is not in the repository"),
    ] {
        let report = in_git(files.path(), &format!("check schemas --against {against}"));
        assert_eq!(report.code, 2, "{}", report.out);
        assert!(report.err.contains(line), "{}", report.err);
    }
    assert!(!files.path().join("x").exists());
}

#[test]
fn a_folder_is_compared_with_another_one() {
    let files = folder(&[("new/a.avsc", SMALLER), ("new/deep/b.avsc", OLD), ("old/a.avsc", OLD), ("old/c.avsc", "\"long\"")]);
    let report = run(files.path(), "check new --against old");
    assert_eq!((report.code, report.verdict()), (0, "2 schemas against old: 1 compatible, 1 new, 1 removed"));
    let report = run(files.path(), "check new --against old --refuse-removed");
    assert_eq!(report.code, 1);
    let report = run(files.path(), "check new --against old --level FULL");
    assert_eq!((report.code, report.verdict()), (1, "2 schemas against old: 1 incompatible, 1 new, 1 removed"));
    let report = run(files.path(), "check new --against old --exclude **/b.avsc --exclude c.avsc");
    assert_eq!(report.verdict(), "1 schema against old: 1 compatible");
}

#[test]
fn what_is_ignored_hidden_or_a_link_is_no_schema_of_the_folder() {
    let files = folder(&[
        ("new/a.avsc", OLD),
        ("new/target/b.avsc", OLD),
        ("new/.hidden/c.avsc", OLD),
        ("new/.gitignore", "target/\n"),
        ("old/a.avsc", OLD),
    ]);
    std::os::unix::fs::symlink(files.path().join("new"), files.path().join("new/circle")).unwrap();
    let report = run(files.path(), "check new --against old");
    assert_eq!((report.code, report.verdict()), (0, "1 schema against old: 1 unchanged"));
}

#[test]
fn levels_come_from_accordant_toml() {
    let manifest = "exclude = [\"new/c.avsc\"]\n[[schemas]]\nfiles = \"new/{subject}.avsc\"\ncompatibility = \"FORWARD\"\n";
    let files = folder(&[("accordant.toml", manifest), ("new/a.avsc", BROKEN), ("new/c.avsc", "{"), ("old/a.avsc", OLD)]);
    assert_eq!(run(files.path(), "check new --against old").code, 0);
    assert_eq!(run(files.path(), "check new --against old --level BACKWARD").code, 1);
    let files = folder(&[("accordant.toml", "[[schemas]]\nfile = 1\n"), ("new/a.avsc", OLD), ("old/a.avsc", OLD)]);
    let report = run(files.path(), "check new --against old");
    assert_eq!(report.code, 2);
    assert!(report.err.contains("accordant.toml: ") && report.err.contains("unknown field `file`"), "{}", report.err);
}

#[test]
fn flags_of_a_single_schema_are_refused_for_folders() {
    let files = folder(&[("new/a.avsc", OLD), ("old/a.avsc", OLD)]);
    for flag in ["--type avro", "--property a=b", "--against-reference a=b", "--against-dir old"] {
        let report = run(files.path(), &format!("check new --against old {flag}"));
        assert_eq!(report.code, 2, "{flag}");
        assert!(report.err.contains("is for one schema and its history"), "{}", report.err);
    }
    assert!(run(files.path(), "check new").err.contains("nothing to compare with: --against DIR"));
    assert!(run(files.path(), "check old --against new/a.avsc").err.contains("is not a folder"));
    assert!(run(files.path(), "check --against nowhere").err.contains("nowhere"));
}

#[test]
fn a_registry_has_the_earlier_versions_of_a_folder_and_what_it_refers_to() {
    let kept = tempfile::tempdir().unwrap();
    let server = Process::start(kept.path(), &[]);
    let post = |subject: &str, body: serde_json::Value| {
        let target = format!("/subjects/{subject}/versions");
        let (status, text) = exchange(&server.address, "POST", &target, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{text}");
    };
    post("common.Money", json!({ "schema": AVRO_MONEY }));
    post("order", json!({ "schema": OLD }));
    let references = json!([{ "name": "common.Money", "subject": "common.Money", "version": 1 }]);
    post("bill", json!({ "schema": AVRO_BILL, "references": references }));
    let files = folder(&[("s/order.avsc", BROKEN), ("s/bill.avsc", AVRO_BILL), ("s/fresh.avsc", SMALLER)]);
    let url = format!("http://{}", server.address);
    let report = run(files.path(), &format!("check s --against registry --registry {url} --format json"));
    assert_eq!(report.code, 1, "{}{}", report.out, report.err);
    let report = report.json();
    let verdicts: Vec<(&str, &str)> = report["schemas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|schema| (schema["file"].as_str().unwrap(), schema["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(verdicts, [("s/bill.avsc", "unchanged"), ("s/fresh.avsc", "new"), ("s/order.avsc", "incompatible")]);
    let by_variable = run_with(files.path(), "check s --against registry", "", &[("ACCORDANT_REGISTRY", &url)]);
    assert_eq!(
        (by_variable.code, by_variable.verdict()),
        (1, format!("3 schemas against {url}: 1 incompatible, 1 new, 1 unchanged").as_str())
    );
    let manifest = format!(
        "environment = \"dev\"\n[env.dev]\nregistry = \"{url}\"\n[[schemas]]\nfiles = \"s/bill.avsc\"\nsubject = \"order\"\n"
    );
    std::fs::write(files.path().join("accordant.toml"), manifest).unwrap();
    let mapped = run(files.path(), "check s --against registry");
    assert!(mapped.out.contains("incompatible  s/bill.avsc (subject order)"), "{}", mapped.out);
    assert!(mapped.out.contains("new           s/order.avsc (accordant.toml has no subject for it)"), "{}", mapped.out);
    let nothing = run(files.path(), "check s --against registry --env prod");
    assert_eq!((nothing.code, nothing.err.trim_end()), (2, "accordant: there is no [env.prod] in accordant.toml"));
}

#[test]
fn the_config_of_a_subject_holds_for_files_with_the_metadata_that_they_have() {
    let kept = tempfile::tempdir().unwrap();
    let server = Process::start(kept.path(), &[]);
    let send = |method: &str, target: &str, body: serde_json::Value| {
        let (status, text) = exchange(&server.address, method, target, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{text}");
    };
    send("PUT", "/config/s", json!({ "compatibility": "BACKWARD", "compatibilityGroup": "major", "validateFields": true }));
    let properties = |major: &str| json!({ "properties": { "major": major, "confluent:reserved": "gone" } });
    send("POST", "/subjects/s/versions", json!({ "schema": OLD, "metadata": properties("1") }));
    send("POST", "/subjects/s/versions", json!({ "schema": "\"string\"", "metadata": properties("2") }));
    let manifest = |major: &str| {
        let properties = format!("{{ major = \"{major}\", \"confluent:reserved\" = \"gone\" }}");
        format!("[[schemas]]\nfiles = \"{{subject}}.avsc\"\nmetadata = {{ properties = {properties} }}\n")
    };
    let files = folder(&[("accordant.toml", &manifest("1")), ("s.avsc", SMALLER)]);
    let check = format!("check . --against registry --registry http://{}", server.address);
    let report = run(files.path(), &check);
    assert_eq!(report.code, 0, "{}{}", report.out, report.err);
    std::fs::write(files.path().join("accordant.toml"), manifest("2")).unwrap();
    assert_eq!(run(files.path(), &check).code, 1, "a record does not read strings");
    std::fs::write(files.path().join("accordant.toml"), manifest("1")).unwrap();
    std::fs::write(files.path().join("s.avsc"), SMALLER.replace("\"id\"", "\"gone\"")).unwrap();
    assert!(run(files.path(), &check).out.contains("RESERVED_FIELD_CONFLICT"));
}

#[test]
fn texts_that_refer_to_one_another_in_a_circle_end() {
    let a = "syntax = \"proto3\"; import \"b.proto\"; message A {}";
    let b = "syntax = \"proto3\"; import \"a.proto\"; message B {}";
    let x = r#"{"type": "record", "name": "X", "fields": [{"name": "y", "type": ["null", "Y"]}]}"#;
    let y = r#"{"type": "record", "name": "Y", "fields": [{"name": "x", "type": ["null", "X"]}]}"#;
    let files = folder(&[("new/a.proto", a), ("new/b.proto", b), ("new/x.avsc", x), ("new/y.avsc", y), ("old/a.proto", a)]);
    let report = run(files.path(), "check new --against old");
    assert!(report.code < 2, "{}", report.err);
}
