//! `/accordant/v1/validate` and `/accordant/v1/migrate`: data held to its schema and to the rules of it, and taken to another version.

use super::records::schema_of;
use crate::http::bodies::records::unions;
use crate::http::bodies::rules::ValidateBody;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::{Migrated, Validated};
use crate::records::{DecodeOptions, EncodeOptions};
use crate::registry::{DecodeInput, RecordSchema, in_proportion};

/// The data of a request, whichever form it has.
async fn input_of(request: &Request, body: &mut ValidateBody<'_>, schema: &RecordSchema) -> Result<DecodeInput, ApiError> {
    let mut message = body.record.message.take();
    let bytes = match body.json {
        None => in_proportion(request.body.len(), || body.record.bytes())?,
        Some(_) if body.record.has_bytes() => {
            return Err(ApiError::bad_request("json is another form of data; give one"));
        }
        Some(value) => {
            let options = EncodeOptions { unions: unions(body.record.form.as_deref())?, message: message.clone() };
            let encoded = request.registry().encode_record(value.get().to_owned(), schema, options).await?.encoded;
            message = encoded.message;
            encoded.bytes
        }
    };
    let limit = request.state.settings.events.limits.event_bytes;
    if bytes.len() > limit {
        return Err(ApiError::body_too_large(limit, "event-max-bytes"));
    }
    let options = DecodeOptions { message, ..DecodeOptions::default() };
    Ok(DecodeInput { bytes: bytes.into(), header: body.record.header()?, reader: None, options })
}

pub(in crate::http) async fn validate(request: Request) -> Answer {
    let mut body = ValidateBody::read(&request.body)?;
    let phase = body.phase()?;
    let schema = schema_of(&request, &body.record.schema())?;
    let input = input_of(&request, &mut body, &schema).await?;
    let record = request.registry().validate_record(input, &schema, phase).await?;
    in_proportion(request.body.len(), || json(&Validated::new(&record)))
}

pub(in crate::http) async fn migrate(request: Request) -> Answer {
    let mut body = ValidateBody::read(&request.body)?;
    let reader = body.record.reader.chosen(request.base_context())?.ok_or_else(|| ApiError::missing_member("reader"))?;
    let schema = schema_of(&request, &body.record.schema())?;
    let input = input_of(&request, &mut body, &schema).await?;
    let record = Box::pin(request.registry().migrate_record(input, &schema, reader)).await?;
    in_proportion(record.data.len(), || json(&Migrated::new(&record)))
}
