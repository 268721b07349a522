//! `schema_registry_converter` against the registry whose URL stands in `SCHEMA_REGISTRY_URL`.

use std::time::{SystemTime, UNIX_EPOCH};

use apache_avro::types::Value;
use schema_registry_converter::async_impl::avro::{AvroDecoder, AvroEncoder};
use schema_registry_converter::async_impl::json::{JsonDecoder, JsonEncoder};
use schema_registry_converter::async_impl::proto_raw::{ProtoRawDecoder, ProtoRawEncoder};
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_all_subjects, get_all_versions, get_schema_by_guid, get_schema_by_id, get_schema_by_subject_and_version,
    is_compatible_schema, post_schema,
};
use schema_registry_converter::schema_registry_common::{SchemaType, SubjectNameStrategy, SuppliedReference, SuppliedSchema};

fn settings() -> SrSettings {
    accordant_clients::provide_cryptography();
    SrSettings::new(std::env::var("SCHEMA_REGISTRY_URL").expect("SCHEMA_REGISTRY_URL"))
}

/// A topic that no other run has used.
fn topic(name: &str) -> String {
    format!("rust{}{name}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos())
}

fn order(fields: &str) -> SuppliedSchema {
    let text = format!(r#"{{"type":"record","name":"Order","namespace":"shop","fields":[{fields}]}}"#);
    SuppliedSchema::new(Some("shop.Order".to_owned()), SchemaType::Avro, text)
}

const ID: &str = r#"{"name":"id","type":"long"}"#;

#[tokio::test]
async fn avro_is_written_and_read_with_every_subject_name_strategy() {
    let name = topic("avro");
    let record = format!("shop.{name}");
    let text = format!(r#"{{"type":"record","name":"{name}","namespace":"shop","fields":[{ID}]}}"#);
    let schema = SuppliedSchema::new(Some(record.clone()), SchemaType::Avro, text);
    for (strategy, subject) in [
        (SubjectNameStrategy::TopicNameStrategyWithSchema(name.clone(), false, schema.clone()), format!("{name}-value")),
        (SubjectNameStrategy::TopicNameStrategyWithSchema(name.clone(), true, schema.clone()), format!("{name}-key")),
        (SubjectNameStrategy::RecordNameStrategyWithSchema(schema.clone()), record.clone()),
        (SubjectNameStrategy::TopicRecordNameStrategyWithSchema(name.clone(), schema.clone()), format!("{name}-{record}")),
    ] {
        let bytes = AvroEncoder::new(settings()).encode(vec![("id", Value::Long(7))], strategy).await.unwrap();
        let read = AvroDecoder::new(settings()).decode(Some(&bytes)).await.unwrap();
        assert_eq!(read.value, Value::Record(vec![("id".to_owned(), Value::Long(7))]));
        assert_eq!(get_all_versions(&settings(), subject.clone()).await.unwrap(), [1]);
        assert!(get_all_subjects(&settings()).await.unwrap().contains(&subject));
    }
    // the latest version is taken when none is supplied
    let latest = SubjectNameStrategy::TopicNameStrategy(name, false);
    let (bytes, header) =
        AvroEncoder::new(settings()).encode_with_header_id(vec![("id", Value::Long(7))], latest, false).await.unwrap();
    assert_eq!((bytes, header.value.len()), (vec![14], 17), "the guid travels in a header");
}

#[tokio::test]
async fn schemas_are_found_by_id_guid_and_version() {
    let subject = topic("find");
    let registered = post_schema(&settings(), subject.clone(), order(ID)).await.unwrap();
    let by_id = get_schema_by_id(registered.id, &settings()).await.unwrap();
    assert_eq!(by_id.schema, order(ID).schema);
    assert!(by_id.version.is_some() && by_id.subject.is_some());
    let version = get_schema_by_subject_and_version(&settings(), &subject, Some(1)).await.unwrap();
    assert_eq!((version.id, version.version), (registered.id, Some(1)));
    let by_guid = get_schema_by_guid(&version.guid.unwrap(), &settings()).await.unwrap();
    assert_eq!(by_guid.schema, by_id.schema);
    let latest = get_schema_by_subject_and_version(&settings(), &subject, None).await.unwrap();
    assert_eq!(latest.version, Some(1));
}

#[tokio::test]
async fn compatibility_is_checked_and_enforced() {
    let subject = topic("check");
    post_schema(&settings(), subject.clone(), order(ID)).await.unwrap();
    let wider = order(&format!(r#"{ID},{{"name":"note","type":"string","default":""}}"#));
    let broken = order(&format!(r#"{ID},{{"name":"price","type":"double"}}"#));
    assert!(is_compatible_schema(&settings(), subject.clone(), wider.clone()).await.unwrap());
    assert!(!is_compatible_schema(&settings(), subject.clone(), broken.clone()).await.unwrap());
    assert!(post_schema(&settings(), subject.clone(), broken).await.is_err());
    post_schema(&settings(), subject.clone(), wider).await.unwrap();
    assert_eq!(get_all_versions(&settings(), subject).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn references_are_registered_and_resolved() {
    let name = topic("refs");
    let inner = format!(r#"{{"type":"record","name":"Inner","namespace":"{name}","fields":[{ID}]}}"#);
    // the client puts the text of a reference in the place of its short name
    let outer = format!(r#"{{"type":"record","name":"Outer","namespace":"{name}","fields":[{{"name":"i","type":"Inner"}}]}}"#);
    let mut schema = SuppliedSchema::new(Some(format!("{name}.Outer")), SchemaType::Avro, outer);
    schema.references.push(SuppliedReference::new(format!("{name}.Inner"), format!("{name}-inner"), inner));
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema(name, false, schema);
    let value = Value::Record(vec![("id".to_owned(), Value::Long(3))]);
    let bytes = AvroEncoder::new(settings()).encode(vec![("i", value.clone())], strategy).await.unwrap();
    let read = AvroDecoder::new(settings()).decode(Some(&bytes)).await.unwrap();
    assert_eq!(read.value, Value::Record(vec![("i".to_owned(), value)]));
}

#[tokio::test]
async fn json_schema_is_written_and_read() {
    let text = r#"{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}"#;
    let schema = SuppliedSchema::new(None, SchemaType::Json, text.to_owned());
    let strategy = || SubjectNameStrategy::TopicNameStrategyWithSchema(topic("json"), false, schema.clone());
    let value = serde_json::json!({ "id": 4 });
    let bytes = JsonEncoder::new(settings()).encode(&value, strategy()).await.unwrap();
    assert_eq!(JsonDecoder::new(settings()).decode(Some(&bytes)).await.unwrap().unwrap().value, value);
    assert!(JsonEncoder::new(settings()).encode(&serde_json::json!({}), strategy()).await.is_err());
}

#[tokio::test]
async fn protobuf_is_written_and_read() {
    let text = "syntax = \"proto3\";\npackage shop;\nmessage Order { int32 id = 1; }\nmessage Other { int32 x = 1; }";
    let schema = SuppliedSchema::new(Some("shop.Other".to_owned()), SchemaType::Protobuf, text.to_owned());
    let strategy = SubjectNameStrategy::TopicNameStrategyWithSchema(topic("proto"), false, schema);
    let bytes = ProtoRawEncoder::new(settings()).encode(&[8, 5], "shop.Other", strategy).await.unwrap();
    let read = ProtoRawDecoder::new(settings()).decode(Some(&bytes)).await.unwrap().unwrap();
    assert_eq!((read.full_name.as_str(), &read.bytes[..]), ("shop.Other", &[8, 5][..]));
}
