//! What an exporter copies: everything once, then change by change.

use std::collections::HashSet;

use futures_util::future::BoxFuture;

use super::destination::{Destination, SentVersion};
use crate::peer::PeerError;
use crate::registry::{Registry, RegistryError};
use crate::store::{OutboxEntry, StoredSchema, SubjectFilter, VersionFilter, VersionRow};
use crate::types::{StoredExporter, Subject, Version, VersionSelector};

/// Versions and changes read at once.
pub(super) const PAGE: i64 = 500;
/// Error code of a version that others refer to.
const REFERENCED: i64 = 42206;
/// Versions that are remembered as sent because another one refers to them.
const MAX_AHEAD: usize = 10_000;

/// Why copying stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    #[error("{0}")]
    Destination(#[from] PeerError),
    #[error("{0}")]
    Source(#[from] RegistryError),
    /// The exporter was changed, or another replica has it.
    #[error("no longer this replica's")]
    Lost,
}

impl From<crate::store::StoreError> for CopyError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Source(error.into())
    }
}

/// Told of everything that was copied; may say that it is no longer wanted.
pub(super) trait CopyProgress: Send {
    fn copied(&mut self) -> BoxFuture<'_, Result<(), CopyError>>;
}

pub(super) struct Copier<'r> {
    pub(super) registry: &'r Registry,
    pub(super) stored: &'r StoredExporter,
    pub(super) destination: Destination<'r>,
    /// The destination is the registry that is copied.
    pub(super) into_itself: bool,
    /// Sent before their turn.
    pub(super) ahead: HashSet<(Subject, Version)>,
}

impl Copier<'_> {
    /// Removes what was removed for good since a position, before everything is copied once more: its place may be taken by now.
    pub(super) async fn removals(&mut self, since: i64, progress: &mut impl CopyProgress) -> Result<(), CopyError> {
        let mut after = since;
        loop {
            let page = self.registry.store.changes(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.sequence;
            for change in page.iter().filter(|change| change.kind.ends_with(".purged")) {
                match self.change(change).await {
                    // what took its place was copied already, and is referred to
                    Err(CopyError::Destination(PeerError::Refused { code: REFERENCED, .. })) => {}
                    removed => removed?,
                }
                progress.copied().await?;
            }
        }
    }

    /// Copies everything that is selected: versions, each after those that it refers to, then deletions, then settings, then keys.
    pub(super) async fn everything(&mut self, progress: &mut impl CopyProgress) -> Result<(), CopyError> {
        let mut after: Option<(String, Version)> = None;
        let filter = VersionFilter {
            subjects: SubjectFilter { context_prefix: Some(".".to_owned()), deleted: true, ..SubjectFilter::default() },
            ..VersionFilter::default()
        };
        let mut deleted = Vec::new();
        loop {
            let from = after.as_ref().map(|(subject, version)| (subject.as_str(), *version));
            let page = self.registry.store.versions(&filter, from, 0, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.subject.qualified(), last.row.version));
            for listed in page {
                if self.stored.exporter.selects(&listed.subject) {
                    self.version(&listed.subject, &listed.row, &listed.schema, 0).await?;
                    if listed.row.deleted {
                        deleted.push((listed.subject, listed.row.version));
                    }
                    progress.copied().await?;
                }
            }
        }
        for (subject, version) in deleted {
            self.destination.delete(&subject, version).await?;
            progress.copied().await?;
        }
        for (scope, settings) in self.registry.store.every_setting().await? {
            if let Some(config) = settings.config.filter(|_| self.is_copied_scope(&scope)) {
                self.destination.config(&scope, Some(&config)).await?;
                progress.copied().await?;
            }
        }
        self.keys(progress).await
    }

    /// Settings of subjects and of contexts are copied; those of the registry as a whole are the destination's own.
    fn is_copied_scope(&self, scope: &Subject) -> bool {
        self.stored.exporter.selects(scope) && !(scope.is_context() && scope.is_default_context())
    }

    /// Copies one change.
    pub(super) async fn change(&mut self, change: &OutboxEntry) -> Result<(), CopyError> {
        if change.kind.starts_with("kek.") || change.kind.starts_with("dek.") {
            return self.key_change(change).await;
        }
        let subject = &change.subject;
        if !self.stored.exporter.selects(subject) {
            return Ok(());
        }
        match (change.kind.as_str(), change.version) {
            ("schema.registered" | "schema.imported", Some(version)) => {
                // what was removed for good since then is not missed
                if let Some((row, schema)) = self.stored_version(subject, version).await? {
                    self.version(subject, &row, &schema, 0).await?;
                }
            }
            ("schema.deleted", Some(version)) => self.destination.delete(subject, version).await?,
            ("schema.purged", Some(version)) => match self.destination.purge(subject, version).await {
                // what took its place was copied already, and is referred to
                Err(PeerError::Refused { code: REFERENCED, .. }) if self.stored_version(subject, version).await?.is_some() => {}
                removed => removed?,
            },
            ("config.set" | "config.deleted", _) if self.is_copied_scope(subject) => {
                let settings = self.registry.store.settings(std::slice::from_ref(subject)).await?;
                let config = settings.into_iter().next().and_then(|settings| settings.config);
                self.destination.config(subject, config.as_ref()).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn stored_version(&self, subject: &Subject, version: Version) -> Result<Option<(VersionRow, StoredSchema)>, CopyError> {
        let store = &self.registry.store;
        let Some(row) = store.version(subject, VersionSelector::Number(version), true).await? else { return Ok(None) };
        Ok(store.schema(subject.context(), row.id).await?.map(|schema| (row, schema)))
    }

    /// Sends a version after all that it refers to, whether that is selected or not.
    fn version<'c>(
        &'c mut self,
        subject: &'c Subject,
        row: &'c VersionRow,
        schema: &'c StoredSchema,
        depth: usize,
    ) -> BoxFuture<'c, Result<(), CopyError>> {
        Box::pin(async move {
            let target = self.destination.map(subject);
            if self.into_itself && target != *subject && self.stored.exporter.selects(&target) {
                let message = "the destination has the id of this registry, and the copies would be copied again";
                return Err(PeerError::Away(message.to_owned()).into());
            }
            let content = &schema.content;
            for reference in &content.references {
                let target = Subject::parse_in(subject.context(), &reference.subject);
                if depth >= self.registry.limits.reference_depth || self.ahead.contains(&(target.clone(), reference.version)) {
                    continue;
                }
                if let Some((row, schema)) = self.stored_version(&target, reference.version).await? {
                    self.version(&target, &row, &schema, depth + 1).await?;
                    if self.ahead.len() >= MAX_AHEAD {
                        self.ahead.clear();
                    }
                    self.ahead.insert((target, reference.version));
                }
            }
            let sent = SentVersion {
                subject,
                version: row.version,
                id: row.id,
                schema_type: content.schema_type.as_str(),
                text: &content.text,
                references: &content.references,
                metadata: content.metadata.as_ref(),
                rule_set: content.rule_set.as_ref(),
            };
            self.destination.register(&sent).await?;
            Ok(())
        })
    }
}
