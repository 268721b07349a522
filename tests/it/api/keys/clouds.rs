//! KMS that are asked over HTTP: stand-ins that check what they are asked, and wrap by turning bits over.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use accordant::kms::{AwsCredentials, AwsKms, Kms, Secret, VaultKms, VaultToken, base64};
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::KEKS;
use super::sharing::with;
use crate::support::app::{Database, TestApp, clock};

/// A request: its head in lower case but for the first line, and its body.
type Asked = (String, Value);

/// Answers requests one by one, each on a connection of its own.
async fn stand_in(answer: impl Fn(&str, &Value) -> (u16, String) + Send + 'static) -> (String, Arc<Mutex<Vec<Asked>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some((head, body)) = request(&mut stream).await else { continue };
            let (status, text) = answer(&head, &body);
            seen.lock().unwrap().push((head, body));
            let response = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len());
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    (url, asked)
}

async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&chunk[..length]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return Some((head, serde_json::from_slice(&bytes[end + 4..end + 4 + length]).ok()?));
        }
    }
}

fn turned(text: &str) -> String {
    let bytes = base64::decode(text).unwrap();
    base64::encode(&bytes.iter().map(|byte| !byte).collect::<Vec<_>>())
}

/// What Vault does with `transit/keys/orders`.
fn vault(head: &str, body: &Value) -> (u16, String) {
    if !head.contains("x-vault-token: token\r\n") {
        return (403, r#"{"errors":["permission denied"]}"#.to_owned());
    }
    let data = if head.starts_with("POST /v1/transit/encrypt/orders ") {
        json!({ "ciphertext": format!("vault:v1:{}", turned(body["plaintext"].as_str().unwrap())) })
    } else if head.starts_with("POST /v1/transit/decrypt/orders ") {
        json!({ "plaintext": turned(body["ciphertext"].as_str().unwrap().trim_start_matches("vault:v1:")) })
    } else {
        return (400, r#"{"errors":["encryption key not found"]}"#.to_owned());
    };
    (200, json!({ "data": data }).to_string())
}

/// What AWS KMS does.
fn aws(head: &str, body: &Value) -> (u16, String) {
    if body["KeyId"] != "arn:aws:kms:eu-west-1:1:key/x" {
        return (400, r#"{"__type":"com.amazonaws#AccessDeniedException","message":"not yours"}"#.to_owned());
    }
    let answer = if head.contains("x-amz-target: TrentService.Encrypt\r\n") {
        json!({ "CiphertextBlob": turned(body["Plaintext"].as_str().unwrap()) })
    } else {
        json!({ "Plaintext": turned(body["CiphertextBlob"].as_str().unwrap()) })
    };
    (200, answer.to_string())
}

async fn kek(app: &TestApp, name: &str, kms_type: &str, id: &str) {
    app.post(KEKS, &json!({ "name": name, "kmsType": kms_type, "kmsKeyId": id, "shared": true })).await.ok();
}

async fn vault_app(url: &str, token: VaultToken) -> TestApp {
    let kms = VaultKms::new(url, token, Some("team"), Duration::from_secs(2)).unwrap();
    with(Database::Sqlite, Kms::default().with(kms)).await
}

fn fixed(token: &str) -> VaultToken {
    VaultToken::Fixed(Secret::new(token.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn vault_wraps_and_unwraps() {
    let (url, asked) = stand_in(vault).await;
    let app = vault_app(&url, fixed("token")).await;
    kek(&app, "k", "hcvault", &format!("{url}/transit/keys/orders")).await;
    let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.ok();
    let wrapped = base64::decode(created["encryptedKeyMaterial"].as_str().unwrap()).unwrap();
    assert!(wrapped.starts_with(b"vault:v1:"), "Vault's text, as bytes");
    assert_eq!(app.get(&format!("{KEKS}/k/deks/s")).await.ok(), created);
    app.post(&format!("{KEKS}/k/test"), &json!(null)).await.ok();
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(head, _)| head.contains("x-vault-namespace: team\r\n")));
    let members: Vec<&String> = asked.iter().map(|(_, body)| body.as_object().unwrap().keys().next().unwrap()).collect();
    assert_eq!(members, ["plaintext", "ciphertext", "ciphertext", "plaintext"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_is_asked_within_the_trace_of_the_request() {
    let (url, asked) = stand_in(vault).await;
    let app = vault_app(&url, fixed("token")).await;
    kek(&app, "k", "hcvault", &format!("{url}/transit/keys/orders")).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [("content-type", "application/json"), ("traceparent", parent), ("tracestate", "a=1"), ("tracestate", "b=2")];
    app.send(Method::POST, &format!("{KEKS}/k/deks/s"), &headers, "{}").await.ok();
    let is_told = |head: &str| head.contains(&format!("traceparent: {parent}\r\ntracestate: a=1,b=2\r\n"));
    assert!(asked.lock().unwrap().iter().all(|(head, _)| is_told(head)));
    asked.lock().unwrap().clear();
    app.post(&format!("{KEKS}/k/deks/t"), &json!({})).await.ok();
    assert!(asked.lock().unwrap().iter().all(|(head, _)| !head.contains("traceparent")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vault_says_is_told() {
    let (url, _) = stand_in(vault).await;
    let denied = vault_app(&url, fixed("other")).await;
    kek(&denied, "k", "hcvault", &format!("{url}/transit/keys/orders")).await;
    let message = "Could not generate encrypted dek for s: encryption failed: Vault responded with HTTP status code: 403: permission denied";
    assert_eq!(denied.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error(), (403, 40370, message.to_owned()));
    let app = vault_app(&url, fixed("token")).await;
    kek(&app, "k", "hcvault", &format!("{url}/transit/keys/none")).await;
    let message = "Could not generate encrypted dek for s: encryption failed: Vault responded with HTTP status code: 400: encryption key not found";
    assert_eq!(app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error(), (500, 50070, message.to_owned()));
}

/// Whoever may write KEKs must not choose who gets the token.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_goes_to_the_configured_vault_alone() {
    let (url, _) = stand_in(vault).await;
    let (other, asked) = stand_in(vault).await;
    let app = vault_app(&url, fixed("token")).await;
    let id = format!("{other}/transit/keys/orders");
    kek(&app, "k", "hcvault", &id).await;
    let message = format!("Could not generate encrypted dek for s: No KMS driver supports: hcvault://{id}");
    assert_eq!(app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error(), (500, 50070, message));
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_a_file_may_change() {
    let (url, _) = stand_in(vault).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let app = vault_app(&url, VaultToken::File(path.clone())).await;
    kek(&app, "k", "hcvault", &format!("{url}/transit/keys/orders")).await;
    let unreadable = "Could not generate encrypted dek for s: the token of Vault can't be read";
    assert_eq!(app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error(), (500, 50070, unreadable.to_owned()));
    std::fs::write(&path, "expired\n").unwrap();
    assert_eq!(app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error().1, 40370);
    std::fs::write(&path, "token\n").unwrap();
    app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_that_is_silent_away_or_talkative_is_a_failure_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let (talkative, _) = stand_in(|_, _| (200, "x".repeat(100_000))).await;
    let (moved, _) = stand_in(|_, _| (302, String::new())).await;
    for (url, why) in [
        (silent.as_str(), "the KMS can't be asked: "),
        ("http://127.0.0.1:1", "the KMS can't be asked: "),
        (&talkative, "the KMS can't be asked: its answer is too large"),
        (&moved, "encryption failed: Vault responded with HTTP status code: 302"),
    ] {
        let kms = VaultKms::new(url, fixed("token"), None, Duration::from_millis(300)).unwrap();
        let app = with(Database::Sqlite, Kms::default().with(kms)).await;
        kek(&app, "k", "hcvault", &format!("{url}/transit/keys/orders")).await;
        let (status, code, message) = app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.error();
        assert_eq!((status, code), (500, 50070));
        assert!(message.starts_with(&format!("Could not generate encrypted dek for s: {why}")), "{message}");
        assert!(!message.contains("token"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_wraps_and_unwraps() {
    let (url, asked) = stand_in(aws).await;
    let credentials = AwsCredentials {
        access_key_id: "AKID".to_owned(),
        secret_access_key: Secret::new("secret".to_owned()),
        session_token: Some(Secret::new("session".to_owned())),
    };
    let kms = AwsKms::new(credentials, Some(&url), Duration::from_secs(2), clock()).unwrap();
    let app = with(Database::Sqlite, Kms::default().with(kms)).await;
    kek(&app, "k", "aws-kms", "arn:aws:kms:eu-west-1:1:key/x").await;
    let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.ok();
    assert_eq!(app.get(&format!("{KEKS}/k/deks/s")).await.ok(), created);
    for (head, _) in asked.lock().unwrap().iter() {
        assert!(head.starts_with("POST / HTTP/1.1\r\n"));
        let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=";
        assert!(head.contains("/eu-west-1/kms/aws4_request, ") && head.contains(signed), "{head}");
        assert!(head.contains("x-amz-security-token: session\r\n"));
    }
    kek(&app, "other", "aws-kms", "arn:aws:kms:eu-west-1:2:key/x").await;
    let message = "Could not generate encrypted dek for s: encryption failed: not yours (Service: Kms, Status Code: 400, AccessDeniedException)";
    assert_eq!(app.post(&format!("{KEKS}/other/deks/s"), &json!({})).await.error(), (403, 40370, message.to_owned()));
    kek(&app, "bad", "aws-kms", "arn:aws:kms:evil.example.com/x").await;
    let message =
        "Could not generate encrypted dek for s: encryption failed: the key has not the form arn:aws:kms:REGION:ACCOUNT:key/ID";
    assert_eq!(app.post(&format!("{KEKS}/bad/deks/s"), &json!({})).await.error(), (500, 50070, message.to_owned()));
}
