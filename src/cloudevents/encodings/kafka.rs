//! Events in Kafka records (Kafka protocol binding).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::{advice_for_plain_json, parse_structured};
use crate::cloudevents::attributes::{EnvelopeBuilder, RawAttribute};
use crate::cloudevents::event::{Envelope, EventData, read_options};
use crate::cloudevents::issue::{Issue, IssueLevel};
use crate::cloudevents::limits::EventSettings;
use crate::cloudevents::media::{self, ContentMode, content_mode};
use crate::schema::json::{self, JsonKind, Object, Value};

/// Prefix of the headers.
const PREFIX: &str = "ce_";
/// The header in which Confluent's serializers put what they would else put before the value.
const VALUE_SCHEMA: &str = "__value_schema_id";

/// A record, as far as events go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KafkaRecord {
    /// Headers in order. A header may have no value.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl KafkaRecord {
    /// The header `content-type`.
    pub fn content_type(&self) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| is_content_type(key))?;
        std::str::from_utf8(value.as_deref()?).ok()
    }
}

/// Reads the JSON form of a record, or of a list of them:
/// `{"headers":[{"key":"ce_id","value":"1"},{"key":"k","value_base64":"..."}],"value_base64":"..."}`. A `value` is a text.
///
/// True beside the records when they came as a list.
///
/// # Errors
/// What can't be read, in a sentence.
pub fn read_records(body: &[u8]) -> Result<(Vec<KafkaRecord>, bool), String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    let (value, notes) = json::read_data(text, read_options(16)).map_err(|error| format!("the body is not JSON: {error}"))?;
    if let Some(duplicate) = notes.duplicates.first() {
        return Err(format!("the member '{}' is there more than once", duplicate.key));
    }
    match &value.kind {
        JsonKind::Object(object) => Ok((vec![record(object)?], false)),
        JsonKind::Array(items) => {
            let one = |(index, item): (usize, &Value)| {
                let object = item.as_object().ok_or_else(|| format!("record {index} is not an object"))?;
                record(object).map_err(|reason| format!("record {index}: {reason}"))
            };
            Ok((items.iter().enumerate().map(one).collect::<Result<_, _>>()?, true))
        }
        _ => Err("the body must be a record, or an array of records".to_owned()),
    }
}

fn record(object: &Object) -> Result<KafkaRecord, String> {
    let mut headers = Vec::new();
    match object.get("headers").map(|value| &value.kind) {
        None | Some(JsonKind::Null) => {}
        Some(JsonKind::Array(items)) => {
            for item in items {
                let header = item.as_object().ok_or("a header is not an object")?;
                let key = header.get("key").and_then(Value::as_str).ok_or("a header has no 'key'")?;
                headers.push((key.to_owned(), bytes(header)?));
            }
        }
        Some(_) => return Err("'headers' must be an array of objects with 'key' and 'value' or 'value_base64'".to_owned()),
    }
    Ok(KafkaRecord { headers, value: bytes(object)? })
}

/// `value` or `value_base64` of an object.
fn bytes(object: &Object) -> Result<Option<Vec<u8>>, String> {
    let text = |name: &str| match object.get(name).map(|value| &value.kind) {
        None | Some(JsonKind::Null) => Ok(None),
        Some(JsonKind::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("'{name}' must be a string")),
    };
    match (text("value")?, text("value_base64")?) {
        (Some(_), Some(_)) => Err("'value' and 'value_base64' exclude each other".to_owned()),
        (Some(plain), None) => Ok(Some(plain.into_string().into_bytes())),
        (None, Some(encoded)) => {
            STANDARD.decode(&*encoded).map(Some).map_err(|error| format!("'value_base64' is not base64: {error}"))
        }
        (None, None) => Ok(None),
    }
}

/// Reads the event of a record.
pub fn parse_record(record: KafkaRecord, settings: &EventSettings) -> Envelope {
    let schema = record.headers.iter().rev().find(|(key, _)| key == VALUE_SCHEMA).and_then(|(_, value)| value.clone());
    let text = record.content_type();
    let size = record.value.as_ref().map_or(0, Vec::len);
    let limit = settings.limits.event_bytes;
    let mode = content_mode(text);
    let is_structured = mode != Some(ContentMode::Binary);
    if size > limit {
        let message = format!("the value has {size} bytes; the setting event-max-bytes allows {limit}");
        let mode = if is_structured { ContentMode::Structured } else { ContentMode::Binary };
        return Envelope::refused(mode, Issue::error("limit.size", message));
    }
    let mut envelope = match mode {
        Some(ContentMode::Binary) => binary(record, settings),
        Some(ContentMode::Structured) => {
            let mut envelope = parse_structured(record.value.as_deref().unwrap_or_default(), settings);
            envelope.source = record.value;
            envelope
        }
        Some(ContentMode::Batched) => Envelope::refused(
            ContentMode::Structured,
            Issue::error("batch.shape", "there are no batches in Kafka: send one record for each event"),
        ),
        None => {
            let message = format!("the event format of '{}' is not read", media::essence(text.unwrap_or_default()));
            Envelope::refused(ContentMode::Structured, Issue::error("envelope.format", message))
        }
    };
    envelope.record_schema = schema;
    envelope
}

fn is_content_type(key: &str) -> bool {
    key.eq_ignore_ascii_case("content-type")
}

fn binary(record: KafkaRecord, settings: &EventSettings) -> Envelope {
    let KafkaRecord { headers, value } = record;
    if !headers.iter().any(|(key, _)| key.starts_with(PREFIX)) {
        return Envelope::refused(ContentMode::Binary, no_event(&headers, value.as_deref()));
    }
    let mut builder = EnvelopeBuilder::new(settings, ContentMode::Binary);
    let utf8 = |value: Vec<u8>| String::from_utf8(value).ok();
    let mut content_type: Option<String> = None;
    let mut own_content_type: Option<String> = None;
    for (key, value) in headers {
        let is_plain = is_content_type(&key);
        let name = if is_plain { "datacontenttype" } else { key.strip_prefix(PREFIX).unwrap_or("") };
        // a header without a value sets nothing
        let Some(value) = value.filter(|_| is_plain || key.starts_with(PREFIX)) else { continue };
        let Some(text) = utf8(value) else {
            builder.saw(name);
            builder.issue(Issue::error("header.encoding", "the value is not UTF-8").of(name));
            continue;
        };
        let slot = match (is_plain, name) {
            (true, _) => &mut content_type,
            (false, "datacontenttype") => &mut own_content_type,
            (false, _) if builder.has_seen(name) => {
                builder.repeated(name, None);
                continue;
            }
            (false, _) => {
                builder.set(name, RawAttribute::Text(&text), None);
                continue;
            }
        };
        if slot.replace(text).is_some() {
            builder.repeated(name, None);
        }
    }
    if !builder.has_seen("datacontenttype") {
        data_content_type(&mut builder, content_type.as_deref(), own_content_type.as_deref());
    }
    let mut envelope = builder.finish();
    match value {
        Some(value) => {
            let content_type = envelope.text("datacontenttype").map(str::to_owned);
            let issues = &mut envelope.issues;
            envelope.data = Some(EventData::from_bytes(value, None, content_type.as_deref(), false, &settings.limits, issues));
        }
        None => envelope.is_tombstone = true,
    }
    envelope
}

/// `content-type` is the datacontenttype; many producers send `ce_datacontenttype` instead, or both.
fn data_content_type(builder: &mut EnvelopeBuilder<'_>, plain: Option<&str>, own: Option<&str>) {
    let name = "datacontenttype";
    let breach = |message: &str| Issue::new(IssueLevel::Breach, "attribute.forbidden", message).of(name);
    match (plain, own) {
        (Some(plain), None) => builder.set(name, RawAttribute::Text(plain), None),
        (None, Some(own)) => {
            builder.set(name, RawAttribute::Text(own), None);
            builder.issue(breach("datacontenttype travels in the header content-type, not in ce_datacontenttype; it was used"));
        }
        (Some(plain), Some(own)) if plain == own => {
            builder.set(name, RawAttribute::Text(plain), None);
            builder.issue(breach("datacontenttype travels in the header content-type; ce_datacontenttype says the same again"));
        }
        (Some(_), Some(own)) => {
            builder.saw(name);
            let message = "content-type and ce_datacontenttype differ";
            builder.issue(Issue::error("attribute.duplicate", message).of(name).value(own));
        }
        (None, None) => {}
    }
}

fn no_event(headers: &[(String, Option<Vec<u8>>)], value: Option<&[u8]>) -> Issue {
    let hint = if headers.iter().any(|(key, _)| key.to_ascii_lowercase().starts_with("ce-")) {
        Some("in Kafka the prefix of attributes is 'ce_'; 'ce-' is HTTP's".to_owned())
    } else if headers.iter().any(|(key, _)| key.to_ascii_lowercase().starts_with(PREFIX)) {
        Some("the prefix 'ce_' is lower case".to_owned())
    } else {
        value.and_then(advice_for_plain_json)
    };
    Issue::error("not_a_cloudevent", "no CloudEvents media type and no ce_ header").hint(hint)
}
