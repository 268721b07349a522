//! `accordant validate`.

use super::{folder, refused, run, run_with};

const SCHEMA: &str = r#"{"type": "object", "properties": {"id": {"type": "integer"}, "tags": {"items": {"$ref": "tag.json"}}}, "required": ["id"]}"#;
const TAG: &str = r#"{"type": "string", "maxLength": 3}"#;

#[test]
fn every_error_has_its_place() {
    let files = folder(&[
        ("s.json", SCHEMA),
        ("tag.json", TAG),
        ("good.json", r#"{"id": 1, "tags": ["a"]}"#),
        ("bad.json", "{\n  \"id\": \"x\",\n  \"tags\": [\"a\", \"long one\"]\n}\n"),
    ]);
    let with = "--schema s.json --reference tag.json=tag.json";
    let good = run(files.path(), &format!("validate good.json {with}"));
    assert_eq!((good.code, good.out.as_str()), (0, "good.json is valid under s.json\n"));
    let bad = run(files.path(), &format!("validate bad.json {with} --format json"));
    assert_eq!(bad.code, 1);
    insta::assert_snapshot!("validate_json", bad.out);
    let human = run(files.path(), &format!("validate bad.json {with}"));
    assert_eq!(human.code, 1);
    insta::assert_snapshot!("validate_human", human.out);
    insta::assert_snapshot!("validate_github", run(files.path(), &format!("validate bad.json {with} --format github")).out);
}

#[test]
fn what_is_not_json_is_not_valid() {
    let files = folder(&[("s.json", TAG), ("torn.json", "[1,\n 2")]);
    let torn = run(files.path(), "validate torn.json --schema s.json");
    assert_eq!(torn.code, 1, "{}", torn.err);
    assert!(torn.out.contains("--> torn.json:2:"), "{}", torn.out);
    assert_eq!(run_with(files.path(), "validate - --schema s.json", "\"abc\"", &[]).code, 0);
    assert_eq!(run_with(files.path(), "validate - --schema s.json", "\"abcd\"", &[]).code, 1);
}

#[test]
fn what_can_not_be_told_is_exit_code_2() {
    let files = folder(&[
        ("a.avsc", "\"string\""),
        ("d.json", "1"),
        ("torn.json", "{"),
        ("bad.json", "{\n\"type\": 1}"),
        ("ok.json", "{}"),
    ]);
    refused(
        &run(files.path(), "validate d.json --schema a.avsc"),
        "a.avsc: documents can be validated against JSON Schemas only, and this one is of type AVRO",
    );
    assert_eq!(run(files.path(), "validate d.json --schema a.avsc --type json").code, 2);
    for (arguments, start) in [
        ("validate d.json --schema torn.json", "torn.json:1:2: "),
        ("validate d.json --schema bad.json", "bad.json:"),
        ("validate gone.json --schema ok.json", "gone.json: can't be read: "),
        ("validate - --schema -", "standard input can be the document or the schema, not both"),
    ] {
        let run = run(files.path(), arguments);
        assert!(run.code == 2 && run.err.starts_with(&format!("accordant: {start}")), "{arguments}: {}", run.err);
    }
    let deep = "[".repeat(600);
    std::fs::write(files.path().join("deep.json"), &deep).unwrap();
    assert_eq!(run(files.path(), "validate deep.json --schema ok.json").code, 2);
}
