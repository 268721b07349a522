//! However a path is spelled, it reaches what its plain spelling may, and nothing else.

use serde_json::json;

use super::{register, send, server};
use crate::on_both;
use crate::support::app::record;

/// Spellings of a subject's name in the default context, as a segment of a path.
fn segments(name: &str) -> Vec<String> {
    let every = name.bytes().map(|b| format!("%{b:02x}")).collect::<Vec<_>>().concat();
    let mixed: String =
        name.bytes().enumerate().map(|(i, b)| if i % 2 == 0 { format!("%{b:02X}") } else { char::from(b).to_string() }).collect();
    let mut out = vec![name.to_owned(), every, mixed];
    for context in [":.:", "%3A.%3A", "%3a%2e%3a", ":%2E:"] {
        out.push(format!("{context}{name}"));
    }
    out
}

/// What may stand around the path.
fn around(path: &str) -> Vec<String> {
    let doubled = path.replace('/', "//");
    let mut out = vec![path.to_owned(), doubled.clone(), format!("/{path}"), format!("{path}/"), format!("{path}///")];
    for context in [".", ":.:", "%3A.%3A", "%2E", ":.", ".:"] {
        out.push(format!("/contexts/{context}{path}"));
        out.push(format!("//contexts//{context}{doubled}"));
    }
    out
}

on_both! {
    async fn no_spelling_gets_around_a_denial(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"admin\"]\n\
                     [[deny]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"a-secret\", \":.hid:*\", \"x/y\"]\n";
        let app = server(db, &["alice"], rules).await;
        register(&app, "a-secret", &record("Guarded", &["x"])).await;
        register(&app, "x%2Fy", &record("Guarded", &["x"])).await;
        register(&app, ":.hid:s", &record("Guarded", &["x"])).await;
        let body = json!({ "schema": record("Guarded", &["x"]) });
        let mut paths = Vec::new();
        for name in ["a-secret", "x/y"] {
            for segment in segments(name) {
                let segment = segment.replace('/', "%2F");
                paths.extend(around(&format!("/subjects/{segment}/versions/1")));
                paths.push(format!("/cloudevents/subjects/{segment}/versions/1"));
                paths.push(format!("/cloudevents/contexts/.{}", format_args!("/subjects/{segment}/versions/1")));
            }
        }
        for segment in ["s", "%73", ":.hid:s", "%3a.hid%3as"] {
            for context in [".hid", "hid", ":.hid:", "%2Ehid", "%3A.hid%3A", ":.hid", "h%69d"] {
                paths.push(format!("/contexts/{context}/subjects/{segment}/versions/1"));
                paths.push(format!("//contexts//{context}//subjects//{segment}//versions//1"));
                paths.push(format!("/cloudevents/contexts/{context}/subjects/{segment}/versions/1"));
            }
        }
        for segment in [":.hid:s", "%3A.hid%3As", "%3a%2ehid%3a%73"] {
            paths.push(format!("/subjects/{segment}/versions/1"));
            paths.push(format!("/contexts/.other/subjects/{segment}/versions/1"));
        }
        assert!(paths.len() > 150, "{}", paths.len());
        for path in &paths {
            let answer = send(&app, "alice", "GET", path, None).await;
            assert!(matches!(answer.status.as_u16(), 400 | 403 | 404), "{path}: {} {}", answer.status, answer.text);
            assert!(!answer.text.contains("Guarded"), "{path}: {}", answer.text);
            // the admin finds out that the spelling is one
            let answer = send(&app, "admin", "GET", path, None).await;
            assert!(matches!(answer.status.as_u16(), 200 | 400 | 404), "{path}: {}", answer.status);
            let register = path.replace("/versions/1", "/versions").replace("//versions//1", "//versions").replace("/cloudevents", "");
            let answer = send(&app, "alice", "POST", &register, Some(&body)).await;
            assert!(matches!(answer.status.as_u16(), 400 | 403 | 404), "{register}: {} {}", answer.status, answer.text);
        }
        let spelled = paths.iter().filter(|path| !path.starts_with("/cloudevents"));
        let mut found = 0;
        for path in spelled {
            found += usize::from(send(&app, "admin", "GET", path, None).await.status == 200);
        }
        assert!(found > 100, "only {found} of the spellings lead anywhere");
    }

    async fn settings_of_the_registry_have_many_names(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"*\"]\n\
                     [[deny]]\nprincipals = [\"user:alice\"]\noperations = [\"GLOBAL_COMPATIBILITY_READ\"]\n";
        let app = server(db, &["alice"], rules).await;
        for kind in ["config", "mode"] {
            let body = if kind == "config" { json!({ "compatibility": "NONE" }) } else { json!({ "mode": "READONLY" }) };
            let mut paths = around(&format!("/{kind}"));
            for segment in [":.:", "%3A.%3A", ":.", ":.__GLOBAL:", "%3A.__GLOBAL%3A", ":.__GLOBAL"] {
                paths.extend(around(&format!("/{kind}/{segment}")));
            }
            for context in [".__GLOBAL", ":.__GLOBAL:", "__GLOBAL"] {
                paths.push(format!("/contexts/{context}/{kind}"));
                paths.push(format!("/contexts/.x/{kind}/:{context}:").replace("::", ":"));
            }
            for path in paths {
                for (method, body) in [("GET", None), ("PUT", Some(&body)), ("DELETE", None)] {
                    let answer = send(&app, "alice", method, &path, body).await;
                    let is_elsewhere = path.contains("/contexts/.x/") && !path.contains(":.__GLOBAL:") || path.contains(":__GLOBAL");
                    assert!(is_elsewhere || matches!(answer.status.as_u16(), 400 | 403 | 404 | 405), "{method} {path}: {} {}", answer.status, answer.text);
                }
            }
        }
        let config = send(&app, "admin", "GET", "/config", None).await.ok();
        assert_eq!(config["compatibilityLevel"], "BACKWARD");
        assert_eq!(send(&app, "admin", "GET", "/mode", None).await.ok()["mode"], "READWRITE");
    }
}
