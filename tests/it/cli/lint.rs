//! `accordant lint`.

use super::check::{folder, run};

const OPTIONAL: &str = "{\n  \"type\": \"record\", \"name\": \"Order\", \"namespace\": \"shop\",\n  \"fields\": [\n    {\"name\": \"note\", \"type\": [\"null\", \"string\"]}\n  ]\n}\n";

#[test]
fn people_see_the_place_why_it_matters_and_what_helps() {
    let files = folder(&[
        ("s/order.avsc", OPTIONAL),
        ("s/color.proto", "syntax = \"proto3\";\npackage shop;\nenum Color { RED = 0; }\n"),
        ("s/free.json", "{\"type\": \"object\"}"),
        ("s/broken.avsc", "{\"type\": \"record\"}"),
    ]);
    let report = run(files.path(), "lint s");
    assert_eq!(report.code, 1, "{}", report.err);
    insta::assert_snapshot!("lint_human", report.out);
    insta::assert_snapshot!("lint_json", run(files.path(), "lint s --format json --exclude broken.avsc").out);
    insta::assert_snapshot!("lint_github", run(files.path(), "lint s --format github --exclude broken.avsc").out);
    insta::assert_snapshot!("lint_junit", run(files.path(), "lint s --format junit").out);
    insta::assert_snapshot!("lint_markdown", run(files.path(), "lint s --format markdown").out);
    let sarif = run(files.path(), "lint s --format sarif").out.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("lint_sarif", sarif);
    let denied = run(files.path(), "lint s --format junit --deny-warnings --exclude broken.avsc");
    assert!(denied.code == 1 && denied.out.contains("failures=\"3\""), "{}", denied.out);
}

#[test]
fn rules_of_data_contracts_are_held_to_the_types_of_their_schema() {
    let order = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}"#;
    let checked = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"long","confluent:rules":[{"name":"c","expr":"this > 'x'"}]}]}"#;
    let set = |expr: &str| {
        format!(r#"{{"domainRules":[{{"name":"positive","kind":"CONDITION","mode":"WRITE","type":"CEL","expr":"{expr}"}}]}}"#)
    };
    let manifest = "[[schemas]]\nfiles = \"{subject}.avsc\"\nsubject = \"{subject}\"\n\n[schemas.rule-set]\n\
                    domainRules = [{ name = \"positive\", kind = \"CONDITION\", mode = \"WRITE\", type = \"CEL\", expr = \"message.di > 0\" }]\n";
    let files = folder(&[
        ("order.avsc", order),
        ("old.avsc", order),
        ("checked/order.avsc", checked),
        ("good.json", &set("message.id > 0")),
        ("bad.json", &set("message.di > 0")),
        ("accordant.toml", manifest),
    ]);
    let linted = run(files.path(), "lint order.avsc");
    assert_eq!(linted.code, 1);
    assert!(linted.out.contains("rule 'positive'") && linted.out.contains("has no field 'di'"), "{}", linted.out);
    let inline = run(files.path(), "lint checked --config /dev/null");
    assert!(inline.code == 1 && inline.out.contains("rule 'Order.id: c'"), "{}", inline.out);
    assert_eq!(run(files.path(), "check order.avsc --against old.avsc --rule-set good.json --config /dev/null").code, 0);
    let refused = run(files.path(), "check order.avsc --against old.avsc --rule-set bad.json --config /dev/null");
    assert!(refused.code == 2 && refused.err.contains("has no field 'di'"), "{} {}", refused.code, refused.err);
}

#[test]
fn conditions_that_say_nothing_about_data_are_warned_of() {
    let order = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"},{"name":"price","type":"double"}]}"#;
    let linted = |name: &str, expr: &str| {
        let manifest = format!(
            "[[schemas]]\nfiles = \"{{subject}}.avsc\"\nsubject = \"{{subject}}\"\n\n[schemas.rule-set]\n\
             domainRules = [{{ name = \"{name}\", kind = \"CONDITION\", type = \"CEL\", expr = \"{expr}\" }}]\n"
        );
        let files = folder(&[("order.avsc", order), ("accordant.toml", &manifest)]);
        let report = run(files.path(), "lint");
        assert_eq!(report.code, 0, "{}", report.out);
        report.out
    };
    for (name, expr, said) in [
        ("all", "message.id > 0 || message.id <= 0", "rule 'all' holds for all of 200 samples"),
        ("none", "message.id > 0 && message.id < 0", "rule 'none' holds for none of 200 samples"),
        ("zero", "message.id / 0 == 1", "rule 'zero' has no value for any of 200 samples"),
    ] {
        let out = linted(name, expr);
        assert_eq!(out.matches(said).count(), 1, "{expr}: {out}");
    }
    for expr in ["message.id > 0", "string(message.id) == 'seven'", "string(message.id).matches('^[a-z]+$')"] {
        let out = linted("fine", expr);
        assert!(!out.contains("rule 'fine'"), "{expr}: {out}");
    }
}

#[test]
fn warnings_are_refused_only_on_request() {
    let files = folder(&[("order.avsc", OPTIONAL)]);
    let report = run(files.path(), "lint");
    assert_eq!((report.code, report.verdict()), (0, "1 schema: 1 warning"));
    assert_eq!(run(files.path(), "lint --deny-warnings").code, 1);
}

#[test]
fn what_can_be_repaired_is_repaired_and_stays_the_schema_that_it_was() {
    let files = folder(&[("order.avsc", OPTIONAL)]);
    let report = run(files.path(), "lint --fix");
    assert_eq!((report.code, report.verdict()), (0, "1 schema: 1 repaired"));
    let text = std::fs::read_to_string(files.path().join("order.avsc")).unwrap();
    assert_eq!(text, OPTIONAL.replace("\"string\"]}", "\"string\"], \"default\": null}"));
    assert_eq!(run(files.path(), "lint").verdict(), "1 schema: fine");
}

#[test]
fn what_was_removed_is_reserved() {
    let old = "syntax = \"proto3\";\npackage shop;\nmessage Order {\n  int32 id = 1;\n  int32 total = 2;\n  map<string, int32> m = 3;\n}\n";
    let new = old.replace("  int32 total = 2;\n", "");
    let files = folder(&[("old/order.proto", old), ("new/order.proto", &new)]);
    let report = run(files.path(), "lint new --against old");
    assert_eq!((report.code, report.verdict()), (1, "1 schema: 1 error"));
    assert!(report.out.contains("shop.Order had total = 2, which is gone and not reserved"), "{}", report.out);
    assert_eq!(run(files.path(), "lint new").code, 0, "without an earlier version nothing is gone");
    assert_eq!(run(files.path(), "lint new --against old --fix").code, 0);
    let text = std::fs::read_to_string(files.path().join("new/order.proto")).unwrap();
    assert!(text.contains("message Order { reserved 2; reserved \"total\";\n"), "{text}");
}

#[test]
fn changes_that_resolution_lets_through_are_errors() {
    let schema =
        |kind: &str| format!(r#"{{"type":"record","name":"R","namespace":"n","fields":[{{"name":"p","type":{kind}}}]}}"#);
    let decimal = |precision: u32, scale: u32| {
        schema(&format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#))
    };
    for (old, new, code) in [
        (decimal(9, 2), decimal(9, 3), 1),
        (decimal(9, 2), decimal(7, 2), 1),
        (decimal(9, 2), decimal(12, 2), 0),
        (
            schema(r#"{"type":"long","logicalType":"timestamp-millis"}"#),
            schema(r#"{"type":"long","logicalType":"timestamp-micros"}"#),
            1,
        ),
        (schema(r#"{"type":"long","logicalType":"timestamp-millis"}"#), schema("\"long\""), 1),
        (schema("\"int\""), schema("\"long\""), 0),
    ] {
        let files = folder(&[("old/r.avsc", &old), ("new/r.avsc", &new)]);
        let report = run(files.path(), "lint new --against old");
        assert_eq!(report.code, code, "{old} {new}: {}", report.out);
        assert_eq!(run(files.path(), "check new --against old").code, 0, "resolution lets it through");
    }
}

#[test]
fn rules_are_switched_in_accordant_toml() {
    let files = folder(&[
        ("order.avsc", OPTIONAL),
        ("accordant.toml", "[lint.rules]\navro-null-default = \"error\"\navro-doc = \"warn\"\n"),
    ]);
    let report = run(files.path(), "lint");
    assert_eq!((report.code, report.verdict()), (1, "1 schema: 1 error, 2 warnings"));
    std::fs::write(files.path().join("accordant.toml"), "[lint.rules]\navro-null-default = \"off\"\n").unwrap();
    assert_eq!(run(files.path(), "lint").verdict(), "1 schema: fine");
    for (text, line) in [
        ("avro-nul-default = \"off\"", "lint: there is no rule avro-nul-default; avro-null-default is one"),
        ("avro-doc = \"yes\"", "lint: avro-doc = \"yes\": expected off, warn or error"),
    ] {
        std::fs::write(files.path().join("accordant.toml"), format!("[lint.rules]\n{text}\n")).unwrap();
        let report = run(files.path(), "lint");
        assert_eq!(report.code, 2);
        assert!(report.err.contains(line), "{}", report.err);
    }
}
