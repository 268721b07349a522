//! Syntax, options and declarations of a file.

use super::breach::{Compared, Policy, option};
use super::{messages, services};
use crate::schema::protobuf::model::File;
use crate::types::ProtobufPolicy;

/// File options that decide names and shape of generated code.
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
    messages::compare_types(policy, "#/", scopes, (&old.messages, &new.messages), (&old.enums, &new.enums))?;
    services::compare(policy, scopes, (&old.services, &new.services))
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
