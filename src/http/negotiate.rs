//! Media types (rest-api 1.1).

use axum::http::{HeaderMap, HeaderValue, header};

/// The media types of answers, best first, with the server's own quality in thousandths.
const PRODUCED: [(&str, u32); 3] =
    [("application/vnd.schemaregistry.v1+json", 1000), ("application/vnd.schemaregistry+json", 900), ("application/json", 500)];

/// The media type of answers to clients that don't say what they want.
pub(super) const DEFAULT: &str = PRODUCED[0].0;

pub(super) type MediaType = &'static str;

fn quality(parameters: &str) -> u32 {
    let q = parameters.split(';').filter_map(|p| p.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    match q.and_then(|(_, value)| value.trim().parse::<f32>().ok()) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
        Some(q) => (q.clamp(0.0, 1.0) * 1000.0) as u32,
        None => 1000,
    }
}

/// The media ranges of `Accept` with their qualities in thousandths.
pub(super) fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (&str, u32)> {
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = texts.flat_map(|text| text.split(',')).map(|range| range.split_once(';').unwrap_or((range, "")));
    ranges.map(|(name, parameters)| (name.trim(), quality(parameters))).filter(|(name, _)| !name.is_empty())
}

/// How much the client likes a media type that goes by these names, in thousandths: the most specific range decides.
pub(super) fn preference(ranges: &[(&str, u32)], names: &[&str]) -> u32 {
    let matching = ranges.iter().filter_map(|&(range, q)| {
        let is_group = |name: &&str| range.strip_suffix("/*").is_some_and(|group| name.split('/').next() == Some(group));
        let rank = match range {
            r if names.iter().any(|name| r.eq_ignore_ascii_case(name)) => 3,
            "*/*" | "*" => 1,
            _ if names.iter().any(is_group) => 2,
            _ => return None,
        };
        Some((rank, q))
    });
    matching.max().map_or(0, |(_, q)| q)
}

/// The type that the client likes best; ties go to the server's own order. `None`: nothing acceptable.
pub(super) fn choose(headers: &HeaderMap) -> Option<MediaType> {
    // read once: it takes longer than all comparisons
    let ranges: Vec<_> = ranges(headers).collect();
    if ranges.is_empty() {
        return Some(DEFAULT);
    }
    let liked = PRODUCED.iter().map(|(name, own)| (preference(&ranges, &[name]), *own, *name));
    liked.filter(|(quality, ..)| *quality > 0).max().map(|(_, _, name)| name)
}

/// Whether request bodies of this type are read.
pub(super) fn consumes(content_type: Option<&HeaderValue>) -> bool {
    let Some(value) = content_type else { return true };
    let name = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    name.eq_ignore_ascii_case("application/octet-stream")
        || PRODUCED.iter().any(|(produced, _)| name.eq_ignore_ascii_case(produced))
}

pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(',')).map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, parameters)| {
        let name = name.trim();
        (name.eq_ignore_ascii_case("gzip") || name == "*") && quality(parameters) > 0
    })
}
