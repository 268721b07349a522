//! Hostile bytes through what `accordant decode` does: the first byte says whether they are an Avro container file, or data of a schema
//! of each format.
#![no_main]

use std::sync::LazyLock;

use accordant::cloudevents::framing_of;
use accordant::records::{Container, DecodeOptions, MAX_JSON_BYTES, UnionEncoding, bytes_of_base64, bytes_of_hex, decode};
use accordant::schema::payload::{Effort, Work};
use accordant::schema::{ParseMode, ParseOptions, Parsed, PayloadValidator};
use accordant::types::SchemaType;
use libfuzzer_sys::fuzz_target;

const AVRO: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"n","type":"null"},{"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},
    {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string"},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},{"name":"x","type":{"type":"fixed","name":"X","size":3}},
    {"name":"a","type":{"type":"array","items":"null"}},{"name":"m","type":{"type":"map","values":["null","R"]}},
    {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"o","type":["null","R",{"type":"array","items":"R"}]}]}"#;
const AVRO_READER: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"l","type":"double"},{"name":"i","type":"long"},{"name":"s","type":"bytes"},{"name":"new","type":"string","default":"?"},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}},{"name":"o","type":["null","R"],"default":null}]}"#;
const PROTOBUF: &str = r#"syntax = "proto3";
    import "google/protobuf/any.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
    message M { int32 i = 1; sint64 s = 2; fixed32 f = 3; double d = 4; string t = 5; bytes y = 6; repeated int32 p = 7; map<string, M> m = 8;
      E e = 9; oneof one { M o = 10; string w = 11; } google.protobuf.Any any = 12; google.protobuf.Value v = 13;
      google.protobuf.Timestamp at = 14; N n = 15; repeated M many = 16; message N { bool b = 1; repeated sfixed64 r = 2; } }
    enum E { Z = 0; A = 1; } message Second { M m = 1; }"#;
const PROTOBUF_READER: &str = r#"syntax = "proto3"; message M { int64 i = 1; string t = 5; repeated M many = 16; }"#;
const JSON: &str = r##"{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#"},"uniqueItems":true},"n":{"multipleOf":0.01},
    "p":{"pattern":"^(a+)+$"}},"patternProperties":{"^x":{"$ref":"#"}},"additionalProperties":false,"maxProperties":9}"##;

struct Schemas {
    writer: PayloadValidator,
    reader: PayloadValidator,
}

fn payload(schema_type: SchemaType, text: &str) -> PayloadValidator {
    let parsed = Parsed::parse(schema_type, text, &[], &ParseOptions::new(ParseMode::Stored, 1_000)).expect("a schema");
    PayloadValidator::prepare(&parsed, true, None).expect("a schema for data")
}

static SCHEMAS: LazyLock<[Schemas; 3]> = LazyLock::new(|| {
    [(SchemaType::Avro, AVRO, AVRO_READER), (SchemaType::Protobuf, PROTOBUF, PROTOBUF_READER), (SchemaType::Json, JSON, JSON)]
        .map(|(schema_type, writer, reader)| Schemas { writer: payload(schema_type, writer), reader: payload(schema_type, reader) })
});

fn container(file: &[u8]) {
    let Ok(container) = Container::new(file) else { return };
    let Ok(parsed) = Parsed::parse(SchemaType::Avro, container.schema, &[], &ParseOptions::new(ParseMode::Stored, 1_000)) else { return };
    let Ok(PayloadValidator::Avro(payload)) = PayloadValidator::prepare(&parsed, true, None) else { return };
    // a datum of no bytes may be there as often as the block says: the command prints each, here some will do
    let mut left = 1_000;
    for block in container {
        let Ok((count, block)) = block else { return };
        let mut rest: &[u8] = &block;
        for _ in 0..count.min(left) {
            left -= 1;
            let mut work = Work::new(Effort::Quick, None);
            let Ok((data, unread)) = payload.decode_first(rest, &mut work) else { return };
            let _ = data.to_json(UnionEncoding::Tagged, MAX_JSON_BYTES);
            let _ = data.read_as(&payload, &mut work);
            rest = &rest[rest.len() - unread..];
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, data)) = bytes.split_first() else { return };
    let Some(Schemas { writer, reader }) = SCHEMAS.get(usize::from(*which % 4)) else { return container(data) };
    let framing = framing_of(data);
    let skipped = framing.map_or(0, |framing| framing.len());
    for is_framed in [false, true] {
        let unions = if is_framed { UnionEncoding::Tagged } else { UnionEncoding::Plain };
        let record_indexes = data.first().map(|length| data.iter().skip(1).take(usize::from(*length)).copied().collect());
        let options = DecodeOptions { unions, is_framed, record_indexes, message: None };
        let rest = if is_framed { data.get(skipped..).unwrap_or_default() } else { data };
        let _ = decode(writer, Some(reader), rest, &options, &mut Work::new(Effort::Quick, None));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (bytes_of_base64(text), bytes_of_hex(text));
    }
});
