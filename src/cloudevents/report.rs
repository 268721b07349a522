//! What is said about events: the body of `/cloudevents/validate`.

use std::fmt::{Display, Write as _};

use super::data::{Framing, Judgement, Named, SchemaFacts};
use super::event::{Envelope, Scalar};
use super::issue::{Issue, Issues, Strictness};
use crate::schema::json::write_string;
use crate::types::{Guid, SchemaType};

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

/// A report on its way into text, written once from front to back.
struct Writer(String);

impl Writer {
    /// A key, and a comma before it where something stands before it.
    fn key(&mut self, key: &str) {
        self.0.push_str(if self.is_open() { "\"" } else { ",\"" });
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    /// Whether nothing stands yet in the innermost object or array.
    fn is_open(&self) -> bool {
        matches!(self.0.as_bytes().last(), Some(b'{' | b'['))
    }

    fn comma(&mut self) {
        if !self.is_open() {
            self.0.push(',');
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        write_string(&mut self.0, value);
    }

    fn some_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn number(&mut self, key: &str, value: impl itoa::Integer) {
        self.key(key);
        self.0.push_str(itoa::Buffer::new().format(value));
    }

    /// A word that JSON knows, or a value that is JSON as it is shown.
    fn word(&mut self, key: &str, value: impl Display) {
        self.key(key);
        // writing to a string does not fail
        let _ = write!(self.0, "{value}");
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn object(&mut self, key: &str, members: impl FnOnce(&mut Self)) {
        self.key(key);
        self.0.push('{');
        members(self);
        self.0.push('}');
    }

    fn issue(&mut self, issue: &Issue) {
        self.comma();
        self.0.push('{');
        self.text("code", &issue.code);
        self.some_text("attribute", issue.attribute.as_deref());
        self.some_text("pointer", issue.pointer.as_deref());
        self.some_text("keyword", issue.keyword.as_deref());
        self.some_text("schema_pointer", issue.schema_pointer.as_deref());
        self.some_text("schema", issue.schema.as_deref());
        self.text("message", &issue.message);
        self.some_text("value", issue.value.as_deref());
        self.some_text("hint", issue.hint.as_deref());
        if let Some((line, column)) = issue.position {
            self.number("line", line);
            self.number("column", column);
        }
        self.0.push('}');
    }

    /// The issues that are errors under a strictness, or those that are not.
    fn issues(&mut self, key: &str, issues: &Issues, strictness: Strictness, errors: bool) {
        self.key(key);
        self.0.push('[');
        for issue in issues.list().iter().filter(|issue| issue.fails(strictness) == errors) {
            self.issue(issue);
        }
        self.0.push(']');
    }

    fn attributes(&mut self, envelope: &Envelope) {
        for (name, value) in &envelope.attributes {
            match value {
                Scalar::Text(text) => self.text(name, text),
                Scalar::Bool(flag) => self.flag(name, *flag),
                Scalar::Integer(number) => self.number(name, *number),
            }
        }
    }

    fn schema(&mut self, facts: &SchemaFacts) {
        self.text("resolved_by", facts.resolved_by);
        self.some_text("subject", facts.subject.as_deref());
        if let Some(version) = facts.version {
            self.number("version", version);
        }
        if let Some(id) = facts.id {
            self.number("id", id);
        }
        if let Some(guid) = facts.guid {
            self.text("guid", guid.write(&mut Guid::buffer()));
        }
        self.some_text("schemaType", facts.schema_type.map(SchemaType::as_str));
        self.some_text("url", facts.url.as_deref());
    }

    /// What was before the data.
    fn framing(&mut self, judgement: &Judgement) {
        if judgement.framing.is_none() && judgement.fingerprint.is_none() {
            return self.word("framing", "null");
        }
        self.object("framing", |out| {
            match (judgement.framing, judgement.fingerprint) {
                (Some(Framing { named: Named::Id(id) }), _) => {
                    out.number("magic", 0);
                    out.number("id", id);
                }
                (Some(Framing { named: Named::Guid(guid) }), _) => {
                    out.number("magic", 1);
                    out.text("guid", guid.write(&mut Guid::buffer()));
                }
                (None, Some(fingerprint)) => out.text("fingerprint", &format!("{fingerprint:016x}")),
                (None, None) => {}
            }
            if let Some(indexes) = &judgement.message_indexes {
                out.word("message_indexes", serde_json::Value::from(indexes.clone()));
            }
        });
    }

    /// What became of the data.
    fn data(&mut self, verdict: &Verdict) {
        let (judgement, data) = (&verdict.judgement, verdict.envelope.data.as_ref());
        self.flag("present", data.is_some());
        match data {
            Some(data) => self.text("kind", data.kind.word()),
            None => self.word("kind", "null"),
        }
        self.flag("checked", judgement.checked);
        match judgement.decoded_as {
            Some(encoding) => self.text("decoded_as", encoding),
            None => self.word("decoded_as", "null"),
        }
        self.number("bytes", data.map_or(0, |data| data.bytes));
        self.framing(judgement);
        self.some_text("message", judgement.message.as_deref());
    }

    fn verdict(&mut self, verdict: &Verdict, strictness: Strictness) {
        let issues = &verdict.envelope.issues;
        self.text("strictness", strictness.word());
        self.object("event", |out| out.attributes(&verdict.envelope));
        match &verdict.schema {
            Some(facts) => self.object("schema", |out| out.schema(facts)),
            None => self.word("schema", "null"),
        }
        self.object("data", |out| out.data(verdict));
        self.issues("errors", issues, strictness, true);
        self.issues("warnings", issues, strictness, false);
        if issues.truncated || verdict.judgement.truncated {
            self.flag("truncated", true);
        }
    }
}

/// A report: whether all is valid, and the JSON that says so and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The event is valid; for a batch, all events and the batch itself.
    pub valid: bool,
    /// The text.
    pub json: String,
}

/// The report on one event. Places count in `text`, unless the event brought a text of its own.
#[must_use]
pub fn report(mut verdict: Verdict, text: Option<&str>, strictness: Strictness) -> Report {
    if let Some(text) = text {
        locate(text, &mut [&mut verdict.envelope.issues]);
    }
    verdict.locate_own();
    let valid = verdict.is_valid(strictness);
    let mut out = Writer(String::with_capacity(1024));
    out.0.push('{');
    out.flag("valid", valid);
    out.text("mode", verdict.envelope.mode.word());
    out.verdict(&verdict, strictness);
    out.0.push('}');
    Report { valid, json: out.0 }
}

/// The report on several events; what is wrong with the batch itself stands at the top.
#[must_use]
pub fn batch_report(mut verdicts: Vec<Verdict>, mut own: Issues, text: Option<&str>, strictness: Strictness) -> Report {
    if let Some(text) = text {
        let mut all: Vec<&mut Issues> = verdicts.iter_mut().map(|verdict| &mut verdict.envelope.issues).collect();
        all.push(&mut own);
        locate(text, &mut all);
    }
    let mut valid = own.pass(strictness);
    for verdict in &mut verdicts {
        verdict.locate_own();
        valid &= verdict.is_valid(strictness);
    }
    let mut out = Writer(String::with_capacity(1024 * verdicts.len()));
    out.0.push('{');
    out.flag("valid", valid);
    out.text("mode", "batched");
    for (key, errors) in [("errors", true), ("warnings", false)] {
        if own.list().iter().any(|issue| issue.fails(strictness) == errors) {
            out.issues(key, &own, strictness, errors);
        }
    }
    out.key("events");
    out.0.push('[');
    for (index, verdict) in verdicts.iter().enumerate() {
        out.comma();
        out.0.push('{');
        out.number("index", index);
        out.flag("valid", verdict.is_valid(strictness));
        out.verdict(verdict, strictness);
        out.0.push('}');
    }
    out.0.push_str("]}");
    Report { valid, json: out.0 }
}
