//! The comments of the code cite the pages below `docs/reference/` as `(rest-api 5.4)`; every citation must lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGES: [&str; 6] = ["rest-api", "avro", "protobuf", "json-schema", "cloudevents", "encryption"];

fn files(folder: &Path, ending: &str, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, out);
        } else if path.extension().is_some_and(|e| e == ending) {
            out.push(path);
        }
    }
}

/// The numbers of a page's headings.
fn sections(page: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/reference/{page}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let number = |line: &str| {
        let heading = line.strip_prefix('#')?.trim_start_matches('#').trim_start();
        let number = heading.split(' ').next()?.trim_end_matches('.');
        number.starts_with(|c: char| c.is_ascii_digit()).then(|| number.to_owned())
    };
    text.lines().filter_map(number).collect()
}

/// The citations of a text: `(avro 1.6, protobuf 1.2, 1.5)` are three.
fn citations(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices('(') {
        let inner = text[at + 1..].split(')').next().unwrap();
        let mut page = "";
        for part in inner.split(&[',', ';'][..]).map(str::trim) {
            let (name, number) = part.split_once(' ').unwrap_or(("", part));
            if PAGES.contains(&name) {
                page = name;
            } else if !name.is_empty() {
                break;
            }
            if page.is_empty() || !number.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            out.push((page.to_owned(), number.to_owned()));
        }
    }
    out
}

#[test]
fn every_citation_of_the_code_is_a_heading_of_a_reference_page() {
    let known: BTreeMap<&str, BTreeSet<String>> = PAGES.into_iter().map(|page| (page, sections(page))).collect();
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "rs", &mut sources);
    }
    let (mut count, mut lost) = (0, Vec::new());
    for file in sources.iter().filter(|file| !file.ends_with("citations.rs")) {
        for (page, number) in citations(&std::fs::read_to_string(file).unwrap()) {
            count += 1;
            if !known[page.as_str()].contains(&number) {
                lost.push(format!("{}: ({page} {number})", file.display()));
            }
        }
    }
    assert!(count > 20, "only {count} citations were found");
    assert!(lost.is_empty(), "no such heading:\n{}", lost.join("\n"));
}

/// Relative links in the documentation lead to files that are there.
#[test]
fn every_link_of_the_documentation_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    files(&root.join("docs"), "md", &mut pages);
    pages.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md", "CHANGELOG.md"].map(|name| root.join(name)));
    let mut lost = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split([')', '#', ' ']).next().unwrap();
            if !link.is_empty() && !link.contains("://") && !page.parent().unwrap().join(link).exists() {
                lost.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "no such file:\n{}", lost.join("\n"));
}
