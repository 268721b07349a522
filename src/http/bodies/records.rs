//! Bodies of `/accordant/v1/decode`, `/accordant/v1/encode` and `/accordant/v1/sample`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cloudevents::WriterId;
use crate::http::error::{ApiError, selector};
use crate::records::{UnionEncoding, bytes_of_base64, bytes_of_hex};
use crate::registry::in_proportion;
use crate::types::{Guid, SchemaId, Subject, VersionSelector};

/// Which schema is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http) struct SchemaMembers {
    pub(in crate::http) subject: Option<String>,
    /// A number or `latest`.
    pub(in crate::http) version: Option<Box<RawValue>>,
    pub(in crate::http) id: Option<SchemaId>,
    pub(in crate::http) guid: Option<String>,
}

impl SchemaMembers {
    /// `base_context` is the context of unqualified subjects.
    pub(in crate::http) fn chosen(&self, base_context: &str) -> Result<Option<(Subject, VersionSelector)>, ApiError> {
        let version = self.version.as_deref().map(version_of).transpose()?;
        match (&self.subject, version) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ApiError::bad_request("version needs a subject")),
            (Some(subject), version) => {
                Ok(Some((Subject::parse_in(base_context, subject), version.unwrap_or(VersionSelector::Latest))))
            }
        }
    }

    pub(in crate::http) fn writer(&self) -> Result<Option<WriterId>, ApiError> {
        match (&self.guid, self.id) {
            (Some(text), _) => Guid::parse(text).map(|guid| Some(WriterId::Guid(guid))).ok_or_else(|| ApiError::not_a_guid(text)),
            (None, Some(id)) => Ok(Some(WriterId::Id(id))),
            (None, None) => Ok(None),
        }
    }
}

fn version_of(given: &RawValue) -> Result<VersionSelector, ApiError> {
    match serde_json::from_str::<String>(given.get()) {
        Ok(text) => selector(&text),
        Err(_) => selector(given.get()),
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::http) struct DecodeBody {
    /// The bytes in base64.
    data: Option<String>,
    /// The bytes in hexadecimal digits.
    hex: Option<String>,
    /// The record header `__value_schema_id`, in base64.
    #[serde(rename = "schemaIdHeader")]
    header: Option<String>,
    subject: Option<String>,
    version: Option<Box<RawValue>>,
    id: Option<SchemaId>,
    guid: Option<String>,
    /// The schema of somebody who reads the data.
    #[serde(default)]
    pub(in crate::http) reader: SchemaMembers,
    pub(in crate::http) form: Option<String>,
    pub(in crate::http) message: Option<String>,
}

impl DecodeBody {
    pub(in crate::http) fn read(body: &[u8]) -> Result<Self, ApiError> {
        in_proportion(body.len(), || serde_json::from_slice(body)).map_err(|error| malformed(&error))
    }

    pub(in crate::http) fn schema(&mut self) -> SchemaMembers {
        let Self { subject, version, id, guid, .. } = self;
        SchemaMembers { subject: subject.take(), version: version.take(), id: id.take(), guid: guid.take() }
    }

    pub(in crate::http) fn has_bytes(&self) -> bool {
        self.data.is_some() || self.hex.is_some()
    }

    pub(in crate::http) fn bytes(&self) -> Result<Vec<u8>, ApiError> {
        match (&self.data, &self.hex) {
            (Some(_), Some(_)) => Err(ApiError::bad_request("data and hex are two forms of the same; give one")),
            (Some(text), None) => base64_of(text, "data"),
            (None, Some(text)) => {
                bytes_of_hex(text).ok_or_else(|| ApiError::bad_request("hex has something else than pairs of hexadecimal digits"))
            }
            (None, None) => Err(ApiError::missing_member("data")),
        }
    }

    pub(in crate::http) fn header(&self) -> Result<Option<Vec<u8>>, ApiError> {
        self.header.as_deref().map(|text| base64_of(text, "schemaIdHeader")).transpose()
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::http) struct EncodeBody<'b> {
    #[serde(borrow)]
    pub(in crate::http) data: &'b RawValue,
    subject: Option<String>,
    version: Option<Box<RawValue>>,
    id: Option<SchemaId>,
    guid: Option<String>,
    pub(in crate::http) form: Option<String>,
    pub(in crate::http) message: Option<String>,
    pub(in crate::http) framing: Option<String>,
}

impl<'b> EncodeBody<'b> {
    pub(in crate::http) fn read(body: &'b [u8]) -> Result<Self, ApiError> {
        in_proportion(body.len(), || serde_json::from_slice(body)).map_err(|error| malformed(&error))
    }

    pub(in crate::http) fn schema(&mut self) -> SchemaMembers {
        let Self { subject, version, id, guid, .. } = self;
        SchemaMembers { subject: subject.take(), version: version.take(), id: id.take(), guid: guid.take() }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::http) struct SampleBody {
    subject: Option<String>,
    version: Option<Box<RawValue>>,
    id: Option<SchemaId>,
    guid: Option<String>,
    pub(in crate::http) count: Option<usize>,
    pub(in crate::http) seed: Option<u64>,
    pub(in crate::http) form: Option<String>,
    pub(in crate::http) message: Option<String>,
}

impl SampleBody {
    pub(in crate::http) fn read(body: &[u8]) -> Result<Self, ApiError> {
        in_proportion(body.len(), || serde_json::from_slice(body)).map_err(|error| malformed(&error))
    }

    pub(in crate::http) fn schema(&mut self) -> SchemaMembers {
        let Self { subject, version, id, guid, .. } = self;
        SchemaMembers { subject: subject.take(), version: version.take(), id: id.take(), guid: guid.take() }
    }
}

pub(super) fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::bad_request(format!("Malformed JSON: {error}"))
}

/// `plain` (the default) or `avro-json`.
pub(in crate::http) fn unions(form: Option<&str>) -> Result<UnionEncoding, ApiError> {
    match form {
        None | Some("plain") => Ok(UnionEncoding::Plain),
        Some("avro-json") => Ok(UnionEncoding::Tagged),
        Some(other) => {
            let shown: String = other.chars().take(100).collect();
            Err(ApiError::bad_request(format!("form: '{shown}' is not one of plain, avro-json")))
        }
    }
}

fn base64_of(text: &str, member: &str) -> Result<Vec<u8>, ApiError> {
    bytes_of_base64(text).map_err(|error| ApiError::bad_request(format!("{member} is not base64: {error}")))
}
