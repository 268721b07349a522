//! `accordant ce resolve`, against a running server.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::{Database, TestApp};

/// Exit code and both outputs.
async fn ce(arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let run = move || Command::new(env!("CARGO_BIN_EXE_accordant")).arg("ce").args(arguments).env_clear().output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uri_is_resolved_or_not() {
    let app = TestApp::new(Database::Sqlite).await;
    let guid = app.register_as("orders", "JSON", r#"{"title":"one"}"#, &[]).await;
    let registry = format!("http://{}", app.address);
    let (code, out, _) = ce(&["resolve", "/subjects/orders/versions/latest#/a", "--registry", &registry]).await;
    assert_eq!(code, 0, "{out}");
    let wanted = format!(
        "orders version 1 (JSON)\n  id        1\n  guid      {guid}\n  by        own-base\n  tried     alias, own-base\n  selects   /a\n  \
         document  /cloudevents/schemas/guids/{guid}\n  note      the URI names whatever is the latest\n"
    );
    assert_eq!(out, wanted);
    let (code, out, _) = ce(&["resolve", "/subjects/order/versions/1", "--registry", &registry]).await;
    assert_eq!(code, 1);
    assert!(out.starts_with("No schema: there is no version 1 of subject 'order'\n"), "{out}");
    assert!(out.contains("  did you mean /cloudevents/subjects/orders/versions/1\n"), "{out}");
    app.put("/cloudevents/types/a.b", &json!({ "subject": "orders" })).await.json();
    let (code, out, _) = ce(&["resolve", "urn:x", "--type", "a.b", "--format", "json", "--registry", &registry]).await;
    let body: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, body["resolved_by"].as_str()), (0, Some("type-binding")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_no_answer_is_said() {
    let app = TestApp::new(Database::Sqlite).await;
    let registry = format!("http://{}", app.address);
    let (code, out, error) = ce(&["resolve", "a b", "--registry", &registry]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("the URI has a blank or a control character in it"), "{error}");
    let (code, _, error) = ce(&["resolve", "urn:x", "--registry", &format!("{registry}/elsewhere")]).await;
    assert_eq!(code, 2, "{error}");
    let (code, _, error) = ce(&["resolve", "urn:x", "--registry", "http://127.0.0.1:1"]).await;
    assert!(code == 2 && error.contains("can't connect"), "{error}");
    assert_eq!(ce(&["resolve"]).await.0, 2);
    assert_eq!(ce(&[]).await.0, 2);
}
