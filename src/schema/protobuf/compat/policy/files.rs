//! Files, messages and services.

use std::collections::{HashMap, HashSet};

use super::{Compared, Policy, ProtobufPolicy, below, enums, fields, spot};
use crate::schema::protobuf::names::join;
use crate::schema::protobuf::tree::{Body, Enum, File, Message, Reserved, Rpc, Service, Setting, Span};

const KEEP: &str = "Keep the declaration; mark it deprecated instead.";
const RESERVE: &str = "Keep what is reserved reserved.";

/// File options that decide what generated code is called.
const CODE_OPTIONS: [&str; 14] = [
    "java_package",
    "java_outer_classname",
    "java_multiple_files",
    "java_string_check_utf8",
    "optimize_for",
    "go_package",
    "cc_enable_arenas",
    "objc_class_prefix",
    "csharp_namespace",
    "swift_prefix",
    "php_class_prefix",
    "php_namespace",
    "php_metadata_namespace",
    "ruby_package",
];

pub(super) fn compare(policy: &mut Policy<'_>) -> Compared {
    let (old, new) = (policy.old.file, policy.new.file);
    if policy.is(ProtobufPolicy::File) {
        file_rules(policy, old, new);
    }
    let scopes = (old.package.as_deref().unwrap_or(""), new.package.as_deref().unwrap_or(""));
    types(policy, "#/", scopes, (&old.messages, &new.messages), (&old.enums, &new.enums))?;
    services(policy, scopes, (&old.services, &new.services))
}

fn option<'a>(options: &'a [Setting], name: &str) -> &'a str {
    let found = options.iter().rev().find(|option| option.is_plain(name));
    found.and_then(|option| option.value.as_text()).unwrap_or("")
}

fn file_rules(policy: &mut Policy<'_>, old: &File, new: &File) {
    if old.effective_syntax() != new.effective_syntax() {
        let (r, w) = (new.effective_syntax().word(), old.effective_syntax().word());
        let text = format!("The syntax of the {{R}} schema is '{r}', that of the {{W}} schema '{w}'");
        policy.breach("FILE_SAME_SYNTAX", "#/", text, None, None, "Keep the syntax.");
    }
    for name in CODE_OPTIONS {
        let (r, w) = (option(&new.options, name), option(&old.options, name));
        if r != w {
            let text = format!("The file option '{name}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema");
            policy.breach("FILE_SAME_OPTION", "#/", text, None, None, "Keep the option.");
        }
    }
}

fn types(
    policy: &mut Policy<'_>,
    path: &str,
    scopes: (&str, &str),
    (old, new): (&[Message], &[Message]),
    (old_enums, new_enums): (&[Enum], &[Enum]),
) -> Compared {
    policy.spend(old.len() + new.len() + old_enums.len() + new_enums.len())?;
    let by_name: HashMap<&str, &Message> = new.iter().map(|message| (&*message.name, message)).collect();
    for message in old {
        // That a message is gone is among the original's own findings.
        if let Some(other) = by_name.get(&*message.name) {
            let full = (join(scopes.0, &message.name), join(scopes.1, &message.name));
            bodies(policy, &below(path, &message.name), (&full.0, &full.1), (message, other))?;
        }
    }
    let by_name: HashMap<&str, &Enum> = new_enums.iter().map(|found| (&*found.name, found)).collect();
    for found in old_enums {
        let path = below(path, &found.name);
        match by_name.get(&*found.name) {
            Some(other) => enums::compare(policy, &path, scopes, (found, other))?,
            None if policy.is(ProtobufPolicy::File) => {
                let text = format!("The {{R}} schema is missing the enum '{}' of the {{W}} schema", found.name);
                policy.breach("ENUM_NO_DELETE", &path, text, spot(scopes.0, &found.name, found.at), None, KEEP);
            }
            None => {}
        }
    }
    Ok(())
}

fn bodies(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Message, &Message)) -> Compared {
    let (before, after) = (&old.body, &new.body);
    fields::compare(policy, path, scopes, (before, after))?;
    reserved(policy, "RESERVED_MESSAGE_NO_DELETE", path, (&before.reserved, &after.reserved));
    if policy.json() {
        json_format(policy, "MESSAGE_SAME_JSON_FORMAT", path, (&before.options, &after.options));
    }
    if policy.is(ProtobufPolicy::File) {
        file_body(policy, path, scopes, (before, after));
    }
    types(policy, path, scopes, (&before.messages, &after.messages), (&before.enums, &after.enums))
}

fn file_body(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (before, after): (&Body, &Body)) {
    let kept: HashSet<&str> = after.oneofs.iter().map(|oneof| &*oneof.name).collect();
    for oneof in before.oneofs.iter().filter(|oneof| !kept.contains(&*oneof.name)) {
        let text = format!("The {{R}} schema is missing the oneof '{}' of the {{W}} schema", oneof.name);
        policy.breach("ONEOF_NO_DELETE", &below(path, &oneof.name), text, spot(scopes.0, &oneof.name, oneof.at), None, KEEP);
    }
    let spans = |body: &Body| -> Vec<(i32, i32)> {
        body.extensions.iter().flat_map(|found| found.spans.iter().filter_map(Span::bounds)).collect()
    };
    if let Some((first, last)) = lost(&spans(before), &Numbers::new(spans(after))) {
        let text = format!("The {{R}} schema does not leave {first} to {last} to extensions, as the {{W}} schema does");
        policy.breach("EXTENSION_MESSAGE_NO_DELETE", path, text, None, None, "Keep the extension range.");
    }
    let accessor = |body: &Body| option(&body.options, "no_standard_descriptor_accessor") == "true";
    if accessor(after) && !accessor(before) {
        let text = "The {R} schema sets 'no_standard_descriptor_accessor', the {W} schema does not".to_owned();
        policy.breach("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", path, text, None, None, "Leave the option out.");
    }
}

/// The first range that the others don't cover.
fn lost(ranges: &[(i32, i32)], kept: &Numbers) -> Option<(i32, i32)> {
    ranges.iter().find(|range| !kept.covers(**range)).copied()
}

/// Numbers in ranges, neighbours joined.
pub(super) struct Numbers {
    merged: Vec<(i32, i32)>,
}

impl Numbers {
    fn new(mut ranges: Vec<(i32, i32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(i32, i32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self { merged }
    }

    /// The numbers that are reserved.
    pub(super) fn reserved(statements: &[Reserved]) -> Self {
        Self::new(bounds(statements))
    }

    /// True when all numbers of a range are among these.
    pub(super) fn covers(&self, (first, last): (i32, i32)) -> bool {
        let after = self.merged.partition_point(|range| range.0 <= first);
        after.checked_sub(1).and_then(|at| self.merged.get(at)).is_some_and(|range| last <= range.1)
    }
}

fn bounds(statements: &[Reserved]) -> Vec<(i32, i32)> {
    statements.iter().flat_map(|statement| statement.spans.iter().filter_map(Span::bounds)).collect()
}

/// What was reserved once stays reserved.
pub(super) fn reserved(policy: &mut Policy<'_>, rule: &'static str, path: &str, (old, new): (&[Reserved], &[Reserved])) {
    if let Some((first, last)) = lost(&bounds(old), &Numbers::reserved(new)) {
        let text = format!("The {{R}} schema no longer reserves {first} to {last}, as the {{W}} schema does");
        policy.breach(rule, path, text, None, None, RESERVE);
    }
    if policy.json() {
        let kept = names(new);
        let mut gone: Vec<&str> = names(old).difference(&kept).copied().collect();
        gone.sort_unstable();
        for name in gone {
            let text = format!("The {{R}} schema no longer reserves the name '{name}', as the {{W}} schema does");
            policy.breach(rule, path, text, None, None, RESERVE);
        }
    }
}

/// The reserved names.
pub(super) fn names(statements: &[Reserved]) -> HashSet<&str> {
    let spans = statements.iter().flat_map(|statement| &statement.spans);
    spans.filter_map(|span| if let Span::Name(name) = span { Some(&**name) } else { None }).collect()
}

/// JSON is allowed by both or by neither.
pub(super) fn json_format(policy: &mut Policy<'_>, rule: &'static str, path: &str, (old, new): (&[Setting], &[Setting])) {
    let format = |options| crate::schema::protobuf::features::own(options, "json_format").unwrap_or("ALLOW");
    let (r, w) = (format(new), format(old));
    if w == "ALLOW" && r != w {
        let text = format!("The JSON format is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema");
        policy.breach(rule, path, text, None, None, "Keep the feature.");
    }
}

fn services(policy: &mut Policy<'_>, scopes: (&str, &str), (old, new): (&[Service], &[Service])) -> Compared {
    policy.spend(old.len() + new.len())?;
    let by_name: HashMap<&str, &Service> = new.iter().map(|service| (&*service.name, service)).collect();
    for service in old {
        let path = below("#/", &service.name);
        let Some(other) = by_name.get(&*service.name) else {
            if policy.is(ProtobufPolicy::File) {
                let text = format!("The {{R}} schema is missing the service '{}' of the {{W}} schema", service.name);
                policy.breach("SERVICE_NO_DELETE", &path, text, spot(scopes.0, &service.name, service.at), None, KEEP);
            }
            continue;
        };
        let scopes = (join(scopes.0, &service.name), join(scopes.1, &service.name));
        policy.spend(service.rpcs.len() + other.rpcs.len())?;
        let rpcs: HashMap<&str, &Rpc> = other.rpcs.iter().map(|rpc| (&*rpc.name, rpc)).collect();
        for rpc in &service.rpcs {
            let path = below(&path, &rpc.name);
            match rpcs.get(&*rpc.name) {
                Some(other) => self::rpc(policy, &path, (&scopes.0, &scopes.1), (rpc, other)),
                None if policy.is(ProtobufPolicy::File) => {
                    let text = format!("The {{R}} schema is missing the rpc '{}' of the {{W}} schema", rpc.name);
                    policy.breach("RPC_NO_DELETE", &path, text, spot(&scopes.0, &rpc.name, rpc.at), None, KEEP);
                }
                None => {}
            }
        }
    }
    Ok(())
}

fn rpc(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Rpc, &Rpc)) {
    let spots = || (spot(scopes.0, &old.name, old.at), spot(scopes.1, &new.name, new.at));
    let remedy = "Add a new rpc instead.";
    let streams = [
        ("RPC_SAME_CLIENT_STREAMING", "request", &old.request, &new.request),
        ("RPC_SAME_SERVER_STREAMING", "response", &old.response, &new.response),
    ];
    for (rule, what, before, after) in streams {
        if before.stream != after.stream {
            let word = |stream: bool| if stream { "a stream" } else { "one message" };
            let (r, w) = (word(after.stream), word(before.stream));
            let text = format!("The {what} of rpc '{}' is {r} in the {{R}} schema and {w} in the {{W}} schema", old.name);
            let (old_spot, new_spot) = spots();
            policy.breach(rule, path, text, old_spot, new_spot, remedy);
        }
    }
    let types = [
        ("RPC_SAME_REQUEST_TYPE", "request", &old.request, &new.request),
        ("RPC_SAME_RESPONSE_TYPE", "response", &old.response, &new.response),
    ];
    for (rule, what, before, after) in types {
        let (w, r) = (fields::full(policy.old, &before.kind, scopes.0), fields::full(policy.new, &after.kind, scopes.1));
        if w != r {
            let text = format!("The {what} of rpc '{}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema", old.name);
            let (old_spot, new_spot) = spots();
            policy.breach(rule, path, text, old_spot, new_spot, remedy);
        }
    }
    let (w, r) = (option(&old.options, "idempotency_level"), option(&new.options, "idempotency_level"));
    let level = |word: &str| if word.is_empty() { "IDEMPOTENCY_UNKNOWN".to_owned() } else { word.to_owned() };
    if level(w) != level(r) {
        let (r, w) = (level(r), level(w));
        let text = format!("The idempotency of rpc '{}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema", old.name);
        let (old_spot, new_spot) = spots();
        policy.breach("RPC_SAME_IDEMPOTENCY_LEVEL", path, text, old_spot, new_spot, "Keep the option.");
    }
}
