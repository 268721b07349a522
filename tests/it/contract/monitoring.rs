//! The alerts and the dashboard in deploy/ ask for metrics and labels that a server really gives, and docs/alerts.md is about these alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use accordant::http::METRICS;
use jsonwebtoken::Algorithm;
use serde_json::Value as Json;
use serde_yaml_ng::Value as Yaml;

use crate::access::oidc::{ISSUER, Signer, keys};
use crate::support::process::{Process, command, exchange};

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a query names: metrics with the labels that are asked of them, and labels of what comes out.
#[derive(Debug, Default)]
struct Query {
    metrics: Vec<(String, BTreeSet<String>)>,
    grouped: BTreeSet<String>,
}

const WORDS: &str = "by without on ignoring group_left group_right and or unless bool offset inf sum min max avg";

/// Reads a query as far as names and labels go.
fn query(expression: &str) -> Query {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let (mut found, mut rest) = (Query::default(), expression);
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = rest[1..].split_once('"').map_or("", |(_, after)| after);
        } else if first == '[' {
            rest = rest.split_once(']').map_or("", |(_, after)| after);
        } else if first == '$' || first.is_ascii_digit() {
            rest = rest[1..].trim_start_matches(|c| is_name(c) || c == '.');
        } else if is_name(first) {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let next = after.trim_start();
            rest = after;
            if ["by", "without", "on", "ignoring"].contains(&name) {
                let labels = next.strip_prefix('(').and_then(|inside| inside.split_once(')'));
                let (labels, after) = labels.unwrap_or_else(|| panic!("{expression}: {name} without labels"));
                if name == "by" {
                    found.grouped.extend(labels.split(',').map(|label| label.trim().to_owned()));
                }
                rest = after;
            } else if next.starts_with('(') || WORDS.split(' ').any(|word| word == name) {
                // a function, an operator
            } else if let Some((matchers, after)) = next.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
                let label = |matcher: &str| matcher.split(['=', '!']).next().unwrap().trim().to_owned();
                found.metrics.push((name.to_owned(), matchers.split(',').map(label).collect()));
                rest = after;
            } else {
                found.metrics.push((name.to_owned(), BTreeSet::new()));
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

#[test]
fn queries_are_taken_apart() {
    let found =
        query(r#"sum by (job, le) (rate(a_total{job="x, y", status=~"5.."}[5m])) / 2.5 > b:c unless ignoring (z) d{e!="f"}"#);
    let names: Vec<&str> = found.metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a_total", "b:c", "d"]);
    assert_eq!(found.grouped, BTreeSet::from(["job".to_owned(), "le".to_owned()]));
    assert!(found.metrics[0].1.contains("status") && found.metrics[2].1.contains("e"), "{found:?}");
}

/// The rules: (alert or recorded series, query).
fn rules() -> Vec<(bool, String, String, Yaml)> {
    let file: Yaml = serde_yaml_ng::from_str(&text("deploy/prometheus/rules.yml")).unwrap();
    let groups = file["groups"].as_sequence().unwrap().clone();
    let rules = groups.into_iter().flat_map(|group| group["rules"].as_sequence().unwrap().clone());
    let rule = |rule: Yaml| {
        let is_alert = rule.get("alert").is_some();
        let name = rule[if is_alert { "alert" } else { "record" }].as_str().unwrap().to_owned();
        (is_alert, name, rule["expr"].as_str().unwrap().to_owned(), rule)
    };
    rules.map(rule).collect()
}

/// All queries of the dashboard, those of its variables too.
fn dashboard() -> Vec<String> {
    fn walk(value: &Json, found: &mut Vec<String>) {
        match value {
            Json::Object(members) => {
                found.extend(members.get("expr").and_then(Json::as_str).map(str::to_owned));
                let variable = members.get("query").and_then(Json::as_str).and_then(|query| query.strip_prefix("label_values("));
                found.extend(variable.and_then(|query| query.rsplit_once(',')).map(|(series, _)| series.to_owned()));
                members.values().for_each(|member| walk(member, found));
            }
            Json::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(&text("deploy/grafana/accordant.json")).unwrap(), &mut found);
    found
}

/// Metrics as they are served, each with the labels that any of its series has.
fn series(exposition: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for line in exposition.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, labels) = match line.split_once('{') {
            Some((name, rest)) => (name, rest.rsplit_once('}').unwrap().0),
            None => (line.split_once(' ').unwrap().0, ""),
        };
        let labels = labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(label, _)| label.to_owned());
        found.entry(name.to_owned()).or_default().extend(labels);
    }
}

/// One request with a login.
fn send(address: &str, method: &str, target: &str, login: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Basic {login}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer[9..12].parse().unwrap()
}

/// A server with all that metrics are about: TLS with lists of revoked certificates, users, an issuer of tokens, a limit of rate.
fn driven() -> (tempfile::TempDir, Process) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/files");
    for name in ["server.pem", "server.key", "listing-ca.pem", "none.crl"] {
        std::fs::copy(tls.join(name), place.join(name)).unwrap();
    }
    let issuer_keys = keys(&[&Signer::new(Algorithm::ES256, "one")]);
    std::fs::write(place.join("keys.json"), issuer_keys.to_string()).unwrap();
    let mut passwd = command(place).args(["passwd", "users", "alice"]).stdin(Stdio::piped()).spawn().unwrap();
    passwd.stdin.take().unwrap().write_all(b"secret\n").unwrap();
    assert!(passwd.wait().unwrap().success());
    let arguments = [
        "--listen http://127.0.0.1:0,https://127.0.0.1:0 --tls-cert server.pem --tls-key server.key --tls-client-auth optional",
        "--tls-client-ca listing-ca.pem --tls-client-crl none.crl --users-file users --rate-limit-writes 1/h",
        "--oidc-audience registry --oidc-jwks keys.json --oidc-issuer",
        ISSUER,
    ]
    .join(" ");
    let server = Process::spawn(command(place).args(arguments.split(' ')));
    // alice:secret, alice:wrong
    let (good, bad) = ("YWxpY2U6c2VjcmV0", "YWxpY2U6d3Jvbmc=");
    let body = r#"{"schema":"\"string\""}"#;
    assert_eq!(send(&server.address, "POST", "/subjects/s/versions", good, body), 200);
    assert_eq!(send(&server.address, "POST", "/subjects/t/versions", good, body), 429);
    assert_eq!(send(&server.address, "GET", "/subjects", bad, ""), 401);
    (directory, server)
}

/// The labels that the series of a metric have, by the table of metrics.
fn table(name: &str) -> Option<BTreeSet<String>> {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let metric = METRICS.iter().flat_map(|group| group.metrics).find(|metric| metric.name == base)?;
    Some(metric.labels.iter().copied().chain(["le"]).map(str::to_owned).collect())
}

#[test]
fn every_alert_and_every_panel_asks_for_what_is_served() {
    let (_directory, server) = driven();
    let rules = rules();
    let recorded: BTreeSet<&str> = rules.iter().filter(|rule| !rule.0).map(|rule| rule.1.as_str()).collect();
    let panels = dashboard();
    assert!(rules.len() > 20 && panels.len() > 30, "{} rules, {} panels", rules.len(), panels.len());
    let queries: Vec<(String, Query)> =
        rules.iter().map(|rule| &rule.2).chain(&panels).map(|text| (text.clone(), query(text))).collect();
    let missing = || {
        let mut served = BTreeMap::new();
        series(&exchange(&server.address, "GET", "/metrics", "").unwrap().1, &mut served);
        let mut missing = BTreeSet::new();
        for (text, query) in &queries {
            // what Prometheus adds to all that it scrapes
            let mut labels = BTreeSet::from(["job".to_owned(), "instance".to_owned()]);
            for (name, asked) in &query.metrics {
                if name == "up" || recorded.contains(name.as_str()) {
                    continue;
                }
                // what only Postgres has, or only a failure: another test holds the table to what is served
                let described = table(name);
                let Some(found) = served.get(name).or(described.as_ref()) else {
                    missing.insert(format!("{name} in {text}"));
                    continue;
                };
                labels.extend(found.iter().cloned());
                let unknown =
                    asked.iter().filter(|label| !found.contains(*label) && !["job", "instance"].contains(&label.as_str()));
                missing.extend(unknown.map(|label| format!("label {label} of {name} in {text}")));
            }
            let unknown = query.grouped.iter().filter(|label| !labels.contains(*label));
            missing.extend(unknown.map(|label| format!("by {label} in {text}")));
        }
        missing
    };
    // some of it is counted in the background
    let mut last = missing();
    for _ in 0..300 {
        if last.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
        last = missing();
    }
    panic!("not served:\n{}", last.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_page_of_alerts_is_about_the_alerts_that_there_are() {
    let page = text("docs/alerts.md");
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let rules = rules();
    let alerts: Vec<&str> = rules.iter().filter(|rule| rule.0).map(|rule| rule.1.as_str()).collect();
    assert_eq!(headings, alerts);
    for (_, name, _, rule) in rules.iter().filter(|rule| rule.0) {
        let runbook = rule["annotations"]["runbook"].as_str().unwrap();
        assert_eq!(runbook, format!("docs/alerts.md#{}", name.to_lowercase()));
        assert!(rule["annotations"]["summary"].as_str().is_some(), "{name}");
        assert!(["critical", "warning", "info"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
    }
}

/// All sources as one text, in which strings that go on in the next line are whole.
fn sources(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            let mut parts = text.split("\\\n");
            out.push_str(parts.next().unwrap());
            parts.for_each(|part| out.push_str(part.trim_start()));
        }
    }
}

#[test]
fn the_log_lines_that_ask_for_action_are_those_of_the_sources() {
    let mut source = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
    let page = text("docs/operations.md");
    let section = page.split("\n## ").find(|section| section.starts_with("Log lines that ask for action")).unwrap();
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `")).map(|row| row.split(" | ").next().unwrap());
    // names in capitals stand for what differs
    let is_placeholder = |word: &str| word == "..." || word.chars().all(|c| c.is_ascii_uppercase());
    let mut known: Vec<String> = Vec::new();
    for line in lines.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>()) {
        let words: Vec<&str> = line.split(' ').collect();
        let parts = words.split(|word| is_placeholder(word.trim_end_matches([':', ',']))).map(|part| part.join(" "));
        known.extend(parts.filter(|part| part.len() > 4));
    }
    assert!(known.len() > 20, "{known:?}");
    let gone: Vec<&String> = known.iter().filter(|part| !source.contains(part.as_str())).collect();
    assert!(gone.is_empty(), "docs/operations.md has log lines that no source has: {gone:?}");
    let mut missing = Vec::new();
    for call in ["tracing::warn!(", "tracing::error!("] {
        for said in source.split(call).skip(1) {
            let whole = said.split(");\n").next().unwrap().split("),\n").next().unwrap();
            if !known.iter().any(|part| whole.contains(part.as_str())) {
                missing.push(whole.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "docs/operations.md has no row about these log lines: {missing:#?}");
}
