//! Small requests that ask for much: each is refused or answered, and nobody else waits for it.

use accordant::registry::{JudgingLimits, Limits};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{Answer, Database, Setup, TestApp, record};

const TOO_MUCH: i64 = 42280;

async fn app() -> TestApp {
    TestApp::new(Database::Sqlite).await
}

fn submission(kind: &str, schema: &impl ToString) -> Value {
    json!({ "schemaType": kind, "schema": schema.to_string() })
}

async fn registered(app: &TestApp, kind: &str, schema: impl ToString) -> Answer {
    app.post("/subjects/s/versions", &submission(kind, &schema)).await
}

/// Registers the one and checks the other.
async fn checked(kind: &str, old: impl ToString, new: impl ToString, query: &str) -> Answer {
    let app = app().await;
    registered(&app, kind, old).await.ok();
    app.post(&format!("/compatibility/subjects/s/versions/latest{query}"), &submission(kind, &new)).await
}

async fn validated(schema: impl ToString, data: impl ToString) -> Answer {
    let app = app().await;
    registered(&app, "JSON", schema).await.ok();
    let headers =
        [("content-type", "application/json"), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/t"), ("ce-type", "t")];
    let target = "/cloudevents/validate?subject=s&version=latest";
    app.send(hyper::Method::POST, target, &headers, data.to_string()).await
}

#[track_caller]
fn is_too_much(answer: &Answer, what: &str) {
    let (status, code, message) = answer.error();
    assert_eq!((status, code), (422, TOO_MUCH), "{what}: {message}");
    assert!(message.contains("work-budget") || message.contains("work-memory"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_that_take_much_to_read_are_refused() {
    for (what, pattern) in [
        ("brackets", "[".repeat(32_000)),
        ("negated brackets", "[^".repeat(16_000)),
        ("braces", "\\u{".repeat(10_000)),
        ("classes", "\\pL".repeat(690_000)),
        ("classes without regard to case", format!("(?i){}", "\\p{L}".repeat(6_000))),
        ("repetitions", format!("(?=a){}", "a?".repeat(40_000))),
    ] {
        is_too_much(&registered(&app().await, "JSON", json!({ "pattern": pattern })).await, what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_in_data_are_judged_or_given_up() {
    let report = validated(json!({ "format": "regex" }), format!("\"{}\"", "[".repeat(32_000))).await;
    assert_eq!(report.status, 422, "{}", report.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn divisors_of_many_digits_are_charged() {
    let divisors = |count: usize, digit: char| {
        let digits: String = std::iter::repeat_n(digit, 995).collect();
        let one = |at| format!(r#"{{"type":"number","multipleOf":{digits}e{at}}}"#);
        format!(r#"{{"oneOf":[{}]}}"#, (0..count).map(one).collect::<Vec<_>>().join(","))
    };
    is_too_much(&checked("JSON", divisors(55, '7'), divisors(150, '3'), "").await, "divisors");
    let numbers = format!("[{}]", vec!["1e4900"; 20_000].join(","));
    let report = validated(r#"{"items":{"multipleOf":0.0000001}}"#, numbers).await;
    assert_eq!(report.status, 200, "powers of ten are not written out: {}", report.text);
    let digits = "7".repeat(4_900);
    let numbers = format!("[{}]", vec![&*digits; 200].join(","));
    let report = validated(&format!(r#"{{"items":{{"multipleOf":{digits}}}}}"#), numbers).await;
    assert!(report.status == 422 && report.text.contains("\"limit."), "{}", report.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn combinations_that_take_much_memory_to_compare_are_refused() {
    let objects = |kind: &str, most: usize| {
        let one =
            |at| json!({ "type": "object", "properties": { "a": { "type": kind } }, "minProperties": at, "maxProperties": most });
        json!({ "oneOf": (0..1_500).map(one).collect::<Vec<_>>() })
    };
    is_too_much(&checked("JSON", objects("string", 8), objects("number", 9), "").await, "objects");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_numbers_are_not_compared_pair_by_pair() {
    let numbers: Vec<String> = (0..15_000).map(|at| format!("{}{at:06}", "7".repeat(60))).collect();
    let report = validated(r#"{"uniqueItems":true}"#, format!("[{}]", numbers.join(","))).await.ok();
    assert_eq!(report["valid"], true);
    let twice = format!("[{},{}]", numbers.join(","), numbers.first().unwrap());
    let report = validated(r#"{"uniqueItems":true}"#, twice).await;
    assert!(report.text.contains("has non-unique elements"), "{}", report.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_of_findings_are_cut_and_say_so() {
    let deep = |leaf: &str| {
        let mut definitions = serde_json::Map::new();
        for at in 0..8 {
            let next = json!({ "$ref": format!("#/definitions/d{}", at + 1) });
            definitions.insert(
                format!("d{at}"),
                json!({ "type": "object", "properties": { "a": next, "b": next, "c": next, "d": next } }),
            );
        }
        definitions.insert("d8".to_owned(), json!({ "type": leaf }));
        json!({ "$ref": "#/definitions/d0", "definitions": definitions })
    };
    let answer = checked("JSON", deep("string"), deep("number"), "?verbose=true&explain=true").await;
    assert!(answer.text.len() < 2 << 20, "{} bytes", answer.text.len());
    let body = answer.ok();
    assert_eq!(body["is_compatible"], false);
    let messages = body["messages"].as_array().unwrap();
    assert!(messages.iter().any(|message| message.as_str().is_some_and(|text| text.starts_with("{truncated: 'at least "))));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_millions_of_values_are_not_built() {
    let app = app().await;
    let body = format!(r#"{{"schema":"\"int\"","x":[{}]}}"#, vec!["[]"; 600_000].join(","));
    let answer = app.send(hyper::Method::POST, "/subjects/s/versions", &[("content-type", "application/json")], body).await;
    assert_eq!(answer.error().0, 400, "{}", answer.text);
    // in a text they are no values
    let text = format!(r#"{{"type":"string","doc":"{}"}}"#, "[],".repeat(600_000));
    assert!(registered(&app, "AVRO", text).await.status == 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tags_are_added_in_time_and_large_closures_are_refused() {
    let app = app().await;
    registered(&app, "JSON", json!({ "properties": { "p": { "type": "string" } } })).await.ok();
    let tags: Vec<String> = (0..100_000).map(|at| format!("t{at}")).collect();
    let entity = json!({ "entityPath": "object.p", "entityType": "sr_field" });
    let edit = json!({ "tagsToAdd": [{ "schemaEntity": entity, "tags": tags }] });
    app.post("/subjects/s/versions/1/tags", &edit).await.ok();
    let large = json!({ "description": "d".repeat(3_000_000) });
    app.post("/subjects/large/versions", &submission("JSON", &large)).await.ok();
    let reference = |at: usize| json!({ "name": format!("n{at}"), "subject": "large", "version": 1 });
    let mut body = submission("JSON", &json!({ "type": "string" }));
    body["references"] = (0..100).map(reference).collect();
    is_too_much(&app.post("/subjects/r/versions", &body).await, "references");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_do_not_repeat_large_values() {
    let names: serde_json::Map<String, Value> = (0..5_000).map(|at| (format!("name_{at}"), json!("x".repeat(50)))).collect();
    for schema in [json!({ "type": "string" }), json!({ "additionalProperties": false }), json!({ "enum": [1] })] {
        let report = validated(&schema, Value::Object(names.clone())).await;
        assert!(report.status == 422 && report.text.len() < 4_000, "{schema}: {} bytes", report.text.len());
    }
}

/// The machine gives no more threads; those that wait are not the client's fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_comes_on_top_of_a_full_queue_is_told_to_come_again() {
    let judging = JudgingLimits { threads: 1, queue: 1, ..JudgingLimits::default() };
    let limits = Limits { judging, ..Limits::default() };
    let app = TestApp::with(Database::Sqlite, Setup { limits, ..Setup::default() }).await;
    let fields: Vec<String> = (0..3_000).map(|at| format!("field_{at}")).collect();
    let text = record("R", &fields.iter().map(String::as_str).collect::<Vec<_>>());
    let bodies: Vec<Value> = (0..32).map(|at| submission("AVRO", &text.replace("\"R\"", &format!("\"R{at}\"")))).collect();
    let targets: Vec<String> = (0..32).map(|at| format!("/subjects/s{at}/versions")).collect();
    let answers = join_all(bodies.iter().zip(&targets).map(|(body, target)| app.post(target, body))).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(answers.iter().any(|answer| answer.status == 200) && !refused.is_empty());
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 503));
    for answer in &refused {
        assert_eq!((answer.error().1, answer.header("retry-after")), (50303, "1"));
    }
    let metrics = app.get("/metrics").await.text;
    let counted = format!("accordant_judging_refused_total{{reason=\"overloaded\"}} {}\n", refused.len());
    assert!(metrics.contains(&counted) && metrics.contains("accordant_judging_requests{state=\"waiting\"} 0\n"), "{metrics}");
}
