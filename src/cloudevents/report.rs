//! What is said about events: the body of `/cloudevents/validate`.

use serde_json::{Map, Value, json};

use super::data::{Framing, Judgement, Named, SchemaFacts};
use super::event::{Envelope, Scalar};
use super::issue::{Issue, Issues, Strictness};
use crate::types::SchemaType;

/// An event that has been judged.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The event, with everything that was noticed.
    pub envelope: Envelope,
    /// The schema that was used, or named.
    pub schema: Option<SchemaFacts>,
    /// What became of the data.
    pub judgement: Judgement,
}

impl Verdict {
    /// Whether the event is valid.
    #[must_use]
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
        issue.position = Some((line, column));
    }
}

fn put(out: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), value.into());
    }
}

fn issue(issue: &Issue) -> Value {
    let mut out = Map::new();
    out.insert("code".into(), issue.code.as_ref().into());
    put(&mut out, "attribute", issue.attribute.as_deref());
    put(&mut out, "pointer", issue.pointer.as_deref());
    put(&mut out, "keyword", issue.keyword.as_deref());
    put(&mut out, "schema_pointer", issue.schema_pointer.as_deref());
    put(&mut out, "schema", issue.schema.as_deref());
    out.insert("message".into(), issue.message.as_str().into());
    put(&mut out, "value", issue.value.as_deref());
    put(&mut out, "hint", issue.hint.as_deref());
    if let Some((line, column)) = issue.position {
        out.insert("line".into(), line.into());
        out.insert("column".into(), column.into());
    }
    Value::Object(out)
}

fn attributes(envelope: &Envelope) -> Value {
    let one = |(name, value): &(Box<str>, Scalar)| {
        let value = match value {
            Scalar::Text(text) => Value::from(&**text),
            Scalar::Bool(flag) => Value::from(*flag),
            Scalar::Integer(number) => Value::from(*number),
        };
        (name.to_string(), value)
    };
    Value::Object(envelope.attributes.iter().map(one).collect())
}

fn schema(facts: &SchemaFacts) -> Value {
    let mut out = Map::new();
    out.insert("resolved_by".into(), facts.resolved_by.into());
    put(&mut out, "subject", facts.subject.as_deref());
    if let Some(version) = facts.version {
        out.insert("version".into(), version.into());
    }
    if let Some(id) = facts.id {
        out.insert("id".into(), id.into());
    }
    put(&mut out, "guid", facts.guid.map(|guid| guid.to_string()).as_deref());
    put(&mut out, "schemaType", facts.schema_type.map(SchemaType::as_str));
    put(&mut out, "url", facts.url.as_deref());
    Value::Object(out)
}

fn framing(judgement: &Judgement) -> Value {
    let mut out = match judgement.framing {
        Some(Framing { named: Named::Id(id) }) => json!({ "magic": 0, "id": id }),
        Some(Framing { named: Named::Guid(guid) }) => json!({ "magic": 1, "guid": guid.to_string() }),
        None => match judgement.fingerprint {
            Some(fingerprint) => json!({ "fingerprint": format!("{fingerprint:016x}") }),
            None => return Value::Null,
        },
    };
    if let (Some(indexes), Some(map)) = (&judgement.message_indexes, out.as_object_mut()) {
        map.insert("message_indexes".into(), indexes.clone().into());
    }
    out
}

fn data(verdict: &Verdict) -> Value {
    let judgement = &verdict.judgement;
    let data = verdict.envelope.data.as_ref();
    let mut out = json!({
        "present": data.is_some(),
        "kind": data.map(|data| data.kind.word()),
        "checked": judgement.checked,
        "decoded_as": judgement.decoded_as,
        "bytes": data.map_or(0, |data| data.bytes),
        "framing": framing(judgement),
    });
    if let (Some(message), Some(map)) = (&judgement.message, out.as_object_mut()) {
        map.insert("message".into(), message.as_str().into());
    }
    out
}

/// Errors and warnings under a strictness.
fn split(issues: &Issues, strictness: Strictness) -> (Vec<Value>, Vec<Value>) {
    let (errors, warnings): (Vec<&Issue>, Vec<&Issue>) = issues.list().iter().partition(|issue| issue.fails(strictness));
    (errors.into_iter().map(issue).collect(), warnings.into_iter().map(issue).collect())
}

fn body(verdict: &Verdict, strictness: Strictness) -> Map<String, Value> {
    let (errors, warnings) = split(&verdict.envelope.issues, strictness);
    let mut out = Map::new();
    out.insert("strictness".into(), strictness.word().into());
    out.insert("event".into(), attributes(&verdict.envelope));
    out.insert("schema".into(), verdict.schema.as_ref().map_or(Value::Null, schema));
    out.insert("data".into(), data(verdict));
    out.insert("errors".into(), errors.into());
    out.insert("warnings".into(), warnings.into());
    if verdict.envelope.issues.truncated || verdict.judgement.truncated {
        out.insert("truncated".into(), true.into());
    }
    out
}

/// The report on one event. Places count in `text`, unless the event brought a text of its own.
#[must_use]
pub fn report(mut verdict: Verdict, text: Option<&str>, strictness: Strictness) -> Value {
    if let Some(text) = text {
        locate(text, &mut [&mut verdict.envelope.issues]);
    }
    verdict.locate_own();
    let mut out = Map::new();
    out.insert("valid".into(), verdict.is_valid(strictness).into());
    out.insert("mode".into(), verdict.envelope.mode.word().into());
    out.extend(body(&verdict, strictness));
    Value::Object(out)
}

/// The report on several events; what is wrong with the batch itself stands at the top.
#[must_use]
pub fn batch_report(mut verdicts: Vec<Verdict>, mut own: Issues, text: Option<&str>, strictness: Strictness) -> Value {
    if let Some(text) = text {
        let mut all: Vec<&mut Issues> = verdicts.iter_mut().map(|verdict| &mut verdict.envelope.issues).collect();
        all.push(&mut own);
        locate(text, &mut all);
    }
    let mut valid = own.pass(strictness);
    let mut events = Vec::with_capacity(verdicts.len());
    for (index, mut verdict) in verdicts.into_iter().enumerate() {
        verdict.locate_own();
        valid &= verdict.is_valid(strictness);
        let mut one = Map::new();
        one.insert("index".into(), index.into());
        one.insert("valid".into(), verdict.is_valid(strictness).into());
        one.extend(body(&verdict, strictness));
        events.push(Value::Object(one));
    }
    let mut out = Map::new();
    out.insert("valid".into(), valid.into());
    out.insert("mode".into(), "batched".into());
    let (errors, warnings) = split(&own, strictness);
    for (key, issues) in [("errors", errors), ("warnings", warnings)] {
        if !issues.is_empty() {
            out.insert(key.into(), issues.into());
        }
    }
    out.insert("events".into(), events.into());
    Value::Object(out)
}
