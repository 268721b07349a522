//! `/accordant/v1/decode` and `/accordant/v1/encode`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::TestApp;

const DECODE: &str = "/accordant/v1/decode";
const ENCODE: &str = "/accordant/v1/encode";

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"long"},
    {"name":"note","type":["null","string",{"type":"record","name":"Note","fields":[{"name":"text","type":"string"}]}],"default":null},
    {"name":"bytes","type":"bytes","default":""}]}"#;
const LATER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"double"},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","DONE"]},"default":"OPEN"}]}"#;

async fn register(app: &TestApp, subject: &str, schema_type: &str, schema: &str) -> Value {
    let body = json!({ "schemaType": schema_type, "schema": schema });
    app.post(&format!("/subjects/{subject}/versions"), &body).await.ok()
}

on_both! {
    async fn avro_is_encoded_as_serializers_do_and_decoded_by_what_it_says(db) {
        let app = TestApp::new(db).await;
        let stored = register(&app, "orders-value", "AVRO", ORDER).await;
        let data = json!({ "id": 5, "note": { "text": "x" }, "bytes": "\u{ff}\u{1}" });
        let encoded = app.post(ENCODE, &json!({ "subject": "orders-value", "data": data })).await.ok();
        let bytes = STANDARD.decode(encoded["data"].as_str().unwrap()).unwrap();
        let id = i32::try_from(stored["id"].as_i64().unwrap()).unwrap();
        assert_eq!(bytes, [&[0][..], &id.to_be_bytes(), &[10, 4, 2, b'x', 4, 0xFF, 1]].concat());
        let decoded = app.post(DECODE, &json!({ "data": encoded["data"] })).await.ok();
        assert_eq!((&decoded["data"], &decoded["encoding"], &decoded["framing"]["id"]), (&data, &json!("avro"), &stored["id"]));
        assert_eq!((&decoded["schema"]["subject"], &decoded["schema"]["resolved_by"]), (&json!("orders-value"), &json!("framing")));
        let tagged = app.post(DECODE, &json!({ "data": encoded["data"], "form": "avro-json" })).await.ok();
        assert_eq!(tagged["data"]["note"], json!({ "shop.Note": { "text": "x" } }));
        let again = app.post(ENCODE, &json!({ "id": id, "data": tagged["data"], "form": "avro-json" })).await.ok();
        assert_eq!(again["data"], encoded["data"]);
        // by guid, and by a record header, and without framing
        let by_guid = app.post(ENCODE, &json!({ "guid": stored["guid"], "data": data, "framing": "guid" })).await.ok();
        let decoded = app.post(DECODE, &json!({ "data": by_guid["data"] })).await.ok();
        assert_eq!((&decoded["data"], &decoded["framing"]["guid"]), (&data, &stored["guid"]));
        let header = app.post(ENCODE, &json!({ "subject": "orders-value", "data": data, "framing": "header" })).await.ok();
        let decoded = app.post(DECODE, &json!({ "data": header["data"], "schemaIdHeader": header["schemaIdHeader"] })).await.ok();
        assert_eq!((&decoded["data"], &decoded["schema"]["resolved_by"], decoded.get("framing")), (&data, &json!("record-header"), None));
        let bare = app.post(ENCODE, &json!({ "subject": "orders-value", "data": data, "framing": "none" })).await.ok();
        assert_eq!(bare["data"], header["data"]);
        let decoded = app.post(DECODE, &json!({ "data": bare["data"], "subject": "orders-value", "version": 1 })).await.ok();
        assert_eq!(decoded["data"], data);
        let decoded = app.post(DECODE, &json!({ "hex": "0A 04:02780 4ff01", "id": id })).await.ok();
        assert_eq!(decoded["data"], data);
    }

    async fn what_is_left_out_has_its_default_and_numbers_keep_their_width(db) {
        let app = TestApp::new(db).await;
        register(&app, "t", "AVRO", r#"{"type":"record","name":"T","fields":[{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":["string","null"],"default":"x"}]}"#).await;
        let encoded = app.post(ENCODE, &json!({ "subject": "t", "data": { "f": 0.1, "d": "Infinity" } })).await.ok();
        let decoded = app.post(DECODE, &json!({ "data": encoded["data"] })).await.ok();
        assert_eq!(decoded["data"].to_string(), r#"{"f":0.1,"d":"Infinity","s":"x"}"#);
    }

    async fn another_version_reads_what_was_written_and_says_what_it_does_not_see(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders-value", "AVRO", ORDER).await;
        register(&app, "orders-value", "AVRO", LATER).await;
        let encoded = app.post(ENCODE, &json!({ "subject": "orders-value", "version": 1, "data": { "id": 5 } })).await.ok();
        let ask = json!({ "data": encoded["data"], "reader": { "subject": "orders-value", "version": "latest" } });
        let reader = app.post(DECODE, &ask).await.ok()["reader"].clone();
        assert_eq!(reader["data"].to_string(), r#"{"id":5.0,"state":"OPEN"}"#);
        assert_eq!(reader["schema"]["version"], 2);
        let changes: Vec<(&str, &str)> = reader["changes"].as_array().unwrap().iter().map(|change| (change["kind"].as_str().unwrap(), change["pointer"].as_str().unwrap())).collect();
        assert_eq!(changes, [("default", "/state"), ("lost", "/note"), ("lost", "/bytes")]);
        // the other way round the reader fails
        let encoded = app.post(ENCODE, &json!({ "subject": "orders-value", "data": { "id": 5, "state": "DONE" } })).await.ok();
        let ask = json!({ "data": encoded["data"], "reader": { "subject": "orders-value", "version": 1 } });
        let refused = app.post(DECODE, &ask).await;
        assert_eq!(refused.error(), (422, 42284, "The data can't be used: at /id: the reader expects long, and the data has double".to_owned()));
    }

    async fn protobuf_is_decoded_by_its_message_indexes(db) {
        let app = TestApp::new(db).await;
        let file = "syntax = \"proto3\"; package p; message A { int32 a = 1; message In { map<string, int64> by_name = 2; } } message B { A.In in = 1; }";
        register(&app, "p-value", "PROTOBUF", file).await;
        register(&app, "p-value", "PROTOBUF", "syntax = \"proto3\"; package p; message A { message In { } } message B { A.In in = 1; string s = 2; }").await;
        let data = json!({ "byName": { "b": "2", "a": "1" } });
        let encoded = app.post(ENCODE, &json!({ "subject": "p-value", "version": 1, "message": "p.A.In", "data": data })).await.ok();
        assert_eq!((&encoded["messageIndexes"], &encoded["message"]), (&json!([0, 0]), &json!("p.A.In")));
        let ask = json!({ "data": encoded["data"], "reader": { "subject": "p-value", "version": 2 } });
        let decoded = app.post(DECODE, &ask).await.ok();
        assert_eq!((&decoded["data"], &decoded["messageIndexes"], &decoded["message"]), (&data, &json!([0, 0]), &json!("p.A.In")));
        assert_eq!((&decoded["reader"]["data"], &decoded["reader"]["changes"][0]["kind"]), (&json!({}), &json!("lost")));
        // a record header has the indexes too
        let header = app.post(ENCODE, &json!({ "subject": "p-value", "version": 1, "message": "B", "data": { "in": data }, "framing": "header" })).await.ok();
        let decoded = app.post(DECODE, &json!({ "data": header["data"], "schemaIdHeader": header["schemaIdHeader"] })).await.ok();
        assert_eq!((&decoded["message"], &decoded["data"]["in"]), (&json!("p.B"), &data));
        // unknown fields are told of
        let unknown = app.post(DECODE, &json!({ "hex": "08051202", "subject": "p-value", "message": "A" })).await;
        assert_eq!(unknown.error().1, 42284);
        let unknown = app.post(DECODE, &json!({ "hex": "0805", "subject": "p-value", "message": "A" })).await.ok();
        assert_eq!(unknown["issues"][0]["message"], "the message p.A has no field with the number 1");
    }

    async fn json_is_given_back_as_it_was_sent_with_what_its_schema_says_to_it(db) {
        let app = TestApp::new(db).await;
        register(&app, "j-value", "JSON", r#"{"type":"object","properties":{"a":{"type":"integer"}}}"#).await;
        let text = STANDARD.encode(r#" {"b": 1.50, "a": "x"} "#);
        let decoded = app.post(DECODE, &json!({ "data": text, "subject": "j-value" })).await;
        assert!(decoded.text.contains(r#""data":{"b": 1.50, "a": "x"}"#), "{}", decoded.text);
        assert_eq!(decoded.json()["issues"], json!([{ "pointer": "/a", "message": "\"x\" is not of type \"integer\"" }]));
        let refused = app.post(ENCODE, &json!({ "subject": "j-value", "data": { "a": "x" } })).await;
        assert_eq!(refused.error().1, 42284);
        assert_eq!(refused.json()["issues"][0]["pointer"], "/a");
        let encoded = app.post(ENCODE, &json!({ "subject": "j-value", "data": { "a": 1 }, "framing": "none" })).await.ok();
        assert_eq!(STANDARD.decode(encoded["data"].as_str().unwrap()).unwrap(), br#"{"a":1}"#);
    }

    async fn numbers_are_kept_or_refused(db) {
        let app = TestApp::new(db).await;
        register(&app, "double", "AVRO", r#""double""#).await;
        register(&app, "float", "AVRO", r#""float""#).await;
        let proto = r#"syntax = "proto3"; import "google/protobuf/struct.proto"; message M { double d = 1; google.protobuf.Value v = 2; }"#;
        register(&app, "proto", "PROTOBUF", proto).await;
        for (subject, data) in
            [("double", "1e999"), ("float", "1e39"), ("proto", r#"{"d":1e999}"#), ("proto", r#"{"v":1e999}"#)]
        {
            let body = format!(r#"{{"subject":"{subject}","data":{data}}}"#);
            let answer = app.send(Method::POST, ENCODE, &[("content-type", "application/json")], body).await;
            assert_eq!(answer.error().1, 42284, "{subject} {data}");
        }
        let encoded = app.post(ENCODE, &json!({ "subject": "proto", "data": { "d": -0.0 }, "framing": "none" })).await.ok();
        assert_eq!(STANDARD.decode(encoded["data"].as_str().unwrap()).unwrap(), [9, 0, 0, 0, 0, 0, 0, 0, 0x80]);
        let decoded = app.post(DECODE, &json!({ "subject": "proto", "data": encoded["data"] })).await;
        assert!(decoded.text.contains(r#""data":{"d":-0.0"#), "{}", decoded.text);
    }

    async fn what_was_decoded_is_encoded_to_the_same(db) {
        let app = TestApp::new(db).await;
        let file = "syntax = \"proto2\"; import \"google/protobuf/any.proto\"; import \"google/protobuf/field_mask.proto\"; \
                    import \"google/protobuf/timestamp.proto\"; enum E { A = 1; B = 2; } \
                    message M { optional E e = 1; repeated E es = 2; map<string, E> by = 3; optional google.protobuf.Any any = 4; \
                    optional google.protobuf.FieldMask mask = 5; optional google.protobuf.Timestamp at = 6; }";
        register(&app, "p", "PROTOBUF", file).await;
        // numbers that a closed enum does not have are as fields that are not known; an Any of a message that nobody knows keeps its bytes
        let any = "0a0b 782f 6e6f742e6b6e6f776e 1202 0801".replace(' ', "");
        let foreign = "0807 1001 1007 1002 1a05 0a0161 1007".replace(' ', "");
        for (hex, json, issues) in [
            (format!("220f{any}").replace("220f", "2211"), json!({ "any": { "@type": "x/not.known", "value": "CAE=" } }), 0),
            (foreign, json!({ "es": ["A", "B"] }), 3),
            ("2204 1202 0801".replace(' ', ""), json!({ "any": { "@type": "", "value": "CAE=" } }), 0),
        ] {
            let decoded = app.post(DECODE, &json!({ "hex": hex, "subject": "p" })).await;
            assert_eq!(decoded.status, 200, "{hex}: {}", decoded.text);
            let decoded = decoded.json();
            assert_eq!((&decoded["data"], decoded["issues"].as_array().unwrap().len()), (&json, issues), "{hex}");
            let bare = json!({ "subject": "p", "data": decoded["data"], "framing": "none" });
            let encoded = app.post(ENCODE, &bare).await.ok();
            let again = app.post(DECODE, &json!({ "data": encoded["data"], "subject": "p" })).await.ok();
            assert_eq!(again["data"], decoded["data"]);
        }
        // foo__bar
        let refused = app.post(DECODE, &json!({ "hex": "2a0a0a08666f6f5f5f626172", "subject": "p" })).await.error();
        assert_eq!((refused.0, refused.1), (422, 42284), "{}", refused.2);
        let beyond = json!({ "subject": "p", "data": { "at": "9999-12-31T23:59:59-01:00" } });
        assert_eq!(app.post(ENCODE, &beyond).await.error().1, 42284);
        // a double keeps what a float before it would round
        register(&app, "u", "AVRO", r#"["float","double","string"]"#).await;
        for (data, hex) in [("1.5", "000000c03f"), ("0.1", "029a9999999999b93f")] {
            let body = format!(r#"{{"subject": "u", "framing": "none", "data": {data}}}"#);
            let encoded = app.send(Method::POST, ENCODE, &[("content-type", "application/json")], body).await.ok();
            let bytes = STANDARD.decode(encoded["data"].as_str().unwrap()).unwrap();
            assert_eq!(accordant::types::hex(&bytes), hex);
        }
        // which of two members is meant, nobody knows
        let body = r#"{"subject": "orders", "data": {"id": 1, "id": 2}}"#;
        register(&app, "orders", "AVRO", r#"{"type":"record","name":"O","fields":[{"name":"id","type":"int"}]}"#).await;
        let refused = app.send(Method::POST, ENCODE, &[("content-type", "application/json")], body).await.error();
        assert!(refused.1 == 42284 && refused.2.contains("more than once"), "{}", refused.2);
        let by_id = app.post(ENCODE, &json!({ "id": 1, "data": {} })).await.ok();
        assert_eq!(by_id["schema"]["resolved_by"], "override");
    }

    async fn alternatives_that_all_fail_are_paid_for(db) {
        let app = TestApp::new(db).await;
        // each tries the next twice: 2^40 ways to fail
        let chain = |write: &dyn Fn(String) -> Value| {
            let mut defs: serde_json::Map<String, Value> =
                (0..40).map(|at| (format!("d{at}"), write(format!("#/$defs/d{}", at + 1)))).collect();
            defs.insert("d40".to_owned(), json!({ "type": "string" }));
            json!({ "$ref": "#/$defs/d0", "$defs": defs })
        };
        let mut nested = json!(1);
        for _ in 0..60 {
            nested = json!([nested]);
        }
        for (name, schema, data) in [
            ("any", chain(&|next| json!({ "anyOf": [{ "$ref": next }, { "$ref": next }] })), json!(1)),
            ("one", chain(&|next| json!({ "oneOf": [{ "$ref": next }, { "$ref": next }] })), json!(1)),
            ("if", chain(&|next| json!({ "if": { "$ref": next }, "else": { "$ref": next } })), json!(1)),
            ("all", chain(&|next| json!({ "allOf": [{ "anyOf": [{ "$ref": next }, { "$ref": next }] }] })), json!(1)),
            (
                "nested",
                json!({ "anyOf": [{ "type": "array", "items": { "$ref": "#" } }, { "items": { "$ref": "#" }, "type": "array" }] }),
                nested,
            ),
            // each goes through all elements, and finds what it looks for at the end or not at all
            ("contains", json!({ "anyOf": vec![json!({ "contains": { "const": 1 } }); 3_000] }), json!(vec![0; 100_000])),
            (
                "unevaluated",
                json!({ "anyOf": vec![json!({ "contains": { "const": 1 } }); 3_000], "unevaluatedItems": true }),
                json!(vec![0; 100_000]),
            ),
            ("tuple", json!({ "anyOf": vec![json!({ "prefixItems": [true], "contains": { "const": 1 } }); 3_000] }), json!(vec![0; 100_000])),
        ] {
            register(&app, name, "JSON", &schema.to_string()).await;
            let (status, code, message) = app.post(ENCODE, &json!({ "subject": name, "data": data })).await.error();
            // that it is not valid may be found before the work is spent that it takes to say why
            assert!(status == 422 && [42280, 42284].contains(&code), "{name}: {message}");
            let ask = json!({ "subject": name, "data": STANDARD.encode(data.to_string()) });
            let decoded = app.post(DECODE, &ask).await.json();
            let is_said = decoded["issues"][0]["message"].is_string();
            assert!(decoded["error_code"] == 42280 || is_said, "{name}: {decoded}");
        }
    }

    async fn what_can_not_be_decoded_is_refused_with_the_place(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders-value", "AVRO", ORDER).await;
        register(&app, "deep", "AVRO", r#"{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}"#).await;
        let nulls: Vec<String> = (0..200).map(|at| format!(r#",{{"name":"f{at}","type":"null"}}"#)).collect();
        let nulls = nulls.concat();
        register(&app, "wide", "AVRO", &format!(r#"{{"type":"array","items":{{"type":"record","name":"W","fields":[{{"name":"x","type":"null"}}{nulls}]}}}}"#)).await;
        for (ask, status, code, message) in [
            (json!({ "hex": "0A0402", "subject": "orders-value" }), 422, 42284, "The data can't be used: at /note/text: a string claims 1 bytes, and 0 are left"),
            (json!({ "hex": "0A0000FF", "subject": "orders-value" }), 422, 42284, "The data can't be used: 1 bytes are left after the datum"),
            (json!({ "hex": "02".repeat(100) + "00", "subject": "deep" }), 422, 42284, "The data can't be used: at /n/n"),
            // a million records of 200 fields that take no bytes
            (json!({ "hex": "80897A00", "subject": "wide" }), 422, 42284, "The data can't be used: the data takes too much memory"),
            (json!({ "hex": "0A" }), 400, 400, "Nothing names a schema"),
            (json!({ "hex": "00000003E7AA" }), 404, 40403, "No schema"),
            (json!({ "hex": "0A", "subject": "none" }), 404, 40403, "No schema"),
            (json!({ "hex": "0A", "subject": "orders-value", "version": 9 }), 404, 40403, "No schema"),
            (json!({ "hex": "0A", "subject": "orders-value", "version": "x" }), 422, 42202, "The specified version 'x'"),
            (json!({ "hex": "0A", "version": 1 }), 400, 400, "version needs a subject"),
            (json!({ "hex": "0", "subject": "orders-value" }), 400, 400, "hex has something else"),
            (json!({ "data": "?", "subject": "orders-value" }), 400, 400, "data is not base64"),
            (json!({ "data": "", "hex": "", "subject": "orders-value" }), 400, 400, "data and hex"),
            (json!({ "subject": "orders-value" }), 422, 42282, "The member data is missing"),
            (json!({ "hex": "0A", "form": "xml" }), 400, 400, "form: 'xml' is not one of"),
            (json!([]), 400, 400, "Malformed JSON"),
        ] {
            let answer = app.post(DECODE, &ask).await;
            let (got_status, got_code, got) = answer.error();
            assert_eq!((got_status, got_code), (status, code), "{ask}: {got}");
            assert!(got.starts_with(message), "{ask}: {got}");
        }
        let large = app.post(DECODE, &json!({ "data": STANDARD.encode(vec![0; (1 << 20) + 1]), "subject": "deep" })).await;
        assert_eq!(large.error().1, 413);
        for (ask, code, message) in [
            (json!({ "subject": "orders-value", "data": { "id": "x" } }), 42284, "The data can't be used: at /id: expected long, found string"),
            (json!({ "subject": "orders-value", "data": {} }), 42284, "The data can't be used: the field 'id' is missing"),
            (json!({ "data": {} }), 400, "Nothing names a schema"),
            (json!({ "subject": "orders-value", "data": {}, "framing": "x" }), 400, "framing: 'x' is not one of"),
            (json!({ "subject": "orders-value" }), 400, "Malformed JSON: missing field `data`"),
        ] {
            let (_, got_code, got) = app.post(ENCODE, &ask).await.error();
            assert!(got_code == code && got.starts_with(message), "{ask}: {got_code} {got}");
        }
    }
}
