//! Events in HTTP headers: binary mode (HTTP protocol binding, 3.1).

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;

use super::json::advice_for_plain_json;
use crate::cloudevents::attributes::{EnvelopeBuilder, RawAttribute};
use crate::cloudevents::event::{Envelope, EventData};
use crate::cloudevents::issue::{Issue, IssueLevel};
use crate::cloudevents::limits::EventSettings;
use crate::cloudevents::media::ContentMode;

/// Prefix of the headers.
const PREFIX: &[u8] = b"ce-";

/// Reads an event from headers, as raw bytes in the order they were sent, and the body.
pub fn parse(headers: &[(&[u8], &[u8])], body: Vec<u8>, settings: &EventSettings) -> Envelope {
    let mut envelope = parse_unread(headers, body.into(), settings);
    envelope.read_data();
    envelope
}

/// The same; data of JSON is left unread.
pub fn parse_unread(headers: &[(&[u8], &[u8])], body: Bytes, settings: &EventSettings) -> Envelope {
    let of_event = |name: &[u8]| name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    if !headers.iter().any(|(name, _)| of_event(name)) {
        return Envelope::refused(ContentMode::Binary, no_event(headers, &body));
    }
    let mut builder = EnvelopeBuilder::new(settings, ContentMode::Binary);
    let mut content_types =
        headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-type")).map(|(_, value)| *value);
    match (content_types.next(), content_types.next()) {
        (None, _) => {}
        (Some(value), None) => {
            if let Ok(text) = std::str::from_utf8(value) {
                builder.set("datacontenttype", RawAttribute::Text(text.trim()), None);
            } else {
                builder.saw("datacontenttype");
                builder.issue(Issue::error("header.encoding", "Content-Type is not UTF-8").of("datacontenttype"));
            }
        }
        (Some(_), Some(_)) => builder.repeated("datacontenttype", None),
    }
    for (header, value) in headers.iter().filter(|(name, _)| of_event(name)) {
        let name = header.get(PREFIX.len()..).unwrap_or_default();
        let mut name = std::str::from_utf8(name).map_or_else(|_| String::from_utf8_lossy(name), Cow::Borrowed);
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            name = name.to_ascii_lowercase().into();
        }
        let name = &*name;
        if name == "datacontenttype" {
            let message = "in binary mode Content-Type is the datacontenttype; a ce-datacontenttype header must not be present";
            builder.issue(Issue::error("attribute.forbidden", message).of(name));
        } else if builder.has_seen(name) {
            builder.repeated(name, None);
        } else {
            match decode(value) {
                Ok(decoded) => {
                    builder.set(name, RawAttribute::Text(&decoded.text), None);
                    if let Some(sloppy) = decoded.sloppy {
                        builder.issue(Issue::new(IssueLevel::Breach, "header.encoding", sloppy).of(name).value(&decoded.text));
                    }
                }
                Err(message) => {
                    builder.saw(name);
                    builder.issue(Issue::error("header.encoding", message).of(name));
                }
            }
        }
    }
    let mut envelope = builder.finish();
    if !body.is_empty() {
        envelope.data = Some(EventData::unread(body, None, envelope.text("datacontenttype"), true, &settings.limits));
    }
    envelope
}

fn no_event(headers: &[(&[u8], &[u8])], body: &[u8]) -> Issue {
    let kafka = headers.iter().any(|(name, _)| name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"ce_")));
    let hint = if kafka {
        Some("over HTTP the prefix of attributes is 'ce-'; 'ce_' is Kafka's".to_owned())
    } else {
        advice_for_plain_json(body)
    };
    Issue::error("not_a_cloudevent", "no CloudEvents media type and no ce- header").hint(hint)
}

/// A header's value undone.
struct DecodedHeader<'v> {
    text: Cow<'v, str>,
    /// What the sender should have encoded and did not.
    sloppy: Option<&'static str>,
}

/// Undoes double quotes, then one round of percent-decoding (HTTP protocol binding, 3.1.3.2).
fn decode(value: &[u8]) -> Result<DecodedHeader<'_>, &'static str> {
    let is_plain = |byte: &u8| matches!(byte, 0x21..=0x7E) && *byte != b'"' && *byte != b'%';
    // a fold over all bytes is vectorized, a search for the first bad one is not
    if value.iter().fold(true, |plain, byte| plain & is_plain(byte))
        && let Ok(text) = std::str::from_utf8(value)
    {
        return Ok(DecodedHeader { text: text.into(), sloppy: None });
    }
    let mut sloppy = None;
    let unquoted = match value {
        [b'"', inner @ .., b'"'] => unquote(inner),
        _ => None,
    };
    let is_quoted = unquoted.is_some();
    let raw = unquoted.as_deref().unwrap_or(value);
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let hex = |at: usize| raw.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
                continue;
            }
            (b'%', ..) => sloppy = Some("a percent sign must be sent as %25; it was taken literally"),
            (b' ' | b'"', ..) if !is_quoted => sloppy = sloppy.or(Some("spaces and quotes must be percent-encoded")),
            (128.., ..) => sloppy = sloppy.or(Some("what is not ASCII must be percent-encoded; it was taken as UTF-8")),
            _ => {}
        }
        bytes.push(*byte);
        at += 1;
    }
    let text = String::from_utf8(bytes).map_err(|_| "the value is not UTF-8")?;
    Ok(DecodedHeader { text: text.into(), sloppy })
}

/// The inside of a quoted value; `None` when a quote inside is not escaped.
fn unquote(inner: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.push(*bytes.next()?),
            b'"' => return None,
            _ => out.push(*byte),
        }
    }
    Some(out)
}

/// An attribute's value as the header that carries it: space, `"`, `%` and everything outside U+0021-U+007E percent-encoded.
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if matches!(byte, 0x21..=0x7E) && byte != b'"' && byte != b'%' {
            out.push(char::from(byte));
        } else {
            // a String takes everything
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
