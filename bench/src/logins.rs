//! Schemas by id over TLS and with logins, beside a bare server with TLS.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::load::{self, Client};
use crate::measure::{Bench, CONNECTIONS, Case, FIELDS, KNOWN, record, subject};
use crate::plan::{self, Random, schema, submission};
use crate::process::{Place, Server};
use crate::report::{Target, median, range, row, table};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "registry";
const PASSWORD: &str = "a password of the usual length";

/// A token, and the keys of its issuer.
#[allow(clippy::disallowed_methods)] // a token is dated by the real clock, as the server that reads it is
fn token() -> Result<(String, Value)> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok().context("a key")?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).ok().context("a key")?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "1", "use": "sig", "alg": "EdDSA", "x": x }] });
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "1" });
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "svc-orders", "iat": now, "exp": now + 3600,
        "groups": ["team-orders", "team-pay"], "scope": "registry",
    });
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    Ok((format!("{signed}.{signature}"), keys))
}

/// What a login is called in the table, and the `Authorization` it sends.
type Login = (&'static str, String);

/// A user with an argon2id hash, a token and an issuer; all may read and write. The options of the server, and the logins.
fn configure(registry: &Path, work: &Path) -> Result<(Vec<String>, Vec<Login>)> {
    let file = |name: &str| work.join(name).display().to_string();
    let run = |arguments: &[&str], input: &str| -> Result<String> {
        use std::io::Write;
        let mut command = std::process::Command::new(registry);
        command.args(arguments).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().context("its input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        anyhow::ensure!(output.status.success(), "{arguments:?}: {}", output.status);
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    run(&["passwd", &file("users"), "alice"], &format!("{PASSWORD}\n"))?;
    let fixed = run(&["token", "new", &file("tokens.toml"), "ci", "--role", "owner", "--subject", "*"], "")?;
    let (token, keys) = token()?;
    std::fs::write(work.join("keys.json"), keys.to_string())?;
    let rules = "[[allow]]\nprincipals = [\"user:*\"]\nroles = [\"owner\"]\nsubjects = [\"*\"]\n\n\
                 [[deny]]\nprincipals = [\"user:svc-*\"]\noperations = [\"SUBJECT_DELETE\"]\nsubjects = [\"*\"]\n";
    std::fs::write(work.join("access.toml"), rules)?;
    let arguments =
        ["--users-file", "users", "--tokens-file", "tokens.toml", "--access-file", "access.toml", "--oidc-jwks", "keys.json"];
    let mut arguments: Vec<String> = arguments.chunks(2).flat_map(|pair| [pair[0].to_owned(), file(pair[1])]).collect();
    arguments.extend(["--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE].map(str::to_owned));
    let logins = vec![
        ("Basic", format!("Basic {}", STANDARD.encode(format!("alice:{PASSWORD}")))),
        ("a static token", format!("Bearer {fixed}")),
        ("a JWT", format!("Bearer {token}")),
    ];
    Ok((arguments, logins))
}

/// Adds a login to a request that has been written.
fn log_in(request: &mut String, login: &str) {
    if let Some(at) = request.find("\r\n") {
        request.insert_str(at, &format!("\r\nauthorization: {login}"));
    }
}

fn by_id(login: Option<String>) -> Case {
    let random = RefCell::new(Random::new(7));
    Case {
        name: "schema by id",
        write: Rc::new(move |_, into| {
            plan::get(into, format_args!("/schemas/ids/{}", random.borrow_mut().below(KNOWN) + 1));
            if let Some(login) = &login {
                log_in(into, login);
            }
        }),
        target: Target::AtLeast(0.7),
    }
}

/// A comparison: a login, the registry of it, the request, and the bare server that it is held against.
struct Row<'a> {
    login: &'static str,
    server: &'a Server,
    is_encrypted: bool,
    case: Case,
    seen: (Vec<f64>, Vec<f64>),
}

impl Bench<'_> {
    /// Requests for each CPU second of the server: with TLS, and with logins, beside a bare server that has TLS where the registry does.
    pub async fn logins(&self) -> Result<()> {
        let (arguments, logins) = configure(&self.registry, &self.work)?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let open = Server::encrypted_registry(&self.registry, &self.work.join("open.db"), Place::FirstCore, &[])?;
        let closed = Server::encrypted_registry(&self.registry, &self.work.join("closed.db"), Place::FirstCore, &arguments)?;
        let owner = logins[0].1.clone();
        for (server, login) in [(&open, None), (&closed, Some(owner))] {
            let fill = move |n: u64, into: &mut String| {
                plan::post(into, format_args!("/subjects/{}/versions", subject(n)), &submission(&schema(&record(n), FIELDS, 0)));
                if let Some(login) = &login {
                    log_in(into, login);
                }
            };
            load::counted(&server.address, CONNECTIONS, KNOWN, fill).await?;
        }
        let mut rows = Vec::new();
        for is_encrypted in [false, true] {
            rows.push(Row { login: "none", server: &open, is_encrypted, case: by_id(None), seen: Default::default() });
            rows.extend(logins.iter().map(|(login, header)| {
                let case = by_id(Some(header.clone()));
                Row { login, server: &closed, is_encrypted, case, seen: Default::default() }
            }));
        }
        let mut request = String::new();
        (rows[0].case.write)(0, &mut request);
        let body = Client::connect(&open.address).await?.send(&request).await?.to_vec();
        let file = self.work.join("body-by-id");
        std::fs::write(&file, &body)?;
        let bare = Server::encrypted_bare(&file, Place::FirstCore)?;
        for row in &rows {
            // fill the caches
            let write = Rc::clone(&row.case.write);
            load::counted(row.address(row.server)?, CONNECTIONS, 5 * KNOWN, move |n, into| write(n, into)).await?;
        }
        for round in 0..self.effort.rounds {
            for row in &mut rows {
                let (ours, theirs) = (row.address(row.server)?, row.address(&bare)?);
                // either goes first every other time
                let (our_count, their_count);
                if round % 2 == 0 {
                    our_count = self.per_cpu_second_at(row.server, ours, &row.case).await?;
                    their_count = self.per_cpu_second_at(&bare, theirs, &row.case).await?;
                } else {
                    their_count = self.per_cpu_second_at(&bare, theirs, &row.case).await?;
                    our_count = self.per_cpu_second_at(row.server, ours, &row.case).await?;
                }
                row.seen.0.push(our_count);
                row.seen.1.push(their_count);
            }
        }
        table(
            "Schema by id with logins and rules, per CPU second of the server, beside a bare axum server, both with TLS 1.3 or both without",
            &["Login", "TLS", "Accordant", "Bare server", "Ratio", "Rounds from, to"],
        );
        for compared in &rows {
            let (ours, theirs) = &compared.seen;
            let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
            let (ratio, (low, high)) = (median(&ratios), range(&ratios));
            let cells = [
                compared.login.to_owned(),
                if compared.is_encrypted { "yes" } else { "no" }.to_owned(),
                format!("{:.0}", median(ours)),
                format!("{:.0}", median(theirs)),
                format!("{ratio:.2}"),
                format!("{low:.2}, {high:.2}"),
            ];
            row(&cells, ratio, compared.case.target, "");
        }
        let read = by_id(Some(logins[0].1.clone()));
        (read.write)(0, &mut request);
        self.wrong_logins(&closed, request).await?;
        open.stop()?;
        closed.stop()
    }

    /// Reads by somebody who is logged in, while others guess passwords: of a user there is, and of users there are not.
    async fn wrong_logins(&self, server: &Server, read: String) -> Result<()> {
        table(
            "Reads by id with Basic, while passwords are guessed over 64 connections, each another one",
            &["Guesses sent a second", "Answered a second", "Reads", "Median", "99 %", "Slowest"],
        );
        for rate in [1, 1000] {
            let guess = |number: u64, into: &mut String| {
                plan::get(into, format_args!("/schemas/ids/1"));
                let user = if number.is_multiple_of(2) { "alice".to_owned() } else { format!("nobody-{number}") };
                log_in(into, &format!("Basic {}", STANDARD.encode(format!("{user}:guess {number}"))));
            };
            let window = Duration::from_secs(20);
            let seen = load::beside(&server.address, read.clone(), (rate, 64), window, guess).await?;
            let at = |part: f64| seen.latencies[((seen.latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
            let slowest = at(1.0);
            let cells = [
                rate.to_string(),
                format!("{:.0}", seen.refused),
                seen.latencies.len().to_string(),
                format!("{:.2} ms", at(0.5)),
                format!("{:.2} ms", at(0.99)),
                format!("{slowest:.2} ms"),
            ];
            row(&cells, slowest, Target::Below(50.0), " ms");
        }
        Ok(())
    }
}

impl Row<'_> {
    fn address<'b>(&self, server: &'b Server) -> Result<&'b str> {
        if self.is_encrypted { server.encrypted.as_deref().context("no address with TLS") } else { Ok(&server.address) }
    }
}
