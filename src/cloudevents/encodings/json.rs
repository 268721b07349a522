//! Events of JSON: structured and batched (JSON event format).

use std::collections::HashMap;

use crate::cloudevents::attributes::{EnvelopeBuilder, REQUIRED, RawAttribute};
use crate::cloudevents::event::{DataKind, Envelope, EventData, ambiguities, read_options, unreadable};
use crate::cloudevents::issue::{Issue, cut};
use crate::cloudevents::limits::EventSettings;
use crate::cloudevents::media::ContentMode;
use crate::cloudevents::media::Media;
use crate::schema::json::{self, JsonKind, Member, Notes, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Reads one event. Its place in `body` is what offsets count in.
pub fn parse_structured(body: &[u8], settings: &EventSettings) -> Envelope {
    match read(body, settings.limits.json_depth + 1) {
        Ok((text, value, notes)) => event(text, value, &mut Ambiguous::new(notes), settings),
        Err(issue) => Envelope::refused(ContentMode::Structured, *issue),
    }
}

/// Reads a batch.
///
/// # Errors
/// The body is no batch: what is wrong with it.
pub fn parse_batch(body: &[u8], settings: &EventSettings) -> Result<Vec<Envelope>, Box<Issue>> {
    let (text, value, notes) = read(body, settings.limits.json_depth + 2)?;
    let kind = kind_of(&value);
    let JsonKind::Array(items) = value.kind else {
        let hint = (kind == "an object").then(|| "send a single event as application/cloudevents+json".to_owned());
        return Err(Box::new(Issue::error("batch.shape", format!("a batch must be a JSON array, not {kind}")).hint(hint)));
    };
    let limit = settings.limits.batch_events;
    if items.len() > limit {
        let message = format!("{} events; the setting event-max-batch-events allows {limit}", items.len());
        return Err(Box::new(Issue::error("limit.events", message)));
    }
    let mut ambiguous = Ambiguous::new(notes);
    Ok(items.into_iter().map(|item| event(text, item, &mut ambiguous, settings)).collect())
}

fn read(body: &[u8], max_depth: usize) -> Result<(&str, Value, Notes), Box<Issue>> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let offset = u32::try_from(error.valid_up_to()).ok();
        Box::new(Issue::error("envelope.json", "the body is not JSON: not UTF-8").at(offset))
    })?;
    if text.trim().is_empty() {
        return Err(Box::new(Issue::error("envelope.json", "the body is empty")));
    }
    let (value, notes) =
        json::read_data(text, read_options(max_depth)).map_err(|error| Box::new(unreadable(&error, "envelope.json", 0)))?;
    Ok((text, value, notes))
}

/// The notes of a text, by the object that they are about.
struct Ambiguous {
    duplicates: HashMap<u32, Vec<json::Duplicate>>,
    notes: Notes,
}

impl Ambiguous {
    fn new(mut notes: Notes) -> Self {
        notes.duplicates.sort_by_key(|duplicate| duplicate.offset);
        notes.lone_surrogates.sort_unstable();
        let mut duplicates: HashMap<u32, Vec<json::Duplicate>> = HashMap::new();
        for duplicate in &notes.duplicates {
            duplicates.entry(duplicate.object).or_default().push(duplicate.clone());
        }
        Self { duplicates, notes }
    }

    fn is_broken(&self, offset: u32) -> bool {
        self.notes.lone_surrogates.binary_search(&offset).is_ok()
    }

    /// What is ambiguous between two offsets.
    fn inside(&self, from: u32, to: u32) -> Notes {
        let duplicates = &self.notes.duplicates;
        let first = duplicates.partition_point(|duplicate| duplicate.offset < from);
        let duplicates = duplicates.get(first..).unwrap_or_default().iter().take_while(|d| d.offset < to);
        let surrogates = &self.notes.lone_surrogates;
        let first = surrogates.partition_point(|offset| *offset < from);
        let surrogates = surrogates.get(first..).unwrap_or_default().iter().take_while(|offset| **offset < to);
        Notes { duplicates: duplicates.cloned().collect(), lone_surrogates: surrogates.copied().collect() }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match &value.kind {
        JsonKind::Null => "null",
        JsonKind::Bool(_) => "a boolean",
        JsonKind::Number(_) => "a number",
        JsonKind::String(_) => "a string",
        JsonKind::Array(_) => "an array",
        JsonKind::Object(_) => "an object",
    }
}

fn event(text: &str, value: Value, ambiguous: &mut Ambiguous, settings: &EventSettings) -> Envelope {
    let (offset, kind) = (value.offset, kind_of(&value));
    let JsonKind::Object(object) = value.kind else {
        let hint = (kind == "an array").then(|| "send a batch as application/cloudevents-batch+json".to_owned());
        let issue = Issue::error("envelope.shape", format!("an event must be a JSON object, not {kind}"));
        return Envelope::refused(ContentMode::Structured, issue.at(Some(offset)).hint(hint));
    };
    let members = object.into_members();
    if !members.iter().any(|member| REQUIRED.contains(&&*member.key)) {
        return Envelope::refused(ContentMode::Structured, no_event(&members).at(Some(offset)));
    }
    let mut builder = EnvelopeBuilder::new(settings, ContentMode::Structured);
    let duplicates = ambiguous.duplicates.remove(&offset).unwrap_or_default();
    let (mut data, mut base64) = (None, None);
    for member in members {
        let repeated = duplicates.iter().find(|duplicate| duplicate.key == member.key);
        match (&*member.key, repeated) {
            ("data" | "data_base64", Some(duplicate)) => {
                let message = format!("'{}' is there more than once", member.key);
                builder.issue(Issue::error("envelope.data_conflict", message).at(Some(duplicate.offset)));
            }
            (key, Some(duplicate)) => builder.repeated(key, Some(duplicate.offset)),
            ("data", None) => data = Some(member),
            ("data_base64", None) => base64 = Some(member).filter(|member| member.value.kind != JsonKind::Null),
            (key, None) => {
                let raw = match &member.value.kind {
                    // unset
                    JsonKind::Null => continue,
                    JsonKind::String(_) if ambiguous.is_broken(member.value.offset) => RawAttribute::BrokenText,
                    JsonKind::String(text) => RawAttribute::Text(text),
                    JsonKind::Bool(flag) => RawAttribute::Bool(*flag),
                    JsonKind::Number(text) => RawAttribute::Number(text),
                    JsonKind::Array(_) => RawAttribute::Other("an array"),
                    JsonKind::Object(_) => RawAttribute::Other("an object"),
                };
                builder.set(key, raw, Some(member.value.offset));
            }
        }
    }
    match (data, base64) {
        (Some(data), None) => plain(text, data, &mut builder, ambiguous),
        (None, Some(data)) => encoded(&data.value, &mut builder, settings),
        (Some(_), Some(second)) => {
            let issue = Issue::error("envelope.data_conflict", "an event has 'data' or 'data_base64', not both");
            builder.issue(issue.at(Some(second.key_offset)));
        }
        (None, None) => {}
    }
    builder.finish()
}

/// The member `data`.
fn plain(text: &str, member: Member, builder: &mut EnvelopeBuilder<'_>, ambiguous: &Ambiguous) {
    let start = member.value.offset;
    let end = json::end_of(text, start as usize);
    let inside = ambiguous.inside(start, u32::try_from(end).unwrap_or(u32::MAX));
    for issue in ambiguities(inside, 0) {
        builder.issue(issue);
    }
    let content_type = builder.envelope.text("datacontenttype").map(str::to_owned);
    // a type that can't be read says nothing
    let is_json = content_type.as_deref().is_none_or(|text| Media::of(text).is_json());
    let kind = kind_of(&member.value);
    builder.envelope.data = match (member.value, content_type) {
        (value, content_type) if is_json => Some(EventData::from_json(value, end - start as usize, content_type.as_deref())),
        (Value { kind: JsonKind::String(text), .. }, Some(content_type)) => Some(EventData::from_text(text, &content_type)),
        (_, content_type) => {
            let content_type = cut(&content_type.unwrap_or_default());
            let message = format!("data is {kind}; with datacontenttype {content_type} it must be a string, or data_base64");
            builder.issue(Issue::error("data.content_type_mismatch", message).at(Some(start)));
            None
        }
    };
}

/// The member `data_base64`.
fn encoded(value: &Value, builder: &mut EnvelopeBuilder<'_>, settings: &EventSettings) {
    let wrong = |message: String| Issue::error("data.base64", message).at(Some(value.offset));
    let Some(text) = value.as_str() else {
        builder.issue(wrong(format!("data_base64 must be a string, not {}", kind_of(value))));
        return;
    };
    match STANDARD.decode(text) {
        Ok(bytes) => {
            let content_type = builder.envelope.text("datacontenttype").map(str::to_owned);
            let issues = &mut builder.envelope.issues;
            let kind = Some(DataKind::Binary);
            let data = EventData::from_bytes(bytes, kind, content_type.as_deref(), false, &settings.limits, issues);
            builder.envelope.data = Some(data);
        }
        Err(error) => builder.issue(wrong(format!("data_base64 is not base64 (RFC 4648, section 4, with padding): {error}"))),
    }
}

/// An object that has nothing of an event, with advice when it looks like something else.
fn no_event(members: &[Member]) -> Issue {
    let has = |name: &str| members.iter().any(|member| &*member.key == name);
    let close = members.iter().find(|member| {
        let lower = member.key.to_ascii_lowercase();
        *lower != *member.key && REQUIRED.contains(&&*lower)
    });
    let hint = if has("eventType") && (has("eventTime") || has("topic") || has("dataVersion")) {
        Some("this looks like the Event Grid schema; set the topic's delivery schema to CloudEvents 1.0".to_owned())
    } else if has("cloudEventsVersion") || has("eventTypeVersion") || has("eventID") {
        Some("this looks like CloudEvents 0.1; send specversion 1.0".to_owned())
    } else {
        let lower = |member: &Member| member.key.to_ascii_lowercase();
        close.map(|member| format!("names of attributes are lower case: '{}' instead of '{}'", lower(member), cut(&member.key)))
    };
    Issue::error("not_a_cloudevent", "the object has none of the attributes specversion, id, source and type").hint(hint)
}

/// The same for a body of JSON that was sent without saying that it is an event.
pub(super) fn advice_for_plain_json(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let value = json::read(text, read_options(64)).ok()?;
    match value.kind {
        JsonKind::Object(object) if object.get("specversion").is_some() => {
            Some("the body looks like an event: send it with Content-Type: application/cloudevents+json".to_owned())
        }
        JsonKind::Object(object) => no_event(object.members()).hint,
        JsonKind::Array(items) if items.iter().any(|item| item.as_object().is_some_and(|o| o.get("specversion").is_some())) => {
            Some("the body looks like a batch: send it with Content-Type: application/cloudevents-batch+json".to_owned())
        }
        JsonKind::Array(items) => no_event(items.first()?.as_object()?.members()).hint,
        _ => None,
    }
}
