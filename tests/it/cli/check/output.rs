//! What is printed, read back.

use serde_json::Value;

use super::{BROKEN, OLD, folder, run, run_with};

const CHECK: &str = "check new.avsc --against old.avsc";

#[test]
fn people_see_both_places_underlined() {
    let files = folder(&[("old.avsc", OLD), ("new.avsc", BROKEN)]);
    insta::assert_snapshot!("human", run(files.path(), CHECK).out);
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
    insta::assert_snapshot!("json", run(files.path(), &format!("{CHECK} --format json")).out);
    insta::assert_snapshot!("json_compatible", run(files.path(), "check old.avsc --against old.avsc --format json").out);
}

#[test]
fn annotations_are_on_the_right_line_and_stay_one_line() {
    let files = folder(&[("old.avsc", OLD), ("a, b/new%.avsc", BROKEN)]);
    std::fs::rename(files.path().join("a, b"), files.path().join("a,b")).unwrap();
    let seen = run(files.path(), "check ./a,b/new%.avsc --against old.avsc --format github");
    assert_eq!(seen.code, 1);
    insta::assert_snapshot!("github", seen.out);
    let good = run(files.path(), "check old.avsc --against old.avsc --format github");
    assert_eq!(good.out, "old.avsc is compatible with old.avsc under BACKWARD\n");
}

/// Fails when the elements of an XML text don't nest, or when something in it isn't escaped.
fn assert_nested(xml: &str) {
    let mut open = Vec::new();
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    for piece in body.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a closed tag");
        assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{piece}");
        assert!(piece.split('&').skip(1).all(|entity| entity.split_once(';').is_some_and(|(name, _)| name.len() < 6)), "{piece}");
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn junit_has_a_case_for_each_finding_and_version() {
    let other = OLD.replace("total", "sum");
    let files = folder(&[("old.avsc", OLD), ("other<&>.avsc", &other), ("new.avsc", BROKEN)]);
    let seen =
        run(files.path(), "check new.avsc --against other<&>.avsc --against old.avsc --format junit --level FORWARD_TRANSITIVE");
    assert_nested(&seen.out);
    insta::assert_snapshot!("junit", seen.out);
    let early = run(files.path(), "check new.avsc --against other<&>.avsc --against old.avsc --format junit");
    assert_nested(&early.out);
    insta::assert_snapshot!("junit_skipped", early.out);
}

#[test]
fn sarif_names_rules_and_places() {
    let files = folder(&[("old.avsc", OLD), ("a b/new.avsc", BROKEN)]);
    std::fs::rename(files.path().join("a b"), files.path().join("a#b")).unwrap();
    let log = run(files.path(), "check a#b/new.avsc --against old.avsc --format sarif").out;
    let release = (r#"("name": "accordant check",\s+"version": )"[^"]+""#, r#"$1"[release]""#);
    insta::with_settings!({ filters => [release] }, {
        insta::assert_snapshot!("sarif", log);
    });
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
