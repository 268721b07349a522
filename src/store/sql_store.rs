//! The part of the implementations that is the same: which unit of work each method is. Each is a span, so that a log at level debug
//! shows which unit a request waited for.

/// Does a unit of work, and says how long it took. No function: a future that is handed to one is kept twice.
macro_rules! observed {
    ($store:expr, $name:ident, $work:expr) => {{
        let begun = std::time::Instant::now();
        let done = $work.await;
        $store.observer.unit(stringify!($name), begun.elapsed(), done.as_ref().err());
        done
    }};
}
pub(super) use observed;

/// Runs a unit of work in a transaction; it may have to run again, so it gets what it works on anew each time.
macro_rules! transact {
    ($store:ident, $name:ident, $work:expr, |$conn:ident, $given:ident| $unit:expr) => {{
        let work = $work;
        let writing = $store.write(None, dialect::LockKeys::default(), move |$conn| {
            let $given = Arc::clone(&work);
            Box::pin(async move { $unit.await })
        });
        $crate::store::sql_store::observed!($store, $name, writing)
    }};
    ($store:ident, $name:ident, $by:ident, $work:expr, |$conn:ident, $given:ident, $actor:ident| $unit:expr) => {
        $crate::store::sql_store::transact!($store, $name, counted None, dialect::LockKeys::default(), $by, $work, |$conn, $given, $actor| $unit)
    };
    ($store:ident, $name:ident, counted $registers:expr, $locks:expr, $by:ident, $work:expr, |$conn:ident, $given:ident, $actor:ident| $unit:expr) => {{
        let (work, actor) = ($work, $store.audited($by));
        let writing = $store.write($registers, $locks, move |$conn| {
            let ($given, actor) = (Arc::clone(&work), actor.clone());
            Box::pin(async move {
                let $actor = actor.as_deref();
                $unit.await
            })
        });
        $crate::store::sql_store::observed!($store, $name, writing)
    }};
}
pub(super) use transact;

/// Reads, on a connection of its own.
macro_rules! read_once {
    ($store:expr, $begin:ident, |$conn:ident| $found:expr) => {
        async {
            let mut lease = $store.$begin().await?;
            let $conn = &mut *lease;
            let found = $found.await?;
            $store.end_read(lease).await?;
            Ok(found)
        }
    };
}
pub(super) use read_once;

/// Reads; on another connection, where the first was lost or keeps silent.
macro_rules! read {
    ($store:expr, $name:ident, |$conn:ident| $found:expr) => {
        $crate::store::sql_store::read!($store, $name, begin_read, |$conn| $found)
    };
    ($store:expr, $name:ident, $begin:ident, |$conn:ident| $found:expr) => {{
        let reading = $store.read_either(
            $crate::store::sql_store::read_once!($store, $begin, |$conn| $found),
            // seldom needed, and large: no room is kept for it
            || Box::pin($crate::store::sql_store::read_once!($store, $begin, |$conn| $found)),
        );
        $crate::store::sql_store::observed!($store, $name, reading)
    }};
}
pub(super) use read;

/// Implements [`super::Store`] for a type that has `begin_read()`, `begin_list()` and `end_read()` (connections), `read_either(work, again)`,
/// `known_subject(..)` and `known_version(..)` (what is known without reading), `find_place(..)`, `find_subjects(..)`, `write(registers, locks, unit)` (a transaction that begins with locks), and
/// `register_grouped(request, by, alone)` (registrations that come at the same time).
macro_rules! store_impl {
    ($store:ident { $($own:tt)* }) => {
        $crate::store::sql_store::store_methods!($store { $($own)* } lists {
            versions(filter: &VersionFilter, after: Option<(&str, Version)>, skip: i64, limit: i64) -> Vec<ListedVersion>;
            search(query: &WordQuery) -> Vec<SearchHit>;
            browse(browse: &VersionBrowse) -> (Vec<BrowsedHit>, Option<BrowsePlace>);
            statistics(since: i64) -> Statistics;
            counts() -> Counts;
            version_marks() -> Vec<(String, Version, bool)>;
        } reads {
            schema(context: &str, id: SchemaId) -> Option<StoredSchema>;
            schemas(context: &str, ids: &[SchemaId]) -> Vec<StoredSchema>;
            holders(context: &str, id: SchemaId) -> Vec<Holder>;
            ids_by_guid(guid: Guid) -> Vec<(String, SchemaId, SchemaType)>;
            content_ids(context: &str, guid: Guid, schema_type: SchemaType) -> Vec<SchemaId>;
            settings(scopes: &[Scope]) -> Vec<ScopeSettings>;
            all_settings(limit: i64) -> Option<std::collections::HashMap<Scope, ScopeSettings>>;
            every_setting() -> std::collections::HashMap<Scope, ScopeSettings>;
            referrers(subject: &Subject, version: Version, deleted: bool) -> Vec<(String, SchemaId)>;
            is_referenced(subject: &Subject) -> bool;
            contexts() -> Vec<String>;
            contexts_with_subject(name: &str) -> Vec<String>;
            max_id(context: &str) -> SchemaId;
            subject_aliases(filter: &SubjectFilter) -> Vec<(Subject, String)>;
            associations(filter: &AssociationFilter) -> Vec<Association>;
            associations_of(subjects: &[Subject]) -> Vec<Association>;
            changes(after: i64, limit: i64) -> Vec<OutboxEntry>;
            audit_chain() -> AuditChain;
            usage(filter: &UsageFilter, limit: i64) -> Vec<VersionUsage>;
            usage_since() -> Option<i64>;
            alias(uri: &str) -> Option<Alias>;
            aliases(offset: i64, limit: i64) -> Vec<Alias>;
            type_bindings() -> Vec<TypeBinding>;
            named(name: &SchemaName, limit: i64) -> Vec<NamedSchema>;
            subject_by_xregistry_id(context: &str, xreg_id: &str) -> Option<Subject>;
            document_tag(context: &str, id: SchemaId) -> Option<DocumentTag>;
            schemas_without_names(limit: i64) -> Vec<StoredSchema>;
            schemas_without_words(limit: i64) -> Vec<StoredSchema>;
            kek(name: &str) -> Option<Kek>;
            kek_names(deleted: bool, offset: i64, limit: i64) -> Vec<String>;
            has_more_keks(than: i64) -> bool;
            dek(name: &DekName, version: i32) -> Option<Dek>;
            latest_dek(name: &DekName, deleted: bool) -> Option<Dek>;
            dek_versions(name: &DekName, deleted: bool, offset: i64, limit: i64) -> Vec<i32>;
            dek_subjects(kek: &str, deleted: bool) -> Vec<String>;
            dek_owners(deleted: bool) -> Vec<(String, String)>;
            has_more_deks(than: i64) -> bool;
            exporters(kind: LinkKind) -> Vec<StoredExporter>;
            exporter(kind: LinkKind, name: &str) -> Option<StoredExporter>;
            change_bounds() -> Option<(i64, i64)>;
        });
    };
}
pub(super) use store_impl;

macro_rules! store_methods {
    ($store:ident {
        location: |$l:ident| $location:expr,
        cluster_id: |$c:ident| $cluster_id:expr,
        generation: |$g:ident| $generation:expr,
        close: |$x:ident| $close:block,
    } lists { $($list:ident($($l_arg:ident: $l_type:ty),*) -> $listed:ty;)* }
      reads { $($read:ident($($arg:ident: $type:ty),*) -> $found:ty;)* }) => {
        #[async_trait]
        impl Store for $store {
            fn location(&self) -> String {
                let $l = self;
                $location
            }

            fn readings(&self) -> StoreReadings {
                $store::readings(self)
            }

            fn is_available(&self) -> bool {
                $store::is_available(self)
            }

            async fn ping(&self) -> Result<(), StoreError> {
                $store::ping(self).await
            }

            async fn close(&self) {
                let $x = self;
                $close
            }

            async fn cluster_id(&self) -> Result<String, StoreError> {
                let $c = self;
                Ok($cluster_id)
            }

            async fn generation(&self) -> Result<Generation, StoreError> {
                self.current_generation().await
            }

            fn known_generation(&self) -> Generation {
                let $g = self;
                $generation
            }

            fn freshness(&self, of: Extent) -> Option<Freshness> {
                $store::freshness(self, of)
            }

            fn is_fresh(&self, freshness: &Freshness) -> bool {
                self.registrations.is_fresh(freshness)
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn subject(&self, subject: &Subject) -> Result<SubjectState, StoreError> {
                let read = || Box::pin(async { $crate::store::sql_store::read!(self, subject, |conn| sql::subject(conn, subject)) });
                self.known_subject(subject, read).await
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn version(&self, subject: &Subject, selector: VersionSelector, deleted: bool) -> Result<Option<VersionRow>, StoreError> {
                let read = || Box::pin(async { $crate::store::sql_store::read!(self, version, |conn| sql::version(conn, subject, selector, deleted)) });
                self.known_version(subject, selector, deleted, read).await
            }

            $(
                #[tracing::instrument(level = "debug", skip_all)]
                async fn $list(&self, $($l_arg: $l_type),*) -> Result<$listed, StoreError> {
                    $crate::store::sql_store::read!(self, $list, begin_list, |conn| sql::$list(conn, $($l_arg),*))
                }
            )*

            $(
                #[tracing::instrument(level = "debug", skip_all)]
                async fn $read(&self, $($arg: $type),*) -> Result<$found, StoreError> {
                    $crate::store::sql_store::read!(self, $read, |conn| sql::$read(conn, $($arg),*))
                }
            )*

            #[tracing::instrument(level = "debug", skip_all)]
            async fn subjects(
                &self,
                filter: &SubjectFilter,
                after: Option<&str>,
                skip: i64,
                limit: i64,
            ) -> Result<Vec<String>, StoreError> {
                $crate::store::sql_store::read!(self, subjects, begin_list, |conn| self.find_subjects(conn, filter, after, skip, limit))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn place_of_version(&self, filter: &SubjectFilter, place: i64) -> Result<Option<(String, i64)>, StoreError> {
                $crate::store::sql_store::read!(self, place_of_version, begin_list, |conn| self.find_place(conn, filter, place))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn take_turn(&self, subject: &Subject, holder: TurnHolder, time: Duration) -> Result<bool, StoreError> {
                $crate::store::sql_store::transact!(self, take_turn, Arc::new(subject.clone()), |conn, subject| dialect::take_turn(conn, &subject, holder, time))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn end_turn(&self, subject: &Subject, holder: TurnHolder) -> Result<(), StoreError> {
                $crate::store::sql_store::transact!(self, end_turn, Arc::new(subject.clone()), |conn, subject| dialect::end_turn(conn, &subject, holder))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn register(&self, request: Arc<RegisterRequest>, by: &Arc<Actor>) -> Result<RegisterOutcome, StoreError> {
                let alone = || Box::pin(async {
                    let (registers, locks) = (Some(request.subject.clone()), dialect::LockKeys::of(&sql::registration_locks(&request)));
                    $crate::store::sql_store::transact!(self, register, counted registers, locks, by, Arc::clone(&request), |conn, request, by| sql::register(conn, &request, by))
                });
                self.register_grouped(&request, by, alone).await
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn import(&self, request: Arc<ImportRequest>, by: &Arc<Actor>) -> Result<ImportOutcome, StoreError> {
                $crate::store::sql_store::transact!(self, import, by, request, |conn, request, by| sql::import(conn, &request, by))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete(&self, request: Arc<DeleteRequest>, by: &Arc<Actor>) -> Result<DeleteOutcome, StoreError> {
                $crate::store::sql_store::transact!(self, delete, by, request, |conn, request, by| sql::delete(conn, &request, by))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn associate(&self, request: Arc<AssociateRequest>, by: &Arc<Actor>) -> Result<AssociateOutcome, StoreError> {
                $crate::store::sql_store::transact!(self, associate, by, request, |conn, request, by| sql::associate(conn, &request, by))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_config(&self, scope: &Scope, patch: &ConfigPatch, expected: i64, by: &Arc<Actor>) -> Result<SettingsOutcome<Config>, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, put_config, by, Arc::new((scope.clone(), patch.clone())), |conn, given, by| sql::put_config(conn, &given.0, &given.1, expected, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete_config(&self, scope: &Scope, expected: i64, by: &Arc<Actor>) -> Result<SettingsOutcome<Option<Config>>, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, delete_config, by, Arc::new(scope.clone()), |conn, given, by| sql::delete_config(conn, &given, expected, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_mode(&self, scope: &Scope, mode: Option<Mode>, import: ImportSwitch, by: &Arc<Actor>) -> Result<DeleteOutcome, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, put_mode, by, Arc::new(scope.clone()), |conn, given, by| sql::put_mode(conn, &given, mode, import, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete_mode(&self, scope: &Scope, recursive: bool, by: &Arc<Actor>) -> Result<(Option<Mode>, bool), StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, delete_mode, by, Arc::new(scope.clone()), |conn, given, by| sql::delete_mode(conn, &given, recursive, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete_context(&self, context: &str, by: &Arc<Actor>) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, delete_context, by, Arc::<str>::from(context), |conn, given, by| sql::delete_context(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn prune_changes(&self, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError> {
                $crate::store::sql_store::transact!(self, prune_changes, Arc::new(()), |conn, _given| sql::prune_changes(conn, before, keep, limit))
            }

            /// What was written before is in it.
            #[tracing::instrument(level = "debug", skip_all)]
            async fn audit(&self, filter: &AuditFilter, limit: i64) -> Result<AuditPage, StoreError> {
                self.seal_audit().await;
                $crate::store::sql_store::read!(self, audit, |conn| sql::audit(conn, filter, limit))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn record_refusals(&self, refusals: Vec<Refusals>) -> Result<(), StoreError> {
                $crate::store::sql_store::transact!(self, record_refusals, Arc::new(refusals), |conn, given| sql::record_refusals(conn, &given))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn prune_audit(&self, before: i64, limit: i64) -> Result<u64, StoreError> {
                let sealing = ((self.clock)(), self.unsealable());
                $crate::store::sql_store::transact!(self, prune_audit, Arc::new(()), |conn, _given| sql::prune_audit(conn, before, limit, sealing))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_alias(&self, alias: &Alias, by: &Arc<Actor>) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, put_alias, by, Arc::new(alias.clone()), |conn, given, by| sql::put_alias(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete_alias(&self, uri: &str, by: &Arc<Actor>) -> Result<Option<Alias>, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, delete_alias, by, Arc::<str>::from(uri), |conn, given, by| sql::delete_alias(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_type_binding(&self, binding: &TypeBinding, by: &Arc<Actor>) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, put_type_binding, by, Arc::new(binding.clone()), |conn, given, by| sql::put_type_binding(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn delete_type_binding(&self, pattern: &str, by: &Arc<Actor>) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, delete_type_binding, by, Arc::<str>::from(pattern), |conn, given, by| sql::delete_type_binding(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn change_key(&self, change: Arc<KeyChange>, by: &Arc<Actor>) -> Result<KeyOutcome, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, change_key, by, change, |conn, given, by| sql::change_key(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_schema_words(&self, batch: Vec<FiledWords>) -> Result<(), StoreError> {
                $crate::store::sql_store::transact!(self, put_schema_words, Arc::new(batch), |conn, given| sql::put_schema_words(conn, &given))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn file_subject_words(&self, limit: i64) -> Result<u64, StoreError> {
                $crate::store::sql_store::transact!(self, file_subject_words, Arc::new(()), |conn, _given| sql::file_subject_words(conn, limit))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn change_exporter(&self, change: Arc<ExporterChange>, by: &Arc<Actor>) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, change_exporter, by, change, |conn, given, by| sql::change_exporter(conn, &given, sql::Act { by, now }))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn hold_exporter(&self, kind: LinkKind, name: &str, holder: &str, until: i64) -> Result<bool, StoreError> {
                let now = (self.clock)();
                let work = Arc::new((name.to_owned(), holder.to_owned()));
                $crate::store::sql_store::transact!(self, hold_exporter, work, |conn, given| sql::hold_exporter(conn, kind, (&given.0, &given.1), now, until))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn move_exporter(&self, to: ExporterProgress) -> Result<bool, StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, move_exporter, Arc::new(to), |conn, given| sql::move_exporter(conn, &given, now))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn add_usage(&self, counts: Vec<UsageCount>, clients: i64) -> Result<(), StoreError> {
                $crate::store::sql_store::transact!(self, add_usage, Arc::new(counts), |conn, given| sql::add_usage(conn, &given, clients))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn session_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
                $crate::store::sql_store::transact!(self, session_key, Arc::new(fresh), |conn, given| sql::session_key(conn, &given))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn begin_usage(&self) -> Result<(), StoreError> {
                let now = (self.clock)();
                $crate::store::sql_store::transact!(self, begin_usage, Arc::new(()), |conn, _given| sql::begin_usage(conn, now))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn prune_usage(&self, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError> {
                $crate::store::sql_store::transact!(self, prune_usage, Arc::new(()), |conn, _given| sql::prune_usage(conn, before, keep, limit))
            }

            #[tracing::instrument(level = "debug", skip_all)]
            async fn put_schema_names(&self, batch: Vec<SchemaNames>) -> Result<(), StoreError> {
                $crate::store::sql_store::transact!(self, put_schema_names, Arc::new(batch), |conn, given| sql::put_schema_names(conn, &given))
            }
        }
    };
}
pub(super) use store_methods;
