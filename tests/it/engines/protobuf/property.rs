//! What holds for all files.

use accordant::schema::Direction;
use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::types::ProtobufPolicy;
use base64::Engine as _;
use proptest::prelude::*;
use prost::Message as _;

use super::descriptor::{compiled, serialized, shape};
use super::{check_options, read, try_read};

const SCALARS: [&str; 15] = [
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64",
    "bool", "string", "bytes",
];

/// The type of a field.
#[derive(Debug, Clone)]
enum Kind {
    Scalar(usize),
    /// A message by its index.
    Message(usize),
    Enum,
    Map(usize, Box<Kind>),
}

impl Kind {
    fn text(&self, messages: usize) -> String {
        match self {
            Self::Scalar(at) => SCALARS[at % SCALARS.len()].to_owned(),
            Self::Message(at) => format!("M{}", at % messages),
            Self::Enum => "E".to_owned(),
            Self::Map(key, value) => {
                format!("map<{}, {}>", ["string", "int32", "bool", "sfixed64"][key % 4], value.text(messages))
            }
        }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    let plain = prop_oneof![any::<usize>().prop_map(Kind::Scalar), any::<usize>().prop_map(Kind::Message), Just(Kind::Enum)];
    let map = (any::<usize>(), plain.clone()).prop_map(|(key, value)| Kind::Map(key, Box::new(value)));
    prop_oneof![4 => plain, 1 => map]
}

#[derive(Debug, Clone)]
struct Member {
    kind: Kind,
    label: usize,
    gap: i32,
    deprecated: bool,
    json_name: bool,
    in_oneof: bool,
}

prop_compose! {
    fn member()(kind in kind(), label in 0..3_usize, gap in 1..900_i32, deprecated in any::<bool>(), json_name in prop::bool::weighted(0.2),
                in_oneof in prop::bool::weighted(0.3)) -> Member {
        Member { kind, label, gap, deprecated, json_name, in_oneof }
    }
}

/// A message's text; `shuffle` says in which order its members stand.
fn message(at: usize, members: &[Member], messages: usize, proto2: bool, shuffle: bool) -> String {
    let mut number = 0;
    let (mut fields, mut oneof) = (Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        number += member.gap;
        let kind = member.kind.text(messages);
        let is_map = matches!(member.kind, Kind::Map(..));
        let mut options = Vec::new();
        if member.deprecated {
            options.push("deprecated = true".to_owned());
        }
        if member.json_name {
            options.push(format!("json_name = \"j{index}\""));
        }
        let options = if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) };
        if member.in_oneof && !is_map {
            oneof.push(format!("    {kind} some_field_{index} = {number}{options};\n"));
            continue;
        }
        let label = match (is_map, proto2, member.label) {
            (true, ..) | (_, false, 0) => "",
            (_, _, 1) => "repeated ",
            (_, true, 0) => "required ",
            _ => "optional ",
        };
        fields.push(format!("  {label}{kind} some_field_{index} = {number}{options};\n"));
    }
    if shuffle {
        fields.reverse();
        oneof.reverse();
    }
    let oneof = if oneof.is_empty() { String::new() } else { format!("  oneof pick {{\n{}  }}\n", oneof.concat()) };
    let (first, second) = if shuffle { (oneof, fields.concat()) } else { (fields.concat(), oneof) };
    format!("message M{at} {{\n{first}{second}}}\n")
}

fn file(bodies: &[Vec<Member>], proto2: bool, package: bool, shuffle: bool) -> String {
    let syntax = if proto2 { "proto2" } else { "proto3" };
    let package = if package { "package some.pkg;\n" } else { "" };
    let messages: String =
        bodies.iter().enumerate().map(|(at, members)| message(at, members, bodies.len(), proto2, shuffle)).collect();
    let enumeration = if shuffle { "enum E { Z = 0; B = 2; A = 1; }\n" } else { "enum E { Z = 0; A = 1; B = 2; }\n" };
    let comment = if shuffle { "// turned around\n" } else { "" };
    format!("syntax = \"{syntax}\";\n{package}{comment}{enumeration}{messages}")
}

fn bodies() -> impl Strategy<Value = Vec<Vec<Member>>> {
    prop::collection::vec(prop::collection::vec(member(), 0..8), 1..5)
}

/// Pieces that texts are thrown together from.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "syntax = \"proto3\";",
        "message",
        "enum",
        "A",
        "B",
        "{",
        "}",
        "{",
        "}",
        ";",
        "optional",
        "repeated",
        "int32",
        "string",
        "map<string, A>",
        "a",
        "=",
        "1",
        "2",
        "-",
        "[",
        "]",
        "(x.y)",
        ".",
        ",",
        "oneof",
        "option",
        "reserved",
        "to",
        "max",
        "\"s\"",
        "'\\x'",
        "group",
        "extend",
        "extensions",
        "service",
        "rpc",
        "returns",
        "stream",
        "import",
        "package",
        "default",
        "json_name",
        "0x1F",
        "1e+5",
        "/*",
        "*/",
        "//",
        "\n",
        "é",
        "edition = \"2023\";",
        "export",
        ":",
        "A = 1;",
        "optional int32 a = 1;",
        "message A {}",
        "option (x) = {a: 1};",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

/// A file that has nearly everything.
const RICH: &str = "syntax = \"proto3\" ; package p.q ; import \"google/protobuf/descriptor.proto\" ; import public \"confluent/meta.proto\" ; \
    option java_package = 'j' ; message A { reserved 9 , 20 to 30 , 100 to max ; reserved \"old\" ; option deprecated = true ; option ( mo2 ) = { i : 1 } ; \
    int32 i = 1 [ json_name = \"i\" , ( mo ) = { i : 0x1F , m { s : 'x\\377' } , r : [ 1 , 2 ] } , ( p.q.mo ) . m . i = - 1e3 , ( mo ) . r = 2 ] ; \
    optional string s = 2 [ default = \"a\" , ( confluent.field_meta ) . tags = 'PII' ] ; repeated .p.q.A m = 3 ; map < string , E > e = 4 ; \
    oneof o { option ( oo ) = 1 ; bool b = 5 ; q.A.N n = 6 ; group G = 7 { int32 x = 1 ; } } repeated int32 r = 8 [ packed = true ] ; \
    repeated FEntry f = 10 ; message FEntry { option map_entry = true ; int64 key = 1 ; A value = 2 ; } extensions 40 to 50 , 60 [ declaration = { number : 40 } ] ; \
    extend A { float ef = 41 ; } message N { enum F { X = 0 ; } A.N.F f = 1 ; } } enum E { option allow_alias = true ; Z = 0 ; ALSO = 0 ; N = -1 \
    [ deprecated = true ] ; reserved 7 to 8 , -9 ; } extend google.protobuf.FieldOptions { A mo = 50001 ; repeated A mos = 50002 ; } \
    extend google.protobuf.MessageOptions { A mo2 = 50001 ; } service S { option deprecated = true ; rpc R ( stream A ) returns ( .p.q.A ) { option ( x.y ) = [ ] ; } }";

/// The rich file with some of its words dropped, doubled or swapped.
fn mutated() -> impl Strategy<Value = String> {
    prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..5).prop_map(|edits| {
        let mut words: Vec<&str> = RICH.split_whitespace().collect();
        for (kind, at, other) in edits {
            let (at, other) = (at.index(words.len()), other.index(words.len()));
            match kind {
                0 => drop(words.remove(at)),
                1 => words.insert(at, words[at]),
                2 => words.swap(at, other),
                _ => words[at] = words[other],
            }
        }
        words.join(" ")
    })
}

/// What has to hold for every text that is taken.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let Ok(schema) = try_read(text) else { return Ok(()) };
    let again = try_read(schema.canonical()).map(|again| again.canonical().to_owned()).map_err(|error| error.message);
    prop_assert_eq!(again, Ok(schema.canonical().to_owned()), "{}", text);
    let normalized = schema.normalized().expect("all types are there");
    let again = try_read(&normalized).and_then(|again| again.normalized()).map_err(|error| error.message);
    prop_assert_eq!(again, Ok(normalized.clone()), "{}\n{}", text, normalized);
    for policy in ProtobufPolicy::ALL {
        let found = Schema::check(&schema, &schema, &check_options(policy, Direction::Backward)).expect("a verdict");
        prop_assert!(found.is_empty(), "{:?}", found);
    }
    let _ = try_read(&schema.formatted("serialized").expect("known").expect("never fails"));
    Ok(())
}

#[test]
fn the_rich_file_is_accepted() {
    assert_eq!(read(RICH).name().as_deref(), Some("p.q.A"));
    holds(RICH).expect("and holds");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_reads_back(bodies in bodies(), proto2: bool, package: bool) {
        let text = file(&bodies, proto2, package, false);
        let schema = read(&text);
        let again = read(schema.canonical());
        prop_assert_eq!(again.canonical(), schema.canonical());
        let normalized = schema.normalized().expect("all types are there");
        let same = again.normalized().expect("still") == normalized;
        prop_assert!(same, "{}", text);
        prop_assert_eq!(read(&normalized).normalized().expect("still"), normalized);
    }

    #[test]
    fn order_and_comments_are_normalized_away(bodies in bodies(), proto2: bool, package: bool) {
        let (a, b) = (read(&file(&bodies, proto2, package, false)), read(&file(&bodies, proto2, package, true)));
        prop_assert_eq!(a.normalized().expect("all there"), b.normalized().expect("all there"));
    }

    #[test]
    fn a_schema_is_compatible_with_itself(bodies in bodies(), proto2: bool) {
        let (a, b) = (read(&file(&bodies, proto2, true, false)), read(&file(&bodies, proto2, true, true)));
        for policy in ProtobufPolicy::ALL {
            for direction in [Direction::Backward, Direction::Forward] {
                prop_assert!(Schema::check(&a, &b, &check_options(policy, direction)).expect("a verdict").is_empty());
            }
        }
    }

    #[test]
    fn new_fields_break_nobody(bodies in bodies()) {
        let fewer: Vec<Vec<Member>> = bodies.iter().map(|members| members[..members.len() / 2].iter().cloned().map(
            |member| Member { in_oneof: false, ..member }).collect()).collect();
        let more: Vec<Vec<Member>> = bodies.iter().map(|members| members.iter().cloned().map(
            |member| Member { in_oneof: false, ..member }).collect()).collect();
        let (old, new) = (read(&file(&fewer, false, true, false)), read(&file(&more, false, true, false)));
        for policy in ProtobufPolicy::ALL {
            let found = Schema::check(&new, &old, &check_options(policy, Direction::Backward)).expect("a verdict");
            prop_assert!(found.is_empty(), "{:?}", found);
        }
    }

    #[test]
    fn protox_agrees_on_the_descriptor(bodies in bodies(), proto2: bool, package: bool) {
        let text = file(&bodies, proto2, package, false);
        let schema = read(&text);
        let theirs = compiled(&text).expect("generated files compile");
        prop_assert_eq!(shape(&serialized(&schema)), shape(&theirs));
        let sent = read(&base64::engine::general_purpose::STANDARD.encode(theirs.encode_to_vec()));
        prop_assert_eq!(sent.normalized().expect("all there"), schema.normalized().expect("all there"));
    }

    #[test]
    fn whatever_is_accepted_reads_back(text in soup()) {
        holds(&text)?;
    }

    #[test]
    fn whatever_is_accepted_of_a_mutated_file_reads_back(text in mutated()) {
        holds(&text)?;
    }

    #[test]
    fn broken_descriptors_get_an_answer(edits in prop::collection::vec((0..3_u8, any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
        let mut bytes = read(RICH).descriptor();
        for (kind, at, byte) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, byte),
                _ => bytes[at] = byte,
            }
        }
        holds(&base64::engine::general_purpose::STANDARD.encode(bytes))?;
    }

    #[test]
    fn any_text_and_any_bytes_get_an_answer(text in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = try_read(&text);
        let _ = try_read(&base64::engine::general_purpose::STANDARD.encode(&bytes));
    }
}
