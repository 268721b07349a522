//! What is taken, what is refused, and with which words.

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{ParseMode, Stage};

use super::{options, proto3, read, read_with, reference, refused};

#[test]
fn files_that_protoc_refuses_are_accepted() {
    type Case = (&'static str, Option<&'static str>, &'static [&'static str]);
    let accepted: [Case; 10] = [
        ("message A {\n  optional int32 a = 0;\n  optional int32 b = 0;\n}", Some("A"), &["a", "b"]),
        ("syntax = 'proto3'; message A { int32 a = -7; reserved 9 to 2; reserved 1; bool b = 1; }", Some("A"), &["a", "b"]),
        ("syntax = \"proto3\"; enum E {} enum F { X = 3; Y = 3; }", Some("E"), &[]),
        (
            "syntax = \"proto3\"; message A { map<string, map<bool, A>> m = 1; oneof o { map<int32, A> n = 2; } }",
            Some("A"),
            &["m", "n"],
        ),
        ("syntax = \"proto3\"; message A { group G = 1 { int32 x = 1; } extensions 5 to 9; }", Some("A"), &["g"]),
        (
            "syntax = \"proto3\"; message A { string s = 1 [default = \"x\", made_up = 3, (nobody.knows).it = {}]; oneof o {} }",
            Some("A"),
            &["s"],
        ),
        ("package a; package b; import 'nowhere.proto'; message A-b {}", Some("b.A-b"), &[]),
        ("syntax = \"proto3\"; message A { ; string s = 1;; }; ;", Some("A"), &["s"]),
        ("syntax = \"proto3\"; message A { google.type.Date day = 1; google.protobuf.Any any = 2; }", Some("A"), &["day", "any"]),
        ("// nothing but a comment", None, &[]),
    ];
    for (text, name, root_fields) in accepted {
        let schema = read(text);
        assert_eq!(schema.name().as_deref(), name, "{text}");
        assert_eq!(schema.root_fields(), root_fields, "{text}");
    }
}

#[test]
fn more_is_accepted_than_by_confluent() {
    let accepted: [(&str, &[&str]); 8] = [
        ("\u{feff}syntax = \"proto3\"; message A {}", &[]),
        ("syntax = \"proto3\";\u{c}message A {}", &[]),
        ("syntax = \"proto3\"; message A { reserved - 1; } enum E { Z = - 3; }", &[]),
        ("message A { optional double d = 1 [default = 1.5e+3]; optional float f = 2 [default = - 1]; }", &["d", "f"]),
        (
            "edition = \"2023\"; message A { string s = 1 [features.field_presence = LEGACY_REQUIRED]; reserved foo, bar; }",
            &["s"],
        ),
        ("edition = \"2024\"; import option \"google/protobuf/any.proto\"; export message A { local enum E { Z = 0; } }", &[]),
        ("syntax = \"proto3\"; message A { /* a */ string s = 1; /* b */ string t = 2; }", &["s", "t"]),
        ("syntax = \"proto3\"; message A { google.type.LocalizedText t = 1; }", &["t"]),
    ];
    for (text, root_fields) in accepted {
        let schema = read(text);
        assert_eq!(schema.name().as_deref(), Some("A"), "{text}");
        assert_eq!(schema.root_fields(), root_fields, "{text}");
    }
}

#[test]
fn errors_say_where() {
    let cases = [
        ("nonsense", ":1:1: unexpected label: nonsense"),
        ("message A {\n  int32 a = 1;\n}", ":2:3: unexpected label: int32"),
        (
            "syntax = \"proto3\";\nmessage A {\n  required int32 a = 1;\n}",
            ":3:3: 'required' label forbidden in proto3 field declarations",
        ),
        ("syntax = \"proto3\"\nmessage A {}", ":2:2: expected ';' but was 'm'"),
        ("syntax = \"proto5\";", ":1:1: unexpected syntax: proto5"),
        ("syntax = \"proto3\";\nsyntax = \"proto3\";", ":2:1: too many syntax definitions"),
        ("message A {}\nsyntax = \"proto3\";", ":2:1: 'syntax' element must be the first declaration in a file"),
        ("message A {", ":1:12: unexpected end of file"),
        ("message A { optional int32 a = x; }", ":1:33: expected an integer but was x"),
        ("message A { optional int32 = 1; }", ":1:28: expected a word"),
        ("message A { repeated map<string, string> m = 1; }", ":1:13: 'map' type cannot have label"),
        ("message A { reserved 1 2; }", ":1:25: expected ',', ';' or 'to'"),
        ("option a = \"x", ":1:14: unterminated string"),
        ("option a = \"\\xg\";", ":1:15: expected a digit after \\x or \\X"),
        ("option a b;", ":1:11: expected '=' but was 'b'"),
        ("message A { optional int32 a = 1 [x = 1 y = 2]; }", ":1:41: Expected ',' or ']'"),
        ("/ message A {}", ":1:1: unexpected '/'"),
        ("message A { optional int32 2a = 1; }", ":1:30: field and constant names cannot start with a digit"),
        ("service S { message M {} }", ":1:13: unexpected label: message"),
    ];
    for (text, wanted) in cases {
        let error = refused(text);
        assert_eq!(error.message, format!("Could not parse Protobuf - Syntax error in {wanted}"), "{text}");
        assert_eq!(error.stage, Stage::Parse);
        assert_ne!(error.position, None);
    }
}

#[test]
fn names_at_the_top_are_unique() {
    let error = refused("message A {}\nenum A { Z = 1; }");
    assert_eq!(error.message, "Could not parse Protobuf - A (:2:1) is already defined at :1:1");
    assert_eq!(refused("service S {}\nservice S {}").message, "Could not parse Protobuf - S (:2:1) is already defined at :1:1");
    assert_eq!(read("message A { message N {} message N {} }").message_indexes("A.N"), Some(vec![0, 0]));
    assert_eq!(read("message S {} service S {}").name().as_deref(), Some("S"));
}

#[test]
fn types_must_be_declared() {
    let error = refused(&proto3("message A {\n  Nope n = 1;\n}"));
    assert_eq!((error.stage, error.message.as_str()), (Stage::Resolve, "Could not resolve type: Nope"));
    assert_eq!(error.position.map(|at| (at.line, at.column)), Some((3, 3)));
    for text in
        ["service S { rpc X (.A) returns (.A); }", "extend Foo { optional int32 a = 1; }", "message A { map<string, B> m = 1; }"]
    {
        assert!(refused(text).message.starts_with("Could not resolve type: "), "{text}");
        for mode in [ParseMode::Import, ParseMode::Stored] {
            Schema::parse(text, &[], &options(mode)).expect("not judged");
        }
    }
    let error = refused(&proto3("message A { map<double, A> m = 1; Gone g = 2; }"));
    assert_eq!(error.message, "map key must be non-byte, non-floating point scalar: double");
}

#[test]
fn a_name_is_tried_whole_in_every_scope() {
    let text = "package a.b; message M { b.X x = 1; } message b {} message X {}";
    assert_eq!(read(&proto3(text)).root_fields(), ["x"]);
    let text = "package a.b; message M { message X {} X x = 1; M.X y = 2; b.M.X z = 3; .a.b.M.X w = 4; }";
    assert_eq!(read(&proto3(text)).root_fields(), ["x", "y", "z", "w"]);
    assert_eq!(refused(&proto3("package a.b; message M { .M m = 1; }")).message, "Could not resolve type: .M");
}

#[test]
fn references_give_types_with_or_without_an_import() {
    let inner = reference("c.proto", "c", 1, "syntax = \"proto3\"; package c; message C {}");
    let outer = reference("b.proto", "b", 1, "syntax = \"proto3\"; import \"c.proto\"; message B { c.C c = 1; }");
    let text = proto3("message A { c.C c = 1; B b = 2; }");
    assert_eq!(read_with(&text, &[inner, outer]).root_fields(), ["c", "b"]);
    let broken = reference("x.proto", "x", 1, "nonsense");
    let error = Schema::parse(&text, &[broken], &options(ParseMode::New)).expect_err("a reference that can't be read");
    assert!(error.message.starts_with("reference \"x.proto\": Could not parse Protobuf"), "{error}");
    let own =
        reference("google/type/date.proto", "d", 1, "syntax = \"proto3\"; package google.type; message Date { string iso = 1; }");
    assert_eq!(read_with(&proto3("message A { google.type.Date d = 1; }"), &[own]).root_fields(), ["d"]);
}

#[test]
fn depth_is_bounded_by_the_setting() {
    let nested = |levels: usize| format!("{}{}", "message A {".repeat(levels), "}".repeat(levels));
    assert_eq!(read(&nested(64)).message_indexes(&["A"; 64].join(".")), Some(vec![0; 64]));
    let error = refused(&nested(65));
    assert!(error.message.ends_with("nested deeper than the limit of 64 levels"), "{error}");
    let stored = Schema::parse(&nested(65), &[], &options(ParseMode::Stored)).expect("stored under another setting");
    assert_eq!(stored.name().as_deref(), Some("A"));
}

#[test]
fn identity_is_the_canonical_text() {
    let (a, b) = (read("message  A { /* x */ }"), read("message A {}"));
    assert!(a.equivalent(&b));
    assert!(!a.equivalent(&read("message B {}")));
    assert!(a.weight() > 0);
    assert_eq!(a.formatted("resolved").map(|text| text.is_ok()), None);
}

#[test]
fn messages_are_found_by_name_and_indexes() {
    let schema =
        read(&proto3("package a.b; enum E { Z = 0; } message X {} message Y { message P {} message Q { int32 f = 1; } }"));
    assert_eq!(schema.name().as_deref(), Some("a.b.X"));
    assert_eq!(schema.message_indexes("a.b.Y.Q"), Some(vec![1, 1]));
    assert_eq!(schema.message_indexes("a.b.E"), None);
    assert_eq!(schema.message_indexes("X"), None);
    assert_eq!(read("enum E { Z = 0; }").name().as_deref(), Some("E"));
    assert_eq!(read("").name(), None);
    let date = read(&proto3("import public \"google/type/date.proto\";"));
    assert_eq!(date.name().as_deref(), Some("google.type.Date"));
    assert_eq!(date.root_fields(), ["year", "month", "day"]);
    let mixed = read(&proto3("message A { int32 a = 1; oneof o { int32 b = 2; } int32 c = 3; }"));
    assert_eq!(mixed.root_fields(), ["a", "b", "c"]);
    assert_eq!(
        refused("message A { group G = 1 {} }").message,
        "Could not parse Protobuf - Syntax error in :1:13: unexpected label: group"
    );
}

#[test]
fn blanks_and_comments_may_stand_around_the_dots_of_a_type() {
    let rest = "package a.b; message T { message U { string s = 1; } }";
    for field in [
        "a.b\n .T\n .U f = 1;",
        "a.b /*x*/ . // y\n T.U f = 1;",
        "optional a.b\n.T f = 1;",
        "oneof o { a.b\n.T f = 1; }",
        "map<string, a.b\n.T> f = 1;",
    ] {
        let text = format!(
            "syntax = \"proto3\"; {rest} message M {{ {field} }} service S {{ rpc R (a.b\n.T) returns (stream a . b.T); }}"
        );
        let schema = read(&text);
        assert!(schema.canonical().contains("a.b.T") && !schema.canonical().contains(". "), "{}", schema.canonical());
    }
}
