//! Events that `cloudevents-sdk` makes, hostile but valid, judged by the registry whose URL stands in `SCHEMA_REGISTRY_URL`.

use std::time::{SystemTime, UNIX_EPOCH};

use cloudevents::binding::http::{Builder, Serializer};
use cloudevents::event::SpecVersion;
use cloudevents::message::{
    BinaryDeserializer, BinarySerializer, MessageAttributeValue, Result, StructuredDeserializer, StructuredSerializer,
};
use cloudevents::{AttributesWriter, Data, Event, EventBuilder, EventBuilderV10};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use schema_registry_converter::async_impl::schema_registry::{SrSettings, post_schema};
use schema_registry_converter::schema_registry_common::{SchemaType, SuppliedSchema};
use serde_json::{Value, json};

/// Subjects that a header carries as they are.
const PLAIN: &[&str] = &["plain", r"a\b", "[{<^`|>}]"];
/// Subjects that a header must carry encoded, and that can be read all the same when they are not.
const SLOPPY: &[&str] = &["Euro € 😀", "50% \"off\" \\", "a\u{a0}b e\u{301}", "100%", "% 20"];
/// Subjects that, unencoded, can't be told from encoded ones; beside each what it is then read as.
const AMBIGUOUS: &[(&str, &str)] = &[("50%20off", "50 off"), ("%E2%82%AC", "€"), ("%2525", "%25"), ("\"quoted\"", "quoted")];

fn subjects() -> Vec<String> {
    let ambiguous = AMBIGUOUS.iter().map(|(sent, _)| *sent);
    PLAIN.iter().chain(SLOPPY).copied().chain(ambiguous).chain(["100%ff"]).map(str::to_owned).chain(["x".repeat(8000)]).collect()
}

/// An event with every type of attribute that the SDK has.
fn event(subject: &str, content_type: &str, data: impl Into<Data>) -> Event {
    EventBuilderV10::new()
        .id("a-1")
        .source("//host/a?c#d")
        .ty("com.example.t")
        .subject(subject)
        .time("2026-02-03T04:05:06.000789-05:00")
        .extension("text", subject)
        .extension("flag", true)
        .extension("least", i64::from(i32::MIN))
        .data_with_schema(content_type, "https://schemas.example/unknown.json", data)
        .build()
        .unwrap()
}

/// One whose data is JSON.
fn json_event(subject: &str) -> Event {
    event(subject, "application/json", json!({ "a": [1, null, "€"] }))
}

/// A request, as the SDK's binding of HTTP fills it.
#[derive(Default)]
struct Message {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Builder<Message> for Message {
    fn header(&mut self, key: &str, value: HeaderValue) {
        self.headers.append(key.parse::<HeaderName>().unwrap(), value);
    }

    fn body(&mut self, bytes: Vec<u8>) -> Result<Message> {
        self.body = bytes;
        self.finish()
    }

    fn finish(&mut self) -> Result<Message> {
        Ok(std::mem::take(self))
    }
}

fn binary(event: Event) -> Message {
    event.deserialize_binary(Serializer::new(Message::default())).unwrap()
}

fn structured(event: Event) -> Message {
    event.deserialize_structured(Serializer::new(Message::default())).unwrap()
}

/// A record in the JSON form that the registry reads: what the SDK's binding of Kafka fills, header for header.
#[derive(Default)]
struct Record(Vec<Value>);

impl Record {
    fn header(mut self, key: &str, value: &str) -> Result<Self> {
        self.0.push(json!({ "key": key, "value": value }));
        Ok(self)
    }

    fn value(self, value: Option<Vec<u8>>) -> Result<Value> {
        Ok(json!({ "headers": self.0, "value": value.map(|bytes| String::from_utf8(bytes).unwrap()) }))
    }
}

impl BinarySerializer<Value> for Record {
    fn set_spec_version(self, version: SpecVersion) -> Result<Self> {
        self.header("ce_specversion", &version.to_string())
    }

    fn set_attribute(self, name: &str, value: MessageAttributeValue) -> Result<Self> {
        let key = if name == "datacontenttype" { "content-type".to_owned() } else { format!("ce_{name}") };
        self.header(&key, &value.to_string())
    }

    fn set_extension(self, name: &str, value: MessageAttributeValue) -> Result<Self> {
        self.set_attribute(name, value)
    }

    fn end_with_data(self, bytes: Vec<u8>) -> Result<Value> {
        self.value(Some(bytes))
    }

    fn end(self) -> Result<Value> {
        self.value(None)
    }
}

impl StructuredSerializer<Value> for Record {
    fn set_structured_event(self, bytes: Vec<u8>) -> Result<Value> {
        self.header("content-type", "application/cloudevents+json")?.value(Some(bytes))
    }
}

const IGNORE: &str = "/cloudevents/validate?schema=ignore";
const STRICT: &str = "/cloudevents/validate?mode=strict&schema=ignore";
const KAFKA: &str = "/cloudevents/validate/kafka?mode=strict&schema=ignore";

async fn send(method: &str, path: &str, message: Message) -> (u16, Value) {
    let url = std::env::var("SCHEMA_REGISTRY_URL").expect("SCHEMA_REGISTRY_URL") + path;
    accordant_clients::provide_cryptography();
    let request = reqwest::Client::new().request(method.parse().unwrap(), url);
    let answer = request.headers(message.headers).body(message.body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

async fn post(path: &str, message: Message) -> (u16, Value) {
    send("POST", path, message).await
}

fn of_json(content_type: &'static str, body: &Value) -> Message {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(content_type))].into_iter().collect();
    Message { headers, body: body.to_string().into_bytes() }
}

/// The report on an event about which there is nothing to remark.
async fn clean(path: &str, message: Message) -> Value {
    let (status, report) = post(path, message).await;
    assert_eq!((status, &report["errors"], &report["warnings"]), (200, &json!([]), &json!([])), "{report}");
    report
}

/// What is remarked, each as attribute and code.
fn remarks(list: &Value) -> Vec<(&str, &str)> {
    let issues = list.as_array().unwrap().iter();
    let mut all: Vec<_> =
        issues.map(|issue| (issue["attribute"].as_str().unwrap_or(""), issue["code"].as_str().unwrap())).collect();
    all.sort_unstable();
    all
}

#[tokio::test]
async fn structured_events_leave_nothing_to_remark() {
    for subject in subjects() {
        let mut event = json_event(&subject);
        event.set_id("a%20b");
        event.set_source("/a%20b?c#d");
        let report = clean(STRICT, structured(event)).await;
        assert_eq!(
            report["event"],
            json!({
                "specversion": "1.0", "id": "a%20b", "source": "/a%20b?c#d", "type": "com.example.t", "subject": subject, "text": subject,
                "time": "2026-02-03T09:05:06.000789Z", "flag": true, "least": i32::MIN,
                "datacontenttype": "application/json", "dataschema": "https://schemas.example/unknown.json",
            })
        );
        assert_eq!(report["data"]["kind"], "json");
    }
}

#[tokio::test]
async fn binary_headers_that_need_no_encoding_leave_nothing_to_remark() {
    let long = "x".repeat(8000);
    for subject in PLAIN.iter().copied().chain([long.as_str()]) {
        let report = clean(STRICT, binary(json_event(subject))).await;
        // in headers every value is a text
        assert_eq!(
            report["event"],
            json!({
                "specversion": "1.0", "id": "a-1", "source": "//host/a?c#d", "type": "com.example.t", "subject": subject, "text": subject,
                "time": "2026-02-03T09:05:06.000789+00:00", "flag": "true", "least": i32::MIN.to_string(),
                "datacontenttype": "application/json", "dataschema": "https://schemas.example/unknown.json",
            })
        );
        assert_eq!(report["data"]["kind"], "json");
    }
}

// The SDK puts values into headers as they are, where the binding of HTTP wants percent-encoding (3.1.3.2). Where it is plain what
// was meant the registry reads it, with a warning that `mode=strict` makes an error.
#[tokio::test]
async fn binary_headers_that_are_not_encoded_are_read_with_a_warning() {
    let sloppy = [("subject", "header.encoding"), ("text", "header.encoding")];
    for subject in SLOPPY {
        let (status, report) = post(IGNORE, binary(json_event(subject))).await;
        assert_eq!((status, &report["errors"]), (200, &json!([])), "{report}");
        assert_eq!(remarks(&report["warnings"]), sloppy);
        assert_eq!((&report["event"]["subject"], &report["event"]["text"]), (&json!(subject), &json!(subject)));
        let (status, report) = post(STRICT, binary(json_event(subject))).await;
        assert_eq!((status, remarks(&report["errors"])), (422, sloppy.to_vec()));
    }
}

// A receiver has to undo escapes and quotes, and can't know that the sender made none: the event is another one on the wire already.
#[tokio::test]
async fn binary_headers_that_look_encoded_are_decoded() {
    for (sent, read) in AMBIGUOUS {
        let report = clean(STRICT, binary(json_event(sent))).await;
        assert_eq!((&report["event"]["subject"], &report["event"]["text"]), (&json!(read), &json!(read)));
    }
    // what is not UTF-8 once decoded must be refused, in every mode
    for path in [IGNORE, STRICT] {
        let (status, report) = post(path, binary(json_event("100%ff"))).await;
        assert_eq!(
            (status, remarks(&report["errors"])),
            (422, vec![("subject", "header.encoding"), ("text", "header.encoding")])
        );
    }
    // a source whose space was encoded, as it must be, gets it back, and is no URI reference any more
    let mut event = json_event("plain");
    event.set_source("/a%20b");
    let (status, report) = post(IGNORE, binary(event)).await;
    assert_eq!((status, remarks(&report["errors"])), (422, vec![("source", "attribute.source.format")]), "{report}");
}

#[tokio::test]
async fn every_kind_of_data_is_taken_up_to_64_kib() {
    let bytes: Vec<u8> = (0..=255).cycle().take(65536).collect();
    let text = "€".repeat(65536 / 3);
    for encode in [binary, structured] {
        let report = clean(STRICT, encode(event("s", "application/octet-stream", bytes.clone()))).await;
        assert_eq!((&report["data"]["kind"], &report["data"]["bytes"]), (&json!("binary"), &json!(65536)));
        let report = clean(STRICT, encode(event("s", "text/plain; charset=utf-8", text.as_str()))).await;
        assert_eq!((&report["data"]["kind"], &report["data"]["bytes"]), (&json!("text"), &json!(text.len())));
        let report = clean(STRICT, encode(event("s", "application/vnd.example+json", json!(text)))).await;
        assert_eq!((&report["data"]["kind"], &report["data"]["bytes"]), (&json!("json"), &json!(text.len() + 2)));
        let report = clean(STRICT, encode(event("s", "application/json", json!(null)))).await;
        assert_eq!((&report["data"]["present"], &report["data"]["kind"]), (&json!(true), &json!("json")));
        let mut event = json_event("s");
        event.take_data();
        assert_eq!(clean(STRICT, encode(event)).await["data"]["present"], false);
    }
}

#[tokio::test]
async fn a_batch_is_an_array_of_what_the_sdk_serializes() {
    let events: Vec<Event> = subjects().iter().map(|subject| json_event(subject)).collect();
    let body = serde_json::to_value(&events).unwrap();
    let (status, report) = post(STRICT, of_json("application/cloudevents-batch+json", &body)).await;
    assert_eq!((status, &report["valid"]), (200, &json!(true)), "{report}");
    let judged = report["events"].as_array().unwrap();
    let read: Vec<&str> = judged.iter().map(|one| one["event"]["subject"].as_str().unwrap()).collect();
    assert_eq!(read, subjects());
    assert!(judged.iter().all(|one| one["warnings"] == json!([])), "{report}");
}

// In Kafka nothing is encoded, so that what the SDK writes is right.
#[tokio::test]
async fn records_of_kafka_leave_nothing_to_remark() {
    for subject in subjects() {
        let make = || {
            let mut event = json_event(&subject);
            event.set_source("/a%20b?c#d");
            event
        };
        for record in [make().deserialize_binary(Record::default()), make().deserialize_structured(Record::default())] {
            let report = clean(KAFKA, of_json("application/json", &record.unwrap())).await;
            assert_eq!((&report["event"]["subject"], &report["event"]["text"]), (&json!(subject), &json!(subject)));
            assert_eq!((&report["event"]["source"], &report["data"]["kind"]), (&json!("/a%20b?c#d"), &json!("json")));
        }
    }
}

#[tokio::test]
async fn what_the_sdk_lets_pass_is_refused() {
    let mut no_id = json_event("s");
    no_id.set_id("");
    let mut upper = json_event("s");
    upper.set_extension("myExt", "x");
    let mut wide = json_event("s");
    wide.set_extension("wide", i64::from(i32::MAX) + 1);
    let object_as_text = event("s", "text/plain", json!({}));
    for (event, found) in [
        (no_id, ("id", "attribute.empty")),
        (upper, ("myExt", "attribute.name")),
        (wide, ("wide", "attribute.type")),
        (object_as_text, ("", "data.content_type_mismatch")),
    ] {
        let (status, report) = post(IGNORE, structured(event)).await;
        assert_eq!((status, remarks(&report["errors"])), (422, vec![found]), "{report}");
    }
}

#[tokio::test]
async fn data_is_held_to_the_schema_that_the_event_names() {
    let topic = format!("rustevents{}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let settings = SrSettings::new(std::env::var("SCHEMA_REGISTRY_URL").expect("SCHEMA_REGISTRY_URL"));
    let schema = SuppliedSchema::new(None, SchemaType::Json, r#"{"type":"object","required":["total"]}"#.to_owned());
    post_schema(&settings, topic.clone(), schema).await.unwrap();
    let uri = format!("https://schemas.example/{topic}.json");
    let alias = json!({ "uri": uri, "subject": topic, "version": 1 });
    let (status, answer) = send("PUT", "/cloudevents/aliases", of_json("application/json", &alias)).await;
    assert_eq!(status, 201, "{answer}");
    let path = "/cloudevents/validate?mode=strict&schema=required";
    for encode in [binary, structured] {
        let make = |data: Value| {
            let builder = EventBuilderV10::new().id("1").source("/a").ty("t");
            encode(builder.data_with_schema("application/json", uri.as_str(), data).build().unwrap())
        };
        let report = clean(path, make(json!({ "total": 1 }))).await;
        assert_eq!((&report["data"]["checked"], &report["schema"]["subject"]), (&json!(true), &json!(topic)));
        let (status, report) = post(path, make(json!({}))).await;
        assert_eq!((status, &report["errors"][0]["keyword"]), (422, &json!("required")), "{report}");
    }
}
