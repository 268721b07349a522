//! Associations as lists show them (rest-api 5.13).

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::types;

/// Whether it is frozen is said only where that does not follow from its lifecycle.
pub(super) fn frozen(association: &types::Association) -> Option<bool> {
    (association.frozen != association.lifecycle.is_frozen()).then_some(association.frozen)
}

#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Association<'a> {
    subject: String,
    guid: &'a str,
    resource_name: &'a str,
    resource_namespace: &'a str,
    resource_id: &'a str,
    resource_type: &'a str,
    association_type: &'static str,
    lifecycle: &'static str,
    frozen: Option<bool>,
    create_ts: i64,
    update_ts: i64,
}

impl<'a> From<&'a types::Association> for Association<'a> {
    fn from(association: &'a types::Association) -> Self {
        let types::Resource { name, namespace, kind, id } = &association.resource;
        Self {
            subject: association.subject.qualified(),
            guid: &association.guid,
            resource_name: name,
            resource_namespace: namespace,
            resource_id: id,
            resource_type: kind,
            association_type: association.association_type.as_str(),
            lifecycle: association.lifecycle.as_str(),
            frozen: frozen(association),
            create_ts: association.created_at,
            update_ts: association.updated_at,
        }
    }
}
