//! `accordant subjects`, `versions`, `get`, `register`, `delete`, `config`, `mode` and `diff`.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::check::{Run, folder, run, run_with};
use crate::on_both;
use crate::support::app::TestApp;

const OLD: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
const NEW: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}"#;

/// A folder to work in, and the registry in a variable.
struct Desk {
    files: TempDir,
    url: String,
}

impl Desk {
    fn new(app: &TestApp, files: &[(&str, &str)]) -> Self {
        Self { files: folder(files), url: format!("http://{}", app.address) }
    }

    fn ask(&self, arguments: &str) -> Run {
        let variables = [("ACCORDANT_REGISTRY", self.url.as_str())];
        tokio::task::block_in_place(|| run_with(self.files.path(), arguments, "", &variables))
    }

    #[track_caller]
    fn says(&self, arguments: &str, text: &str) {
        let run = self.ask(arguments);
        assert_eq!((run.code, run.out.as_str()), (0, text), "{arguments}: {}", run.err);
    }
}

on_both! {
    async fn a_schema_is_registered_read_and_deleted(database) {
        let app = TestApp::new(database).await;
        let desk = Desk::new(&app, &[("a.avsc", OLD), ("b.avsc", NEW), ("m.proto", "syntax = \"proto3\"; message M {}")]);
        desk.says("register orders-value a.avsc", "orders-value version 1, id 1\n");
        desk.says("register orders-value a.avsc", "orders-value version 1, id 1\n");
        desk.says("register money m.proto --property owner=team", "money version 1, id 2\n");
        desk.says("subjects", "money\norders-value\n");
        desk.says("subjects --prefix ord --format json", "[\n  \"orders-value\"\n]\n");
        desk.says("versions orders-value", "1\n");
        desk.says("get orders-value", &format!("{OLD}\n"));
        desk.says("get --id 1", &format!("{OLD}\n"));
        let whole = desk.ask("get money 1 --format json").json();
        assert_eq!(whole["metadata"], json!({ "properties": { "owner": "team" } }));
        desk.says(&format!("get --guid {}", whole["guid"].as_str().unwrap()), "syntax = \"proto3\";\n\nmessage M {}\n");
        let refused = desk.ask("register orders-value b.avsc");
        assert_eq!(refused.code, 1, "{}", refused.err);
        assert!(refused.out.starts_with("error[READER_FIELD_MISSING_DEFAULT_VALUE] at /fields/1 (1:"), "{}", refused.out);
        assert!(refused.out.ends_with("not registered\n"), "{}", refused.out);
        desk.says("delete orders-value 1", "orders-value: version 1 deleted\n");
        desk.says("subjects", "money\n");
        desk.says("subjects --deleted", "money\norders-value\n");
        desk.says("delete orders-value --permanent", "orders-value: version 1 deleted for good\n");
        desk.says("delete money --permanent", "money: version 1 deleted for good\n");
        desk.says("subjects --deleted", "");
        let gone = desk.ask("get money");
        let line = format!("accordant: registry {}: HTTP 404: Subject 'money' not found. (40401)\n", desk.url);
        assert_eq!((gone.code, gone.err), (2, line));
    }

    async fn references_are_to_versions_of_subjects(database) {
        let app = TestApp::new(database).await;
        let user = r#"{"type":"record","name":"U","fields":[{"name":"r","type":"R"}]}"#;
        let desk = Desk::new(&app, &[("a.avsc", OLD), ("u.avsc", user)]);
        assert_eq!(desk.ask("register base a.avsc").code, 0);
        assert_eq!(desk.ask("register user u.avsc").code, 1, "R is missing");
        assert_eq!(desk.ask("register user u.avsc --reference R=base").code, 0);
        assert_eq!(desk.ask("register user2 u.avsc --reference R=base@1").code, 0);
        let none = desk.ask("register user3 u.avsc --reference R=nothing");
        assert!(none.err.contains("there is no subject 'nothing'"), "{}", none.err);
        assert_eq!(app.get("/subjects/user/versions/1").await.ok()["references"], json!([{ "name": "R", "subject": "base", "version": 1 }]));
    }

    async fn configs_and_modes_are_printed_and_changed(database) {
        let app = TestApp::new(database).await;
        let desk = Desk::new(&app, &[]);
        assert_eq!(desk.ask("config").json(), json!({ "compatibilityLevel": "BACKWARD" }));
        assert_eq!(desk.ask("config s --level full --set normalize=true").json(), json!({ "normalize": true, "compatibility": "FULL" }));
        assert_eq!(desk.ask("config s --unset compatibility").code, 0);
        assert_eq!(desk.ask("config s").json()["normalize"], true);
        assert_eq!(desk.ask("config s --effective").json()["compatibilityLevel"], "BACKWARD");
        assert_eq!(desk.ask("config s --delete").code, 0);
        assert_eq!(desk.ask("config s").code, 2);
        assert_eq!(desk.ask("mode").json(), json!({ "mode": "READWRITE" }));
        assert_eq!(desk.ask("mode s --set readonly").json(), json!({ "mode": "READONLY" }));
        assert_eq!(desk.ask("mode s").json(), json!({ "mode": "READONLY" }));
        assert_eq!(desk.ask("mode s --delete").code, 0);
        assert_eq!(desk.ask("mode s --set nonsense").code, 2);
    }

    async fn versions_and_files_are_told_apart(database) {
        let app = TestApp::new(database).await;
        app.register("orders@eu", OLD).await;
        let desk = Desk::new(&app, &[("new.avsc", NEW)]);
        let differ = desk.ask("diff orders@eu@1 new.avsc");
        assert_eq!(differ.code, 3, "{}", differ.err);
        insta::assert_snapshot!("diff_human", differ.out);
        let same = desk.ask("diff orders@eu@latest orders@eu@1");
        assert_eq!((same.code, same.out.as_str()), (0, "orders@eu version 1 and orders@eu version 1 are the same schema\n"));
        assert!(desk.ask("diff orders@eu@7 new.avsc").err.contains("orders@eu has no version 7"));
        assert!(desk.ask("diff orders@eu@x new.avsc").err.contains("expected SUBJECT@VERSION"));
    }
}

#[test]
fn files_are_compared_without_a_registry() {
    let files = folder(&[
        ("a.proto", "syntax = \"proto3\"; message M { string a = 1; }"),
        ("b.proto", "syntax = \"proto3\"; message M { int32 a = 1; }"),
    ]);
    let report = run(files.path(), "diff a.proto b.proto --format json");
    assert_eq!(report.code, 3, "{}", report.err);
    let report = report.json();
    let levels: Vec<(&str, bool)> = report["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| (level["level"].as_str().unwrap(), level["compatible"].as_bool().unwrap()))
        .collect();
    assert_eq!(levels, [("BACKWARD", false), ("FORWARD", false), ("FULL", false)]);
    assert_eq!(report["same"], Value::Bool(false));
    assert_eq!(run(files.path(), "diff a.proto a.proto").code, 0);
    assert!(run(files.path(), "diff s@1 a.proto").err.contains("no registry: --registry URL"));
}
