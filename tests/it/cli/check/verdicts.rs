//! Verdicts of the three formats, levels and histories.

use super::{BROKEN, OLD, SMALLER, folder, run};

#[test]
fn the_exit_code_is_the_verdict() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN), ("smaller.avsc", SMALLER)]);
    let good = run(files.path(), "check smaller.avsc --against old.avsc");
    assert_eq!(
        (good.code, good.out.as_str(), good.err.as_str()),
        (0, "smaller.avsc is compatible with old.avsc under BACKWARD\n", "")
    );
    let bad = run(files.path(), "check new.avsc --against old.avsc");
    assert_eq!((bad.code, bad.err.as_str()), (1, ""));
    assert_eq!(bad.verdict(), "new.avsc is not compatible with old.avsc under BACKWARD: 1 finding");
}

#[test]
fn levels_decide_the_direction() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN), ("smaller.avsc", SMALLER)]);
    let code = |file: &str, level: &str| run(files.path(), &format!("check {file} --against old.avsc --level {level}")).code;
    assert_eq!(code("new.avsc", "forward"), 0);
    assert_eq!(code("smaller.avsc", "FORWARD"), 1);
    assert_eq!(code("smaller.avsc", "FULL"), 1);
    assert_eq!(code("new.avsc", "NONE"), 0);
    assert_eq!(code("new.avsc", "SIDEWARD"), 2);
}

#[test]
fn a_history_is_compared_newest_first_up_to_the_first_break() {
    let with = |name: &str| OLD.replace("total", name);
    let (a, b, c) = (with("a"), with("b"), with("c"));
    let files =
        folder(&[("v1.avsc", &a), ("v2.avsc", &b), ("v10.avsc", &c), ("new.avsc", &c), ("x.proto", ""), ("README.md", "")]);
    let history = "--against v1.avsc --against v2.avsc --against v10.avsc";
    let latest = run(files.path(), &format!("check new.avsc {history}"));
    assert_eq!((latest.code, latest.verdict()), (0, "new.avsc is compatible with v10.avsc under BACKWARD"));
    for arguments in [history, "--against-dir ."] {
        let all = run(files.path(), &format!("check new.avsc {arguments} --level BACKWARD_TRANSITIVE --format json"));
        let report = all.json();
        assert_eq!(all.code, 1);
        let compared: Vec<_> =
            report["compared"].as_array().unwrap().iter().map(|one| one["version"].as_i64().unwrap()).collect();
        assert_eq!(compared, [3, 2], "the first break ends it");
        let old = report["findings"][0]["oldFile"].as_str().unwrap();
        assert_eq!((old.trim_start_matches("./"), report["findings"][0]["oldVersion"].as_i64()), ("v2.avsc", Some(2)));
        assert_eq!(
            report["messages"].as_array().unwrap().last().unwrap(),
            "{validateFields: 'false', compatibility: 'BACKWARD_TRANSITIVE'}"
        );
    }
}

#[test]
fn messages_are_those_of_the_rest_api() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    let report = run(files.path(), "check new.avsc --against old.avsc --format json").json();
    let messages: Vec<_> = report["messages"].as_array().unwrap().iter().map(|message| message.as_str().unwrap()).collect();
    insta::assert_snapshot!("messages", messages.join("\n"));
}

#[test]
fn different_formats_are_a_finding() {
    let files = folder(&[("old.avsc", OLD), ("new.json", r#"{"type": "object"}"#)]);
    let report = run(files.path(), "check new.json --against old.avsc --format json");
    assert_eq!(report.code, 1);
    assert_eq!(report.json()["findings"][0]["rule"], "DIFFERENT_SCHEMA_TYPE");
    assert_eq!(report.json()["findings"][0]["oldFile"], "old.avsc");
}

#[test]
fn protobuf_policies_add_rules() {
    let old = "syntax = \"proto3\";\nmessage M {\n  int32 a = 1;\n  string note = 2;\n}\n";
    let files = folder(&[("old.proto", old), ("new.proto", &old.replace("  string note = 2;\n", ""))]);
    assert_eq!(run(files.path(), "check new.proto --against old.proto").code, 0);
    let strict = run(files.path(), "check new.proto --against old.proto --protobuf-policy file");
    assert_eq!(strict.code, 1);
    assert!(strict.out.contains("old.proto:4:3 (old)\n   4 |   string note = 2;\n     |   ^^^^^^^^^^^^^^^\n"), "{}", strict.out);
}

#[test]
fn json_schemas_get_a_second_opinion_that_decides_nothing() {
    let old = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    let new = r#"{"type": "object", "properties": {"a": {"type": "string"}}, "propertyNames": {"maxLength": 3}}"#;
    let closed = r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#;
    let files = folder(&[("old.json", old), ("new.json", new), ("closed.json", closed)]);
    let passed = run(files.path(), "check new.json --against old.json");
    assert_eq!(passed.code, 0, "{}", passed.out);
    assert!(passed.out.starts_with("note[SEMANTIC_PROPERTY_NAMES_CHANGED]: "), "{}", passed.out);
    let refused = run(files.path(), "check closed.json --against old.json --format json");
    assert_eq!(refused.code, 1);
    assert_eq!(refused.json()["findings"][0]["rule"], "TYPE_CHANGED");
    assert_eq!(refused.json()["notes"][0]["rule"], "SEMANTIC_COUNTER_EXAMPLE");
}

#[test]
fn lenient_is_more_tolerant_than_strict() {
    let old = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    let new = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}"#;
    let files = folder(&[("old.json", old), ("new.json", new)]);
    assert_eq!(run(files.path(), "check new.json --against old.json").code, 1);
    assert_eq!(run(files.path(), "check new.json --against old.json --policy lenient").code, 0);
}

#[test]
fn normalized_texts_are_quoted_where_they_are_stored() {
    let files = folder(&[("old.json", r#"{"type":"object","$id":"x"}"#), ("new.json", r#"{"type":"string"}"#)]);
    let quoted = |flag: &str| {
        let report = run(files.path(), &format!("check new.json --against old.json --format json {flag}")).json();
        report["messages"].as_array().unwrap().iter().any(|message| message == r#"{oldSchema: '{"$id":"x","type":"object"}'}"#)
    };
    assert!(!quoted("") && quoted("--normalize"));
}

#[test]
fn the_logical_policy_asks_the_table_engines() {
    let smaller = OLD.replace(",\n    {\"name\": \"total\", \"type\": \"int\"}", "");
    let files = folder(&[("old.avsc", OLD), ("new.avsc", &smaller)]);
    assert_eq!(run(files.path(), "check new.avsc --against old.avsc").code, 0);
    let asked = run(files.path(), "check new.avsc --against old.avsc --policy logical --format json");
    let report = asked.json();
    let finding = &report["findings"][0];
    assert_eq!((asked.code, &report["findings"][1]), (1, &serde_json::Value::Null));
    assert_eq!(
        (&finding["rule"], &finding["engine"], &finding["path"]),
        (&"FIELD_DELETED".into(), &"ICEBERG_V2".into(), &"total".into())
    );
    assert_eq!((&finding["old"]["line"], &finding["oldFile"]), (&6.into(), &"old.avsc".into()));
    assert_eq!(run(files.path(), "check new.avsc --against old.avsc --policy physical").code, 2);
}
