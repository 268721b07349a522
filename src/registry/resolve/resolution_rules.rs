//! Trying the rules of [`ResolutionRule`] one by one.

use std::sync::Arc;

use super::cache::ResolvedUri;
use super::{Hints, Resolution, ResolutionRule, Rival, Unresolved, UnresolvedReason};
use crate::access::Rights;
use crate::cloudevents::WriterId;
use crate::cloudevents::resolve::{SchemaUri, UriTarget, canonical, message};
use crate::registry::Registry;
use crate::registry::error::RegistryError;
use crate::registry::schema_cache::CachedSchema;
use crate::store::{Holder, NamedSchema};
use crate::types::{Alias, AliasTarget, DEFAULT_CONTEXT, Guid, SchemaName, Subject, TypeBinding, Version, VersionSelector};

/// Schemas with one name that are looked at; more are ambiguous anyway.
const RIVALS: i64 = 50;

pub(super) struct FoundSchema {
    subject: Subject,
    version: Version,
    deleted: bool,
    schema: Arc<CachedSchema>,
    /// It was named by something that can come to mean another version.
    is_latest: bool,
    /// No registration can make the same target name another schema or subject.
    is_stable: bool,
}

/// The state of a search: what was tried, and what was named in vain.
#[derive(Default)]
pub(super) struct ResolutionSearch {
    tried: Vec<ResolutionRule>,
    /// What was named and is not here.
    pub(super) wanted: Vec<UriTarget>,
    /// In words, for what is no target.
    missing: Option<String>,
    ambiguous: Option<UnresolvedReason>,
}

impl ResolutionSearch {
    /// Ends the search.
    fn found(&mut self, rule: ResolutionRule, found: FoundSchema, fragment: Option<&str>) -> Resolution {
        Resolution {
            resolved_by: rule,
            immutable: !found.is_latest,
            subject: found.subject,
            version: found.version,
            schema: found.schema,
            fragment: fragment.map(str::to_owned),
            deleted: found.deleted,
            tried: std::mem::take(&mut self.tried),
            lacks_dataschema: false,
            writer: None,
        }
    }
}

impl Registry {
    /// Finds the schema of an event.
    ///
    /// The rules are tried in the order of [`ResolutionRule`]; the first that finds a schema decides. Two schemas with the name that was asked
    /// for are an error, never a guess, and so is an alias whose schema is gone: rules behind them are not tried. A soft-deleted
    /// version is found too, and marked as such. The inner error is the caller's to judge. What may not be read is as if it were not there.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn resolve_event_schema(
        &self,
        hints: &Hints,
        rights: &Rights,
    ) -> Result<Result<Resolution, Unresolved>, RegistryError> {
        // what everybody is told is remembered, and most are told the same
        let everybody = self.resolve_for_all(hints).await?;
        match &everybody {
            _ if rights.reads_everything() => Ok(everybody),
            Ok(found) if found.is_readable(rights) => Ok(everybody),
            _ => self.resolve_within(hints, rights).await,
        }
    }

    /// The same for who may not read all of it.
    async fn resolve_within(&self, hints: &Hints, rights: &Rights) -> Result<Result<Resolution, Unresolved>, RegistryError> {
        // no generation: what was found is for this caller alone
        let mut found = match Box::pin(self.try_rules(hints, None, rights)).await? {
            Ok(found) => found,
            Err(unresolved) => return Ok(Err(unresolved)),
        };
        if !matches!(found.resolved_by, ResolutionRule::RecordHeader | ResolutionRule::Framing) {
            found.writer = self.writer_schema(hints, rights).await?.map(Box::new);
        }
        Ok(Ok(found))
    }

    async fn resolve_for_all(&self, hints: &Hints) -> Result<Result<Resolution, Unresolved>, RegistryError> {
        let rights = &Rights::unrestricted();
        let mut generation = None;
        let mut found = None;
        if let (None, Some(uri)) = (&hints.chosen, &hints.dataschema) {
            let now = self.store.generation().await?.content;
            found = self.remembered(uri, now).await?;
            generation = Some(now);
        }
        let mut found = match found {
            Some(found) => found,
            // boxed, so that the futures of the many events that are resolved from memory stay small
            None => match Box::pin(self.try_rules(hints, generation, rights)).await? {
                Ok(found) => found,
                Err(unresolved) => return Ok(Err(unresolved)),
            },
        };
        if !matches!(found.resolved_by, ResolutionRule::RecordHeader | ResolutionRule::Framing) {
            found.writer = self.writer_schema(hints, rights).await?.map(Box::new);
        }
        Ok(Ok(found))
    }

    /// Tries the rules. `generation` is that of the answers, where there is a URI to go by and what it names may be remembered.
    async fn try_rules(
        &self,
        hints: &Hints,
        generation: Option<i64>,
        rights: &Rights,
    ) -> Result<Result<Resolution, Unresolved>, RegistryError> {
        let mut binding = None;
        // most events are resolved by their URI alone, which needs no bindings
        if hints.dataschema.is_none() {
            binding = self.binding_hinted(hints).await?;
        }
        let lacks_dataschema = binding.as_ref().is_some_and(|binding| binding.require_dataschema);
        let mut search = ResolutionSearch::default();
        let mut not_a_uri = None;
        let mut found = None;
        if let Some((subject, version)) = &hints.chosen {
            found = self
                .try_targets(&mut search, ResolutionRule::Override, [UriTarget::Version(subject.clone(), *version)], rights)
                .await?;
        } else {
            if let Some(text) = &hints.dataschema {
                match SchemaUri::parse(text) {
                    Ok(uri) => found = self.by_uri(&mut search, &uri, generation, rights).await?,
                    Err(error) => not_a_uri = Some(error),
                }
            }
            if found.is_none() && search.ambiguous.is_none() {
                if hints.dataschema.is_some() {
                    binding = self.binding_hinted(hints).await?;
                }
                let bound = binding.map(|binding| (binding.subject, binding.version));
                found = self.by_other_hints(&mut search, hints, bound, rights).await?;
            }
        }
        if let Some(mut found) = found {
            found.lacks_dataschema = lacks_dataschema;
            return Ok(Ok(found));
        }
        let nothing_named = search.tried.is_empty();
        let reason = match (search.ambiguous.take(), not_a_uri) {
            (Some(reason), _) => reason,
            (None, Some(error)) => UnresolvedReason::NotAUri(error),
            (None, None) if nothing_named && hints.event_type.is_none() => UnresolvedReason::NoHint,
            (None, None) => UnresolvedReason::Unknown(self.unknown(&search, hints, rights).await?),
        };
        let did_you_mean = self.suggestions(hints, &search.wanted, rights).await?;
        Ok(Err(Unresolved { reason, tried: search.tried, did_you_mean, lacks_dataschema }))
    }

    /// The binding of the event's type.
    async fn binding_hinted(&self, hints: &Hints) -> Result<Option<TypeBinding>, RegistryError> {
        match &hints.event_type {
            Some(event_type) => self.binding_of(event_type).await,
            None => Ok(None),
        }
    }

    /// The schema that the writer of an event used by its own word, if it is known here: the record header's, else the framing's.
    ///
    /// # Errors
    /// Store failures.
    pub async fn writer_schema(&self, hints: &Hints, rights: &Rights) -> Result<Option<Resolution>, RegistryError> {
        if hints.record_header.is_none() && hints.framing.is_none() {
            return Ok(None);
        }
        Box::pin(self.find_writer_schema(hints, rights)).await
    }

    async fn find_writer_schema(&self, hints: &Hints, rights: &Rights) -> Result<Option<Resolution>, RegistryError> {
        for (rule, writer) in [(ResolutionRule::RecordHeader, hints.record_header), (ResolutionRule::Framing, hints.framing)] {
            if let Some(writer) = writer
                && let Some(found) = self.target(&writer_target(writer, hints), rights).await?
            {
                return Ok(Some(ResolutionSearch { tried: vec![rule], ..ResolutionSearch::default() }.found(rule, found, None)));
            }
        }
        Ok(None)
    }

    /// What a URI is remembered to name.
    async fn remembered(&self, uri: &str, generation: i64) -> Result<Option<Resolution>, RegistryError> {
        let Some(named) = self.resolved_uris.get(uri, generation) else { return Ok(None) };
        let Some(schema) = self.schema_by_id(&named.context, named.id).await? else { return Ok(None) };
        let tried = [ResolutionRule::Alias, ResolutionRule::OwnBase, ResolutionRule::BaseTemplate]
            .into_iter()
            .filter(|rule| *rule <= named.rule)
            .collect();
        let (subject, version) = (named.subject.clone(), named.version);
        let found = FoundSchema { subject, version, deleted: false, schema, is_latest: false, is_stable: true };
        Ok(Some(ResolutionSearch { tried, ..ResolutionSearch::default() }.found(named.rule, found, named.fragment.as_deref())))
    }

    async fn by_uri(
        &self,
        search: &mut ResolutionSearch,
        uri: &SchemaUri,
        generation: Option<i64>,
        rights: &Rights,
    ) -> Result<Option<Resolution>, RegistryError> {
        let (found, is_stable) = self.by_address(search, uri, rights).await?;
        if let Some(found) = found {
            if let Some(generation) = generation.filter(|_| is_stable) {
                let named = ResolvedUri {
                    rule: found.resolved_by,
                    subject: found.subject.clone(),
                    version: found.version,
                    context: (&*found.schema.stored.context).into(),
                    id: found.id(),
                    fragment: found.fragment.as_deref().map(Into::into),
                };
                self.resolved_uris.insert(uri.whole().to_owned(), generation, Arc::new(named));
            }
            return Ok(Some(found));
        }
        if search.ambiguous.is_some() {
            return Ok(None);
        }
        // an address alone, without anything, is no name
        if uri.address().is_empty() {
            return Ok(None);
        }
        search.tried.push(ResolutionRule::SchemaId);
        let id = SchemaName::JsonId(canonical(uri.address()));
        if let Some(found) = self.by_name(search, &id, rights).await? {
            return Ok(Some(search.found(ResolutionRule::SchemaId, found, uri.fragment())));
        }
        if let Some(name) = message(uri).filter(|_| search.ambiguous.is_none()) {
            search.tried.push(ResolutionRule::TypeUrl);
            search.missing.get_or_insert_with(|| format!("no Protobuf schema has the message {name}"));
            if let Some(found) = self.by_name(search, &SchemaName::Message(name.to_owned()), rights).await? {
                // the name selects the message
                return Ok(Some(search.found(ResolutionRule::TypeUrl, found, Some(uri.fragment().unwrap_or(name)))));
            }
        }
        Ok(None)
    }

    /// Aliases and bases. The flag: no registration can change what was found.
    async fn by_address(
        &self,
        search: &mut ResolutionSearch,
        uri: &SchemaUri,
        rights: &Rights,
    ) -> Result<(Option<Resolution>, bool), RegistryError> {
        search.tried.push(ResolutionRule::Alias);
        let whole = self.find_alias(uri.whole()).await?;
        // an alias that has the fragment in it leaves nothing to select
        let fragment = uri.fragment().filter(|_| whole.is_none());
        let alias = match whole {
            None if uri.address() != uri.whole() && !uri.address().is_empty() => self.find_alias(uri.address()).await?,
            whole => whole,
        };
        if let Some(Alias { uri, target }) = alias {
            let target = match target {
                AliasTarget::Version(subject, version) => UriTarget::Version(subject, version),
                AliasTarget::Guid(guid) => UriTarget::Guid(guid),
            };
            let found = self.target(&target, rights).await?;
            if found.is_none() {
                let words = format!("the alias {uri} stands for {}, which is not here", shown(&target, rights));
                search.ambiguous = Some(UnresolvedReason::Unknown(words));
                search.wanted.push(target);
            }
            let is_stable = found.as_ref().is_some_and(|found| found.is_stable);
            return Ok((found.map(|found| search.found(ResolutionRule::Alias, found, fragment)), is_stable));
        }
        search.tried.push(ResolutionRule::OwnBase);
        if let Some(target) = self.defaults.resolve.read_own(uri) {
            if let Some(found) = self.target(&target, rights).await? {
                let is_stable = found.is_stable;
                return Ok((Some(search.found(ResolutionRule::OwnBase, found, uri.fragment())), is_stable));
            }
            search.wanted.push(target);
        }
        search.tried.push(ResolutionRule::BaseTemplate);
        let foreign: Vec<UriTarget> = self.defaults.resolve.read_foreign(uri).collect();
        for target in foreign {
            if let Some(found) = self.target(&target, rights).await? {
                // what would have been found first may yet be registered
                let is_stable = found.is_stable && search.wanted.is_empty();
                return Ok((Some(search.found(ResolutionRule::BaseTemplate, found, uri.fragment())), is_stable));
            }
            search.wanted.push(target);
        }
        if let Err(fault) = uri.path() {
            search.missing = Some(format!("nothing is read out of the URI, for {fault}"));
        }
        Ok((None, false))
    }

    async fn by_other_hints(
        &self,
        search: &mut ResolutionSearch,
        hints: &Hints,
        binding: Option<(Subject, VersionSelector)>,
        rights: &Rights,
    ) -> Result<Option<Resolution>, RegistryError> {
        for (rule, writer) in [(ResolutionRule::RecordHeader, hints.record_header), (ResolutionRule::Framing, hints.framing)] {
            if let Some(writer) = writer
                && let Some(found) = self.try_targets(search, rule, [writer_target(writer, hints)], rights).await?
            {
                return Ok(Some(found));
            }
        }
        let Some(event_type) = &hints.event_type else { return Ok(None) };
        search.tried.push(ResolutionRule::TypeBinding);
        if let Some((subject, version)) = binding {
            let target = UriTarget::Version(subject, version);
            if let Some(found) = self.target(&target, rights).await? {
                return Ok(Some(search.found(ResolutionRule::TypeBinding, found, None)));
            }
            search.wanted.push(target);
        }
        if self.defaults.resolve.convention {
            let subjects = [event_type.clone(), format!("{event_type}-value")];
            let targets = subjects.map(|name| UriTarget::Version(Subject::plain(&name), VersionSelector::Latest));
            return self.try_targets(search, ResolutionRule::Convention, targets, rights).await;
        }
        Ok(None)
    }

    async fn try_targets(
        &self,
        search: &mut ResolutionSearch,
        rule: ResolutionRule,
        targets: impl IntoIterator<Item = UriTarget>,
        rights: &Rights,
    ) -> Result<Option<Resolution>, RegistryError> {
        search.tried.push(rule);
        for target in targets {
            if let Some(found) = self.target(&target, rights).await? {
                return Ok(Some(search.found(rule, found, None)));
            }
            search.wanted.push(target);
        }
        Ok(None)
    }

    /// What a target names, soft-deleted versions included, if it may be read.
    pub(super) async fn target(&self, target: &UriTarget, rights: &Rights) -> Result<Option<FoundSchema>, RegistryError> {
        match target {
            UriTarget::Version(subject, version) => {
                let subject = self.resolve_alias(subject).await?;
                self.named_version(&subject, *version, rights).await
            }
            UriTarget::Id(id, hint) => {
                let found = self.find_id(*id, hint.as_ref(), rights).await?;
                let is_stable = hint.as_ref().is_none_or(Subject::is_context);
                Ok(found.map(|found| held_by(found.holder, found.schema, is_stable)))
            }
            UriTarget::Guid(guid) => self.named_guid(*guid, rights).await,
            UriTarget::Entity(context, xreg_id, version) => match self.store.subject_by_xregistry_id(context, xreg_id).await? {
                Some(subject) => self.named_version(&subject, *version, rights).await,
                None => Ok(None),
            },
            UriTarget::Type(event_type) => match self.bindings().await?.of(event_type).cloned() {
                Some(binding) => {
                    let found = self.named_version(&self.resolve_alias(&binding.subject).await?, binding.version, rights).await?;
                    // the binding can be changed
                    Ok(found.map(|found| FoundSchema { is_latest: true, is_stable: false, ..found }))
                }
                None => Ok(None),
            },
        }
    }

    async fn named_version(
        &self,
        subject: &Subject,
        version: VersionSelector,
        rights: &Rights,
    ) -> Result<Option<FoundSchema>, RegistryError> {
        if !rights.reads(subject) {
            return Ok(None);
        }
        match self.version(subject, version, true, rights).await {
            Ok(found) => Ok(Some(FoundSchema {
                is_stable: version != VersionSelector::Latest && !found.row.deleted && found.subject == *subject,
                subject: found.subject,
                version: found.row.version,
                deleted: found.row.deleted,
                schema: found.schema,
                is_latest: version == VersionSelector::Latest,
            })),
            Err(RegistryError::SubjectNotFound(_) | RegistryError::VersionNotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The oldest live holder of a guid, the default context first; else the oldest soft-deleted one.
    async fn named_guid(&self, guid: Guid, rights: &Rights) -> Result<Option<FoundSchema>, RegistryError> {
        let mut deleted = None;
        for (context, id, _) in self.store.ids_by_guid(guid).await? {
            let Some(found) = self.find_id(id, Some(&Subject::in_context(&context, "")), rights).await? else { continue };
            let is_live = !found.holder.deleted;
            let found = held_by(found.holder, found.schema, context == DEFAULT_CONTEXT);
            if is_live {
                return Ok(Some(found));
            }
            deleted.get_or_insert(found);
        }
        Ok(deleted)
    }

    /// The one schema with a name. Live ones count before those that only soft-deleted versions hold.
    async fn by_name(
        &self,
        search: &mut ResolutionSearch,
        name: &SchemaName,
        rights: &Rights,
    ) -> Result<Option<FoundSchema>, RegistryError> {
        let mut named = self.store.named(name, RIVALS).await?;
        if named.iter().any(|schema| schema.is_live) {
            named.retain(|schema| schema.is_live);
        }
        let mut distinct: Vec<NamedSchema> = Vec::new();
        for schema in named {
            let same = |known: &NamedSchema| known.guid == schema.guid && known.schema_type == schema.schema_type;
            if !distinct.iter().any(same) {
                distinct.push(schema);
            }
        }
        let mut found = Vec::new();
        for schema in &distinct {
            let context = Subject::in_context(&schema.context, "");
            found.extend(
                self.find_id(schema.id, Some(&context), rights).await?.map(|found| held_by(found.holder, found.schema, false)),
            );
        }
        if found.len() <= 1 {
            return Ok(found.pop());
        }
        let rival = |found: &FoundSchema| Rival {
            subject: found.subject.clone(),
            version: found.version,
            id: found.schema.stored.id,
            guid: found.schema.stored.guid,
        };
        let rivals = found.iter().map(rival).collect();
        search.ambiguous = Some(UnresolvedReason::Ambiguous { name: name.text().to_owned(), rivals });
        Ok(None)
    }

    /// Says what is not here.
    async fn unknown(&self, search: &ResolutionSearch, hints: &Hints, rights: &Rights) -> Result<String, RegistryError> {
        if let Some(missing) = &search.missing {
            return Ok(missing.clone());
        }
        if let Some(target) = search.wanted.first() {
            if let UriTarget::Version(subject, _) = target {
                let subject = self.resolve_alias(subject).await?;
                if rights.reads(&subject)
                    && let Some(latest) = self.store.subject(&subject).await?.latest()
                {
                    return Ok(format!("there is no {}; the latest version is {}", words(target), latest.version));
                }
            }
            return Ok(format!("there is no {}", shown(target, rights)));
        }
        Ok(match (&hints.dataschema, &hints.event_type) {
            (Some(uri), _) => format!("no rule knows the URI {uri}"),
            (None, Some(event_type)) => format!("no binding takes the event type {event_type}"),
            (None, None) => "nothing was named".to_owned(),
        })
    }
}

fn held_by(holder: Holder, schema: Arc<CachedSchema>, is_stable: bool) -> FoundSchema {
    // an id or a guid stands for the schema, whoever holds it
    let Holder { subject, version, deleted, .. } = holder;
    FoundSchema { subject, version, deleted: false, schema, is_latest: false, is_stable: is_stable && !deleted }
}

fn writer_target(writer: WriterId, hints: &Hints) -> UriTarget {
    match writer {
        WriterId::Id(id) => UriTarget::Id(id, hints.context.as_deref().map(|context| Subject::in_context(context, ""))),
        WriterId::Guid(guid) => UriTarget::Guid(guid),
    }
}

/// The same without names of what may not be read.
fn shown(target: &UriTarget, rights: &Rights) -> String {
    match target {
        UriTarget::Version(subject, _) if !rights.reads(subject) => "subject that could be read".to_owned(),
        target => words(target),
    }
}

fn words(target: &UriTarget) -> String {
    match target {
        UriTarget::Version(subject, VersionSelector::Latest) => format!("subject '{subject}'"),
        UriTarget::Version(subject, VersionSelector::Number(version)) => format!("version {version} of subject '{subject}'"),
        UriTarget::Id(id, _) => format!("schema with id {id}"),
        UriTarget::Guid(guid) => format!("schema with guid {guid}"),
        UriTarget::Entity(_, id, _) => format!("schema '{id}' in the xRegistry view"),
        UriTarget::Type(event_type) => format!("binding of the event type {event_type}"),
    }
}
