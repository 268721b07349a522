//! Rules of data contracts: refused at registration under `validateRules`, and run by `/accordant/v1/validate`.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::TestApp;

const VALIDATE: &str = "/accordant/v1/validate";

const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
    {"name":"id","type":"long"},
    {"name":"email","type":["null","string"],"default":null,"confluent:tags":["PII"]},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
        {"name":"n","type":"int","confluent:rules":[{"name":"some","expr":"this > 0","doc":"a line has some"}]}]}},"default":[]},
    {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0000"}]}"#;

fn rule(name: &str, kind: &str, rule_type: &str, expr: &str) -> Value {
    json!({ "name": name, "kind": kind, "mode": "WRITE", "type": rule_type, "expr": expr })
}

async fn register(app: &TestApp, subject: &str, schema: &str, rules: &[Value]) -> Value {
    let body = json!({ "schema": schema, "ruleSet": { "domainRules": rules } });
    app.post(&format!("/subjects/{subject}/versions"), &body).await.ok()
}

trait Refused {
    /// The message of this error.
    fn refused(&self, status: u16, code: i64) -> String;
}

impl Refused for crate::support::app::Answer {
    fn refused(&self, status: u16, code: i64) -> String {
        let (found_status, found_code, message) = self.error();
        assert_eq!((found_status, found_code), (status, code), "{message}");
        message
    }
}

fn order(id: i64) -> Value {
    json!({ "id": id, "email": "a@example.com", "lines": [{ "n": 1 }], "amount": "\u{1}" })
}

on_both! {
    async fn conditions_say_where_they_fail_and_with_which_value(db) {
        let app = TestApp::new(db).await;
        let rules = [
            rule("positive", "CONDITION", "CEL", "message.id > 0"),
            json!({ "name": "mail", "kind": "CONDITION", "mode": "WRITE", "type": "CEL_FIELD", "tags": ["PII"], "onFailure": "DLQ",
                "expr": "typeName == 'STRING' ; value.isEmail()", "doc": "no mail address" }),
            rule("broken", "CONDITION", "CEL", "message.id == 'x'"),
        ];
        register(&app, "o", ORDER, &rules).await;
        let answer = app.post(VALIDATE, &json!({ "subject": "o", "json": order(5) })).await.ok();
        let outcomes: Vec<&Value> = answer["rules"].as_array().unwrap().iter().map(|rule| &rule["outcome"]).collect();
        assert_eq!(outcomes, ["held", "held", "held", "error"], "{answer}");
        assert_eq!(answer["rules"][3]["places"][0]["position"], json!({ "line": 1, "column": 12 }));
        assert_eq!(answer["valid"], false);
        let bad = json!({ "id": -1, "email": "nobody", "lines": [{ "n": 1 }, { "n": 0 }], "amount": "\u{1}" });
        let answer = app.post(VALIDATE, &json!({ "subject": "o", "json": bad })).await.ok();
        let rules = &answer["rules"];
        assert_eq!(rules[0]["places"], json!([{ "field": "lines[1].n", "value": 0, "message": "a line has some" }]));
        assert_eq!((&rules[0]["type"], &rules[0]["outcome"]), (&json!("INLINE"), &json!("failed")));
        assert_eq!((&rules[1]["outcome"], &rules[1]["action"]), (&json!("failed"), &json!("ERROR")));
        assert_eq!(rules[1]["message"], "Rule expr failed: message.id > 0");
        assert_eq!((&rules[2]["outcome"], &rules[2]["action"]), (&json!("failed"), &json!("DLQ")));
        assert_eq!(rules[2]["places"], json!([{ "field": "email", "value": "nobody", "message": "no mail address" }]));
    }

    async fn transforms_are_tried_in_their_order_and_the_result_is_shown(db) {
        let app = TestApp::new(db).await;
        let rules = [
            json!({ "name": "lower", "kind": "TRANSFORM", "mode": "WRITE", "type": "CEL_FIELD", "tags": ["PII"], "expr": "typeName == 'STRING' ; 'mail: ' + value" }),
            rule("seen", "CONDITION", "CEL", "message.email.startsWith('mail: ')"),
            rule("misfit", "TRANSFORM", "CEL", "{'id': 'x'}"),
        ];
        register(&app, "t", ORDER, &rules).await;
        let answer = app.post(VALIDATE, &json!({ "subject": "t", "json": order(5) })).await.ok();
        let outcomes: Vec<&Value> = answer["rules"].as_array().unwrap().iter().skip(1).map(|rule| &rule["outcome"]).collect();
        assert_eq!(outcomes, ["transformed", "held", "error"], "{answer}");
        assert_eq!(answer["rules"][3]["message"], "id: string does not fit the schema");
        assert_eq!(answer["data"]["email"], "mail: a@example.com");
        assert_eq!((&answer["data"]["id"], &answer["data"]["amount"]), (&json!(5), &json!("\u{1}")));
    }

    async fn what_is_not_run_says_why(db) {
        let app = TestApp::new(db).await;
        let rules = [
            rule("secret", "TRANSFORM", "ENCRYPT", ""),
            json!({ "name": "later", "kind": "CONDITION", "mode": "READ", "type": "CEL", "expr": "false" }),
            json!({ "name": "off", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "false", "disabled": true }),
            rule("decimal", "CONDITION", "CEL", "message.amount > 1"),
        ];
        register(&app, "s", ORDER, &rules).await;
        let answer = app.post(VALIDATE, &json!({ "subject": "s", "json": order(5) })).await.ok();
        let messages: Vec<&Value> = answer["rules"].as_array().unwrap().iter().skip(1).map(|rule| &rule["message"]).collect();
        assert_eq!(messages, [
            "rules of type ENCRYPT are not run here",
            "its mode does not include WRITE",
            "it is disabled",
            "it needs decimal, which is not run here",
        ], "{answer}");
        assert_eq!(answer["valid"], true);
        let answer = app.post(VALIDATE, &json!({ "subject": "s", "json": order(5), "mode": "READ" })).await.ok();
        // readers go backwards
        assert_eq!((&answer["rules"][1]["name"], &answer["rules"][3]["outcome"]), (&json!("decimal"), &json!("failed")), "{answer}");
    }

    async fn data_that_does_not_fit_its_schema_is_not_valid(db) {
        let app = TestApp::new(db).await;
        register(&app, "d", ORDER, &[]).await;
        let answer = app.post(VALIDATE, &json!({ "subject": "d", "hex": "02" })).await.ok();
        assert_eq!((&answer["valid"], &answer["rules"]), (&json!(false), &json!([])));
        assert_eq!(answer["issues"].as_array().unwrap().len(), 1);
        app.post(VALIDATE, &json!({ "subject": "none", "hex": "02" })).await.refused(404, 40403);
        app.post(VALIDATE, &json!({ "subject": "d", "hex": "02", "json": 1 })).await.refused(400, 400);
        app.post(VALIDATE, &json!({ "subject": "d", "hex": "02", "mode": "UPGRADE" })).await.refused(400, 400);
    }

    async fn rules_that_can_not_be_right_are_refused_where_the_config_says_so(db) {
        let app = TestApp::new(db).await;
        let refused = [
            (rule("a", "CONDITION", "CEL", "message.it > 0"), "rule 'a': shop.Order has no field 'it'; it has id, email, lines, amount at line 1, column 9 of its expression"),
            (rule("b", "CONDITION", "CEL", "message.id =="), "rule 'b': the expression ends where a value is expected at line 1, column 14 of its expression"),
            (rule("c", "CONDITION", "CEL_FIELD", "valve > 0"), "rule 'c': there is no variable 'valve' here; there are value, fullName, name, typeName, tags, message, now at line 1, column 1 of its expression"),
            (rule("d", "CONDITION", "CELL", "true"), "rule 'd': no official client runs rules of type 'CELL'; they run CEL, CEL_FIELD, JSONATA, ENCRYPT, ENCRYPT_PAYLOAD, REDACT"),
            (rule("e", "CONDITION", "CEL", "message.id > 0 ;\nmessage.id == 'x'"), "rule 'e': == does not take int and string at line 2, column 12 of its expression"),
            (rule("f", "CONDITION", "CEL", "message.id"), "rule 'f': a condition gives bool, and this gives int at line 1, column 1 of its expression"),
            (json!({ "name": "g", "kind": "TRANSFORM", "mode": "WRITE", "type": "ENCRYPT", "tags": ["PIL"] }), "rule 'g': no field has any of its tags: PIL"),
            (json!({ "name": "h", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true", "onFailure": "DLG" }), "rule 'h': onFailure: no official client has the action 'DLG'; they have NONE, ERROR, DLQ"),
        ];
        for (rule, _) in &refused {
            register(&app, &format!("free-{}", rule["name"].as_str().unwrap()), ORDER, std::slice::from_ref(rule)).await;
        }
        app.put("/config", &json!({ "validateRules": true })).await.ok();
        for (rule, message) in refused {
            let body = json!({ "schema": ORDER, "ruleSet": { "domainRules": [rule] } });
            let error = app.post("/subjects/r/versions", &body).await.refused(422, 42210);
            assert_eq!(error, format!("Invalid rules: {message}"));
        }
        let inline = ORDER.replace("this > 0", "this > 'a'");
        let error = app.post("/subjects/r/versions", &json!({ "schema": inline })).await.refused(422, 42210);
        let message = "Invalid rules: rule 'shop.Line.n: some': > does not take int and string at line 1, column 6 of its expression";
        assert_eq!(error, message);
        let of_tag = |name: &str, kind: &str, rule_type: &str, expr: &str| {
            json!({ "name": name, "kind": kind, "mode": "WRITE", "type": rule_type, "tags": ["PII"], "expr": expr })
        };
        let mail = || of_tag("mail", "CONDITION", "CEL_FIELD", "typeName == 'STRING' ; value.isEmail()");
        let seal = || of_tag("seal", "TRANSFORM", "ENCRYPT", "");
        let lower = |name: &str| of_tag(name, "TRANSFORM", "CEL_FIELD", "value");
        for (rules, message) in [
            ([seal(), mail()], "rule 'mail': it is given what rule 'seal' has encrypted, in both directions; it has to stand before that"),
            ([lower("one"), lower("two")], "rule 'two': no client runs it, for rule 'one' transforms fields with the same tags"),
        ] {
            let body = json!({ "schema": ORDER, "ruleSet": { "domainRules": rules } });
            let error = app.post("/subjects/r/versions", &body).await.refused(422, 42210);
            assert_eq!(error, format!("Invalid rules: {message}"));
        }
        register(&app, "ordered", ORDER, &[mail(), seal()]).await;
        register(&app, "r", ORDER, &[rule("good", "CONDITION", "CEL", "message.id > 0 && message.lines.all(l, l.n < 9)")]).await;
    }

    async fn an_expression_that_multiplies_ends_when_the_request_has_spent_its_share(db) {
        let app = TestApp::new(db).await;
        let list = (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let mut expr = "true".to_owned();
        for level in 0..8 {
            expr = format!("[{list}].all(x{level}, {expr})");
        }
        register(&app, "big", ORDER, &[rule("r", "CONDITION", "CEL", &expr)]).await;
        let error = app.post(VALIDATE, &json!({ "subject": "big", "json": order(5) })).await.refused(422, 42280);
        assert!(error.contains("work"), "{error}");
        let doubling = (0..40).fold("message.email".to_owned(), |text, _| format!("[{text}].map(x, x + x)[0]"));
        register(&app, "long", ORDER, &[rule("r", "CONDITION", "CEL", &format!("{doubling} == ''"))]).await;
        let answer = app.post(VALIDATE, &json!({ "subject": "long", "json": order(5) })).await.ok();
        assert_eq!(answer["rules"][1]["outcome"], "error", "nested too deep: {answer}");
    }

    async fn events_are_held_to_rules_where_that_is_asked(db) {
        let app = TestApp::new(db).await;
        let rules = [
            rule("positive", "CONDITION", "CEL", "message.id > 0"),
            json!({ "name": "mail", "kind": "CONDITION", "mode": "WRITE", "type": "CEL_FIELD", "tags": ["PII"],
                "expr": "typeName == 'STRING' ; value.isEmail()" }),
            rule("decimal", "CONDITION", "CEL", "message.amount > 1"),
        ];
        register(&app, "e", ORDER, &rules).await;
        let event = |data: Value| json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": data });
        let judged = async |query: &str, data: Value| {
            let events = json!([event(data)]);
            let headers = [("content-type", "application/cloudevents-batch+json")];
            let path = format!("/cloudevents/validate?subject=e{query}");
            let answer = app.send(hyper::Method::POST, &path, &headers, events.to_string().into_bytes()).await;
            let report = answer.json()["events"][0].clone();
            let texts = |key: &str| -> Vec<String> {
                let listed = report[key].as_array().cloned().unwrap_or_default();
                listed.iter().map(|issue| format!("{}: {}", issue["code"].as_str().unwrap(), issue["message"].as_str().unwrap())).collect()
            };
            (answer.status.as_u16(), texts("errors"), texts("warnings"))
        };
        let bad = json!({ "id": 0, "email": "nobody", "lines": [{ "n": 0 }], "amount": "\u{1}" });
        assert_eq!(judged("", bad.clone()).await, (200, vec![], vec![]));
        let (status, errors, warnings) = judged("&rules=true", bad).await;
        assert_eq!((status, errors), (422, vec![
            "rule.failed: rule 'some' at lines[0].n, whose value is 0: a line has some".to_owned(),
            "rule.failed: rule 'positive': Rule expr failed: message.id > 0".to_owned(),
            "rule.failed: rule 'mail' at email, whose value is \"nobody\": Rule expr failed: typeName == 'STRING' ; value.isEmail()".to_owned(),
        ]));
        assert_eq!(warnings, ["rule.skipped: rule 'decimal': it needs decimal, which is not run here"]);
        assert_eq!(judged("&rules=true", order(5)).await.0, 200);
        assert_eq!(judged("&rules=1", order(5)).await.0, 400);
    }

    async fn data_goes_from_version_to_version_through_the_rules_between(db) {
        let app = TestApp::new(db).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        let version = |field: &str| format!(r#"{{"type":"record","name":"T","fields":[{{"name":"{field}","type":"long"}}]}}"#);
        let migration = |name: &str, mode: &str, rule_type: &str, expr: &str| {
            json!({ "name": name, "kind": "TRANSFORM", "mode": mode, "type": rule_type, "expr": expr })
        };
        let post = async |schema: String, rules: Value| {
            app.post("/subjects/m/versions", &json!({ "schema": schema, "ruleSet": { "migrationRules": rules } })).await.ok()
        };
        post(version("a"), json!([])).await;
        post(version("b"), json!([
            migration("up", "UPGRADE", "CEL", "{'b': message.a * 2}"),
            migration("down", "DOWNGRADE", "CEL", "{'a': message.b / 2}"),
        ])).await;
        post(version("c"), json!([
            migration("up", "UPGRADE", "CEL", "{'c': message.b + 1}"),
            migration("back", "DOWNGRADE", "JSONATA", "{'b': c - 1}"),
        ])).await;
        let migrated = async |version: i64, data: Value, to: i64| {
            let body = json!({ "subject": "m", "version": version, "json": data, "reader": { "subject": "m", "version": to } });
            app.post("/accordant/v1/migrate", &body).await
        };
        let answer = migrated(1, json!({ "a": 5 }), 3).await.ok();
        assert_eq!(answer["data"], json!({ "c": 11 }));
        let steps: Vec<(i64, i64)> =
            answer["steps"].as_array().unwrap().iter().map(|step| (step["from"].as_i64().unwrap(), step["to"].as_i64().unwrap())).collect();
        assert_eq!(steps, [(1, 2), (2, 3)]);
        assert_eq!(migrated(2, json!({ "b": 10 }), 1).await.ok()["data"], json!({ "a": 5 }));
        assert_eq!(migrated(2, json!({ "b": 10 }), 2).await.ok()["data"], json!({ "b": 10 }));
        let message = migrated(3, json!({ "c": 11 }), 1).await.refused(422, 42284);
        assert!(message.contains("rule 'back' from version 3 to 2: rules of type JSONATA are not run here"), "{message}");
        app.post("/accordant/v1/migrate", &json!({ "subject": "m", "hex": "02" })).await.refused(422, 42282);
    }

    async fn combinations_of_combinations_do_not_hold_up_a_verdict(db) {
        let app = TestApp::new(db).await;
        let levels: Vec<String> = (0..60)
            .map(|at| format!(r##""l{at}":{{"oneOf":[{{"$ref":"#/definitions/l{next}"}},{{"$ref":"#/definitions/l{next}"}}]}}"##, next = at + 1))
            .collect();
        let schema = format!(r##"{{"properties":{{"a":{{"$ref":"#/definitions/l0"}}}},"definitions":{{{},"l60":{{"type":"string"}}}}}}"##, levels.join(","));
        let rules = json!({ "domainRules": [rule("r", "CONDITION", "CEL", "message.b == 1")] });
        let body = json!({ "schemaType": "JSON", "schema": schema, "ruleSet": rules });
        app.put("/config", &json!({ "validateRules": true })).await.ok();
        app.post("/subjects/c/versions", &body).await.ok();
        let answer = app.post(VALIDATE, &json!({ "subject": "c", "json": { "b": 1 } })).await.ok();
        assert_eq!(answer["rules"][0]["outcome"], "held", "{answer}");
    }
}
