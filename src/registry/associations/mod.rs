//! Associations of resources with subjects (rest-api 5.13).
//!
//! `request` reads what a caller asks for and refuses what is wrong by itself; `plan` decides it against what is stored. The
//! store then writes all of one request or nothing, provided nothing that the plan looked at has changed.

use std::sync::Arc;

use super::delete::deleted;
use super::error::RegistryError;
use super::registered::Registered;
use super::{MAX_DECISIONS, Registry};
use crate::access::{Operation, Rights};
use crate::store::{AssociateOutcome, AssociateRequest, AssociationFilter, AssociationScope, DeleteOutcome};
use crate::types::{Actor, Association, AssociationType, Lifecycle, Resource};

mod plan;
mod request;

pub use request::{AssociationInput, AssociationOperation, AssociationQuery, AssociationsRequest};

use plan::{AssociationPlan, PlannedSchema};

/// What an answer says about one association.
#[derive(Debug, Clone)]
pub struct AnsweredAssociation {
    pub association: Association,
    /// The schema that came with it, as it was registered.
    pub registered: Option<Registered>,
}

/// The answer to a change: the resource and its associations.
#[derive(Debug, Clone)]
pub struct AssociationsAnswer {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub id: Option<String>,
    pub kind: Option<String>,
    /// What was written, or all that it has.
    pub associations: Vec<AnsweredAssociation>,
}

/// How to change associations.
#[derive(Debug, Clone, Copy, Default)]
pub struct AssociateOptions {
    /// Only say whether it would work.
    pub dry_run: bool,
    /// Answer all associations of the resource, not only those written.
    pub whole: bool,
}

/// Associations that are read at once.
const PAGE: i64 = 1000;

/// Which associations of a resource to delete.
#[derive(Debug, Clone)]
pub struct AssociationDeletion {
    pub resource_id: String,
    pub resource_type: String,
    /// Only these types.
    pub types: Option<Vec<AssociationType>>,
    /// The subjects of strong associations go too.
    pub cascade: bool,
    /// Only say whether it would work.
    pub dry_run: bool,
}

impl Registry {
    /// Associations with subjects that may be read, by resource name, namespace, type and association type.
    ///
    /// # Errors
    /// Store failures.
    pub async fn associations(&self, filter: &AssociationFilter, rights: &Rights) -> Result<Vec<Association>, RegistryError> {
        if rights.reads_everything() {
            return Ok(self.store.associations(filter).await?);
        }
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let (mut skipped, mut page) = (0, Vec::new());
        let mut rows = AssociationFilter { offset: 0, limit: PAGE, ..filter.clone() };
        while page.len() < limit {
            let found = self.store.associations(&rows).await?;
            if found.is_empty() {
                break;
            }
            rows.offset += PAGE;
            for association in found.into_iter().filter(|association| rights.reads(&association.subject)) {
                if skipped < filter.offset {
                    skipped += 1;
                } else if page.len() < limit {
                    page.push(association);
                }
            }
        }
        Ok(page)
    }

    /// Creates and updates associations of a resource, together with the schemas that come with them. `context` is that of
    /// unqualified subjects.
    ///
    /// # Errors
    /// What is asked for contradicts itself or what is stored, or a schema is refused (rest-api 5.13); [`RegistryError::Denied`] without the
    /// right to write a subject, or to read what its schema refers to. Nothing is written then.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn associate(
        &self,
        context: &str,
        request: &AssociationsRequest,
        options: AssociateOptions,
        rights: &Rights,
        by: &Arc<Actor>,
    ) -> Result<AssociationsAnswer, RegistryError> {
        let AssociateOptions { dry_run, whole } = options;
        let request = request.validated(dry_run)?;
        for _ in 0..MAX_DECISIONS {
            let generation = self.store.generation().await?.content;
            let mut plan = AssociationPlan::new(self, context, &request, generation, rights).await?;
            if let Err(refusal) = plan.decide(&request.items).await {
                // what was read before and after another change does not fit together: it may be no reason to refuse
                if self.store.generation().await?.content != generation {
                    continue;
                }
                return Err(refusal);
            }
            let answer = |associations| AssociationsAnswer {
                name: Some(request.resource.name.clone()),
                namespace: Some(request.resource.namespace.clone()),
                id: request.id.clone(),
                kind: Some(request.resource.kind.clone()),
                associations,
            };
            if dry_run {
                return Ok(answer(Vec::new()));
            }
            let AssociationPlan { current, changes, schemas, .. } = plan;
            let changes = Arc::new(changes);
            let Some(ids) = self.write(&changes, by).await? else { continue };
            let mut shown = if whole { current } else { changes.puts.clone() };
            shown.retain(|association| {
                rights.reads(&association.subject) || changes.puts.iter().any(|put| put.guid == association.guid)
            });
            let answered = |association: Association| {
                let schema = schemas.iter().find(|(association_type, _)| *association_type == association.association_type);
                let registered = schema.and_then(|(_, schema)| match schema {
                    PlannedSchema::Known(registered) => Some(registered.clone()),
                    PlannedSchema::New(position) => {
                        let id = *ids.get(*position)?;
                        let outcome = crate::store::RegisterOutcome::Registered { id, is_new_schema: false };
                        changes.registrations.get(*position)?.registered(outcome).ok()?
                    }
                });
                AnsweredAssociation { association, registered }
            };
            return Ok(answer(shown.into_iter().map(answered).collect()));
        }
        Err(RegistryError::Contention)
    }

    /// Deletes associations of a resource.
    ///
    /// # Errors
    /// There are none, one is frozen, its subject is read-only or may not be written, or something refers to a subject that should go too.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_associations(
        &self,
        deletion: &AssociationDeletion,
        rights: &Rights,
        by: &Arc<Actor>,
    ) -> Result<(), RegistryError> {
        for _ in 0..MAX_DECISIONS {
            let expected_generation = self.store.generation().await?.content;
            let filter = AssociationFilter {
                resource_type: Some(deletion.resource_type.clone()),
                types: deletion.types.clone(),
                ..AssociationFilter::all(AssociationScope::ResourceId(deletion.resource_id.clone()))
            };
            let found = self.store.associations(&filter).await?;
            if found.is_empty() {
                return Err(RegistryError::AssociationNotFound(deletion.resource_id.clone()));
            }
            let mut changes = AssociateRequest { expected_generation, now: self.now(), ..AssociateRequest::default() };
            for association in found {
                changes.removals.push(self.removal(association, deletion.cascade, rights).await?);
            }
            if deletion.dry_run || self.write(&Arc::new(changes), by).await?.is_some() {
                return Ok(());
            }
        }
        Err(RegistryError::Contention)
    }

    /// The associations that a query of a batch asks for, with the latest schemas of their subjects if asked.
    ///
    /// # Errors
    /// The query names no resource, or several.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn query_associations(
        &self,
        query: &AssociationQuery,
        with_schemas: bool,
        rights: &Rights,
    ) -> Result<AssociationsAnswer, RegistryError> {
        let mut found = self.store.associations(&query.filter()?).await?;
        found.retain(|association| rights.reads(&association.subject));
        let resources: std::collections::BTreeSet<&Resource> = found.iter().map(|association| &association.resource).collect();
        if resources.len() > 1 {
            return Err(request::invalid("resourceName", "stands for more than one resource"));
        }
        let first = found.first().map(|association| association.resource.clone());
        let or = |given: &Option<String>, stored: fn(Resource) -> String| first.clone().map(stored).or_else(|| given.clone());
        let mut answer = AssociationsAnswer {
            name: or(&query.resource_name, |r| r.name),
            namespace: or(&query.resource_namespace, |r| r.namespace),
            id: or(&query.resource_id, |r| r.id),
            kind: Some(query.resource_type().to_owned()),
            associations: Vec::with_capacity(found.len()),
        };
        for association in found {
            let registered = if with_schemas { self.latest(&association.subject).await? } else { None };
            answer.associations.push(AnsweredAssociation { association, registered });
        }
        Ok(answer)
    }

    /// The latest version of a subject, with its times.
    async fn latest(&self, subject: &crate::types::Subject) -> Result<Option<Registered>, RegistryError> {
        let state = self.store.subject(subject).await?;
        let Some(row) = state.latest() else { return Ok(None) };
        let Some(schema) = self.schema_by_id(subject.context(), row.id).await? else { return Ok(None) };
        Ok(Some(Registered::known(subject, row, &schema, Some(row.created_at))))
    }

    /// Writes a plan; `None` when what it was made on has changed.
    async fn write(
        &self,
        changes: &Arc<AssociateRequest>,
        by: &Arc<Actor>,
    ) -> Result<Option<Vec<crate::types::SchemaId>>, RegistryError> {
        if changes.is_empty() {
            return Ok(Some(Vec::new()));
        }
        match self.store.associate(Arc::clone(changes), by).await? {
            AssociateOutcome::Done(ids) => Ok(Some(ids)),
            AssociateOutcome::Moved => Ok(None),
            AssociateOutcome::Full => Err(RegistryError::TooManyAssociations(self.limits.associations)),
            AssociateOutcome::Registration { position, outcome } => match changes.registrations.get(position) {
                Some(request) => request.registered(outcome).map(|_| None),
                None => Ok(None),
            },
            AssociateOutcome::Deletion(outcome) => {
                let subject = match &outcome {
                    DeleteOutcome::Referenced(subject, _) | DeleteOutcome::Associated(subject) => subject.clone(),
                    _ => return Ok(None),
                };
                deleted(outcome, subject, None).map(|_| None)
            }
        }
    }

    /// Whether an association may go, and whether its subject goes with it.
    async fn removal(
        &self,
        association: Association,
        cascade: bool,
        rights: &Rights,
    ) -> Result<crate::store::AssociationRemoval, RegistryError> {
        rights.require(Operation::SubjectWrite, &association.subject)?;
        self.refuse_read_only_association(&association.subject).await?;
        if association.frozen && !cascade {
            return Err(RegistryError::AssociationFrozen(association.association_type, association.subject));
        }
        let import = self.effective(&association.subject).await?.mode.is_import();
        let cascade = cascade && !import && association.lifecycle == Lifecycle::Strong;
        if cascade {
            rights.require(Operation::SubjectDelete, &association.subject)?;
        }
        Ok(crate::store::AssociationRemoval { association, cascade })
    }
}
