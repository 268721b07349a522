//! `accordant migrate` while somebody writes: following, cutting over, and sources that tell less than ours.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::check::{Run, folder, run_with};
use crate::on_both;
use crate::support::app::{Database, TestApp, record};
use crate::support::process::command;
use crate::support::stand_in::{Answer, passed_on, stand_in};

fn ask(arguments: &str) -> Run {
    let files = folder(&[]);
    tokio::task::block_in_place(|| run_with(files.path(), arguments, "", &[]))
}

fn url(app: &TestApp) -> String {
    format!("http://{}", app.address)
}

/// What a writer was told.
#[derive(Default)]
struct Acknowledged {
    registered: Vec<(String, i64, i64, String)>,
    deleted: Vec<(String, i64)>,
}

/// Registers and deletes, in old and in new contexts, until the source takes no more.
async fn write(app: Arc<TestApp>, begun: Arc<AtomicBool>) -> Acknowledged {
    let mut told = Acknowledged::default();
    for number in 0.. {
        // other names than in the default context, from which a name that is gone there is looked for in the others
        let subject = format!(":.c{}:v{}", number % 40 / 10, number % 10);
        let subject = if number % 3 == 0 { format!("w{}", number % 10) } else { subject };
        let text = record("W", &[&format!("f{number}")]);
        let answer = app.post(&format!("/subjects/{subject}/versions"), &json!({ "schema": text })).await;
        if answer.status != StatusCode::OK {
            assert_eq!(answer.error().1, 42205, "{}", answer.text);
            return told;
        }
        let body = answer.ok();
        let version = body["version"].as_i64().unwrap();
        told.registered.push((subject.clone(), version, body["id"].as_i64().unwrap(), text));
        if number % 5 == 4 && app.delete(&format!("/subjects/{subject}/versions/{version}")).await.status == StatusCode::OK {
            told.deleted.push((subject, version));
        }
        begun.store(number > 20, Ordering::Relaxed);
    }
    told
}

async fn until_begun(begun: &AtomicBool) {
    while !begun.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
}

async fn require_all(told: &Acknowledged, from: &TestApp, to: &TestApp) {
    for (subject, version, id, text) in &told.registered {
        let path = format!("/subjects/{subject}/versions/{version}");
        let found = to.get(&format!("{path}?deleted=true")).await;
        if found.status != StatusCode::OK {
            let (list, own) = (
                from.get(&format!("/subjects/{subject}/versions?deleted=true")).await,
                from.get(&format!("{path}?deleted=true")).await,
            );
            panic!("{subject} version {version} is missing: {} {} {}", list.text, own.text, found.text);
        }
        let found = found.ok();
        let is_same = found["id"] == *id
            && serde_json::from_str::<Value>(found["schema"].as_str().unwrap()).unwrap()
                == serde_json::from_str::<Value>(text).unwrap();
        assert!(is_same, "{subject} version {version}: {found}");
        let is_deleted = told.deleted.contains(&(subject.clone(), *version));
        assert_eq!(to.get(&path).await.status == StatusCode::NOT_FOUND, is_deleted, "{subject} version {version}");
    }
}

async fn source(db: Database) -> Arc<TestApp> {
    let from = Arc::new(TestApp::new(db).await);
    from.put("/config/:.__GLOBAL:", &json!({ "compatibility": "NONE" })).await.ok();
    from.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
    from.register("before", &record("Before", &["a"])).await;
    from.register(":.x:before", &record("Before", &["a"])).await;
    from
}

on_both! {
    async fn nothing_that_was_acknowledged_is_missing_after_a_cutover(db) {
        let (from, to) = (source(db).await, TestApp::new(db).await);
        let begun = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn(write(Arc::clone(&from), Arc::clone(&begun)));
        until_begun(&begun).await;
        let done = ask(&format!("migrate --from {} --to {} --cutover", url(&from), url(&to)));
        let told = writer.await.unwrap();
        assert!(done.code == 0 && done.out.ends_with("equal\n") && done.err.contains("nobody could write for"), "{}{}", done.out, done.err);
        assert!(!done.out.contains("does not give it"), "{}", done.out);
        assert!(!done.err.contains("all of it is compared again"), "{}", done.err);
        require_all(&told, &from, &to).await;
        assert!(told.registered.len() > 20 && !told.deleted.is_empty());
        assert_eq!((from.get("/mode").await.ok(), to.get("/mode").await.ok()), (json!({ "mode": "READONLY" }), json!({ "mode": "READWRITE" })));
        // no context is left open, nor can another one be begun
        for subject in [":.x:before", ":.new:first"] {
            let refused = from.post(&format!("/subjects/{subject}/versions"), &json!({ "schema": record("Late", &["a"]) })).await;
            assert_eq!(refused.error().1, 42205, "{subject}: {}", refused.text);
            to.register(subject, &record("Late", &["a"])).await;
        }
        // new ids come after those that the source has given
        let highest = told.registered.iter().filter(|(subject, ..)| !subject.starts_with(':')).map(|(_, _, id, _)| *id).max().unwrap();
        assert!(to.register("after", &record("After", &["a"])).await > highest);
    }

    async fn who_is_killed_when_nobody_can_write_is_begun_again(db) {
        let (from, to) = (source(db).await, TestApp::new(db).await);
        let (is_closing, is_closed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (paused, mut pause) = tokio::sync::mpsc::unbounded_channel();
        let peer = lacking_with(&from, Lacks::Record, move |method, path| {
            is_closing.fetch_or(*method == Method::PUT && path == "/mode/:.__GLOBAL:", Ordering::Relaxed);
            // the first request after the last mode that is set: it gets no answer
            let waits = is_closed.load(Ordering::Relaxed) && !paused.is_closed();
            is_closed.fetch_or(is_closing.load(Ordering::Relaxed) && *method == Method::PUT && path == "/mode", Ordering::Relaxed);
            let paused = paused.clone();
            Box::pin(async move {
                if waits && paused.send(()).is_ok() {
                    std::future::pending::<()>().await;
                }
            })
        })
        .await;
        let begun = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn(write(Arc::clone(&from), Arc::clone(&begun)));
        until_begun(&begun).await;
        let files = folder(&[]);
        let arguments = format!("migrate --from {peer} --to {} --cutover", url(&to));
        let mut child = command(files.path()).args(arguments.split(' ')).stderr(std::process::Stdio::null()).spawn().unwrap();
        pause.recv().await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // from now on it is answered
        drop(pause);
        let told = writer.await.unwrap();
        assert_eq!((from.get("/mode").await.ok(), to.get("/mode").await.ok()), (json!({ "mode": "READONLY" }), json!({ "mode": "IMPORT" })));
        let done = ask(&arguments);
        assert!(done.code == 0 && done.out.ends_with("equal\n"), "{}{}", done.out, done.err);
        require_all(&told, &from, &to).await;
        assert_eq!((from.get("/mode").await.ok(), to.get("/mode").await.ok()), (json!({ "mode": "READONLY" }), json!({ "mode": "READWRITE" })));
        to.register("after", &record("After", &["a"])).await;
    }

    async fn what_is_set_in_the_last_moment_is_seen_without_a_record_of_changes(db) {
        let (from, to) = (source(db).await, TestApp::new(db).await);
        from.register("late", &record("Late", &["a"])).await;
        from.put("/config/late", &json!({ "compatibility": "FORWARD" })).await.ok();
        let is_done = AtomicBool::new(false);
        let app = Arc::clone(&from);
        let peer = lacking_with(&from, Lacks::Record, move |method, path| {
            // when everything has been compared and the source is about to be closed
            if *method != Method::PUT || path != "/mode/:.__GLOBAL:" || is_done.fetch_or(true, Ordering::Relaxed) {
                return Box::pin(std::future::ready(()));
            }
            let app = Arc::clone(&app);
            Box::pin(async move {
                app.put("/config", &json!({ "compatibility": "FULL" })).await.ok();
                app.put("/config/:.x:", &json!({ "compatibility": "FULL_TRANSITIVE" })).await.ok();
                app.put("/config/late", &json!({ "compatibility": "BACKWARD" })).await.ok();
                // one that had no settings
                app.put("/config/before", &json!({ "compatibility": "FORWARD", "normalize": true })).await.ok();
                app.put("/mode/late", &json!({ "mode": "READONLY" })).await.ok();
                app.post("/dek-registry/v1/keks", &json!({ "name": "k", "kmsType": "aws-kms", "kmsKeyId": "arn:aws:kms:x" })).await.ok();
                let dek = json!({ "subject": "late", "encryptedKeyMaterial": "d3JhcHBlZA==" });
                app.post("/dek-registry/v1/keks/k/deks", &dek).await.ok();
            })
        })
        .await;
        let done = ask(&format!("migrate --from {peer} --to {} --cutover", url(&to)));
        assert!(done.code == 0 && done.out.ends_with("equal\n") && done.out.contains("1 KEKs, 1 DEKs"), "{}{}", done.out, done.err);
        assert!(!done.err.contains("all of it is compared again"), "{}", done.err);
        for path in ["/config", "/config/:.x:", "/config/late", "/config/before", "/mode/late"] {
            assert_eq!(to.get(path).await.ok(), from.get(path).await.ok(), "{path}");
        }
        assert_eq!(to.get("/dek-registry/v1/keks/k/deks/late").await.ok()["encryptedKeyMaterial"], "d3JhcHBlZA==");
    }
}

/// Who stands in front of a registry and knows less than it.
#[derive(Clone, Copy, PartialEq)]
enum Lacks {
    /// As `AxonOps`: without contexts in lists, which are in `/contexts` and below it.
    Contexts,
    /// As Confluent: with a list of all schemas, and without our record of changes.
    Record,
    /// As Karapace: without contexts, and with an answer of its framework where it has nothing.
    Routes,
}

async fn answer(app: Arc<TestApp>, lacks: Lacks, request: Request<hyper::body::Incoming>) -> Answer {
    let target = request.uri().path_and_query().unwrap().as_str().to_owned();
    let nothing =
        Response::builder().status(404).body(Full::from(r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#)).unwrap();
    if lacks == Lacks::Routes && target.starts_with("/mode") {
        // as it is for all, and not to be set
        let status = if *request.method() == Method::GET { 200 } else { 405 };
        return Response::builder().status(status).body(Full::from(r#"{"mode":"READWRITE"}"#)).unwrap();
    }
    if lacks == Lacks::Routes && ["/accordant/", "/schemas?", "/contexts"].iter().any(|own| target.starts_with(own)) {
        return Response::builder().status(404).body(Full::from("\"Not Found\"")).unwrap();
    }
    if target.starts_with("/accordant/") || (lacks == Lacks::Contexts && target.starts_with("/schemas?")) {
        return nothing;
    }
    if lacks == Lacks::Contexts && target.starts_with("/subjects?subjectPrefix=:*:") {
        return Response::new(Full::from("[]"));
    }
    passed_on(&app, request).await
}

async fn lacking(app: &Arc<TestApp>, lacks: Lacks) -> String {
    lacking_with(app, lacks, |_, _| Box::pin(std::future::ready(()))).await
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The same, where something happens before a request is answered.
async fn lacking_with(
    app: &Arc<TestApp>,
    lacks: Lacks,
    before: impl Fn(&Method, &str) -> Work + Send + Sync + 'static,
) -> String {
    let (app, before) = (Arc::clone(app), Arc::new(before));
    stand_in(move |request| {
        let app = Arc::clone(&app);
        let work = before(request.method(), request.uri().path());
        async move {
            work.await;
            Some(answer(app, lacks, request).await)
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_lists_the_default_context_alone_is_read_whole() {
    let (from, to) = (source(Database::Sqlite).await, TestApp::new(Database::Sqlite).await);
    let text = r#"{"type":"record","name":"Uses","fields":[{"name":"b","type":"Before"}]}"#;
    from.register_as(":.y:uses", "AVRO", text, &[("Before", ":.x:before", 1)]).await;
    from.delete("/subjects/:.y:uses").await.ok();
    from.put("/config/:.x:", &json!({ "compatibility": "FULL" })).await.ok();
    let peer = lacking(&from, Lacks::Contexts).await;
    let done = ask(&format!("migrate --from {peer} --to {}", url(&to)));
    assert!(
        done.code == 0 && done.out.ends_with("equal\n") && done.out.contains("3 subjects, 3 versions, 1 of them deleted"),
        "{}{}",
        done.out,
        done.err
    );
    let digest = |app: &TestApp| ask(&format!("digest --registry {}", url(app))).out.split(' ').next().unwrap().to_owned();
    assert_eq!(digest(&from), digest(&to));
    // what has changed is found by comparing everything
    let begun = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(Arc::clone(&from), Arc::clone(&begun)));
    until_begun(&begun).await;
    let done = ask(&format!("migrate --from {peer} --to {} --cutover", url(&to)));
    assert!(
        done.code == 0 && done.out.ends_with("equal\n") && done.err.contains("all of it is compared again"),
        "{}{}",
        done.out,
        done.err
    );
    require_all(&writer.await.unwrap(), &from, &to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_of_changes_the_list_of_schemas_tells_what_is_new() {
    let (from, to) = (source(Database::Sqlite).await, TestApp::new(Database::Sqlite).await);
    let peer = lacking(&from, Lacks::Record).await;
    let begun = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(Arc::clone(&from), Arc::clone(&begun)));
    until_begun(&begun).await;
    let done = ask(&format!("migrate --from {peer} --to {} --cutover", url(&to)));
    let told = writer.await.unwrap();
    assert!(
        done.code == 0 && done.out.ends_with("equal\n") && !done.err.contains("all of it is compared again"),
        "{}{}",
        done.out,
        done.err
    );
    require_all(&told, &from, &to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_has_no_contexts_is_read() {
    let (from, to) = (source(Database::Sqlite).await, TestApp::new(Database::Sqlite).await);
    let peer = lacking(&from, Lacks::Routes).await;
    let done = ask(&format!("migrate --from {peer} --to {}", url(&to)));
    assert!(
        done.code == 0 && done.out.ends_with("equal\n") && done.out.contains("2 subjects, 2 versions"),
        "{}{}",
        done.out,
        done.err
    );
    assert_eq!(to.get("/mode/before").await.error().1, 40409, "what is said of all is not said of it");
    let done = ask(&format!("migrate --from {peer} --to {} --cutover", url(&to)));
    assert!(done.code != 0 && done.err.contains("can't be closed") && !done.err.contains("IMPORT"), "{}{}", done.out, done.err);
    assert_eq!(to.get("/mode").await.ok(), json!({ "mode": "READWRITE" }));
}
