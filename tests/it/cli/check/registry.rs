//! Earlier versions from a running registry.

use std::sync::Arc;

use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use super::{BROKEN, OLD, SMALLER, folder, refused, run, run_with};
use crate::support::process::{Process, exchange};

fn server() -> (Process, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Process::start(directory.path(), &[]), directory)
}

#[track_caller]
fn post(server: &Process, target: &str, body: &serde_json::Value) {
    let (status, text) = exchange(&server.address, "POST", target, &body.to_string()).unwrap();
    assert_eq!(status, 200, "{text}");
}

#[track_caller]
fn config(server: &Process, subject: &str, body: &serde_json::Value) {
    let (status, text) = exchange(&server.address, "PUT", &format!("/config/{subject}"), &body.to_string()).unwrap();
    assert_eq!(status, 200, "{text}");
}

#[test]
fn the_subject_decides_and_the_messages_are_the_servers() {
    let (server, _kept) = server();
    post(&server, "/subjects/orders-value/versions", &json!({ "schema": OLD }));
    config(&server, "orders-value", &json!({ "compatibility": "FULL_TRANSITIVE" }));
    let files = folder(&[("new.avsc", BROKEN)]);
    let arguments = format!("check new.avsc --registry http://{} --subject orders-value", server.address);
    let report = run(files.path(), &format!("{arguments} --format json"));
    assert_eq!(report.code, 1, "{}", report.err);
    let report = report.json();
    assert_eq!(report["level"], "FULL_TRANSITIVE");
    let target = "/compatibility/subjects/orders-value/versions?verbose=true&explain=true";
    let (_, answer) = exchange(&server.address, "POST", target, &json!({ "schema": BROKEN }).to_string()).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(report["messages"], answer["messages"]);
    for (ours, theirs) in report["findings"].as_array().unwrap().iter().zip(answer["findings"].as_array().unwrap()) {
        for (key, value) in theirs.as_object().unwrap() {
            assert_eq!(&ours[key], value, "{key}");
        }
    }
    assert_eq!(report["findings"][0]["oldFile"], "orders-value version 1");
    let forward = run(files.path(), &format!("{arguments} --level forward"));
    assert_eq!((forward.code, forward.verdict()), (0, "new.avsc is compatible with orders-value version 1 under FORWARD"));
}

#[test]
fn the_level_asks_for_one_version_or_the_whole_history() {
    let (server, _kept) = server();
    config(&server, "s", &json!({ "compatibility": "NONE" }));
    for schema in ["\"string\"", "\"long\"", "\"int\""] {
        post(&server, "/subjects/s/versions", &json!({ "schema": schema }));
    }
    let files = folder(&[]);
    let check = |arguments: &str| {
        let line = format!("check - --type avro --registry http://{} --subject s {arguments}", server.address);
        run_with(files.path(), &line, "\"long\"", &[])
    };
    assert_eq!(check("").verdict(), "stdin is not compared with anything under NONE");
    assert_eq!(check("--level BACKWARD").verdict(), "stdin is compatible with s version 3 under BACKWARD");
    assert_eq!(check("--level BACKWARD --version latest").verdict(), "stdin is compatible with s version 3 under BACKWARD");
    assert_eq!(
        check("--level BACKWARD --version 1").verdict(),
        "stdin is not compatible with s version 1 under BACKWARD: 1 finding"
    );
    let all = check("--level BACKWARD_TRANSITIVE");
    assert_eq!((all.code, all.verdict()), (1, "stdin is not compatible with s version 1 under BACKWARD_TRANSITIVE: 1 finding"));
    refused(&check("--level BACKWARD --version 9"), &format!("registry http://{}: s has no version 9", server.address));
}

#[test]
fn references_and_contexts_are_followed() {
    let (server, _kept) = server();
    let money = "syntax = \"proto3\";\npackage shop;\nmessage Money {\n  int64 units = 1;\n}\n";
    let order = "syntax = \"proto3\";\nimport \"shop/money.proto\";\nmessage Order {\n  shop.Money total = 1;\n}\n";
    post(&server, "/subjects/:.eu:shop%2Fmoney/versions", &json!({ "schema": money, "schemaType": "PROTOBUF" }));
    let reference = json!([{ "name": "shop/money.proto", "subject": "shop/money", "version": 1 }]);
    post(
        &server,
        "/subjects/:.eu:orders/versions",
        &json!({ "schema": order, "schemaType": "PROTOBUF", "references": reference }),
    );
    let files = folder(&[
        ("order.proto", order),
        ("now/shop/money.proto", money),
        ("later/shop/money.proto", &money.replace("int64", "string")),
    ]);
    let arguments = format!("check order.proto --registry http://{} --subject :.eu:orders", server.address);
    assert_eq!(
        run(files.path(), &format!("{arguments} --proto-path now")).verdict(),
        "order.proto is compatible with :.eu:orders version 1 under BACKWARD"
    );
    let changed = run(files.path(), &format!("{arguments} --proto-path later"));
    assert_eq!(changed.code, 1, "{}{}", changed.out, changed.err);
}

#[test]
fn groups_and_reserved_fields_count() {
    let (server, _kept) = server();
    let with =
        |schema: &str, properties: serde_json::Value| json!({ "schema": schema, "metadata": { "properties": properties } });
    config(&server, "s", &json!({ "compatibility": "BACKWARD", "compatibilityGroup": "major", "validateFields": true }));
    post(&server, "/subjects/s/versions", &with(OLD, json!({ "major": "1", "confluent:reserved": "gone" })));
    post(&server, "/subjects/s/versions", &with("\"string\"", json!({ "major": "2" })));
    let files = folder(&[("new.avsc", SMALLER), ("taken.avsc", &SMALLER.replace("\"id\"", "\"gone\""))]);
    let check =
        |arguments: &str| run(files.path(), &format!("check {arguments} --registry http://{} --subject s", server.address));
    let same = check("new.avsc --property major=1 --property confluent:reserved=gone");
    assert_eq!((same.code, same.verdict()), (0, "new.avsc is compatible with s version 1 under BACKWARD"));
    assert_eq!(check("new.avsc --property major=2").code, 1);
    assert_eq!(
        check("new.avsc --property major=3").verdict(),
        "new.avsc is compatible under BACKWARD: there is no earlier version"
    );
    let taken = check("taken.avsc --property major=3 --property confluent:reserved=gone --format json");
    assert_eq!((taken.code, &taken.json()["findings"][0]["rule"]), (1, &json!("RESERVED_FIELD_CONFLICT")));
    let removed = check("new.avsc --property major=1");
    assert!(removed.code == 1 && removed.out.starts_with("error[RESERVED_FIELD_REMOVED]\n"), "{}", removed.out);
}

#[test]
fn a_subject_that_is_not_there_is_new_only_where_that_is_said() {
    let (server, _kept) = server();
    let files = folder(&[("new.avsc", OLD)]);
    let arguments = format!("check new.avsc --registry http://{}/ --subject nobody", server.address);
    let refused = run(files.path(), &arguments);
    let reason = "there is no subject 'nobody'; with --allow-new it is a new one\n";
    assert!(refused.code == 2 && refused.err.ends_with(reason), "{}", refused.err);
    let first = run(files.path(), &format!("{arguments} --allow-new"));
    assert_eq!((first.code, first.verdict()), (0, "new.avsc is compatible under BACKWARD: there is no earlier version"));
}

#[test]
fn without_an_answer_there_is_no_verdict() {
    let files = folder(&[("new.avsc", OLD)]);
    let check = |url: &str| run(files.path(), &format!("check new.avsc --registry {url} --subject s"));
    let closed = check("http://user:secret@127.0.0.1:1");
    assert_eq!((closed.code, closed.err.lines().count()), (2, 1));
    assert!(closed.err.starts_with("accordant: registry http://127.0.0.1:1: can't connect: "), "{}", closed.err);
    refused(&check("localhost:8081"), "registry: not a URL that begins with http:// or https://");
    assert_eq!(run(files.path(), "check new.avsc --registry http://127.0.0.1:1").code, 2);
    assert_eq!(run(files.path(), "check new.avsc --registry http://127.0.0.1:1 --subject s --against new.avsc").code, 2);
}

/// A registry that wants a password: answers one connection with what it was asked.
#[test]
fn user_and_password_are_sent() {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head: Vec<String> = BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        let body = r#"{"error_code":401,"message":"Unauthorized"}"#;
        write!(stream, "HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        head
    });
    let files = folder(&[("new.avsc", OLD)]);
    let denied = run(files.path(), &format!("check new.avsc --registry http://me:p%40ss@{address}/api --subject a/b"));
    refused(&denied, &format!("registry http://{address}/api: the subject's config: HTTP 401: Unauthorized (401)"));
    let head = asked.join().unwrap();
    assert_eq!(head[0], "GET /api/config/a%2Fb?defaultToGlobal=true HTTP/1.1");
    assert!(head.contains(&"authorization: Basic bWU6cEBzcw==".to_owned()), "{head:?}");
}

/// Takes TLS off in front of a server.
async fn terminate(listener: tokio::net::TcpListener, inner: String) {
    let chain = CertificateDer::pem_slice_iter(include_bytes!("tls/server.pem")).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut outer) = acceptor.accept(stream).await {
            let mut inner = tokio::net::TcpStream::connect(&inner).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn https_takes_certificates_that_are_trusted() {
    let (server, _kept) = server();
    post(&server, "/subjects/s/versions", &json!({ "schema": OLD }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = tokio::spawn(terminate(listener, server.address.clone()));
    let files = folder(&[("new.avsc", BROKEN), ("ca.pem", include_str!("tls/ca.pem"))]);
    let arguments = format!("check new.avsc --registry https://localhost:{port} --subject s");
    let (trusted, unknown) = tokio::task::spawn_blocking(move || {
        (run(files.path(), &format!("{arguments} --ca ca.pem")), run(files.path(), &arguments))
    })
    .await
    .unwrap();
    assert_eq!((trusted.code, trusted.verdict()), (1, "new.avsc is not compatible with s version 1 under BACKWARD: 1 finding"));
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("can't connect: invalid peer certificate: UnknownIssuer"), "{}", unknown.err);
    proxy.abort();
}
