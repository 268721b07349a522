//! Data held against schemas of every format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{MINIMAL, binary, codes, event, framed, framed_by_guid, kafka, register, structured, verdict};
use crate::on_both;
use crate::support::app::TestApp;

/// A long and an optional string.
const AVRO: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"total","type":"long"},{"name":"note","type":["null","string"],"default":null}]}"#;
/// `{"total": 3, "note": "x"}`.
const DATUM: [u8; 4] = [6, 2, 2, b'x'];

const PROTO: &str = "syntax = \"proto3\";\npackage shop;\nmessage Other { bytes raw = 1; }\nmessage Order { int32 total = 1; string note = 2; message Line { bool gift = 1; } repeated Line lines = 3; }\n";

const JSON_SCHEMA: &str = r#"{"type":"object","required":["total"],"properties":{"total":{"type":"integer"},"mail":{"type":"string","format":"email"}}}"#;

fn ok() -> (u16, Vec<String>, Vec<String>) {
    (200, vec![], vec![])
}

on_both! {
    async fn json_schema_tells_pointer_keyword_and_place(db) {
        let app = TestApp::new(db).await;
        let (id, guid) = register(&app, "order", "JSON", JSON_SCHEMA).await;
        let body = "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/\",\"type\":\"t\",\n\"data\":{\"total\":\"x\",\"mail\":\"no\"}}";
        let answer = structured(&app, "?subject=order&version=1", body).await;
        let report = answer.json();
        assert_eq!(verdict(&answer), (422, vec!["data.schema /total".to_owned(), "data.schema /mail".to_owned()], vec![]));
        let error = &report["errors"][0];
        assert_eq!((&error["keyword"], &error["schema_pointer"]), (&json!("type"), &json!("/properties/total/type")));
        assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(17)));
        assert_eq!(report["schema"], json!({
            "resolved_by": "override", "subject": "order", "version": 1, "id": id, "guid": guid, "schemaType": "JSON",
            "url": format!("/cloudevents/schemas/guids/{guid}")
        }));
        assert_eq!(report["data"]["decoded_as"], "json");
        let with_mail = event(&json!({ "data": { "total": 1.0, "mail": "no" } })).to_string();
        assert_eq!(structured(&app, "?subject=order", &with_mail).await.status, 422);
        assert_eq!(verdict(&structured(&app, "?subject=order&formats=false", &with_mail).await), ok());
        // exact numbers
        let huge = r#"{"specversion":"1.0","id":"7","source":"/","type":"t","data":{"total":123456789012345678901234567890}}"#;
        assert_eq!(verdict(&structured(&app, "?subject=order", huge).await), ok());
        let near = huge.replace("7890}", "7890.000000000000000000001}");
        assert_eq!(structured(&app, "?subject=order", &near).await.status, 422);
        // a string that looks like an object stays a string
        let text = event(&json!({ "data": "{\"total\":1}" })).to_string();
        assert_eq!(verdict(&structured(&app, "?subject=order", &text).await).1, ["data.schema"]);
    }

    async fn json_is_read_in_confluent_framing_and_without_a_type(db) {
        let app = TestApp::new(db).await;
        let (id, _) = register(&app, "order", "JSON", JSON_SCHEMA).await;
        let json_type = [("content-type", "application/json")];
        let answer = binary(&app, "", &json_type, framed(id, br#"{"total":1}"#)).await;
        assert_eq!(verdict(&answer), ok());
        let report = answer.json();
        assert_eq!(report["data"]["framing"], json!({ "magic": 0, "id": id }));
        assert_eq!((&report["schema"]["resolved_by"], &report["schema"]["subject"]), (&json!("framing"), &json!("order")));
        assert_eq!(verdict(&binary(&app, "", &json_type, framed(id, b"{}")).await).1, ["data.schema"]);
        assert_eq!(verdict(&binary(&app, "", &json_type, framed(id, b"{")).await).1, ["data.decode"]);
        let note = vec!["data.content_type".to_owned()];
        assert_eq!(verdict(&binary(&app, "?subject=order", &[], br#"{"total":1}"#.to_vec()).await), (200, vec![], note));
        assert_eq!(verdict(&binary(&app, "?subject=order", &[], b"\x80".to_vec()).await).1, ["data.decode"]);
        for kind in ["application/xml", "application/avro", "text/plain"] {
            let answer = binary(&app, "?subject=order", &[("content-type", kind)], b"{}".to_vec()).await;
            assert_eq!(verdict(&answer).1, ["data.content_type_mismatch"], "{kind}");
            assert_eq!(answer.json()["data"]["checked"], false);
        }
    }

    async fn the_schema_of_avro_is_named_by_framing_or_by_a_record_header(db) {
        let app = TestApp::new(db).await;
        let (id, guid) = register(&app, "order", "AVRO", AVRO).await;
        let avro = [("content-type", "application/avro")];
        let report = binary(&app, "?schema=required", &avro, framed(id, &DATUM)).await.ok();
        assert_eq!(report["data"], json!({
            "present": true, "kind": "binary", "checked": true, "decoded_as": "avro", "bytes": 9,
            "framing": { "magic": 0, "id": id }
        }));
        let report = binary(&app, "", &avro, framed_by_guid(&guid, &DATUM)).await.ok();
        assert_eq!(report["data"]["framing"], json!({ "magic": 1, "guid": guid }));
        let header = |bytes: &[u8]| json!({
            "headers": [
                { "key": "ce_specversion", "value": "1.0" }, { "key": "ce_id", "value": "1" }, { "key": "ce_source", "value": "/" },
                { "key": "ce_type", "value": "t" }, { "key": "content-type", "value": "avro/binary" },
                { "key": "__value_schema_id", "value_base64": STANDARD.encode(bytes) },
            ],
            "value_base64": STANDARD.encode(DATUM),
        });
        for bytes in [framed(id, b""), framed_by_guid(&guid, b"")] {
            let report = kafka(&app, "?schema=required", &header(&bytes)).await.ok();
            assert_eq!(report["schema"]["resolved_by"], "record-header");
            assert_eq!(report["data"]["framing"], Value::Null);
        }
        // what is not known here is no framing, and no schema either
        assert_eq!(verdict(&kafka(&app, "?schema=required", &header(&framed(id + 1, b""))).await).1, ["schema.unresolved"]);
        let unknown = binary(&app, "", &avro, framed(id + 1, &DATUM)).await;
        assert_eq!(verdict(&unknown), (200, vec![], vec!["schema.unresolved".to_owned()]));
        assert_eq!(unknown.json()["data"]["checked"], false);
    }

    async fn broken_avro_is_named_and_what_only_looks_like_framing_is_data(db) {
        let app = TestApp::new(db).await;
        let (id, _) = register(&app, "order", "AVRO", AVRO).await;
        let (other, _) = register(&app, "other", "AVRO", r#"["null","long"]"#).await;
        let judged = |query: &'static str, bytes: Vec<u8>| {
            let app = &app;
            async move { verdict(&binary(app, query, &[("content-type", "application/avro")], bytes).await) }
        };
        assert_eq!(judged("?subject=order", DATUM.to_vec()).await, ok());
        assert_eq!(judged("?subject=order", [&DATUM[..], &[0]].concat()).await.1, ["data.trailing"]);
        assert_eq!(judged("?subject=order", DATUM[..3].to_vec()).await.1, ["data.decode /note"]);
        assert_eq!(judged("?subject=order", vec![6, 4]).await.1, ["data.decode /note"]);
        assert_eq!(judged("", framed(id, &[6, 2, 2, 0xFF])).await.1, ["data.decode /note"]);
        // a long of 0 after the first branch looks like framing with an id that is known, and is none
        register(&app, "null", "AVRO", r#"{"type":"record","name":"N","fields":[{"name":"a","type":["null","int"]},{"name":"b","type":{"type":"fixed","name":"F","size":4}}]}"#).await;
        let answer = binary(&app, "?subject=null", &[("content-type", "application/avro")], framed(other, b"")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!((&answer.json()["data"]["framing"], &answer.json()["schema"]["subject"]), (&Value::Null, &json!("null")));
        // another schema than the one asked for: said, and an error in strict mode
        assert_eq!(judged("?subject=other", framed(id, &[0])).await, (200, vec![], vec!["schema.conflict".to_owned()]));
        assert_eq!(judged("?subject=other&mode=strict", framed(id, &[0])).await.1, ["schema.conflict"]);
    }

    async fn avro_is_taken_as_json_with_tagged_and_with_plain_unions(db) {
        let app = TestApp::new(db).await;
        register(&app, "order", "AVRO", AVRO).await;
        let judged = |kind: &'static str, data: Value| {
            let app = &app;
            async move {
                let answer = structured(app, "?subject=order", &event(&json!({ "datacontenttype": kind, "data": data })).to_string()).await;
                let (_, errors, _) = verdict(&answer);
                (errors, answer.json()["data"]["decoded_as"].as_str().unwrap().to_owned())
            }
        };
        let fits = |how: &str| (vec![], how.to_owned());
        for kind in ["application/json", "avro/json", "application/vnd.apache.avro+json"] {
            assert_eq!(judged(kind, json!({ "total": 3, "note": { "string": "x" } })).await, fits("avro-json"));
            assert_eq!(judged(kind, json!({ "total": 3, "note": null })).await, fits("avro-json"));
        }
        assert_eq!(judged("application/json", json!({ "total": 3, "note": "x" })).await, fits("avro-json-plain"));
        assert_eq!(judged("application/json", json!({ "total": 3 })).await, fits("avro-json-plain"));
        assert_eq!(judged("avro/json", json!({ "total": 3, "note": "x" })).await.0, ["data.schema /note"]);
        assert_eq!(judged("avro/json", json!({ "total": 3 })).await.0, ["data.schema"]);
        assert_eq!(judged("application/json", json!({ "total": 1.5, "note": 7, "more": 1 })).await.0, [
            "data.schema /total", "data.schema /note", "data.schema /more"
        ]);
        let report = structured(&app, "?subject=order", &event(&json!({ "data": { "total": "3" } })).to_string()).await.json();
        assert_eq!(report["errors"][0].get("keyword"), None);
        assert_eq!(report["errors"][0]["pointer"], "/total");
        assert!(report["errors"][0].get("line").is_some());
    }

    async fn base64_that_was_sent_as_text_is_decoded_with_a_warning(db) {
        let app = TestApp::new(db).await;
        let (id, _) = register(&app, "order", "AVRO", AVRO).await;
        let send = |data: Value, query: &'static str| {
            let body = event(&json!({ "datacontenttype": "application/avro", "data": data })).to_string();
            let app = &app;
            async move { structured(app, query, &body).await }
        };
        let answer = send(json!(STANDARD.encode(framed(id, &DATUM))), "").await;
        assert_eq!(verdict(&answer), (200, vec![], vec!["data.base64_in_data".to_owned()]));
        let report = answer.json();
        assert_eq!((&report["data"]["kind"], &report["data"]["framing"]["id"]), (&json!("text"), &json!(id)));
        assert_eq!(verdict(&send(json!("not base64!"), "?subject=order").await).1, ["data.base64"]);
        let body = event(&json!({ "datacontenttype": "application/avro", "data_base64": STANDARD.encode(framed(id, &DATUM)) })).to_string();
        assert_eq!(verdict(&structured(&app, "?schema=required", &body).await), ok());
    }

    async fn indexes_choose_the_protobuf_message_and_else_the_first_one_counts(db) {
        let app = TestApp::new(db).await;
        let (id, _) = register(&app, "order", "PROTOBUF", PROTO).await;
        let protobuf = [("content-type", "application/x-protobuf")];
        // Order { total: 3, note: "x", lines: [{ gift: true }] }
        let order = [8, 3, 18, 1, b'x', 26, 2, 8, 1];
        let report = binary(&app, "", &protobuf, framed(id, &[&[2, 2][..], &order].concat())).await.ok();
        assert_eq!(report["data"]["framing"], json!({ "magic": 0, "id": id, "message_indexes": [1] }));
        assert_eq!((&report["data"]["message"], &report["data"]["decoded_as"]), (&json!("shop.Order"), &json!("protobuf")));
        let line = binary(&app, "", &protobuf, framed(id, &[4, 2, 0, 8, 1])).await.ok();
        assert_eq!((&line["data"]["message"], &line["warnings"]), (&json!("shop.Order.Line"), &json!([])));
        let first = binary(&app, "?subject=order", &protobuf, vec![10, 1, 0xFF]).await.ok();
        assert_eq!(first["data"]["message"], "shop.Other");
        let judged = |query: &'static str, bytes: Vec<u8>| {
            let app = &app;
            async move { verdict(&binary(app, query, &[("content-type", "application/protobuf")], bytes).await) }
        };
        assert_eq!(judged("", framed(id, &[2, 2, 18, 1, 0xFF])).await.1, ["data.decode /note"]);
        assert_eq!(judged("", framed(id, &[2, 2, 26, 9, 8, 1])).await.1, ["data.decode /lines"]);
        assert_eq!(judged("", framed(id, &[2, 2, 10, 1, 0])).await.1, ["data.schema /total"]);
        assert_eq!(judged("", framed(id, &[2, 8, 8, 1])).await.1, ["data.decode"]);
        assert_eq!(judged("", framed(id, &[0xFF])).await.1, ["data.decode"]);
        assert_eq!(judged("", framed(id, &[2, 2, 40, 1])).await, (200, vec![], vec!["data.unknown_field".to_owned()]));
        assert_eq!(judged("?mode=strict", framed(id, &[2, 2, 40, 1])).await.1, ["data.unknown_field"]);
        for kind in ["application/json", "application/protobuf+json"] {
            let body = event(&json!({ "datacontenttype": kind, "data": { "raw": "_-8", "more": 1 } })).to_string();
            assert_eq!(verdict(&structured(&app, "?subject=order", &body).await), (200, vec![], vec!["data.unknown_field /more".to_owned()]));
            let body = event(&json!({ "datacontenttype": kind, "data": { "raw": 5 } })).to_string();
            assert_eq!(verdict(&structured(&app, "?subject=order", &body).await).1, ["data.schema /raw"]);
        }
    }

    async fn a_record_header_may_carry_protobuf_indexes(db) {
        let app = TestApp::new(db).await;
        let (id, _) = register(&app, "order", "PROTOBUF", PROTO).await;
        let mut headers: Vec<Value> =
            MINIMAL.iter().map(|(name, value)| json!({ "key": name.replace('-', "_"), "value": value })).collect();
        headers.push(json!({ "key": "content-type", "value": "application/protobuf" }));
        headers.push(json!({ "key": "__value_schema_id", "value_base64": STANDARD.encode(framed(id, &[2, 2])) }));
        let record = json!({ "headers": headers, "value_base64": STANDARD.encode([8, 3]) });
        let report = kafka(&app, "?schema=required", &record).await.ok();
        assert_eq!(report["data"]["message"], "shop.Order");
    }

    async fn missing_data_and_a_missing_schema_are_told_apart(db) {
        let app = TestApp::new(db).await;
        register(&app, "order", "JSON", JSON_SCHEMA).await;
        let none = event(&json!({})).to_string();
        assert_eq!(verdict(&structured(&app, "", &none).await), ok());
        assert_eq!(verdict(&structured(&app, "?subject=order", &none).await).1, ["data.absent"]);
        assert_eq!(verdict(&structured(&app, "?schema=required", &none).await).1, ["schema.unresolved", "data.absent"]);
        let elsewhere = event(&json!({ "dataref": "https://example.com/7" })).to_string();
        assert_eq!(verdict(&structured(&app, "?subject=order", &elsewhere).await), (200, vec![], vec!["data.by_reference".to_owned()]));
        let data = event(&json!({ "data": 1 })).to_string();
        assert_eq!(verdict(&structured(&app, "", &data).await), (200, vec![], vec!["schema.unresolved".to_owned()]));
        assert_eq!(verdict(&structured(&app, "?schema=ignore", &data).await), ok());
        let named = event(&json!({ "data": 1, "dataschema": "https://nowhere.example/1" })).to_string();
        assert_eq!(verdict(&structured(&app, "", &named).await).1, ["schema.unresolved"]);
        for query in ["?subject=nothing", "?subject=order&version=9"] {
            assert_eq!(verdict(&structured(&app, query, &data).await).1, ["schema.unresolved"]);
        }
        app.delete("/subjects/order/versions/1").await.ok();
        let good = event(&json!({ "data": { "total": 1 } })).to_string();
        assert_eq!(verdict(&structured(&app, "?subject=order&version=1", &good).await).2, ["schema.deleted"]);
    }

    async fn data_that_wants_to_hurt_is_answered(db) {
        let app = TestApp::new(db).await;
        // sixty records, each with the next one twice: 2^60 of them in no bytes at all
        let mut schema = r#"{"type":"fixed","name":"F","size":0}"#.to_owned();
        for at in 0..60 {
            schema = format!(r#"{{"type":"record","name":"R{at}","fields":[{{"name":"a","type":{schema}}},{{"name":"b","type":"{}"}}]}}"#, if at == 0 { "F".to_owned() } else { format!("R{}", at - 1) });
        }
        register(&app, "wide", "AVRO", &schema).await;
        let avro = [("content-type", "application/avro")];
        assert_eq!(codes(&binary(&app, "?subject=wide", &avro, vec![0]).await.json(), "errors").len(), 1);
        register(&app, "deep", "PROTOBUF", "syntax = \"proto3\"; message N { N n = 1; }").await;
        let mut nested = Vec::new();
        for _ in 0..110 {
            let mut outer = vec![10];
            let mut length = nested.len();
            while length > 127 {
                outer.push(u8::try_from(length & 127).unwrap() | 128);
                length >>= 7;
            }
            outer.push(u8::try_from(length).unwrap());
            outer.extend(nested);
            nested = outer;
        }
        let answer = binary(&app, "?subject=deep", &[("content-type", "application/protobuf")], nested).await;
        assert!(verdict(&answer).1[0].starts_with("limit.depth /n/n"));
        // groups that are not known nest as well
        let answer = binary(&app, "?subject=deep", &[("content-type", "application/protobuf")], vec![0x13; 200_000]).await;
        assert!(verdict(&answer).1[0].starts_with("limit.depth"));
        assert_eq!(binary(&app, "", &[], vec![]).await.status, 200);
    }
}
