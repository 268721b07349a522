//! Enums and their values.

use std::collections::{BTreeMap, HashSet};

use super::breach::{Compared, Policy, below, json_format, place};
use super::reserved::{NumberSet, check_reserved, reserved_names};
use crate::schema::meter;
use crate::schema::protobuf::features::Features;
use crate::schema::protobuf::model::{Constant, Enum, Offset, join};
use crate::types::ProtobufPolicy;

/// Names and first places by number.
fn by_number(found: &Enum) -> BTreeMap<i32, (Vec<&str>, Offset)> {
    let mut numbers: BTreeMap<i32, (Vec<&str>, Offset)> = BTreeMap::new();
    for Constant { name, number, at, .. } in &found.constants {
        numbers.entry(*number).or_insert_with(|| (Vec::new(), *at)).0.push(name);
    }
    numbers
}

pub(super) fn compare(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Enum, &Enum)) -> Compared {
    meter::charge_for(1 + old.constants.len() + new.constants.len())?;
    let scopes = (join(scopes.0, &old.name), join(scopes.1, &new.name));
    let kept = by_number(new);
    let known_names = reserved_names(&new.reserved);
    let reserved_numbers = NumberSet::reserved(&new.reserved);
    for (number, (before, at)) in by_number(old) {
        let path = below(path, &number.to_string());
        let shown = before.join(", ");
        let old_place = || place(&scopes.0, before.first().unwrap_or(&""), at);
        let Some((after, new_at)) = kept.get(&number) else {
            let text = format!("The {{R}} schema is missing the enum value {number} ('{shown}') of the {{W}} schema");
            if policy.is(ProtobufPolicy::File) {
                policy.breach("ENUM_VALUE_NO_DELETE", &path, text, old_place(), None, "Keep the value; mark it deprecated.");
            } else if !reserved_numbers.covers((number, number)) {
                let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED";
                let text = format!("{text} and does not reserve its number");
                policy.breach(rule, &path, text, old_place(), None, "Reserve the number.");
            } else if policy.json() && before.iter().any(|name| !known_names.contains(name)) {
                let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED";
                let text = format!("{text} and does not reserve its name");
                policy.breach(rule, &path, text, old_place(), None, "Reserve the name too.");
            }
            continue;
        };
        // JSON has the names of values, so every name that the writer knows must still be there
        let known: HashSet<&str> = after.iter().copied().collect();
        if policy.json() && before.iter().any(|name| !known.contains(name)) {
            let r = after.join(", ");
            let text = format!("The enum value {number} is called '{r}' in the {{R}} schema and '{shown}' in the {{W}} schema");
            let new_place = place(&scopes.1, after.first().unwrap_or(&""), *new_at);
            policy.breach("ENUM_VALUE_SAME_NAME", &path, text, old_place(), new_place, "Keep the name, or add an alias.");
        }
    }
    check_reserved(policy, "RESERVED_ENUM_NO_DELETE", path, (&old.reserved, &new.reserved));
    if policy.json() {
        json_format(policy, "ENUM_SAME_JSON_FORMAT", path, (&old.options, &new.options));
    }
    if policy.is(ProtobufPolicy::File) {
        let closed = |found: &Enum, file| Features::of_file(file).with(&found.options).closed;
        let (w, r) = (closed(old, policy.old.file), closed(new, policy.new.file));
        if w != r {
            let word = |closed: bool| if closed { "closed" } else { "open" };
            let text = format!("The enum is {} in the {{R}} schema and {} in the {{W}} schema", word(r), word(w));
            policy.breach("ENUM_SAME_TYPE", path, text, None, None, "Keep the syntax or the feature that decides it.");
        }
    }
    Ok(())
}
