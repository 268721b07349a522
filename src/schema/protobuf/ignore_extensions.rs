//! Other texts of a file: what `format=` asks for, beside the descriptor.

use super::model::{Body, Enum, Field, File, Group, ProtoOption};

/// The file without anything that extends or is extended (`format=ignore_extensions`): no `extensions`, no `extend`, no custom
/// options but those of `confluent`.
pub(super) fn without_extensions(file: &File) -> File {
    let mut file = file.clone();
    file.extends.clear();
    keep(&mut file.options);
    file.messages.iter_mut().for_each(|message| strip_body(&mut message.body));
    file.enums.iter_mut().for_each(strip_enum);
    for service in &mut file.services {
        keep(&mut service.options);
        service.rpcs.iter_mut().for_each(|rpc| keep(&mut rpc.options));
    }
    file
}

fn keep(options: &mut Vec<ProtoOption>) {
    options.retain(|option| option.extension().is_none_or(|name| name.starts_with("confluent.")));
}

fn strip_fields(fields: &mut [Field]) {
    for field in fields {
        keep(&mut field.options);
    }
}

fn strip_groups(groups: &mut [Group]) {
    for group in groups {
        keep(&mut group.options);
        strip_body(&mut group.body);
    }
}

fn strip_body(body: &mut Body) {
    body.extensions.clear();
    body.extends.clear();
    keep(&mut body.options);
    strip_fields(&mut body.fields);
    strip_groups(&mut body.groups);
    for oneof in &mut body.oneofs {
        keep(&mut oneof.options);
        strip_fields(&mut oneof.fields);
        strip_groups(&mut oneof.groups);
    }
    body.messages.iter_mut().for_each(|message| strip_body(&mut message.body));
    body.enums.iter_mut().for_each(strip_enum);
}

fn strip_enum(found: &mut Enum) {
    keep(&mut found.options);
    found.constants.iter_mut().for_each(|constant| keep(&mut constant.options));
}
