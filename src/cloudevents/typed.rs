//! Data of events as the rules of data contracts see it, once it has been found to fit its schema.

use std::sync::Arc;

use super::event::{DataContent, EventData, read_options};
use super::judge::{Attempt, Judgement};
use super::limits::EventLimits;
use crate::schema::avro::UnionEncoding;
use crate::schema::json;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::protobuf::message_indexes;
use crate::schema::typed::{Shapes, Typed};
use crate::schema::{Parsed, PayloadValidator, json_schema};

/// The data with its types. `judgement` is what came of `attempt`, and `parsed` its schema.
///
/// # Errors
/// The data takes more than it may.
pub fn typed_data(
    data: &EventData,
    attempt: &Attempt,
    judgement: &Judgement,
    parsed: &Parsed,
    record_indexes: Option<&[u8]>,
    work: &mut Work<'_>,
) -> Result<(Arc<Shapes>, Typed), DataFault> {
    let lost = || DataFault::new(FaultKind::Decode, "", "the data can't be read again");
    let bytes = || {
        let skip = judgement.framing.map_or(0, |framing| framing.len());
        data.payload().and_then(|bytes| bytes.get(skip..)).ok_or_else(lost)
    };
    let first = |mut faults: Vec<DataFault>| faults.pop().unwrap_or_else(lost);
    match (&attempt.schema.payload, parsed, &data.content) {
        (PayloadValidator::Json(_), Parsed::Json(schema), content) => {
            let read;
            let value = if let DataContent::Json(value) = content {
                value
            } else {
                let text = std::str::from_utf8(bytes()?).map_err(|_| lost())?;
                read = json::read(text, read_options(EventLimits::default().json_depth)).map_err(|_| lost())?;
                &read
            };
            let shapes = Arc::new(schema.shapes());
            let typed = json_schema::typed_data(&shapes, value, work)?;
            Ok((shapes, typed))
        }
        (PayloadValidator::Avro(payload), _, content) => {
            let shapes = Arc::new(payload.shapes());
            let typed = match (content, judgement.decoded_as) {
                (DataContent::Json(value), Some("avro-json")) => {
                    payload.read_json(value, UnionEncoding::Tagged, work).map_err(first)?.to_typed(&shapes, work)?
                }
                (DataContent::Json(value), _) => {
                    payload.read_json(value, UnionEncoding::Plain, work).map_err(first)?.to_typed(&shapes, work)?
                }
                _ => {
                    let bytes = bytes()?;
                    let single = payload.single_object(bytes).filter(|_| judgement.fingerprint.is_some());
                    payload.decode(single.map_or(bytes, |(_, rest)| rest), work)?.to_typed(&shapes, work)?
                }
            };
            Ok((shapes, typed))
        }
        (PayloadValidator::Protobuf(payload), _, DataContent::Json(value)) => {
            let shapes = Arc::new(payload.shapes(None));
            let typed = payload.read_json(None, value, work).map_err(first)?.to_typed(&shapes, work)?;
            Ok((shapes, typed))
        }
        (PayloadValidator::Protobuf(payload), _, _) => {
            let (mut rest, mut message) = (bytes()?, None);
            let is_framed = judgement.framing.is_some();
            let indexed = if is_framed { Some(rest) } else { record_indexes.filter(|bytes| !bytes.is_empty()) };
            if let Some((indexes, length)) = indexed.and_then(message_indexes) {
                message = payload.by_indexes(&indexes);
                if is_framed {
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
            let shapes = Arc::new(payload.shapes(message));
            let (decoded, _) = payload.decode(message, rest, work)?;
            let typed = decoded.to_typed(&shapes, work)?;
            Ok((shapes, typed))
        }
        (PayloadValidator::Json(_), _, _) => Err(lost()),
    }
}
