//! Media types (rest-api 1.1).

use axum::http::{HeaderMap, HeaderValue, header};

/// What we produce, best first, with the server's own quality in thousandths.
const PRODUCED: [(&str, u32); 3] =
    [("application/vnd.schemaregistry.v1+json", 1000), ("application/vnd.schemaregistry+json", 900), ("application/json", 500)];

/// The media type of answers to clients that don't say what they want.
pub(super) const DEFAULT: &str = PRODUCED[0].0;

/// A media type to answer with.
pub(super) type MediaType = &'static str;

fn quality(parameters: &str) -> u32 {
    let q = parameters.split(';').filter_map(|p| p.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    match q.and_then(|(_, value)| value.trim().parse::<f32>().ok()) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
        Some(q) => (q.clamp(0.0, 1.0) * 1000.0) as u32,
        None => 1000,
    }
}

/// Chooses the type that the client likes best; ties go to the server's own order. `None`: nothing acceptable.
pub(super) fn choose(headers: &HeaderMap) -> Option<MediaType> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',') {
            let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
            let name = name.trim();
            if !name.is_empty() {
                ranges.push((name, quality(parameters)));
            }
        }
    }
    if ranges.is_empty() {
        return Some(DEFAULT);
    }
    let mut best: Option<(u32, u32, MediaType)> = None;
    for (produced, own) in PRODUCED {
        // the most specific range that matches decides
        let matching = ranges.iter().filter_map(|(range, q)| {
            let rank = match *range {
                r if r.eq_ignore_ascii_case(produced) => 3,
                "application/*" => 2,
                "*/*" | "*" => 1,
                _ => return None,
            };
            Some((rank, *q))
        });
        let Some((_, q)) = matching.max_by_key(|(rank, q)| (*rank, *q)) else { continue };
        if q > 0 && best.is_none_or(|(best_q, best_own, _)| (q, own) > (best_q, best_own)) {
            best = Some((q, own, produced));
        }
    }
    best.map(|(_, _, name)| name)
}

/// True when a request body of this type is read.
pub(super) fn consumes(content_type: Option<&HeaderValue>) -> bool {
    let Some(value) = content_type else { return true };
    let name = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    name.eq_ignore_ascii_case("application/octet-stream")
        || PRODUCED.iter().any(|(produced, _)| name.eq_ignore_ascii_case(produced))
}

/// True when the client takes gzip.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(',')).map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, parameters)| {
        let name = name.trim();
        (name.eq_ignore_ascii_case("gzip") || name == "*") && quality(parameters) > 0
    })
}
