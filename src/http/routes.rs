//! The table of routes. openapi.yaml describes exactly these; a test holds the two to each other.

use std::sync::OnceLock;

use super::handlers::cloudevents::{aliases, documents, problems, resolve, types, validate};
use super::handlers::exporters::{Exporters, Importers};
use super::handlers::{
    associations, audit, compatibility, config, contexts, deks, diff, explore, exporters, health, keks, metadata, mode, records,
    register_tree, rules, schemas, session, subjects, usage, whoami,
};
use super::needs::Needs;
use super::route::{
    Route, any_origin, data, delete, events, get, of_config, options, or_document, own_type, post, put, question, registration,
};
use crate::access::Operation;

const READ: Needs = Needs::Subject(&[Operation::SubjectRead]);
const WRITE: Needs = Needs::Subject(&[Operation::SubjectWrite]);
const DELETE: Needs = Needs::Subject(&[Operation::SubjectDelete]);
/// The answer has more of the subject in it than was sent.
const READ_AND_WRITE: Needs = Needs::Subject(&[Operation::SubjectRead, Operation::SubjectWrite]);
const READ_SETTINGS: Needs = Needs::Settings { registry: false, writes: false };
const CHANGE_SETTINGS: Needs = Needs::Settings { registry: false, writes: true };
const READ_REGISTRY: Needs = Needs::Settings { registry: true, writes: false };
const CHANGE_REGISTRY: Needs = Needs::Settings { registry: true, writes: true };
const LISTS: Needs = Needs::Global(Operation::GlobalRead);
const READ_SOME: Needs = Needs::Somewhere(Operation::SubjectRead);
const WRITE_SOME: Needs = Needs::Somewhere(Operation::SubjectWrite);

const READ_DEK: Needs = Needs::Dek(&[Operation::SubjectRead]);
const WRITE_DEK: Needs = Needs::Dek(&[Operation::SubjectWrite]);
const DELETE_DEK: Needs = Needs::Dek(&[Operation::SubjectDelete]);
/// What belongs to no subject: KEKs, whose changes concern all who use them, exporters and importers.
const ADMINISTER: Needs = Needs::Global(Operation::Admin);

/// Every operation. HEAD comes with every GET.
pub fn routes() -> &'static [Route] {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        let mut routes = vec![
            get("/", "root", Needs::Nothing, health::root),
            post("/", "postRoot", Needs::Nothing, health::post_root),
            get("/schemas", "listSchemas", LISTS, schemas::list),
            get("/schemas/types", "listTypes", Needs::Nothing, schemas::types),
            get("/schemas/ids/{id}", "getSchemaById", Needs::Schema, schemas::by_id).with(or_document(documents::by_id)),
            get("/schemas/ids/{id}/schema", "getSchemaTextById", Needs::Schema, schemas::text_by_id),
            get("/schemas/ids/{id}/subjects", "listSubjectsOfId", Needs::Schema, schemas::subjects_of_id),
            get("/schemas/ids/{id}/versions", "listVersionsOfId", Needs::Schema, schemas::versions_of_id),
            get("/schemas/guids/{guid}", "getSchemaByGuid", Needs::Schema, schemas::by_guid),
            get("/schemas/guids/{guid}/ids", "listIdsOfGuid", Needs::Schema, schemas::ids_of_guid),
            get("/subjects", "listSubjects", LISTS, subjects::list),
            post("/subjects/{subject}", "lookUpSchema", READ, subjects::look_up).with(question()),
            delete("/subjects/{subject}", "deleteSubject", DELETE, subjects::delete),
            get("/subjects/{subject}/metadata", "getLatestWithMetadata", READ, subjects::by_metadata),
            get("/subjects/{subject}/versions", "listVersions", READ, subjects::versions),
            post("/subjects/{subject}/versions", "registerSchema", WRITE, subjects::register).with(registration()),
            get("/subjects/{subject}/versions/{version}", "getVersion", READ, subjects::version)
                .with(or_document(documents::by_version)),
            delete("/subjects/{subject}/versions/{version}", "deleteVersion", DELETE, subjects::delete_version),
            get("/subjects/{subject}/versions/{version}/schema", "getVersionText", READ, subjects::version_text),
            get("/subjects/{subject}/versions/{version}/referencedby", "listReferrers", READ, subjects::referenced_by),
            post("/subjects/{subject}/versions/{version}/tags", "editTags", READ_AND_WRITE, subjects::edit_tags),
            post("/compatibility/subjects/{subject}/versions/{version}", "checkVersion", Needs::Trial, compatibility::one)
                .with(question()),
            post("/compatibility/subjects/{subject}/versions", "checkHistory", Needs::Trial, compatibility::history)
                .with(question()),
            get("/config", "getGlobalConfig", READ_REGISTRY, config::get),
            put("/config", "putGlobalConfig", CHANGE_REGISTRY, config::put).with(of_config()),
            delete("/config", "deleteGlobalConfig", CHANGE_REGISTRY, config::delete),
            get("/config/{subject}", "getConfig", READ_SETTINGS, config::get),
            put("/config/{subject}", "putConfig", CHANGE_SETTINGS, config::put).with(of_config()),
            delete("/config/{subject}", "deleteConfig", CHANGE_SETTINGS, config::delete),
            get("/mode", "getGlobalMode", READ_REGISTRY, mode::get),
            put("/mode", "putGlobalMode", CHANGE_REGISTRY, mode::put),
            delete("/mode", "deleteGlobalMode", CHANGE_REGISTRY, mode::delete),
            get("/mode/{subject}", "getMode", READ_SETTINGS, mode::get),
            put("/mode/{subject}", "putMode", CHANGE_SETTINGS, mode::put),
            delete("/mode/{subject}", "deleteMode", CHANGE_SETTINGS, mode::delete),
            get("/contexts", "listContexts", LISTS, contexts::list),
            delete("/contexts/{context}", "deleteContext", Needs::Context(Operation::SubjectDelete), contexts::delete),
            get("/v1/metadata/id", "getClusterId", Needs::AnyRight, metadata::cluster_id),
            get("/v1/metadata/version", "getServerVersion", Needs::AnyRight, metadata::version),
            get("/v1/metadata/deployment", "getDeployment", Needs::AnyRight, metadata::deployment),
            get("/associations/resources/{namespace}/{name}", "listAssociations", READ_SOME, associations::of_resource),
            get("/associations/resources/{resourceId}", "listAssociationsOfId", READ_SOME, associations::of_resource_id),
            put("/associations/resources/{resourceId}", "putAssociations", WRITE_SOME, associations::create_or_update),
            delete("/associations/resources/{resourceId}", "deleteAssociations", WRITE_SOME, associations::delete),
            get("/associations/subjects/{subject}", "listAssociationsOfSubject", READ, associations::of_subject),
            post("/associations", "createAssociations", WRITE_SOME, associations::create),
            post("/associations:batchGet", "batchGetAssociations", READ_SOME, associations::batch_get),
            post("/associations:batchMutate", "batchMutateAssociations", WRITE_SOME, associations::batch_mutate),
            get("/dek-registry/v1/keks", "listKeks", LISTS, keks::list),
            post("/dek-registry/v1/keks", "createKek", WRITE_SOME, keks::create).with(of_config()),
            get("/dek-registry/v1/keks/{name}", "getKek", READ_SOME, keks::get),
            put("/dek-registry/v1/keks/{name}", "putKek", ADMINISTER, keks::put).with(of_config()),
            delete("/dek-registry/v1/keks/{name}", "deleteKek", ADMINISTER, keks::delete),
            post("/dek-registry/v1/keks/{name}/undelete", "undeleteKek", ADMINISTER, keks::undelete),
            post("/dek-registry/v1/keks/{name}/test", "testKek", ADMINISTER, keks::test),
            get("/dek-registry/v1/keks/{name}/deks", "listDekSubjects", READ_SOME, deks::subjects),
            post("/dek-registry/v1/keks/{name}/deks", "createDek", WRITE_SOME, deks::create).with(of_config()),
            get("/dek-registry/v1/keks/{name}/deks/{subject}", "getDek", READ_DEK, deks::get),
            post("/dek-registry/v1/keks/{name}/deks/{subject}", "createDekForSubject", WRITE_DEK, deks::create_for_subject)
                .with(of_config()),
            delete("/dek-registry/v1/keks/{name}/deks/{subject}", "deleteDek", DELETE_DEK, deks::delete),
            post("/dek-registry/v1/keks/{name}/deks/{subject}/undelete", "undeleteDek", WRITE_DEK, deks::undelete),
            get("/dek-registry/v1/keks/{name}/deks/{subject}/versions", "listDekVersions", READ_DEK, deks::versions),
            get("/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}", "getDekVersion", READ_DEK, deks::get_version),
            delete(
                "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}",
                "deleteDekVersion",
                DELETE_DEK,
                deks::delete_version,
            ),
            post(
                "/dek-registry/v1/keks/{name}/deks/{subject}/versions/{version}/undelete",
                "undeleteDekVersion",
                WRITE_DEK,
                deks::undelete_version,
            ),
            post("/cloudevents/validate", "validateEvent", Needs::Schema, validate::http).with(events(validate::http_limit)),
            post("/cloudevents/validate/kafka", "validateRecord", Needs::Schema, validate::kafka)
                .with(events(validate::kafka_limit)),
            get("/cloudevents/subjects/{subject}/versions/{version}", "getDocumentByVersion", READ, documents::by_version)
                .with(any_origin()),
            options(
                "/cloudevents/subjects/{subject}/versions/{version}",
                "optionsOfDocumentByVersion",
                Needs::Nothing,
                documents::options,
            )
            .with(own_type()),
            get("/cloudevents/schemas/ids/{id}", "getDocumentById", Needs::Schema, documents::by_id).with(any_origin()),
            options("/cloudevents/schemas/ids/{id}", "optionsOfDocumentById", Needs::Nothing, documents::options)
                .with(own_type()),
            get("/cloudevents/schemas/guids/{guid}", "getDocumentByGuid", Needs::Schema, documents::by_guid).with(any_origin()),
            options("/cloudevents/schemas/guids/{guid}", "optionsOfDocumentByGuid", Needs::Nothing, documents::options)
                .with(own_type()),
            get("/cloudevents/types/{type}/schema", "getDocumentByType", Needs::Schema, documents::by_type).with(any_origin()),
            options("/cloudevents/types/{type}/schema", "optionsOfDocumentByType", Needs::Nothing, documents::options)
                .with(own_type()),
            get("/cloudevents/resolve", "resolveDataschema", Needs::Schema, resolve::get).with(own_type()),
            post("/cloudevents/resolve", "resolveHints", Needs::Schema, resolve::post).with(own_type()),
            get("/cloudevents/resolve/document", "getResolvedDocument", Needs::Schema, resolve::document).with(own_type()),
            post("/cloudevents/resolve/document", "postResolvedDocument", Needs::Schema, resolve::post_document).with(own_type()),
            get("/cloudevents/aliases", "listAliases", READ_SOME, aliases::list).with(own_type()),
            put("/cloudevents/aliases", "putAlias", WRITE_SOME, aliases::put).with(own_type()),
            delete("/cloudevents/aliases", "deleteAlias", WRITE_SOME, aliases::delete).with(own_type()),
            get("/cloudevents/types", "listEventTypes", READ_SOME, types::list).with(own_type()),
            get("/cloudevents/types/{type}", "getEventType", READ_SOME, types::get).with(own_type()),
            put("/cloudevents/types/{type}", "putEventType", WRITE_SOME, types::put).with(own_type()),
            delete("/cloudevents/types/{type}", "deleteEventType", WRITE_SOME, types::delete).with(own_type()),
            get("/cloudevents/problems/{name}", "getProblem", Needs::Nothing, problems::page).with(own_type()),
            post("/accordant/v1/decode", "decodeRecord", Needs::Schema, records::decode).with(data(records::limit)),
            post("/accordant/v1/encode", "encodeRecord", Needs::Schema, records::encode).with(data(records::limit)),
            post("/accordant/v1/sample", "sampleRecords", Needs::Schema, records::sample).with(data(records::limit)),
            post("/accordant/v1/validate", "validateData", Needs::Schema, rules::validate).with(data(records::limit)),
            post("/accordant/v1/migrate", "migrateRecord", Needs::Schema, rules::migrate).with(data(records::limit)),
            post("/accordant/v1/register", "registerTree", WRITE_SOME, register_tree::post),
            get("/accordant/v1/audit", "listAudit", Needs::Global(Operation::AuditRead), audit::list),
            get("/accordant/v1/search", "search", READ_SOME, explore::search),
            get("/accordant/v1/statistics", "getStatistics", LISTS, explore::statistics),
            get("/accordant/v1/outline", "getOutline", READ_SOME, explore::outline),
            get("/accordant/v1/diff", "diffVersions", READ_SOME, diff::get),
            post("/accordant/v1/diff", "diffSchemas", READ_SOME, diff::post),
            get("/accordant/v1/references", "getReferenceGraph", READ_SOME, explore::references),
            get("/accordant/v1/history", "getHistory", READ_SOME, explore::history),
            get("/accordant/v1/usage", "getUsage", READ_SOME, usage::get),
            post("/accordant/v1/impact", "getImpact", READ_SOME, usage::impact),
            post("/accordant/v1/session", "beginSession", Needs::Identity, session::begin).with(of_config()),
            delete("/accordant/v1/session", "endSession", Needs::Nothing, session::end).with(own_type()),
            get("/accordant/v1/whoami", "whoAmI", Needs::Identity, whoami::get),
            get("/healthz", "getHealth", Needs::Nothing, health::alive).with(own_type()),
            get("/readyz", "getReadiness", Needs::Nothing, health::ready).with(own_type()),
            get("/metrics", "getMetrics", Needs::Metrics, health::metrics).with(own_type()),
            get("/openapi.yaml", "getOpenapi", Needs::Nothing, health::openapi).with(own_type()),
        ];
        routes.extend(links());
        routes
    })
}

/// Exporters and importers, which have the same routes.
fn links() -> [Route; 22] {
    [
        get("/exporters", "listExporters", LISTS, exporters::list::<Exporters>),
        post("/exporters", "createExporter", ADMINISTER, exporters::create::<Exporters>).with(of_config()),
        get("/exporters/{name}", "getExporter", LISTS, exporters::get::<Exporters>),
        put("/exporters/{name}", "putExporter", ADMINISTER, exporters::put::<Exporters>).with(of_config()),
        delete("/exporters/{name}", "deleteExporter", ADMINISTER, exporters::delete::<Exporters>),
        get("/exporters/{name}/status", "getExporterStatus", LISTS, exporters::status::<Exporters>),
        get("/exporters/{name}/config", "getExporterConfig", LISTS, exporters::config::<Exporters>),
        put("/exporters/{name}/config", "putExporterConfig", ADMINISTER, exporters::put_config::<Exporters>).with(of_config()),
        put("/exporters/{name}/pause", "pauseExporter", ADMINISTER, exporters::pause::<Exporters>),
        put("/exporters/{name}/resume", "resumeExporter", ADMINISTER, exporters::resume::<Exporters>),
        put("/exporters/{name}/reset", "resetExporter", ADMINISTER, exporters::reset::<Exporters>),
        get("/importers", "listImporters", LISTS, exporters::list::<Importers>),
        post("/importers", "createImporter", ADMINISTER, exporters::create::<Importers>).with(of_config()),
        get("/importers/{name}", "getImporter", LISTS, exporters::get::<Importers>),
        put("/importers/{name}", "putImporter", ADMINISTER, exporters::put::<Importers>).with(of_config()),
        delete("/importers/{name}", "deleteImporter", ADMINISTER, exporters::delete::<Importers>),
        get("/importers/{name}/status", "getImporterStatus", LISTS, exporters::status::<Importers>),
        get("/importers/{name}/config", "getImporterConfig", LISTS, exporters::config::<Importers>),
        put("/importers/{name}/config", "putImporterConfig", ADMINISTER, exporters::put_config::<Importers>).with(of_config()),
        put("/importers/{name}/pause", "pauseImporter", ADMINISTER, exporters::pause::<Importers>),
        put("/importers/{name}/resume", "resumeImporter", ADMINISTER, exporters::resume::<Importers>),
        put("/importers/{name}/reset", "resetImporter", ADMINISTER, exporters::reset::<Importers>),
    ]
}
