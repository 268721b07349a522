//! What a caller asks for, and what is wrong with it before anything is looked up.

use std::collections::HashSet;

use crate::registry::Submission;
use crate::registry::error::RegistryError;
use crate::store::{AssociationFilter, AssociationScope};
use crate::types::{ANY_RESOURCE, AssociationType, Lifecycle, Resource, TOPIC};

/// Longest name of a resource or namespace.
const MAX_NAME: usize = 256;

/// What to do with one association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationOperation {
    /// Make it; it must not be there otherwise.
    Create,
    /// Make or change it.
    Upsert,
    /// Remove it.
    Delete,
}

/// One association as a caller sends it.
#[derive(Debug, Clone)]
pub struct AssociationInput {
    /// What to do.
    pub operation: AssociationOperation,
    pub subject: Option<String>,
    /// Keys or values; values when absent.
    pub association_type: Option<String>,
    /// Who owns the subject's schemas.
    pub lifecycle: Option<Lifecycle>,
    /// It can't be changed.
    pub frozen: Option<bool>,
    /// A schema to register under the subject.
    pub schema: Option<Submission>,
    /// Normalize the schema first.
    pub normalize: bool,
    /// With a removal: the subject goes too.
    pub cascade: bool,
}

/// A change to the associations of one resource.
#[derive(Debug, Clone, Default)]
pub struct AssociationsRequest {
    /// The resource's name.
    pub resource_name: Option<String>,
    pub resource_namespace: Option<String>,
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    pub associations: Vec<AssociationInput>,
}

/// A question for the associations of one resource.
#[derive(Debug, Clone, Default)]
pub struct AssociationQuery {
    /// The resource's name.
    pub resource_name: Option<String>,
    pub resource_namespace: Option<String>,
    /// Its id, which is enough.
    pub resource_id: Option<String>,
    pub resource_type: Option<String>,
    /// Only these types; `None` is any.
    pub types: Option<Vec<AssociationType>>,
    /// Only this lifecycle.
    pub lifecycle: Option<Lifecycle>,
}

/// A request that is right by itself.
pub(super) struct Valid {
    /// The resource; its id is empty where a dry run gave none.
    pub(super) resource: Resource,
    pub(super) id: Option<String>,
    pub(super) items: Vec<AssociationItem>,
}

/// One association of it, defaults applied.
#[derive(Clone)]
pub(super) struct AssociationItem {
    pub(super) operation: AssociationOperation,
    pub(super) association_type: AssociationType,
    pub(super) subject: Option<String>,
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) frozen: Option<bool>,
    pub(super) schema: Option<Submission>,
    pub(super) normalize: bool,
    pub(super) cascade: bool,
}

pub(super) fn invalid(property: &'static str, detail: impl Into<String>) -> RegistryError {
    RegistryError::InvalidAssociation { property, detail: detail.into() }
}

fn name(given: Option<&String>, property: &'static str) -> Result<String, RegistryError> {
    let name = given.filter(|name| !name.is_empty()).ok_or_else(|| invalid(property, "cannot be null or empty"))?;
    if name.encode_utf16().count() > MAX_NAME {
        return Err(invalid(property, format!("exceeds max length of {MAX_NAME}")));
    }
    match name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-'))) {
        Some(c) => Err(invalid(property, format!("illegal character '{c}'"))),
        None => Ok(name.clone()),
    }
}

fn given(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
}

impl AssociationsRequest {
    pub(super) fn validated(&self, dry_run: bool) -> Result<Valid, RegistryError> {
        let name_ = name(self.resource_name.as_ref(), "resourceName")?;
        let namespace = name(self.resource_namespace.as_ref(), "resourceNamespace")?;
        let id = given(self.resource_id.as_ref()).cloned();
        if id.is_none() && !dry_run {
            return Err(invalid("resourceId", "cannot be null or empty"));
        }
        if given(self.resource_type.as_ref()).is_some_and(|kind| kind != TOPIC) {
            return Err(invalid("resourceType", format!("must be '{TOPIC}'")));
        }
        if self.associations.is_empty() {
            return Err(invalid("associations", "cannot be null or empty"));
        }
        let resource = Resource { name: name_, namespace, kind: TOPIC.to_owned(), id: id.clone().unwrap_or_default() };
        let mut types = HashSet::new();
        let mut items = Vec::with_capacity(self.associations.len());
        for input in &self.associations {
            let item = input.validated(&resource)?;
            if !types.insert(item.association_type) {
                let detail = format!("may only appear once per request, but '{}' appears more than once", item.association_type);
                return Err(invalid("associationType", detail));
            }
            items.push(item);
        }
        Ok(Valid { resource, id, items })
    }
}

impl AssociationInput {
    fn validated(&self, resource: &Resource) -> Result<AssociationItem, RegistryError> {
        let subject = self.subject.clone();
        if subject.as_ref().is_some_and(|s| s.is_empty() || s.chars().any(char::is_control)) {
            return Err(invalid("subject", "must not be empty"));
        }
        let mut item = AssociationItem {
            operation: self.operation,
            association_type: AssociationType::Value,
            subject,
            lifecycle: self.lifecycle,
            frozen: self.frozen,
            schema: self.schema.clone(),
            normalize: self.normalize,
            cascade: self.cascade,
        };
        if self.operation == AssociationOperation::Create {
            item.apply_defaults()?;
        }
        if let Some(name) = given(self.association_type.as_ref()) {
            item.association_type =
                AssociationType::parse(name).ok_or_else(|| invalid("associationType", "must be either 'key' or 'value'"))?;
        }
        if self.operation == AssociationOperation::Delete {
            return Ok(item);
        }
        if item.lifecycle == Some(Lifecycle::Weak) {
            item.refuse_as_weak()?;
        }
        if self.operation == AssociationOperation::Create {
            item.default_subject(resource)?;
        }
        Ok(item)
    }
}

impl AssociationItem {
    fn refuse_as_weak(&self) -> Result<(), RegistryError> {
        if self.schema.is_some() {
            return Err(invalid("lifecycle", "cannot be WEAK when schema is provided"));
        }
        if self.frozen == Some(true) {
            return Err(invalid("frozen", "association with lifecycle of WEAK cannot be frozen"));
        }
        if self.operation == AssociationOperation::Create && self.subject.is_none() {
            return Err(invalid("subject", "must be provided for WEAK associations"));
        }
        Ok(())
    }

    /// What an association that is not there yet becomes when the request leaves it open. A schema makes it strong; only a
    /// creation may bring one.
    pub(super) fn apply_defaults(&mut self) -> Result<(), RegistryError> {
        if self.schema.is_some() {
            if self.operation != AssociationOperation::Create {
                let detail = "cannot be provided when adding an association to an existing topic; \
                              an association with a schema must be created with the topic";
                return Err(invalid("schema", detail));
            }
            if self.lifecycle == Some(Lifecycle::Weak) {
                return Err(invalid("lifecycle", "cannot be WEAK when schema is provided"));
            }
            if self.frozen == Some(false) {
                return Err(invalid("frozen", "cannot be false when a schema is provided"));
            }
            self.lifecycle = Some(Lifecycle::Strong);
        }
        let lifecycle = self.lifecycle.unwrap_or(Lifecycle::Weak);
        self.lifecycle = Some(lifecycle);
        if let Some(frozen) = self.frozen.filter(|frozen| *frozen != lifecycle.is_frozen()) {
            return Err(invalid("frozen", format!("association with lifecycle of {lifecycle} cannot be frozen={frozen}")));
        }
        self.frozen = Some(lifecycle.is_frozen());
        Ok(())
    }

    /// Without a subject the default one is meant; frozen associations must use it, weak ones must not.
    fn default_subject(&mut self, resource: &Resource) -> Result<(), RegistryError> {
        let default = resource.default_subject(self.association_type).qualified();
        let subject = self.subject.get_or_insert_with(|| default.clone());
        if self.frozen == Some(true) && *subject != default {
            return Err(invalid("subject", format!("frozen associations must use subject '{default}'")));
        }
        if self.lifecycle == Some(Lifecycle::Weak) && *subject == default {
            return Err(invalid("subject", format!("WEAK associations cannot use subject '{default}'")));
        }
        Ok(())
    }
}

impl AssociationQuery {
    pub(super) fn resource_type(&self) -> &str {
        given(self.resource_type.as_ref()).map_or(TOPIC, String::as_str)
    }

    pub(super) fn filter(&self) -> Result<AssociationFilter, RegistryError> {
        let any = |name: &String| (name != ANY_RESOURCE).then(|| name.clone());
        let scope = match (given(self.resource_id.as_ref()), given(self.resource_name.as_ref())) {
            (None, None) => return Err(invalid("resourceId", "either resourceId or resourceName must be specified")),
            (Some(id), _) => AssociationScope::ResourceId(id.clone()),
            (None, Some(name)) => {
                let namespace = given(self.resource_namespace.as_ref()).ok_or_else(|| {
                    invalid("resourceNamespace", "resourceNamespace is required when resourceName is specified")
                })?;
                AssociationScope::ResourceName { name: any(name), namespace: any(namespace) }
            }
        };
        Ok(AssociationFilter {
            resource_type: Some(self.resource_type().to_owned()),
            types: self.types.clone(),
            lifecycle: self.lifecycle,
            ..AssociationFilter::all(scope)
        })
    }
}
