//! The table of routes. openapi.yaml describes exactly these; a test holds the two to each other.

use std::sync::OnceLock;

use super::handlers::cloudevents::{aliases, documents, problems, resolve, types, validate};
use super::handlers::{associations, compatibility, config, contexts, health, metadata, mode, schemas, subjects};
use super::route::{Route, any_origin, delete, events, get, of_config, options, or_document, own_type, post, put};

/// Every operation. HEAD comes with every GET.
pub fn routes() -> &'static [Route] {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        vec![
            get("/", "root", health::root),
            post("/", "postRoot", health::post_root),
            get("/schemas", "listSchemas", schemas::list),
            get("/schemas/types", "listTypes", schemas::types),
            get("/schemas/ids/{id}", "getSchemaById", schemas::by_id).with(or_document(documents::by_id)),
            get("/schemas/ids/{id}/schema", "getSchemaTextById", schemas::text_by_id),
            get("/schemas/ids/{id}/subjects", "listSubjectsOfId", schemas::subjects_of_id),
            get("/schemas/ids/{id}/versions", "listVersionsOfId", schemas::versions_of_id),
            get("/schemas/guids/{guid}", "getSchemaByGuid", schemas::by_guid),
            get("/schemas/guids/{guid}/ids", "listIdsOfGuid", schemas::ids_of_guid),
            get("/subjects", "listSubjects", subjects::list),
            post("/subjects/{subject}", "lookUpSchema", subjects::look_up),
            delete("/subjects/{subject}", "deleteSubject", subjects::delete),
            get("/subjects/{subject}/metadata", "getLatestWithMetadata", subjects::by_metadata),
            get("/subjects/{subject}/versions", "listVersions", subjects::versions),
            post("/subjects/{subject}/versions", "registerSchema", subjects::register),
            get("/subjects/{subject}/versions/{version}", "getVersion", subjects::version)
                .with(or_document(documents::by_version)),
            delete("/subjects/{subject}/versions/{version}", "deleteVersion", subjects::delete_version),
            get("/subjects/{subject}/versions/{version}/schema", "getVersionText", subjects::version_text),
            get("/subjects/{subject}/versions/{version}/referencedby", "listReferrers", subjects::referenced_by),
            post("/subjects/{subject}/versions/{version}/tags", "editTags", subjects::edit_tags),
            post("/compatibility/subjects/{subject}/versions/{version}", "checkVersion", compatibility::one),
            post("/compatibility/subjects/{subject}/versions", "checkHistory", compatibility::history),
            get("/config", "getGlobalConfig", config::get),
            put("/config", "putGlobalConfig", config::put).with(of_config()),
            delete("/config", "deleteGlobalConfig", config::delete),
            get("/config/{subject}", "getConfig", config::get),
            put("/config/{subject}", "putConfig", config::put).with(of_config()),
            delete("/config/{subject}", "deleteConfig", config::delete),
            get("/mode", "getGlobalMode", mode::get),
            put("/mode", "putGlobalMode", mode::put),
            delete("/mode", "deleteGlobalMode", mode::delete),
            get("/mode/{subject}", "getMode", mode::get),
            put("/mode/{subject}", "putMode", mode::put),
            delete("/mode/{subject}", "deleteMode", mode::delete),
            get("/contexts", "listContexts", contexts::list),
            delete("/contexts/{context}", "deleteContext", contexts::delete),
            get("/v1/metadata/id", "getClusterId", metadata::cluster_id),
            get("/v1/metadata/version", "getServerVersion", metadata::version),
            get("/v1/metadata/deployment", "getDeployment", metadata::deployment),
            get("/associations/resources/{namespace}/{name}", "listAssociations", associations::of_resource),
            get("/associations/resources/{resourceId}", "listAssociationsOfId", associations::of_resource_id),
            put("/associations/resources/{resourceId}", "putAssociations", associations::create_or_update),
            delete("/associations/resources/{resourceId}", "deleteAssociations", associations::delete),
            get("/associations/subjects/{subject}", "listAssociationsOfSubject", associations::of_subject),
            post("/associations", "createAssociations", associations::create),
            post("/associations:batchGet", "batchGetAssociations", associations::batch_get),
            post("/associations:batchMutate", "batchMutateAssociations", associations::batch_mutate),
            post("/cloudevents/validate", "validateEvent", validate::http).with(events(validate::http_limit)),
            post("/cloudevents/validate/kafka", "validateRecord", validate::kafka).with(events(validate::kafka_limit)),
            get("/cloudevents/subjects/{subject}/versions/{version}", "getDocumentByVersion", documents::by_version)
                .with(any_origin()),
            options("/cloudevents/subjects/{subject}/versions/{version}", "optionsOfDocumentByVersion", documents::options)
                .with(own_type()),
            get("/cloudevents/schemas/ids/{id}", "getDocumentById", documents::by_id).with(any_origin()),
            options("/cloudevents/schemas/ids/{id}", "optionsOfDocumentById", documents::options).with(own_type()),
            get("/cloudevents/schemas/guids/{guid}", "getDocumentByGuid", documents::by_guid).with(any_origin()),
            options("/cloudevents/schemas/guids/{guid}", "optionsOfDocumentByGuid", documents::options).with(own_type()),
            get("/cloudevents/types/{type}/schema", "getDocumentByType", documents::by_type).with(any_origin()),
            options("/cloudevents/types/{type}/schema", "optionsOfDocumentByType", documents::options).with(own_type()),
            get("/cloudevents/resolve", "resolveDataschema", resolve::get).with(own_type()),
            post("/cloudevents/resolve", "resolveHints", resolve::post).with(own_type()),
            get("/cloudevents/resolve/document", "getResolvedDocument", resolve::document).with(own_type()),
            post("/cloudevents/resolve/document", "postResolvedDocument", resolve::post_document).with(own_type()),
            get("/cloudevents/aliases", "listAliases", aliases::list).with(own_type()),
            put("/cloudevents/aliases", "putAlias", aliases::put).with(own_type()),
            delete("/cloudevents/aliases", "deleteAlias", aliases::delete).with(own_type()),
            get("/cloudevents/types", "listEventTypes", types::list).with(own_type()),
            get("/cloudevents/types/{type}", "getEventType", types::get).with(own_type()),
            put("/cloudevents/types/{type}", "putEventType", types::put).with(own_type()),
            delete("/cloudevents/types/{type}", "deleteEventType", types::delete).with(own_type()),
            get("/cloudevents/problems/{name}", "getProblem", problems::page).with(own_type()),
            get("/healthz", "getHealth", health::alive).with(own_type()),
            get("/readyz", "getReadiness", health::ready).with(own_type()),
            get("/metrics", "getMetrics", health::metrics).with(own_type()),
            get("/openapi.yaml", "getOpenapi", health::openapi).with(own_type()),
        ]
    })
}
