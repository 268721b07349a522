//! `/accordant/v1/decode`, `/accordant/v1/encode` and `/accordant/v1/sample`: data as JSON, and back; and data that is made up.

use axum::http::HeaderMap;

use crate::http::bodies::records::{DecodeBody, EncodeBody, SampleBody, SchemaMembers, unions};
use crate::http::error::ApiError;
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::state::HttpSettings;
use crate::http::wire::{DecodedData, EncodedData, FramingChoice, SampledData};
use crate::records::{DecodeOptions, EncodeOptions};
use crate::registry::{DecodeInput, RecordSchema, in_proportion};

/// The largest body: base64 and names make data longer than it is.
pub(in crate::http) fn limit(settings: &HttpSettings, _: &HeaderMap) -> (usize, &'static str) {
    (settings.events.limits.event_bytes.saturating_mul(2), "event-max-bytes")
}

pub(in crate::http) async fn decode(request: Request) -> Answer {
    let mut body = DecodeBody::read(&request.body)?;
    let schema = schema_of(&request, &body.schema())?;
    let input = DecodeInput {
        bytes: in_proportion(request.body.len(), || body.bytes())?.into(),
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
    in_proportion(record.decoded.json.len(), || json(&DecodedData::new(&record)))
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
    in_proportion(record.encoded.bytes.len(), || json(&EncodedData::new(&record, choice)))
}

/// Samples of one answer.
const MAX_SAMPLES: usize = 20;

pub(in crate::http) async fn sample(request: Request) -> Answer {
    let mut body = SampleBody::read(&request.body)?;
    let schema = schema_of(&request, &body.schema())?;
    let count = body.count.unwrap_or(1);
    if !(1..=MAX_SAMPLES).contains(&count) {
        return Err(ApiError::bad_request(format!("count: {count} is not between 1 and {MAX_SAMPLES}")));
    }
    let options = EncodeOptions { unions: unions(body.form.as_deref())?, message: body.message.take() };
    let seed = body.seed.unwrap_or_else(|| fastrand::u64(..));
    let sampled = request.registry().sample_records(&schema, options, count, seed).await?;
    let size = sampled.samples.iter().map(|sample| sample.json.len()).sum();
    in_proportion(size, || json(&SampledData::new(&sampled, seed)))
}

pub(super) fn schema_of(request: &Request, members: &SchemaMembers) -> Result<RecordSchema, ApiError> {
    Ok(RecordSchema {
        chosen: members.chosen(request.base_context())?,
        writer: members.writer()?,
        context: request.context.clone(),
        rights: request.shared_rights(),
    })
}
