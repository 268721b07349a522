//! Data in both encodings, against an independent writer.

use std::sync::Arc;

use accordant::schema::avro::{PayloadValidator, UnionEncoding};
use accordant::schema::json::{self, ReadOptions};
use accordant::schema::payload::{Effort, FaultKind, Work};
use apache_avro::{Schema as ApacheSchema, from_avro_datum, to_avro_datum};
use proptest::collection::vec;
use proptest::prelude::*;

use super::data::value;
use super::generate::{Taste, make};
use super::strict;

const TASTE: Taste = Taste { recursion: false, decoration: false };

fn payload(text: &str) -> PayloadValidator {
    PayloadValidator::new(Arc::new(strict(text)), None).unwrap()
}

fn work() -> Work<'static> {
    Work::new(Effort::Full, None)
}

/// Kind of the fault and where it is.
fn fault(text: &str, bytes: &[u8]) -> Option<(FaultKind, String)> {
    payload(text).binary(bytes, &mut work()).err().map(|fault| (fault.kind, fault.pointer))
}

fn faults(text: &str, value: &str, unions: UnionEncoding) -> Vec<String> {
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
    let value = json::read(value, options).unwrap();
    payload(text).json(&value, unions, &mut work()).into_iter().map(|fault| fault.pointer).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_apache_avro_writes_fits_to_the_last_byte(choices in vec(any::<u8>(), 10..60), seed in any::<u32>(), cut in any::<prop::sample::Index>()) {
        let ty = make(&choices, TASTE);
        let text = ty.text(TASTE);
        let bytes = to_avro_datum(&ApacheSchema::parse_str(&text).unwrap(), value(&ty, &mut seed.wrapping_add(1))).unwrap();
        prop_assert_eq!(fault(&text, &bytes), None, "{} {:?}", &text, &bytes);
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert_eq!(fault(&text, &longer).map(|fault| fault.0), Some(FaultKind::Trailing));
        if !bytes.is_empty() {
            let shorter = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(fault(&text, shorter).map(|fault| fault.0), Some(FaultKind::Decode), "{} {:?}", &text, shorter);
        }
    }

    #[test]
    fn what_apache_avro_writes_is_decoded_and_encoded_again(choices in vec(any::<u8>(), 10..60), seed in any::<u32>()) {
        let ty = make(&choices, TASTE);
        let text = ty.text(TASTE);
        let schema = ApacheSchema::parse_str(&text).unwrap();
        let bytes = to_avro_datum(&schema, value(&ty, &mut seed.wrapping_add(1))).unwrap();
        let payload = payload(&text);
        let written = payload.decode(&bytes, &mut work()).unwrap().to_json(UnionEncoding::Tagged, usize::MAX).unwrap();
        let read = json::read(&written, ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 }).unwrap();
        let again = payload.read_json(&read, UnionEncoding::Tagged, &mut work());
        let again = again.map_err(|faults| TestCaseError::fail(format!("{text} {written} {faults:?}")))?.to_binary();
        let meaning = |bytes: &[u8]| from_avro_datum(&schema, &mut &*bytes, None).unwrap();
        // entries of maps have no order
        prop_assert_eq!(meaning(&again), meaning(&bytes), "{} {}", &text, &written);
        prop_assert_eq!(again.len(), bytes.len());
    }

    #[test]
    fn a_reader_with_the_same_schema_reads_what_was_written(choices in vec(any::<u8>(), 10..60), seed in any::<u32>()) {
        let ty = make(&choices, TASTE);
        let text = ty.text(TASTE);
        let bytes = to_avro_datum(&ApacheSchema::parse_str(&text).unwrap(), value(&ty, &mut seed.wrapping_add(1))).unwrap();
        let (writer, reader) = (payload(&text), payload(&text));
        let data = writer.decode(&bytes, &mut work()).unwrap();
        let (read, changes) = data.read_as(&reader, &mut work()).map_err(|fault| TestCaseError::fail(format!("{text} {fault:?}")))?;
        prop_assert_eq!(changes, vec![]);
        prop_assert_eq!(read.to_binary(), data.to_binary());
    }

    #[test]
    fn bytes_of_any_kind_get_an_answer(choices in vec(any::<u8>(), 10..60), bytes in vec(any::<u8>(), 0..60)) {
        let text = make(&choices, Taste { recursion: true, decoration: false }).text(Taste { recursion: true, decoration: false });
        let payload = payload(&text);
        let judged = payload.binary(&bytes, &mut work());
        let decoded = payload.decode(&bytes, &mut work()).map(drop);
        // what a walk counts and a decoder builds may be too much for the latter
        let is_too_large = decoded.as_ref().is_err_and(|fault| fault.kind == FaultKind::Memory);
        prop_assert!(is_too_large || decoded == judged, "{:?} {:?}", decoded, judged);
    }

    #[test]
    fn fingerprints_are_those_of_apache_avro(choices in vec(any::<u8>(), 10..60)) {
        let text = make(&choices, TASTE).text(TASTE);
        let expected = ApacheSchema::parse_str(&text).unwrap().fingerprint::<apache_avro::rabin::Rabin>();
        prop_assert_eq!(payload(&text).fingerprint().to_le_bytes().to_vec(), expected.bytes, "{}", text);
    }
}

#[test]
fn the_bounds_of_the_binary_encoding_are_kept() {
    let overlong = [[0xFF; 9].as_slice(), &[2]].concat();
    for (schema, bytes, wanted) in [
        (r#""long""#, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1][..], None),
        (r#""long""#, &overlong, Some(FaultKind::Decode)),
        (r#""int""#, &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F], None),
        (r#""int""#, &[0x80, 0x80, 0x80, 0x80, 0x10], Some(FaultKind::Decode)),
        (r#""boolean""#, &[2], Some(FaultKind::Decode)),
        (r#"["null"]"#, &[1], Some(FaultKind::Decode)),
        (r#""bytes""#, &[1], Some(FaultKind::Decode)),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, &[2], Some(FaultKind::Decode)),
        // a negative count says how long the block is, and must be right
        (r#"{"type":"array","items":"int"}"#, &[3, 4, 2, 4, 0], None),
        (r#"{"type":"array","items":"int"}"#, &[3, 2, 2, 4, 0], Some(FaultKind::Decode)),
        (r#"{"type":"array","items":"null"}"#, &[0x80, 0x89, 0x7A, 0], None),
        (r#"{"type":"array","items":"null"}"#, &[0x82, 0x89, 0x7A, 0], Some(FaultKind::Items)),
        (r#"{"type":"map","values":"null"}"#, &[2, 2, b'k', 0], None),
        (r#"{"type":"map","values":"null"}"#, &[0xFE, 0xFF, 0xFF, 0x0F, 0], Some(FaultKind::Decode)),
        (r#"{"type":"string","logicalType":"uuid"}"#, &[2, b'x'], Some(FaultKind::Mismatch)),
    ] {
        assert_eq!(fault(schema, bytes).map(|fault| fault.0), wanted, "{schema} {bytes:?}");
    }
    let chain = r#"{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}"#;
    let links = |count| [vec![2; count], vec![0]].concat();
    assert_eq!(fault(chain, &links(63)), None);
    assert_eq!(fault(chain, &links(64)).map(|fault| fault.0), Some(FaultKind::Depth));
    assert_eq!(fault(chain, &links(1_000_000)).map(|fault| fault.0), Some(FaultKind::Depth));
}

#[test]
fn single_object_encoding_is_recognized() {
    let payload = payload(r#""int""#);
    let bytes = [&[0xC3, 1][..], &payload.fingerprint().to_le_bytes(), &[2]].concat();
    assert_eq!(payload.single_object(&bytes), Some((payload.fingerprint(), &[2][..])));
    assert_eq!(payload.single_object(&bytes[..9]), None);
    assert_eq!(payload.single_object(&bytes[1..]), None);
}

#[test]
fn a_named_type_inside_a_schema_can_be_chosen() {
    let schema = || {
        Arc::new(strict(
            r#"[{"type":"record","name":"a.R","fields":[{"name":"x","type":"int"}]},{"type":"fixed","name":"b.F","size":1}]"#,
        ))
    };
    for (name, bytes) in [("a.R", &[2][..]), ("R", &[2]), ("b.F", &[9]), ("F", &[9])] {
        assert!(PayloadValidator::new(schema(), Some(name)).unwrap().binary(bytes, &mut work()).is_ok(), "{name}");
    }
    let error = PayloadValidator::new(schema(), Some("b.R")).expect_err("no such type");
    assert_eq!(error.to_string(), "the schema has no type 'b.R'");
}

#[test]
fn json_is_taken_with_tagged_and_with_plain_unions() {
    let schema = r#"{"type":"record","name":"R","fields":[
        {"name":"b","type":"bytes"},{"name":"f","type":["float","null"],"default":0},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"m","type":{"type":"map","values":["null",{"type":"fixed","name":"F","size":2},"R"]}}]}"#;
    let tagged = |value: &str| faults(schema, value, UnionEncoding::Tagged);
    let plain = |value: &str| faults(schema, value, UnionEncoding::Plain);
    let none: Vec<String> = Vec::new();
    assert_eq!(tagged(r#"{"b":"\u00ff","f":{"float":1e9},"e":"B","m":{"k":{"F":"ab"},"n":null}}"#), none);
    assert_eq!(tagged(r#"{"b":"","f":{"float":"NaN"},"e":"B","m":{"k":{"R":{"b":"","f":null,"e":"A","m":{}}}}}"#), none);
    assert_eq!(tagged(r#"{"b":"\u0100","f":1,"e":"C","m":{"k":{"F":"abc"},"j":{"Q":1}}}"#), ["/b", "/f", "/e", "/m/k/F", "/m/j"]);
    assert_eq!(plain(r#"{"b":"","e":"A","m":{"k":"ab","r":{"b":"","e":"A","m":{"x":null}}}}"#), none);
    assert_eq!(plain(r#"{"b":"","f":"x","e":"A","m":{"a/b":"abc"}}"#), ["/f", "/m/a~1b"]);
    assert_eq!(plain("7"), [""]);
}

#[test]
fn unions_that_hold_themselves_are_tried_in_bounded_work() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"x","type":["null","A",
        {"type":"record","name":"B","fields":[{"name":"x","type":["null","A","B","int"]}]},
        {"type":"record","name":"C","fields":[{"name":"x","type":["null","A","B","C","string"]}]}]}]}"#;
    let value = format!("{}true{}", r#"{"x":"#.repeat(100), "}".repeat(100));
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
    let value = json::read(&value, options).unwrap();
    let found = payload(schema).json(&value, UnionEncoding::Plain, &mut Work::new(Effort::Quick, None));
    assert!(!found.is_empty() && found.iter().all(|fault| fault.kind == FaultKind::Mismatch), "{found:?}");
}

#[test]
fn work_that_is_stopped_says_so() {
    let stop = std::sync::atomic::AtomicBool::new(true);
    let text = r#"{"type":"array","items":"boolean"}"#;
    let bytes = [&[0xD0, 0x0F][..], &[1; 1000], &[0]].concat();
    let fault = |mut work: Work<'_>| payload(text).binary(&bytes, &mut work).err().map(|fault| fault.kind);
    assert_eq!(fault(Work::new(Effort::Full, None)), None);
    let long = [&[0x80, 0x89, 0x7A][..], &vec![1; 1_000_000], &[0]].concat();
    let stopped = payload(text).binary(&long, &mut Work::new(Effort::Full, Some(&stop))).err().map(|fault| fault.kind);
    assert_eq!(stopped, Some(FaultKind::Work));
    let quick = payload(text).binary(&long, &mut Work::new(Effort::Quick, None)).err().map(|fault| fault.kind);
    assert_eq!(quick, Some(FaultKind::Work));
}
