//! The units of work of a store, by kind.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AuditChain, AuditFilter, AuditPage, BrowsePlace, BrowsedHit, Counts,
    DeleteOutcome, DeleteRequest, DocumentTag, ExporterChange, ExporterProgress, Extent, FiledWords, Freshness, Generation,
    Holder, ImportOutcome, ImportRequest, ImportSwitch, KeyChange, KeyOutcome, ListedVersion, NamedSchema, OutboxEntry, Refusals,
    RegisterOutcome, RegisterRequest, SchemaNames, Scope, ScopeSettings, SearchHit, SettingsOutcome, Statistics, StoreError,
    StoreReadings, StoredSchema, SubjectFilter, SubjectState, TurnHolder, UsageCount, UsageFilter, VersionBrowse, VersionFilter,
    VersionRow, VersionUsage, WordQuery,
};
use crate::codec::ConfigPatch;
use crate::types::{
    Actor, Alias, Association, Config, Dek, DekName, Guid, Kek, LinkKind, Mode, SchemaId, SchemaName, SchemaType, StoredExporter,
    Subject, TypeBinding, Version, VersionSelector,
};

/// The persistence of a registry: every method is one transaction.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- the database itself

    /// Where the data is, for people; without secrets.
    fn location(&self) -> String;

    /// A cheap query that shows that the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Whether the database answers and can be written, as far as that is known without asking it.
    fn is_available(&self) -> bool;

    /// How it stands with the connections, the file, the follower and the memory of the store. Asks nobody.
    fn readings(&self) -> StoreReadings;

    /// Writes out what is pending and closes the database.
    async fn close(&self);

    /// The cluster id, made when the database was created.
    async fn cluster_id(&self) -> Result<String, StoreError>;

    /// What sessions of the web pages are sealed with; `fresh` where there is nothing yet, and from then on.
    async fn session_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// The generation as the database has it now. What was computed under a generation holds as long as it stands.
    async fn generation(&self) -> Result<Generation, StoreError>;

    /// The generation as far as this process knows, without asking the database. On SQLite it is exact; on Postgres it follows
    /// within the poll interval.
    fn known_generation(&self) -> Generation;

    /// What is needed to know later whether an answer about some subjects still holds, beside the generation. Taken before they are
    /// read. `None` where such answers may not be kept.
    fn freshness(&self, of: Extent) -> Option<Freshness>;

    /// Whether what was read at that time holds still, as far as registrations can make it wrong.
    fn is_fresh(&self, freshness: &Freshness) -> bool;

    // --- schemas and versions

    /// A schema by id, whether or not a version still holds it.
    async fn schema(&self, context: &str, id: SchemaId) -> Result<Option<StoredSchema>, StoreError>;

    /// Several schemas of a context, in no order; unknown ids are left out.
    async fn schemas(&self, context: &str, ids: &[SchemaId]) -> Result<Vec<StoredSchema>, StoreError>;

    /// Who holds an id, oldest first, soft-deleted holders included.
    async fn holders(&self, context: &str, id: SchemaId) -> Result<Vec<Holder>, StoreError>;

    /// Where a guid is held: (context, id, type), by context and id.
    async fn ids_by_guid(&self, guid: Guid) -> Result<Vec<(String, SchemaId, SchemaType)>, StoreError>;

    /// Ids of a context that hold a content, the one written last first.
    async fn content_ids(&self, context: &str, guid: Guid, schema_type: SchemaType) -> Result<Vec<SchemaId>, StoreError>;

    /// All versions of a subject and its epoch; an unknown subject has epoch 0 and no rows.
    async fn subject(&self, subject: &Subject) -> Result<SubjectState, StoreError>;

    /// One version of a subject. `Latest` is the highest active one, whatever `deleted` says.
    async fn version(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
    ) -> Result<Option<VersionRow>, StoreError>;

    // --- config and mode

    /// Config and mode of several scopes, in the order asked for.
    async fn settings(&self, scopes: &[Scope]) -> Result<Vec<ScopeSettings>, StoreError>;

    /// Every scope that has a config or a mode; `None` when that are more than `limit` rows, or much text.
    async fn all_settings(&self, limit: i64) -> Result<Option<HashMap<Scope, ScopeSettings>>, StoreError>;

    /// Every scope that has a config or a mode, however many there are.
    async fn every_setting(&self) -> Result<HashMap<Scope, ScopeSettings>, StoreError>;

    /// Configs that have an alias, by the subject that they are for: (subject, alias as it is written).
    async fn subject_aliases(&self, filter: &SubjectFilter) -> Result<Vec<(Subject, String)>, StoreError>;

    /// Changes a config and returns it whole. `expected` is the generation of the settings that allow it.
    async fn put_config(
        &self,
        scope: &Scope,
        patch: &ConfigPatch,
        expected: i64,
        by: &Arc<Actor>,
    ) -> Result<SettingsOutcome<Config>, StoreError>;

    /// Removes a config and returns it.
    async fn delete_config(
        &self,
        scope: &Scope,
        expected: i64,
        by: &Arc<Actor>,
    ) -> Result<SettingsOutcome<Option<Config>>, StoreError>;

    /// Sets or clears a mode. Switching to IMPORT without `force` demands an empty scope and clears its soft-deleted remains.
    async fn put_mode(
        &self,
        scope: &Scope,
        mode: Option<Mode>,
        import: ImportSwitch,
        by: &Arc<Actor>,
    ) -> Result<DeleteOutcome, StoreError>;

    /// Removes a mode and returns it; `recursive` also removes the modes of all subjects of the context.
    async fn delete_mode(&self, scope: &Scope, recursive: bool, by: &Arc<Actor>) -> Result<(Option<Mode>, bool), StoreError>;

    // --- references

    /// Ids of the schemas that refer to a version, by context and id. `deleted` includes referrers that are soft-deleted.
    async fn referrers(&self, subject: &Subject, version: Version, deleted: bool) -> Result<Vec<(String, SchemaId)>, StoreError>;

    /// Whether anything, live or soft-deleted, refers to any version of a subject.
    async fn is_referenced(&self, subject: &Subject) -> Result<bool, StoreError>;

    // --- contexts and lists

    /// Names of the contexts that exist, ascending, the default one always among them.
    async fn contexts(&self) -> Result<Vec<String>, StoreError>;

    /// The contexts, ascending and without the default one, that have a subject of this name.
    async fn contexts_with_subject(&self, name: &str) -> Result<Vec<String>, StoreError>;

    /// The highest id handed out in a context.
    async fn max_id(&self, context: &str) -> Result<SchemaId, StoreError>;

    /// A page of subjects, by their qualified names and in the order of these: after `after`, without the first `skip`.
    async fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&str>,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<String>, StoreError>;

    /// A page of versions with their schemas, by qualified subject and version: after `after`, without the first `skip`, each of which is
    /// read and thrown away.
    async fn versions(
        &self,
        filter: &VersionFilter,
        after: Option<(&str, Version)>,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<ListedVersion>, StoreError>;

    /// Where the list of all versions of some subjects has its `place`-th entry, counted from 0: the subject by its qualified name, and
    /// how many of its versions come before. `None` beyond the end.
    async fn place_of_version(&self, filter: &SubjectFilter, place: i64) -> Result<Option<(String, i64)>, StoreError>;

    /// Deletes a context that holds no schemas. False when it holds some.
    async fn delete_context(&self, context: &str, by: &Arc<Actor>) -> Result<bool, StoreError>;

    // --- associations

    /// Associations by resource name, namespace, type, association type and subject.
    async fn associations(&self, filter: &AssociationFilter) -> Result<Vec<Association>, StoreError>;

    /// All associations of several subjects, in the same order.
    async fn associations_of(&self, subjects: &[Subject]) -> Result<Vec<Association>, StoreError>;

    /// Changes associations and registers the schemas that come with them: all of it or nothing.
    async fn associate(&self, request: Arc<AssociateRequest>, by: &Arc<Actor>) -> Result<AssociateOutcome, StoreError>;

    // --- the outbox

    /// Changes after a sequence number, oldest first.
    async fn changes(&self, after: i64, limit: i64) -> Result<Vec<OutboxEntry>, StoreError>;

    /// Removes the oldest changes: those made before a time (in milliseconds since 1970), and those beyond the newest `keep`. At most
    /// `limit` at once; how many they were.
    async fn prune_changes(&self, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError>;

    // --- the record of who changed what

    /// A page of sealed entries.
    async fn audit(&self, filter: &AuditFilter, limit: i64) -> Result<AuditPage, StoreError>;

    /// The end of the chain, and where it begins.
    async fn audit_chain(&self) -> Result<AuditChain, StoreError>;

    /// Records what was refused.
    async fn record_refusals(&self, refusals: Vec<Refusals>) -> Result<(), StoreError>;

    /// Removes the oldest entries, those made before a time (in milliseconds since 1970), at most `limit` at once; how many they were. An
    /// entry says so.
    async fn prune_audit(&self, before: i64, limit: i64) -> Result<u64, StoreError>;

    // --- CloudEvents: aliases and event types

    /// The alias with a URI.
    async fn alias(&self, uri: &str) -> Result<Option<Alias>, StoreError>;

    /// A page of aliases by URI.
    async fn aliases(&self, offset: i64, limit: i64) -> Result<Vec<Alias>, StoreError>;

    /// All bindings of event types, by pattern.
    async fn type_bindings(&self) -> Result<Vec<TypeBinding>, StoreError>;

    /// Stores an alias, replacing one with the same URI. True when there was none.
    async fn put_alias(&self, alias: &Alias, by: &Arc<Actor>) -> Result<bool, StoreError>;

    /// Removes an alias and returns it.
    async fn delete_alias(&self, uri: &str, by: &Arc<Actor>) -> Result<Option<Alias>, StoreError>;

    /// Stores a binding, replacing one with the same pattern. True when there was none.
    async fn put_type_binding(&self, binding: &TypeBinding, by: &Arc<Actor>) -> Result<bool, StoreError>;

    /// Removes a binding. False when there was none.
    async fn delete_type_binding(&self, pattern: &str, by: &Arc<Actor>) -> Result<bool, StoreError>;

    // --- names and digests of schemas

    /// Schemas with a name, those of the default context first.
    async fn named(&self, name: &SchemaName, limit: i64) -> Result<Vec<NamedSchema>, StoreError>;

    /// The subject that has this id in xRegistry documents.
    async fn subject_by_xregistry_id(&self, context: &str, xreg_id: &str) -> Result<Option<Subject>, StoreError>;

    /// What is known of a schema's document without reading its text.
    async fn document_tag(&self, context: &str, id: SchemaId) -> Result<Option<DocumentTag>, StoreError>;

    /// Schemas that have neither digest nor names yet: those that an older release stored.
    async fn schemas_without_names(&self, limit: i64) -> Result<Vec<StoredSchema>, StoreError>;

    /// Stores digests and names of schemas; one that was deleted meanwhile is skipped.
    async fn put_schema_names(&self, batch: Vec<SchemaNames>) -> Result<(), StoreError>;

    // --- search and statistics

    /// Versions in which words are found, in no order.
    async fn search(&self, query: &WordQuery) -> Result<Vec<SearchHit>, StoreError>;

    /// The versions that fit among the next rows, and the place where the next page begins; `None` where there is nothing more.
    async fn browse(&self, browse: &VersionBrowse) -> Result<(Vec<BrowsedHit>, Option<BrowsePlace>), StoreError>;

    /// How much there is of what. `since` (in milliseconds since 1970): the days from which on versions are counted by day.
    async fn statistics(&self, since: i64) -> Result<Statistics, StoreError>;

    /// Counts for those who watch; `at` is left to the caller.
    async fn counts(&self) -> Result<Counts, StoreError>;

    /// Schemas that can't be found by words yet: those that an older release stored.
    async fn schemas_without_words(&self, limit: i64) -> Result<Vec<StoredSchema>, StoreError>;

    /// Files the words of schemas; one that was deleted meanwhile is skipped.
    async fn put_schema_words(&self, batch: Vec<FiledWords>) -> Result<(), StoreError>;

    /// Files the words of subjects that an older release stored, so many at once; how many they were.
    async fn file_subject_words(&self, limit: i64) -> Result<u64, StoreError>;

    // --- who read which schema

    /// Adds reads; of a schema that has `clients` of them already further ones are counted together.
    async fn add_usage(&self, counts: Vec<UsageCount>, clients: i64) -> Result<(), StoreError>;

    /// Notes since when reads are counted, where that is not known yet.
    async fn begin_usage(&self) -> Result<(), StoreError>;

    /// Since when reads are counted, in milliseconds since 1970; `None` where they never were.
    async fn usage_since(&self) -> Result<Option<i64>, StoreError>;

    /// Who read the versions of a subject, who has read last first.
    async fn usage(&self, filter: &UsageFilter, limit: i64) -> Result<Vec<VersionUsage>, StoreError>;

    /// Removes clients that have not read since `before`, and those beyond `keep`; at most about `limit` at once, and how many they were.
    async fn prune_usage(&self, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError>;

    // --- keys of client-side encryption

    /// A KEK, deleted or not.
    async fn kek(&self, name: &str) -> Result<Option<Kek>, StoreError>;

    /// A page of KEKs by name.
    async fn kek_names(&self, deleted: bool, offset: i64, limit: i64) -> Result<Vec<String>, StoreError>;

    /// Whether there are more KEKs than this, deleted ones included.
    async fn has_more_keks(&self, than: i64) -> Result<bool, StoreError>;

    /// One version of a DEK, deleted or not.
    async fn dek(&self, name: &DekName, version: i32) -> Result<Option<Dek>, StoreError>;

    /// The highest listed version of a DEK.
    async fn latest_dek(&self, name: &DekName, deleted: bool) -> Result<Option<Dek>, StoreError>;

    /// A page of the listed versions of a DEK, ascending.
    async fn dek_versions(&self, name: &DekName, deleted: bool, offset: i64, limit: i64) -> Result<Vec<i32>, StoreError>;

    /// The subjects that a KEK has DEKs for, as they are written, in no order.
    async fn dek_subjects(&self, kek: &str, deleted: bool) -> Result<Vec<String>, StoreError>;

    /// Every pair of a KEK and a subject that it has a DEK for, by KEK.
    async fn dek_owners(&self, deleted: bool) -> Result<Vec<(String, String)>, StoreError>;

    /// Whether there are more DEKs than this, deleted ones included.
    async fn has_more_deks(&self, than: i64) -> Result<bool, StoreError>;

    /// Changes keys.
    async fn change_key(&self, change: Arc<KeyChange>, by: &Arc<Actor>) -> Result<KeyOutcome, StoreError>;

    // --- exporters and importers

    /// All of a kind, by name.
    async fn exporters(&self, kind: LinkKind) -> Result<Vec<StoredExporter>, StoreError>;

    async fn exporter(&self, kind: LinkKind, name: &str) -> Result<Option<StoredExporter>, StoreError>;

    /// Makes a change, unless what it was decided on has changed; whether it was made.
    async fn change_exporter(&self, change: Arc<ExporterChange>, by: &Arc<Actor>) -> Result<bool, StoreError>;

    /// Takes an exporter that is not paused for a replica, or keeps it, unless another one has it; whether it did.
    async fn hold_exporter(&self, kind: LinkKind, name: &str, holder: &str, until: i64) -> Result<bool, StoreError>;

    /// Notes how far an exporter has got; whether it is still its holder's, and as its user left it.
    async fn move_exporter(&self, to: ExporterProgress) -> Result<bool, StoreError>;

    /// The first and the last change that there are.
    async fn change_bounds(&self) -> Result<Option<(i64, i64)>, StoreError>;

    // --- registering and deleting

    /// Takes the turn of a subject for somebody, or keeps it for him, for so long, a minute at most: meanwhile whoever waits for turns can't register under it.
    /// Whether it is his now; always, where one process has the database, for that keeps its turns itself.
    async fn take_turn(&self, subject: &Subject, holder: TurnHolder, time: Duration) -> Result<bool, StoreError>;

    /// Ends a turn, unless it is another one's by now.
    async fn end_turn(&self, subject: &Subject, holder: TurnHolder) -> Result<(), StoreError>;

    /// Writes a version. The subject must not have changed since `expected_epoch` was read.
    async fn register(&self, request: Arc<RegisterRequest>, by: &Arc<Actor>) -> Result<RegisterOutcome, StoreError>;

    /// Writes many versions with their ids, or none of them.
    async fn import(&self, request: Arc<ImportRequest>, by: &Arc<Actor>) -> Result<ImportOutcome, StoreError>;

    /// Every version there is, by qualified subject and number, and whether it is soft-deleted.
    async fn version_marks(&self) -> Result<Vec<(String, Version, bool)>, StoreError>;

    /// Deletes versions, softly or for good.
    async fn delete(&self, request: Arc<DeleteRequest>, by: &Arc<Actor>) -> Result<DeleteOutcome, StoreError>;
}
