//! Attributes, in JSON and in headers.

use accordant::cloudevents::{EventSettings, Strictness, Tolerate, parse_headers, parse_structured, report};
use accordant::cloudevents::{EventVerdict, Judgement};
use serde_json::{Value, json};

use super::{binary, codes, event, structured, verdict};
use crate::on_both;
use crate::support::app::TestApp;

/// Errors and warnings of an event of JSON with further members.
fn judged(more: &str, settings: &EventSettings) -> (Vec<String>, Vec<String>) {
    let text = format!(r#"{{"specversion":"1.0","id":"7","source":"/shop","type":"t"{more}}}"#);
    let envelope = parse_structured(text.as_bytes(), settings);
    let verdict = EventVerdict { envelope, schema: None, judgement: Judgement::default() };
    let report = serde_json::from_slice(&report(verdict, Some(&text), Strictness::Default).json).unwrap();
    (codes(&report, "errors"), codes(&report, "warnings"))
}

#[test]
fn attributes_that_break_a_rule_are_named_with_a_code() {
    for (more, error) in [
        (r#","subject":"""#, "attribute.empty subject"),
        (r#","time":"2026-01-01 00:00:00Z""#, "attribute.time.format time"),
        (r#","time":17"#, "attribute.type time"),
        (r#","datacontenttype":"text""#, "attribute.datacontenttype.format datacontenttype"),
        (r#","dataschema":"orders/1""#, "attribute.dataschema.format dataschema"),
        (r#","dataschema":"http://[::1""#, "attribute.dataschema.format dataschema"),
        (r#","Upper":1"#, "attribute.name Upper"),
        (r#","a.b":1"#, "attribute.name a.b"),
        (r#","list":[]"#, "attribute.type list"),
        (r#","big":4294967296"#, "attribute.type big"),
        (r#","part":0.5"#, "attribute.type part"),
        (r#","tab":"a\tb""#, "attribute.character tab"),
        (r#","last":"\uD83F\uDFFF""#, "attribute.character last"),
        (r#","half":"\uDC00""#, "attribute.character half"),
        (r#","twice":1,"twice":1"#, "attribute.duplicate twice"),
        (r#","data":1,"data_base64":"AA==""#, "envelope.data_conflict"),
        (r#","data":1,"data":2"#, "envelope.data_conflict"),
        (r#","data_base64":"AA""#, "data.base64"),
        (r#","data_base64":[]"#, "data.base64"),
        (r#","datacontenttype":"text/csv","data":[1]"#, "data.content_type_mismatch"),
        (r#","data":{"a":1,"b":{"c":1,"c":2}}"#, "data.duplicate"),
        (r#","data":"\ud800""#, "data.decode"),
        (r#","datacontenttype":"application/json","data_base64":"ew==""#, "data.decode"),
    ] {
        assert_eq!(judged(more, &EventSettings::default()), (vec![error.to_owned()], vec![]), "{more}");
    }
    for more in [
        r#","subject":"\u00a0 \ud83d\ude00","time":"2026-01-01T00:00:00.1+14:00","datacontenttype":"TEXT/Csv; header=\"a;b\"","data":"a""#,
        r#","on":true,"number":-2147483648,"zero":-0,"empty":"","none":null,"data":null"#,
        r#","datacontenttype":null,"data_base64":"AAE=""#,
        r#","data":"\ud83d\ude00","data_base64":null"#,
    ] {
        assert_eq!(judged(more, &EventSettings::default()), (vec![], vec![]), "{more}");
    }
}

#[test]
fn known_extensions_are_held_to_their_types_and_only_warned_about() {
    for (more, warning) in [
        (r#","sampledrate":0"#, "attribute.sampledrate.format sampledrate"),
        (r#","sampledrate":"1""#, "attribute.type sampledrate"),
        (r#","partitionkey":5"#, "attribute.type partitionkey"),
        (r#","sequence":"""#, "attribute.empty sequence"),
        (r#","expirytime":"soon""#, "attribute.expirytime.format expirytime"),
        (r#","dataref":"a b""#, "attribute.dataref.format dataref"),
        (r#","deprecated":"yes""#, "attribute.type deprecated"),
        (r#","9lives":"cat""#, "attribute.name 9lives"),
        (r#","dataschema":"urn:a:b#part""#, "attribute.dataschema.format dataschema"),
    ] {
        assert_eq!(judged(more, &EventSettings::default()), (vec![], vec![warning.to_owned()]), "{more}");
    }
    let headers: [(&[u8], &[u8]); 6] = [
        (b"ce-specversion", b"1.0"),
        (b"ce-id", b"1"),
        (b"ce-source", b"/"),
        (b"ce-type", b"t"),
        (b"ce-sampledrate", b"30"),
        (b"ce-deprecated", b"true"),
    ];
    assert_eq!(parse_headers(&headers, Vec::new(), &EventSettings::default()).issues.list(), []);
}

#[test]
fn what_is_tolerated_warns_and_only_that() {
    let settings = EventSettings { tolerate: Tolerate::parse("#, type-url").unwrap(), ..EventSettings::default() };
    let warned = (vec![], vec!["attribute.dataschema.format dataschema".to_owned()]);
    for uri in ["#", "#part", "type.googleapis.com/shop.Order"] {
        assert_eq!(judged(&format!(r#","dataschema":"{uri}""#), &settings), warned, "{uri}");
    }
    let refused = (vec!["attribute.dataschema.format dataschema".to_owned()], vec![]);
    for uri in ["/orders/1", "orders", "host.example/a/b", "localhost/a"] {
        assert_eq!(judged(&format!(r#","dataschema":"{uri}""#), &settings), refused, "{uri}");
    }
    assert_eq!(Tolerate::parse("everything"), None);
}

#[test]
fn bounds_have_codes_and_what_is_over_them_is_not_read() {
    let mut settings = EventSettings::default();
    settings.limits.attributes = 6;
    settings.limits.value_bytes = 40;
    settings.limits.uri_bytes = 10;
    settings.limits.json_depth = 3;
    let long = "x".repeat(41);
    let (errors, _) = judged(&format!(r#","subject":"{long}","a":"{long}","b":1,"c":1"#), &settings);
    assert_eq!(errors, ["limit.value subject", "limit.value a", "limit.attributes"]);
    assert_eq!(judged(r#","dataschema":"urn:aaaaaaa""#, &settings).0, ["limit.uri dataschema"]);
    assert_eq!(judged(r#","data":[[[]]]"#, &settings).0, Vec::<String>::new());
    assert_eq!(judged(r#","data":[[[[]]]]"#, &settings).0, ["limit.depth"]);
}

#[test]
fn raw_bytes_in_headers_are_told_from_encoded_ones() {
    let subject = |value: &[u8]| {
        let headers: [(&[u8], &[u8]); 5] = [
            (b"CE-Specversion", b"1.0"),
            (b"ce-ID", b"1"),
            (b"ce-source", b"/a%2520b"),
            (b"ce-type", b"t"),
            (b"ce-subject", value),
        ];
        let envelope = parse_headers(&headers, Vec::new(), &EventSettings::default());
        assert_eq!(envelope.text("source"), Some("/a%20b"));
        let issues = envelope.issues.list().iter().map(|issue| issue.code.to_string()).collect::<Vec<_>>();
        (envelope.text("subject").map(str::to_owned), issues)
    };
    let plain = |text: &str| (Some(text.to_owned()), vec![]);
    let sloppy = |text: &str| (Some(text.to_owned()), vec!["header.encoding".to_owned()]);
    assert_eq!(subject(b"%E2%82%ac%2541"), plain("\u{20ac}%41"));
    assert_eq!(subject(br#""50 \"%25\" \\ off""#), plain(r#"50 "%" \ off"#));
    assert_eq!(subject("\u{20ac}".as_bytes()), sloppy("\u{20ac}"));
    assert_eq!(subject(b"50% off"), sloppy("50% off"));
    assert_eq!(subject(b"a b"), sloppy("a b"));
    assert_eq!(subject(b"\"a\"b\""), sloppy("\"a\"b\""));
    assert_eq!(subject(b"%E2%82"), (None, vec!["header.encoding".to_owned()]));
    assert_eq!(subject(b"\xE2\x82"), (None, vec!["header.encoding".to_owned()]));
    assert_eq!(subject(b"%00"), (None, vec!["attribute.character".to_owned()]));
    assert_eq!(subject(b""), (None, vec!["attribute.empty".to_owned()]));
}

on_both! {
    async fn a_report_shows_the_event_and_what_is_wrong_with_places(db) {
        let app = TestApp::new(db).await;
        let body = "{\"specversion\":\"1.0\",\n \"id\": \"7\", \"source\":\"/\u{e4}\",\"type\":\"t\",\n\"count\":3,\"flag\":true,\"unset\":null}";
        let answer = structured(&app, "", body).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.status, 422);
        insta::assert_snapshot!("report", answer.pretty());
    }

    async fn every_error_is_collected(db) {
        let app = TestApp::new(db).await;
        let answer = binary(&app, "", &[("ce-id", ""), ("ce-time", "now"), ("ce-datacontenttype", "a/b"), ("ce-data", "x"), ("ce-a_b", "x")], vec![]).await;
        let (status, mut errors, warnings) = verdict(&answer);
        errors.sort();
        assert_eq!((status, warnings), (422, vec![]));
        assert_eq!(errors, [
            "attribute.empty id", "attribute.forbidden data", "attribute.forbidden datacontenttype", "attribute.name a_b",
            "attribute.time.format time",
        ]);
        // the hundred-and-first is left out, and that is said
        let many: serde_json::Map<String, Value> = (0..30).map(|at| (format!("X{at}"), json!(1))).collect();
        let text = event(&Value::Object(many)).to_string();
        assert_eq!(verdict(&structured(&app, "", &text).await).1.len(), 30);
        let data = (0..150).map(|_| r#""a":1"#).collect::<Vec<_>>().join(",");
        let answer = structured(&app, "", &format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"t","data":{{{data}}}}}"#)).await;
        assert_eq!(answer.json()["truncated"], true);
        assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 100);
    }

    async fn what_is_no_event_is_told_in_one_line_with_advice(db) {
        let app = TestApp::new(db).await;
        let line = |answer: crate::support::app::Answer| {
            assert_eq!(answer.status, 422, "{}", answer.text);
            let errors = answer.json()["errors"].clone();
            assert_eq!(errors.as_array().unwrap().len(), 1);
            (errors[0]["code"].as_str().unwrap().to_owned(), errors[0]["hint"].as_str().map(str::to_owned))
        };
        for (body, wanted) in [
            (r#"{"Id":"1","Source":"/s","Type":"t"}"#, Some("lower case")),
            (r#"{"id2":"1","eventType":"t","eventTime":"now"}"#, Some("Event Grid")),
            (r#"{"data":1}"#, None),
            ("{}", None),
        ] {
            let (code, hint) = line(structured(&app, "", body).await);
            assert_eq!(code, "not_a_cloudevent");
            assert_eq!(hint.is_some(), wanted.is_some(), "{body}");
            assert!(wanted.is_none_or(|wanted| hint.unwrap().contains(wanted)), "{body}");
        }
        let plain = |name: &'static str, body: &'static str| {
            let app = &app;
            async move { app.send(hyper::Method::POST, "/cloudevents/validate", &[(name, "application/json")], body).await }
        };
        let (code, hint) = line(plain("content-type", r#"{"specversion":"1.0"}"#).await);
        assert_eq!((code.as_str(), hint.unwrap().contains("application/cloudevents+json")), ("not_a_cloudevent", true));
        let (_, hint) = line(plain("content-type", r#"[{"specversion":"1.0"}]"#).await);
        assert!(hint.unwrap().contains("batch"));
        let (_, hint) = line(plain("ce_id", "x").await);
        assert!(hint.unwrap().contains("ce-"));
        for (body, code) in [("", "envelope.json"), ("{", "envelope.json"), ("\u{feff}{}", "envelope.json"), ("[]", "envelope.shape"), ("null", "envelope.shape")] {
            assert_eq!(line(structured(&app, "", body).await).0, code, "{body}");
        }
    }
}
