//! The canonical and the normalized text.

use super::{proto3, read, read_with, reference};
use accordant::schema::Format as _;

fn canonical(text: &str, wanted: &str) {
    let schema = read(text);
    assert_eq!(schema.canonical(), wanted);
    assert_eq!(read(schema.canonical()).canonical(), wanted, "printing is idempotent");
}

fn normalized(text: &str, wanted: &str) {
    let printed = read(text).normalized().expect("all types are there");
    assert_eq!(printed, wanted);
    assert_eq!(read(&printed).normalized().expect("still"), wanted, "normalizing is idempotent");
}

#[test]
fn parts_have_one_order() {
    canonical(
        "service S { option deprecated = true; rpc R (M) returns (stream M) { option deprecated = true; } }\n\
         extend M { optional bool x = 100; }\n\
         message M { enum E { A = 1; option deprecated = true; reserved 4; } message N {} extensions 100 to max; oneof o { bool b = 2; }\
         optional int32 i = 1; option deprecated = false; reserved 7 to 8, 9; reserved \"q\"; }\n\
         import weak 'w.proto'; import public 'p.proto'; import 'i.proto'; option java_package = 'j'; package p; ",
        "package p;\n\nimport \"i.proto\";\nimport public \"p.proto\";\nimport weak \"w.proto\";\n\noption java_package = \"j\";\n\n\
         message M {\n  reserved 7 to 8, 9;\n  reserved \"q\";\n\n  option deprecated = false;\n\n  optional int32 i = 1;\n\n  oneof o {\n    \
         bool b = 2;\n  }\n\n  extensions 100 to max;\n\n  message N {}\n  enum E {\n    reserved 4;\n    option deprecated = true;\n    \
         A = 1;\n  }\n}\n\nextend M {\n  optional bool x = 100;\n}\n\nservice S {\n  option deprecated = true;\n\n  \
         rpc R (M) returns (stream M) {\n    option deprecated = true;\n  };\n}\n",
    );
}

#[test]
fn blank_lines_inside_blocks_are_indented() {
    canonical(
        &proto3("message A { message B { int32 x = 1; message C {} } }"),
        "syntax = \"proto3\";\n\nmessage A {\n  message B {\n    int32 x = 1;\n  \n    message C {}\n  }\n}\n",
    );
}

#[test]
fn option_values_are_printed_like_confluent() {
    canonical(
        &proto3(
            "option (a) = { b { c: 1 } d: [1, 'x'], e: 2; e: [3] [f.g]: inf }; option (l).m = ['1']; option (n) = [{}, []]; \
             option x.(y).z = -0x1F; message A { string s = 1 [json_name = 'j', (p).q.r = 1e3, default = word]; }",
        ),
        "syntax = \"proto3\";\n\noption (a) = {\n  b: {\n    c: 1\n  },\n  d: [\n    1,\n    \"x\"\n  ],\n  e: [\n    2,\n    3\n  ],\n  \
         [f.g]: inf\n};\noption (l).m = [\"1\"];\noption (n) = [\n  {\n  },\n  [\n  ]\n];\noption x.(y).z = -0x1F;\n\nmessage A {\n  \
         string s = 1 [\n    (p).q.r = 1e3,\n    default = \"word\",\n    json_name = \"j\"\n  ];\n}\n",
    );
}

#[test]
fn defaults_are_quoted_by_their_type() {
    canonical(
        "message A { optional int32 a = 1 [default = '5', json_name = b]; optional string s = 2 [default = w]; optional bytes b = 3 [default = 'x']; \
         optional E e = 4 [default = 'Z Z']; } enum E { Z = 0; }",
        "\nmessage A {\n  optional int32 a = 1 [\n    default = 5,\n    json_name = \"b\"\n  ];\n  optional string s = 2 [default = \"w\"];\n  \
         optional bytes b = 3 [default = \"x\"];\n  optional E e = 4 [default = \"Z Z\"];\n}\nenum E {\n  Z = 0;\n}\n",
    );
}

#[test]
fn strings_are_escaped_so_that_they_read_back() {
    let text = "message A { optional string s = 1 [default = \"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\?\\x01\\177é\u{1f600}\"]; \
                optional bytes b = 2 [default = \"\\xff\\0a\"]; }";
    let schema = read(text);
    assert!(schema.canonical().contains(r#"default = "\a\b\f\n\r\t\v\\\'\"?\001\177é😀""#), "{}", schema.canonical());
    assert!(schema.canonical().contains(r#"default = "\377\000a""#), "{}", schema.canonical());
    assert_eq!(read(schema.canonical()).canonical(), schema.canonical());
}

#[test]
fn normalizing_sorts_what_has_no_order() {
    normalized(
        &proto3(
            "import 'google/type/date.proto'; import 'google/protobuf/any.proto'; import 'google/type/date.proto'; package p;\
             message A { option deprecated = true; option (x) = 1; int32 b = 2; int32 a = 1; oneof late { int32 l = 9; } oneof empty {} \
             oneof early { int32 f = 8; int32 e = 3; } reserved 30 to 40, 20 to 20; reserved 'z', 'a'; B c = 4; }\
             message B {}",
        ),
        "syntax = \"proto3\";\npackage p;\n\nimport \"google/protobuf/any.proto\";\nimport \"google/type/date.proto\";\n\nmessage A {\n  \
         reserved 20;\n  reserved 30 to 40;\n  reserved \"a\";\n  reserved \"z\";\n\n  option (x) = 1;\n  option deprecated = true;\n\n  \
         int32 a = 1;\n  int32 b = 2;\n  .p.B c = 4;\n\n  oneof early {\n    int32 e = 3;\n    int32 f = 8;\n  }\n  oneof late {\n    \
         int32 l = 9;\n  }\n}\nmessage B {}\n",
    );
}

#[test]
fn normalizing_keeps_defaults_of_enums() {
    normalized(
        &proto3("enum E { Z = 0; N = -1; A = 1; }"),
        "syntax = \"proto3\";\n\nenum E {\n  Z = 0;\n  N = -1;\n  A = 1;\n}\n",
    );
    normalized("enum E { C = 3; B = 2; A = 1; }", "\nenum E {\n  C = 3;\n  A = 1;\n  B = 2;\n}\n");
    normalized(
        "edition = \"2023\"; enum E { option features.enum_type = CLOSED; C = 3; A = 1; }",
        "edition = \"2023\";\n\nenum E {\n  option features.enum_type = CLOSED;\n  C = 3;\n  A = 1;\n}\n",
    );
}

#[test]
fn custom_options_merge() {
    let head = "import \"google/protobuf/descriptor.proto\"; package p;\
                message M { int32 one = 1; repeated int32 many = 2; M deep = 3; map<string, int32> m = 4; }\
                extend google.protobuf.FieldOptions { M mo = 50001; repeated M mos = 50002; }";
    let body = "message A { int32 a = 1 [(mo).one = 1, (mo).many = 2, (p.mo) = { many: [2, 3], deep { one: 1 } }, (mo).deep.many = 010, \
                (mos) = {one: 1}, (.p.mos) = {one: 2}, (mo).one = 3, (who).x = 1, (who).y = 2]; }";
    let text = read(&proto3(&format!("{head}{body}"))).normalized().expect("all types are there");
    let wanted = "  int32 a = 1 [\n    (p.mo) = {\n      deep: {\n        many: 8,\n        one: 1\n      },\n      many: [\n        2,\n        \
                  3\n      ],\n      one: 3\n    },\n    (p.mos) = {\n      one: 1\n    },\n    (p.mos) = {\n      one: 2\n    },\n    (who) = {\n      \
                  x: 1,\n      y: 2\n    }\n  ];";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn numbers_have_one_spelling() {
    let cases = [
        ("007", "7"),
        ("0x1f", "31"),
        ("1.50", "1.5"),
        ("-0", "-0"),
        ("-0.0", "-0"),
        ("3.14159265358979", "3.14159265358979"),
        ("1e-10", "0.0000000001"),
        ("12e400", "12e400"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("1e5000", "1e5000"),
        (".5f", "0.5"),
        ("inf", "inf"),
        ("-nan", "-nan"),
        ("1.2.3", "1.2.3"),
        ("18446744073709551616", "18446744073709551616"),
    ];
    for (written, wanted) in cases {
        let text = format!("message A {{ optional double d = 1 [default = {written}]; }}");
        let printed = read(&text).normalized().expect("no types");
        let wanted = if written == "12e400" { format!("12{}", "0".repeat(400)) } else { wanted.to_owned() };
        assert!(printed.contains(&format!("[default = {wanted}]")), "{written}: {printed}");
    }
}

#[test]
fn entries_of_maps_become_maps() {
    normalized(
        &proto3(
            "message A { repeated MEntry m = 1; repeated Odd o = 2; message MEntry { option map_entry = true; string key = 1; A value = 2; }\
             message Odd { option map_entry = true; string key = 1; } }",
        ),
        "syntax = \"proto3\";\n\nmessage A {\n  map<string, .A> m = 1;\n  repeated .A.Odd o = 2;\n\n  message Odd {\n    \
         option map_entry = true;\n  \n    string key = 1;\n  }\n}\n",
    );
    // Entries of entries are nobody's maps; nothing may get lost over them.
    normalized(
        &proto3("message E { option map_entry = true; string key = 1; E value = 2; } message A { repeated E e = 1; }"),
        "syntax = \"proto3\";\n\nmessage E {\n  option map_entry = true;\n\n  string key = 1;\n  .E value = 2;\n}\nmessage A {\n  \
         repeated .E e = 1;\n}\n",
    );
}

#[test]
fn json_names_that_say_nothing_go() {
    normalized(
        &proto3("message A { int32 foo_bar = 1 [json_name = 'fooBar']; int32 baz = 2 [json_name = 'Baz']; }"),
        "syntax = \"proto3\";\n\nmessage A {\n  int32 foo_bar = 1;\n  int32 baz = 2 [json_name = \"Baz\"];\n}\n",
    );
}

#[test]
fn extensions_can_be_left_out() {
    let text = "import \"confluent/meta.proto\"; message A { extensions 4; optional int32 a = 1 [(x) = 1, (confluent.field_meta).doc = 'd', \
                deprecated = true]; extend A { optional int32 b = 4; } option (y) = 2; } extend A { optional int32 c = 4; }";
    let printed = read(text).formatted("Ignore_Extensions").expect("known").expect("never fails");
    let wanted = "\nimport \"confluent/meta.proto\";\n\nmessage A {\n  optional int32 a = 1 [\n    (confluent.field_meta).doc = \"d\",\n    \
                  deprecated = true\n  ];\n}\n";
    assert_eq!(printed, wanted);
}

#[test]
fn groups_hold_all_that_messages_hold() {
    canonical(
        "message A { optional group G = 1 [deprecated = true] { optional int32 x = 1; message N {} optional group H = 2 {} } }",
        "\nmessage A {\n  optional group G = 1 [deprecated = true] {\n    optional int32 x = 1;\n  \n    optional group H = 2 {}\n  \n    \
         message N {}\n  }\n}\n",
    );
}

#[test]
fn names_resolve_into_references() {
    let other = reference("o.proto", "o", 1, "package other; message O { enum K { Z = 0; } extensions 5; }");
    let schema = read_with("package p; message A { optional other.O.K k = 1; extend other.O { optional A a = 5; } }", &[other]);
    let wanted =
        "package p;\n\nmessage A {\n  optional .other.O.K k = 1;\n\n  extend .other.O {\n    optional .p.A a = 5;\n  }\n}\n";
    assert_eq!(schema.normalized().expect("all there"), wanted);
}
