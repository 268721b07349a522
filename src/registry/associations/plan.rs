//! Deciding a change against what is stored.

use super::request::{AssociationItem, AssociationOperation, Valid, invalid};
use crate::access::{Operation, Rights};
use crate::registry::Registry;
use crate::registry::Submission;
use crate::registry::error::RegistryError;
use crate::registry::lookup::LookupOptions;
use crate::registry::register::{Decision, RegisterOptions};
use crate::registry::registered::Registered;
use crate::store::{AssociateRequest, AssociationFilter, AssociationScope, SubjectState};
use crate::types::{Association, AssociationType, Lifecycle, Resource, Subject};

/// What became of a schema that came with an association.
pub(super) enum PlannedSchema {
    /// A version holds it already.
    Known(Registered),
    /// The registration at this position.
    New(usize),
}

/// A change as it takes shape.
pub(super) struct AssociationPlan<'r> {
    registry: &'r Registry,
    context: &'r str,
    rights: &'r Rights,
    resource: Resource,
    /// The associations of the resource as they will be, in their order.
    pub(super) current: Vec<Association>,
    pub(super) changes: AssociateRequest,
    /// The schemas that came with the associations.
    pub(super) schemas: Vec<(AssociationType, PlannedSchema)>,
}

/// An association of the request that is more than a confirmation of what is there.
struct PlannedChange {
    item: AssociationItem,
    subject: Subject,
    stored: Option<Association>,
    lifecycle: Lifecycle,
    /// The subject's epoch before anything was decided on it.
    epoch: i64,
}

impl<'r> AssociationPlan<'r> {
    pub(super) async fn new(
        registry: &'r Registry,
        context: &'r str,
        request: &Valid,
        expected_generation: i64,
        rights: &'r Rights,
    ) -> Result<Self, RegistryError> {
        let resource = request.resource.clone();
        let scope = match &request.id {
            Some(id) => AssociationScope::ResourceId(id.clone()),
            None => {
                AssociationScope::ResourceName { name: Some(resource.name.clone()), namespace: Some(resource.namespace.clone()) }
            }
        };
        let filter = AssociationFilter { resource_type: Some(resource.kind.clone()), ..AssociationFilter::all(scope) };
        let mut current = registry.store.associations(&filter).await?;
        if request.id.is_none() {
            // several resources may have had the name: the one that was changed last is meant
            let newest = current
                .iter()
                .max_by(|a, b| (a.updated_at, a.created_at, &a.resource.id).cmp(&(b.updated_at, b.created_at, &b.resource.id)));
            let id = newest.map(|association| association.resource.id.clone());
            current.retain(|association| Some(&association.resource.id) == id.as_ref());
        }
        let now = registry.now();
        let limit = registry.limits.associations;
        let changes = AssociateRequest { expected_generation, limit, now, ..AssociateRequest::default() };
        Ok(Self { registry, context, rights, resource, current, changes, schemas: Vec::new() })
    }

    /// Runs of the same operation are decided together, so that all types of a resource can be changed at once.
    pub(super) async fn decide(&mut self, items: &[AssociationItem]) -> Result<(), RegistryError> {
        for run in items.chunk_by(|a, b| a.operation == b.operation) {
            match run.first().map(|item| item.operation) {
                Some(AssociationOperation::Delete) => {
                    for item in run {
                        self.remove(item).await?;
                    }
                }
                Some(operation) => self.put(run, operation == AssociationOperation::Create).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// Nothing to remove is no error here.
    async fn remove(&mut self, item: &AssociationItem) -> Result<(), RegistryError> {
        let at = self.current.iter().position(|association| association.association_type == item.association_type);
        if let Some(at) = at {
            let removal = self.registry.removal(self.current.remove(at), item.cascade, self.rights).await?;
            self.changes.removals.push(removal);
        }
        Ok(())
    }

    async fn put(&mut self, run: &[AssociationItem], create: bool) -> Result<(), RegistryError> {
        let mut changes = Vec::new();
        for item in run {
            changes.extend(self.change(item.clone(), create).await?);
        }
        self.refuse_mixed_lifecycles(&changes)?;
        for change in &changes {
            self.refuse_conflicts(change, &changes).await?;
        }
        for change in changes {
            self.plan_writes(change).await?;
        }
        self.current.sort_by(|a, b| (&a.resource, a.association_type).cmp(&(&b.resource, b.association_type)));
        Ok(())
    }

    /// Decides one item by itself; `None` when what it asks for is there already.
    async fn change(&self, mut item: AssociationItem, create: bool) -> Result<Option<PlannedChange>, RegistryError> {
        let stored = self.current.iter().find(|association| association.association_type == item.association_type).cloned();
        let mut subject = match &item.subject {
            Some(name) => Some(self.registry.resolve_alias(&Subject::parse_in(self.context, name)).await?),
            None => None,
        };
        if let Some(subject) = &subject {
            self.rights.require(Operation::SubjectWrite, subject)?;
            self.registry.refuse_read_only_association(subject).await?;
        }
        if stored.is_none() && !create {
            item.apply_defaults()?;
        }
        let default = self.resource.default_subject(item.association_type);
        if subject.is_none() {
            subject = match &stored {
                Some(stored) => Some(stored.subject.clone()),
                None => (item.lifecycle == Some(Lifecycle::Strong)).then(|| default.clone()),
            };
        }
        let subject = subject.ok_or_else(|| invalid("subject", "must be provided for WEAK associations"))?;
        self.rights.require(Operation::SubjectWrite, &subject)?;
        if let Some(schema) = &item.schema {
            schema.require_references(&subject, self.rights)?;
            if schema.is_empty() {
                // the text of the latest version is meant, and answered
                self.rights.require(Operation::SubjectRead, &subject)?;
            }
        }
        self.registry.refuse_read_only_association(&subject).await?;
        let epoch = self.registry.store.subject(&subject).await?.epoch;
        let lifecycle = item
            .lifecycle
            .or(stored.as_ref().map(|stored| stored.lifecycle))
            .ok_or_else(|| invalid("lifecycle", "lifecycle must be set"))?;
        if lifecycle == Lifecycle::Weak {
            if item.schema.is_some() {
                return Err(invalid("lifecycle", "cannot be WEAK when schema is provided"));
            }
            if subject == default {
                return Err(invalid("subject", format!("WEAK associations cannot use subject '{default}'")));
            }
        }
        let frozen = stored.as_ref().map_or(item.frozen == Some(true), |stored| stored.frozen);
        let wanted = item.frozen.unwrap_or(frozen);
        if wanted != lifecycle.is_frozen() {
            return Err(invalid("frozen", format!("association with lifecycle of {lifecycle} cannot be frozen={wanted}")));
        }
        if frozen && subject != default {
            return Err(invalid("subject", format!("frozen associations must use subject '{default}'")));
        }
        let change = PlannedChange { item, subject, stored, lifecycle, epoch };
        match &change.stored {
            None => self.refuse_creation(&change, create).await?,
            Some(stored) if change.repeats(stored) => {
                if create
                    && let Some(schema) = &change.item.schema
                    && !self.holds(&change.subject, schema, &change.item).await?
                {
                    return Err(already(stored));
                }
                return Ok(None);
            }
            Some(stored) if create => return Err(already(stored)),
            Some(stored) => change.refuse_change(stored, &default)?,
        }
        Ok(Some(change))
    }

    /// A strong association comes with its resource: with a schema, on a subject that has no other.
    async fn refuse_creation(&self, change: &PlannedChange, create: bool) -> Result<(), RegistryError> {
        if change.lifecycle == Lifecycle::Weak || self.is_import(&change.subject).await? {
            return Ok(());
        }
        if !create {
            let detail = "cannot be STRONG when creating an association; STRONG associations must be created with the topic";
            return Err(invalid("lifecycle", detail));
        }
        let Some(schema) = &change.item.schema else {
            return Err(invalid("schema", "schema must be provided when creating a frozen association"));
        };
        let state = self.state(&change.subject).await?;
        let Some(latest) = state.latest() else { return Ok(()) };
        if latest.version != 1 || !self.holds(&change.subject, schema, &change.item).await? {
            let detail = "cannot create a frozen association when schemas already exist in the subject";
            return Err(invalid("frozen", detail));
        }
        Ok(())
    }

    /// A resource owns all its schemas or shares them all.
    fn refuse_mixed_lifecycles(&self, changes: &[PlannedChange]) -> Result<(), RegistryError> {
        let mut lifecycles: Vec<(AssociationType, Lifecycle)> =
            self.current.iter().map(|association| (association.association_type, association.lifecycle)).collect();
        for change in changes {
            let association_type = change.item.association_type;
            match lifecycles.iter_mut().find(|(stored, _)| *stored == association_type) {
                Some((_, lifecycle)) => *lifecycle = change.lifecycle,
                None => lifecycles.push((association_type, change.lifecycle)),
            }
        }
        if lifecycles.windows(2).all(|pair| matches!(pair, [(_, a), (_, b)] if a == b)) {
            return Ok(());
        }
        let listed: Vec<String> = lifecycles.iter().map(|(t, lifecycle)| format!("{t}={lifecycle}")).collect();
        let detail = format!("all associations for a resource must have the same lifecycle, but got {}", listed.join(", "));
        Err(invalid("lifecycle", detail))
    }

    /// What stands in the way outside the resource: the subject, its other associations, and what refers to it.
    async fn refuse_conflicts(&self, change: &PlannedChange, changes: &[PlannedChange]) -> Result<(), RegistryError> {
        let subject = &change.subject;
        if change.item.schema.is_some() && self.is_import(subject).await? {
            return Err(invalid("schema", format!("cannot be provided while subject '{subject}' is in IMPORT mode")));
        }
        if change.item.schema.is_none() && self.state(subject).await?.latest().is_none() {
            return Err(RegistryError::AssociationNeedsVersion(subject.clone()));
        }
        let scope = AssociationScope::Subject(subject.clone());
        let mut others = self.registry.store.associations(&AssociationFilter::all(scope)).await?;
        others.retain(|other| {
            let removed = |guid: &String| self.changes.removals.iter().any(|removal| removal.association.guid == *guid);
            !removed(&other.guid) && change.stored.as_ref().is_none_or(|stored| stored.guid != other.guid)
        });
        if change.lifecycle == Lifecycle::Weak {
            let owned = others.iter().any(|other| other.lifecycle == Lifecycle::Strong);
            return if owned { Err(RegistryError::StrongAssociationExists(subject.clone())) } else { Ok(()) };
        }
        if !others.is_empty() {
            return Err(RegistryError::AssociationExists(subject.clone()));
        }
        let referred = |change: &PlannedChange| {
            let references = change.item.schema.iter().flat_map(|schema| &schema.references);
            references.filter_map(|r| r.subject.as_deref()).any(|r| Subject::parse_in(change.subject.context(), r) == *subject)
        };
        if changes.iter().any(referred) || self.registry.store.is_referenced(subject).await? {
            return Err(RegistryError::SubjectReferenced(subject.clone()));
        }
        Ok(())
    }

    /// Decides the registration of the schema, and adds what is to be written to the changes.
    async fn plan_writes(&mut self, change: PlannedChange) -> Result<(), RegistryError> {
        let PlannedChange { item, subject, stored, lifecycle, epoch } = change;
        self.changes.heads.push((subject.clone(), epoch));
        if let Some(schema) = &item.schema {
            let options = RegisterOptions { normalize: item.normalize, ..RegisterOptions::default() };
            let generation = self.registry.store.generation().await?;
            let planned = match self.registry.decide(&subject, schema, options, generation).await? {
                Decision::Known { registered, .. } => PlannedSchema::Known(registered),
                Decision::Write(request) => {
                    self.changes.registrations.push(*request);
                    PlannedSchema::New(self.changes.registrations.len() - 1)
                }
            };
            self.schemas.push((item.association_type, planned));
        }
        let now = self.changes.now;
        let association = match stored {
            Some(stored) => {
                let frozen = item.frozen.unwrap_or(stored.frozen);
                Association { lifecycle, frozen, updated_at: now, ..stored }
            }
            None => Association {
                guid: uuid::Uuid::new_v4().to_string(),
                resource: self.resource.clone(),
                association_type: item.association_type,
                subject,
                lifecycle,
                frozen: lifecycle.is_frozen(),
                created_at: now,
                updated_at: now,
            },
        };
        self.current.retain(|other| other.guid != association.guid);
        self.current.push(association.clone());
        self.changes.puts.push(association);
        Ok(())
    }

    /// Whether the subject holds a schema.
    async fn holds(&self, subject: &Subject, schema: &Submission, item: &AssociationItem) -> Result<bool, RegistryError> {
        let options = LookupOptions { normalize: item.normalize, deleted: false };
        Ok(self.registry.lookup_once(subject, schema, options).await?.1.is_some())
    }

    async fn is_import(&self, subject: &Subject) -> Result<bool, RegistryError> {
        Ok(self.registry.effective(subject).await?.mode.is_import())
    }

    /// A subject as it will be once what is removed has gone.
    async fn state(&self, subject: &Subject) -> Result<SubjectState, RegistryError> {
        if self.changes.removals.iter().any(|removal| removal.cascade && removal.association.subject == *subject) {
            return Ok(SubjectState::default());
        }
        Ok(self.registry.store.subject(subject).await?)
    }
}

fn already(stored: &Association) -> RegistryError {
    RegistryError::AssociationForResource(stored.association_type, stored.resource.name.clone())
}

impl PlannedChange {
    /// The request says nothing that the stored association does not say.
    fn repeats(&self, stored: &Association) -> bool {
        self.subject == stored.subject
            && self.item.lifecycle.is_none_or(|lifecycle| lifecycle == stored.lifecycle)
            && self.item.frozen.is_none_or(|frozen| frozen == stored.frozen)
    }

    fn refuse_change(&self, stored: &Association, default: &Subject) -> Result<(), RegistryError> {
        if self.item.lifecycle.is_none() && self.item.schema.is_none() {
            return Err(invalid("lifecycle", "at least lifecycle or schema must be provided for update"));
        }
        if self.subject != stored.subject {
            let detail = format!("subject of association cannot be changed from '{}' to '{}'", stored.subject, self.subject);
            return Err(invalid("subject", detail));
        }
        if stored.lifecycle == Lifecycle::Strong && self.item.lifecycle == Some(Lifecycle::Weak) && stored.subject == *default {
            let detail = format!("cannot change to WEAK when subject matches default format '{default}'");
            return Err(invalid("lifecycle", detail));
        }
        if self.item.frozen.is_some_and(|frozen| frozen != stored.frozen) {
            return Err(invalid("frozen", "frozen attribute of association cannot be changed"));
        }
        if stored.frozen {
            return Err(RegistryError::AssociationFrozen(stored.association_type, stored.subject.clone()));
        }
        Ok(())
    }
}
