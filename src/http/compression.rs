//! gzip of whole bodies, and how answers and requests say so.

use std::io::{Read, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::header_scan;
use crate::registry::in_proportion;

pub(super) fn compress(bytes: &Bytes) -> Option<Bytes> {
    in_proportion(bytes.len(), || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
        encoder.write_all(bytes).ok()?;
        encoder.finish().ok().map(Bytes::from)
    })
}

/// Says that the body depends on what the client accepts. Confluent says it of every answer to GET and POST.
pub(super) fn vary(headers: &mut HeaderMap) {
    if !header_scan::has(headers, &header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// Says that the body depends on what the client accepts, and that it is compressed, if it is.
pub(super) fn mark(headers: &mut HeaderMap, is_compressed: bool) {
    vary(headers);
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

/// What was done to the body of a request.
pub(super) enum ContentCoding {
    Identity,
    Gzip,
}

impl ContentCoding {
    /// `None`: something that can't be undone.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut found = Self::Identity;
        for coding in headers.get_all(header::CONTENT_ENCODING).iter().flat_map(|line| line.as_bytes().split(|b| *b == b',')) {
            found = match (coding.trim_ascii().to_ascii_lowercase().as_slice(), found) {
                (b"identity" | b"", found) => found,
                (b"gzip" | b"x-gzip", Self::Identity) => Self::Gzip,
                _ => return None,
            };
        }
        Some(found)
    }
}

pub(super) enum InflateError {
    TooLarge,
    Malformed(std::io::Error),
}

/// Bytes that come out of one byte of gzip, at most.
pub(super) const MAX_RATIO: usize = 1032;

/// Undoes gzip, for as long as no more than so many bytes come out.
pub(super) fn inflate(bytes: &Bytes, limit: usize) -> Result<Bytes, InflateError> {
    let mut out = Vec::new();
    let mut decoder = MultiGzDecoder::new(&bytes[..]).take(limit as u64 + 1);
    decoder.read_to_end(&mut out).map_err(InflateError::Malformed)?;
    if out.len() > limit { Err(InflateError::TooLarge) } else { Ok(out.into()) }
}
