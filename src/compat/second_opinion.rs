//! Notes beside a verdict: what two JSON Schemas mean, where that can be proven. They explain; they never decide.

use crate::schema::json_schema::semantic::{self, Opinion};
use crate::schema::{Finding, Parsed};
use crate::types::CompatibilityLevel;

/// The notes of a comparison; only JSON Schema has any. `new` and `old` are what the sentences call the schemas. Takes up to a second
/// or two: not for async threads.
pub fn notes(
    (candidate, earlier): (&Parsed, &Parsed),
    (new, old): (&str, &str),
    level: CompatibilityLevel,
    is_compatible: bool,
) -> Vec<Finding> {
    let (Parsed::Json(candidate), Parsed::Json(earlier)) = (candidate, earlier) else { return Vec::new() };
    let mut notes = Vec::new();
    let mut proven = true;
    if level.checks_backward() {
        let opinion = semantic::second_opinion(candidate, earlier);
        proven = opinion == Opinion::ProvenCompatible;
        if is_compatible {
            if !proven {
                notes.extend(semantic::warnings(candidate, earlier));
            }
        } else if let Opinion::ProvenIncompatible { counter_example: Some(example) } = opinion {
            let text = format!("A document that is valid under {old} and not under {new}.");
            notes.push(remark("SEMANTIC_COUNTER_EXAMPLE", text, Some(example)));
        }
    }
    if level.checks_forward() {
        let opinion = semantic::second_opinion(earlier, candidate);
        proven &= opinion == Opinion::ProvenCompatible;
        if let Opinion::ProvenIncompatible { counter_example } = opinion
            && (is_compatible || counter_example.is_some())
        {
            let text = format!("Not every document that is valid under {new} is valid under {old}.");
            notes.push(remark("SEMANTIC_COUNTER_EXAMPLE", text, counter_example));
        }
    }
    if proven && !is_compatible {
        let text = "Every document of the writer is proven to be valid for the reader; the compatibility rules are stricter.";
        notes.push(remark("SEMANTIC_PROVEN_COMPATIBLE", text.to_owned(), None));
    }
    notes
}

fn remark(rule: &'static str, text: String, counter_example: Option<String>) -> Finding {
    Finding { rule, message: text.clone(), explanation: text, counter_example, ..Finding::default() }
}
