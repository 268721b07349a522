//! How data is decoded, and what is wrong with it.

use serde::Serialize;

use super::event::{DataContent, Envelope, EventData};
use super::framing::Framing;
use super::issue::{Issue, IssueLevel};
use super::media::Media;
use crate::schema::PayloadValidator;
use crate::schema::avro::{self, UnionEncoding};
use crate::schema::json::{self, Value};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::protobuf::{self, message_indexes};
use crate::types::{Guid, SchemaId, SchemaType, Version};

/// What a report says about a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SchemaFacts {
    /// How it was found.
    pub resolved_by: &'static str,
    /// The subject, as far as one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its version there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<SchemaId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guid: Option<Guid>,
    /// Its format.
    #[serde(rename = "schemaType", skip_serializing_if = "Option::is_none")]
    pub schema_type: Option<SchemaType>,
    /// Where the text can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A schema that data is held against.
#[derive(Debug, Clone)]
pub struct EventSchema {
    pub facts: SchemaFacts,
    pub payload: PayloadValidator,
}

/// One way to read the data.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub schema: EventSchema,
    /// With the framing taken off.
    pub framed: bool,
}

/// What became of the data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// It was held against a schema.
    pub checked: bool,
    /// The encoding it was found in.
    pub decoded_as: Option<&'static str>,
    /// The framing that was taken off.
    pub framing: Option<Framing>,
    /// The message indexes behind the framing (Protobuf).
    pub message_indexes: Option<Vec<i32>>,
    /// The fingerprint of single-object encoding that was taken off (Avro).
    pub fingerprint: Option<u64>,
    /// The message (Protobuf).
    pub message: Option<String>,
    /// The data in JSON, if that was asked for and it fits.
    pub decoded: Option<String>,
    /// What is wrong.
    pub issues: Vec<Issue>,
    /// There were more.
    pub truncated: bool,
    /// The effort was not enough for a verdict.
    pub unfinished: bool,
}

impl Judgement {
    fn fails(&self) -> bool {
        self.issues.iter().any(|issue| issue.level == IssueLevel::Error)
    }

    fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }

    /// Takes the faults of a walk.
    fn faults(&mut self, faults: Vec<DataFault>, data: &EventData) {
        for fault in faults {
            self.unfinished |= fault.kind == FaultKind::Work;
            let (level, code) = match fault.kind {
                FaultKind::Decode => (IssueLevel::Error, "data.decode"),
                FaultKind::Trailing => (IssueLevel::Error, "data.trailing"),
                FaultKind::Mismatch => (IssueLevel::Error, "data.schema"),
                FaultKind::Unknown => (IssueLevel::Breach, "data.unknown_field"),
                FaultKind::Depth => (IssueLevel::Error, "limit.depth"),
                FaultKind::Items => (IssueLevel::Error, "limit.items"),
                FaultKind::Memory => (IssueLevel::Error, "limit.memory"),
                FaultKind::Work => (IssueLevel::Error, "limit.work"),
            };
            let offset = if data.in_body { place(&data.content, &fault.pointer) } else { None };
            let mut issue = Issue::new(level, code, fault.message).pointer(fault.pointer).at(offset);
            if let Some(failed) = fault.keyword {
                issue.keyword = Some(failed.keyword);
                issue.schema_pointer = Some(failed.schema_pointer);
                issue.schema = failed.schema;
            }
            self.issue(issue);
        }
    }
}

/// The offset of the value at a pointer.
fn place(content: &DataContent, pointer: &str) -> Option<u32> {
    let DataContent::Json(root) = content else { return None };
    let found = pointer.split('/').skip(1).try_fold(root, |value, segment| {
        let key = segment.replace("~1", "/").replace("~0", "~");
        match &value.kind {
            json::JsonKind::Array(items) => items.get(key.parse::<usize>().ok()?),
            json::JsonKind::Object(object) => object.get(&key),
            _ => None,
        }
    });
    found.map(|value| value.offset)
}

/// Reads the data in each way until one fits; when none does, the first one's faults count. `record_indexes` are the message
/// indexes of a record header. Gives back the place of the attempt as well.
pub fn judge(data: &EventData, attempts: &[Attempt], record_indexes: Option<&[u8]>, work: &Work<'_>) -> (usize, Judgement) {
    let mut first = None;
    for (at, attempt) in attempts.iter().enumerate() {
        let judgement = once(data, attempt, record_indexes, &mut work.again());
        if !judgement.fails() {
            return (at, judgement);
        }
        first.get_or_insert(judgement);
    }
    (0, first.unwrap_or_default())
}

/// What there is to say about an event without data, when there is a schema that data would have to fit.
pub fn without_data(envelope: &Envelope, has_schema: bool) -> Option<Issue> {
    if !has_schema || envelope.is_tombstone {
        None
    } else if envelope.attribute("dataref").is_some() {
        let message = "the data is elsewhere (dataref), which is never fetched; it was not checked";
        Some(Issue::new(IssueLevel::Note, "data.by_reference", message))
    } else if envelope.issues.has("data.content_type_mismatch")
        || envelope.issues.has("data.base64")
        || envelope.issues.has("envelope.data_conflict")
    {
        // there is data, and it can't be used
        None
    } else {
        Some(Issue::error("data.absent", "the event has a schema and no data"))
    }
}

fn once(data: &EventData, attempt: &Attempt, record_indexes: Option<&[u8]>, work: &mut Work<'_>) -> Judgement {
    let mut judgement = Judgement { checked: true, ..Judgement::default() };
    if data.broken {
        // already reported
        judgement.checked = false;
        return judgement;
    }
    match &attempt.schema.payload {
        PayloadValidator::Json(validator) => {
            if matches!(data.content, DataContent::Accepted) {
                return Judgement { decoded_as: Some("json"), framing: data.framing, ..judgement };
            }
            let octets;
            let value = match (&data.content, data.media) {
                (DataContent::Json(value), media) if media.is_json() => value,
                (_, Media::Octets) => match read_octets(data, &mut judgement) {
                    Some(value) => {
                        octets = value;
                        &octets
                    }
                    None => return judgement,
                },
                _ => return mismatch(judgement, SchemaType::Json),
            };
            judgement.decoded_as = Some("json");
            judgement.framing = judgement.framing.or(data.framing);
            let (faults, truncated) = validator.faults(value, work.effort());
            judgement.truncated = truncated;
            judgement.faults(faults, data);
        }
        PayloadValidator::Avro(payload) => match &data.content {
            DataContent::Json(value) if data.media != Media::ProtobufJson => {
                judgement.framing = data.framing;
                avro_json(payload, value, data, work, &mut judgement);
            }
            _ => match bytes(data, attempt, Media::Avro, &mut judgement) {
                Some(bytes) => avro_binary(payload, bytes, data, work, &mut judgement),
                None => return mismatch(judgement, SchemaType::Avro),
            },
        },
        PayloadValidator::Protobuf(payload) => match &data.content {
            DataContent::Json(value) if data.media != Media::AvroJson => {
                judgement.framing = data.framing;
                judgement.decoded_as = Some("protobuf-json");
                judgement.message = payload.message_name(None);
                let faults = payload.json(None, value, work);
                judgement.faults(faults, data);
            }
            _ => match bytes(data, attempt, Media::Protobuf, &mut judgement) {
                Some(bytes) => protobuf_binary(payload, bytes, record_indexes, data, work, &mut judgement),
                None => return mismatch(judgement, SchemaType::Protobuf),
            },
        },
    }
    judgement
}

/// The data has a type in which no data of this format is sent.
fn mismatch(mut judgement: Judgement, schema_type: SchemaType) -> Judgement {
    judgement.checked = false;
    if judgement.issues.is_empty() {
        let message = format!("the schema is of type {schema_type}, and the datacontenttype is none that it is sent as");
        judgement.issue(Issue::error("data.content_type_mismatch", message));
    }
    judgement
}

fn unsaid(judgement: &mut Judgement, as_what: &str) {
    let message = format!("the datacontenttype says nothing; the data was taken as {as_what}, after the type of the schema");
    judgement.issue(Issue::new(IssueLevel::Note, "data.content_type", message));
}

/// Bytes without a telling type, read as JSON.
fn read_octets(data: &EventData, judgement: &mut Judgement) -> Option<Value> {
    unsaid(judgement, "JSON");
    let payload = match &data.content {
        DataContent::Text(text, _) => text.as_bytes(),
        _ => data.payload().unwrap_or_default(),
    };
    let framing = data.framing.filter(|_| matches!(data.content, DataContent::Binary(_)));
    let rest = payload.get(framing.map_or(0, |framing| framing.len())..).unwrap_or_default();
    judgement.framing = framing;
    let options = crate::cloudevents::event::read_options(crate::cloudevents::EventLimits::default().json_depth);
    let value = std::str::from_utf8(rest).ok().and_then(|text| json::read_data(text, options).ok()).map(|(value, _)| value);
    if value.is_none() {
        judgement.checked = false;
        judgement.issue(Issue::error("data.decode", "the schema is a JSON Schema, and the data is not JSON"));
    }
    value
}

/// The bytes of a binary encoding; `None` for data that can't be in it.
fn bytes<'d>(data: &'d EventData, attempt: &Attempt, media: Media, judgement: &mut Judgement) -> Option<&'d [u8]> {
    if data.media != media && data.media != Media::Octets {
        return None;
    }
    let Some(bytes) = data.payload() else {
        judgement.issue(Issue::error("data.base64", "a binary encoding was sent as text in data, and the text is not base64"));
        return None;
    };
    if data.media == Media::Octets {
        unsaid(judgement, if media == Media::Avro { "Avro" } else { "Protobuf" });
    }
    if matches!(data.content, DataContent::Text(..)) {
        let message = "base64 in data was decoded; data_base64 is the member for that";
        judgement.issue(Issue::new(IssueLevel::Note, "data.base64_in_data", message));
    }
    judgement.framing = data.framing.filter(|_| attempt.framed);
    bytes.get(judgement.framing.map_or(0, |framing| framing.len())..)
}

fn avro_json(payload: &avro::PayloadValidator, value: &Value, data: &EventData, work: &mut Work<'_>, judgement: &mut Judgement) {
    judgement.decoded_as = Some("avro-json");
    let tagged = payload.json(value, UnionEncoding::Tagged, work);
    if tagged.is_empty() || data.media == Media::AvroJson {
        judgement.faults(tagged, data);
        return;
    }
    // plain JSON says nothing about unions, so either form will do
    let plain = payload.json(value, UnionEncoding::Plain, &mut work.again());
    judgement.decoded_as = Some("avro-json-plain");
    judgement.faults(plain, data);
}

fn avro_binary(payload: &avro::PayloadValidator, bytes: &[u8], data: &EventData, work: &mut Work<'_>, judgement: &mut Judgement) {
    judgement.decoded_as = Some("avro");
    let single = payload.single_object(bytes);
    if let Some((fingerprint, rest)) = single.filter(|(fingerprint, _)| *fingerprint == payload.fingerprint()) {
        judgement.fingerprint = Some(fingerprint);
        if let Err(fault) = payload.binary(rest, work) {
            judgement.faults(vec![fault], data);
        }
        return;
    }
    if let Err(mut fault) = payload.binary(bytes, work) {
        if single.is_some() {
            fault.message.push_str("; the bytes begin like single-object encoding, with the fingerprint of another schema");
        }
        judgement.faults(vec![fault], data);
    }
}

fn protobuf_binary(
    payload: &protobuf::PayloadValidator,
    bytes: &[u8],
    record_indexes: Option<&[u8]>,
    data: &EventData,
    work: &mut Work<'_>,
    judgement: &mut Judgement,
) {
    judgement.decoded_as = Some("protobuf");
    let (mut message, mut rest) = (None, bytes);
    let indexed = if judgement.framing.is_some() { Some(bytes) } else { record_indexes.filter(|bytes| !bytes.is_empty()) };
    if let Some(indexed) = indexed {
        let Some((indexes, length)) = message_indexes(indexed) else {
            return judgement.issue(Issue::error("data.decode", "the message indexes behind the framing can't be read"));
        };
        message = payload.by_indexes(&indexes);
        if message.is_none() {
            let message = format!("the schema has no message at the indexes {indexes:?}");
            judgement.issue(Issue::error("data.decode", message));
        }
        if judgement.framing.is_some() {
            rest = bytes.get(length..).unwrap_or_default();
        }
        judgement.message_indexes = Some(indexes);
        if message.is_none() {
            return;
        }
    }
    judgement.message = payload.message_name(message);
    match payload.binary(message, rest, work) {
        Ok(unknown) => judgement.faults(unknown, data),
        Err(fault) => judgement.faults(vec![fault], data),
    }
}
