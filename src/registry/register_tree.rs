//! Registering schemas that refer to one another in one step: all of them or none, in the order of their references.
//!
//! Each is decided as a registration by itself is, but its references may stand for versions that are only about to be written. The
//! store then writes all of them in one transaction, provided nothing has changed since the decisions began.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::error::RegistryError;
use super::keys::fill_kms_defaults;
use super::register::{Decision, RegisterOptions};
use super::registered::Registered;
use super::submission::{Alongside, PendingVersion, Submission};
use super::{MAX_DECISIONS, Registry};
use crate::access::{Operation, Rights};
use crate::store::{AssociateOutcome, AssociateRequest, RegisterRequest};
use crate::types::{Actor, Guid, SchemaId, SchemaType, Subject, Version, VersionSelector};

/// A schema of a tree, with the subject that it is for.
#[derive(Debug, Clone)]
pub struct TreeMember {
    pub subject: Subject,
    pub submission: Submission,
}

/// What has become of a schema of a tree, or would.
#[derive(Debug, Clone)]
pub struct TreeAnswer {
    pub subject: Subject,
    /// None for what a dry run would register: ids are given when something is written.
    pub id: Option<SchemaId>,
    pub version: Version,
    pub guid: Guid,
    pub schema_type: SchemaType,
    /// A version is written for it.
    pub is_new: bool,
}

/// What was decided about one schema of a tree.
enum PlannedVersion {
    Known(Registered),
    /// The position among the registrations that are written.
    New(usize),
}

impl From<&Registered> for TreeAnswer {
    fn from(registered: &Registered) -> Self {
        Self {
            subject: registered.subject.clone(),
            id: Some(registered.id),
            version: registered.version,
            guid: registered.guid,
            schema_type: registered.content.schema_type,
            is_new: registered.is_new,
        }
    }
}

impl TreeAnswer {
    fn planned(request: &RegisterRequest, id: Option<SchemaId>) -> Self {
        Self {
            subject: request.subject.clone(),
            id,
            version: request.version,
            guid: request.schema.guid,
            schema_type: request.schema.content.schema_type,
            is_new: true,
        }
    }
}

fn invalid(message: impl Into<String>) -> RegistryError {
    RegistryError::InvalidTree(message.into())
}

impl Registry {
    /// Registers all schemas or none; the answers are in the order of the members. A reference without a version, or to the latest
    /// one, stands for the version that the tree gives to its subject, if there is one. `dry_run` writes nothing.
    ///
    /// # Errors
    /// [`RegistryError::InvalidTree`] without members, for a subject that is there twice and for references in a circle;
    /// [`RegistryError::OfMember`] with what a registration of one of them by itself would be refused for; [`RegistryError::Denied`]
    /// without the right to write a subject, or to read what a schema refers to.
    #[tracing::instrument(level = "debug", skip_all, fields(members = members.len()))]
    pub async fn register_tree(
        &self,
        members: &[TreeMember],
        options: RegisterOptions,
        dry_run: bool,
        rights: &Rights,
        by: &Arc<Actor>,
    ) -> Result<Vec<TreeAnswer>, RegistryError> {
        let limit = self.limits.reference_count;
        if members.len() > limit {
            return Err(RegistryError::ReferenceLimit { what: "schemas in a tree", limit, setting: "max-references" });
        }
        for TreeMember { subject, submission } in members {
            rights.require(Operation::SubjectWrite, subject)?;
            submission.require_references(subject, rights)?;
            if submission.is_empty() {
                return Err(invalid(format!("The schema of subject '{subject}' is empty")));
            }
        }
        for _ in 0..MAX_DECISIONS {
            let generation = self.store.generation().await?;
            let (planned, registrations) = match self.plan_tree(members, options, generation).await {
                Ok(plan) => plan,
                // what was read before and after another change does not fit together: it may be no reason to refuse
                Err(_) if self.store.generation().await?.content != generation.content => continue,
                Err(refusal) => return Err(refusal),
            };
            let ids: Vec<Option<SchemaId>> = if dry_run || registrations.is_empty() {
                vec![None; registrations.len()]
            } else {
                let request = AssociateRequest {
                    expected_generation: generation.content,
                    registrations: registrations.clone(),
                    now: self.now(),
                    ..AssociateRequest::default()
                };
                match self.store.associate(Arc::new(request), by).await? {
                    AssociateOutcome::Done(ids) => ids.into_iter().map(Some).collect(),
                    AssociateOutcome::Registration { position, outcome } => {
                        let Some(request) = registrations.get(position) else { continue };
                        request.registered(outcome).map_err(|error| error.of_member(&request.subject))?;
                        continue;
                    }
                    AssociateOutcome::Moved | AssociateOutcome::Deletion(_) | AssociateOutcome::Full => continue,
                }
            };
            let answer = |planned: &PlannedVersion| match planned {
                PlannedVersion::Known(registered) => Some(registered.into()),
                PlannedVersion::New(position) => {
                    Some(TreeAnswer::planned(registrations.get(*position)?, ids.get(*position).copied().flatten()))
                }
            };
            return Ok(planned.iter().filter_map(answer).collect());
        }
        Err(RegistryError::Contention)
    }

    /// Decides all members, those first that others refer to. The registrations are in the order in which they can be written.
    async fn plan_tree(
        &self,
        members: &[TreeMember],
        options: RegisterOptions,
        generation: crate::store::Generation,
    ) -> Result<(Vec<PlannedVersion>, Vec<RegisterRequest>), RegistryError> {
        let order = self.order_of(members).await?;
        let subjects: HashSet<&Subject> = members.iter().map(|member| &member.subject).collect();
        let mut pending: Vec<PendingVersion> = Vec::new();
        let mut registrations = Vec::new();
        let mut planned: Vec<Option<PlannedVersion>> = members.iter().map(|_| None).collect();
        for at in order {
            let (Some(TreeMember { subject, submission }), Some(place)) = (members.get(at), planned.get_mut(at)) else {
                continue;
            };
            let mut submission = fill_kms_defaults(submission).into_owned();
            for reference in &mut submission.references {
                let target = reference.subject.as_deref().map(|name| Subject::parse_in(subject.context(), name));
                if reference.version.is_none() && target.is_some_and(|target| subjects.contains(&target)) {
                    reference.version = Some(-1);
                }
            }
            submission.alongside = Alongside::from(pending.as_slice());
            let decision = self.decide(subject, &submission, options, generation).await;
            *place = Some(match decision.map_err(|error| error.of_member(subject))? {
                Decision::Known { registered, .. } => PlannedVersion::Known(registered),
                Decision::Write(request) => {
                    pending.push(PendingVersion {
                        subject: subject.clone(),
                        version: request.version,
                        content: Arc::clone(&request.schema.content),
                    });
                    registrations.push(*request);
                    PlannedVersion::New(registrations.len() - 1)
                }
            });
        }
        Ok((planned.into_iter().flatten().collect(), registrations))
    }

    /// The positions of the members, each after those that it refers to.
    async fn order_of(&self, members: &[TreeMember]) -> Result<Vec<usize>, RegistryError> {
        if members.is_empty() {
            return Err(invalid("There are no schemas to register"));
        }
        let mut places = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            if places.insert(&member.subject, at).is_some() {
                return Err(invalid(format!("Subject '{}' is there more than once", member.subject)));
            }
        }
        let mut open = vec![0_usize; members.len()];
        let mut referrers: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
        for (at, TreeMember { subject, submission }) in members.iter().enumerate() {
            let mut targets = HashSet::new();
            for reference in &submission.references {
                let Some(target) = reference.subject.as_deref().map(|name| Subject::parse_in(subject.context(), name)) else {
                    continue;
                };
                let Some(place) = places.get(&target).copied() else { continue };
                // a version that is there already is meant as it is
                let numbered = reference.version.filter(|version| *version > 0).map(VersionSelector::Number);
                let is_stored = match numbered {
                    Some(number) => self.store.version(&target, number, true).await?.is_some(),
                    None => false,
                };
                if !is_stored && targets.insert(place) {
                    open.iter_mut().skip(at).take(1).for_each(|count| *count += 1);
                    referrers.iter_mut().skip(place).take(1).for_each(|referrers| referrers.push(at));
                }
            }
        }
        let mut ready: VecDeque<usize> = (0..members.len()).filter(|at| open.get(*at) == Some(&0)).collect();
        let mut order = Vec::with_capacity(members.len());
        while let Some(at) = ready.pop_front() {
            order.push(at);
            for referrer in referrers.get(at).into_iter().flatten() {
                let Some(count) = open.get_mut(*referrer) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.push_back(*referrer);
                }
            }
        }
        if order.len() < members.len() {
            let circle =
                members.iter().zip(&open).filter(|(_, open)| **open > 0).map(|(member, _)| format!("'{}'", member.subject));
            let named = circle.take(10).collect::<Vec<_>>().join(", ");
            return Err(invalid(format!("Schemas refer to one another in a circle, so that none can be the first: {named}")));
        }
        Ok(order)
    }
}
