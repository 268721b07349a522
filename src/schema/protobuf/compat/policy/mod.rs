//! Rules beyond the original's, for those who ask for them (protobuf 5.4; after Buf's breaking-change categories).
//!
//! `WIRE` adds what breaks the binary encoding, `WIRE_JSON` what breaks the binary or the JSON encoding, `FILE` what breaks code
//! generated from the file. Elements of the file itself are compared, matched by name; what differs in a referenced file is
//! judged where that file is registered. Rule ids are Buf's. In messages both sides are quoted: the reader's word first.

mod enums;
mod fields;
mod files;

use super::Placing;
use super::kind::wire_message;
use super::message::Side;
use super::report::Spot;
use crate::schema::finding::Finding;
use crate::schema::format::{CheckError, CheckOptions};
use crate::schema::protobuf::names::join;
use crate::schema::protobuf::tree::Offset;
use crate::types::ProtobufPolicy;

/// Findings after which the list ends.
const MAX_FINDINGS: usize = 20_000;

/// The findings of the policy's own rules.
pub(super) fn check(old: Side<'_>, new: Side<'_>, options: &CheckOptions) -> Result<Vec<Breach>, CheckError> {
    let mut policy = Policy { old, new, level: options.protobuf_policy, found: Vec::new(), budget: options.work_budget };
    files::compare(&mut policy).map_err(|Spent| CheckError::BudgetExhausted { limit: options.work_budget })?;
    Ok(policy.found)
}

/// The budget ran out.
struct Spent;

type Compared = Result<(), Spent>;

/// A breach of a rule.
pub(super) struct Breach {
    pub(super) rule: &'static str,
    pub(super) path: String,
    /// The message without its frame; `{R}` and `{W}` stand for the reader's and the writer's word.
    pub(super) text: String,
    pub(super) old: Option<Spot>,
    pub(super) new: Option<Spot>,
    pub(super) remedy: &'static str,
}

struct Policy<'a> {
    old: Side<'a>,
    new: Side<'a>,
    level: ProtobufPolicy,
    found: Vec<Breach>,
    budget: u64,
}

impl Policy<'_> {
    fn is(&self, level: ProtobufPolicy) -> bool {
        self.level == level
    }

    /// True when JSON counts.
    fn json(&self) -> bool {
        matches!(self.level, ProtobufPolicy::WireJson | ProtobufPolicy::File)
    }

    fn spend(&mut self, units: usize) -> Compared {
        self.budget = self.budget.checked_sub(units as u64 + 1).ok_or(Spent)?;
        Ok(())
    }

    fn breach(
        &mut self,
        rule: &'static str,
        path: &str,
        text: String,
        old: impl Into<Option<Spot>>,
        new: impl Into<Option<Spot>>,
        remedy: &'static str,
    ) {
        if self.found.len() < MAX_FINDINGS {
            self.found.push(Breach { rule, path: path.to_owned(), text, old: old.into(), new: new.into(), remedy });
        }
    }
}

/// A place in the file itself.
fn spot(scope: &str, name: &str, at: Offset) -> Spot {
    Spot { name: join(scope, name), at: Some(at) }
}

/// `#/a/b` from the path of its parent.
fn below(path: &str, segment: &str) -> String {
    if path.len() > 2 { format!("{path}/{segment}") } else { format!("{path}{segment}") }
}

impl Breach {
    /// The finding that the breach becomes.
    pub(super) fn finding(&self, placing: &Placing) -> Finding {
        let text = self.text.replace("{R}", placing.direction.reader()).replace("{W}", placing.direction.writer());
        let (old, new) = placing.places(self.old.as_ref(), self.new.as_ref());
        Finding {
            rule: self.rule,
            path: self.path.clone(),
            message: wire_message(self.rule, &text),
            new,
            old,
            explanation: format!("{text}."),
            remedy: self.remedy.to_owned(),
            counter_example: None,
        }
    }
}
