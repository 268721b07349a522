//! Every route that changes what is stored leaves an entry, and no other does.

use accordant::http::{Route, routes};
use hyper::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::access::matrix::{associations, body, prepare, target};
use crate::access::{send, server};
use crate::support::app::{Database, TestApp};

/// Routes that have a body and change nothing.
const READ: [&str; 19] = [
    "postRoot",
    "lookUpSchema",
    "checkVersion",
    "checkHistory",
    "diffSchemas",
    "getImpact",
    "batchGetAssociations",
    "testKek",
    "validateEvent",
    "validateRecord",
    "decodeRecord",
    "encodeRecord",
    "sampleRecords",
    "validateData",
    "migrateRecord",
    "resolveHints",
    "postResolvedDocument",
    // a session is kept by the browser, and nowhere else
    "beginSession",
    "endSession",
];

/// All that is stored but the record itself, the words, which are made of the rest, and who has read what.
async fn stored(path: &str) -> String {
    let mut connection = SqliteConnection::connect(path).await.unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'audit%' AND name NOT LIKE 'sqlite%' \
                 AND name NOT LIKE 'search%' AND name <> 'schema_usage' ORDER BY name";
    let mut out = String::new();
    for table in sqlx::query(names).fetch_all(&mut connection).await.unwrap() {
        let table: String = table.get(0);
        let info = AssertSqlSafe(format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
        let columns = sqlx::query(info).fetch_all(&mut connection).await.unwrap();
        let columns: Vec<String> = columns.iter().map(|column| column.get(0)).collect();
        let rows = AssertSqlSafe(format!("SELECT {} FROM {table}", columns.join(" || ',' || ")));
        let rows = sqlx::query(rows).fetch_all(&mut connection).await.unwrap();
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        out.extend([table.as_str(), ": ", rows.join("\n").as_str(), "\n"]);
    }
    connection.close().await.unwrap();
    out
}

async fn admin(app: &TestApp, method: &str, target: &str, body: Option<Value>) -> u16 {
    send(app, "admin", method, target, body.as_ref()).await.status.as_u16()
}

/// What has to happen for the route to have something to do.
async fn make_way(app: &TestApp, route: &Route) {
    const DEKS: &str = "/dek-registry/v1/keks/t/deks/orders";
    match route.operation {
        "deleteSubject" | "deleteVersion" | "createAssociations" | "putAssociations" | "batchMutateAssociations" => {
            admin(app, "DELETE", "/associations/resources/r", None).await;
        }
        "deleteContext" => {
            admin(app, "POST", "/subjects/:.gone:x/versions", Some(json!({ "schema": "\"int\"" }))).await;
            admin(app, "DELETE", "/subjects/:.gone:x", None).await;
            admin(app, "DELETE", "/subjects/:.gone:x?permanent=true", None).await;
        }
        "putExporter" | "putExporterConfig" | "deleteExporter" | "resumeExporter" => {
            admin(app, "PUT", "/exporters/t/pause", None).await;
        }
        "putImporter" | "putImporterConfig" | "deleteImporter" | "resumeImporter" => {
            admin(app, "PUT", "/importers/t/pause", None).await;
        }
        "deleteKek" | "undeleteDek" | "undeleteDekVersion" => {
            admin(app, "DELETE", DEKS, None).await;
        }
        "undeleteKek" => {
            admin(app, "DELETE", DEKS, None).await;
            admin(app, "DELETE", "/dek-registry/v1/keks/t", None).await;
        }
        _ => {}
    }
}

/// A body that has something new in it.
fn new_body(route: &Route) -> Option<Value> {
    Some(match route.operation {
        "registerSchema" => json!({ "schema": "\"string\"" }),
        "registerTree" => json!({ "schemas": [{ "subject": "fresh", "schema": "\"string\"" }] }),
        "editTags" => json!({ "metadata": { "properties": { "owner": "orders" } } }),
        "createAssociations" | "putAssociations" => associations(),
        "createDek" => json!({ "subject": "orders", "version": 2, "encryptedKeyMaterial": "AAEC" }),
        "createDekForSubject" => json!({ "subject": "orders", "version": 3, "encryptedKeyMaterial": "AAEC" }),
        _ => return body(route),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_changes_something_leaves_an_entry() {
    let mut changing = 0;
    for route in routes().iter().filter(|route| !matches!(route.method, Method::GET | Method::OPTIONS)) {
        let app = server(Database::Sqlite, &[], "").await;
        let path = app.store.location();
        let (id, guid) = prepare(&app).await;
        make_way(&app, route).await;
        let mut target = target(route, id, &guid);
        if target.starts_with("/dek-registry") {
            // under this word Confluent changes nothing
            target = target.replace("/versions/latest", "/versions/1");
        }
        let position = async || app.store.audit_chain().await.unwrap().position;
        let (before, known) = (position().await, stored(&path).await);
        let answer = send(&app, "admin", route.method.as_str(), &target, new_body(route).as_ref()).await;
        assert!(answer.status.is_success() || READ.contains(&route.operation), "{} {target}: {}", route.method, answer.text);
        let is_changed = stored(&path).await != known;
        assert_eq!(is_changed, !READ.contains(&route.operation), "{} {target}: {}", route.method, answer.text);
        assert_eq!(position().await > before, is_changed, "{} {target}: {}", route.method, answer.text);
        changing += usize::from(is_changed);
    }
    assert!(changing > 25, "{changing}");
}
