//! `accordant decode`, `encode` and `sample`.

use std::io::Read as _;

use apache_avro::types::Value as Datum;
use apache_avro::{Codec, DeflateSettings, Reader, Schema, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::check::{Run, folder, run_bytes, run_with};
use crate::on_both;
use crate::support::app::TestApp;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"],"default":null}]}"#;
const LATER: &str =
    r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"open","type":"boolean","default":true}]}"#;
const FILE: &str = "syntax = \"proto3\"; package p; message A { int32 a = 1; } message B { A in = 1; }";

fn ask(files: &TempDir, url: &str, arguments: &str, input: &str) -> Run {
    tokio::task::block_in_place(|| run_with(files.path(), arguments, input, &[("ACCORDANT_REGISTRY", url)]))
}

on_both! {
    async fn messages_are_made_and_read_again_with_the_schemas_of_a_registry(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", ORDER).await;
        app.register("orders-value", LATER).await;
        app.register_as("p", "PROTOBUF", FILE, &[]).await;
        app.register_as("money", "AVRO", r#"{"type":"record","name":"Money","fields":[{"name":"units","type":"long"}]}"#, &[]).await;
        app.register_as("sum", "AVRO", r#"{"type":"record","name":"Sum","fields":[{"name":"of","type":"Money"}]}"#, &[("Money", "money", 1)]).await;
        let (files, url) = (folder(&[]), format!("http://{}", app.address));
        let encoded = ask(&files, &url, "encode --subject orders-value@1 --output base64", r#"{"id": 5, "note": "x"}"#);
        assert_eq!((encoded.code, encoded.out.as_str()), (0, "AAAAAAEKAgJ4\n"), "{}", encoded.err);
        let decoded = ask(&files, &url, "decode --base64 AAAAAAEKAgJ4 --reader orders-value@latest", "").json();
        assert_eq!((&decoded["subject"], &decoded["version"], &decoded["id"]), (&"orders-value".into(), &1.into(), &1.into()));
        assert_eq!(decoded["data"].to_string(), r#"{"id":5,"note":"x"}"#);
        assert_eq!(decoded["reader"]["data"].to_string(), r#"{"id":5,"open":true}"#);
        assert_eq!(decoded["reader"]["changes"][1]["kind"], "lost");
        let alone = ask(&files, &url, "decode --base64 AAAAAAEKAgJ4 --data-only --form avro-json", "");
        assert_eq!(alone.out, "{\"id\":5,\"note\":{\"string\":\"x\"}}\n");
        // guids, messages by name, references
        let encoded = ask(&files, &url, "encode --subject p --message B --framing guid --output hex", r#"{"in": {"a": 1}}"#);
        let decoded = ask(&files, &url, &format!("decode --hex {}", encoded.out.trim()), "").json();
        assert_eq!((&decoded["message"], decoded["data"].to_string().as_str()), (&"p.B".into(), r#"{"in":{"a":1}}"#));
        let encoded = ask(&files, &url, "encode --subject sum --output base64", r#"{"of": {"units": 7}}"#);
        let decoded = ask(&files, &url, &format!("decode --base64 {}", encoded.out.trim()), "").json();
        assert_eq!(decoded["data"].to_string(), r#"{"of":{"units":7}}"#);
    }

    async fn samples_are_made_of_subjects_and_files_and_can_be_produced(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", ORDER).await;
        let (files, url) = (folder(&[("a.proto", FILE), ("o.avsc", ORDER)]), format!("http://{}", app.address));
        let lines = ask(&files, &url, "sample orders-value -n 5 --seed 9", "");
        assert_eq!((lines.code, lines.out.lines().count()), (0, 5), "{}", lines.err);
        assert_eq!(lines.out, ask(&files, &url, "sample o.avsc -n 5 --seed 9", "").out);
        assert_ne!(lines.out, ask(&files, &url, "sample o.avsc -n 5 --seed 10", "").out);
        // as messages they are decoded to the same
        let messages = ask(&files, &url, "sample orders-value -n 5 --seed 9 --output base64", "");
        let decoded = ask(&files, &url, "decode --input lines --data-only", &messages.out);
        assert_eq!((decoded.code, decoded.out), (0, lines.out), "{}", decoded.err);
        let inner = ask(&files, &url, "sample a.proto --message B --seed 2 --output hex", "");
        assert_eq!(ask(&files, &url, &format!("decode --schema a.proto --message B --hex {}", inner.out.trim()), "").code, 0);
        // what is broken is refused, and says by which rule
        for form in ["json", "base64"] {
            let broken = ask(&files, &url, &format!("sample orders-value --seed 9 --invalid --output {form}"), "");
            let lines: Vec<serde_json::Value> = broken.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert!(lines.len() >= 3, "{}", broken.out);
            for line in lines {
                let refused = match form {
                    "json" => ask(&files, &url, "encode --subject orders-value", &line["data"].to_string()),
                    _ => ask(&files, &url, &format!("decode --base64 {}", line["data"].as_str().unwrap()), ""),
                };
                assert_eq!(refused.code, 1, "{line}");
            }
        }
        assert_eq!(ask(&files, &url, "sample nothing-value", "").code, 2);
        assert_eq!(ask(&files, &url, "sample", "").code, 2);
    }

    async fn samples_are_made_over_http(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", ORDER).await;
        let body = serde_json::json!({ "subject": "orders-value", "count": 3, "seed": 9 });
        let made = app.post("/accordant/v1/sample", &body).await.ok();
        assert_eq!((&made["seed"], made["samples"].as_array().unwrap().len()), (&9.into(), 3));
        assert_eq!(made, app.post("/accordant/v1/sample", &body).await.ok());
        for sample in made["samples"].as_array().unwrap() {
            let decoded = app.post("/accordant/v1/decode", &serde_json::json!({ "data": sample["bytes"] })).await.ok();
            assert_eq!(decoded["data"], sample["data"]);
        }
        let without_seed = app.post("/accordant/v1/sample", &serde_json::json!({ "subject": "orders-value" })).await.ok();
        let again = serde_json::json!({ "subject": "orders-value", "seed": without_seed["seed"] });
        assert_eq!(app.post("/accordant/v1/sample", &again).await.ok(), without_seed);
        for (body, status) in [
            (serde_json::json!({ "subject": "orders-value", "count": 0 }), 400),
            (serde_json::json!({ "subject": "orders-value", "count": 21 }), 400),
            (serde_json::json!({}), 400),
            (serde_json::json!({ "subject": "nothing" }), 404),
        ] {
            assert_eq!(app.post("/accordant/v1/sample", &body).await.status, status, "{body}");
        }
        app.register_as("never", "JSON", "{\"not\": {}}", &[]).await;
        assert_eq!(app.post("/accordant/v1/sample", &serde_json::json!({ "subject": "never" })).await.error().1, 42284);
    }

    async fn lines_of_a_topic_are_decoded_one_by_one(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", ORDER).await;
        let (files, url) = (folder(&[]), format!("http://{}", app.address));
        let lines = "{\"topic\":\"t\",\"partition\":0,\"offset\":7,\"payload\":\"AAAAAAEKAgJ4\"}\n\
                     {\"topic\":\"t\",\"offset\":8,\"payload\":null}\n\nAAAAAAEKAA==\nAAAACQkA\n!\n";
        let decoded = ask(&files, &url, "decode --input lines", lines);
        let data: Vec<serde_json::Value> = decoded.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((decoded.code, data.len()), (1, 3), "{} {}", decoded.out, decoded.err);
        assert_eq!((&data[0]["offset"], data[0]["data"].to_string().as_str()), (&7.into(), r#"{"id":5,"note":"x"}"#));
        assert_eq!((&data[1]["offset"], &data[1]["data"]), (&8.into(), &serde_json::Value::Null));
        let wrong: Vec<&str> = decoded.err.lines().collect();
        assert!(wrong[0].contains("- line 5: nothing names a schema") && wrong[1].contains("- line 6: not base64"), "{}", decoded.err);
        let encoded = ask(&files, &url, "encode --input lines --subject orders-value", "{\"id\":1}\n{\"id\":\"x\"}\n{\"id\":2}\n");
        assert_eq!((encoded.code, encoded.out.as_str()), (1, "AAAAAAECAA==\nAAAAAAEEAA==\n"));
        assert!(encoded.err.contains("- line 2: /id: expected long, found string"), "{}", encoded.err);
    }
}

#[test]
fn files_need_no_registry() {
    let files = folder(&[("order.avsc", ORDER), ("later.avsc", LATER), ("m.proto", FILE)]);
    for (name, codec) in [("plain.avro", Codec::Null), ("packed.avro", Codec::Deflate(DeflateSettings::default()))] {
        let schema = Schema::parse_str(ORDER).unwrap();
        let mut writer = Writer::with_codec(&schema, Vec::new(), codec);
        for id in 0..300_i64 {
            let note = Datum::Union(0, Box::new(Datum::Null));
            writer.append(Datum::Record(vec![("id".to_owned(), Datum::Long(id)), ("note".to_owned(), note)])).unwrap();
        }
        std::fs::write(files.path().join(name), writer.into_inner().unwrap()).unwrap();
    }
    let ask = |arguments: &str, input: &str| run_with(files.path(), arguments, input, &[]);
    for name in ["plain.avro", "packed.avro"] {
        let decoded = ask(&format!("decode {name} --data-only --reader later.avsc"), "");
        let lines: Vec<&str> = decoded.out.lines().collect();
        assert_eq!((decoded.code, lines.len(), lines[299]), (0, 300, r#"{"id":299,"open":true}"#), "{}", decoded.err);
    }
    let encoded = ask("encode --schema order.avsc --output hex", r#"{"id": 5}"#);
    assert_eq!((encoded.code, encoded.out.as_str()), (0, "0a00\n"), "{}", encoded.err);
    let decoded = ask("decode --hex 0a00 --schema order.avsc --data-only", "");
    assert_eq!(decoded.out, "{\"id\":5,\"note\":null}\n");
    let decoded = ask("decode --hex 0a020801 --schema m.proto --message B --data-only", "");
    assert_eq!(decoded.out, "{\"in\":{\"a\":1}}\n", "{}", decoded.err);
    let broken = ask("decode --hex 0a02 --schema order.avsc", "");
    assert_eq!(broken.code, 1);
    assert!(broken.err.contains("at /note: a string claims") || broken.err.contains("at /note"), "{}", broken.err);
    std::fs::write(files.path().join("cut.avro"), &std::fs::read(files.path().join("plain.avro")).unwrap()[..200]).unwrap();
    let cut = ask("decode cut.avro", "");
    assert!(cut.code != 0 && cut.err.contains("ends too early"), "{} {}", cut.code, cut.err);
}

/// Files that fastavro wrote: three records with each codec.
const CONTAINERS: [(&str, &str); 6] = [
    (
        "null",
        "T2JqAQQUYXZyby5jb2RlYwhudWxsFmF2cm8uc2NoZW1h5gF7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiT3JkZXIiLCAiZmllbGRzIjogW3sibmFtZSI6ICJpZCIsICJ0eXBlIjogImxvbmcifSwgeyJuYW1lIjogIm5vdGUiLCAidHlwZSI6ICJzdHJpbmcifV19ADAxMjM0NTY3ODlhYmNkZWYGfgAmYSBub3RlIHRoYXQgcmVwZWF0cwImYSBub3RlIHRoYXQgcmVwZWF0cwQmYSBub3RlIHRoYXQgcmVwZWF0czAxMjM0NTY3ODlhYmNkZWY=",
    ),
    (
        "deflate",
        "T2JqAQQUYXZyby5jb2RlYw5kZWZsYXRlFmF2cm8uc2NoZW1h5gF7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiT3JkZXIiLCAiZmllbGRzIjogW3sibmFtZSI6ICJpZCIsICJ0eXBlIjogImxvbmcifSwgeyJuYW1lIjogIm5vdGUiLCAidHlwZSI6ICJzdHJpbmcifV19ADAxMjM0NTY3ODlhYmNkZWYGQGNQS1TIyy9JVSjJSCxRKEotSE0sKWbCJsiCTRAAn6AVMDEyMzQ1Njc4OWFiY2RlZg==",
    ),
    (
        "snappy",
        "T2JqAQQUYXZyby5jb2RlYwxzbmFwcHkWYXZyby5zY2hlbWHmAXsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJPcmRlciIsICJmaWVsZHMiOiBbeyJuYW1lIjogImlkIiwgInR5cGUiOiAibG9uZyJ9LCB7Im5hbWUiOiAibm90ZSIsICJ0eXBlIjogInN0cmluZyJ9XX0AMDEyMzQ1Njc4OWFiY2RlZgZIP1QAJmEgbm90ZSB0aGF0IHJlcGVhdHMCThUAAAROFQDaf0xVMDEyMzQ1Njc4OWFiY2RlZg==",
    ),
    (
        "zstandard",
        "T2JqAQQUYXZyby5jb2RlYxJ6c3RhbmRhcmQWYXZyby5zY2hlbWHmAXsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJPcmRlciIsICJmaWVsZHMiOiBbeyJuYW1lIjogImlkIiwgInR5cGUiOiAibG9uZyJ9LCB7Im5hbWUiOiAibm90ZSIsICJ0eXBlIjogInN0cmluZyJ9XX0AMDEyMzQ1Njc4OWFiY2RlZgZQKLUv/SA//QAAuAAmYSBub3RlIHRoYXQgcmVwZWF0cwIEAgCAFpCeTTAxMjM0NTY3ODlhYmNkZWY=",
    ),
    (
        "bzip2",
        "T2JqAQQUYXZyby5jb2RlYwpiemlwMhZhdnJvLnNjaGVtYeYBeyJ0eXBlIjogInJlY29yZCIsICJuYW1lIjogIk9yZGVyIiwgImZpZWxkcyI6IFt7Im5hbWUiOiAiaWQiLCAidHlwZSI6ICJsb25nIn0sIHsibmFtZSI6ICJub3RlIiwgInR5cGUiOiAic3RyaW5nIn1dfQAwMTIzNDU2Nzg5YWJjZGVmBoYBQlpoOTFBWSZTWYIPAYEAAABRgFQAQQAiQdwAIAAxAAAM/9VT0m1NMylJW0nM6fMpUtDimUMOLYQ/F3JFOFCQgg8BgTAxMjM0NTY3ODlhYmNkZWY=",
    ),
    (
        "xz",
        "T2JqAQQUYXZyby5jb2RlYwR4ehZhdnJvLnNjaGVtYeYBeyJ0eXBlIjogInJlY29yZCIsICJuYW1lIjogIk9yZGVyIiwgImZpZWxkcyI6IFt7Im5hbWUiOiAiaWQiLCAidHlwZSI6ICJsb25nIn0sIHsibmFtZSI6ICJub3RlIiwgInR5cGUiOiAic3RyaW5nIn1dfQAwMTIzNDU2Nzg5YWJjZGVmBrgB/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AA+ACBdAAAKXf6KMOIKvfbj7XjRzBv2cnwp/w/f3u1ySP8ECIAAAERSafx1eoPmAAE8P+nhE+UftvN9AQAAAAAEWVowMTIzNDU2Nzg5YWJjZGVm",
    ),
];

#[test]
fn container_files_are_read_and_written_with_every_codec_of_the_specification() {
    let note = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"note","type":"string"}]}"#;
    let files = folder(&[("order.avsc", note), ("m.proto", FILE)]);
    let lines: Vec<String> = (0..3).map(|id| format!("{{\"id\":{id},\"note\":\"a note that repeats\"}}\n")).collect();
    let lines = lines.concat();
    for (codec, theirs) in CONTAINERS {
        std::fs::write(files.path().join("theirs.avro"), STANDARD.decode(theirs).unwrap()).unwrap();
        let decoded = run_with(files.path(), "decode theirs.avro --data-only", "", &[]);
        assert_eq!((decoded.code, decoded.out.as_str()), (0, lines.as_str()), "{codec} {}", decoded.err);
        // more than one block
        let many = lines.repeat(2_000);
        let arguments = format!("encode --schema order.avsc --input lines --container={codec}");
        let encoded = run_bytes(files.path(), &arguments, &many);
        assert!(encoded.windows(codec.len()).any(|bytes| bytes == codec.as_bytes()), "{codec}");
        assert!(codec == "null" || encoded.len() < many.len() / 10, "{codec} {}", encoded.len());
        std::fs::write(files.path().join("ours.avro"), encoded).unwrap();
        let decoded = run_with(files.path(), "decode ours.avro --data-only", "", &[]);
        assert!(decoded.code == 0 && decoded.out == many, "{codec} {}", decoded.err);
    }
    // what apache-avro reads too
    for codec in ["null", "deflate"] {
        let sampled = run_bytes(files.path(), &format!("sample order.avsc -n 9 --seed 3 --container={codec}"), "");
        assert_eq!(Reader::new(sampled.as_slice()).unwrap().map(Result::unwrap).count(), 9);
        assert_eq!(sampled, run_bytes(files.path(), &format!("sample order.avsc -n 9 --seed 3 --container={codec}"), ""));
    }
    let other = run_with(files.path(), "sample m.proto --container", "", &[]);
    assert!(other.code == 2 && other.err.contains("a container file holds data of Avro"), "{}", other.err);
    assert_eq!(run_with(files.path(), "sample order.avsc --container=lzo", "", &[]).code, 2);
}

/// A container file of one block with bytes as they are given.
fn container(schema: &str, codec: &str, count: u8, block: &[u8]) -> Vec<u8> {
    let long = |value: usize| {
        let mut rest = value << 1;
        let mut out = Vec::new();
        while rest >= 0x80 {
            out.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        out.push(rest.to_le_bytes()[0]);
        out
    };
    let text = |text: &str| [long(text.len()), text.as_bytes().to_vec()].concat();
    let head = [vec![4], text("avro.codec"), text(codec), text("avro.schema"), text(schema), vec![0]].concat();
    [b"Obj\x01", &head[..], &[7; 16], &long(count.into()), &long(block.len()), block, &[7; 16]].concat()
}

#[test]
fn hostile_blocks_are_refused_before_they_take_memory() {
    let files = folder(&[]);
    let refused = |codec: &str, schema: &str, count: u8, block: &[u8], why: &str| {
        std::fs::write(files.path().join("hostile.avro"), container(schema, codec, count, block)).unwrap();
        let run = run_with(files.path(), "decode hostile.avro --data-only", "", &[]);
        assert!(run.code != 0 && run.err.contains(why), "{codec} {why}: {} {}", run.code, run.err);
    };
    let bytes = "\"bytes\"";
    // 200 MB claimed in five bytes; a size that is too large altogether; a checksum of something else; none
    refused("snappy", bytes, 1, &[0x80, 0x84, 0xAF, 0x5F, 0, 0, 0, 0, 0], "which its 5 can't become");
    refused("snappy", bytes, 1, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0], "more than 268435456 bytes");
    refused("snappy", bytes, 1, &[2, 4, 2, 0x61, 0, 0, 0, 0], "the checksum");
    refused("snappy", bytes, 1, &[2], "too short for its checksum");
    // more than a block may have comes out
    let bomb = zstd::encode_all(std::io::repeat(0).take((256 << 20) + 1), 1).unwrap();
    refused("zstandard", bytes, 1, &bomb, "more than 268435456 bytes");
    // a dictionary of 160 MiB
    let dictionary = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01\x1f\0\0\0\xfe`\xed\xde\x01\0\x02abc\0\0\x02w'\x1aJ\t\xd8,\0\x01\x1b\x03\x0b/\xb9\x10\x1f\xb6\xf3}\x01\0\0\0\0\x04YZ";
    refused("xz", bytes, 1, dictionary, "memory");
    for codec in ["deflate", "zstandard", "bzip2", "xz"] {
        refused(codec, bytes, 1, b"nothing of the kind", "can't be inflated");
    }
    refused("lzo", bytes, 1, b"", "the codec of the file is lzo; these are read: null, deflate, snappy, zstandard, bzip2, xz");
    refused("null", "\"int\"", 1, &[2, 2], "bytes that are no datum");
    // any number of data without a byte
    let endless = [b"Obj\x01".as_slice(), &[2, 22], b"avro.schema", &[12], b"\"null\"", &[0], &[7; 16]].concat();
    let endless = [endless.as_slice(), &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], &[7; 16]].concat();
    std::fs::write(files.path().join("endless.avro"), endless).unwrap();
    let run = run_with(files.path(), "decode endless.avro --data-only", "", &[]);
    assert!(run.code == 2 && run.err.contains("more than 100000 data of the file take no bytes"), "{}", run.err);
}
