//! What an importer does: from time to time it compares what the source lists with what is here, and brings what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use tokio::time::{Duration, Instant};

use super::copy::{CopyError, CopyProgress as _};
use super::report::{FIRST_WAIT, StatusReporter};
use super::seen_keys::SeenKeys;
use super::source::{SourceRegistry, SourceVersion, SourceVersions};
use crate::codec::{ConfigJson, ConfigPatch, LevelKey};
use crate::peer::PeerError;
use crate::registry::error::NotPermitted;
use crate::registry::{RegisterOptions, Registry, RegistryError, Submission};
use crate::trace::{self, Current, TraceContext};
use crate::types::{Actor, Config, Exporter, Mode, StoredExporter, Subject, Version, VersionSelector};

/// The shortest pause between two looks at the source, and how many times as long as a look it is: a large registry is not asked all the time.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSES_PER_LOOK: u32 = 4;
/// Requests to the source that are under way at the same time.
const AT_ONCE: usize = 8;

/// What the source had when it was looked at last: what is no longer there was removed for good.
#[derive(Default)]
struct SeenSource {
    versions: BTreeMap<Subject, SourceVersions>,
    configs: BTreeSet<Subject>,
    keys: SeenKeys,
}

pub(super) struct Importer<'r> {
    pub(super) registry: &'r Registry,
    pub(super) definition: &'r Exporter,
    pub(super) source: SourceRegistry,
    /// The context that `AUTO` puts first.
    cluster: String,
    pub(super) by: Arc<Actor>,
}

/// Imports until the importer is changed, or no longer this replica's.
pub(super) async fn run(registry: &Registry, stored: &StoredExporter, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
    report.position = report.position.max(0);
    report.say(String::new()).await?;
    let (mut wait, mut seen) = (FIRST_WAIT, SeenSource::default());
    loop {
        let begun = Instant::now();
        let trace = TraceContext::fresh();
        let trace_id = trace.shown_id();
        match trace::within(Some(Current::passed_on(trace)), look(registry, stored, report, &mut seen)).await {
            Ok(()) => {
                wait = FIRST_WAIT;
                report.wait("", PAUSE.max(begun.elapsed() * PAUSES_PER_LOOK)).await?;
            }
            Err(CopyError::Lost) => return Err(CopyError::Lost),
            Err(error) => wait = report.failed(&error, &trace_id, wait).await?,
        }
    }
}

/// Brings all that there is to bring now.
async fn look(
    registry: &Registry,
    stored: &StoredExporter,
    report: &mut StatusReporter<'_>,
    seen: &mut SeenSource,
) -> Result<(), CopyError> {
    report.require_unchanged().await?;
    let source = SourceRegistry::new(&stored.exporter).map_err(PeerError::Away)?;
    let id = source.cluster_id().await?;
    let by = Arc::new(Actor { principal: format!("importer:{}", stored.exporter.name).into(), ..Actor::server() });
    let importer = Importer { registry, definition: &stored.exporter, source, cluster: format!(".{id}"), by };
    if id == registry.store.cluster_id().await? {
        let message = "the source has the id of this registry: nothing can be copied out of itself";
        return Err(PeerError::Away(message.to_owned()).into());
    }
    let subjects = importer.source.subjects().await?;
    let selected: Vec<Subject> = subjects.into_iter().filter(|subject| stored.exporter.selects(subject)).collect();
    let mut now = SeenSource::default();
    let listed = |subject: Subject| {
        let source = &importer.source;
        async move { source.versions(&subject).await.map(|versions| (subject, versions)) }
    };
    let mut listing = stream::iter(selected).map(listed).buffer_unordered(AT_ONCE);
    while let Some(found) = listing.next().await {
        let (subject, versions) = found?;
        now.versions.insert(subject, versions);
        report.renew_if(false).await?;
    }
    drop(listing);
    for (subject, versions) in &now.versions {
        importer.subject(subject, versions, report).await?;
    }
    importer.removals(seen, &now, report).await?;
    importer.configs(seen, &mut now, report).await?;
    now.keys = std::mem::take(&mut seen.keys);
    let keys = importer.keys(&mut now.keys, report).await;
    *seen = now;
    keys?;
    Ok(())
}

impl Importer<'_> {
    pub(super) fn local(&self, subject: &Subject) -> Subject {
        self.definition.imported(subject, &self.cluster)
    }

    /// Whether a version is here, and live.
    async fn here(&self, target: &Subject) -> Result<SourceVersions, CopyError> {
        let state = self.registry.store.subject(target).await?;
        Ok(state.rows.iter().map(|row| (row.version, !row.deleted)).collect())
    }

    pub(super) async fn done(&self, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
        report.position = report.position.saturating_add(1);
        report.copied().await
    }

    /// Brings the versions of a subject that are missing, and deletes those that are deleted in the source.
    async fn subject(
        &self,
        subject: &Subject,
        versions: &SourceVersions,
        report: &mut StatusReporter<'_>,
    ) -> Result<(), CopyError> {
        let target = self.local(subject);
        let here = self.here(&target).await?;
        for (version, is_live) in versions {
            let is_here = match here.get(version) {
                Some(is_live) => *is_live,
                None => self.version(subject, *version, 0, report).await?,
            };
            if is_here && !is_live {
                self.registry.delete_version(&target, VersionSelector::Number(*version), false, &self.by).await?;
                self.done(report).await?;
            }
        }
        Ok(())
    }

    /// Brings one version, after all that it refers to, whether that is selected or not. Whether there was one.
    fn version<'v>(
        &'v self,
        subject: &'v Subject,
        version: Version,
        depth: usize,
        report: &'v mut StatusReporter<'_>,
    ) -> BoxFuture<'v, Result<bool, CopyError>> {
        Box::pin(async move {
            let SourceVersion::Version(mut submission) = self.source.version(subject, version).await? else { return Ok(false) };
            let target = self.local(subject);
            for reference in &mut submission.references {
                let (Some(name), Some(number)) = (&reference.subject, reference.version) else { continue };
                let wanted = Subject::parse_in(subject.context(), name);
                let local = self.local(&wanted);
                if depth < self.registry.limits.reference_depth && !self.here(&local).await?.contains_key(&number) {
                    self.version(&wanted, number, depth + 1, report).await?;
                }
                // within the context of who refers to it without that context
                let is_near = local.context() == target.context();
                reference.subject = Some(if is_near { local.name().to_owned() } else { local.qualified() });
            }
            self.register(&target, &submission).await?;
            self.done(report).await?;
            Ok(true)
        })
    }

    async fn register(&self, target: &Subject, submission: &Submission) -> Result<(), CopyError> {
        let register = || self.registry.register(target, submission, RegisterOptions::default(), &self.by);
        match register().await {
            Err(RegistryError::NotPermitted(NotPermitted::NotImport(_))) if target.is_default_context() => {
                let message = format!(
                    "{} takes no ids: PUT /mode with IMPORT, or /mode/:.__GLOBAL: with FORWARD, lets the importer write",
                    target.qualified()
                );
                Err(PeerError::Away(message).into())
            }
            // a context of its own that is empty is the importer's to switch
            Err(RegistryError::NotPermitted(NotPermitted::NotImport(_))) => {
                self.registry.put_mode(&target.context_scope(), Some(Mode::Import), false, &self.by).await?;
                Ok(register().await.map(drop)?)
            }
            registered => Ok(registered.map(drop)?),
        }
    }

    /// Removes what the source had at the last look and has no more, and says so itself. What is referred to here is tried again later.
    async fn removals(&self, before: &SeenSource, now: &SeenSource, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
        for (subject, versions) in &before.versions {
            let left = now.versions.get(subject);
            let is_gone = |version: &&Version| !left.is_some_and(|left| left.contains_key(*version));
            let target = self.local(subject);
            for version in versions.keys().rev().filter(is_gone) {
                let (here, number) = (self.here(&target).await?, VersionSelector::Number(*version));
                let Some(is_live) = here.get(version) else { continue };
                if !matches!(self.source.version(subject, *version).await?, SourceVersion::Gone) {
                    continue;
                }
                if *is_live {
                    self.registry.delete_version(&target, number, false, &self.by).await?;
                }
                self.registry.delete_version(&target, number, true, &self.by).await?;
                self.done(report).await?;
            }
        }
        Ok(())
    }

    /// Configs of subjects and of contexts; that of the registry as a whole is its own.
    async fn configs(&self, before: &SeenSource, now: &mut SeenSource, report: &mut StatusReporter<'_>) -> Result<(), CopyError> {
        let contexts = now.versions.keys().filter(|subject| !subject.is_default_context()).map(Subject::context_scope);
        let scopes: BTreeSet<Subject> = contexts.chain(now.versions.keys().cloned()).collect();
        let asked = |scope: Subject| async move { self.source.config(&scope).await.map(|config| (scope, config)) };
        let mut answers = stream::iter(scopes).map(asked).buffer_unordered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            let (scope, theirs) = answer?;
            report.renew_if(false).await?;
            let target = self.local(&scope);
            let own = self.registry.store.settings(std::slice::from_ref(&target)).await?;
            let own = own.into_iter().next().and_then(|settings| settings.config);
            match theirs {
                Some(mut wanted) => {
                    now.configs.insert(scope.clone());
                    let alias = |alias: &String| self.local(&Subject::parse_in(scope.context(), alias)).qualified();
                    wanted.alias = wanted.alias.as_ref().map(alias);
                    if own.as_ref() != Some(&wanted) {
                        self.config(&target, &wanted, own.is_some()).await?;
                        self.done(report).await?;
                    }
                }
                None if own.is_some() && before.configs.contains(&scope) => {
                    self.registry.delete_config(&target, &self.by).await?;
                    self.done(report).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Sets a config in place of what is set.
    async fn config(&self, target: &Subject, wanted: &Config, is_set: bool) -> Result<(), CopyError> {
        let body = serde_json::to_value(ConfigJson::new(wanted, LevelKey::Compatibility)).unwrap_or_default();
        let Ok(Some(patch)) = ConfigPatch::from_json(&body) else { return Ok(()) };
        if is_set {
            self.registry.delete_config(target, &self.by).await?;
        }
        self.registry.put_config(target, &patch, &self.by).await?;
        Ok(())
    }
}
