//! Compatibility by Confluent's rules.

use accordant::schema::Format as _;
use accordant::schema::protobuf::{Schema, differences};
use accordant::schema::{CheckError, Direction};
use accordant::types::ProtobufPolicy;

use super::{broken, check_options, findings, proto3, read, read_with, reference};
use crate::support::findings::shown;

/// Rules and paths of the check of one message's body against another.
fn bodies(old: &str, new: &str) -> Vec<(String, String)> {
    let file = |body: &str| proto3(&format!("enum E {{ Z = 0; }} message B {{}} message C {{}} message A {{ {body} }}"));
    broken(&file(old), &file(new))
}

/// Two bodies, and the rules and paths of what breaks.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[test]
fn each_change_breaks_exactly_the_rules_of_its_row() {
    let cases: &[Case] = &[
        ("int32 a = 1;", "int64 a = 1;", &[]),
        ("int32 a = 1;", "E a = 1;", &[]),
        ("int32 a = 1;", "sint32 a = 1;", &[("FIELD_SCALAR_KIND_CHANGED", "#/A/1")]),
        ("string a = 1;", "bytes a = 1;", &[]),
        ("fixed32 a = 1;", "float a = 1;", &[("FIELD_SCALAR_KIND_CHANGED", "#/A/1")]),
        ("string a = 1;", "B a = 1;", &[("FIELD_KIND_CHANGED", "#/A/1")]),
        ("B a = 1;", "C a = 1;", &[("FIELD_NAMED_TYPE_CHANGED", "#/A/1")]),
        ("B a = 1;", "map<string, B> a = 1;", &[("FIELD_KIND_CHANGED", "#/A/1")]),
        ("map<string, B> a = 1;", "map<string, C> a = 1;", &[("FIELD_NAMED_TYPE_CHANGED", "#/A/1")]),
        (
            "map<string, int32> a = 1;",
            "map<int32, string> a = 1;",
            &[("FIELD_SCALAR_KIND_CHANGED", "#/A/1"), ("FIELD_SCALAR_KIND_CHANGED", "#/A/1")],
        ),
        ("repeated int32 a = 1;", "optional int32 a = 1;", &[("FIELD_NUMERIC_LABEL_CHANGED", "#/A/1")]),
        ("repeated int32 a = 1;", "int32 a = 1;", &[]),
        ("repeated string a = 1;", "optional string a = 1;", &[]),
        ("repeated B a = 1;", "optional B a = 1;", &[]),
        ("int32 a = 1; int32 b = 2;", "oneof o { int32 a = 1; int32 b = 2; }", &[("MULTIPLE_FIELDS_MOVED_TO_ONEOF", "#/A/o")]),
        ("int32 a = 1;", "oneof o { int32 a = 1; int32 b = 2; }", &[]),
        (
            "int32 a = 1; oneof o { int32 b = 2; }",
            "oneof o { int32 a = 1; int32 b = 2; }",
            &[("FIELD_MOVED_TO_EXISTING_ONEOF", "#/A/o")],
        ),
        ("oneof o { int32 a = 1; int32 b = 2; }", "oneof o { int32 a = 1; }", &[("ONEOF_FIELD_REMOVED", "#/A/o/2")]),
        ("oneof o { int32 a = 1; int32 b = 2; }", "", &[]),
        ("oneof o { int32 a = 1; int32 b = 2; }", "int32 a = 1;", &[("ONEOF_FIELD_REMOVED", "#/A/o/2")]),
        ("int32 a = 1;", "int32 b = 1;", &[]),
        ("int32 a = 1;", "int32 a = 2;", &[]),
        (
            "message N {} N n = 1;",
            "message M {} M n = 1;",
            &[("FIELD_NAMED_TYPE_CHANGED", "#/A/1"), ("MESSAGE_REMOVED", "#/A/N")],
        ),
        ("message N { int32 x = 1; }", "message N { string x = 1; }", &[("FIELD_SCALAR_KIND_CHANGED", "#/A/N/1")]),
        ("enum F { X = 0; } F f = 1;", "enum G { X = 0; } G f = 1;", &[]),
        (
            "repeated AEntry a = 1; message AEntry { option map_entry = true; string key = 1; B value = 2; }",
            "map<string, B> a = 1;",
            &[],
        ),
    ];
    for (old, new, wanted) in cases {
        let wanted: Vec<_> = wanted.iter().map(|(rule, path)| ((*rule).to_owned(), (*path).to_owned())).collect();
        assert_eq!(bodies(old, new), wanted, "{old} -> {new}");
    }
}

#[test]
fn changed_packages_labels_and_messages_are_found() {
    let found = broken("package p; message A { required int32 a = 1; }", "message B { required int32 b = 1; }");
    assert_eq!(found, [("PACKAGE_CHANGED".to_owned(), "#/".to_owned()), ("MESSAGE_REMOVED".to_owned(), "#/A".to_owned())]);
    let added = broken("message A {}", "message A { required int32 a = 1; }");
    assert_eq!(added, [("REQUIRED_FIELD_ADDED".to_owned(), "#/A/1".to_owned())]);
    let removed = broken("message A { required int32 a = 1; }", "message A {}");
    assert_eq!(removed, [("REQUIRED_FIELD_REMOVED".to_owned(), "#/A/1".to_owned())]);
}

#[test]
fn messages_are_those_of_confluent_and_name_the_sides() {
    let (old, new) = (read(&proto3("message A {\n  int32 a = 1;\n}")), read(&proto3("message A {\n\n  string a = 1;\n}")));
    let options = |direction| check_options(ProtobufPolicy::Default, direction);
    // the candidate is `new` in both directions
    let backward = Schema::check(&new, &old, &options(Direction::Backward)).expect("a verdict");
    insta::assert_snapshot!("a_changed_kind_backward", shown(&backward));
    let forward = Schema::check(&old, &new, &options(Direction::Forward)).expect("a verdict");
    insta::assert_snapshot!("a_changed_kind_forward", shown(&forward));
}

#[test]
fn referenced_files_are_compared_when_they_changed() {
    let text = proto3("import \"d.proto\"; message A { d.D d = 1; d.D again = 2; }");
    let file = |kind: &str| format!("syntax = \"proto3\"; package d; message D {{ {kind} x = 1; repeated D more = 2; }}");
    let schema = |version, kind: &str| read_with(&text, &[reference("d.proto", "d", version, &file(kind))]);
    let rules = |old: &Schema, new: &Schema| -> Vec<_> {
        findings(old, new, ProtobufPolicy::Default).into_iter().map(|finding| (finding.rule, finding.path)).collect()
    };
    assert_eq!(rules(&schema(1, "int32"), &schema(1, "string")), [], "the same version is the same file");
    assert_eq!(rules(&schema(1, "int32"), &schema(2, "int64")), []);
    let wanted = [
        ("FIELD_SCALAR_KIND_CHANGED", "#/D/1"),
        ("FIELD_NAMED_TYPE_CHANGED", "#/A/1"),
        ("FIELD_SCALAR_KIND_CHANGED", "#/D/1"),
        ("FIELD_NAMED_TYPE_CHANGED", "#/A/2"),
    ];
    let found = rules(&schema(1, "int32"), &schema(2, "string"));
    assert_eq!(found, wanted.map(|(rule, path)| (rule, path.to_owned())));
}

#[test]
fn editions_say_the_same_in_features() {
    let edition = |body: &str| format!("edition = \"2023\"; message B {{}} message A {{ {body} }}");
    let required = edition("int32 a = 1 [features.field_presence = LEGACY_REQUIRED];");
    assert_eq!(broken(&edition(""), &required), [("REQUIRED_FIELD_ADDED".to_owned(), "#/A/1".to_owned())]);
    assert_eq!(broken("message B {} message A { required int32 a = 1; }", &required), []);
    let (plain, delimited) = (edition("B b = 1;"), edition("option features.message_encoding = DELIMITED; B b = 1;"));
    assert_eq!(broken(&plain, &delimited), [("FIELD_KIND_CHANGED".to_owned(), "#/A/1".to_owned())]);
}

#[test]
fn all_differences_can_be_listed() {
    let old = read(&proto3("enum E { A = 0; B = 1; } message M { int32 a = 1; oneof o { int32 b = 2; } } message N {}"));
    let new = read(&proto3("enum E { A = 0; C = 2; } message N {} message M { int32 x = 1; int32 b = 2; } message O {}"));
    let mut names: Vec<_> = differences(&old, &new).expect("small").into_iter().map(|d| (d.kind.name(), d.path)).collect();
    names.sort();
    let wanted = [
        ("ENUM_CONST_ADDED", "#/E/2"),
        ("ENUM_CONST_REMOVED", "#/E/1"),
        ("FIELD_NAME_CHANGED", "#/M/1"),
        ("MESSAGE_ADDED", "#/O"),
        ("MESSAGE_MOVED", "#/M"),
        ("MESSAGE_MOVED", "#/N"),
        ("ONEOF_FIELD_MOVED_TO_TOP_LEVEL", "#/M/2"),
        ("ONEOF_REMOVED", "#/M/o"),
    ];
    assert_eq!(names, wanted.map(|(kind, path)| (kind, path.to_owned())));
}

#[test]
fn a_spent_budget_is_no_verdict() {
    let schema = read(&proto3("message A { int32 a = 1; int32 b = 2; }"));
    let mut options = check_options(ProtobufPolicy::Default, Direction::Backward);
    options.work_budget = 3;
    assert_eq!(Schema::check(&schema, &schema, &options).expect_err("too little"), CheckError::BudgetExhausted { limit: 3 });
}
