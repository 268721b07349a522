//! `/accordant/v1/decode` and `/accordant/v1/encode`: data as JSON, and back.

use axum::http::HeaderMap;

use crate::http::bodies::records::{DecodeBody, EncodeBody, SchemaMembers, unions};
use crate::http::error::ApiError;
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::state::HttpSettings;
use crate::http::wire::{DecodedData, EncodedData, FramingChoice};
use crate::records::{DecodeOptions, EncodeOptions};
use crate::registry::{DecodeInput, RecordSchema};

/// The largest body: base64 and names make data longer than it is.
pub(in crate::http) fn limit(settings: &HttpSettings, _: &HeaderMap) -> (usize, &'static str) {
    (settings.events.limits.event_bytes.saturating_mul(2), "event-max-bytes")
}

pub(in crate::http) async fn decode(request: Request) -> Answer {
    let mut body = DecodeBody::read(&request.body)?;
    let schema = schema_of(&request, &body.schema())?;
    let input = DecodeInput {
        bytes: body.bytes()?.into(),
        header: body.header()?,
        reader: body.reader.chosen(request.base_context())?,
        options: DecodeOptions {
            unions: unions(body.form.as_deref())?,
            message: body.message.take(),
            ..DecodeOptions::default()
        },
    };
    let limit = request.state.settings.events.limits.event_bytes;
    if input.bytes.len() > limit {
        return Err(ApiError::body_too_large(limit, "event-max-bytes"));
    }
    let record = request.registry().decode_record(input, &schema).await?;
    json(&DecodedData::new(&record))
}

pub(in crate::http) async fn encode(request: Request) -> Answer {
    let mut body = EncodeBody::read(&request.body)?;
    let schema = schema_of(&request, &body.schema())?;
    let choice = match body.framing.as_deref() {
        None => FramingChoice::default(),
        Some(word) => word.parse().map_err(|_| {
            let shown: String = word.chars().take(100).collect();
            ApiError::bad_request(format!("framing: '{shown}' is not one of id, guid, header, none"))
        })?,
    };
    let options = EncodeOptions { unions: unions(body.form.as_deref())?, message: body.message.take() };
    let record = request.registry().encode_record(body.data.get().to_owned(), &schema, options).await?;
    json(&EncodedData::new(&record, choice))
}

pub(super) fn schema_of(request: &Request, members: &SchemaMembers) -> Result<RecordSchema, ApiError> {
    Ok(RecordSchema {
        chosen: members.chosen(request.base_context())?,
        writer: members.writer()?,
        context: request.context.clone(),
        rights: request.shared_rights(),
    })
}
