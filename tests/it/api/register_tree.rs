//! Schemas that refer to one another, registered in one step.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::TestApp;

const TREE: &str = "/accordant/v1/register";

fn proto(subject: &str, text: &str, references: &[(&str, &str)]) -> Value {
    let references: Vec<Value> = references.iter().map(|(name, subject)| json!({ "name": name, "subject": subject })).collect();
    json!({ "subject": subject, "schemaType": "PROTOBUF", "schema": format!("syntax = \"proto3\"; {text}"), "references": references })
}

/// An order that needs money, which needs a currency; the first comes first.
fn orders() -> Vec<Value> {
    vec![
        proto("order", "import \"money.proto\"; message Order { Money total = 1; }", &[("money.proto", "money")]),
        proto("money", "import \"currency.proto\"; message Money { Currency of = 1; }", &[("currency.proto", "currency")]),
        proto("currency", "message Currency { string code = 1; }", &[]),
    ]
}

on_both! {
    async fn a_tree_is_registered_in_the_order_of_its_references(db) {
        let app = TestApp::new(db).await;
        let answer = app.post(TREE, &json!({ "schemas": orders() })).await.ok();
        let subjects: Vec<&str> = answer["schemas"].as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["order", "money", "currency"], "as they were sent");
        for member in answer["schemas"].as_array().unwrap() {
            let stored = app.get(&format!("/subjects/{}/versions/1", member["subject"].as_str().unwrap())).await.ok();
            assert_eq!((&stored["id"], &stored["guid"], &member["isNew"]), (&member["id"], &member["guid"], &json!(true)));
        }
        let order = app.get("/subjects/order/versions/1").await.ok();
        assert_eq!(order["references"], json!([{ "name": "money.proto", "subject": "money", "version": 1 }]));
        assert_eq!(app.get("/subjects/money/versions/1/referencedby").await.ok(), json!([order["id"]]));
        let again = app.post(TREE, &json!({ "schemas": orders() })).await.ok();
        assert!(again["schemas"].as_array().unwrap().iter().all(|member| member["isNew"] == false), "{again}");
        assert_eq!(again["schemas"][0]["id"], order["id"]);
    }

    async fn what_changes_takes_the_new_versions_of_what_it_refers_to(db) {
        let app = TestApp::new(db).await;
        app.post(TREE, &json!({ "schemas": orders() })).await.ok();
        let mut changed = orders();
        changed[2] = proto("currency", "message Currency { string code = 1; int32 digits = 2; }", &[]);
        let answer = app.post(TREE, &json!({ "schemas": changed })).await.ok();
        let versions: Vec<&Value> = answer["schemas"].as_array().unwrap().iter().map(|member| &member["version"]).collect();
        assert_eq!(versions, [2, 2, 2]);
        let order = app.get("/subjects/order/versions/2").await.ok();
        assert_eq!(order["references"][0]["version"], 2);
        // numbers stand for what is stored
        let mut old = proto("money", "import \"currency.proto\"; message Money { Currency of = 1; int64 units = 2; }", &[("currency.proto", "currency")]);
        old["references"][0]["version"] = json!(1);
        let answer = app.post(TREE, &json!({ "schemas": [old] })).await.ok();
        assert_eq!(answer["schemas"][0]["version"], 3);
        assert_eq!(app.get("/subjects/money/versions/3").await.ok()["references"][0]["version"], 1);
    }

    async fn nothing_is_written_when_one_is_refused(db) {
        let app = TestApp::new(db).await;
        let mut broken = orders();
        broken[0] = proto("order", "import \"money.proto\"; message Order { Nope total = 1; }", &[("money.proto", "money")]);
        let refused = app.post(TREE, &json!({ "schemas": broken })).await.error();
        assert_eq!((refused.0, refused.1), (422, 42201));
        assert!(refused.2.starts_with("Subject 'order': Invalid schema"), "{}", refused.2);
        app.register("currency", "\"string\"").await;
        assert_eq!(app.post(TREE, &json!({ "schemas": orders() })).await.error().1, 40901, "another type is there");
        assert_eq!(app.get("/subjects").await.ok(), json!(["currency"]));
        app.put("/mode/money", &json!({ "mode": "READONLY" })).await.ok();
        app.put("/config/currency", &json!({ "compatibility": "NONE" })).await.ok();
        let refused = app.post(TREE, &json!({ "schemas": orders() })).await.error();
        assert_eq!((refused.1, refused.2.starts_with("Subject 'money': ")), (42205, true), "{}", refused.2);
        assert_eq!(app.get("/subjects/currency/versions").await.ok(), json!([1]));
    }

    async fn a_dry_run_says_what_would_be_and_writes_nothing(db) {
        let app = TestApp::new(db).await;
        let dry = app.post(&format!("{TREE}?dryRun=true"), &json!({ "schemas": orders() })).await.ok();
        assert_eq!((&dry["schemas"][0]["version"], dry["schemas"][0].get("id")), (&json!(1), None));
        assert_eq!(app.get("/subjects").await.ok(), json!([]));
        let wet = app.post(TREE, &json!({ "schemas": orders() })).await.ok();
        assert_eq!(wet["schemas"][0]["guid"], dry["schemas"][0]["guid"]);
        let changed = json!({ "schemas": [proto("currency", "message Currency { int32 code = 1; }", &[])] });
        assert_eq!(app.post(&format!("{TREE}?dryRun=true"), &changed).await.error().1, 40901);
    }

    async fn a_tree_that_has_no_order_is_refused(db) {
        let app = TestApp::new(db).await;
        let circle = [
            proto("a", "import \"b.proto\"; message A { B b = 1; }", &[("b.proto", "b")]),
            proto("b", "import \"a.proto\"; message B { A a = 1; }", &[("a.proto", "a")]),
        ];
        let refused = app.post(TREE, &json!({ "schemas": circle })).await.error();
        assert_eq!((refused.1, refused.2.ends_with("'a', 'b'")), (42283, true), "{}", refused.2);
        let twice = [proto("a", "message A {}", &[]), proto("a", "message B {}", &[])];
        assert_eq!(app.post(TREE, &json!({ "schemas": twice })).await.error().1, 42283);
        assert_eq!(app.post(TREE, &json!({ "schemas": [{ "schema": "\"int\"" }] })).await.error().1, 42283);
        assert_eq!(app.post(TREE, &json!({ "schemas": [{ "subject": "a" }] })).await.error().1, 42283);
        let missing = [proto("a", "import \"b.proto\"; message A { B b = 1; }", &[("b.proto", "b")])];
        assert_eq!(app.post(TREE, &json!({ "schemas": missing })).await.error().1, 42201);
        assert_eq!(app.get("/subjects").await.ok(), json!([]));
    }

    async fn trees_of_avro_json_and_contexts(db) {
        let app = TestApp::new(db).await;
        let avro = json!([
            { "subject": "user", "schema": r#"{"type":"record","name":"User","fields":[{"name":"home","type":"Address"}]}"#,
              "references": [{ "name": "Address", "subject": "address", "version": -1 }] },
            { "subject": "address", "schema": r#"{"type":"record","name":"Address","fields":[]}"# },
            { "subject": "page", "schemaType": "JSON", "schema": r#"{"$ref":"part.json"}"#, "references": [{ "name": "part.json", "subject": "part" }] },
            { "subject": "part", "schemaType": "JSON", "schema": r#"{"type":"string"}"# },
        ]);
        app.post(&format!("/contexts/.c{TREE}"), &json!({ "schemas": avro })).await.ok();
        assert_eq!(app.get("/subjects").await.ok(), json!([":.c:address", ":.c:page", ":.c:part", ":.c:user"]));
        assert_eq!(app.get("/subjects/:.c:user/versions/1").await.ok()["references"][0]["version"], 1);
    }
}
