//! What is said about events: the body of `/cloudevents/validate`.

use std::fmt::Display;

use serde::ser::{Serialize, SerializeMap, Serializer};

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

/// Writes an object, member by member; what is not there is left out.
struct Members<M>(M);

impl<M: SerializeMap> Members<M> {
    fn put(&mut self, key: &'static str, value: &(impl Serialize + ?Sized)) -> Result<(), M::Error> {
        self.0.serialize_entry(key, value)
    }

    fn put_some(&mut self, key: &'static str, value: Option<&(impl Serialize + ?Sized)>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.put(key, value))
    }
}

fn members<S: Serializer>(serializer: S) -> Result<Members<S::SerializeMap>, S::Error> {
    serializer.serialize_map(None).map(Members)
}

impl Serialize for Issue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = members(serializer)?;
        out.put("code", &*self.code)?;
        out.put_some("attribute", self.attribute.as_deref())?;
        out.put_some("pointer", self.pointer.as_deref())?;
        out.put_some("keyword", self.keyword.as_deref())?;
        out.put_some("schema_pointer", self.schema_pointer.as_deref())?;
        out.put_some("schema", self.schema.as_deref())?;
        out.put("message", &*self.message)?;
        out.put_some("value", self.value.as_deref())?;
        out.put_some("hint", self.hint.as_deref())?;
        if let Some((line, column)) = &self.position {
            out.put("line", line)?;
            out.put("column", column)?;
        }
        out.0.end()
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Integer(number) => serializer.serialize_i32(*number),
        }
    }
}

impl Serialize for SchemaFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = members(serializer)?;
        out.put("resolved_by", self.resolved_by)?;
        out.put_some("subject", self.subject.as_deref())?;
        out.put_some("version", self.version.as_ref())?;
        out.put_some("id", self.id.as_ref())?;
        out.put_some("guid", self.guid.map(Shown).as_ref())?;
        out.put_some("schemaType", self.schema_type.map(SchemaType::as_str))?;
        out.put_some("url", self.url.as_deref())?;
        out.0.end()
    }
}

/// Serialized as it is displayed.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An attribute after the other.
struct Attributes<'e>(&'e Envelope);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.attributes.iter().map(|(name, value)| (name, value)))
    }
}

/// What was before the data.
struct Framed<'j>(&'j Judgement);

impl Serialize for Framed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let judgement = self.0;
        if judgement.framing.is_none() && judgement.fingerprint.is_none() {
            return serializer.serialize_unit();
        }
        let mut out = members(serializer)?;
        match judgement.framing {
            Some(Framing { named: Named::Id(id) }) => {
                out.put("magic", &0)?;
                out.put("id", &id)?;
            }
            Some(Framing { named: Named::Guid(guid) }) => {
                out.put("magic", &1)?;
                out.put("guid", &Shown(guid))?;
            }
            None => out.put_some("fingerprint", judgement.fingerprint.map(|number| format!("{number:016x}")).as_deref())?,
        }
        out.put_some("message_indexes", judgement.message_indexes.as_deref())?;
        out.0.end()
    }
}

/// What became of the data.
struct DataFacts<'v>(&'v Verdict);

impl Serialize for DataFacts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (judgement, data) = (&self.0.judgement, self.0.envelope.data.as_ref());
        let mut out = members(serializer)?;
        out.put("present", &data.is_some())?;
        out.put("kind", &data.map(|data| data.kind.word()))?;
        out.put("checked", &judgement.checked)?;
        out.put("decoded_as", &judgement.decoded_as)?;
        out.put("bytes", &data.map_or(0, |data| data.bytes))?;
        out.put("framing", &Framed(judgement))?;
        out.put_some("message", judgement.message.as_deref())?;
        out.0.end()
    }
}

/// The issues that are errors under a strictness, or those that are not.
struct Which<'i> {
    issues: &'i Issues,
    strictness: Strictness,
    errors: bool,
}

impl Which<'_> {
    fn iter(&self) -> impl Iterator<Item = &Issue> {
        self.issues.list().iter().filter(|issue| issue.fails(self.strictness) == self.errors)
    }
}

impl Serialize for Which<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

fn body<M: SerializeMap>(out: &mut Members<M>, verdict: &Verdict, strictness: Strictness) -> Result<(), M::Error> {
    let issues = &verdict.envelope.issues;
    out.put("strictness", strictness.word())?;
    out.put("event", &Attributes(&verdict.envelope))?;
    out.put("schema", &verdict.schema)?;
    out.put("data", &DataFacts(verdict))?;
    out.put("errors", &Which { issues, strictness, errors: true })?;
    out.put("warnings", &Which { issues, strictness, errors: false })?;
    out.put_some("truncated", (issues.truncated || verdict.judgement.truncated).then_some(&true))
}

/// The report on one event, to be serialized.
#[derive(Debug)]
pub struct Report {
    verdict: Verdict,
    strictness: Strictness,
    /// The event is valid.
    pub valid: bool,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = members(serializer)?;
        out.put("valid", &self.valid)?;
        out.put("mode", self.verdict.envelope.mode.word())?;
        body(&mut out, &self.verdict, self.strictness)?;
        out.0.end()
    }
}

/// The report on one event. Places count in `text`, unless the event brought a text of its own.
#[must_use]
pub fn report(mut verdict: Verdict, text: Option<&str>, strictness: Strictness) -> Report {
    if let Some(text) = text {
        locate(text, &mut [&mut verdict.envelope.issues]);
    }
    verdict.locate_own();
    let valid = verdict.is_valid(strictness);
    Report { verdict, strictness, valid }
}

/// The report on several events, to be serialized.
#[derive(Debug)]
pub struct BatchReport {
    verdicts: Vec<Verdict>,
    own: Issues,
    strictness: Strictness,
    /// All events are valid, and so is the batch.
    pub valid: bool,
}

struct InBatch<'v> {
    index: usize,
    verdict: &'v Verdict,
    strictness: Strictness,
}

impl Serialize for InBatch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = members(serializer)?;
        out.put("index", &self.index)?;
        out.put("valid", &self.verdict.is_valid(self.strictness))?;
        body(&mut out, self.verdict, self.strictness)?;
        out.0.end()
    }
}

struct AllInBatch<'b>(&'b BatchReport);

impl Serialize for AllInBatch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BatchReport { verdicts, strictness, .. } = self.0;
        let one = |(index, verdict)| InBatch { index, verdict, strictness: *strictness };
        serializer.collect_seq(verdicts.iter().enumerate().map(one))
    }
}

impl Serialize for BatchReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = members(serializer)?;
        out.put("valid", &self.valid)?;
        out.put("mode", "batched")?;
        for (key, errors) in [("errors", true), ("warnings", false)] {
            let which = Which { issues: &self.own, strictness: self.strictness, errors };
            if which.iter().next().is_some() {
                out.put(key, &which)?;
            }
        }
        out.put("events", &AllInBatch(self))?;
        out.0.end()
    }
}

/// The report on several events; what is wrong with the batch itself stands at the top.
#[must_use]
pub fn batch_report(mut verdicts: Vec<Verdict>, mut own: Issues, text: Option<&str>, strictness: Strictness) -> BatchReport {
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
    BatchReport { verdicts, own, strictness, valid }
}
