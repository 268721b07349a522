//! What the files of a repository want a registry to have.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::cli::api::Api;
use crate::cli::check::folder::{Choice, Lookup, SchemaFile, Workspace, disk};
use crate::cli::check::{InputError, InputText, Remote};
use crate::cli::manifest::{Manifest, Mapping, ReferenceTarget};
use crate::schema::ResolvedReference;
use crate::types::SchemaType;

/// A schema that is to be the latest of its subject.
#[derive(Debug, Clone)]
pub(super) struct WantedSchema {
    pub(super) subject: String,
    pub(super) input: InputText,
    pub(super) schema_type: SchemaType,
    pub(super) references: Vec<WantedReference>,
    /// The texts behind the references, dependencies first.
    pub(super) resolved: Vec<ResolvedReference>,
    pub(super) metadata: Option<Value>,
    pub(super) rule_set: Option<Value>,
    /// The subject's own config.
    pub(super) config: Option<Value>,
    /// Its own mode.
    pub(super) mode: Option<String>,
    pub(super) normalize: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedReference {
    pub(super) name: String,
    pub(super) subject: String,
    /// None for the version that this very repository makes of it.
    pub(super) version: Option<i64>,
}

/// The files that are mapped, with all that they refer to.
pub(super) fn wanted(manifest: &Manifest, api: &Api) -> Result<Vec<WantedSchema>, InputError> {
    if manifest.mappings.is_empty() {
        return Err(InputError::of(&manifest.name, "no [[schemas]] says which files are which subjects"));
    }
    let sides = disk(&[manifest.folder.to_string_lossy().into_owned()])?;
    let in_manifest = |path: &str| sides.from(&manifest.folder, path).unwrap_or_else(|| path.to_owned());
    let choose = |path: &str| match manifest.mapping(&in_manifest(path)) {
        Some(mapping) => mapping.schema_type.map_or(Choice::ByContent, Choice::As),
        None => Choice::Skip,
    };
    let inline = manifest.mappings.iter().filter_map(|mapping| {
        let text = Arc::<str>::from(mapping.inline.as_deref()?);
        Some((mapping.files.written().to_owned(), mapping.schema_type.unwrap_or(SchemaType::Avro), text))
    });
    let inline: Vec<(String, SchemaType, Arc<str>)> = inline.collect();
    let lookup = Lookup { proto_path: sides.of_manifest(Some(manifest)), named: Vec::new(), inline };
    let mut files = Workspace::read(sides.new_listing(), sides.scopes(), &choose, lookup, 0)?;
    if let Some((_, error)) = files.unreadable.first() {
        return Err(error.clone());
    }
    let own = files.own.clone();
    let mut subjects: BTreeMap<String, String> = BTreeMap::new();
    for path in &own {
        let Some(file) = files.file(path) else { continue };
        let record = file.record_name();
        let mapped = manifest.mapped(&in_manifest(path), record.as_deref());
        let Some(mapped) = mapped.map_err(InputError::new)? else { continue };
        if !mapped.subject.starts_with(&manifest.prefix) {
            let text = format!("subject {} does not begin with subject-prefix {}", mapped.subject, manifest.prefix);
            return Err(InputError::of(&file.input.name, text));
        }
        if let Some(other) = subjects.iter().find(|(_, subject)| **subject == mapped.subject).map(|(path, _)| path) {
            let text = format!("subject {} is that of {other} already", mapped.subject);
            return Err(InputError::of(&file.input.name, text));
        }
        subjects.insert(path.clone(), mapped.subject);
    }
    if let Some(pattern) = unmatched(manifest, &own, &in_manifest).first() {
        return Err(InputError::of(&manifest.name, format!("no file is '{pattern}'")));
    }
    let by_subject: HashMap<&String, &String> = subjects.iter().map(|(path, subject)| (subject, path)).collect();
    let mut foreign: BTreeMap<String, (String, Option<i32>)> = BTreeMap::new();
    let mut explicit: HashMap<(String, String), WantedReference> = HashMap::new();
    for path in subjects.keys() {
        let Some(mapping) = manifest.mapping(&in_manifest(path)) else { continue };
        for (name, target) in &mapping.references {
            let of_file = match target {
                ReferenceTarget::File(file) => sides.inside(&manifest.folder, file),
                ReferenceTarget::Subject { subject, version: None } => by_subject.get(subject).map(|path| (*path).clone()),
                ReferenceTarget::Subject { .. } => None,
            };
            let reference = match (target, &of_file) {
                (_, Some(file)) => {
                    let Some(subject) = subjects.get(file) else {
                        return Err(InputError::of(&manifest.name, format!("references: {file} is mapped to no subject")));
                    };
                    files.relink(path, name, Some(file));
                    WantedReference { name: name.clone(), subject: subject.clone(), version: None }
                }
                (ReferenceTarget::Subject { subject, version }, None) => {
                    files.relink(path, name, None);
                    foreign.insert(name.clone(), (subject.clone(), *version));
                    WantedReference { name: name.clone(), subject: subject.clone(), version: Some(0) }
                }
                (ReferenceTarget::File(file), None) => {
                    return Err(InputError::of(&manifest.name, format!("references: there is no {file}")));
                }
            };
            explicit.insert((path.clone(), name.clone()), reference);
        }
    }
    for (_, name) in files.missing() {
        foreign.entry(name.clone()).or_insert((name, None));
    }
    let found = fetch(api, &foreign, &mut files)?;
    let mut all = Vec::new();
    for (path, subject) in &subjects {
        let (Some(file), Some(mapping)) = (files.file(path), manifest.mapping(&in_manifest(path))) else { continue };
        let references = references(&files, (path, file), mapping, &subjects, &explicit, &found)?;
        let metadata = manifest
            .mapped(&in_manifest(path), file.record_name().as_deref())
            .ok()
            .flatten()
            .and_then(|mapped| mapped.metadata());
        all.push(WantedSchema {
            subject: subject.clone(),
            input: file.input.clone(),
            schema_type: file.schema_type,
            references,
            resolved: files.references(path)?,
            metadata: metadata.or_else(|| mapping.metadata.clone()),
            rule_set: mapping.rule_set.clone(),
            config: mapping.config.clone(),
            mode: mapping.mode.clone(),
            normalize: mapping.normalize,
        });
    }
    Ok(all)
}

/// Patterns that name one file, and that file is not there.
fn unmatched(manifest: &Manifest, own: &[String], in_manifest: &dyn Fn(&str) -> String) -> Vec<String> {
    let is_there = |mapping: &Mapping| own.iter().any(|path| mapping.files.matches(&in_manifest(path)));
    let is_one = |pattern: &str| !pattern.contains(['*', '?', '{']);
    let missing = manifest.mappings.iter().filter(|mapping| is_one(mapping.files.written()) && !is_there(mapping));
    missing.map(|mapping| mapping.files.written().to_owned()).collect()
}

/// The references of one file: what its names stand for, and what the manifest adds.
fn references(
    files: &Workspace,
    (path, file): (&str, &SchemaFile),
    mapping: &Mapping,
    subjects: &BTreeMap<String, String>,
    explicit: &HashMap<(String, String), WantedReference>,
    found: &HashMap<String, (String, i64)>,
) -> Result<Vec<WantedReference>, InputError> {
    let mut references: Vec<WantedReference> = Vec::new();
    let numbered = |reference: &WantedReference| match (reference.version, found.get(&reference.name)) {
        (Some(_), Some((subject, version))) => {
            Ok(WantedReference { subject: subject.clone(), version: Some(*version), ..reference.clone() })
        }
        (Some(_), None) => {
            let text = format!(
                "'{}' stands for subject {}, which the registry has no such version of",
                reference.name, reference.subject
            );
            Err(InputError::of(&file.input.name, text))
        }
        (None, _) => Ok(reference.clone()),
    };
    for link in &file.links {
        if let Some(own) = explicit.get(&(path.to_owned(), link.name.clone())) {
            references.push(numbered(own)?);
            continue;
        }
        let Some(subject) = subjects.get(&link.to) else {
            let name = files.file(&link.to).map_or(&link.to, |target| &target.input.name);
            let text = format!("it refers to {name}, which is mapped to no subject");
            return Err(InputError::of(&file.input.name, text));
        };
        references.push(WantedReference { name: link.name.clone(), subject: subject.clone(), version: None });
    }
    for name in &file.missing {
        let own = explicit.get(&(path.to_owned(), name.clone())).cloned();
        let reference = own.unwrap_or_else(|| WantedReference { name: name.clone(), subject: name.clone(), version: Some(0) });
        if found.contains_key(name) {
            references.push(numbered(&reference)?);
        }
        // what nothing has is what the parser will say
    }
    for name in mapping.references.keys() {
        if let Some(own) = explicit.get(&(path.to_owned(), name.clone()))
            && !references.iter().any(|reference| reference.name == *name)
        {
            references.push(numbered(own)?);
        }
    }
    Ok(references)
}

/// Fetches what names stand for in the registry; the subject and the version of each that is there.
fn fetch(
    api: &Api,
    wanted: &BTreeMap<String, (String, Option<i32>)>,
    files: &mut Workspace,
) -> Result<HashMap<String, (String, i64)>, InputError> {
    let mut found = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let texts = crate::cli::api::block_on(async {
        let mut texts = Vec::new();
        for (name, (subject, version)) in wanted {
            let answer = Remote::of(&api.client, subject, true).referenced(name, *version).await?;
            texts.push((name, subject, answer));
        }
        Ok(texts)
    })?;
    for (name, subject, answer) in texts {
        if let Some(answer) = answer {
            let version = answer.last().map_or(0, |last| i64::from(last.version));
            found.insert(name.clone(), (subject.clone(), version));
            files.found_elsewhere(name.clone(), answer);
        }
    }
    Ok(found)
}
