//! Enums.

use std::collections::{BTreeMap, HashSet};

use super::files::{Numbers, json_format, names, reserved};
use super::{Compared, Policy, ProtobufPolicy, below, spot};
use crate::schema::protobuf::names::join;
use crate::schema::protobuf::tree::{Constant, Enum, Offset};

/// Names and first places by number.
fn by_number(found: &Enum) -> BTreeMap<i32, (Vec<&str>, Offset)> {
    let mut numbers: BTreeMap<i32, (Vec<&str>, Offset)> = BTreeMap::new();
    for Constant { name, number, at, .. } in &found.constants {
        numbers.entry(*number).or_insert_with(|| (Vec::new(), *at)).0.push(name);
    }
    numbers
}

pub(super) fn compare(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Enum, &Enum)) -> Compared {
    policy.spend(old.constants.len() + new.constants.len())?;
    let scopes = (join(scopes.0, &old.name), join(scopes.1, &new.name));
    let kept = by_number(new);
    let reserved_names = names(&new.reserved);
    let reserved_numbers = Numbers::reserved(&new.reserved);
    for (number, (before, at)) in by_number(old) {
        let path = below(path, &number.to_string());
        let shown = before.join(", ");
        let old_spot = || spot(&scopes.0, before.first().unwrap_or(&""), at);
        let Some((after, new_at)) = kept.get(&number) else {
            let text = format!("The {{R}} schema is missing the enum value {number} ('{shown}') of the {{W}} schema");
            if policy.is(ProtobufPolicy::File) {
                policy.breach("ENUM_VALUE_NO_DELETE", &path, text, old_spot(), None, "Keep the value; mark it deprecated.");
            } else if !reserved_numbers.covers((number, number)) {
                let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED";
                let text = format!("{text} and does not reserve its number");
                policy.breach(rule, &path, text, old_spot(), None, "Reserve the number.");
            } else if policy.json() && before.iter().any(|name| !reserved_names.contains(name)) {
                let rule = "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED";
                let text = format!("{text} and does not reserve its name");
                policy.breach(rule, &path, text, old_spot(), None, "Reserve the name too.");
            }
            continue;
        };
        // JSON readers know values by name: every name of the writer's must still be there.
        let known: HashSet<&str> = after.iter().copied().collect();
        if policy.json() && before.iter().any(|name| !known.contains(name)) {
            let r = after.join(", ");
            let text = format!("The enum value {number} is called '{r}' in the {{R}} schema and '{shown}' in the {{W}} schema");
            let new_spot = spot(&scopes.1, after.first().unwrap_or(&""), *new_at);
            policy.breach("ENUM_VALUE_SAME_NAME", &path, text, old_spot(), new_spot, "Keep the name, or add an alias.");
        }
    }
    reserved(policy, "RESERVED_ENUM_NO_DELETE", path, (&old.reserved, &new.reserved));
    if policy.json() {
        json_format(policy, "ENUM_SAME_JSON_FORMAT", path, (&old.options, &new.options));
    }
    if policy.is(ProtobufPolicy::File) {
        let closed = |found: &Enum, file| crate::schema::protobuf::features::Features::of_file(file).with(&found.options).closed;
        let (w, r) = (closed(old, policy.old.file), closed(new, policy.new.file));
        if w != r {
            let word = |closed: bool| if closed { "closed" } else { "open" };
            let text = format!("The enum is {} in the {{R}} schema and {} in the {{W}} schema", word(r), word(w));
            policy.breach("ENUM_SAME_TYPE", path, text, None, None, "Keep the syntax or the feature that decides it.");
        }
    }
    Ok(())
}
