//! One name, one meaning (docs/style.md): no two types of the sources share a name, but for those that are listed here.

use std::collections::BTreeMap;
use std::path::Path;

use super::layering::{lines, sources, without_tests};

/// Names that any file may give to a type of its own.
const OWN_TO_A_FILE: [&str; 2] = [
    // the standard library's name, with the error of the file
    "Result",
    // what a command takes on its line
    "Arguments",
];

/// Names that types share, why, and the places that may have one such type each. The last place may be any: it is empty.
const SHARED: [(&str, &[&str], &[&str]); 5] = [
    (
        "the same part of each format's or language's engine, or a word that several of their specifications have",
        &["schema/avro", "schema/json_schema", "schema/protobuf", "schema/logical", "contracts/cel"],
        &[
            "BinaryWalker",
            "Comparison",
            "Converter",
            "Data",
            "Difference",
            "DifferenceKind",
            "DifferenceTree",
            "Enum",
            "Expr",
            "Fault",
            "Field",
            "Frame",
            "JsonReader",
            "JsonWalker",
            "JsonWriter",
            "Lexer",
            "Linter",
            "LocatedDifference",
            "Model",
            "Node",
            "NodeId",
            "NodeKind",
            "Parser",
            "PathStep",
            "Printer",
            "Sampler",
            "SchemaWriter",
            "ShapeBuilder",
            "Stop",
            "Token",
            "ValueBuilder",
        ],
    ),
    (
        "what each format has, and the face of all of them",
        &["schema/avro", "schema/json_schema", "schema/protobuf", "schema/payload_validator.rs", "http/wire/schema.rs"],
        &["PayloadValidator", "Schema"],
    ),
    (
        "the JSON of a type of that name",
        &["http/wire", ""],
        &[
            "Alias",
            "Association",
            "Change",
            "Declaration",
            "Dek",
            "Finding",
            "FoundPage",
            "FoundSubject",
            "Framing",
            "Impact",
            "Kek",
            "Mode",
            "NeverRead",
            "Outline",
            "ReadingChange",
            "ReferenceEdge",
            "ReferenceGraph",
            "ReferenceNode",
            "Resolution",
            "SchemaCount",
            "SizedSchema",
            "Statistics",
            "SubjectCount",
            "UsedVersion",
        ],
    ),
    (
        "what SQL that is written once finds under one name in both databases",
        &["store/sqlite", "store/postgres"],
        &["Conn", "LockKeys", "Row", "Snapshot"],
    ),
    ("one of two that are never compiled together", &["cli/otlp", "cli/traces.rs"], &["Sending", "Traces"]),
];

/// The name of the type that a line declares. Types that belong to a trait are not declared, but given.
fn declared(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub") || word.ends_with(')'));
    let is_type = match words.next()? {
        "struct" | "enum" | "trait" | "union" => true,
        "type" => !line.starts_with(' '),
        _ => false,
    };
    let rest = words.next().filter(|_| is_type)?;
    let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    name.starts_with(|c: char| c.is_ascii_uppercase()).then_some(name)
}

/// The place among `places` that each file is in, `None` for one that is nowhere, or where another one is already.
fn places_of<'p>(files: &[String], places: &[&'p str]) -> Option<Vec<&'p str>> {
    let mut taken = Vec::new();
    for file in files {
        let place = places.iter().find(|place| file.starts_with(**place))?;
        if taken.contains(place) {
            return None;
        }
        taken.push(*place);
    }
    Some(taken)
}

#[test]
fn no_two_types_share_a_name_without_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        for name in lines(without_tests(&text)).filter_map(|(_, line)| declared(line)) {
            types.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    assert!(types.len() > 1000, "the types were not found");
    let mut faults = Vec::new();
    for (name, files) in types.iter_mut().filter(|(name, files)| files.len() > 1 && !OWN_TO_A_FILE.contains(&name.as_str())) {
        files.sort();
        match SHARED.iter().find(|(.., names)| names.contains(&name.as_str())) {
            None => faults.push(format!("`{name}` is a type in {}: which is what?", files.join(" and "))),
            Some((why, places, _)) if places_of(files, places).is_none() => {
                faults.push(format!("`{name}` is a type in {}, but may only be {why}", files.join(" and ")));
            }
            Some(_) => {}
        }
    }
    for name in SHARED.iter().flat_map(|(.., names)| *names) {
        if types.get(*name).is_none_or(|files| files.len() < 2) {
            faults.push(format!("`{name}` is no longer shared"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `cargo run` hands what the build script says to the program as environment variables, and it takes those that begin like its settings
/// for settings.
#[test]
fn what_the_build_says_of_itself_is_no_setting() {
    let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs")).unwrap();
    let names: Vec<&str> = script.split("cargo:rustc-env=").skip(1).filter_map(|rest| rest.split('=').next()).collect();
    assert_eq!(names.len(), 5);
    assert!(names.iter().all(|name| name.starts_with("BUILD_")), "{names:?}");
}
