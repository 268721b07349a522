//! Answers of `/accordant/v1/decode`, `/accordant/v1/encode` and `/accordant/v1/sample`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;

use crate::cloudevents::{SchemaFacts, WriterId};
use crate::records::{Encoded, FrameBy, Sample, framed};
use crate::registry::{DecodedRecord, EncodedRecord, SampledRecords};
use crate::schema::payload::{self, DataFault};
use crate::types::{Guid, SchemaId};

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct DecodedData<'a> {
    schema: &'a SchemaFacts,
    encoding: &'static str,
    framing: Option<Framing>,
    message_indexes: Option<&'a [i32]>,
    message: Option<&'a str>,
    data: &'a RawValue,
    issues: Vec<DataIssue>,
    reader: Option<ReaderView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Framing {
    Id(SchemaId),
    Guid(Guid),
}

/// Something that is wrong with data, and where.
#[derive(Debug, Serialize)]
pub(in crate::http) struct DataIssue {
    pointer: String,
    message: String,
}

impl From<DataFault> for DataIssue {
    fn from(fault: DataFault) -> Self {
        Self { pointer: fault.pointer, message: fault.message }
    }
}

/// The data as somebody with another schema reads it.
#[derive(Debug, Serialize)]
struct ReaderView<'a> {
    schema: &'a SchemaFacts,
    data: &'a RawValue,
    changes: Vec<ReadingChange<'a>>,
}

#[derive(Debug, Serialize)]
struct ReadingChange<'a> {
    kind: &'static str,
    pointer: &'a str,
    message: &'a str,
}

impl<'a> From<&'a payload::ReadingChange> for ReadingChange<'a> {
    fn from(change: &'a payload::ReadingChange) -> Self {
        Self { kind: change.kind.into(), pointer: &change.pointer, message: &change.message }
    }
}

impl From<WriterId> for Framing {
    fn from(writer: WriterId) -> Self {
        match writer {
            WriterId::Id(id) => Self::Id(id),
            WriterId::Guid(guid) => Self::Guid(guid),
        }
    }
}

/// JSON that was written here; a failure would be ours.
pub(super) fn raw(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap_or(RawValue::NULL)
}

impl<'a> DecodedData<'a> {
    pub(in crate::http) fn new(record: &'a DecodedRecord) -> Self {
        let decoded = &record.decoded;
        let reader = record.reader.as_ref().zip(decoded.read_as.as_ref()).map(|(schema, read)| ReaderView {
            schema,
            data: raw(&read.json),
            changes: read.changes.iter().map(ReadingChange::from).collect(),
        });
        Self {
            schema: &record.schema,
            encoding: decoded.encoding,
            framing: record.framing.map(Framing::from),
            message_indexes: decoded.message_indexes.as_deref(),
            message: decoded.message.as_deref(),
            data: raw(&decoded.json),
            issues: decoded.issues.iter().cloned().map(DataIssue::from).collect(),
            reader,
        }
    }
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct EncodedData<'a> {
    schema: &'a SchemaFacts,
    message_indexes: Option<&'a [i32]>,
    message: Option<&'a str>,
    /// The bytes, in base64.
    data: String,
    /// The record header `__value_schema_id`, in base64.
    schema_id_header: Option<String>,
}

/// Where encoded data names its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(in crate::http) enum FramingChoice {
    /// The id, before the data.
    #[default]
    Id,
    /// The guid, before the data.
    Guid,
    /// The guid, in a record header.
    Header,
    /// Nowhere.
    None,
}

impl<'a> EncodedData<'a> {
    pub(in crate::http) fn new(record: &'a EncodedRecord, choice: FramingChoice) -> Self {
        let (schema, encoded) = (&record.schema, &record.encoded);
        let by_guid = schema.guid.map(FrameBy::Guid);
        let by = match choice {
            FramingChoice::Id => schema.id.map(FrameBy::Id),
            FramingChoice::Guid => by_guid,
            FramingChoice::Header | FramingChoice::None => None,
        };
        let bytes = by.map_or_else(|| encoded.bytes.clone(), |by| framed(by, encoded));
        let header = by_guid.filter(|_| choice == FramingChoice::Header);
        let header = header.map(|by| framed(by, &Encoded { bytes: Vec::new(), ..encoded.clone() }));
        Self {
            schema,
            message_indexes: encoded.message_indexes.as_deref(),
            message: encoded.message.as_deref(),
            data: STANDARD.encode(bytes),
            schema_id_header: header.map(|header| STANDARD.encode(header)),
        }
    }
}

/// Data that is made up.
#[derive(Debug, Serialize)]
pub(in crate::http) struct SampledData<'a> {
    schema: &'a SchemaFacts,
    /// With it the same samples are made again.
    seed: u64,
    samples: Vec<SampledItem<'a>>,
}

#[derive(Debug, Serialize)]
struct SampledItem<'a> {
    data: &'a RawValue,
    /// The bytes, framed by the id, in base64.
    bytes: String,
}

impl<'a> SampledData<'a> {
    pub(in crate::http) fn new(sampled: &'a SampledRecords, seed: u64) -> Self {
        let schema = &sampled.schema;
        let item = |sample: &'a Sample| {
            let by = schema.id.map(FrameBy::Id);
            let bytes = by.map_or_else(|| sample.encoded.bytes.clone(), |by| framed(by, &sample.encoded));
            SampledItem { data: raw(&sample.json), bytes: STANDARD.encode(bytes) }
        };
        Self { schema, seed, samples: sampled.samples.iter().map(item).collect() }
    }
}
