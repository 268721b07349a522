//! The schemas of one side, the new or the old, with what each of them refers to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::kind::{is_any_json, kind_of, may_be_schema};
use super::listing::{Listing, ListingScope, plain};
use super::names::{Names, names};
use super::threads::each;
use crate::cli::check::input_error::InputError;
use crate::cli::check::references::max_depth;
use crate::cli::check::source::{self, InputText};
use crate::registry::Limits;
use crate::schema::{ParseMode, ParseOptions, Parsed, ResolvedReference};
use crate::types::{SchemaType, Version};

/// A schema, and what its names stand for.
#[derive(Debug, Clone)]
pub(in crate::cli) struct SchemaFile {
    pub(in crate::cli) input: InputText,
    pub(in crate::cli) schema_type: SchemaType,
    pub(super) names: Names,
    pub(in crate::cli) links: Vec<FileLink>,
    /// Names that nothing was found for.
    pub(in crate::cli) missing: Vec<String>,
}

impl SchemaFile {
    /// The name that serializers call it by: the full name of an Avro type, the first message of a Protobuf file with its package, the
    /// title of a JSON Schema.
    pub(in crate::cli) fn record_name(&self) -> Option<String> {
        match self.schema_type {
            SchemaType::Avro => self.names.own.first().cloned(),
            SchemaType::Protobuf | SchemaType::Json => {
                let options = ParseOptions::new(ParseMode::Import, max_depth(self.schema_type));
                Parsed::parse(self.schema_type, &self.input.text, &[], &options).ok()?.name()
            }
        }
    }
}

/// A name, and the file that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct FileLink {
    pub(in crate::cli) name: String,
    pub(in crate::cli) to: String,
}

/// Where names are looked for beside the files themselves.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Lookup {
    /// Folders, from the base of the listing on, that Protobuf imports are relative to.
    pub(in crate::cli) proto_path: Vec<String>,
    /// Names with the files that they stand for, as `--reference` gives them.
    pub(in crate::cli) named: Vec<(String, InputText)>,
    /// Texts that stand in no file of their own, with what they are called.
    pub(in crate::cli) inline: Vec<(String, SchemaType, Arc<str>)>,
}

/// Whether a file is one of the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Choice {
    Skip,
    /// When its name and what is in it say so.
    ByContent,
    As(SchemaType),
}

/// The schemas of one side.
pub(in crate::cli) struct Workspace {
    pub(super) listing: Listing,
    lookup: Lookup,
    roots: Vec<String>,
    /// By path; those under `=NAME` were given by name.
    files: BTreeMap<String, SchemaFile>,
    /// The paths that were asked for.
    pub(in crate::cli) own: Vec<String>,
    /// Files that can't be read.
    pub(in crate::cli) unreadable: Vec<(String, InputError)>,
    /// JSON files that are no schemas.
    pub(in crate::cli) passed_over: usize,
    /// Texts of a registry by the names of references, each after what it refers to itself.
    foreign: HashMap<String, Vec<ResolvedReference>>,
    /// The version that what is found here gets: the engines take two references of one version for the same text.
    version: Version,
}

impl Workspace {
    /// Reads what is within the scopes, and what that refers to. `choose` says which paths are ours.
    pub(in crate::cli) fn read(
        listing: Listing,
        scopes: &[ListingScope],
        choose: &dyn Fn(&str) -> Choice,
        lookup: Lookup,
        version: Version,
    ) -> Result<Self, InputError> {
        let folder = |scope: &ListingScope| match scope {
            ListingScope::Folder(folder) => folder.clone(),
            ListingScope::File(file) => file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()),
        };
        let mut roots: Vec<String> = scopes.iter().map(folder).collect();
        roots.push(String::new());
        roots.dedup();
        let mut workspace = Self {
            lookup,
            roots,
            files: BTreeMap::new(),
            own: Vec::new(),
            unreadable: Vec::new(),
            passed_over: 0,
            foreign: HashMap::new(),
            version,
            listing,
        };
        let mut found = Vec::new();
        let is_wanted = |path: &str| match choose(path) {
            Choice::Skip => false,
            Choice::ByContent => may_be_schema(path),
            Choice::As(_) => true,
        };
        let paths = workspace.listing.paths(scopes, &is_wanted)?;
        let texts = workspace.listing.read(&paths);
        for (path, text) in paths.into_iter().zip(texts) {
            let named = scopes.contains(&ListingScope::File(path.clone()));
            match text {
                // JSON may be anything, also no text at all
                Err(_) if !named && is_any_json(&path) => workspace.passed_over += 1,
                Err(error) => workspace.unreadable.push((path, error)),
                Ok(None) => {}
                Ok(Some(text)) => {
                    let told = || kind_of(&path, &text).or_else(|| source::type_of(&path).filter(|_| named));
                    let kind = if let Choice::As(schema_type) = choose(&path) { Some(schema_type) } else { told() };
                    match kind {
                        Some(schema_type) => found.push((path, schema_type, Arc::<str>::from(text))),
                        None if named => {
                            let error = InputError::of(&path, "the name does not tell the format of a schema");
                            workspace.unreadable.push((path, error));
                        }
                        None => workspace.passed_over += 1,
                    }
                }
            }
        }
        found.extend(workspace.lookup.inline.iter().cloned());
        workspace.own = found.iter().map(|(path, ..)| path.clone()).collect();
        workspace.add(found);
        let named = workspace.lookup.named.clone();
        for (name, input) in named {
            let schema_type = kind_of(&input.name, &input.text).or_else(|| source::type_of(&input.name));
            let Some(schema_type) = schema_type else {
                return Err(InputError::of(&input.name, "the name does not tell the format of a schema"));
            };
            let names = names(schema_type, &input.text);
            let file = SchemaFile { input, schema_type, names, links: Vec::new(), missing: Vec::new() };
            workspace.files.insert(format!("={name}"), file);
        }
        workspace.link();
        Ok(workspace)
    }

    /// Reads the names in texts, and keeps both.
    fn add(&mut self, found: Vec<(String, SchemaType, Arc<str>)>) {
        let read = each(&found, |(_, schema_type, text)| names(*schema_type, text));
        for ((path, schema_type, text), names) in found.into_iter().zip(read) {
            let name = self.listing.name(&path);
            let location = if matches!(self.listing, Listing::Disk { .. }) { source::relative(&name) } else { path.clone() };
            let input = InputText { name, location, text };
            self.files.insert(path, SchemaFile { input, schema_type, names, links: Vec::new(), missing: Vec::new() });
        }
    }

    /// Finds what the names stand for; files that are found on the way are read, and linked in turn.
    fn link(&mut self) {
        let mut open: Vec<String> = self.files.keys().cloned().collect();
        let mut failed = HashSet::new();
        while !open.is_empty() {
            let mut owners: HashMap<(SchemaType, String), String> = HashMap::new();
            for (path, file) in &self.files {
                for name in &file.names.own {
                    owners.entry((file.schema_type, name.clone())).or_insert_with(|| path.clone());
                }
            }
            let mut found: BTreeMap<String, (SchemaType, Arc<str>)> = BTreeMap::new();
            for path in std::mem::take(&mut open) {
                let Some(file) = self.files.get(&path) else { continue };
                let (schema_type, needs) = (file.schema_type, file.names.needs.clone());
                let (mut links, mut missing) = (Vec::new(), Vec::new());
                for need in needs {
                    let given = format!("={}", need.name);
                    let by_name = |name: &String| owners.get(&(schema_type, name.clone())).cloned();
                    let owner = || by_name(&need.name).or_else(|| need.otherwise.as_ref().and_then(by_name));
                    let to = if self.files.contains_key(&given) {
                        Some((need.name.clone(), given))
                    } else if schema_type == SchemaType::Protobuf {
                        self.beside(&path, &need.name, &mut found, &mut failed, schema_type).map(|to| (need.name.clone(), to))
                    } else if let Some(to) = owner() {
                        let full = by_name(&need.name).is_some() || schema_type == SchemaType::Json;
                        let name = if full { need.name.clone() } else { need.otherwise.clone().unwrap_or_default() };
                        Some((name, to))
                    } else if schema_type == SchemaType::Json {
                        self.beside(&path, &need.name, &mut found, &mut failed, schema_type).map(|to| (need.name.clone(), to))
                    } else {
                        None
                    };
                    match to {
                        Some((_, to)) if to == path => {}
                        Some((name, to)) => links.push(FileLink { name, to }),
                        None if built_in(schema_type, &need.name) => {}
                        None => missing.push(need.name),
                    }
                }
                if let Some(file) = self.files.get_mut(&path) {
                    (file.links, file.missing) = (links, missing);
                }
            }
            found.retain(|path, _| !self.files.contains_key(path));
            open.extend(found.keys().cloned());
            self.add(found.into_iter().map(|(path, (schema_type, text))| (path, schema_type, text)).collect());
        }
    }

    /// The file that an import or a relative address stands for; read when it is a new one.
    fn beside(
        &self,
        path: &str,
        name: &str,
        found: &mut BTreeMap<String, (SchemaType, Arc<str>)>,
        failed: &mut HashSet<String>,
        schema_type: SchemaType,
    ) -> Option<String> {
        if name.contains("://") || name.starts_with('/') {
            return None;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut folders: Vec<&str> = Vec::new();
        if schema_type == SchemaType::Protobuf {
            folders.extend(self.lookup.proto_path.iter().chain(&self.roots).map(String::as_str));
            folders.extend(std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(above, _)| above)));
        } else {
            folders.push(folder);
        }
        for folder in folders {
            let Some(candidate) = plain(&format!("{folder}/{name}")) else { continue };
            if self.files.contains_key(&candidate) || found.contains_key(&candidate) {
                return Some(candidate);
            }
            if !failed.contains(&candidate)
                && let Some(Ok(Some(text))) = self.listing.read(std::slice::from_ref(&candidate)).pop()
            {
                found.insert(candidate.clone(), (schema_type, text.into()));
                return Some(candidate);
            }
            failed.insert(candidate);
        }
        None
    }

    /// Makes a name of a file stand for another file, or for what is found elsewhere.
    pub(in crate::cli) fn relink(&mut self, path: &str, name: &str, to: Option<&str>) {
        let Some(file) = self.files.get_mut(path) else { return };
        let needs = file.names.needs.iter().any(|need| need.name == name || need.otherwise.as_deref() == Some(name));
        let linked = file.links.iter().any(|link| link.name == name);
        file.links.retain(|link| link.name != name);
        file.missing.retain(|other| other != name);
        match to {
            Some(to) => file.links.push(FileLink { name: name.to_owned(), to: to.to_owned() }),
            None if needs || linked => file.missing.push(name.to_owned()),
            None => {}
        }
    }

    pub(in crate::cli) fn file(&self, path: &str) -> Option<&SchemaFile> {
        self.files.get(path)
    }

    /// The names that no file was found for, of all files.
    pub(in crate::cli) fn missing(&self) -> Vec<(SchemaType, String)> {
        let names = |file: &SchemaFile| file.missing.iter().map(|name| (file.schema_type, name.clone())).collect::<Vec<_>>();
        let mut all: Vec<_> = self.files.values().flat_map(names).collect();
        all.sort();
        all.dedup();
        all
    }

    /// What a registry has under a name: the text, after all that it refers to.
    pub(in crate::cli) fn found_elsewhere(&mut self, name: String, texts: Vec<ResolvedReference>) {
        self.foreign.insert(name, texts);
    }

    /// Everything that a file refers to, dependencies first, each name once.
    pub(in crate::cli) fn references(&self, path: &str) -> Result<Vec<ResolvedReference>, InputError> {
        let limits = Limits::default();
        let mut resolved: Vec<ResolvedReference> = Vec::new();
        let mut seen: HashMap<&str, &str> = HashMap::new();
        // a file with the next of its links; what is above it in the stack refers to it
        let mut stack: Vec<(&str, &SchemaFile, usize)> = Vec::new();
        if let Some(file) = self.files.get(path) {
            stack.push(("", file, 0));
        }
        while let Some((name, file, next)) = stack.pop() {
            if let Some(link) = file.links.get(next) {
                stack.push((name, file, next + 1));
                match seen.insert(&link.name, &link.to) {
                    Some(before) if before != link.to => {
                        let text = format!("'{}' stands for {before} in one place and for {} in another", link.name, link.to);
                        return Err(InputError::of(&file.input.name, text));
                    }
                    Some(_) => {}
                    None => {
                        if stack.len() > limits.reference_depth || seen.len() > limits.reference_count {
                            let (depth, count) = (limits.reference_depth, limits.reference_count);
                            let text = format!("references go more than {depth} levels deep or are more than {count}");
                            return Err(InputError::of(&file.input.name, text));
                        }
                        if let Some(target) = self.files.get(&link.to) {
                            stack.push((&link.name, target, 0));
                        }
                    }
                }
                continue;
            }
            let is_direct = stack.len() == 1;
            for found in file.missing.iter().filter_map(|name| self.foreign.get(name)).flatten() {
                if !resolved.iter().any(|other| other.name == found.name) {
                    resolved.push(ResolvedReference { direct: found.direct && stack.is_empty(), ..found.clone() });
                }
            }
            if !stack.is_empty() {
                resolved.push(ResolvedReference {
                    name: name.to_owned(),
                    subject: name.to_owned(),
                    version: self.version,
                    text: Arc::clone(&file.input.text),
                    direct: is_direct,
                });
            }
        }
        Ok(resolved)
    }

    /// Names of a file that neither a file nor a registry has.
    pub(in crate::cli) fn unresolved(&self, path: &str) -> Vec<String> {
        let mut open = vec![path];
        let (mut seen, mut names) = (HashSet::new(), Vec::new());
        while let Some(file) = open.pop().and_then(|path| self.files.get(path)) {
            names.extend(file.missing.iter().filter(|name| !self.foreign.contains_key(*name)).cloned());
            open.extend(file.links.iter().map(|link| link.to.as_str()).filter(|to| seen.insert(*to)));
        }
        names
    }
}

/// Files that every compiler brings along.
fn built_in(schema_type: SchemaType, name: &str) -> bool {
    match schema_type {
        SchemaType::Protobuf => ["google/", "confluent/"].iter().any(|prefix| name.starts_with(prefix)),
        SchemaType::Json => name.contains("://json-schema.org/"),
        SchemaType::Avro => false,
    }
}
