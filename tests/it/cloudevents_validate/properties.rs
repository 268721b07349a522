//! Laws: an event is the same in every encoding, and bytes of any kind are read without harm.

use accordant::cloudevents::{
    AttributeValue, DataContent, Envelope, EventSettings, KafkaRecord, encode_header, parse_batch, parse_headers, parse_record,
    parse_structured, read_records,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Characters that attributes may have.
fn text() -> impl Strategy<Value = String> {
    let allowed = |c: &char| {
        let code = u32::from(*c);
        !matches!(code, 0..=0x1F | 0x7F..=0x9F | 0xFDD0..=0xFDEF) && code & 0xFFFE != 0xFFFE
    };
    vec(prop_oneof![3 => proptest::char::range(' ', '~'), 1 => any::<char>()].prop_filter("allowed", allowed), 1..20)
        .prop_map(|chars| chars.into_iter().collect::<String>())
        // blanks around a header's value are no part of it
        .prop_filter("no blanks around", |text| text.trim() == text)
}

/// Attributes of an event, and its data as bytes.
fn event() -> impl Strategy<Value = (Vec<(String, String)>, Option<Vec<u8>>)> {
    // names that are no known extensions
    let extensions = btree_map("x[a-z0-9]{0,18}", text(), 0..5);
    let data = proptest::option::of(vec(any::<u8>(), 1..50));
    (text(), text(), text(), extensions, data).prop_map(|(id, kind, subject, extensions, data)| {
        let mut attributes: Vec<(String, String)> =
            [("specversion", "1.0"), ("source", "/a%20b?c=%25#d"), ("time", "2026-02-28T23:59:60Z")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .filter(|(name, _)| name != "time")
                .collect();
        attributes.extend([("id".to_owned(), id), ("type".to_owned(), kind), ("subject".to_owned(), subject)]);
        attributes.push(("datacontenttype".to_owned(), "image/png".to_owned()));
        attributes.extend(extensions);
        (attributes, data)
    })
}

/// Attributes by name, and the data.
fn seen(envelope: &Envelope) -> (Vec<(String, String)>, Option<Vec<u8>>) {
    assert_eq!(envelope.issues.list(), []);
    let text = |value: &AttributeValue| value.as_text().expect("a text").to_owned();
    let mut attributes: Vec<(String, String)> =
        envelope.attributes.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    attributes.sort();
    let data = envelope.data.as_ref().map(|data| match &data.content {
        DataContent::Binary(bytes) => bytes.clone(),
        other => panic!("{other:?}"),
    });
    (attributes, data)
}

fn as_json(attributes: &[(String, String)], data: Option<&Vec<u8>>) -> Value {
    use base64::Engine as _;
    let mut out: serde_json::Map<String, Value> = attributes.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    if let Some(data) = data {
        out.insert("data_base64".to_owned(), json!(base64::engine::general_purpose::STANDARD.encode(data)));
    }
    Value::Object(out)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_event_is_the_same_in_every_encoding((attributes, data) in event()) {
        let settings = EventSettings::default();
        let mut wanted = (attributes.clone(), data.clone());
        wanted.0.sort();
        let headers: Vec<(String, String)> = attributes
            .iter()
            .map(|(name, value)| match name.as_str() {
                "datacontenttype" => ("content-type".to_owned(), value.clone()),
                name => (format!("ce-{name}"), encode_header(value)),
            })
            .collect();
        let raw: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        prop_assert_eq!(&seen(&parse_headers(&raw, data.clone().unwrap_or_default(), &settings)), &wanted);
        let json = as_json(&attributes, data.as_ref());
        prop_assert_eq!(&seen(&parse_structured(json.to_string().as_bytes(), &settings)), &wanted);
        let batch = parse_batch(json!([json, json]).to_string().as_bytes(), &settings).unwrap();
        prop_assert_eq!(batch.len(), 2);
        for envelope in &batch {
            prop_assert_eq!(&seen(envelope), &wanted);
        }
        let kafka: Vec<(String, Option<Vec<u8>>)> = attributes
            .iter()
            .map(|(name, value)| match name.as_str() {
                "datacontenttype" => ("content-type".to_owned(), Some(value.clone().into_bytes())),
                name => (format!("ce_{name}"), Some(value.clone().into_bytes())),
            })
            .collect();
        let record = parse_record(KafkaRecord { headers: kafka, value: data }, &settings);
        prop_assert_eq!(&seen(&record), &wanted);
    }

    #[test]
    fn a_header_decodes_to_what_was_encoded(value in text()) {
        let header = encode_header(&value);
        prop_assert!(header.bytes().all(|byte| (0x21..=0x7E).contains(&byte)), "{}", header);
        let headers: [(&[u8], &[u8]); 1] = [(b"ce-x", header.as_bytes())];
        let envelope = parse_headers(&headers, Vec::new(), &EventSettings::default());
        prop_assert_eq!(envelope.text("x"), Some(value.as_str()));
    }

    #[test]
    fn bytes_of_any_kind_are_read(bytes in vec(any::<u8>(), 0..200), soup in "[\\[\\]{}\",:a-z0-9\\\\u ]{0,80}") {
        let settings = EventSettings::default();
        for body in [bytes.as_slice(), soup.as_bytes()] {
            let _ = parse_structured(body, &settings);
            let _ = parse_batch(body, &settings);
            let _ = read_records(body);
            let half = body.len() / 2;
            let headers: [(&[u8], &[u8]); 3] =
                [(b"ce-id", body), (&body[..half], &body[half..]), (b"content-type", &body[..half])];
            let _ = parse_headers(&headers, body.to_vec(), &settings);
            let name = String::from_utf8_lossy(body).into_owned();
            let headers = vec![(format!("ce_{name}"), Some(body.to_vec())), ("content-type".to_owned(), Some(body.to_vec()))];
            let _ = parse_record(KafkaRecord { headers, value: Some(body.to_vec()) }, &settings);
        }
    }
}
