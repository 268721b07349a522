//! Media types (rest-api 1.1).

use std::cell::RefCell;

use axum::http::{HeaderMap, HeaderValue, header};

use super::header_scan;

/// The media types of answers, best first, with the server's own quality in thousandths.
const PRODUCED: [(&str, u32); 3] =
    [("application/vnd.schemaregistry.v1+json", 1000), ("application/vnd.schemaregistry+json", 900), ("application/json", 500)];

/// The media type of answers to clients that don't say what they want.
pub(super) const DEFAULT: &str = PRODUCED[0].0;

/// The media types of answers.
pub(super) fn produced() -> impl Iterator<Item = &'static str> {
    PRODUCED.iter().map(|(name, _)| *name)
}

/// The value of `Content-Type`.
pub(super) type MediaType = HeaderValue;

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
    rank(ranges, names).unwrap_or(0)
}

/// The same; `None` where no range covers it.
fn rank(ranges: &[(&str, u32)], names: &[&str]) -> Option<u32> {
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
    matching.max().map(|(_, q)| q)
}

/// Bytes up to which a value of `Accept` is remembered.
const REMEMBERED: usize = 256;

thread_local! {
    /// What was accepted last, and the type chosen for it: clients of one kind all send the same, and reading it takes a twentieth of
    /// what an answer from memory does.
    static LAST: RefCell<Option<(Vec<u8>, MediaType)>> = const { RefCell::new(None) };
}

/// The type that the client likes best; ties go to the server's own order. `None`: nothing acceptable. A quality of 0 comes last and
/// is acceptable all the same, and a charset is repeated, both as Confluent does it.
pub(super) fn choose(headers: &HeaderMap) -> Option<MediaType> {
    let (Some(line), None) = header_scan::first_two(headers, &header::ACCEPT) else { return choose_anew(headers) };
    let accepted = line.as_bytes();
    let known = |last: &Option<(Vec<u8>, MediaType)>| {
        last.as_ref().filter(|(known, _)| known.as_slice() == accepted).map(|(_, chosen)| chosen.clone())
    };
    if let Some(chosen) = LAST.with_borrow(known) {
        return Some(chosen);
    }
    let chosen = choose_anew(headers)?;
    if accepted.len() <= REMEMBERED {
        LAST.set(Some((accepted.to_vec(), chosen.clone())));
    }
    Some(chosen)
}

fn choose_anew(headers: &HeaderMap) -> Option<MediaType> {
    // read once: it takes longer than all comparisons
    let ranges: Vec<_> = ranges(headers).collect();
    if ranges.is_empty() {
        return Some(HeaderValue::from_static(DEFAULT));
    }
    let liked = PRODUCED.iter().filter_map(|(name, own)| Some((rank(&ranges, &[name])?, *own, *name)));
    let (_, _, name) = liked.max()?;
    Some(with_charset(name, headers).unwrap_or(HeaderValue::from_static(name)))
}

/// A media type with the charset that `Accept` has behind it.
fn with_charset(name: &str, headers: &HeaderMap) -> Option<HeaderValue> {
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let mut ranges = texts.filter_map(|range| range.split_once(';'));
    let (_, parameters) = ranges.find(|(range, _)| range.trim().eq_ignore_ascii_case(name))?;
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = parameters.find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))?;
    HeaderValue::try_from(format!("{name};charset={}", charset.trim())).ok()
}

/// What the `Content-Type` of a request says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    /// There is none, or it is one that is read.
    Read,
    /// It covers what is read, without naming a type; enough where there is no body.
    Range,
    /// It is something else.
    Foreign,
    /// It is no media type at all.
    Malformed,
}

impl ContentType {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = header_scan::first(headers, &header::CONTENT_TYPE) else { return Self::Read };
        let name = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
        match name.split_once('/') {
            None | Some(("", _) | (_, "")) => Self::Malformed,
            _ if PRODUCED.iter().any(|(produced, _)| name.eq_ignore_ascii_case(produced))
                || name.eq_ignore_ascii_case("application/octet-stream") =>
            {
                Self::Read
            }
            _ if matches!(name.to_ascii_lowercase().as_str(), "*/*" | "application/*") => Self::Range,
            _ => Self::Foreign,
        }
    }
}

/// The types of bodies that are read, for clients that sent another one.
pub(super) const CONSUMED: &str =
    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json, application/octet-stream";

pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(',')).map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, parameters)| {
        let name = name.trim();
        (name.eq_ignore_ascii_case("gzip") || name == "*") && quality(parameters) > 0
    })
}
