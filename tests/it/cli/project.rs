//! `accordant plan`, `apply`, `drift`, `pull` and `promote` against running registries.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::check::{Run, folder, run as run_here, run_with};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::process::exchange;

/// The binary as a process; the server of the test runs on other threads meanwhile.
fn cli(directory: &Path, arguments: &str) -> Run {
    tokio::task::block_in_place(|| run_here(directory, arguments))
}

/// Ten Protobuf files, each of which imports the one before.
fn chain(fields: &str) -> Vec<(String, String)> {
    let one = |number: usize| {
        let import = if number == 0 { String::new() } else { format!("import \"c{}.proto\";\n", number - 1) };
        let before = if number == 0 { String::new() } else { format!("  C{} before = 9;\n", number - 1) };
        let text = format!("syntax = \"proto3\";\n{import}message C{number} {{\n{fields}{before}}}\n");
        (format!("schemas/c{number}.proto"), text)
    };
    (0..10).map(one).collect()
}

fn project(url: &str, rest: &str, files: &[(String, String)]) -> TempDir {
    let manifest = format!("environment = \"dev\"\n{rest}\n[env.dev]\nregistry = \"{url}\"\n");
    let mut all: Vec<(&str, &str)> = vec![("accordant.toml", &manifest)];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    folder(&all)
}

const MAPPING: &str = "[[schemas]]\nfiles = \"schemas/{subject}.*\"";

fn with_env(mapping: &str, url: &str) -> String {
    format!("environment = \"dev\"\n[env.dev]\nregistry = \"{url}\"\n{mapping}\n")
}

#[track_caller]
fn ends(run: &Run, code: i32, line: &str) {
    assert_eq!((run.code, run.out.lines().last().unwrap_or_default()), (code, line), "{}{}", run.out, run.err);
}

async fn subjects(app: &TestApp) -> Vec<String> {
    serde_json::from_value(app.get("/subjects").await.ok()).unwrap()
}

on_both! {
    async fn what_was_planned_is_applied_and_then_there_is_nothing_to_do(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let files = project(&url, "", &chain("  string a = 1;\n"));
        std::fs::write(files.path().join("accordant.toml"), with_env(MAPPING, &url)).unwrap();
        ends(&cli(files.path(), "plan"), 3, &format!("Plan for {url}: 10 to register"));
        assert!(subjects(&app).await.is_empty(), "a plan changes nothing");
        ends(&cli(files.path(), "apply"), 0, &format!("{url}: 10 done, 0 unchanged"));
        ends(&cli(files.path(), "plan"), 0, &format!("Plan for {url}: 10 unchanged"));
        ends(&cli(files.path(), "apply"), 0, &format!("{url}: nothing to do, 10 unchanged"));
        let last = app.get("/subjects/c9/versions/latest").await.ok();
        assert_eq!(last["references"], json!([{ "name": "c8.proto", "subject": "c8", "version": 1 }]));
        // a change at the root changes all that stands on it
        for (name, text) in chain("  string a = 1;\n  string b = 2;\n").into_iter().take(1) {
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let plan = cli(files.path(), "plan --format json");
        assert_eq!(plan.code, 3, "{}", plan.err);
        let plan = plan.json();
        let planned: Vec<(&str, i64)> = plan["registrations"].as_array().unwrap().iter()
            .map(|one| (one["subject"].as_str().unwrap(), one["version"].as_i64().unwrap())).collect();
        assert_eq!(planned.len(), 10);
        assert_eq!((planned[0], planned[9]), (("c0", 2), ("c9", 2)));
    }

    async fn a_refused_schema_in_a_tree_of_ten_applies_nothing(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let files = project(&url, "", &chain("  string a = 1;\n"));
        std::fs::write(files.path().join("accordant.toml"), with_env(MAPPING, &url)).unwrap();
        assert_eq!(cli(files.path(), "apply").code, 0);
        for (name, text) in chain("  string a = 1;\n  string b = 2;\n") {
            let text = if name.ends_with("c7.proto") { text.replace("string a", "int64 a") } else { text };
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let plan = cli(files.path(), "plan");
        assert_eq!(plan.code, 1, "{}{}", plan.out, plan.err);
        assert!(plan.out.contains("error[FIELD_SCALAR_KIND_CHANGED] at #/C7/1"), "{}", plan.out);
        assert!(plan.out.contains("schemas/c7.proto:4:3 (new)"), "{}", plan.out);
        ends(&cli(files.path(), "apply"), 1, "Nothing was applied.");
        for number in 0..10 {
            assert_eq!(app.get(&format!("/subjects/c{number}/versions")).await.ok(), json!([1]));
        }
    }

    async fn a_change_made_by_hand_is_drift_and_outdates_a_plan(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let mapping = format!("[config]\ncompatibility = \"FULL\"\n{MAPPING}\ncompatibility = \"BACKWARD\"\n");
        let files = folder(&[("schemas/a.avsc", "\"int\""), ("accordant.toml", &with_env(&mapping, &url))]);
        let held = cli(files.path(), "plan");
        assert_eq!(held.code, 3);
        assert!(held.out.contains("compatibility: BACKWARD -> FULL (held back: --enable-configs)"), "{}", held.out);
        assert_eq!(cli(files.path(), "plan --enable-configs --out plan.json").code, 3);
        ends(&cli(files.path(), "apply --plan plan.json"), 0, &format!("{url}: 3 done, 0 unchanged"));
        assert_eq!(app.get("/config/a").await.ok()["compatibilityLevel"], "BACKWARD");
        ends(&cli(files.path(), "drift"), 0, &format!("Drift for {url}: 1 unchanged"));
        let again = cli(files.path(), "apply --plan plan.json");
        assert_eq!(again.code, 1);
        assert!(again.out.contains("moved: a had versions [] and has [1]"), "{}", again.out);
        app.put("/config/a", &json!({ "compatibility": "NONE" })).await.ok();
        let drift = cli(files.path(), "drift");
        assert_eq!(drift.code, 3);
        assert!(drift.out.contains("~ a  compatibility: NONE -> BACKWARD"), "{}", drift.out);
        app.register("a", "\"long\"").await;
        let drift = cli(files.path(), "drift");
        assert!(drift.out.contains("? a  the file is version 1; version 2 is in no file"), "{}", drift.out);
        app.register("stranger", "\"long\"").await;
        let drift = cli(files.path(), "drift --unmanaged");
        assert!(drift.out.contains("- stranger  no file has it: delete 1 version"), "{}", drift.out);
        // a subject that was removed for good and registered anew is not the one that the plan saw
        std::fs::write(files.path().join("schemas/a.avsc"), "\"double\"").unwrap();
        assert_eq!(cli(files.path(), "plan --out plan.json").code, 3);
        app.delete("/subjects/a").await.ok();
        app.delete("/subjects/a?permanent=true").await.ok();
        app.put("/config/a", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("a", "\"float\"").await;
        app.register("a", "\"double\"").await;
        assert_eq!(cli(files.path(), "apply --plan plan.json").code, 1);
    }

    async fn subjects_without_files_are_deleted_on_request_in_the_order_of_references(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let files = project(&url, "", &chain("  string a = 1;\n"));
        let manifest = files.path().join("accordant.toml");
        std::fs::write(&manifest, with_env(MAPPING, &url)).unwrap();
        assert_eq!(cli(files.path(), "apply").code, 0);
        std::fs::write(&manifest, with_env("[[schemas]]\nfiles = \"schemas/{subject}.avsc\"", &url)).unwrap();
        std::fs::write(files.path().join("schemas/a.avsc"), "\"int\"").unwrap();
        let plan = cli(files.path(), "plan");
        assert!(plan.out.contains("(10 subjects)  no file has c0, c1"), "{}", plan.out);
        assert!(plan.out.contains("(they stay, without --enable-deletes)"), "{}", plan.out);
        ends(&cli(files.path(), "apply --enable-deletes"), 0, &format!("{url}: 11 done, 0 unchanged"));
        assert_eq!(subjects(&app).await, ["a"]);
        // one that others refer to, which are not ours to delete
        app.register_as("x-base", "PROTOBUF", "syntax = \"proto3\"; message B {}", &[]).await;
        let text = "syntax = \"proto3\"; import \"b.proto\"; message U { B b = 1; }";
        app.register_as("user", "PROTOBUF", text, &[("b.proto", "x-base", 1)]).await;
        let prefixed = format!("subject-prefix = \"x-\"\n{}", with_env("[[schemas]]\nfiles = \"schemas/{subject}.avsc\"\nsubject = \"x-{subject}\"", &url));
        std::fs::write(&manifest, prefixed).unwrap();
        let plan = cli(files.path(), "plan --enable-deletes");
        assert_eq!(plan.code, 1, "{}{}", plan.out, plan.err);
        assert!(plan.out.contains("! x-base  1 version can't be deleted: user refers to it"), "{}", plan.out);
    }

    async fn what_is_pulled_plans_to_nothing(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("money", r#"{"type":"record","name":"m.Money","fields":[{"name":"a","type":"int"}]}"#).await;
        let bill = r#"{"type":"record","name":"Bill","fields":[{"name":"m","type":"m.Money"}]}"#;
        app.register_as("bill", "AVRO", bill, &[("m.Money", "money", 1)]).await;
        app.register("money", r#"{"type":"record","name":"m.Money","fields":[{"name":"a","type":"long"}]}"#).await;
        app.register_as("new.bill", "AVRO", bill, &[("m.Money", "money", 2)]).await;
        let base = "syntax = \"proto3\"; package p; message B { string a = 1; }";
        app.register_as("dir%2Fbase.proto", "PROTOBUF", base, &[]).await;
        let user = "syntax = \"proto3\"; import \"dir/base.proto\"; message U { p.B b = 1; }";
        app.register_as(".user", "PROTOBUF", user, &[("dir/base.proto", "dir/base.proto", 1)]).await;
        app.register_as("person.json", "JSON", r#"{"type":"object","properties":{"n":{"type":"number","maximum":1.50}}}"#, &[]).await;
        app.register_as("list", "JSON", r#"{"type":"array","items":{"$ref":"person.json"}}"#, &[("person.json", "person.json", 1)]).await;
        let rules = json!({ "domainRules": [{ "name": "r", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "true" }] });
        let metadata = json!({ "tags": { "a": ["PII"] }, "properties": { "owner": "team" } });
        let body = json!({ "schema": "\"string\"", "metadata": metadata, "ruleSet": rules });
        app.post("/subjects/ruled/versions", &body).await.ok();
        app.put("/config/ruled", &json!({ "compatibility": "FULL", "normalize": true })).await.ok();
        app.put("/mode/list", &json!({ "mode": "READONLY" })).await.ok();
        let directory = tempfile::tempdir().unwrap();
        let pulled = cli(directory.path(), &format!("pull out --registry {url}"));
        ends(&pulled, 0, &format!("8 subjects of {url} in out"));
        let out = directory.path().join("out");
        ends(&cli(&out, "plan --enable-configs --enable-deletes"), 0, &format!("Plan for {url}: 8 unchanged"));
        let again = cli(directory.path(), &format!("dump out --registry {url}"));
        assert_eq!(again.code, 2);
        assert!(again.err.contains("is there already; --force writes over it"), "{}", again.err);
        // a mode that somebody takes away is drift, and comes back
        app.delete("/mode/list").await.ok();
        let drift = cli(&out, "drift");
        assert!(drift.code == 3 && drift.out.contains("mode: (none) -> READONLY"), "{}", drift.out);
        ends(&cli(&out, "plan"), 0, &format!("Plan for {url}: 8 unchanged"));
        ends(&cli(&out, "apply --enable-configs"), 0, &format!("{url}: 1 done, 8 unchanged"));
        assert_eq!(app.get("/mode/list").await.ok()["mode"], "READONLY");
        app.put("/mode", &json!({ "mode": "READONLY" })).await.ok();
        ends(&cli(&out, "plan --enable-configs"), 3, &format!("Plan for {url}: 1 mode to change, 8 unchanged"));
        ends(&cli(&out, "apply --enable-configs"), 0, &format!("{url}: 1 done, 8 unchanged"));
        assert_eq!(app.get("/mode").await.ok()["mode"], "READWRITE");
    }

    async fn a_mode_that_keeps_writes_off_is_set_after_them(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let files = folder(&[
            ("a.avsc", "\"int\""),
            ("b.avsc", "\"long\""),
            ("accordant.toml", &format!("mode = \"READONLY\"\n{}", with_env("[[schemas]]\nfiles = \"{subject}.avsc\"\nmode = \"READONLY\"", &url))),
        ]);
        ends(&cli(files.path(), "plan --enable-configs"), 3, &format!("Plan for {url}: 2 to register, 3 modes to change"));
        ends(&cli(files.path(), "apply --enable-configs"), 0, &format!("{url}: 5 done, 0 unchanged"));
        assert_eq!((app.get("/mode").await.ok(), app.get("/mode/a").await.ok()), (json!({ "mode": "READONLY" }), json!({ "mode": "READONLY" })));
        ends(&cli(files.path(), "drift"), 0, &format!("Drift for {url}: 2 unchanged"));
        let wrong = folder(&[("accordant.toml", "mode = \"OPEN\"")]);
        assert!(cli(wrong.path(), "plan").err.contains("mode = \"OPEN\": is none"));
    }

    async fn old_versions_are_pulled_and_compared_on_request(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        app.register("m.Money", r#"{"type":"record","name":"m.Money","fields":[{"name":"a","type":"int"}]}"#).await;
        let bill = r#"{"type":"record","name":"Bill","fields":[{"name":"m","type":"m.Money"}]}"#;
        app.register_as("bill", "AVRO", bill, &[("m.Money", "m.Money", 1)]).await;
        app.register("m.Money", r#"{"type":"record","name":"m.Money","fields":[{"name":"a","type":"long"}]}"#).await;
        app.register_as("bill", "AVRO", bill, &[("m.Money", "m.Money", 2)]).await;
        let proto = |fields: &str| format!("syntax = \"proto3\";\n\nmessage U {{\n{fields}}}\n");
        app.register_as("u", "PROTOBUF", &proto("  string a = 1;\n"), &[]).await;
        let body = json!({ "schemaType": "PROTOBUF", "schema": proto("  string a = 1;\n  string b = 2;\n"),
            "metadata": { "properties": { "owner": "x" } } });
        app.post("/subjects/u/versions", &body).await.ok();
        app.register_as("u", "PROTOBUF", &proto("  string a = 1;\n  string b = 2;\n  string c = 3;\n"), &[]).await;
        let directory = tempfile::tempdir().unwrap();
        let pulled = cli(directory.path(), &format!("pull out --all-versions --registry {url}"));
        ends(&pulled, 0, &format!("3 subjects of {url} in out"));
        let out = directory.path().join("out");
        assert!(out.join("schemas/u/2.proto").exists() && out.join("schemas/m.Money/1.avsc").exists());
        let nothing = format!("{url}: 3 unchanged, 4 old versions unchanged");
        ends(&cli(&out, "plan --enable-configs --enable-deletes"), 0, &format!("Plan for {nothing}"));
        ends(&cli(&out, "drift --unmanaged"), 0, &format!("Drift for {nothing}"));
        // they are no schemas of the repository: nothing is ambiguous
        assert_eq!(cli(&out, "lint").code, 0);
        // what is another one, or is not there, is drift; applying can't help
        std::fs::write(out.join("schemas/m.Money/1.avsc"), "\"int\"").unwrap();
        app.delete("/subjects/u/versions/2").await.ok();
        let drift = cli(&out, "drift");
        assert_eq!(drift.code, 3, "{}{}", drift.out, drift.err);
        for line in ["m.Money  version 1: the registry has another text  schemas/m.Money/1.avsc", "u        version 2: the registry does not have it; accordant migrate"] {
            assert!(drift.out.contains(line), "{}", drift.out);
        }
        assert_eq!(cli(&out, "plan").code, 0);
        std::fs::remove_file(out.join("schemas/u/1.proto")).unwrap();
        assert_eq!(cli(&out, "plan").code, 2);
    }

    async fn another_environment_gets_what_one_has(database) {
        let (dev, prod) = (TestApp::new(database).await, TestApp::new(database).await);
        dev.register("other", "\"int\"").await;
        prod.register("unrelated", "\"int\"").await;
        dev.register("money", r#"{"type":"record","name":"m.Money","fields":[]}"#).await;
        let bill = r#"{"type":"record","name":"Bill","fields":[{"name":"m","type":"m.Money"}]}"#;
        dev.register_as("bill", "AVRO", bill, &[("m.Money", "money", 1)]).await;
        // other numbers there
        prod.register("money", r#"{"type":"record","name":"m.Money","fields":[{"name":"a","type":"int"}]}"#).await;
        let manifest = format!("[env.dev]\nregistry = \"http://{}\"\n[env.prod]\nregistry = \"http://{}\"\n", dev.address, prod.address);
        let files = folder(&[("accordant.toml", &manifest)]);
        let url = format!("http://{}", prod.address);
        ends(&cli(files.path(), "promote --from dev --to prod bill --dry-run"), 3, &format!("Plan for {url}: 2 to register"));
        ends(&cli(files.path(), "promote --from dev --to prod bill"), 0, &format!("{url}: 2 done, 0 unchanged"));
        ends(&cli(files.path(), "promote --from dev --to prod bill"), 0, &format!("{url}: nothing to do, 2 unchanged"));
        let there = prod.get("/subjects/bill/versions/1").await.ok();
        assert_eq!(there["references"][0]["version"], 2);
        assert_eq!(subjects(&prod).await, ["bill", "money", "unrelated"]);
        assert_eq!(cli(files.path(), "promote --from dev --to nowhere bill").code, 2);
        let none = cli(files.path(), "promote --from dev --to prod nothing");
        assert!(none.err.contains("nothing has no version latest"), "{}", none.err);
    }

    async fn another_environment_gets_the_versions_that_are_named(database) {
        let (dev, prod) = (TestApp::new(database).await, TestApp::new(database).await);
        let order = |fields: usize| {
            let fields: Vec<String> = (0..fields).map(|n| format!(r#"{{"name":"f{n}","type":"int","default":0}}"#)).collect();
            format!(r#"{{"type":"record","name":"Order","fields":[{}]}}"#, fields.join(","))
        };
        for fields in 0..5 {
            dev.register("a@b", &order(fields)).await;
        }
        dev.delete("/subjects/a@b/versions/3").await.ok();
        let manifest = format!("[env.dev]\nregistry = \"http://{}\"\n[env.prod]\nregistry = \"http://{}\"\n", dev.address, prod.address);
        let files = folder(&[("accordant.toml", &manifest)]);
        let url = format!("http://{}", prod.address);
        ends(&cli(files.path(), "promote --from dev --to prod a@b@2 --dry-run"), 3, &format!("Plan for {url}: 1 to register"));
        ends(&cli(files.path(), "promote --from dev --to prod a@b@2"), 0, &format!("{url}: 1 done, 0 unchanged"));
        // each becomes a version of its own, in their order; the one that is gone is none
        let ranged = cli(files.path(), "promote --from dev --to prod a@b@2..4");
        assert_eq!((ranged.code, ranged.out.lines().filter(|line| line.starts_with("done")).count()), (0, 1), "{}{}", ranged.out, ranged.err);
        let all = cli(files.path(), "promote --from dev --to prod a@b@*");
        assert_eq!(all.code, 0, "{}{}", all.out, all.err);
        let texts = |version: &str| format!("/subjects/a@b/versions/{version}");
        for (version, fields) in [("1", 1), ("2", 3), ("3", 0), ("4", 4)] {
            assert_eq!(prod.get(&texts(version)).await.ok()["schema"], order(fields), "{version}");
        }
        ends(&cli(files.path(), "promote --from dev --to prod a@b"), 0, &format!("{url}: nothing to do, 1 unchanged"));
        let none = cli(files.path(), "promote --from dev --to prod a@b@9..");
        assert!(none.code == 2 && none.err.contains("a@b@9..: there is no such version"), "{}", none.err);
        // one that is refused keeps off what comes after it
        prod.put("/config/c", &json!({ "compatibility": "FULL" })).await.ok();
        for schema in ["\"int\"", "\"string\"", "\"bytes\""] {
            dev.put("/config/c", &json!({ "compatibility": "NONE" })).await.ok();
            dev.register("c", schema).await;
        }
        assert_eq!(cli(files.path(), "promote --from dev --to prod c@1..3").code, 1);
        assert_eq!(prod.get("/subjects/c/versions").await.ok(), json!([1]));
    }

    async fn state_files_of_schema_registry_gitops_are_read(database) {
        let app = TestApp::new(database).await;
        let url = format!("http://{}", app.address);
        let state = "compatibility: FULL_TRANSITIVE\nsubjects:\n  - name: user-value\n    file: user.avsc\n    compatibility: BACKWARD\n  \
                     - name: inline\n    schema: 'syntax = \"proto3\"; message M { string a = 1; }'\n    type: PROTOBUF\n  \
                     - name: with-references\n    file: bill.json\n    type: AVRO\n    references:\n      - name: dev.User\n        \
                     subject: user-value\n        version: 1\n";
        let user = r#"{"type":"record","name":"dev.User","fields":[]}"#;
        let bill = r#"{"type":"record","name":"Bill","fields":[{"name":"u","type":"dev.User"}]}"#;
        app.register("user-value", user).await;
        let files = folder(&[("state/registry.yml", state), ("state/user.avsc", user), ("state/bill.json", bill)]);
        let arguments = format!("--config state/registry.yml --registry {url} --enable-configs");
        ends(&cli(files.path(), &format!("plan {arguments}")), 3, &format!("Plan for {url}: 2 to register, 2 configs to change, 1 unchanged"));
        assert_eq!(cli(files.path(), &format!("apply {arguments}")).code, 0);
        ends(&cli(files.path(), &format!("plan {arguments}")), 0, &format!("Plan for {url}: 3 unchanged"));
        assert_eq!(app.get("/config").await.ok()["compatibilityLevel"], "FULL_TRANSITIVE");
        assert_eq!(app.get("/subjects/with-references/versions/1").await.ok()["references"][0]["version"], 1);
    }

    async fn a_registry_without_trees_gets_them_one_by_one_and_never_half(database) {
        let app = TestApp::new(database).await;
        let front = Front::before(&app.address.to_string());
        let url = format!("http://{}", front.address);
        let files = project(&url, "", &chain("  string a = 1;\n"));
        std::fs::write(files.path().join("accordant.toml"), with_env(&format!("{MAPPING}\ncompatibility = \"FULL\""), &url)).unwrap();
        front.refuse("/subjects/c6/versions");
        let failed = cli(files.path(), "apply --enable-configs");
        assert_eq!(failed.code, 1, "{}{}", failed.out, failed.err);
        assert!(failed.out.contains("failed: c0, c1, c2"), "{}", failed.out);
        assert!(failed.out.contains("HTTP 422: no, says the front (42201)"), "{}", failed.out);
        assert!(subjects(&app).await.is_empty(), "what was registered is taken back");
        assert_eq!(app.get("/subjects?deleted=true").await.ok(), json!([]), "for good");
        assert_eq!(app.get("/config/c0").await.status, 404, "and so are configs");
        front.refuse("");
        ends(&cli(files.path(), "apply --enable-configs"), 0, &format!("{url}: 20 done, 0 unchanged"));
        ends(&cli(files.path(), "plan --enable-configs"), 0, &format!("Plan for {url}: 10 unchanged"));
    }

    async fn after_a_kill_in_the_middle_a_plan_says_the_truth(database) {
        let app = TestApp::new(database).await;
        let front = Front::before(&app.address.to_string());
        let url = format!("http://{}", front.address);
        let files = project(&url, "", &chain("  string a = 1;\n"));
        std::fs::write(files.path().join("accordant.toml"), with_env(MAPPING, &url)).unwrap();
        let path = files.path().to_owned();
        front.hang("/subjects/c4/versions");
        tokio::task::block_in_place(|| {
            let mut child = crate::support::process::command(&path).arg("apply").spawn().unwrap();
            front.wait_for_hanging();
            child.kill().unwrap();
            child.wait().unwrap();
        });
        front.hang("");
        assert_eq!(subjects(&app).await.len(), 4);
        let plan = cli(files.path(), "plan");
        ends(&plan, 3, &format!("Plan for {url}: 6 to register, 4 unchanged"));
        ends(&cli(files.path(), "apply"), 0, &format!("{url}: 6 done, 4 unchanged"));
        ends(&cli(files.path(), "plan"), 0, &format!("Plan for {url}: 10 unchanged"));
    }
}

/// What stands before a registry and makes it one that has nothing but Confluent's API, and that refuses or keeps waiting on request.
struct Front {
    address: String,
    refused: Arc<std::sync::Mutex<String>>,
    hanging: Arc<std::sync::Mutex<String>>,
    hung: Arc<AtomicUsize>,
}

impl Front {
    fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = Self {
            address: listener.local_addr().unwrap().to_string(),
            refused: Arc::default(),
            hanging: Arc::default(),
            hung: Arc::default(),
        };
        let (upstream, refused) = (upstream.to_owned(), Arc::clone(&front.refused));
        let (hanging, hung) = (Arc::clone(&front.hanging), Arc::clone(&front.hung));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, refused) = (upstream.clone(), Arc::clone(&refused));
                let (hanging, hung) = (Arc::clone(&hanging), Arc::clone(&hung));
                std::thread::spawn(move || {
                    let _ = answer(&stream, &upstream, &refused.lock().unwrap().clone(), &hanging.lock().unwrap().clone(), &hung);
                });
            }
        });
        front
    }

    fn refuse(&self, path: &str) {
        path.clone_into(&mut self.refused.lock().unwrap());
    }

    fn hang(&self, path: &str) {
        path.clone_into(&mut self.hanging.lock().unwrap());
    }

    fn wait_for_hanging(&self) {
        crate::support::process::eventually("a request hangs", || self.hung.load(Ordering::SeqCst) > 0);
    }
}

fn answer(mut stream: &TcpStream, upstream: &str, refused: &str, hanging: &str, hung: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if let Some((_, value)) = header.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().unwrap();
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is = |path: &str| !path.is_empty() && method == "POST" && target.starts_with(path);
    if is(hanging) {
        hung.fetch_add(1, Ordering::SeqCst);
        // until the client is gone
        let _ = stream.read(&mut [0; 1])?;
        return Ok(());
    }
    let (status, text) = if target.starts_with("/accordant/") {
        (404, json!({ "error_code": 404, "message": "HTTP 404 Not Found" }).to_string())
    } else if is(refused) {
        (422, json!({ "error_code": 42201, "message": "no, says the front" }).to_string())
    } else {
        exchange(upstream, method, target, &String::from_utf8(body).unwrap())?
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// Arguments, files, and what the line must say.
type BadProject<'p> = (&'p str, &'p [(&'p str, &'p str)], &'p str);

#[test]
fn what_is_wrong_with_a_project_is_said_in_a_line() {
    let cases: &[BadProject<'_>] = &[
        ("plan", &[], "there is no accordant.toml here or in a folder above"),
        ("plan", &[("accordant.toml", "")], "no registry: --registry URL, --env NAME"),
        ("plan --registry http://127.0.0.1:1", &[("accordant.toml", "")], "no [[schemas]] says which files"),
        (
            "plan --registry http://127.0.0.1:1",
            &[("accordant.toml", "[[schemas]]\nfiles = \"a.avsc\"\nsubject = \"a\"")],
            "no file is 'a.avsc'",
        ),
        (
            "plan --registry http://127.0.0.1:1",
            &[
                ("accordant.toml", "[[schemas]]\nfiles = \"*.avsc\"\nsubject = \"a\""),
                ("a.avsc", "\"int\""),
                ("b.avsc", "\"int\""),
            ],
            "subject a is that of a.avsc already",
        ),
        (
            "plan --registry http://127.0.0.1:1",
            &[("accordant.toml", "[[schemas]]\nfiles = \"{s}.avsc\"\nstrategy = \"record-name\""), ("a.avsc", "\"int\"")],
            "the schema has no name",
        ),
        (
            "plan --env dev",
            &[("accordant.toml", "[env.dev]\nregistry = \"http://x\"\nuser = \"a\"\npassword-env = \"NOPE\"")],
            "the variable NOPE is not set",
        ),
        ("apply --plan p.json --registry http://x", &[("p.json", "{}")], "is no plan"),
        ("apply --plan p.json --registry http://x", &[("p.json", PLAN)], "the plan is for http://y, not for http://x"),
        ("promote --from a --to b s", &[], "there is no [env.a]"),
    ];
    for (arguments, files, line) in cases {
        let files = folder(files);
        let report = run_with(files.path(), arguments, "", &[]);
        assert_eq!(report.code, 2, "{arguments}: {}", report.out);
        assert!(report.err.contains(line), "{arguments}: {}", report.err);
    }
}

const PLAN: &str =
    r#"{"format": 1, "registry": "http://y", "configs": [], "registrations": [], "deletions": [], "unchanged": []}"#;

#[test]
fn names_of_subjects_follow_the_strategies_of_serializers() {
    let kept = tempfile::tempdir().unwrap();
    let server = crate::support::process::Process::start(kept.path(), &[]);
    let url = format!("http://{}", server.address);
    let record = r#"{"type":"record","name":"shop.Order","fields":[]}"#;
    let mapping = "[[schemas]]\nfiles = \"{topic}/key.avsc\"\nstrategy = \"topic-name\"\ntopic = \"{topic}\"\npart = \"key\"\n\
                   [[schemas]]\nfiles = \"{topic}/value.avsc\"\nstrategy = \"topic-record-name\"\ntopic = \"{topic}\"\n\
                   [[schemas]]\nfiles = \"records/*\"\nstrategy = \"record-name\"\nmetadata = { properties = { a = \"b\" } }";
    let proto = "syntax = \"proto3\"; package shop; message Bill {}";
    let files = folder(&[
        ("accordant.toml", &with_env(mapping, &url)),
        ("orders/key.avsc", "\"string\""),
        ("orders/value.avsc", record),
        ("records/bill.proto", proto),
    ]);
    let applied = run_here(files.path(), "apply");
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    let (_, text) = exchange(&server.address, "GET", "/subjects", "").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!(["orders-key", "orders-shop.Order", "shop.Bill"]));
}
