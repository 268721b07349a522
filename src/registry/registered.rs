//! A schema as it was registered, or found to be registered already.

use std::sync::Arc;

use super::error::{NotPermitted, RegistryError};
use super::invalid_schema::InvalidSchema;
use super::schema_cache::CachedSchema;
use crate::store::{RegisterOutcome, RegisterRequest, VersionRow};
use crate::types::{Content, Guid, SchemaId, Subject, Version};

/// A registered schema.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The subject that holds it.
    pub subject: Subject,
    pub id: SchemaId,
    pub version: Version,
    pub guid: Guid,
    pub content: Arc<Content>,
    /// Creation time, when an older version was matched by equivalence.
    pub matched_at: Option<i64>,
    /// A version was written for it.
    pub is_new: bool,
}

impl Registered {
    /// The version that a row of `subject` says, which was there before.
    pub(super) fn known(subject: &Subject, row: &VersionRow, schema: &CachedSchema, matched_at: Option<i64>) -> Self {
        Self {
            subject: subject.clone(),
            id: row.id,
            version: row.version,
            guid: schema.stored.guid,
            content: Arc::clone(&schema.stored.content),
            matched_at,
            is_new: false,
        }
    }
}

impl RegisterRequest {
    /// What the store's outcome means; `None` when the subject changed meanwhile, or it is the turn of another one.
    pub(super) fn registered(&self, outcome: RegisterOutcome) -> Result<Option<Registered>, RegistryError> {
        let content = &self.schema.content;
        match outcome {
            RegisterOutcome::Registered { id, .. } => Ok(Some(Registered {
                subject: self.subject.clone(),
                id,
                version: self.version,
                guid: self.schema.guid,
                content: Arc::clone(content),
                matched_at: None,
                is_new: true,
            })),
            RegisterOutcome::HeadMoved | RegisterOutcome::OthersTurn => Ok(None),
            RegisterOutcome::IdTaken => {
                Err(RegistryError::NotPermitted(NotPermitted::Overwrite(self.id.unwrap_or(0), self.subject.clone())))
            }
            RegisterOutcome::IdTooHigh => {
                Err(RegistryError::NotPermitted(NotPermitted::NumberTooHigh("id", self.id.unwrap_or(0))))
            }
            RegisterOutcome::NoIdLeft => Err(RegistryError::NotPermitted(NotPermitted::NoIdLeft(self.subject.clone()))),
            RegisterOutcome::GuidCollision => Err(RegistryError::GuidCollision(self.schema.guid)),
            RegisterOutcome::ReferenceGone { position } => {
                let Some(reference) = content.references.get(position).cloned() else { return Ok(None) };
                let schema_type = content.schema_type;
                Err(RegistryError::InvalidSchema(InvalidSchema::ReferenceGone { schema_type, reference }))
            }
            RegisterOutcome::ReferenceOwned { position } => {
                let subject = content.references.get(position).map_or_else(String::new, |r| r.subject.clone());
                Err(RegistryError::NotPermitted(NotPermitted::StrongAssociation(subject)))
            }
        }
    }
}
