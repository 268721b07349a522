//! Strings of the logical type uuid.

use crate::schema::avro::logical_type::{self, Logical};
use crate::schema::avro::model::{Model, NodeId};
use crate::schema::json::Value;

pub(super) fn is_uuid_type(model: &Model, id: NodeId) -> bool {
    let node = model.node(id);
    let word = node.props.iter().find(|member| &*member.key == "logicalType").map(|member| &member.value);
    word.and_then(Value::as_str) == Some("uuid") && logical_type::of(model, id) == Logical::Other
}

/// `8-4-4-4-12` hexadecimal digits, which a string of the logical type uuid has to be.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    groups.len() == lengths.len()
        && groups.iter().zip(lengths).all(|(group, length)| group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit()))
}
