//! Stricter policies than Confluent's, which a config may ask for (protobuf 5.4). They are Buf's categories of breaking changes.
//!
//! `WIRE` adds what breaks the binary encoding, `WIRE_JSON` what breaks the binary or the JSON encoding, `FILE` what breaks code
//! generated from the file. Elements of the file itself are compared, matched by name; a referenced file is compared when it is
//! registered itself. Rule ids are Buf's.

mod breach;
mod enums;
mod fields;
mod files;
mod messages;
mod reserved;
mod services;

use self::breach::{Breach, Policy};
use super::rules::ComparedFile;
use crate::schema::format::CheckOptions;
use crate::schema::meter::Exhausted;

/// The ids of the rules that the policies add.
pub(super) const RULES: [&str; 36] = [
    "ENUM_NO_DELETE",
    "ENUM_SAME_JSON_FORMAT",
    "ENUM_SAME_TYPE",
    "ENUM_VALUE_NO_DELETE",
    "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
    "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
    "ENUM_VALUE_SAME_NAME",
    "EXTENSION_MESSAGE_NO_DELETE",
    "FIELD_NO_DELETE",
    "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
    "FIELD_SAME_CARDINALITY",
    "FIELD_SAME_DEFAULT",
    "FIELD_SAME_JSON_NAME",
    "FIELD_SAME_NAME",
    "FIELD_SAME_ONEOF",
    "FIELD_SAME_TYPE",
    "FIELD_WIRE_COMPATIBLE_CARDINALITY",
    "FIELD_WIRE_COMPATIBLE_TYPE",
    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
    "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    "FILE_SAME_OPTION",
    "FILE_SAME_SYNTAX",
    "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR",
    "MESSAGE_SAME_JSON_FORMAT",
    "MESSAGE_SAME_REQUIRED_FIELDS",
    "ONEOF_NO_DELETE",
    "RESERVED_ENUM_NO_DELETE",
    "RESERVED_MESSAGE_NO_DELETE",
    "RPC_NO_DELETE",
    "RPC_SAME_CLIENT_STREAMING",
    "RPC_SAME_IDEMPOTENCY_LEVEL",
    "RPC_SAME_REQUEST_TYPE",
    "RPC_SAME_RESPONSE_TYPE",
    "RPC_SAME_SERVER_STREAMING",
    "SERVICE_NO_DELETE",
];

/// The breaches of the policy's own rules.
pub(super) fn check(old: ComparedFile<'_>, new: ComparedFile<'_>, options: &CheckOptions) -> Result<Vec<Breach>, Exhausted> {
    let mut policy = Policy { old, new, level: options.protobuf_policy, breaches: Vec::new() };
    files::compare(&mut policy)?;
    Ok(policy.breaches)
}
