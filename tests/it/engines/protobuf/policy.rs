//! The stricter policies.

use accordant::types::ProtobufPolicy::{self, Default, File, Wire, WireJson};

use super::{findings, proto3, read};
use crate::support::findings::shown;

/// The rules that a policy adds, for two bodies of one message.
fn rules(policy: ProtobufPolicy, old: &str, new: &str) -> Vec<&'static str> {
    let schema = |body: &str| read(&proto3(&format!("enum E {{ Z = 0; Y = 1; }} message B {{}} message A {{ {body} }}")));
    let (old, new) = (schema(old), schema(new));
    let usual = findings(&old, &new, Default).len();
    findings(&old, &new, policy).into_iter().skip(usual).map(|finding| finding.rule).collect()
}

/// Two bodies, and the rules that each stricter policy adds.
type Rules = &'static [&'static str];
type Case = (&'static str, &'static str, Rules, Rules, Rules);

#[test]
fn each_policy_reports_exactly_its_own_rules() {
    let cases: &[Case] = &[
        ("int32 a = 1;", "int32 a = 1;", &[], &[], &[]),
        ("int32 a = 1;", "int64 a = 1;", &[], &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"], &["FIELD_SAME_TYPE"]),
        ("int32 a = 1;", "uint32 a = 1;", &[], &[], &["FIELD_SAME_TYPE"]),
        ("int32 a = 1;", "E a = 1;", &["FIELD_WIRE_COMPATIBLE_TYPE"], &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"], &["FIELD_SAME_TYPE"]),
        ("string a = 1;", "bytes a = 1;", &[], &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"], &["FIELD_SAME_TYPE"]),
        (
            "bytes a = 1;",
            "string a = 1;",
            &["FIELD_WIRE_COMPATIBLE_TYPE"],
            &["FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
            &["FIELD_SAME_TYPE"],
        ),
        (
            "int32 a = 1;",
            "repeated int32 a = 1;",
            &["FIELD_WIRE_COMPATIBLE_CARDINALITY"],
            &["FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"],
            &["FIELD_SAME_CARDINALITY"],
        ),
        ("int32 a = 1;", "optional int32 a = 1;", &[], &[], &["FIELD_SAME_CARDINALITY"]),
        (
            "int32 a = 1;",
            "int32 b = 1;",
            &[],
            &["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME"],
            &["FIELD_SAME_NAME", "FIELD_SAME_JSON_NAME"],
        ),
        ("int32 a = 1;", "int32 b = 1 [json_name = 'a'];", &[], &["FIELD_SAME_NAME"], &["FIELD_SAME_NAME"]),
        (
            "int32 a = 1;",
            "",
            &["FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"],
            &["FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"],
            &["FIELD_NO_DELETE"],
        ),
        ("int32 a = 1;", "reserved 1;", &[], &["FIELD_NO_DELETE_UNLESS_NAME_RESERVED"], &["FIELD_NO_DELETE"]),
        ("int32 a = 1;", "reserved 1; reserved 'a';", &[], &[], &["FIELD_NO_DELETE"]),
        (
            "int32 a = 1;",
            "oneof o { int32 a = 1; }",
            &["FIELD_SAME_ONEOF"],
            &["FIELD_SAME_ONEOF"],
            &["FIELD_SAME_CARDINALITY", "FIELD_SAME_ONEOF"],
        ),
        (
            "reserved 3 to 9;",
            "reserved 3 to 5; reserved 7 to 9;",
            &["RESERVED_MESSAGE_NO_DELETE"],
            &["RESERVED_MESSAGE_NO_DELETE"],
            &["RESERVED_MESSAGE_NO_DELETE"],
        ),
        ("reserved 3 to 9;", "reserved 3 to 5; reserved 6 to 9;", &[], &[], &[]),
        ("reserved 'x';", "", &[], &["RESERVED_MESSAGE_NO_DELETE"], &["RESERVED_MESSAGE_NO_DELETE"]),
        ("message N { enum F { Z = 0; } }", "message N {}", &[], &[], &["ENUM_NO_DELETE"]),
        ("map<string, int32> m = 1;", "map<string, uint32> m = 1;", &[], &[], &["FIELD_SAME_TYPE"]),
    ];
    for (old, new, wire, json, file) in cases {
        assert_eq!(rules(Default, old, new), [""; 0], "{old} -> {new}");
        assert_eq!(rules(Wire, old, new), *wire, "WIRE: {old} -> {new}");
        assert_eq!(rules(WireJson, old, new), *json, "WIRE_JSON: {old} -> {new}");
        assert_eq!(rules(File, old, new), *file, "FILE: {old} -> {new}");
    }
}

#[test]
fn policies_judge_enums_services_and_files() {
    let added = |policy, old: &str, new: &str| -> Vec<&'static str> {
        findings(&read(old), &read(new), policy).into_iter().map(|finding| finding.rule).collect()
    };
    let (old, new) = ("enum E { A = 0; B = 1; }", "enum E { A = 0; }");
    assert_eq!(added(Wire, old, new), ["ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED"]);
    assert_eq!(added(Wire, old, "enum E { A = 0; reserved 1; }"), [""; 0]);
    assert_eq!(added(WireJson, old, "enum E { A = 0; reserved 1; }"), ["ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED"]);
    assert_eq!(added(WireJson, old, "enum E { A = 0; C = 1; }"), ["ENUM_VALUE_SAME_NAME"]);
    assert_eq!(added(WireJson, old, "enum E { option allow_alias = true; A = 0; C = 1; B = 1; }"), [""; 0]);
    assert_eq!(added(File, old, new), ["ENUM_VALUE_NO_DELETE"]);
    let service = |rpc: &str| format!("message A {{}} message B {{}} service S {{ {rpc} }}");
    let old = service("rpc R (A) returns (A);");
    assert_eq!(
        added(Wire, &old, &service("rpc R (B) returns (stream A);")),
        ["RPC_SAME_SERVER_STREAMING", "RPC_SAME_REQUEST_TYPE"]
    );
    assert_eq!(added(Wire, &old, &service("")), [""; 0]);
    assert_eq!(added(File, &old, &service("")), ["RPC_NO_DELETE"]);
    let required = added(Wire, "message A { optional string s = 1; }", "message A { required string s = 1; }");
    assert_eq!(required, ["MESSAGE_SAME_REQUIRED_FIELDS"]);
    assert_eq!(
        added(File, "option go_package = 'a';", "syntax = \"proto3\"; option go_package = 'b';"),
        ["FILE_SAME_SYNTAX", "FILE_SAME_OPTION"]
    );
    assert_eq!(
        added(Wire, "message A { optional int32 a = 1 [default = 1]; }", "message A { optional int32 a = 1; }"),
        ["FIELD_SAME_DEFAULT"]
    );
    assert_eq!(
        added(Wire, "message A { optional int32 a = 1 [default = 0x10]; }", "message A { optional int32 a = 1 [default = 16]; }"),
        [""; 0]
    );
}

#[test]
fn findings_say_where_why_and_what_helps() {
    let found = findings(&read("message A {\n  optional int32 a = 1;\n}"), &read("message A {}"), Wire);
    insta::assert_snapshot!("a_deleted_field_under_wire", shown(&found));
}
