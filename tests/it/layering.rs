//! The rings of docs/ARCHITECTURE.md: a module uses those above it and none below.

use std::path::{Path, PathBuf};

/// The rings, innermost first; `schema` and `codec` both stand on `types` alone.
const RINGS: [(&str, &[&str]); 10] = [
    ("types", &[]),
    ("codec", &["types"]),
    ("schema", &["types"]),
    ("compat", &["types", "schema"]),
    ("cloudevents", &["types", "schema"]),
    ("store", &["types", "codec"]),
    ("registry", &["types", "codec", "schema", "compat", "cloudevents", "store"]),
    ("http", &["types", "codec", "schema", "cloudevents", "registry", "store"]),
    ("config", &["types", "cloudevents", "http"]),
    ("server", &["http"]),
];

/// Crates, and the only folders that may name them.
const CRATES: [(&str, &[&str]); 8] = [
    ("sqlx", &["store"]),
    ("axum", &["http", "server"]),
    ("hyper", &["http", "server", "cli"]),
    ("clap", &["cli"]),
    ("jsonschema", &["schema/json_schema"]),
    ("prost_reflect", &["schema/protobuf"]),
    ("protox", &["schema/protobuf"]),
    ("tokio", &["store", "registry", "http", "server", "cli"]),
];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Lines of code with their numbers, comments left out.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether `line` names the crate as the first segment of a path.
fn names(line: &str, name: &str) -> bool {
    let needle = format!("{name}::");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn no_module_uses_a_ring_below_it_or_a_crate_that_is_not_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the sources were not found");
    let mut faults = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap().display().to_string();
        let module = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in lines(&text) {
            if let Some((_, allowed)) = RINGS.iter().find(|(name, _)| *name == module) {
                for (other, _) in RINGS.iter().chain(&[("cli", &[] as &[&str])]) {
                    if *other != module && line.contains(&format!("crate::{other}")) && !allowed.contains(other) {
                        faults.push(format!("{relative}:{number} names `{other}`"));
                    }
                }
            }
            for (name, folders) in CRATES {
                if names(line, name) && !folders.iter().any(|folder| relative.starts_with(folder)) {
                    faults.push(format!("{relative}:{number} names `{name}`; allowed only below {folders:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
