//! Who may do what: logins, rights, and that no spelling of a request gets around them.

mod files;
mod keys;
mod lists;
mod logins;
pub mod matrix;
pub mod oidc;
mod rates;
mod replicas;
mod rules;
mod sessions;
mod spellings;

use std::sync::{Arc, LazyLock};

use accordant::access::AccessRules;
use accordant::http::{Gate, Logins, VerifierLimits};
use accordant::login::{StaticTokens, Users};
use hyper::Method;
use serde_json::Value;

use crate::support::app::{Answer, Database, Setup, TestApp, clock};

/// The hash of `secret`, made cheaply.
pub static SECRET: LazyLock<String> = LazyLock::new(|| bcrypt::hash("secret", 4).unwrap());

pub fn users(names: &[&str]) -> Users {
    let lines: Vec<String> = names.iter().map(|name| format!("{name}:{}", *SECRET)).collect();
    Users::parse(&lines.join("\n"), &"users".into()).unwrap().0
}

pub fn rules(text: &str) -> AccessRules {
    AccessRules::parse(text, &"access.toml".into()).unwrap()
}

pub fn gate(logins: Logins) -> Arc<Gate> {
    Gate::new(logins, VerifierLimits { threads: 2, waiting: 256 }, clock()).unwrap()
}

/// A server with users, all of whom have the password `secret`, and with rules. `admin` may do everything.
pub async fn server(database: Database, names: &[&str], text: &str) -> TestApp {
    let names: Vec<&str> = names.iter().copied().chain(["admin"]).collect();
    let text = format!("{text}\n[[allow]]\nprincipals = [\"user:admin\"]\nroles = [\"admin\"]\n");
    let gate = gate(Logins::new(Some(users(&names)), None, Some(rules(&text)), false));
    TestApp::with(database, Setup { gate: Some(gate), ..Setup::default() }).await
}

pub fn tokens(text: &str) -> StaticTokens {
    StaticTokens::parse(text, &"tokens.toml".into()).unwrap()
}

pub fn basic(name: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}")))
}

/// A request by a user; an empty name sends no credentials.
pub async fn send(app: &TestApp, user: &str, method: &str, target: &str, body: Option<&Value>) -> Answer {
    let login = basic(user, "secret");
    let mut headers = Vec::new();
    if !user.is_empty() {
        headers.push(("authorization", login.as_str()));
    }
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let method: Method = method.parse().unwrap();
    app.send(method, target, &headers, body.map(Value::to_string).unwrap_or_default()).await
}

pub async fn get(app: &TestApp, user: &str, target: &str) -> Answer {
    send(app, user, "GET", target, None).await
}

/// Registers a schema as the admin and answers its id.
pub async fn register(app: &TestApp, subject: &str, text: &str) -> i64 {
    let body = serde_json::json!({ "schema": text });
    send(app, "admin", "POST", &format!("/subjects/{subject}/versions"), Some(&body)).await.ok()["id"].as_i64().unwrap()
}
