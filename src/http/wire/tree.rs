//! The answer of `/accordant/v1/register`.

use serde::Serialize;

use crate::registry::TreeAnswer;

/// What has become of one schema, or would.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegisteredMember {
    subject: String,
    version: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i32>,
    guid: String,
    schema_type: &'static str,
    is_new: bool,
}

/// The schemas, in the order in which they were sent.
#[derive(Serialize)]
pub(in crate::http) struct RegisteredTree {
    schemas: Vec<RegisteredMember>,
}

impl From<&[TreeAnswer]> for RegisteredTree {
    fn from(answers: &[TreeAnswer]) -> Self {
        let member = |answer: &TreeAnswer| RegisteredMember {
            subject: answer.subject.qualified(),
            version: answer.version,
            id: answer.id,
            guid: answer.guid.to_string(),
            schema_type: answer.schema_type.as_str(),
            is_new: answer.is_new,
        };
        Self { schemas: answers.iter().map(member).collect() }
    }
}
