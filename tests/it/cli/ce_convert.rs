//! `accordant ce convert`.

use serde_json::{Value, json};

use super::check::{Run, folder, run_with};
use crate::on_both;
use crate::support::app::TestApp;

fn convert(arguments: &str, input: &str) -> Run {
    let files = folder(&[("o.avsc", ORDER), ("m.proto", MESSAGE), ("plain.json", "{}")]);
    run_with(files.path(), &format!("ce convert {arguments}"), input, &[])
}

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null}]}"#;
const MESSAGE: &str = "syntax = \"proto3\"; message M { int64 a = 1; }";

/// An event with more members.
fn event(members: &[(&str, Value)]) -> String {
    let mut event = json!({ "specversion": "1.0", "id": "1 é", "source": "/a", "type": "t" });
    for (name, value) in members {
        event[*name] = value.clone();
    }
    event.to_string()
}

#[test]
fn what_is_said_in_json_is_said_in_headers_and_back() {
    let data = json!({ "n": 1.50, "text": "ü", "list": [null, 1e20] });
    for members in [
        &[("datacontenttype", json!("application/json")), ("data", data), ("subject", json!("50% \"q\""))][..],
        &[("datacontenttype", json!("application/json")), ("data", Value::Null)],
        &[("datacontenttype", json!("text/plain")), ("data", json!("a\nb ü"))],
        &[("datacontenttype", json!("application/xml")), ("data", json!("<a/>"))],
        &[("datacontenttype", json!("application/octet-stream")), ("data_base64", json!("AAE="))],
        &[("data_base64", json!("AAE="))],
        &[("ext", json!("x"))],
    ] {
        let event = event(members);
        let structured: Value = serde_json::from_str(&event).unwrap();
        let message = convert("--to binary", &event);
        assert_eq!(message.code, 0, "{event}: {}", message.err);
        let (head, body) = message.out.split_once("\n\n").unwrap_or((&message.out, ""));
        assert!(head.contains("ce-id: 1%20%C3%A9"), "{head}");
        let record = convert("--to kafka", &event);
        let back = convert("--from kafka", &record.out);
        assert_eq!(serde_json::from_str::<Value>(&back.out).unwrap(), structured, "{}", record.out);
        let whole = convert("--to kafka-structured", &event);
        assert_eq!(serde_json::from_str::<Value>(&convert("--from kafka", &whole.out).out).unwrap(), structured);
        if !body.is_empty() && body.is_ascii() {
            let files = folder(&[("body", body)]);
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_accordant"));
            command.current_dir(files.path()).args(["ce", "convert", "body"]);
            for line in head.lines() {
                command.args(["-H", line]);
            }
            let out = command.output().unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&out.stdout).unwrap(), structured, "{head}");
        }
    }
}

#[test]
fn numbers_keep_their_spelling_and_flags_become_texts_in_headers() {
    let event = r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","ext":5,"flag":true,"data":{"n":1.50,"big":1e400}}"#;
    let message = convert("--to binary", event);
    assert!(message.out.ends_with("\n\n{\"n\":1.50,\"big\":1e400}"), "{}", message.out);
    // JSON without saying so says so in headers
    assert!(message.out.starts_with("content-type: application/json\n"), "{}", message.out);
    assert!(message.out.contains("\nce-ext: 5\n") && message.out.contains("\nce-flag: true\n"), "{}", message.out);
    assert_eq!(convert("", event).out.trim(), event);
    assert_eq!(convert("--to batch", event).out.trim(), format!("[{event}]"));
    assert_eq!(convert("", &format!("[{event}, {event}]")).out.lines().count(), 2);
}

#[test]
fn what_would_be_lost_is_refused_with_a_reason() {
    let one = event(&[]);
    for (arguments, input, reason) in [
        ("--to binary", format!("[{one},{one}]"), "there are 2"),
        ("--to binary", event(&[("datacontenttype", json!("text/plain")), ("data", json!(""))]), "the data is empty"),
        ("--to binary", event(&[("datacontenttype", json!("text/plain; charset=latin1")), ("data", json!("ü"))]), "latin1"),
        ("", r#"{"specversion":"1.0","id":"1","source":"/a"}"#.to_owned(), "type: the required attribute"),
        ("--data binary --schema plain.json --type json", event(&[("data", json!({}))]), "one encoding only"),
        ("--data binary --schema o.avsc", event(&[("data", json!({ "id": "x" }))]), "does not fit its schema"),
        ("--data json --schema m.proto", event(&[("data_base64", json!("EAE="))]), "would lose a part"),
    ] {
        let refused = convert(arguments, &input);
        assert_eq!(refused.code, 1, "{arguments} {input}: {}", refused.out);
        assert!(refused.err.contains(reason), "{}", refused.err);
        assert_eq!(refused.out, "");
    }
    assert_eq!(convert("--data binary", &event(&[("data", json!({}))])).code, 1);
    assert_eq!(convert("no-such-file", "").code, 2);
}

#[test]
fn data_goes_into_the_other_encoding_of_its_schema_and_back() {
    for (schema, json_type, binary_type, data) in [
        ("o.avsc", "application/avro+json", "application/avro", json!({ "id": 5, "note": { "string": "x" } })),
        ("m.proto", "application/protobuf+json", "application/protobuf", json!({ "a": "9007199254740993" })),
    ] {
        let first = event(&[("datacontenttype", json!(json_type)), ("data", data)]);
        let binary = convert(&format!("--data binary --schema {schema}"), &first);
        let found: Value = serde_json::from_str(&binary.out).unwrap();
        assert_eq!(found["datacontenttype"], binary_type, "{}", binary.err);
        assert!(found["data_base64"].is_string() && found.get("data").is_none(), "{found}");
        let back = convert(&format!("--data json --schema {schema}"), &binary.out);
        assert_eq!(serde_json::from_str::<Value>(&back.out).unwrap(), serde_json::from_str::<Value>(&first).unwrap());
    }
}

on_both! {
    async fn the_schema_is_the_one_that_the_event_names(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", ORDER).await;
        let url = format!("http://{}", app.address);
        let schema = format!("{url}/cloudevents/subjects/orders-value/versions/1");
        let named = event(&[
            ("datacontenttype", json!("application/avro")),
            ("dataschema", json!(schema)),
            ("data_base64", json!("CgA=")),
        ]);
        let framed = event(&[("datacontenttype", json!("application/avro")), ("data_base64", json!("AAAAAAEKAA=="))]);
        for input in [named, framed] {
            let arguments = format!("ce convert --data json --registry {url}");
            let done = tokio::task::block_in_place(|| run_with(folder(&[]).path(), &arguments, &input, &[]));
            assert_eq!(done.code, 0, "{}", done.err);
            assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap()["data"], json!({ "id": 5, "note": null }));
        }
    }
}
