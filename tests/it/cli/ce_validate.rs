//! `accordant ce validate`, as a script runs it.

use serde_json::json;

use super::check::{folder, refused, run, run_with};
use crate::api::cloudevents::validate::{codes, register};
use crate::support::app::{Database, TestApp};

const EVENT: &str =
    "{\"specversion\": \"1.0\", \"id\": \"7\", \"source\": \"/shop\", \"type\": \"sold\",\n \"data\": {\"total\": \"x\"}}\n";
const SCHEMA: &str = r#"{"type": "object", "properties": {"total": {"type": "integer"}}}"#;

#[test]
fn an_event_of_json_is_held_to_a_schema_when_one_is_given() {
    let files = folder(&[("event.json", EVENT), ("s.json", SCHEMA), ("batch.json", &format!("[{EVENT}, {{}}]"))]);
    let alone = run(files.path(), "ce validate event.json");
    let unchecked = "event.json has a valid envelope; its data was not checked\n";
    assert_eq!((alone.code, alone.out.as_str()), (2, unchecked));
    assert!(
        alone.err.starts_with("accordant: event.json: the data was not checked; --schema or --registry does"),
        "{}",
        alone.err
    );
    let envelope = run(files.path(), "ce validate event.json --envelope-only");
    assert_eq!((envelope.code, envelope.out.as_str()), (0, unchecked));
    let held = run(files.path(), "ce validate event.json --schema s.json");
    assert_eq!((held.code, held.verdict()), (1, "event.json is not valid: 1 error"));
    assert!(held.out.contains("error[data.schema] in data at /total\n"), "{}", held.out);
    assert!(
        held.out.contains("--> event.json:2:20\n   2 |  \"data\": {\"total\": \"x\"}}\n     |                    ^^^\n"),
        "{}",
        held.out
    );
    let report = run(files.path(), "ce validate event.json --schema s.json --format json").json();
    assert_eq!((&report["valid"], &report["schema"]["schemaType"]), (&json!(false), &json!("JSON")));
    assert_eq!(codes(&report, "errors"), ["data.schema /total"]);
    let batch = run(files.path(), "ce validate batch.json");
    assert_eq!((batch.code, batch.verdict()), (1, "batch.json is not valid: 1 error"));
    assert!(batch.out.contains("error[not_a_cloudevent]"), "{}", batch.out);
    let stdin = run_with(
        files.path(),
        "ce validate - --mode strict",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\",\"9\":1}",
        &[],
    );
    assert_eq!((stdin.code, stdin.verdict()), (1, "stdin is not valid: 1 error"));
}

#[test]
fn headers_and_a_body_make_an_event() {
    let proto = "syntax = \"proto3\"; message A { string s = 1; } message B { int32 n = 1; }";
    let files =
        folder(&[("body", "\u{8}\u{3}"), ("m.proto", proto), ("a.avsc", "\"int\""), ("int", "\u{6}"), ("long", "\u{6}\u{6}")]);
    let headers = "-H ce-specversion:1.0 -H ce-id:1 -H ce-source:/ -H ce-type:t";
    let send = |rest: &str| run(files.path(), &format!("ce validate {rest} {headers}"));
    assert_eq!(send("body --schema m.proto --part B -H content-type:application/protobuf").code, 0);
    assert_eq!(send("body --schema m.proto -H content-type:application/protobuf").code, 1);
    let avro = send("int --schema a.avsc -H content-type:application/avro --format json");
    assert_eq!((avro.code, &avro.json()["data"]["decoded_as"]), (0, &json!("avro")));
    assert_eq!(
        codes(&send("long --schema a.avsc -H content-type:avro/binary --format json").json(), "errors"),
        ["data.trailing"]
    );
}

#[test]
fn what_can_not_be_told_is_exit_code_2() {
    let files = folder(&[("event.json", EVENT), ("odd", "{}"), ("bad.avsc", "{")]);
    refused(&run(files.path(), "ce validate none.json"), "none.json: can't be read: No such file or directory (os error 2)");
    refused(
        &run(files.path(), "ce validate event.json --schema odd"),
        "odd: the file's name does not tell its format; --type does",
    );
    assert_eq!(run(files.path(), "ce validate event.json --schema bad.avsc").code, 2);
    assert_eq!(run(files.path(), "ce validate event.json -H nothing").code, 2);
    assert_eq!(run(files.path(), "ce validate event.json -H content-type:application/cloudevents+avro").code, 2);
    assert_eq!(run(files.path(), "ce validate event.json --registry http://127.0.0.1:1").code, 2);
    assert_eq!(run(files.path(), "ce validate event.json --mode loose").code, 2);
    assert_eq!(run(files.path(), "ce validate event.json --subject s").code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_asked() {
    let app = TestApp::new(Database::Sqlite).await;
    register(&app, "sold%20value", "JSON", SCHEMA).await;
    let files = folder(&[("event.json", EVENT)]);
    let registry = format!("--registry http://{}", app.address);
    let (held, alone) = tokio::task::spawn_blocking(move || {
        let alone = run(files.path(), &format!("ce validate event.json {registry} --require-schema --format json"));
        // one argument with a blank in it
        let held = crate::support::process::command(files.path())
            .args(["ce", "validate", "event.json", "--format", "json", "--subject", "sold value"])
            .args(registry.split(' '))
            .stdout(std::process::Stdio::piped())
            .output()
            .unwrap();
        (held, alone)
    })
    .await
    .unwrap();
    assert_eq!(alone.code, 1);
    assert_eq!(codes(&alone.json(), "errors"), ["schema.unresolved"]);
    assert_eq!(held.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!(
        (&report["schema"]["subject"], codes(&report, "errors")),
        (&json!("sold value"), vec!["data.schema /total".to_owned()])
    );
}
