//! Data in both encodings, against an independent reader.

use accordant::schema::json::{self, ReadOptions};
use accordant::schema::payload::{DataFault, Effort, FaultKind, Work};
use accordant::schema::protobuf::{PayloadValidator, message_indexes};
use proptest::collection::vec;
use proptest::prelude::*;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};

use super::read;

const FILE: &str = r#"syntax = "proto3";
package a;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum Color { RED = 0; BLUE = 2; }
message M {
  int32 i32 = 1; sint64 s64 = 2; fixed32 f32 = 3; double d = 4; bool b = 5; string s = 6; bytes y = 7; Color c = 8;
  repeated int32 packed = 9; repeated string many = 10; map<string, M> by_name = 11; map<int64, bool> by_number = 12;
  M inner = 13; oneof one { string left = 14; uint64 right = 15; } float f = 16; repeated Color colors = 17;
  google.protobuf.Timestamp at = 20; google.protobuf.Duration took = 21; google.protobuf.Any any = 22;
  google.protobuf.Struct free = 23; google.protobuf.Value value = 24; google.protobuf.Int64Value wrapped = 25;
  google.protobuf.FieldMask mask = 26; google.protobuf.NullValue nothing = 27; google.protobuf.ListValue list = 28;
  message Deep { message Deeper { bool x = 1; } }
}
"#;

const OLD: &str = "syntax = \"proto2\"; message M { required int32 a = 1; optional group G = 2 { optional string s = 1; } optional E e = 3; extensions 100 to 200; optional string raw = 4; } enum E { A = 1; } extend M { optional int32 more = 100; }";

fn work() -> Work<'static> {
    Work::new(Effort::Full, None)
}

fn payload(text: &str, part: Option<&str>) -> PayloadValidator {
    PayloadValidator::new(&read(text), part).expect("a payload")
}

/// The message as prost-reflect sees it.
fn described(text: &str) -> MessageDescriptor {
    struct One(String);
    impl protox::file::FileResolver for One {
        fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
            match name {
                "m.proto" => protox::file::File::from_source(name, &self.0),
                name => protox::file::GoogleFileResolver::new().open_file(name),
            }
        }
    }
    let set = protox::Compiler::with_file_resolver(One(text.to_owned()))
        .include_imports(true)
        .open_file("m.proto")
        .expect("compiles")
        .file_descriptor_set();
    let pool = DescriptorPool::from_file_descriptor_set(set).expect("a pool");
    pool.all_messages().find(|message| message.name() == "M").expect("M")
}

/// Pointers of all faults but unknown fields.
fn json_faults(payload: &PayloadValidator, text: &str) -> Vec<String> {
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
    let value = json::read(text, options).expect("JSON");
    let faults = payload.json(None, &value, &mut work());
    faults.into_iter().filter(|fault| fault.kind != FaultKind::Unknown).map(|fault| fault.pointer).collect()
}

/// The same messages in JSON and in the text format.
const SAMPLES: &[(&str, &str)] = &[
    ("{}", ""),
    (
        r#"{"i32":1,"s64":"-5","f32":7,"d":"NaN","b":true,"s":"é","y":"AAE=","c":"BLUE","packed":[1,2],"many":["a",""]}"#,
        r#"i32: 1 s64: -5 f32: 7 d: nan b: true s: "é" y: "\000\001" c: BLUE packed: [1, 2] many: ["a", ""]"#,
    ),
    (
        r#"{"byName":{"k":{"inner":{"i32":-1}}},"byNumber":{"5":true},"left":"x","f":1.5,"colors":["RED",2]}"#,
        r#"by_name { key: "k" value { inner { i32: -1 } } } by_number { key: 5 value: true } left: "x" f: 1.5 colors: [RED, BLUE]"#,
    ),
    (
        r#"{"by_name":{},"right":"18446744073709551615","at":"2026-01-02T03:04:05.678Z","took":"-1.5s"}"#,
        "right: 18446744073709551615 at { seconds: 1767323045 nanos: 678000000 } took { seconds: -1 nanos: -500000000 }",
    ),
    (
        r#"{"free":{"a":[null,{"b":1}]},"value":null,"wrapped":"5","mask":"aB,c.d","nothing":null,"list":[1,"a"]}"#,
        r#"free { fields { key: "a" value { null_value: NULL_VALUE } } } value { null_value: NULL_VALUE } wrapped { value: 5 } mask { paths: "a_b" } list { values { number_value: 1 } }"#,
    ),
    (
        r#"{"i32":1e2,"s64":1.0,"y":"_-8","c":5,"inner":null,"packed":null,"d":"-Infinity","f":"1.5"}"#,
        r#"i32: 100 s64: 1 y: "\377\357" d: -inf f: 1.5"#,
    ),
    (
        r#"{"any":{"@type":"type.googleapis.com/a.M","i32":3}}"#,
        r#"any { type_url: "type.googleapis.com/a.M" value: "\010\003" }"#,
    ),
    (r#"{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}"#, ""),
];

#[test]
fn messages_that_prost_reflect_writes_fit() {
    let payload = payload(FILE, Some("M"));
    let message = described(FILE);
    for (json, text) in SAMPLES {
        assert_eq!(json_faults(&payload, json), Vec::<String>::new(), "{json}");
        let message = DynamicMessage::parse_text_format(message.clone(), text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let bytes = prost::Message::encode_to_vec(&message);
        assert_eq!(payload.binary(None, &bytes, &mut work()), Ok(vec![]), "{text}");
    }
}

/// What `prost-reflect` makes of a message in JSON, as a value: members of maps have no order there.
fn peer_json(bytes: &[u8]) -> Option<serde_json::Value> {
    let message = DynamicMessage::decode(described(FILE), bytes).expect("a message");
    let mut serializer = serde_json::Serializer::new(Vec::new());
    message.serialize_with_options(&mut serializer, &SerializeOptions::new()).ok()?;
    Some(serde_json::from_slice(&serializer.into_inner()).expect("JSON"))
}

fn our_json(payload: &PayloadValidator, bytes: &[u8]) -> Result<String, DataFault> {
    payload.decode(None, bytes, &mut work())?.0.to_json(usize::MAX, &mut work())
}

/// Numbers by what they are worth: `1` and `1.0` are the same.
fn worth(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Number(number) => number.as_f64().unwrap().to_string(),
        serde_json::Value::Array(items) => format!("[{}]", items.iter().map(worth).collect::<Vec<_>>().join(",")),
        serde_json::Value::Object(members) => {
            let mut members: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{}", worth(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn messages_become_the_json_that_prost_reflect_makes_of_them_and_messages_again() {
    let payload = payload(FILE, Some("M"));
    let message = described(FILE);
    for (json, text) in SAMPLES {
        let written = DynamicMessage::parse_text_format(message.clone(), text).unwrap();
        let bytes = prost::Message::encode_to_vec(&written);
        let ours = our_json(&payload, &bytes).unwrap();
        let peer = peer_json(&bytes).unwrap();
        assert_eq!(worth(&serde_json::from_str(&ours).unwrap()), worth(&peer), "{text}");
        let encoded = |json: &str| {
            let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
            let value = json::read(json, options).expect("JSON");
            payload.read_json(None, &value, &mut work()).expect("it fits").to_binary()
        };
        assert_eq!(worth(&peer_json(&encoded(&ours)).unwrap()), worth(&peer), "{text}");
        let bytes = encoded(json);
        let ours = our_json(&payload, &bytes).unwrap();
        assert_eq!(worth(&serde_json::from_str(&ours).unwrap()), worth(&peer_json(&bytes).unwrap()), "{json}");
    }
}

#[test]
fn an_any_in_an_any_ends_at_the_depth_of_messages() {
    let payload = payload(FILE, Some("M"));
    let block = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7F).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend(bytes);
        out
    };
    let url = b"a/google.protobuf.Any";
    let mut any = Vec::new();
    for _ in 0..10_000 {
        any = [block(1, url), block(2, &any)].concat();
    }
    let any_number = described(FILE).get_field_by_name("any").unwrap().number();
    let mut message = Vec::new();
    prost::encoding::encode_key(any_number, prost::encoding::WireType::LengthDelimited, &mut message);
    prost::encoding::encode_varint(any.len() as u64, &mut message);
    message.extend(&any);
    let fault = our_json(&payload, &message).expect_err("too deep");
    assert_eq!(fault.kind, FaultKind::Depth);
}

#[test]
fn json_that_protobuf_refuses_is_refused() {
    let payload = payload(FILE, None);
    for (sample, pointer) in [
        (r#"{"i32":1.5}"#, "/i32"),
        (r#"{"i32":2147483648}"#, "/i32"),
        (r#"{"i32":" 1"}"#, "/i32"),
        (r#"{"s64":true}"#, "/s64"),
        (r#"{"f32":-1}"#, "/f32"),
        (r#"{"f":1e39}"#, "/f"),
        (r#"{"b":"true"}"#, "/b"),
        (r#"{"s":1}"#, "/s"),
        (r#"{"y":"A!"}"#, "/y"),
        (r#"{"c":"GREEN"}"#, "/c"),
        (r#"{"packed":[null]}"#, "/packed/0"),
        (r#"{"packed":1}"#, "/packed"),
        (r#"{"byNumber":{"a/b":true}}"#, "/byNumber/a~1b"),
        (r#"{"left":"","right":1}"#, "/right"),
        (r#"{"byName":{"k":null}}"#, "/byName/k"),
        (r#"{"by_name":{},"byName":{}}"#, "/byName"),
        (r#"{"at":"2026-01-02"}"#, "/at"),
        (r#"{"took":"1"}"#, "/took"),
        (r#"{"any":{"x":1}}"#, "/any"),
        (r#"{"any":{"@type":"a/a.M","i32":"x"}}"#, "/any/i32"),
        (r#"{"free":[]}"#, "/free"),
        (r#"{"inner":{"inner":[]}}"#, "/inner/inner"),
        ("[]", ""),
    ] {
        assert_eq!(json_faults(&payload, sample), [pointer], "{sample}");
    }
    let unknown = |text: &str| {
        let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
        payload.json(None, &json::read(text, options).expect("JSON"), &mut work())
    };
    assert_eq!(unknown(r#"{"nothingLikeIt":1}"#)[0].kind, FaultKind::Unknown);
    assert_eq!(unknown(r#"{"any":{"@type":"a/b.C"}}"#)[0].kind, FaultKind::Unknown);
}

#[test]
fn the_wire_format_of_proto2_is_checked() {
    let payload = payload(OLD, None);
    let judged = |bytes: &[u8]| payload.binary(None, bytes, &mut work()).map_err(|fault| (fault.kind, fault.pointer));
    assert_eq!(judged(&[8, 1, 19, 10, 1, b'x', 20]), Ok(vec![]));
    assert_eq!(judged(&[]), Err((FaultKind::Mismatch, String::new())));
    assert_eq!(judged(&[8, 1, 19, 10, 1, b'x']), Err((FaultKind::Decode, "/g".to_owned())));
    assert_eq!(judged(&[8, 1, 20]), Err((FaultKind::Decode, String::new())));
    // an extension and a string that is not UTF-8 are allowed; a number that a closed enum does not have is as an unknown field
    assert_eq!(judged(&[8, 1, 0xA0, 6, 1, 34, 1, 0xFF]), Ok(vec![]));
    let unknown = payload.binary(None, &[8, 1, 24, 9], &mut work()).unwrap();
    assert_eq!((unknown[0].kind, &*unknown[0].pointer), (FaultKind::Unknown, "/e"));
    assert_eq!(judged(&[8, 1, 0]), Err((FaultKind::Decode, String::new())));
    assert_eq!(judged(&[8, 1, 14]), Err((FaultKind::Mismatch, "/a".to_owned())));
    assert_eq!(json_faults(&payload, r#"{"a":1,"[more]":2,"g":{"s":"x"}}"#), Vec::<String>::new());
    assert_eq!(json_faults(&payload, r#"{"e":3}"#), ["/e", ""]);
}

#[test]
fn messages_are_chosen_by_name_and_by_indexes() {
    let all = payload(FILE, None);
    for (name, full) in
        [("M", "a.M"), ("a.M.Deep", "a.M.Deep"), ("M.Deep.Deeper", "a.M.Deep.Deeper"), ("type.googleapis.com/a.M", "a.M")]
    {
        assert_eq!(payload(FILE, Some(name)).message_name(None).as_deref(), Some(full));
    }
    let error = PayloadValidator::new(&read(FILE), Some("Deep")).expect_err("no such message");
    assert_eq!(error.to_string(), "the schema has no message 'Deep'");
    assert_eq!(all.message_name(all.by_indexes(&[0, 0, 0])).as_deref(), Some("a.M.Deep.Deeper"));
    assert_eq!((all.by_indexes(&[1]), all.by_indexes(&[0, 1]), all.by_indexes(&[])), (None, None, None));
    assert_eq!(message_indexes(&[0, 8]), Some((vec![0], 1)));
    assert_eq!(message_indexes(&[4, 2, 6, 9]), Some((vec![1, 3], 3)));
    for bytes in [&[][..], &[1], &[2], &[2, 1], &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F], &[0x80]] {
        assert_eq!(message_indexes(bytes), None, "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn json_that_is_accepted_is_accepted_by_prost_reflect(bytes in vec(prop_oneof![Just(8_u8), Just(1), Just(10), Just(50), Just(106), 0..=255_u8], 0..24)) {
        let payload = payload(FILE, Some("M"));
        if payload.binary(None, &bytes, &mut work()).is_ok() {
            let read = DynamicMessage::decode(described(FILE), bytes.as_slice());
            prop_assert!(read.is_ok(), "{:?}: {:?}", bytes, read.err());
            // the peer has no JSON for some times, and refuses an Any of an unknown message
            if let (Ok(ours), Some(peer)) = (our_json(&payload, &bytes), peer_json(&bytes)) {
                let ours: serde_json::Value = serde_json::from_str(&ours).unwrap();
                prop_assert_eq!(worth(&ours), worth(&peer), "{:?}", bytes);
            }
        }
    }
}

#[test]
fn a_default_without_presence_is_as_one_that_was_not_written() {
    let file = "syntax = \"proto3\"; message M { int32 n = 1; optional int32 kept = 2; double d = 3; }";
    let payload = payload(file, None);
    let json = |bytes: &[u8]| our_json(&payload, bytes).unwrap();
    assert_eq!(json(&[8, 0, 16, 0]), r#"{"kept":0}"#);
    assert_eq!(json(&[8, 5, 8, 0]), "{}", "the last one counts");
    assert_eq!(our_json(&self::payload(FILE, Some("M")), &[8, 8, 50, 0, 40, 0, 114, 0]).unwrap(), r#"{"i32":8,"left":""}"#);
    // zero with a sign is another value
    assert_eq!(json(&[25, 0, 0, 0, 0, 0, 0, 0, 0x80]), r#"{"d":-0.0}"#);
}

#[test]
fn entries_that_are_spelt_out_are_a_map() {
    let file = "syntax = \"proto3\"; message M { repeated M.OfEntry of = 1; message OfEntry { option map_entry = true; string key = 1; int32 value = 2; } }";
    let payload = payload(file, None);
    assert_eq!(json_faults(&payload, r#"{"of":{"a":1}}"#), Vec::<String>::new());
    assert_eq!(json_faults(&payload, r#"{"of":[{"key":"a","value":1}]}"#), ["/of"]);
    let (data, unknown) = payload.decode(None, &[10, 5, 10, 1, b'a', 16, 1], &mut work()).unwrap();
    assert_eq!((data.to_json(100, &mut work()).unwrap().as_str(), unknown), (r#"{"of":{"a":1}}"#, vec![]));
    assert_eq!(our_json(&payload, &[10, 4, 10, 0, 16, 0]).unwrap(), r#"{"of":{"":0}}"#);
}
