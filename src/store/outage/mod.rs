//! Reads while the database is away: what this process has read is remembered, within a bound, and given again.
//!
//! What is given was true when this process read it last, and nothing that this process has heard of has made it wrong since: a fact
//! holds until a change of its kind. Only registrations by other replicas are not heard of; a fact may lack those that came after it.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AuditChain, AuditFilter, AuditPage, BrowsePlace, BrowsedHit, Counts,
    DeleteOutcome, DeleteRequest, DocumentTag, ExporterChange, ExporterProgress, Extent, FiledWords, Freshness, Generation,
    HashedContent, Holder, ImportOutcome, ImportRequest, ImportSwitch, KeyChange, KeyOutcome, ListedVersion, NamedSchema,
    OutboxEntry, Refusals, RegisterOutcome, RegisterRequest, SchemaNames, Scope, ScopeSettings, SearchHit, SettingsOutcome,
    Statistics, Store, StoreError, StoreObserver, StoreReadings, StoredSchema, SubjectFilter, SubjectState, TurnHolder,
    UsageCount, UsageFilter, VersionBrowse, VersionFilter, VersionRow, VersionUsage, WordQuery,
};
use crate::cache::Generational;
use crate::codec::ConfigPatch;
use crate::types::{
    Actor, Alias, Association, Config, Dek, DekName, Guid, Kek, LinkKind, Mode, SchemaId, SchemaName, SchemaType, StoredExporter,
    Subject, TypeBinding, Version, VersionSelector,
};

mod weight;

use weight::Rememberable;

#[derive(Clone)]
struct Remembered {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// What makes a fact wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// That an id stands for something else.
    IdBindings,
    /// A change of a config or mode.
    Settings,
    /// Any other change of what was there: a deletion, an import, an association, an alias.
    Changes,
}

impl Until {
    /// A number that stays the same for as long as the fact holds.
    fn of(self, generation: Generation) -> i64 {
        match self {
            Self::IdBindings => generation.id_bindings,
            Self::Settings => generation.settings,
            Self::Changes => generation.content - generation.settings,
        }
    }
}

/// What was asked, and until when the answer holds.
struct StoreQuestion(String, Until);

impl StoreQuestion {
    fn new(what: &str, arguments: impl Debug, until: Until) -> Self {
        Self(format!("{what}{arguments:?}"), until)
    }

    fn schema(context: &str, id: SchemaId) -> Self {
        Self::new("schema", (context, id), Until::IdBindings)
    }

    fn subject(subject: &Subject) -> Self {
        Self::new("subject", (subject,), Until::Changes)
    }

    fn version(subject: &Subject, selector: VersionSelector, deleted: bool) -> Self {
        Self::new("version", (subject, selector, deleted), Until::Changes)
    }
}

/// A store that goes on answering reads while the one below it can't be reached.
pub struct OutageReads {
    store: Arc<dyn Store>,
    /// By what was asked.
    facts: Generational<String, Remembered>,
    observer: Arc<dyn StoreObserver>,
}

impl OutageReads {
    /// Remembers at most `bytes`.
    pub fn new(store: Arc<dyn Store>, bytes: u64, observer: Arc<dyn StoreObserver>) -> Self {
        let weight = |key: &String, fact: &Remembered| key.len() + fact.bytes;
        Self { store, facts: Generational::undivided(bytes, 512, weight), observer }
    }

    /// Most reads find what is remembered already.
    fn remember<T: Rememberable>(&self, question: StoreQuestion, generation: Generation, found: &T) {
        let known = self.facts.get(&question.0, question.1.of(generation));
        if known.is_some_and(|fact| fact.value.downcast_ref::<T>() == Some(found)) {
            return;
        }
        let fact = Remembered { bytes: found.bytes(), value: Arc::new(found.clone()) };
        self.facts.insert(question.0, question.1.of(generation), fact);
    }

    fn recall<T: Rememberable>(&self, question: &StoreQuestion) -> Option<T> {
        let fact = self.facts.get(&question.0, question.1.of(self.store.known_generation()))?;
        fact.value.downcast_ref::<T>().cloned()
    }

    /// What was read, or while the database is away what is remembered of it, or what else gives it.
    async fn read<T: Rememberable>(
        &self,
        question: StoreQuestion,
        read: impl Future<Output = Result<T, StoreError>>,
        otherwise: impl FnOnce() -> Option<T>,
    ) -> Result<T, StoreError> {
        let generation = self.store.known_generation();
        match read.await {
            Ok(found) => {
                self.remember(question, generation, &found);
                Ok(found)
            }
            Err(StoreError::Unreachable { database, cause }) => {
                let known = self.recall(&question).or_else(otherwise);
                if known.is_some() {
                    self.observer.read_in_outage();
                }
                known.ok_or(StoreError::Unreachable { database, cause })
            }
            Err(error) => Err(error),
        }
    }

    /// A registration by this process is no change of what was there, but it is known.
    fn learn(&self, request: &RegisterRequest, id: SchemaId, is_new_schema: bool) {
        if request.disruptive {
            // what was remembered of the subject holds no longer, and this may not be its latest version
            return;
        }
        let generation = self.store.known_generation();
        let RegisterRequest { subject, version, schema, now, .. } = request;
        let row = VersionRow { version: *version, id, deleted: false, created_at: *now };
        let state: Option<SubjectState> = self.recall(&StoreQuestion::subject(subject));
        if let Some(mut state) = state.or_else(|| (*version == 1).then(SubjectState::default)) {
            state.rows.push(row.clone());
            state.rows.sort_by_key(|row| row.version);
            self.remember(StoreQuestion::subject(subject), generation, &state);
        }
        for selector in [VersionSelector::Latest, VersionSelector::Number(*version)] {
            for deleted in [false, true] {
                self.remember(StoreQuestion::version(subject, selector, deleted), generation, &Some(row.clone()));
            }
        }
        let (context, HashedContent { content, guid }) = (subject.context(), schema);
        let of_content = StoreQuestion::new("content_ids", (context, *guid, content.schema_type), Until::Changes);
        self.remember(of_content, generation, &vec![id]);
        if is_new_schema {
            let stored =
                StoredSchema { context: context.into(), id, guid: *guid, content: Arc::clone(content), created_at: *now };
            self.remember(StoreQuestion::schema(context, id), generation, &Some(stored));
            let holder = Holder { subject: subject.clone(), version: *version, deleted: false, created_at: *now };
            self.remember(StoreQuestion::new("holders", (context, id), Until::Changes), generation, &vec![holder]);
        } else {
            let holders = StoreQuestion::new("holders", (context, id), Until::Changes);
            if let Some(mut known) = self.recall::<Vec<Holder>>(&holders) {
                known.push(Holder { subject: subject.clone(), version: *version, deleted: false, created_at: *now });
                self.remember(holders, generation, &known);
            }
        }
    }
}

/// Reads that are remembered by their arguments alone.
macro_rules! outage_reads {
    (remembered { $($until:ident $read:ident($($arg:ident: $type:ty),*) -> $found:ty;)* } forwarded { $($write:ident($($a:ident: $t:ty),*) -> $out:ty;)* }) => {
        #[async_trait]
        impl Store for OutageReads {
            fn location(&self) -> String {
                self.store.location()
            }

            async fn ping(&self) -> Result<(), StoreError> {
                self.store.ping().await
            }

            fn is_available(&self) -> bool {
                self.store.is_available()
            }

            fn readings(&self) -> StoreReadings {
                let mut readings = self.store.readings();
                readings.caches.push(("outage", self.facts.reading()));
                readings
            }

            async fn close(&self) {
                self.store.close().await;
            }

            fn freshness(&self, of: Extent) -> Option<Freshness> {
                self.store.freshness(of)
            }

            fn is_fresh(&self, freshness: &Freshness) -> bool {
                self.store.is_fresh(freshness)
            }

            fn known_generation(&self) -> Generation {
                self.store.known_generation()
            }

            /// While the database is away: the one that it had last. What was answered under it goes on being answered.
            async fn generation(&self) -> Result<Generation, StoreError> {
                match self.store.generation().await {
                    Err(StoreError::Unreachable { .. }) => Ok(self.store.known_generation()),
                    generation => generation,
                }
            }

            async fn schemas(&self, context: &str, ids: &[SchemaId]) -> Result<Vec<StoredSchema>, StoreError> {
                let generation = self.store.known_generation();
                match self.store.schemas(context, ids).await {
                    Ok(found) => {
                        for schema in &found {
                            self.remember(StoreQuestion::schema(context, schema.id), generation, &Some(schema.clone()));
                        }
                        Ok(found)
                    }
                    Err(error @ StoreError::Unreachable { .. }) => {
                        let known = |id: &SchemaId| self.recall::<Option<StoredSchema>>(&StoreQuestion::schema(context, *id));
                        let known: Option<Vec<_>> = ids.iter().map(known).collect();
                        Ok(known.ok_or(error)?.into_iter().flatten().collect())
                    }
                    Err(error) => Err(error),
                }
            }

            async fn version(
                &self,
                subject: &Subject,
                selector: VersionSelector,
                deleted: bool,
            ) -> Result<Option<VersionRow>, StoreError> {
                let whole = || {
                    let state: SubjectState = self.recall(&StoreQuestion::subject(subject))?;
                    Some(match selector {
                        VersionSelector::Latest => state.latest().cloned(),
                        VersionSelector::Number(number) => state.row(number).filter(|row| deleted || !row.deleted).cloned(),
                    })
                };
                let question = StoreQuestion::version(subject, selector, deleted);
                self.read(question, self.store.version(subject, selector, deleted), whole).await
            }

            async fn register(&self, request: Arc<RegisterRequest>, by: &Arc<Actor>) -> Result<RegisterOutcome, StoreError> {
                let outcome = self.store.register(Arc::clone(&request), by).await?;
                if let RegisterOutcome::Registered { id, is_new_schema } = outcome {
                    self.learn(&request, id, is_new_schema);
                }
                Ok(outcome)
            }

            $(
                async fn $read(&self, $($arg: $type),*) -> Result<$found, StoreError> {
                    let question = StoreQuestion::new(stringify!($read), ($($arg,)*), Until::$until);
                    self.read(question, self.store.$read($($arg),*), || None).await
                }
            )*

            $(
                async fn $write(&self, $($a: $t),*) -> Result<$out, StoreError> {
                    self.store.$write($($a),*).await
                }
            )*
        }
    };
}

outage_reads! {
    remembered {
        IdBindings cluster_id() -> String;
        IdBindings schema(context: &str, id: SchemaId) -> Option<StoredSchema>;
        Changes holders(context: &str, id: SchemaId) -> Vec<Holder>;
        IdBindings ids_by_guid(guid: Guid) -> Vec<(String, SchemaId, SchemaType)>;
        Changes content_ids(context: &str, guid: Guid, schema_type: SchemaType) -> Vec<SchemaId>;
        Changes subject(subject: &Subject) -> SubjectState;
        Settings settings(scopes: &[Scope]) -> Vec<ScopeSettings>;
        Changes referrers(subject: &Subject, version: Version, deleted: bool) -> Vec<(String, SchemaId)>;
        Changes is_referenced(subject: &Subject) -> bool;
        Changes contexts() -> Vec<String>;
        Changes contexts_with_subject(name: &str) -> Vec<String>;
        Changes max_id(context: &str) -> SchemaId;
        Changes subjects(filter: &SubjectFilter, after: Option<&str>, skip: i64, limit: i64) -> Vec<String>;
        Changes associations(filter: &AssociationFilter) -> Vec<Association>;
        Changes associations_of(subjects: &[Subject]) -> Vec<Association>;
        Changes alias(uri: &str) -> Option<Alias>;
        Changes aliases(offset: i64, limit: i64) -> Vec<Alias>;
        Changes type_bindings() -> Vec<TypeBinding>;
        Changes named(name: &SchemaName, limit: i64) -> Vec<NamedSchema>;
        Changes subject_by_xregistry_id(context: &str, xreg_id: &str) -> Option<Subject>;
        Changes kek(name: &str) -> Option<Kek>;
        Changes kek_names(deleted: bool, offset: i64, limit: i64) -> Vec<String>;
        Changes dek(name: &DekName, version: i32) -> Option<Dek>;
        Changes latest_dek(name: &DekName, deleted: bool) -> Option<Dek>;
        Changes dek_versions(name: &DekName, deleted: bool, offset: i64, limit: i64) -> Vec<i32>;
        Changes dek_subjects(kek: &str, deleted: bool) -> Vec<String>;
        IdBindings document_tag(context: &str, id: SchemaId) -> Option<DocumentTag>;
    }
    forwarded {
        all_settings(limit: i64) -> Option<HashMap<Scope, ScopeSettings>>;
        every_setting() -> HashMap<Scope, ScopeSettings>;
        versions(filter: &VersionFilter, after: Option<(&str, Version)>, skip: i64, limit: i64) -> Vec<ListedVersion>;
        place_of_version(filter: &SubjectFilter, place: i64) -> Option<(String, i64)>;
        subject_aliases(filter: &SubjectFilter) -> Vec<(Subject, String)>;
        changes(after: i64, limit: i64) -> Vec<OutboxEntry>;
        audit(filter: &AuditFilter, limit: i64) -> AuditPage;
        audit_chain() -> AuditChain;
        record_refusals(refusals: Vec<Refusals>) -> ();
        prune_audit(before: i64, limit: i64) -> u64;
        add_usage(counts: Vec<UsageCount>, clients: i64) -> ();
        begin_usage() -> ();
        session_key(fresh: [u8; 32]) -> [u8; 32];
        usage_since() -> Option<i64>;
        usage(filter: &UsageFilter, limit: i64) -> Vec<VersionUsage>;
        prune_usage(before: i64, keep: i64, limit: i64) -> u64;
        has_more_keks(than: i64) -> bool;
        has_more_deks(than: i64) -> bool;
        dek_owners(deleted: bool) -> Vec<(String, String)>;
        change_key(change: Arc<KeyChange>, by: &Arc<Actor>) -> KeyOutcome;
        exporters(kind: LinkKind) -> Vec<StoredExporter>;
        exporter(kind: LinkKind, name: &str) -> Option<StoredExporter>;
        change_exporter(change: Arc<ExporterChange>, by: &Arc<Actor>) -> bool;
        hold_exporter(kind: LinkKind, name: &str, holder: &str, until: i64) -> bool;
        move_exporter(to: ExporterProgress) -> bool;
        take_turn(subject: &Subject, holder: TurnHolder, time: Duration) -> bool;
        end_turn(subject: &Subject, holder: TurnHolder) -> ();
        change_bounds() -> Option<(i64, i64)>;
        schemas_without_names(limit: i64) -> Vec<StoredSchema>;
        put_config(scope: &Scope, patch: &ConfigPatch, expected: i64, by: &Arc<Actor>) -> SettingsOutcome<Config>;
        delete_config(scope: &Scope, expected: i64, by: &Arc<Actor>) -> SettingsOutcome<Option<Config>>;
        put_mode(scope: &Scope, mode: Option<Mode>, import: ImportSwitch, by: &Arc<Actor>) -> DeleteOutcome;
        delete_mode(scope: &Scope, recursive: bool, by: &Arc<Actor>) -> (Option<Mode>, bool);
        delete_context(context: &str, by: &Arc<Actor>) -> bool;
        associate(request: Arc<AssociateRequest>, by: &Arc<Actor>) -> AssociateOutcome;
        prune_changes(before: i64, keep: i64, limit: i64) -> u64;
        put_alias(alias: &Alias, by: &Arc<Actor>) -> bool;
        delete_alias(uri: &str, by: &Arc<Actor>) -> Option<Alias>;
        put_type_binding(binding: &TypeBinding, by: &Arc<Actor>) -> bool;
        delete_type_binding(pattern: &str, by: &Arc<Actor>) -> bool;
        search(query: &WordQuery) -> Vec<SearchHit>;
        browse(browse: &VersionBrowse) -> (Vec<BrowsedHit>, Option<BrowsePlace>);
        statistics(since: i64) -> Statistics;
        counts() -> Counts;
        schemas_without_words(limit: i64) -> Vec<StoredSchema>;
        put_schema_words(batch: Vec<FiledWords>) -> ();
        file_subject_words(limit: i64) -> u64;
        put_schema_names(batch: Vec<SchemaNames>) -> ();
        import(request: Arc<ImportRequest>, by: &Arc<Actor>) -> ImportOutcome;
        version_marks() -> Vec<(String, Version, bool)>;
        delete(request: Arc<DeleteRequest>, by: &Arc<Actor>) -> DeleteOutcome;
    }
}
