//! The table of contents at the head of a folder's `mod.rs` names every module of the folder.

use std::collections::BTreeSet;
use std::path::Path;

use super::layering::{lines, sources, without_tests};

/// What a line of a head begins with where it belongs to a table or a list of modules.
const ENTRIES: [&str; 3] = ["//! |", "//! - `", "//! - [`"];

/// The name of the module that a line declares and that is in a file of its own.
fn declared(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.split_once("mod ")?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && (before.is_empty() || before.starts_with("pub"))).then_some(name)
}

/// The words in backticks, those for files and folders as names of their modules.
fn named(head: &str) -> BTreeSet<&str> {
    let words = head.split('`').skip(1).step_by(2);
    words.map(|word| word.trim_start_matches("mod@").trim_end_matches('/').trim_end_matches(".rs")).collect()
}

#[test]
fn a_head_with_a_table_of_contents_names_every_module_of_its_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut tables = 0;
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.ends_with("mod.rs")) {
        let relative = file.strip_prefix(&root).unwrap().display().to_string();
        let text = std::fs::read_to_string(file).unwrap();
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        if !head.iter().any(|line| ENTRIES.iter().any(|entry| line.starts_with(entry))) {
            continue;
        }
        tables += 1;
        let head = head.join("\n");
        let names = named(&head);
        let mut is_for_tests = false;
        for (_, line) in lines(without_tests(&text)) {
            if let Some(module) = declared(line).filter(|module| !is_for_tests && !names.contains(module)) {
                faults.push(format!("the head of src/{relative} does not name `{module}`"));
            }
            // other attributes may stand between this one and the module
            is_for_tests = line == "#[cfg(test)]" || (is_for_tests && line.starts_with("#["));
        }
    }
    assert!(tables > 30, "the heads were not found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
