//! The web pages are served as files, whatever else the registry has.

use accordant::http::HttpSettings;
use axum::http::Method;

use crate::support::app::{Database, Setup, TestApp};

#[tokio::test]
async fn the_pages_are_there_with_tags_and_a_policy() {
    let app = TestApp::new(Database::Sqlite).await;
    let page = app.send(Method::GET, "/ui/", &[], "").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for name in ["app.js", "editor.js", "app.css", "icon.svg", "licenses.txt", "index.html"] {
        let target = format!("/ui/{name}");
        let plain = app.send(Method::GET, &target, &[], "").await;
        let tag = plain.header("etag").to_owned();
        assert_eq!(
            (plain.status.as_u16(), tag.starts_with('"'), plain.header("cache-control")),
            (200, true, "no-cache"),
            "{name}"
        );
        let known = app.send(Method::GET, &target, &[("if-none-match", &tag)], "").await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""), "{name}");
        let head = app.send(Method::HEAD, &target, &[], "").await;
        assert_eq!((head.status.as_u16(), head.text.as_str(), head.header("etag")), (200, "", tag.as_str()), "{name}");
        let gzip = app.send(Method::GET, &target, &[("accept-encoding", "gzip")], "").await;
        assert_eq!(gzip.header("content-encoding"), "gzip", "{name}");
        assert_ne!(gzip.header("etag"), tag, "each form has a tag of its own");
    }
}

#[tokio::test]
async fn what_is_no_page_is_none_and_nothing_else_is_disturbed() {
    let app = TestApp::new(Database::Sqlite).await;
    let answer = app.send(Method::GET, "/ui", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (308, "ui/"));
    for target in ["/ui/nothing", "/ui/../Cargo.toml", "/ui/%2e%2e/Cargo.toml", "/ui/app.js/", "/ui//app.js"] {
        assert_eq!(app.send(Method::GET, target, &[], "").await.status, 404, "{target}");
    }
    let refused = app.send(Method::POST, "/ui/", &[], "").await;
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "GET, HEAD"));
    assert_eq!(app.get("/").await.text, "{}");
    assert_eq!(app.get("/uix").await.error().0, 404);
}

#[tokio::test]
async fn without_the_setting_there_are_no_pages() {
    let http = HttpSettings { ui: false, ..HttpSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { http, ..Setup::default() }).await;
    for target in ["/ui", "/ui/", "/ui/app.js"] {
        assert_eq!(app.send(Method::GET, target, &[], "").await.status, 404, "{target}");
    }
}
