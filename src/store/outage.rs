//! Reads while the database is away: what this process has read is remembered, within a bound, and given again.
//!
//! What is given was true when this process read it last. It may be older than the outage, for nothing is asked only to stay fresh;
//! but no id ever means something else than before: after a purge or an import that this process has learned of, nothing that was
//! read earlier is given.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, Change, DeleteOutcome, DeleteRequest, DocumentTag, Generation, Holder,
    ImportSwitch, ListedSubject, ListedVersion, NamedSchema, RegisterOutcome, RegisterRequest, SchemaNames, Scope, ScopeSettings,
    SettingsOutcome, Store, StoreError, StoredSchema, SubjectFilter, SubjectState, VersionFilter, VersionRow,
};
use crate::cache::Generational;
use crate::codec::ConfigPatch;
use crate::types::{
    Alias, Association, Config, Guid, Mode, SchemaId, SchemaName, SchemaType, Subject, TypeBinding, Version, VersionSelector,
};

/// Told of each read that was answered from memory.
pub type OutageObserver = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Remembered {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// A store that goes on answering reads while the one below it can't be reached.
pub struct OutageReads {
    store: Arc<dyn Store>,
    /// By what was asked.
    facts: Generational<String, Remembered>,
    observer: OutageObserver,
}

/// About what a fact takes in memory, in bytes.
trait Weight {
    fn bytes(&self) -> usize;
}

/// What is small, and about as large each time.
macro_rules! small {
    ($($fact:ty),*) => { $(
        impl Weight for $fact {
            fn bytes(&self) -> usize {
                size_of::<Self>() + 64
            }
        }
    )* };
}
small!(bool, SchemaId, String, VersionRow, Holder, NamedSchema, DocumentTag, ListedSubject, Subject);
small!(ScopeSettings, (String, SchemaId), (String, SchemaId, SchemaType));

impl Weight for StoredSchema {
    /// Its text is that of the schema in the registry's cache for as long as it is there, too.
    fn bytes(&self) -> usize {
        self.content.text.len() + 256
    }
}

impl Weight for SubjectState {
    fn bytes(&self) -> usize {
        self.rows.len() * size_of::<VersionRow>() + 32
    }
}

impl Weight for Association {
    fn bytes(&self) -> usize {
        512
    }
}

impl Weight for Alias {
    fn bytes(&self) -> usize {
        512
    }
}

impl Weight for TypeBinding {
    fn bytes(&self) -> usize {
        512
    }
}

impl<T: Weight> Weight for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(8, Weight::bytes)
    }
}

impl<T: Weight> Weight for Vec<T> {
    fn bytes(&self) -> usize {
        self.iter().map(Weight::bytes).sum::<usize>() + 24
    }
}

impl OutageReads {
    /// Remembers at most `bytes`.
    pub fn new(store: Arc<dyn Store>, bytes: u64, observer: OutageObserver) -> Self {
        let weight = |key: &String, fact: &Remembered| key.len() + fact.bytes;
        Self { store, facts: Generational::undivided(bytes, 512, weight), observer }
    }

    fn remember<T: Weight + Clone + Send + Sync + 'static>(&self, asked: String, generation: Generation, found: &T) {
        let fact = Remembered { bytes: found.bytes(), value: Arc::new(found.clone()) };
        self.facts.insert(asked, generation.id_bindings, fact);
    }

    fn recall<T: Clone + 'static>(&self, asked: &str) -> Option<T> {
        let fact = self.facts.get(asked, self.store.known_generation().id_bindings)?;
        fact.value.downcast_ref::<T>().cloned()
    }

    /// What was read, or while the database is away what `recall` knows of it.
    async fn read<T: Weight + Clone + Send + Sync + 'static>(
        &self,
        asked: String,
        read: impl Future<Output = Result<T, StoreError>>,
        otherwise: impl FnOnce() -> Option<T>,
    ) -> Result<T, StoreError> {
        let generation = self.store.known_generation();
        match read.await {
            Ok(found) => {
                self.remember(asked, generation, &found);
                Ok(found)
            }
            Err(StoreError::Unreachable { database, cause }) => {
                let known = self.recall(&asked).or_else(otherwise);
                if known.is_some() {
                    (self.observer)();
                }
                known.ok_or(StoreError::Unreachable { database, cause })
            }
            Err(error) => Err(error),
        }
    }
}

fn asked(what: &str, arguments: impl Debug) -> String {
    format!("{what}{arguments:?}")
}

/// Reads that are remembered by their arguments alone.
macro_rules! outage_reads {
    (remembered { $($read:ident($($arg:ident: $type:ty),*) -> $found:ty;)* } forwarded { $($write:ident($($a:ident: $t:ty),*) -> $out:ty;)* }) => {
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

            fn pool_size(&self) -> Option<(u32, u32)> {
                self.store.pool_size()
            }

            async fn close(&self) {
                self.store.close().await;
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
                            self.remember(asked("schema", (context, schema.id)), generation, &Some(schema.clone()));
                        }
                        Ok(found)
                    }
                    Err(error @ StoreError::Unreachable { .. }) => {
                        let known = |id: &SchemaId| self.recall::<Option<StoredSchema>>(&asked("schema", (context, *id)));
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
                    let state: SubjectState = self.recall(&asked("subject", (subject,)))?;
                    Some(match selector {
                        VersionSelector::Latest => state.latest().cloned(),
                        VersionSelector::Number(number) => state.row(number).filter(|row| deleted || !row.deleted).cloned(),
                    })
                };
                let asked = asked("version", (subject, selector, deleted));
                self.read(asked, self.store.version(subject, selector, deleted), whole).await
            }

            $(
                async fn $read(&self, $($arg: $type),*) -> Result<$found, StoreError> {
                    self.read(asked(stringify!($read), ($($arg,)*)), self.store.$read($($arg),*), || None).await
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
        cluster_id() -> String;
        schema(context: &str, id: SchemaId) -> Option<StoredSchema>;
        holders(context: &str, id: SchemaId) -> Vec<Holder>;
        ids_by_guid(guid: Guid) -> Vec<(String, SchemaId, SchemaType)>;
        content_ids(context: &str, guid: Guid, schema_type: SchemaType) -> Vec<SchemaId>;
        subject(subject: &Subject) -> SubjectState;
        settings(scopes: &[Scope]) -> Vec<ScopeSettings>;
        referrers(subject: &Subject, version: Version, deleted: bool) -> Vec<(String, SchemaId)>;
        is_referenced(subject: &Subject) -> bool;
        contexts() -> Vec<String>;
        contexts_with_subject(name: &str) -> Vec<String>;
        max_id(context: &str) -> SchemaId;
        subjects(filter: &SubjectFilter, after: Option<&str>, limit: i64) -> Vec<ListedSubject>;
        associations(filter: &AssociationFilter) -> Vec<Association>;
        associations_of(subjects: &[Subject]) -> Vec<Association>;
        alias(uri: &str) -> Option<Alias>;
        aliases(offset: i64, limit: i64) -> Vec<Alias>;
        type_bindings() -> Vec<TypeBinding>;
        named(name: &SchemaName, limit: i64) -> Vec<NamedSchema>;
        subject_by_xregistry_id(context: &str, xreg_id: &str) -> Option<Subject>;
        document_tag(context: &str, id: SchemaId) -> Option<DocumentTag>;
    }
    forwarded {
        all_settings(limit: i64) -> Option<HashMap<Scope, ScopeSettings>>;
        versions(filter: &VersionFilter, after: Option<(&str, Version)>, limit: i64) -> Vec<ListedVersion>;
        subject_aliases(filter: &SubjectFilter) -> Vec<(Subject, String)>;
        changes(after: i64, limit: i64) -> Vec<Change>;
        schemas_without_names(limit: i64) -> Vec<StoredSchema>;
        put_config(scope: &Scope, patch: &ConfigPatch, expected: i64) -> SettingsOutcome<Config>;
        delete_config(scope: &Scope, expected: i64) -> SettingsOutcome<Option<Config>>;
        put_mode(scope: &Scope, mode: Option<Mode>, import: ImportSwitch) -> DeleteOutcome;
        delete_mode(scope: &Scope, recursive: bool) -> (Option<Mode>, bool);
        delete_context(context: &str) -> bool;
        associate(request: Arc<AssociateRequest>) -> AssociateOutcome;
        prune_changes(before: i64, keep: i64, limit: i64) -> u64;
        put_alias(alias: &Alias) -> bool;
        delete_alias(uri: &str) -> Option<Alias>;
        put_type_binding(binding: &TypeBinding) -> bool;
        delete_type_binding(pattern: &str) -> bool;
        put_schema_names(batch: Vec<SchemaNames>) -> ();
        register(request: Arc<RegisterRequest>) -> RegisterOutcome;
        delete(request: Arc<DeleteRequest>) -> DeleteOutcome;
    }
}
