//! What is said about events: the body of `/cloudevents/validate`.

use std::borrow::Cow;
use std::io;

use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use serde_json::value::RawValue;

use super::event::{AttributeValue, Envelope};
use super::framing::{Framing, WriterId};
use super::issue::{Issue, IssuePosition, Issues, Strictness};
use super::judge::{Judgement, SchemaFacts};
use crate::types::{Guid, SchemaId};

/// An event that has been judged.
#[derive(Debug, Clone)]
pub struct EventVerdict {
    /// The event, with everything that was noticed.
    pub envelope: Envelope,
    /// The schema that was used, or named.
    pub schema: Option<SchemaFacts>,
    /// What became of the data.
    pub judgement: Judgement,
}

impl EventVerdict {
    /// Whether the event is valid.
    pub fn is_valid(&self, strictness: Strictness) -> bool {
        self.envelope.issues.pass(strictness)
    }

    /// Counts lines and columns of what is wrong, where the text is not the body of the request.
    fn locate_own(&mut self) {
        if let Some(source) = self.envelope.source.take() {
            locate(&String::from_utf8_lossy(&source), &mut [&mut self.envelope.issues]);
        }
    }
}

/// Turns offsets into lines and columns: one walk over the text, however many issues there are.
pub fn locate(text: &str, issues: &mut [&mut Issues]) {
    let mut wanted: Vec<&mut Issue> =
        issues.iter_mut().flat_map(|issues| issues.list_mut()).filter(|issue| issue.offset.is_some()).collect();
    wanted.sort_by_key(|issue| issue.offset);
    let (mut line, mut column) = (1_u32, 1_u32);
    let mut characters = text.char_indices().peekable();
    for issue in wanted {
        let offset = issue.offset.unwrap_or(0) as usize;
        while let Some((_, c)) = characters.next_if(|(at, _)| *at < offset) {
            if c == '\n' {
                (line, column) = (line.saturating_add(1), 1);
            } else {
                column = column.saturating_add(1);
            }
        }
        issue.position = Some(IssuePosition { line, column });
    }
}

/// The body of a report on one event, or one of the `events` in a report on several.
#[derive(Serialize)]
struct EventReport<'r> {
    /// The place in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    valid: bool,
    /// In a batch it stands at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    strictness: &'static str,
    #[serde(serialize_with = "as_object")]
    event: &'r [(Cow<'static, str>, AttributeValue)],
    schema: Option<&'r SchemaFacts>,
    data: DataReport<'r>,
    errors: Vec<&'r Issue>,
    warnings: Vec<&'r Issue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

/// What became of the data.
#[derive(Serialize)]
struct DataReport<'r> {
    present: bool,
    kind: Option<&'static str>,
    checked: bool,
    decoded_as: Option<&'static str>,
    bytes: usize,
    framing: Option<FramingReport<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoded: Option<&'r RawValue>,
}

/// What was before the data: Confluent's framing, or that of Avro's single objects.
#[derive(Default, Serialize)]
struct FramingReport<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    magic: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<SchemaId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guid: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_indexes: Option<&'r [i32]>,
}

#[derive(Serialize)]
struct BatchReport<'r> {
    valid: bool,
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<&'r Issue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'r Issue>,
    events: Vec<EventReport<'r>>,
}

fn as_object<S: Serializer>(attributes: &[(Cow<'static, str>, AttributeValue)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(attributes.iter().map(|(name, value)| (name, value)))
}

/// The issues that are errors under a strictness, or those that are not.
fn issues(issues: &Issues, strictness: Strictness, errors: bool) -> Vec<&Issue> {
    issues.list().iter().filter(|issue| issue.fails(strictness) == errors).collect()
}

impl<'r> FramingReport<'r> {
    fn new(judgement: &'r Judgement) -> Option<Self> {
        let base = Self { message_indexes: judgement.message_indexes.as_deref(), ..Self::default() };
        match (judgement.framing, judgement.fingerprint) {
            (Some(Framing { writer: WriterId::Id(id) }), _) => Some(Self { magic: Some(0), id: Some(id), ..base }),
            (Some(Framing { writer: WriterId::Guid(guid) }), _) => Some(Self { magic: Some(1), guid: Some(guid), ..base }),
            (None, Some(fingerprint)) => Some(Self { fingerprint: Some(format!("{fingerprint:016x}")), ..base }),
            (None, None) => None,
        }
    }
}

impl<'r> EventReport<'r> {
    fn new(verdict: &'r EventVerdict, strictness: Strictness) -> Self {
        let EventVerdict { envelope, schema, judgement } = verdict;
        let data = envelope.data.as_ref();
        Self {
            index: None,
            valid: verdict.is_valid(strictness),
            mode: None,
            strictness: strictness.word(),
            event: &envelope.attributes,
            schema: schema.as_ref(),
            data: DataReport {
                present: data.is_some(),
                kind: data.map(|data| data.kind.word()),
                checked: judgement.checked,
                decoded_as: judgement.decoded_as,
                bytes: data.map_or(0, |data| data.bytes),
                framing: FramingReport::new(judgement),
                message: judgement.message.as_deref(),
                decoded: judgement.decoded.as_deref().and_then(|json| serde_json::from_str(json).ok()),
            },
            errors: issues(&envelope.issues, strictness, true),
            warnings: issues(&envelope.issues, strictness, false),
            truncated: envelope.issues.truncated || judgement.truncated,
        }
    }
}

/// Writes control characters in upper-case digits, as the reader of schemas does.
struct UpperCaseEscapes;

impl Formatter for UpperCaseEscapes {
    fn write_char_escape<W: io::Write + ?Sized>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04X}"),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

fn to_json(report: &impl Serialize, room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(room);
    // neither writing to memory fails, nor are there keys that are no texts
    let _ = report.serialize(&mut serde_json::Serializer::with_formatter(&mut out, UpperCaseEscapes));
    out
}

/// A report: whether all is valid, and the JSON that says so and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedReport {
    /// The event is valid; for a batch, all events and the batch itself.
    pub valid: bool,
    /// The text, in UTF-8.
    pub json: Vec<u8>,
}

/// The report on one event. Places count in `text`, unless the event brought a text of its own.
pub fn report(mut verdict: EventVerdict, text: Option<&str>, strictness: Strictness) -> RenderedReport {
    if let Some(text) = text {
        locate(text, &mut [&mut verdict.envelope.issues]);
    }
    verdict.locate_own();
    let mode = Some(verdict.envelope.mode.word());
    let report = EventReport { mode, ..EventReport::new(&verdict, strictness) };
    RenderedReport { valid: report.valid, json: to_json(&report, 1024) }
}

/// The report on several events; what is wrong with the batch itself stands at the top.
pub fn batch_report(
    mut verdicts: Vec<EventVerdict>,
    mut own: Issues,
    text: Option<&str>,
    strictness: Strictness,
) -> RenderedReport {
    if let Some(text) = text {
        let mut all: Vec<&mut Issues> = verdicts.iter_mut().map(|verdict| &mut verdict.envelope.issues).collect();
        all.push(&mut own);
        locate(text, &mut all);
    }
    verdicts.iter_mut().for_each(EventVerdict::locate_own);
    let events: Vec<_> = verdicts.iter().map(|verdict| EventReport::new(verdict, strictness)).collect();
    let report = BatchReport {
        valid: own.pass(strictness) && events.iter().all(|event| event.valid),
        mode: "batched",
        errors: issues(&own, strictness, true),
        warnings: issues(&own, strictness, false),
        events: events.into_iter().enumerate().map(|(at, event)| EventReport { index: Some(at), ..event }).collect(),
    };
    RenderedReport { valid: report.valid, json: to_json(&report, 1024 * verdicts.len()) }
}
