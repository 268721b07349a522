//! What a schema refers to, found in files: `--reference` for any format, `--proto-path` for imports.

use std::collections::HashSet;
use std::path::Path;

use super::input_error::InputError;
use super::source::{self, InputText};
use crate::registry::Limits;
use crate::schema::{ParseMode, ParseOptions, Parsed, ResolvedReference};
use crate::types::{SchemaType, Version};

/// Where references are looked for.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct ReferenceLocations {
    /// Names with their texts, as given.
    named: Vec<(String, InputText)>,
    /// Folders that imports are relative to.
    folders: Vec<String>,
    /// The version that what is found here gets: the engines take two references of one version for the same text.
    version: Version,
}

impl ReferenceLocations {
    /// Reads the named files: `name=path` each.
    pub(in crate::cli) fn new(named: &[String], folders: &[String], version: Version) -> Result<Self, InputError> {
        let mut places = Self { named: Vec::new(), folders: folders.to_vec(), version };
        for folder in folders {
            if !Path::new(folder).is_dir() {
                return Err(InputError::of(folder, "is not a folder"));
            }
        }
        for pair in named {
            let split = pair.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty());
            let Some((name, path)) = split else {
                return Err(InputError::new(format!("reference '{pair}': expected NAME=PATH")));
            };
            if places.named.iter().any(|(other, _)| other == name) {
                return Err(InputError::new(format!("reference '{name}' is given twice")));
            }
            places.named.push((name.to_owned(), source::read(path)?));
        }
        Ok(places)
    }

    /// Everything that a text refers to, dependencies first.
    pub(in crate::cli) fn resolve(&self, schema_type: SchemaType, text: &str) -> Result<Vec<ResolvedReference>, InputError> {
        match schema_type {
            SchemaType::Avro => self.avro(),
            SchemaType::Json => self.named.iter().map(|(name, text)| self.read_alone(schema_type, name, text, true)).collect(),
            SchemaType::Protobuf => self.protobuf(text),
        }
    }

    /// Avro reads references one after the other; files may be given in any order.
    fn avro(&self) -> Result<Vec<ResolvedReference>, InputError> {
        let mut resolved = Vec::new();
        let mut waiting: Vec<&(String, InputText)> = self.named.iter().collect();
        let options = ParseOptions::new(ParseMode::Lookup, max_depth(SchemaType::Avro));
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut first = None;
            waiting.retain(|(name, text)| match Parsed::parse(SchemaType::Avro, &text.text, &resolved, &options) {
                Ok(_) => {
                    resolved.push(self.reference(name, text, true));
                    false
                }
                Err(error) => {
                    first.get_or_insert_with(|| InputError::refused(&text.name, &error));
                    true
                }
            });
            if let (true, Some(error)) = (waiting.len() == before, first) {
                return Err(error);
            }
        }
        Ok(resolved)
    }

    fn protobuf(&self, text: &str) -> Result<Vec<ResolvedReference>, InputError> {
        let mut graph = ImportGraph { places: self, seen: HashSet::new(), resolved: Vec::new() };
        for (name, text) in &self.named {
            graph.add(name, text, true, 1)?;
        }
        graph.imports_of(text, true, 1)?;
        Ok(graph.resolved)
    }

    fn import(&self, path: &str) -> Result<Option<InputText>, InputError> {
        if let Some((_, text)) = self.named.iter().find(|(name, _)| name == path) {
            return Ok(Some(text.clone()));
        }
        let inside = |folder: &String| Path::new(folder).join(path);
        let plain = !Path::new(path).is_absolute() && !path.split('/').any(|part| part == "..");
        let found = self.folders.iter().map(inside).find(|file| plain && file.is_file());
        found.map(|file| source::read(&file.to_string_lossy())).transpose()
    }

    /// A reference whose text can be read at all; else the error would seem to be the referring file's.
    fn read_alone(
        &self,
        schema_type: SchemaType,
        name: &str,
        found: &InputText,
        direct: bool,
    ) -> Result<ResolvedReference, InputError> {
        let options = ParseOptions::new(ParseMode::Import, max_depth(schema_type));
        match Parsed::parse(schema_type, &found.text, &[], &options) {
            Ok(_) => Ok(self.reference(name, found, direct)),
            Err(error) => Err(InputError::refused(&found.name, &error)),
        }
    }

    fn reference(&self, name: &str, found: &InputText, direct: bool) -> ResolvedReference {
        let (subject, text) = (name.to_owned(), found.text.clone());
        ResolvedReference { name: name.to_owned(), subject, version: self.version, text, direct }
    }
}

/// Imports collected so far.
struct ImportGraph<'a> {
    places: &'a ReferenceLocations,
    seen: HashSet<String>,
    resolved: Vec<ResolvedReference>,
}

impl ImportGraph<'_> {
    /// A file after all that it imports; a path seen before is skipped, which also ends circles.
    fn add(&mut self, path: &str, text: &InputText, direct: bool, depth: usize) -> Result<(), InputError> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let limits = Limits::default();
        if depth > limits.reference_depth || self.seen.len() > limits.reference_count {
            let (depth, count) = (limits.reference_depth, limits.reference_count);
            return Err(InputError::of(&text.name, format!("imports go more than {depth} levels deep or are more than {count}")));
        }
        let reference = self.places.read_alone(SchemaType::Protobuf, path, text, direct)?;
        self.imports_of(&text.text, false, depth + 1)?;
        self.resolved.push(reference);
        Ok(())
    }

    /// An import without a file is skipped: it may be built in, and else the parser reports the missing type.
    fn imports_of(&mut self, text: &str, direct: bool, depth: usize) -> Result<(), InputError> {
        for path in imports(text) {
            if let Some(found) = self.places.import(&path)? {
                self.add(&path, &found, direct, depth)?;
            }
        }
        Ok(())
    }
}

/// The import paths of a .proto file, read off its canonical text, in which each stands on a line of its own.
pub(in crate::cli) fn imports(text: &str) -> Vec<String> {
    let options = ParseOptions::new(ParseMode::Import, max_depth(SchemaType::Protobuf));
    let Ok(parsed) = Parsed::parse(SchemaType::Protobuf, text, &[], &options) else { return Vec::new() };
    let path = |line: &str| {
        let quoted = line.strip_prefix("import ")?.strip_suffix("\";")?;
        quoted.split_once('"').map(|(_, path)| path.to_owned())
    };
    parsed.canonical().lines().filter_map(path).collect()
}

/// The nesting that the server allows by default.
pub(in crate::cli) fn max_depth(schema_type: SchemaType) -> usize {
    let limits = Limits::default();
    match schema_type {
        SchemaType::Avro => limits.avro_depth,
        SchemaType::Protobuf => limits.protobuf_depth,
        SchemaType::Json => limits.json_depth,
    }
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn imports_are_read_off_the_file() {
        let text =
            "syntax = \"proto3\";\n/* import \"no.proto\"; */ import public \"b/c.proto\"; import 'a.proto';\nmessage M {}";
        assert_eq!(imports(text), ["a.proto", "b/c.proto"]);
        assert!(imports("message {").is_empty());
    }
}
