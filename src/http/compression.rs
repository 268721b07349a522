//! gzip of whole bodies, and how answers say so.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::registry::in_proportion;

pub(super) fn compress(bytes: &Bytes) -> Option<Bytes> {
    in_proportion(bytes.len(), || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
        encoder.write_all(bytes).ok()?;
        encoder.finish().ok().map(Bytes::from)
    })
}

/// Says that the body depends on what the client accepts, and that it is compressed, if it is.
pub(super) fn mark(headers: &mut HeaderMap, is_compressed: bool) {
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}
