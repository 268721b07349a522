//! Patterns of event types: `*` stands for any run of characters, anywhere.

use crate::types::TypeBinding;

/// Whether a pattern takes an event type.
pub fn matches(pattern: &str, event_type: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| event_type.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // each part at its first place leaves most room for those behind it
    let rest = parts.try_fold(rest, |rest, part| rest.find(part).and_then(|at| rest.get(at + part.len()..)));
    rest.is_some_and(|rest| rest.ends_with(last))
}

/// How much of a pattern is literal: what decides between several that match.
pub fn literals(pattern: &str) -> usize {
    pattern.chars().filter(|c| *c != '*').count()
}

/// The binding that decides for an event type: the one with most literal characters; among equals one without `*`, then the
/// first by name.
pub fn best<'b>(bindings: impl IntoIterator<Item = &'b TypeBinding>, event_type: &str) -> Option<&'b TypeBinding> {
    let matching = bindings.into_iter().filter(|binding| matches(&binding.pattern, event_type));
    matching.min_by_key(|binding| {
        let pattern = binding.pattern.as_str();
        (std::cmp::Reverse(literals(pattern)), pattern.contains('*'), pattern)
    })
}
