//! An event, however it was encoded.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::framing::{Framing, framing_of};
use super::issue::{Issue, Issues, KEPT};
use super::limits::EventLimits;
use super::media::{self, ContentMode, Media};
use crate::schema::json::{self, JsonError, Notes, ReadOptions};

/// The value of an attribute. Where the encoding has only texts, everything is a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// A String, URI, URI-reference, Timestamp or Binary.
    Text(Box<str>),
    /// A Boolean.
    Bool(bool),
    Integer(i32),
}

impl AttributeValue {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What kind of thing the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// A JSON value.
    Json,
    Text,
    /// Bytes.
    Binary,
}

impl DataKind {
    /// Its word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

/// The data in the form it is judged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataContent {
    Json(json::Value),
    /// Declared as JSON; not parsed yet.
    Unread(Unread),
    /// JSON that was found valid by a scan of its text, so no value was built.
    Accepted,
    /// A text, and its bytes if it is base64.
    Text(Box<str>, Option<Vec<u8>>),
    /// Bytes.
    Binary(Vec<u8>),
}

/// JSON that has not been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    bytes: Bytes,
    max_depth: usize,
    /// What it is if it turns out not to be JSON.
    otherwise: DataKind,
}

/// The data of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventData {
    /// How it was sent.
    pub kind: DataKind,
    /// What it is.
    pub content: DataContent,
    /// Its size as it was sent, base64 undone.
    pub bytes: usize,
    /// Confluent's framing, if the data begins with it. It is already taken off JSON, but not off bytes.
    pub framing: Option<Framing>,
    /// Declared as JSON but not well-formed; already reported as an issue.
    pub broken: bool,
    /// Offsets in the JSON value are offsets in the body of the request.
    pub in_body: bool,
    /// What `datacontenttype` says.
    pub(super) media: Media,
}

impl EventData {
    /// The bytes to decode.
    pub fn payload(&self) -> Option<&[u8]> {
        match &self.content {
            DataContent::Binary(bytes) | DataContent::Text(_, Some(bytes)) => Some(bytes),
            DataContent::Json(_) | DataContent::Unread(..) | DataContent::Accepted | DataContent::Text(_, None) => None,
        }
    }

    /// Data that is the body or value of a message. `content_type` is absent where nothing says what it is.
    pub(super) fn from_bytes(
        bytes: Vec<u8>,
        kind: Option<DataKind>,
        content_type: Option<&str>,
        in_body: bool,
        limits: &EventLimits,
        issues: &mut Issues,
    ) -> Self {
        let mut data = Self::unread(bytes.into(), kind, content_type, in_body, limits);
        data.read(issues);
        data
    }

    /// As [`Self::from_bytes`], but JSON is parsed by [`Self::read`] later, or never.
    pub(super) fn unread(
        bytes: Bytes,
        kind: Option<DataKind>,
        content_type: Option<&str>,
        in_body: bool,
        limits: &EventLimits,
    ) -> Self {
        let media = content_type.map_or(Media::Octets, Media::of);
        let size = bytes.len();
        let is_framed = media.is_json() || matches!(media, Media::Avro | Media::Protobuf | Media::Octets);
        let framing = framing_of(&bytes).filter(|_| is_framed);
        let is_text = content_type.is_some_and(media::is_text) && std::str::from_utf8(&bytes).is_ok();
        let otherwise = kind.unwrap_or(if is_text { DataKind::Text } else { DataKind::Binary });
        let (kind, content) = if media.is_json() {
            let unread = Unread { bytes, max_depth: limits.json_depth, otherwise };
            (kind.unwrap_or(DataKind::Json), DataContent::Unread(unread))
        } else {
            (otherwise, DataContent::Binary(bytes.into()))
        };
        Self { kind, content, bytes: size, framing, broken: false, in_body: in_body && media.is_json(), media }
    }

    /// Parses JSON that has not been parsed, and reports what is wrong with it.
    pub(super) fn read(&mut self, issues: &mut Issues) {
        let DataContent::Unread(unread) = &mut self.content else { return };
        let (bytes, max_depth, otherwise) = (std::mem::take(&mut unread.bytes), unread.max_depth, unread.otherwise);
        let in_body = self.in_body;
        let place = |issue: Issue| if in_body { issue } else { issue.at(None) };
        // no JSON text begins with the bytes 0 or 1, as framing does
        let skip = self.framing.as_ref().map_or(0, Framing::len);
        match read_json(bytes.get(skip..).unwrap_or_default(), max_depth, skip) {
            Ok((value, found)) => {
                issues.extend(found.into_iter().map(place));
                self.content = DataContent::Json(value);
                self.in_body = in_body && skip == 0;
            }
            Err(issue) => {
                issues.push(place(*issue));
                (self.kind, self.content) = (otherwise, DataContent::Binary(bytes.into()));
                (self.broken, self.in_body) = (true, false);
            }
        }
    }

    /// Offers JSON that has not been parsed to a schema; `takes` gets the text and how deep it may be nested.
    fn offer(&mut self, takes: impl FnOnce(&str, usize) -> bool) -> bool {
        let DataContent::Unread(Unread { bytes, max_depth, .. }) = &self.content else { return false };
        let skip = self.framing.as_ref().map_or(0, Framing::len);
        let text = bytes.get(skip..).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let taken = text.is_some_and(|text| takes(text, *max_depth));
        if taken {
            self.content = DataContent::Accepted;
        }
        taken
    }

    /// Data in another encoding that JSON holds as a text (JSON event format, 3.1).
    pub(super) fn from_text(text: Box<str>, content_type: &str) -> Self {
        let media = Media::of(content_type);
        let bytes = text.len();
        let decoded =
            matches!(media, Media::Avro | Media::Protobuf | Media::Octets).then(|| STANDARD.decode(&*text).ok()).flatten();
        let framing = decoded.as_deref().and_then(framing_of);
        let content = DataContent::Text(text, decoded);
        Self { kind: DataKind::Text, content, bytes, framing, broken: false, in_body: false, media }
    }

    /// A JSON value inside an event of JSON.
    pub(super) fn from_json(value: json::Value, bytes: usize, content_type: Option<&str>) -> Self {
        let media = content_type.map_or(Media::Json, Media::of);
        Self {
            kind: DataKind::Json,
            content: DataContent::Json(value),
            bytes,
            framing: None,
            broken: false,
            in_body: true,
            media,
        }
    }
}

/// How JSON of events is read.
pub(super) fn read_options(max_depth: usize) -> ReadOptions {
    ReadOptions { comments: false, replace_lone_surrogates: true, max_depth }
}

/// The issue for data that is not JSON; `skip` bytes stand before the text.
pub(super) fn unreadable(error: &JsonError, code: &'static str, skip: usize) -> Issue {
    let offset = u32::try_from(error.offset() + skip).ok();
    match error {
        JsonError::TooDeep { limit, .. } => Issue::error(
            "limit.depth",
            format!("JSON is nested deeper than {limit} levels; the setting event-max-json-depth moves this limit"),
        ),
        error => Issue::error(code, format!("not JSON: {error}")),
    }
    .at(offset)
}

/// What is ambiguous about data, from the notes of its reader.
pub(super) fn ambiguities(notes: Notes, skip: u32) -> Vec<Issue> {
    let repeated = notes.duplicates.into_iter().map(|duplicate| {
        let message = format!("the member '{}' is there more than once", super::issue::cut(&duplicate.key));
        Issue::error("data.duplicate", message).at(Some(duplicate.offset.saturating_add(skip)))
    });
    let broken = notes
        .lone_surrogates
        .into_iter()
        .map(|offset| Issue::error("data.decode", "a string has an unpaired surrogate").at(Some(offset.saturating_add(skip))));
    // as many as are kept, and one that says that there are more
    repeated.chain(broken).take(KEPT + 1).collect()
}

fn read_json(bytes: &[u8], max_depth: usize, skip: usize) -> Result<(json::Value, Vec<Issue>), Box<Issue>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = u32::try_from(error.valid_up_to() + skip).ok();
        Box::new(Issue::error("data.decode", "not JSON: not UTF-8").at(offset))
    })?;
    let (value, notes) =
        json::read_data(text, read_options(max_depth)).map_err(|error| Box::new(unreadable(&error, "data.decode", skip)))?;
    Ok((value, ambiguities(notes, u32::try_from(skip).unwrap_or(u32::MAX))))
}

/// An event with everything that was noticed while it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// How it was encoded.
    pub mode: ContentMode,
    /// The attributes that could be read, extensions included, in the order they were sent.
    pub attributes: Vec<(Cow<'static, str>, AttributeValue)>,
    pub data: Option<EventData>,
    /// What is wrong.
    pub issues: Issues,
    /// What the record header `__value_schema_id` says (Kafka).
    pub record_schema: Option<Vec<u8>>,
    /// A record without a value, which needs none.
    pub is_tombstone: bool,
    /// `dataschema` was sent, whether or not it could be read.
    pub has_dataschema: bool,
    /// The text that offsets are in, where it is not the body of the request (Kafka).
    pub(super) source: Option<Vec<u8>>,
}

impl Envelope {
    pub(super) fn new(mode: ContentMode) -> Self {
        Self {
            mode,
            // as many as most events have
            attributes: Vec::with_capacity(8),
            data: None,
            issues: Issues::default(),
            record_schema: None,
            is_tombstone: false,
            has_dataschema: false,
            source: None,
        }
    }

    /// An envelope for input that is no event, with the reason.
    pub(super) fn refused(mode: ContentMode, issue: Issue) -> Self {
        let mut envelope = Self::new(mode);
        envelope.issues.push(issue);
        envelope
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name).and_then(AttributeValue::as_text)
    }

    /// Bytes of data that the front end left unread.
    pub fn unread_bytes(&self) -> usize {
        let unread = |data: &EventData| if let DataContent::Unread(unread) = &data.content { unread.bytes.len() } else { 0 };
        self.data.as_ref().map_or(0, unread)
    }

    /// Reads data that the front end left unread.
    pub fn read_data(&mut self) {
        if let Some(data) = &mut self.data {
            data.read(&mut self.issues);
        }
    }

    /// Data that the front end left unread is offered to a schema as text, with the depth to which it may be nested. When the
    /// schema takes it, it is never read.
    pub fn offer_data(&mut self, takes: impl FnOnce(&str, usize) -> bool) -> bool {
        self.data.as_mut().is_some_and(|data| data.offer(takes))
    }

    /// Whether there is an event at all.
    pub fn is_event(&self) -> bool {
        !self.attributes.is_empty()
    }
}
