//! Rules of JSONATA: read at registration, run in processes of their own, bounded there.

use std::path::PathBuf;
use std::time::Duration;

use accordant::jsonata::{JsonataEngine, JsonataLimits};
use accordant::registry::Defaults;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Database, Setup, TestApp};

/// A build of the program, with room for an unoptimized one on a busy machine.
async fn server(database: Database) -> TestApp {
    let limits = JsonataLimits { time: Duration::from_secs(20), ..JsonataLimits::default() };
    bounded(database, limits).await
}

async fn bounded(database: Database, limits: JsonataLimits) -> TestApp {
    let engine = JsonataEngine::new(PathBuf::from(env!("CARGO_BIN_EXE_accordant")), limits);
    let defaults = Defaults { jsonata: Some(engine), ..Defaults::default() };
    TestApp::with(database, Setup { defaults, ..Setup::default() }).await
}

fn version(fields: &[(&str, &str)], rules: &Value) -> Value {
    let fields: Vec<Value> = fields.iter().map(|(name, ty)| json!({ "name": name, "type": ty })).collect();
    let schema = json!({ "type": "record", "name": "Person", "fields": fields }).to_string();
    json!({ "schema": schema, "ruleSet": rules })
}

fn migration(name: &str, mode: &str, expr: &str) -> Value {
    json!({ "name": name, "kind": "TRANSFORM", "mode": mode, "type": "JSONATA", "expr": expr })
}

fn domain(kind: &str, expr: &str) -> Value {
    json!({ "domainRules": [{ "name": "r", "kind": kind, "mode": "WRITE", "type": "JSONATA", "expr": expr }] })
}

/// The only rule's report on data of a subject.
async fn validated(app: &TestApp, subject: &str, data: &Value) -> Value {
    let answer = app.post("/accordant/v1/validate", &json!({ "subject": subject, "json": data })).await.ok();
    let mut rule = answer["rules"][0].clone();
    rule["data"] = answer["data"].clone();
    rule
}

async fn register(app: &TestApp, subject: &str, body: &Value) {
    app.post(&format!("/subjects/{subject}/versions"), body).await.ok();
}

on_both! {
    async fn data_of_one_version_is_seen_as_another_sees_it(db) {
        let app = server(db).await;
        app.put("/config/p", &json!({ "compatibility": "NONE" })).await.ok();
        register(&app, "p", &version(&[("first", "string"), ("last", "string"), ("ssn", "string")], &Value::Null)).await;
        let up = "$merge([$sift($, function($v, $k) { $k != 'ssn' and $k != 'last' and $k != 'first' }), {'name': first & ' ' & last}])";
        let down = "{'first': $substringBefore(name, ' '), 'last': $substringAfter(name, ' '), 'ssn': ''}";
        let rules = json!({ "migrationRules": [migration("up", "UPGRADE", up), migration("down", "DOWNGRADE", down)] });
        register(&app, "p", &version(&[("name", "string")], &rules)).await;
        let migrated = async |version: i64, data: Value, to: i64| {
            let body = json!({ "subject": "p", "version": version, "json": data, "reader": { "subject": "p", "version": to } });
            app.post("/accordant/v1/migrate", &body).await.ok()
        };
        let answer = migrated(1, json!({ "first": "Ada", "last": "Lovelace", "ssn": "1" }), 2).await;
        assert_eq!(answer["data"], json!({ "name": "Ada Lovelace" }));
        assert_eq!(answer["steps"][0]["rules"][0]["outcome"], "transformed", "{answer}");
        let answer = migrated(2, json!({ "name": "Ada Lovelace" }), 1).await;
        assert_eq!(answer["data"], json!({ "first": "Ada", "last": "Lovelace", "ssn": "" }));
    }

    async fn an_expression_that_can_not_be_read_is_refused_at_registration(db) {
        let app = server(db).await;
        app.put("/config", &json!({ "validateRules": true })).await.ok();
        let body = version(&[("a", "int")], &json!({ "migrationRules": [
            migration("good", "UPGRADE", "$merge([$, {'b': a}])"),
            migration("bad", "DOWNGRADE", "$map(a, function($x) {"),
        ] }));
        let (status, code, message) = app.post("/subjects/v/versions", &body).await.error();
        assert_eq!((status, code), (422, 42210));
        assert!(message.contains("rule 'bad': JSONata: ") && !message.contains("'good'"), "{message}");
        let nested = "(".repeat(9_000);
        let body = version(&[("a", "int")], &json!({ "migrationRules": [migration("deep", "UPGRADE", &nested)] }));
        let (_, _, message) = app.post("/subjects/v/versions", &body).await.error();
        assert!(message.contains("rule 'deep': JSONata: U1002"), "{message}");
    }

    async fn conditions_and_transforms_are_held_to_the_schema(db) {
        let app = server(db).await;
        let fields = [("n", "long"), ("raw", "bytes"), ("price", "double")];
        let data = json!({ "n": 5, "raw": "\u{0}\u{ff}", "price": 34.45 });
        for (subject, kind, expr, outcome) in [
            ("held", "CONDITION", "n > 4 and price = 34.45", "held"),
            ("failed", "CONDITION", "n > 5", "failed"),
            ("absent", "CONDITION", "nothing.here", "failed"),
            ("same", "TRANSFORM", "$", "unchanged"),
            ("more", "TRANSFORM", "$merge([$, {'n': n * 2}])", "transformed"),
            ("none", "TRANSFORM", "nothing", "error"),
            ("misfit", "TRANSFORM", "$merge([$, {'n': 'x'}])", "error"),
            ("raised", "TRANSFORM", "$error('no')", "error"),
        ] {
            register(&app, subject, &version(&fields, &domain(kind, expr))).await;
            let rule = validated(&app, subject, &data).await;
            assert_eq!(rule["outcome"], outcome, "{subject}: {rule}");
        }
        // what a rule leaves alone stays as it is, to the last digit
        let after = validated(&app, "more", &data).await;
        assert_eq!(after["data"], json!({ "n": 10, "raw": "\u{0}\u{ff}", "price": 34.45 }));
        let large = json!({ "n": 9_007_199_254_740_993_i64, "raw": "", "price": 0.0 });
        let rule = validated(&app, "more", &large).await;
        assert_eq!((&rule["outcome"], &rule["message"]), (&json!("skipped"), &json!("whole numbers beyond 2^53 lose digits in JSONata")));
    }

    async fn an_expression_takes_no_more_time_and_memory_than_it_may(db) {
        let limits = JsonataLimits { time: Duration::from_secs(3), ..JsonataLimits::default() };
        let app = bounded(db, limits).await;
        for (subject, expr) in [
            ("loop", "($f := function($n) { $f($n + 1) }; $f(0))"),
            ("text", "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $length($f('x', 60)))"),
            ("list", "($f := function($s, $n) { $n = 0 ? $s : $f($append($s, $s), $n - 1) }; $count($f([1], 60)))"),
        ] {
            register(&app, subject, &version(&[("n", "int")], &domain("CONDITION", expr))).await;
            let rule = validated(&app, subject, &json!({ "n": 1 })).await;
            let message = rule["message"].as_str().unwrap_or_default();
            let is_bounded = message.starts_with("it takes more time than") || message.starts_with("it takes more memory than");
            assert!(rule["outcome"] == "skipped" && is_bounded, "{subject}: {rule}");
        }
        // all rules of a request share its time
        let slow = "($f := function($n) { $f($n + 1) }; $f(0))";
        let rules: Vec<Value> = (0..50).map(|at| migration(&format!("r{at}"), "WRITE", slow)).collect();
        register(&app, "many", &version(&[("n", "int")], &json!({ "domainRules": rules }))).await;
        let rule = validated(&app, "many", &json!({ "n": 1 })).await;
        assert_eq!(rule["outcome"], "skipped", "{rule}");
        app.get("/subjects").await.ok();
    }
}

/// What official clients make of expressions; `tests/clients` holds the table to them.
#[tokio::test(flavor = "multi_thread")]
async fn expressions_have_the_results_of_official_clients() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/rules/jsonata.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let app = server(Database::Sqlite).await;
    app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
    let cases = table["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let expr = case["expr"].as_str().unwrap();
        let body = json!({ "schemaType": "JSON", "schema": "{}", "ruleSet": domain("TRANSFORM", expr) });
        register(&app, "s", &body).await;
        let rule = validated(&app, "s", &table["message"]).await;
        match case.get("result") {
            Some(result) if result == &table["message"] => assert_eq!(rule["outcome"], "unchanged", "{expr}: {rule}"),
            Some(result) => assert_eq!((&rule["outcome"], &rule["data"]), (&json!("transformed"), result), "{expr}: {rule}"),
            None => assert_eq!(rule["outcome"], "error", "{expr}: {rule}"),
        }
    }
}

#[tokio::test]
async fn without_a_program_nothing_is_evaluated_and_nothing_refused() {
    let engine = JsonataEngine::new(PathBuf::from("/there/is/none"), JsonataLimits::default());
    let defaults = Defaults { jsonata: Some(engine), ..Defaults::default() };
    let app = TestApp::with(Database::Sqlite, Setup { defaults, ..Setup::default() }).await;
    app.put("/config", &json!({ "validateRules": true })).await.ok();
    register(&app, "s", &version(&[("n", "int")], &domain("CONDITION", "n > 0"))).await;
    let rule = validated(&app, "s", &json!({ "n": 1 })).await;
    assert_eq!(rule["outcome"], "skipped");
    assert!(rule["message"].as_str().unwrap_or_default().starts_with("no process evaluates it: "), "{rule}");
}
