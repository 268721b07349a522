//! The rules of the language, under `protobufPolicy` COMPILED, and those of Java's descriptors, under `validateFields`.

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{ParseMode, ParseOptions, ResolvedReference};

use super::{options, reference};

fn strict(text: &str, references: &[ResolvedReference]) -> Result<(), String> {
    let options = ParseOptions { compiles: true, ..options(ParseMode::New) };
    Schema::parse(text, references, &options).map(|_| ()).map_err(|error| error.message)
}

#[test]
fn files_that_protoc_takes_are_taken() {
    let good = [
        "syntax = \"proto3\"; import \"google/protobuf/descriptor.proto\"; package p; message M { int32 x = 1; repeated string t = 2; } \
         extend google.protobuf.FieldOptions { M mo = 50001; } message A { string s = 1 [(mo).x = 1, (mo) = {t: ['a', 'b']}, (p.mo).t = 'c']; }",
        "message A { extensions 100 to 200; required group G = 1 { optional A a = 1; } optional E e = 2 [default = Y]; } \
         enum E { Y = 4; } extend A { repeated int32 x = 100 [packed = true]; }",
        "edition = \"2023\"; message A { repeated int32 x = 1 [features.repeated_field_encoding = EXPANDED]; A a = 2 \
         [features.message_encoding = DELIMITED]; map<string, A> m = 3; reserved foo; }",
        "syntax = \"proto3\"; package a.b.c; message M { c.M m = 1; b.c.M n = 2; } service S { rpc R (M) returns (stream .a.b.c.M); }",
        "syntax = \"proto3\"; import \"confluent/meta.proto\"; message A { option (confluent.message_meta) = { doc: 'd', params: [{key: 'k', \
         value: 'v'}] }; }",
    ];
    for text in good {
        assert_eq!(strict(text, &[]), Ok(()), "{text}");
    }
}

#[test]
fn files_that_protoc_refuses_are_refused() {
    let bad = [
        ("message A { optional int32 a = 0; }", "positive"),
        ("message A { optional int32 a = 536870912; }", "greater than"),
        ("message A { optional int32 a = 19500; }", "19000 through 19999"),
        ("message A { optional int32 a = 1; optional int32 b = 1; }", "already been used"),
        ("message A { optional int32 a = 1; optional int64 a = 2; }", "already defined"),
        ("message A { reserved 3 to 9; optional int32 a = 5; }", "reserved number 5"),
        ("message A { reserved \"a\"; optional int32 a = 5; }", "is reserved"),
        ("message A { reserved 3 to 9, 9 to 12; }", "overlaps"),
        ("message A { reserved 3 to 9; extensions 9; }", "overlaps"),
        ("message A { reserved \"a\", \"a\"; }", "multiple times"),
        ("message A { extensions 5 to 9; optional int32 a = 7; }", "Extension range"),
        ("message A { oneof o {} }", "at least one field"),
        ("message A { oneof o { map<string, string> m = 1; } }", "not allowed in oneofs"),
        ("message A { map<string, map<string, string>> m = 1; }", "can't be a map"),
        ("message A { optional A a = 1 [packed = true]; }", "packed"),
        ("message A { optional int32 a = 1 [default = \"x\"]; }", "does not fit"),
        ("message A { optional E a = 1 [default = X]; } enum E { Y = 1; }", "does not fit"),
        ("message A { repeated int32 a = 1 [default = 1]; }", "Repeated"),
        ("message A { optional int32 a-b = 1; }", "valid identifier"),
        ("message A { optional group g = 1 {} }", "capital"),
        ("message A { optional int32 a = 1 [nope = 1]; }", "unknown"),
        ("message A { optional int32 a = 1 [(nope) = 1]; }", "unknown"),
        ("message A { optional int32 a = 1 [deprecated = 1]; }", "does not fit"),
        ("message A { optional int32 a = 1 [deprecated = true, deprecated = true]; }", "already set"),
        ("message A { extensions 5; } extend A { optional int32 a = 6; }", "does not declare 6"),
        ("message A { extensions 5; } extend A { required int32 a = 5; }", "cannot be required"),
        ("message A { extensions 5; } extend A { optional int32 a = 5; optional int32 b = 5; }", "by another extension"),
        ("enum E {}", "at least one value"),
        ("enum E { A = 1; B = 1; }", "allow_alias"),
        ("enum E { option allow_alias = true; A = 1; }", "no enum values share"),
        ("enum E { A = 1; } enum F { A = 1; }", "already defined"),
        ("enum E { reserved 1; A = 1; }", "reserved number"),
        ("syntax = \"proto3\"; enum E { A = 1; }", "must be zero"),
        ("syntax = \"proto3\"; message A { extensions 4; }", "not allowed in proto3"),
        ("syntax = \"proto3\"; message A { int32 a = 1 [default = 1]; }", "not allowed in proto3"),
        ("syntax = \"proto3\"; message A { group G = 1 {} }", "Groups"),
        ("syntax = \"proto3\"; message A { int32 foo_bar = 1; int32 fooBar = 2; }", "JSON name"),
        ("syntax = \"proto3\"; extend A { int32 a = 5; } message A {}", "only allowed for defining options"),
        ("syntax = \"proto3\"; service S { rpc X (E) returns (E); } enum E { Z = 0; }", "not a message type"),
        ("syntax = \"proto3\"; message A { google.protobuf.Any a = 1; }", "not imported"),
        ("import \"nope.proto\";", "was not found"),
        ("import \"google/protobuf/any.proto\"; import \"google/protobuf/any.proto\";", "listed twice"),
        ("edition = \"2023\"; message A { optional int32 a = 1; }", "Optional label"),
        ("edition = \"2023\"; message A { int32 a = 1 [features.field_presence = IMPLICIT, default = 1]; }", "Implicit presence"),
        ("package a.b; message b { } message M { optional b.X x = 1; } message X {}", "is resolved to \"a.b.b.X\""),
    ];
    for (text, wanted) in bad {
        let error = strict(text, &[]).expect_err(text);
        assert!(error.contains(wanted), "{text}\n{error}");
    }
}

#[test]
fn only_what_is_imported_is_seen() {
    let c = reference("c.proto", "c", 1, "syntax = \"proto3\"; package c; message C {} enum Old { Z = 0; }");
    let passing = reference("b.proto", "b", 1, "syntax = \"proto3\"; import public \"c.proto\"; message B {}");
    let keeping = reference("b.proto", "b", 2, "syntax = \"proto3\"; import \"c.proto\"; message B {}");
    let text = "syntax = \"proto3\"; import \"b.proto\"; message A { c.C c = 1; }";
    strict(text, &[c.clone(), passing]).expect("passed on");
    let error = strict(text, &[c.clone(), keeping]).expect_err("kept");
    assert!(error.contains("not imported"), "{error}");
    let again = "syntax = \"proto3\"; import \"c.proto\"; package c; message C {}";
    assert!(strict(again, &[c]).expect_err("twice").contains("already defined in file \"c.proto\""));
    let closed = reference("o.proto", "o", 1, "enum Old { Z = 0; }");
    let open = "syntax = \"proto3\"; import \"o.proto\"; message A { Old o = 1; }";
    assert!(strict(open, &[closed]).expect_err("closed").contains("not an open enum"));
}

#[test]
fn validate_fields_refuses_what_javas_descriptors_refuse() {
    let check = |text: &str| {
        let options = ParseOptions { validate_fields: true, ..options(ParseMode::New) };
        Schema::parse(text, &[], &options).map(|_| ()).map_err(|error| error.message)
    };
    for text in [
        "syntax = \"proto3\"; import \"google/api/annotations.proto\"; service S { rpc Get(M) returns (M) { option (google.api.http) = { get: \"/v1\" }; } } message M {}",
        "syntax = \"proto3\"; message M { string a = 1 [(x.y) = 1]; }",
        "syntax = \"proto3\"; option foo = \"bar\"; message M { string a = 1; }",
        "syntax = \"proto3\"; enum E { A = 1; } message M { reserved 5 to 1; E e = 2; }",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    for (text, what) in [
        ("syntax = \"proto3\"; enum E {}", "E: Enums must contain at least one value."),
        ("syntax = \"proto3\"; message A { string a = 1; string a = 2; }", "A.a: \"a\" is already defined in \"A\"."),
        ("syntax = \"proto3\"; message A { string a = -1; }", "A.a: Field numbers must be positive integers."),
        (
            "syntax = \"proto3\"; message A { string a = 1; string b = 1; }",
            "A.b: Field number 1 has already been used in \"A\" by field \"a\".",
        ),
        (
            "syntax = \"proto3\"; message U { google.type.PostalAddress a = 4; }",
            "U.a: \"google.type.PostalAddress\" is not defined.",
        ),
        (
            "syntax = \"proto3\"; message A { oneof o { map<string, string> m = 1; } }",
            "A.m: \"map<string, string>\" is not defined.",
        ),
        (
            "message A { extensions 100 to 200; } extend A { optional string s = 99; }",
            "s: \"A\" does not declare 99 as an extension number.",
        ),
    ] {
        assert_eq!(check(text), Err(format!("Invalid protobuf schema definition: {what}")), "{text}");
    }
}
