//! Messages, and the types declared in a file or a message.

use std::collections::{HashMap, HashSet};

use super::breach::{Compared, KEEP, Policy, below, json_format, option, place};
use super::reserved::{NumberSet, check_reserved, first_uncovered};
use super::{enums, fields};
use crate::schema::meter;
use crate::schema::protobuf::model::{Body, Enum, Message, RangeOrName, join};
use crate::types::ProtobufPolicy;

pub(super) fn compare_types(
    policy: &mut Policy<'_>,
    path: &str,
    scopes: (&str, &str),
    (old, new): (&[Message], &[Message]),
    (old_enums, new_enums): (&[Enum], &[Enum]),
) -> Compared {
    meter::charge_for(1 + old.len() + new.len() + old_enums.len() + new_enums.len())?;
    let by_name: HashMap<&str, &Message> = new.iter().map(|message| (&*message.name, message)).collect();
    for message in old {
        // Confluent's own rules report a message that is gone
        if let Some(other) = by_name.get(&*message.name) {
            let full = (join(scopes.0, &message.name), join(scopes.1, &message.name));
            compare_messages(policy, &below(path, &message.name), (&full.0, &full.1), (message, other))?;
        }
    }
    let by_name: HashMap<&str, &Enum> = new_enums.iter().map(|found| (&*found.name, found)).collect();
    for found in old_enums {
        let path = below(path, &found.name);
        match by_name.get(&*found.name) {
            Some(other) => enums::compare(policy, &path, scopes, (found, other))?,
            None if policy.is(ProtobufPolicy::File) => {
                let text = format!("The {{R}} schema is missing the enum '{}' of the {{W}} schema", found.name);
                policy.breach("ENUM_NO_DELETE", &path, text, place(scopes.0, &found.name, found.at), None, KEEP);
            }
            None => {}
        }
    }
    Ok(())
}

fn compare_messages(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Message, &Message)) -> Compared {
    let (before, after) = (&old.body, &new.body);
    fields::compare(policy, path, scopes, (before, after))?;
    check_reserved(policy, "RESERVED_MESSAGE_NO_DELETE", path, (&before.reserved, &after.reserved));
    if policy.json() {
        json_format(policy, "MESSAGE_SAME_JSON_FORMAT", path, (&before.options, &after.options));
    }
    if policy.is(ProtobufPolicy::File) {
        check_generated_code(policy, path, scopes, (before, after));
    }
    compare_types(policy, path, scopes, (&before.messages, &after.messages), (&before.enums, &after.enums))
}

fn check_generated_code(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (before, after): (&Body, &Body)) {
    let kept: HashSet<&str> = after.oneofs.iter().map(|oneof| &*oneof.name).collect();
    for oneof in before.oneofs.iter().filter(|oneof| !kept.contains(&*oneof.name)) {
        let text = format!("The {{R}} schema is missing the oneof '{}' of the {{W}} schema", oneof.name);
        policy.breach("ONEOF_NO_DELETE", &below(path, &oneof.name), text, place(scopes.0, &oneof.name, oneof.at), None, KEEP);
    }
    let spans = |body: &Body| -> Vec<(i32, i32)> {
        body.extensions.iter().flat_map(|found| found.spans.iter().filter_map(RangeOrName::bounds)).collect()
    };
    if let Some((first, last)) = first_uncovered(&spans(before), &NumberSet::new(spans(after))) {
        let text = format!("The {{R}} schema does not leave {first} to {last} to extensions, as the {{W}} schema does");
        policy.breach("EXTENSION_MESSAGE_NO_DELETE", path, text, None, None, "Keep the extension range.");
    }
    let accessor = |body: &Body| option(&body.options, "no_standard_descriptor_accessor") == "true";
    if accessor(after) && !accessor(before) {
        let text = "The {R} schema sets 'no_standard_descriptor_accessor', the {W} schema does not".to_owned();
        policy.breach("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", path, text, None, None, "Leave the option out.");
    }
}
