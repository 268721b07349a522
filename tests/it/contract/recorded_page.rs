//! docs/compatibility.md lists the recorded answers that differ, a line for each reason, and this test holds it to
//! `tests/recorded/differences.json`. `UPDATE_DOCS=1 cargo test --test it -- recorded_page` writes the list anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const HEADING: &str = "## Recorded answers that differ\n";

#[test]
fn every_reason_stands_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_to_string(root.join("tests/recorded/differences.json")).unwrap();
    let reasons: BTreeMap<String, Vec<String>> = serde_json::from_str(&listed).unwrap();
    let mut list = format!(
        "{HEADING}\nConfluent Schema Registry 8.5 was asked in 4,100 recorded cases, some of many requests; `.ci/recorded` holds each case to \
         its answers. These differ, and each stands in [tests/recorded/differences.json](../tests/recorded/differences.json) with its reason:\n\n\
         | What differs, and why | Cases | For example |\n| --- | --- | --- |\n"
    );
    for (reason, cases) in &reasons {
        let example = cases.first().unwrap().replace('|', "\\|");
        writeln!(list, "| {reason} | {} | `{example}` |", cases.len()).unwrap();
    }
    let path = root.join("docs/compatibility.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let start = page.find(HEADING).unwrap();
    let length = page[start + HEADING.len()..].find("\n## ").map_or(page.len() - start, |end| end + HEADING.len());
    let wanted = format!("{}{list}{}", &page[..start], &page[start + length..]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == wanted, "docs/compatibility.md does not list the reasons; UPDATE_DOCS=1 writes it anew");
}
