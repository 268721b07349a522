//! What a file declares: messages within messages, fields with their numbers, which are what they are known by.

use super::model::{Body, Enum, Extend, Field, File, Group, Label, ProtoOption, RangeOrName, Reserved, Service, join};
use super::print;
use crate::schema::outline::{Declaration, DeclarationKind, NOWHERE, Outline, OutlineBuilder};

pub(super) fn outline(file: &File) -> Outline {
    let mut out = OutlineBuilder::default();
    let package = file.package.as_deref().unwrap_or("");
    let mut facts = vec![fact("syntax", file.effective_syntax().word())];
    facts.extend(file.package.as_deref().map(|package| fact("package", package)));
    facts.extend(options(&file.options));
    let schema = Declaration { name: package.to_owned(), facts, ..declaration(DeclarationKind::Schema, None, "", "", NOWHERE) };
    let root = out.add(schema);
    for import in &file.imports {
        out.add(declaration(DeclarationKind::Import, root, &import.path, &import.path, import.at));
    }
    for message in &file.messages {
        add_message(&mut out, root, package, (&message.name, message.at, &message.body));
    }
    for e in &file.enums {
        add_enum(&mut out, root, package, e);
    }
    for extend in &file.extends {
        add_extend(&mut out, root, package, extend);
    }
    for service in &file.services {
        add_service(&mut out, root, package, service);
    }
    out.finish()
}

fn fact(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn declaration(kind: DeclarationKind, parent: Option<usize>, path: &str, name: &str, at: u32) -> Declaration {
    let (ty, facts, identities) = Default::default();
    Declaration { kind, parent, path: path.to_owned(), name: name.to_owned(), ty, facts, identities, at }
}

fn options(options: &[ProtoOption]) -> impl Iterator<Item = (String, String)> {
    options.iter().map(|option| (print::name(&option.name), print::value_text(&option.value)))
}

fn reserved(reserved: &[Reserved]) -> Option<(String, String)> {
    let word = |span: &RangeOrName| match span {
        RangeOrName::One(number) => number.to_string(),
        RangeOrName::Range(first, last) => format!("{first} to {last}"),
        RangeOrName::Name(name) => name.to_string(),
    };
    let spans: Vec<String> = reserved.iter().flat_map(|statement| &statement.spans).map(word).collect();
    (!spans.is_empty()).then(|| ("reserved".to_owned(), spans.join(", ")))
}

/// A message or a group. The nesting of messages is bounded by the parser.
fn add_message(out: &mut OutlineBuilder, parent: Option<usize>, scope: &str, (name, at, body): (&str, u32, &Body)) {
    if out.is_full() || body.map_entry().is_some() {
        return;
    }
    let path = join(scope, name);
    let mut message = declaration(DeclarationKind::Message, parent, &path, name, at);
    message.facts.extend(reserved(&body.reserved));
    message.facts.extend(options(&body.options));
    let at = out.add(message);
    for field in &body.fields {
        out.add(of_field(at, &path, field, body));
    }
    for group in &body.groups {
        add_group(out, at, &path, group);
    }
    for oneof in &body.oneofs {
        let mut own = declaration(DeclarationKind::Oneof, at, &join(&path, &oneof.name), &oneof.name, oneof.at);
        own.facts.extend(options(&oneof.options));
        out.add(own);
        for field in &oneof.fields {
            // a field belongs to the message: one that leaves its oneof is the same field still
            let mut field = of_field(at, &path, field, body);
            field.facts.insert(0, fact("oneof", &oneof.name));
            out.add(field);
        }
        for group in &oneof.groups {
            add_group(out, at, &path, group);
        }
    }
    for inner in &body.messages {
        add_message(out, at, &path, (&inner.name, inner.at, &inner.body));
    }
    for e in &body.enums {
        add_enum(out, at, &path, e);
    }
    for extend in &body.extends {
        add_extend(out, at, &path, extend);
    }
}

fn of_field(parent: Option<usize>, scope: &str, field: &Field, body: &Body) -> Declaration {
    let mut own = declaration(DeclarationKind::Field, parent, &join(scope, &field.name), &field.name, field.at);
    let entry = field.kind.name().and_then(|name| body.messages.iter().find(|message| *message.name == *name)?.body.map_entry());
    own.ty = match (entry, field.label) {
        (Some((key, value)), Some(Label::Repeated)) => format!("map<{}, {}>", key.kind.text(), value.kind.text()),
        (_, Some(label)) => format!("{} {}", label.word(), field.kind.text()),
        (_, None) => field.kind.text(),
    };
    own.facts.push(("number".to_owned(), field.number.to_string()));
    own.facts.extend(field.default.as_ref().map(|default| ("default".to_owned(), print::value_text(default))));
    own.facts.extend(field.json_name.as_ref().map(|name| ("json_name".to_owned(), print::value_text(name))));
    own.facts.extend(options(&field.options));
    own.identities.push(format!("#{}", field.number));
    own
}

fn add_group(out: &mut OutlineBuilder, parent: Option<usize>, scope: &str, group: &Group) {
    let name = group.name.to_lowercase();
    let mut own = declaration(DeclarationKind::Field, parent, &join(scope, &name), &name, group.at);
    own.ty = group.label.map_or_else(|| "group".to_owned(), |label| format!("{} group", label.word()));
    own.facts.push(("number".to_owned(), group.number.to_string()));
    own.identities.push(format!("#{}", group.number));
    out.add(own);
    add_message(out, parent, scope, (&group.name, group.at, &group.body));
}

fn add_enum(out: &mut OutlineBuilder, parent: Option<usize>, scope: &str, e: &Enum) {
    let path = join(scope, &e.name);
    let mut own = declaration(DeclarationKind::Enum, parent, &path, &e.name, e.at);
    own.facts.extend(reserved(&e.reserved));
    own.facts.extend(options(&e.options));
    let at = out.add(own);
    for constant in &e.constants {
        let mut own = declaration(DeclarationKind::Symbol, at, &format!("{path}.{}", constant.name), &constant.name, constant.at);
        own.facts.push(("number".to_owned(), constant.number.to_string()));
        own.facts.extend(options(&constant.options));
        own.identities.push(format!("#{}", constant.number));
        out.add(own);
    }
}

fn add_extend(out: &mut OutlineBuilder, parent: Option<usize>, scope: &str, extend: &Extend) {
    for field in &extend.fields {
        let mut own = of_field(parent, scope, field, &Body::default());
        own.facts.insert(0, fact("extend", &extend.name));
        own.identities = vec![format!("{} #{}", extend.name, field.number)];
        out.add(own);
    }
}

fn add_service(out: &mut OutlineBuilder, parent: Option<usize>, scope: &str, service: &Service) {
    let path = join(scope, &service.name);
    let mut own = declaration(DeclarationKind::Service, parent, &path, &service.name, service.at);
    own.facts.extend(options(&service.options));
    let at = out.add(own);
    for rpc in &service.rpcs {
        let side = |rpc: &super::model::RpcType| format!("{}{}", if rpc.stream { "stream " } else { "" }, rpc.kind.text());
        let mut own = declaration(DeclarationKind::Method, at, &format!("{path}.{}", rpc.name), &rpc.name, rpc.at);
        own.ty = format!("{} → {}", side(&rpc.request), side(&rpc.response));
        own.facts.extend(options(&rpc.options));
        out.add(own);
    }
}
