//! Which tags a field has: those that stand in the schema, and those that metadata gives to paths.

use std::collections::BTreeSet;

use crate::types::Metadata;

/// Whether a name fits a pattern of names with dots: `?` is one character, `*` are some within a name, `**` some across names.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.replace("**.*", "**").chars().collect();
    let name: Vec<char> = name.chars().collect();
    // which prefixes of the name fit what has been read of the pattern
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    let mut at = 0;
    while let Some(c) = pattern.get(at) {
        let is_double = *c == '*' && pattern.get(at + 1) == Some(&'*');
        let mut next = vec![false; name.len() + 1];
        for place in 0..=name.len() {
            let stays = *c == '*' && reached.get(place).copied().unwrap_or(false);
            let comes = place.checked_sub(1).is_some_and(|before| {
                let crossed = name.get(before).copied().unwrap_or('.');
                match c {
                    '*' => (is_double || crossed != '.') && next.get(before).copied().unwrap_or(false),
                    '?' => crossed != '.' && reached.get(before).copied().unwrap_or(false),
                    c => crossed == *c && reached.get(before).copied().unwrap_or(false),
                }
            });
            if let Some(slot) = next.get_mut(place) {
                *slot = stays || comes;
            }
        }
        reached = next;
        at += if is_double { 2 } else { 1 };
    }
    reached.last().copied().unwrap_or(false)
}

/// The tags of a field.
pub(super) fn of(full_name: &str, own: &BTreeSet<String>, metadata: Option<&Metadata>) -> BTreeSet<String> {
    let mut tags = own.clone();
    for (pattern, names) in metadata.and_then(|metadata| metadata.tags.as_ref()).into_iter().flatten() {
        if fits(&pattern.0, full_name) {
            tags.extend(names.iter().map(|name| name.0.clone()));
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stay_within_a_name_unless_there_are_two() {
        for (pattern, name, is) in [
            ("eve*", "eve", true),
            ("a*.bob.eve", "alice.bob.eve", true),
            ("a*.bob.e*", "alice.bob.eve", true),
            ("a*", "alice.bob.eve", false),
            ("a**", "alice.bob.eve", true),
            ("alice.bob*", "alice.bob.eve", false),
            ("alice.bob**", "alice.bob.eve", true),
            ("**.ssn", "com.acme.Person.ssn", true),
            ("**.*", "a.b", true),
            ("a?c", "abc", true),
            ("a?c", "a.c", false),
            ("", "", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        }
    }
}
