//! Each schema of the new side against the same file of the old side.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::report::{Fate, JudgedSchema};
use super::threads::each;
use super::workspace::{SchemaFile, Workspace};
use crate::cli::check::compare::compare;
use crate::cli::check::input_error::InputError;
use crate::cli::check::loaded_schema::{LoadOptions, LoadedSchema};
use crate::cli::check::source::relative;
use crate::compat::CompatibilitySettings;
use crate::schema::{ParseMode, ResolvedReference};
use crate::types::SchemaType;

/// How the new side is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct ReadStrictness {
    pub(in crate::cli) validate_fields: bool,
    pub(in crate::cli) strict: bool,
    pub(in crate::cli) normalize: bool,
}

impl ReadStrictness {
    fn reading(self, mode: ParseMode) -> LoadOptions {
        let Self { validate_fields, strict, normalize } = self;
        match mode {
            ParseMode::New => LoadOptions { mode, validate_fields, strict, normalize },
            _ => LoadOptions { mode, validate_fields: false, strict: false, normalize },
        }
    }
}

/// A schema of the new side, read; the error says why it is none.
pub(in crate::cli) fn candidate(side: &Workspace, path: &str, strictness: ReadStrictness) -> Result<LoadedSchema, InputError> {
    load(side, path, strictness.reading(ParseMode::New))
}

fn load(side: &Workspace, path: &str, reading: LoadOptions) -> Result<LoadedSchema, InputError> {
    let file = side.file(path).ok_or_else(|| InputError::of(path, "can't be read"))?;
    let references = side.references(path)?;
    read(side, path, file, &references, reading)
}

fn read(
    side: &Workspace,
    path: &str,
    file: &SchemaFile,
    references: &[ResolvedReference],
    reading: LoadOptions,
) -> Result<LoadedSchema, InputError> {
    let read = LoadedSchema::read(file.schema_type, file.input.clone(), references, reading);
    read.map_err(|error| explained(side, path, error))
}

/// An error with the names that nothing was found for, which are its likely cause.
pub(super) fn explained(side: &Workspace, path: &str, error: InputError) -> InputError {
    let missing = side.unresolved(path);
    if missing.is_empty() {
        return error;
    }
    InputError { message: format!("{} (no file has: {})", error.message, missing.join(", ")), ..error }
}

/// Pairs of new and old paths: by the path, and for what is at another place now by the name that a schema gives itself.
struct Pairs {
    earlier: BTreeMap<String, String>,
    removed: Vec<String>,
}

impl Pairs {
    fn of(new: &Workspace, old: &Workspace) -> Self {
        let old_paths: BTreeSet<&String> = old.own.iter().collect();
        let new_paths: BTreeSet<&String> = new.own.iter().collect();
        let mut earlier: BTreeMap<String, String> =
            new.own.iter().filter(|path| old_paths.contains(path)).map(|path| (path.clone(), path.clone())).collect();
        let mut gone: HashMap<(SchemaType, &String), &String> = HashMap::new();
        for path in old.own.iter().filter(|path| !new_paths.contains(path)) {
            if let Some(identity) = old.file(path).and_then(identity) {
                gone.entry(identity).or_insert(path);
            }
        }
        for path in new.own.iter().filter(|path| !old_paths.contains(path)) {
            if let Some(moved) = new.file(path).and_then(identity).and_then(|identity| gone.remove(&identity)) {
                earlier.insert(path.clone(), moved.clone());
            }
        }
        let kept: BTreeSet<&String> = earlier.values().collect();
        let unreadable: BTreeSet<&String> = new.unreadable.iter().map(|(path, _)| path).collect();
        let is_gone = |path: &&String| !kept.contains(path) && !unreadable.contains(path);
        let removed = old.own.iter().filter(is_gone).cloned().collect();
        Self { earlier, removed }
    }
}

/// The earlier path of each path of the new side that has one.
pub(in crate::cli) fn earlier_paths(new: &Workspace, old: &Workspace) -> BTreeMap<String, String> {
    Pairs::of(new, old).earlier
}

/// A schema as it was; the error says why it was none.
pub(in crate::cli) fn before(side: &Workspace, path: &str) -> Result<LoadedSchema, InputError> {
    let plain = ReadStrictness { validate_fields: false, strict: false, normalize: false };
    load(side, path, plain.reading(ParseMode::Lookup))
}

/// What a schema calls itself: the full name of its first type, its `$id`. Protobuf files go by their paths alone.
fn identity(file: &SchemaFile) -> Option<(SchemaType, &String)> {
    file.names.own.first().map(|name| (file.schema_type, name))
}

/// Judges all schemas of the new side.
pub(in crate::cli) fn judge(
    new: &Workspace,
    old: &Workspace,
    strictness: ReadStrictness,
    rules: &(dyn Fn(&str) -> CompatibilitySettings + Sync),
) -> Result<Vec<JudgedSchema>, InputError> {
    let pairs = Pairs::of(new, old);
    let judged = each(&new.own, |path| one(new, old, (path, pairs.earlier.get(path)), strictness, rules));
    let mut judged = judged.into_iter().collect::<Result<Vec<_>, _>>()?;
    judged.extend(unreadable(new));
    for path in &pairs.removed {
        let file = old.file(path);
        let name = old.listing.name(path);
        let schema_type = file.map(|file| file.schema_type);
        let (text, location) = (String::new(), relative(&new.listing.name(path)));
        judged.push(JudgedSchema { name, location, text, schema_type, fate: Fate::Removed, remarks: Vec::new() });
    }
    judged.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(judged)
}

/// The files that can't be read at all.
pub(in crate::cli) fn unreadable(new: &Workspace) -> impl Iterator<Item = JudgedSchema> {
    new.unreadable.iter().map(|(path, error)| {
        let name = new.listing.name(path);
        let (text, location) = (String::new(), name.clone());
        JudgedSchema { name, location, text, schema_type: None, fate: Fate::Invalid(error.clone()), remarks: Vec::new() }
    })
}

fn one(
    new: &Workspace,
    old: &Workspace,
    (path, earlier): (&str, Option<&String>),
    strictness: ReadStrictness,
    rules: &(dyn Fn(&str) -> CompatibilitySettings + Sync),
) -> Result<JudgedSchema, InputError> {
    let Some(file) = new.file(path) else { return Err(InputError::of(path, "can't be read")) };
    let mut judged = judged(file, Fate::New);
    let references = match new.references(path) {
        Ok(references) => references,
        Err(error) => return Ok(JudgedSchema { fate: Fate::Invalid(error), ..judged }),
    };
    let candidate = match read(new, path, file, &references, strictness.reading(ParseMode::New)) {
        Ok(candidate) => candidate,
        Err(error) => return Ok(JudgedSchema { fate: Fate::Invalid(error), ..judged }),
    };
    let Some(earlier_path) = earlier else { return Ok(judged) };
    let Some(before) = old.file(earlier_path) else { return Ok(judged) };
    if earlier_path != path {
        judged.remarks.push(format!("it was {}", before.input.name));
    }
    let before_references = old.references(earlier_path);
    let same = |found: &Vec<ResolvedReference>| {
        found.len() == references.len() && found.iter().zip(&references).all(|(a, b)| a.name == b.name && a.text == b.text)
    };
    if before.input.text == file.input.text && before_references.as_ref().is_ok_and(same) {
        judged.fate = Fate::Unchanged;
        return Ok(judged);
    }
    let before = before_references
        .and_then(|references| read(old, earlier_path, before, &references, strictness.reading(ParseMode::Lookup)));
    match before {
        // what never was a schema has no readers
        Err(error) => judged.remarks.push(format!("the earlier version is no schema: {error}")),
        Ok(before) => {
            let outcome = compare(candidate, vec![LoadedSchema { version: 1, ..before }], &rules(path))?;
            judged.fate = Fate::Compared(Box::new(outcome));
        }
    }
    Ok(judged)
}

/// A file with what became of it.
pub(in crate::cli) fn judged(file: &SchemaFile, fate: Fate) -> JudgedSchema {
    JudgedSchema {
        name: file.input.name.clone(),
        location: file.input.location.clone(),
        text: file.input.text.to_string(),
        schema_type: Some(file.schema_type),
        fate,
        remarks: Vec::new(),
    }
}
