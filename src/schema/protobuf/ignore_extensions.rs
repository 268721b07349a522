//! `format=ignore_extensions` (protobuf 3).

use super::model::{Body, Enum, Field, File, Group, ProtoOption};

/// The file without `extensions`, without `extend`, and without custom options other than those of `confluent`.
pub(super) fn without_extensions(file: &File) -> File {
    let mut file = file.clone();
    file.extends.clear();
    retain_known(&mut file.options);
    file.messages.iter_mut().for_each(|message| strip_body(&mut message.body));
    file.enums.iter_mut().for_each(strip_enum);
    for service in &mut file.services {
        retain_known(&mut service.options);
        service.rpcs.iter_mut().for_each(|rpc| retain_known(&mut rpc.options));
    }
    file
}

fn retain_known(options: &mut Vec<ProtoOption>) {
    options.retain(|option| option.extension().is_none_or(|name| name.starts_with("confluent.")));
}

fn strip_fields(fields: &mut [Field]) {
    for field in fields {
        retain_known(&mut field.options);
    }
}

fn strip_groups(groups: &mut [Group]) {
    for group in groups {
        retain_known(&mut group.options);
        strip_body(&mut group.body);
    }
}

fn strip_body(body: &mut Body) {
    body.extensions.clear();
    body.extends.clear();
    retain_known(&mut body.options);
    strip_fields(&mut body.fields);
    strip_groups(&mut body.groups);
    for oneof in &mut body.oneofs {
        retain_known(&mut oneof.options);
        strip_fields(&mut oneof.fields);
        strip_groups(&mut oneof.groups);
    }
    body.messages.iter_mut().for_each(|message| strip_body(&mut message.body));
    body.enums.iter_mut().for_each(strip_enum);
}

fn strip_enum(found: &mut Enum) {
    retain_known(&mut found.options);
    found.constants.iter_mut().for_each(|constant| retain_known(&mut constant.options));
}
