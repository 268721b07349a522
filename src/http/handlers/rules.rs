//! `/accordant/v1/validate`: data held to its schema and to the rules of it.

use super::records::schema_of;
use crate::http::bodies::records::unions;
use crate::http::bodies::rules::ValidateBody;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, json};
use crate::http::request::Request;
use crate::http::wire::Validated;
use crate::records::{DecodeOptions, EncodeOptions};
use crate::registry::DecodeInput;

pub(in crate::http) async fn validate(request: Request) -> Answer {
    let mut body = ValidateBody::read(&request.body)?;
    let phase = body.phase()?;
    let schema = schema_of(&request, &body.record.schema())?;
    let mut message = body.record.message.take();
    let bytes = match &body.json {
        None => body.record.bytes()?,
        Some(_) if body.record.has_bytes() => {
            return Err(ApiError::bad_request("json is another form of data; give one"));
        }
        Some(value) => {
            let options = EncodeOptions { unions: unions(body.record.form.as_deref())?, message: message.clone() };
            let encoded = request.registry().encode_record(value.to_string(), &schema, options).await?.encoded;
            message = encoded.message;
            encoded.bytes
        }
    };
    let limit = request.state.settings.events.limits.event_bytes;
    if bytes.len() > limit {
        return Err(ApiError::body_too_large(limit, "event-max-bytes"));
    }
    let input = DecodeInput {
        bytes: bytes.into(),
        header: body.record.header()?,
        reader: None,
        options: DecodeOptions { message, ..DecodeOptions::default() },
    };
    let record = request.registry().validate_record(input, &schema, phase).await?;
    json(&Validated::new(&record))
}
