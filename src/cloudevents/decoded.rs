//! Data of events as JSON, once it has been found to fit its schema.

use super::event::{DataContent, EventData};
use super::judge::{Attempt, Judgement};
use crate::schema::PayloadValidator;
use crate::schema::avro::UnionEncoding;
use crate::schema::json;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::protobuf::message_indexes;

/// The data in plain JSON of at most `limit` bytes. `judgement` is what came of `attempt`.
///
/// # Errors
/// The data takes more than it may, or has a value without a form in JSON.
pub fn decoded_data(
    data: &EventData,
    attempt: &Attempt,
    judgement: &Judgement,
    record_indexes: Option<&[u8]>,
    limit: usize,
    work: &mut Work<'_>,
) -> Result<String, DataFault> {
    let lost = || DataFault::new(FaultKind::Decode, "", "the data can't be read again");
    if let DataContent::Json(value) = &data.content {
        let mut out = String::new();
        json::write(&mut out, value);
        return within(out, limit);
    }
    let skip = judgement.framing.map_or(0, |framing| framing.len());
    let mut rest = data.payload().and_then(|bytes| bytes.get(skip..)).ok_or_else(lost)?;
    match &attempt.schema.payload {
        PayloadValidator::Json(_) => within(std::str::from_utf8(rest).map_err(|_| lost())?.trim().to_owned(), limit),
        PayloadValidator::Avro(payload) => {
            let single = payload.single_object(rest).filter(|_| judgement.fingerprint.is_some());
            payload.decode(single.map_or(rest, |(_, rest)| rest), work)?.to_json(UnionEncoding::Plain, limit)
        }
        PayloadValidator::Protobuf(payload) => {
            let is_framed = judgement.framing.is_some();
            let indexed = if is_framed { Some(rest) } else { record_indexes.filter(|bytes| !bytes.is_empty()) };
            let mut message = None;
            if let Some((indexes, length)) = indexed.and_then(message_indexes) {
                message = payload.by_indexes(&indexes);
                if is_framed {
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
            payload.decode(message, rest, work)?.0.to_json(limit, &mut work.again())
        }
    }
}

fn within(json: String, limit: usize) -> Result<String, DataFault> {
    if json.len() <= limit {
        return Ok(json);
    }
    Err(DataFault::new(FaultKind::Memory, "", format!("the data takes more than {limit} bytes as JSON")))
}
