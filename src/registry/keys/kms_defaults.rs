//! What registration adds to rules of encryption: the name of their KEK, and the type of its KMS.

use std::borrow::Cow;

use super::names::is_name_part;
use crate::registry::Submission;
use crate::types::{JavaStr, Rule};

const KMS_KEY_ID: &str = "encrypt.kms.key.id";
const KEK_NAME: &str = "encrypt.kek.name";
const KMS_TYPE: &str = "encrypt.kms.type";

/// How the names of keys of AWS begin.
const ARN: &str = "arn:";

/// The name of the KEK for a key of a KMS: what can't stand in a name becomes a dash, one for each UTF-16 unit.
fn kek_name(id: &str) -> String {
    let id = id.strip_prefix(ARN).unwrap_or(id);
    id.chars().flat_map(|c| std::iter::repeat_n(if is_name_part(c) { c } else { '-' }, c.len_utf16())).collect()
}

/// What is missing from the parameters of a rule.
fn missing(rule: &Rule) -> Vec<(&'static str, String)> {
    let param = |name: &str| rule.params.as_ref().and_then(|params| params.get(&JavaStr::from(name)));
    let Some(id) = param(KMS_KEY_ID) else { return Vec::new() };
    let mut missing = Vec::new();
    if param(KEK_NAME).is_none() {
        missing.push((KEK_NAME, kek_name(id)));
    }
    if param(KMS_TYPE).is_none() && id.starts_with(ARN) {
        missing.push((KMS_TYPE, "aws-kms".to_owned()));
    }
    missing
}

/// The submission with domain rules that name a key of a KMS made complete.
pub(in crate::registry) fn fill_kms_defaults(submission: &Submission) -> Cow<'_, Submission> {
    let rules = |submission: &Submission| submission.rule_set.as_ref().and_then(|set| set.domain_rules.clone());
    let Some(mut rules) = rules(submission).filter(|rules| rules.iter().any(|rule| !missing(rule).is_empty())) else {
        return Cow::Borrowed(submission);
    };
    for rule in &mut rules {
        for (name, value) in missing(rule) {
            rule.params.get_or_insert_default().insert(name.into(), value);
        }
    }
    let mut completed = submission.clone();
    if let Some(set) = &mut completed.rule_set {
        set.domain_rules = Some(rules);
    }
    Cow::Owned(completed)
}
