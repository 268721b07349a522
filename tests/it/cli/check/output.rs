//! What is printed, read back.

use serde_json::{Value, json};

use super::{BROKEN, OLD, folder, run, run_with};

const CHECK: &str = "check new.avsc --against old.avsc";

#[test]
fn people_see_both_places_underlined() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    let seen = run(files.path(), CHECK);
    let expected = r#"error[READER_FIELD_MISSING_DEFAULT_VALUE] at /fields/2
  {errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'price' at path '/fields/2' in the new schema has no default value and is missing in the old schema', additionalInfo:'price'}
  --> new.avsc:7:5 (new)
   7 |     {"name": "price", "type": "double"}
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  --> old.avsc:1:1 (old)
   1 | {
     | ^
"#;
    assert!(seen.out.starts_with(expected), "{}", seen.out);
    assert!(seen.out.contains("\n  = why: A reader with the new schema fails") && seen.out.contains("\n  = fix: Give the field"));
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    assert!(!run(files.path(), CHECK).out.contains('\u{1b}'));
    let always = run(files.path(), &format!("{CHECK} --color always"));
    assert!(always.out.starts_with("\u{1b}[1;31merror[READER_FIELD_MISSING_DEFAULT_VALUE]\u{1b}[0m"), "{}", always.out);
    assert!(!run(files.path(), &format!("{CHECK} --color never")).out.contains('\u{1b}'));
}

#[test]
fn a_schema_can_not_steer_the_terminal() {
    let text = OLD.replace("\"total\"", "\"total\", \"doc\": \"\u{9b}31m\"");
    let files = folder(&[("old.avsc", &text), ("new.avsc", &text.replace("\"int\"", "\"string\""))]);
    let seen = run(files.path(), CHECK);
    assert_eq!(seen.code, 1, "{}", seen.err);
    assert!(!seen.out.contains('\u{9b}') && seen.out.contains('\u{fffd}'), "{}", seen.out);
}

#[test]
fn json_has_the_keys_of_the_rest_api_and_the_files() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    let report = run(files.path(), &format!("{CHECK} --format json")).json();
    assert_eq!(report["compatible"], false);
    assert_eq!(report["level"], "BACKWARD");
    let finding = &report["findings"][0];
    assert_eq!(finding["message"], report["messages"][0]);
    assert_eq!(finding["new"], json!({ "pointer": "/fields/2", "line": 7, "column": 5 }));
    assert_eq!(finding["old"], json!({ "pointer": "", "line": 1, "column": 1 }));
    assert_eq!(
        (&finding["newFile"], &finding["oldFile"], &finding["oldVersion"]),
        (&json!("new.avsc"), &json!("old.avsc"), &json!(1))
    );
    for key in ["rule", "path", "explanation", "remedy", "counterExample"] {
        assert!(finding[key].is_string(), "{key}: {finding}");
    }
    let good = run(files.path(), "check old.avsc --against old.avsc --format json").json();
    assert_eq!(
        good,
        json!({
            "compatible": true, "level": "BACKWARD", "schemaType": "AVRO", "file": "old.avsc",
            "compared": [{ "version": 1, "file": "old.avsc" }], "messages": [], "findings": [],
        })
    );
}

#[test]
fn annotations_are_on_the_right_line_and_stay_one_line() {
    let files = folder(&[("old.avsc", OLD), ("a, b/new%.avsc", BROKEN)]);
    std::fs::rename(files.path().join("a, b"), files.path().join("a,b")).unwrap();
    let seen = run(files.path(), "check ./a,b/new%.avsc --against old.avsc --format github");
    assert_eq!(seen.code, 1);
    let lines: Vec<&str> = seen.out.lines().collect();
    let head =
        "::error file=a%2Cb/new%25.avsc,line=7,col=5,endColumn=40,title=READER_FIELD_MISSING_DEFAULT_VALUE::{errorType:'READER_";
    assert!(lines[0].starts_with(head), "{}", seen.out);
    assert!(
        lines[0].contains("additionalInfo:'price'}%0AA reader with the new schema")
            && lines[0].ends_with("%0AEarlier: old.avsc:1:1")
    );
    assert_eq!(lines[1..], ["./a,b/new%.avsc is not compatible with old.avsc under BACKWARD: 1 finding"]);
    let good = run(files.path(), "check old.avsc --against old.avsc --format github");
    assert_eq!(good.out, "old.avsc is compatible with old.avsc under BACKWARD\n");
}

/// Elements of an XML text as (depth, tag with attributes); fails when they don't nest.
fn elements(xml: &str) -> Vec<(usize, String)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a closed tag");
        assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{piece}");
        assert!(piece.split('&').skip(1).all(|entity| entity.split_once(';').is_some_and(|(name, _)| name.len() < 6)), "{piece}");
        let name = |tag: &str| tag.split(' ').next().unwrap().to_owned();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed));
        } else {
            found.push((open.len(), tag.trim_end_matches('/').to_owned()));
            if !tag.ends_with('/') {
                open.push(name(tag));
            }
        }
    }
    assert!(open.is_empty());
    found
}

#[test]
fn junit_has_a_case_for_each_finding_and_version() {
    let other = OLD.replace("total", "sum");
    let files = folder(&[("old.avsc", OLD), ("other<&>.avsc", &other), ("new.avsc", BROKEN)]);
    let seen =
        run(files.path(), "check new.avsc --against other<&>.avsc --against old.avsc --format junit --level FORWARD_TRANSITIVE");
    let found = elements(&seen.out);
    let names: Vec<_> = found.iter().map(|(depth, tag)| (*depth, tag.split(' ').next().unwrap())).collect();
    assert_eq!(
        names,
        [(0, "testsuites"), (1, "testsuite"), (2, "testcase"), (3, "failure"), (2, "testcase"), (2, "system-out")],
        "{}",
        seen.out
    );
    assert!(found[0].1.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""));
    assert!(
        found[2].1.contains("against other&lt;&amp;&gt;.avsc")
            && found[3].1.contains("type=\"READER_FIELD_MISSING_DEFAULT_VALUE\"")
    );
    let early = run(files.path(), "check new.avsc --against other<&>.avsc --against old.avsc --format junit");
    let found = elements(&early.out);
    assert!(found.iter().any(|(depth, tag)| *depth == 3 && tag.starts_with("skipped ")), "{}", early.out);
    assert!(found[2].1.contains("line=\"7\""), "{}", early.out);
}

#[test]
fn sarif_names_rules_and_places() {
    let files = folder(&[("old.avsc", OLD), ("a b/new.avsc", BROKEN)]);
    std::fs::rename(files.path().join("a b"), files.path().join("a#b")).unwrap();
    let log = run(files.path(), "check a#b/new.avsc --against old.avsc --format sarif").json();
    assert_eq!((&log["version"], &log["$schema"]), (&json!("2.1.0"), &json!("https://json.schemastore.org/sarif-2.1.0.json")));
    let one = &log["runs"][0];
    let driver = &one["tool"]["driver"];
    assert_eq!(
        (&driver["name"], &driver["rules"][0]["id"]),
        (&json!("accordant check"), &json!("READER_FIELD_MISSING_DEFAULT_VALUE"))
    );
    let result = &one["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["ruleIndex"], &result["level"]),
        (&driver["rules"][0]["id"], &json!(0), &json!("error"))
    );
    assert_eq!(
        result["locations"][0]["physicalLocation"],
        json!({ "artifactLocation": { "uri": "a%23b/new.avsc" }, "region": { "startLine": 7, "startColumn": 5, "endColumn": 40 } })
    );
    assert_eq!(result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "old.avsc");
    let good = run(files.path(), "check old.avsc --against old.avsc --format sarif").json();
    assert_eq!(good["runs"][0]["results"], Value::Array(Vec::new()), "an empty list means: looked and found nothing");
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    let mut child = crate::support::process::command(files.path())
        .args(CHECK.split(' '))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), b"".as_slice()));
    assert_eq!(run_with(files.path(), CHECK, "", &[("NO_COLOR", "1")]).code, 1);
}
