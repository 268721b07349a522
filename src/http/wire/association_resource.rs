//! Answers to changes of associations: a resource with those that it has (rest-api 5.13).

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::association::frozen;
use super::error::ErrorMessage;
use super::schema::Schema;
use crate::registry::{AnsweredAssociation, AssociationsAnswer};

#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct AssociationResource<'a> {
    resource_name: Option<&'a str>,
    resource_namespace: Option<&'a str>,
    resource_id: Option<&'a str>,
    resource_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    associations: Vec<ResourceAssociation<'a>>,
}

impl<'a> AssociationResource<'a> {
    pub(in crate::http) fn new(answer: &'a AssociationsAnswer, is_legacy: bool) -> Self {
        Self {
            resource_name: answer.name.as_deref(),
            resource_namespace: answer.namespace.as_deref(),
            resource_id: answer.id.as_deref(),
            resource_type: answer.kind.as_deref(),
            associations: answer.associations.iter().map(|one| ResourceAssociation::new(one, is_legacy)).collect(),
        }
    }
}

/// One association of a resource, with the schema that came with it.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ResourceAssociation<'a> {
    subject: String,
    association_type: &'static str,
    lifecycle: &'static str,
    frozen: Option<bool>,
    schema: Option<Schema<'a>>,
}

impl<'a> ResourceAssociation<'a> {
    fn new(AnsweredAssociation { association, registered }: &'a AnsweredAssociation, is_legacy: bool) -> Self {
        Self {
            subject: association.subject.qualified(),
            association_type: association.association_type.as_str(),
            lifecycle: association.lifecycle.as_str(),
            frozen: frozen(association),
            schema: registered.as_ref().map(|registered| Schema::of(registered, is_legacy)),
        }
    }
}

#[derive(Serialize)]
pub(in crate::http) struct BatchResults<'a> {
    pub(in crate::http) results: Vec<BatchResult<'a>>,
}

/// Each request of a batch succeeds or fails alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) enum BatchResult<'a> {
    Result(AssociationResource<'a>),
    Error(ErrorMessage<'a>),
}
