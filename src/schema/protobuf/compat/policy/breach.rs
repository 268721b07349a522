//! The policy that is checked, the breaches that are found, and what all rules need.

use crate::schema::finding::Finding;
use crate::schema::meter::Exhausted;
use crate::schema::protobuf::compat::difference::ElementPlace;
use crate::schema::protobuf::compat::difference_kind::wire_message;
use crate::schema::protobuf::compat::places::Places;
use crate::schema::protobuf::compat::rules::ComparedFile;
use crate::schema::protobuf::model::{Offset, ProtoOption, join};
use crate::types::ProtobufPolicy;

/// Findings after which the list ends.
const MAX_FINDINGS: usize = 20_000;

pub(super) type Compared = Result<(), Exhausted>;

pub(crate) struct Breach {
    pub(super) rule: &'static str,
    pub(super) path: String,
    /// The message without its frame; `{R}` and `{W}` stand for the reader's and the writer's word.
    pub(super) text: String,
    pub(crate) old: Option<ElementPlace>,
    pub(crate) new: Option<ElementPlace>,
    pub(super) remedy: &'static str,
}

pub(super) struct Policy<'a> {
    pub(super) old: ComparedFile<'a>,
    pub(super) new: ComparedFile<'a>,
    pub(super) level: ProtobufPolicy,
    pub(super) breaches: Vec<Breach>,
}

impl Policy<'_> {
    pub(super) fn is(&self, level: ProtobufPolicy) -> bool {
        self.level == level
    }

    /// Whether the policy includes the JSON encoding.
    pub(super) fn json(&self) -> bool {
        matches!(self.level, ProtobufPolicy::WireJson | ProtobufPolicy::File)
    }

    pub(super) fn breach(
        &mut self,
        rule: &'static str,
        path: &str,
        text: String,
        old: impl Into<Option<ElementPlace>>,
        new: impl Into<Option<ElementPlace>>,
        remedy: &'static str,
    ) {
        if self.breaches.len() < MAX_FINDINGS {
            self.breaches.push(Breach { rule, path: path.to_owned(), text, old: old.into(), new: new.into(), remedy });
        }
    }
}

/// The place of an element of the file itself.
pub(super) fn place(scope: &str, name: &str, at: Offset) -> ElementPlace {
    ElementPlace { name: join(scope, name), at: Some(at) }
}

/// `#/a/b` from the path of its parent.
pub(super) fn below(path: &str, segment: &str) -> String {
    if path.len() > 2 { format!("{path}/{segment}") } else { format!("{path}{segment}") }
}

impl Breach {
    /// The finding that the breach becomes.
    pub(crate) fn finding(&self, places: &Places) -> Finding {
        let text = self.text.replace("{R}", places.direction.reader()).replace("{W}", places.direction.writer());
        let (old, new) = places.of(self.old.as_ref(), self.new.as_ref());
        Finding {
            rule: self.rule,
            path: self.path.clone(),
            message: wire_message(self.rule, &text),
            new,
            old,
            explanation: format!("{text}."),
            remedy: self.remedy.to_owned(),
            counter_example: None,
            engine: None,
        }
    }
}

pub(super) const KEEP: &str = "Keep the declaration; mark it deprecated instead.";

/// The text of an option, the last one set; empty for one that is not set.
pub(super) fn option<'a>(options: &'a [ProtoOption], name: &str) -> &'a str {
    let found = options.iter().rev().find(|option| option.is_plain(name));
    found.and_then(|option| option.value.as_text()).unwrap_or("")
}

/// A schema that allows JSON must go on allowing it.
pub(super) fn json_format(policy: &mut Policy<'_>, rule: &'static str, path: &str, (old, new): (&[ProtoOption], &[ProtoOption])) {
    let format = |options| crate::schema::protobuf::features::own(options, "json_format").unwrap_or("ALLOW");
    let (r, w) = (format(new), format(old));
    if w == "ALLOW" && r != w {
        let text = format!("The JSON format is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema");
        policy.breach(rule, path, text, None, None, "Keep the feature.");
    }
}
