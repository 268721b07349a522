//! The rings of docs/ARCHITECTURE.md: a module uses those above it and none below, and no files go round in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rings, innermost first: each module with those that it may name.
const RINGS: [(&str, &[&str]); 20] = [
    ("types", &[]),
    ("trace", &[]),
    ("java", &[]),
    ("cache", &[]),
    ("access", &["types"]),
    ("login", &["types", "access"]),
    ("codec", &["types", "java"]),
    ("schema", &["types", "java"]),
    ("compat", &["types", "schema"]),
    ("cloudevents", &["types", "schema"]),
    ("records", &["types", "schema"]),
    ("contracts", &["types", "schema"]),
    ("kms", &["types", "trace"]),
    ("jsonata", &["schema", "contracts"]),
    ("peer", &["trace"]),
    ("store", &["types", "cache", "codec"]),
    (
        "registry",
        &[
            "types",
            "access",
            "cache",
            "codec",
            "schema",
            "compat",
            "cloudevents",
            "records",
            "contracts",
            "kms",
            "jsonata",
            "peer",
            "store",
            "trace",
        ],
    ),
    (
        "http",
        &[
            "types",
            "java",
            "access",
            "login",
            "cache",
            "codec",
            "schema",
            "cloudevents",
            "records",
            "contracts",
            "kms",
            "registry",
            "store",
            "trace",
        ],
    ),
    ("config", &["types", "trace", "login", "cloudevents", "kms", "http", "server"]),
    ("server", &["http", "login"]),
];

/// Crates, and the only folders that may name them.
const CRATES: [(&str, &[&str]); 30] = [
    ("jsonata_core", &["jsonata"]),
    ("zip", &["cli/migrate"]),
    ("twox_hash", &["cli/migrate"]),
    ("zstd", &["cli/migrate", "records"]),
    ("snap", &["records"]),
    ("bzip2", &["records"]),
    ("lzma_rust2", &["records"]),
    ("sqlx", &["store"]),
    ("deadpool", &["store/postgres"]),
    ("axum", &["http", "server"]),
    ("hyper", &["http", "server", "cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("ignore", &["cli"]),
    ("indicatif", &["cli/migrate"]),
    ("serde_yaml_ng", &["cli/manifest"]),
    ("tokio_rustls", &["server/tls"]),
    ("x509_cert", &["login"]),
    ("jsonwebtoken", &["login/oidc"]),
    ("jsonschema", &["schema/json_schema"]),
    ("prost_reflect", &["schema/protobuf"]),
    ("protox", &["schema/protobuf"]),
    ("regex", &["contracts/cel"]),
    ("regex_automata", &["schema"]),
    ("strum", &["types", "codec", "schema", "records", "contracts", "http"]),
    ("serde_with", &["codec", "http"]),
    ("aws_lc_rs", &["kms", "cli/audit"]),
    ("reqwest", &["kms", "peer", "registry/exporters", "cli"]),
    ("tokio", &["trace", "kms", "store", "registry", "http", "server", "cli"]),
];

pub(super) fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// A file without its unit tests, which may use what they like.
pub(super) fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

/// Lines of code with their numbers, comments left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
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
        for (number, line) in lines(without_tests(&text)) {
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

/// The files of `src` as modules: path in the crate, folder faces (`mod.rs`) under the path of their folder.
fn modules() -> BTreeMap<Vec<String>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut modules = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap().with_extension("");
        let mut path: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if path.last().is_some_and(|last| last == "mod") {
            path.pop();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        modules.insert(path, lines(without_tests(&text)).map(|(_, line)| line).collect::<Vec<_>>().join("\n"));
    }
    modules
}

/// All paths that a text names from `crate`, `self` or `super` on, with the braces of `use` taken apart.
fn paths(text: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for start in ["crate::", "self::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let before = text[..at].chars().next_back();
            if !before.is_some_and(|c| is_name(c) || c == ':' || c == '$') {
                expand(&text[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path, or a tree of them, and gives what is left of the text.
fn expand<'t>(mut text: &'t str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let depth = prefix.len();
    loop {
        if let Some(inner) = text.strip_prefix('{') {
            text = inner.trim_start();
            while !text.is_empty() && !text.starts_with('}') {
                let rest = expand(text, prefix, found).trim_start().trim_start_matches(',').trim_start();
                // what is no path ends the tree: a block of code, say
                if rest.len() == text.len() {
                    break;
                }
                text = rest;
            }
            prefix.truncate(depth);
            return text.strip_prefix('}').unwrap_or(text);
        }
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        prefix.push(text[..end].to_owned());
        text = &text[end..];
        match text.strip_prefix("::") {
            Some(rest) => text = rest,
            None => break,
        }
    }
    found.push(prefix.clone());
    prefix.truncate(depth);
    text.strip_prefix(" as ").map_or(text, |rest| rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Where a path leads from a module: past `crate`, `self` and `super`, and through what folder faces re-export.
fn resolved(module: &[String], path: &[String], faces: &BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>) -> Vec<String> {
    let mut at: Vec<String> = module.to_vec();
    let mut rest = path.iter();
    for part in rest.by_ref() {
        match part.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop();
            }
            name => {
                match faces.get(&at).and_then(|face| face.get(name)) {
                    Some(origin) => at.clone_from(origin),
                    None => at.push(name.to_owned()),
                }
                break;
            }
        }
    }
    for part in rest {
        match faces.get(&at).and_then(|face| face.get(part)) {
            Some(origin) => at.clone_from(origin),
            None => at.push(part.clone()),
        }
    }
    at
}

/// Arrows between the children of each folder: who names something of whom. The face of a folder names all of its children and is
/// left out.
fn arrows() -> BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> {
    let modules = modules();
    let is_folder = |path: &[String]| modules.keys().any(|other| other.len() > path.len() && other.starts_with(path));
    let mut faces: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (path, text) in modules.iter().filter(|(path, _)| is_folder(path)) {
        let face = faces.entry(path.clone()).or_default();
        for line in text.split(';').map(str::trim_start) {
            let Some((_, tree)) = line.split_once("use ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
            else {
                continue;
            };
            let tree = tree.strip_prefix("self::").unwrap_or(tree);
            let mut found = Vec::new();
            expand(tree, &mut Vec::new(), &mut found);
            for item in found {
                let child = [path.as_slice(), &item[..1]].concat();
                if item.len() > 1 && modules.contains_key(&child) {
                    face.insert(item.last().unwrap().clone(), [path.as_slice(), &item].concat());
                }
            }
        }
    }
    let mut arrows: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (module, text) in &modules {
        for path in paths(text) {
            let target = resolved(module, &path, &faces);
            let shared = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) else { continue };
            let folder = &module[..shared];
            let child = [folder, std::slice::from_ref(to)].concat();
            if modules.keys().any(|other| other.starts_with(&child)) {
                arrows.entry(folder.to_vec()).or_default().entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    arrows
}

#[test]
fn no_files_of_a_folder_use_one_another_in_a_circle() {
    let arrows = arrows();
    assert!(arrows.values().map(BTreeMap::len).sum::<usize>() > 100, "the arrows were not found");
    let mut circles = Vec::new();
    for (folder, children) in &arrows {
        for start in children.keys() {
            // who can be reached from here, and by whom
            let mut reached: BTreeMap<&String, &String> = BTreeMap::new();
            let mut open = vec![start];
            while let Some(child) = open.pop() {
                for next in children.get(child).into_iter().flatten() {
                    if !reached.contains_key(next) {
                        reached.insert(next, child);
                        open.push(next);
                    }
                }
            }
            if let Some(mut at) = reached.get(start) {
                let mut way = vec![start.as_str(), at.as_str()];
                while *at != start {
                    at = &reached[*at];
                    way.push(at);
                }
                way.reverse();
                circles.push(format!("src/{}: {}", folder.join("/"), way.join(" -> ")));
            }
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}
