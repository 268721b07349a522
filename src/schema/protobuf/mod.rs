//! Protocol Buffers: reading, canonical text, identity, compatibility, references, tags, descriptors.
//!
//! The model is a syntax tree that keeps what a file says as it says it: the canonical text is a function of the tree, and a
//! file that no compiler takes can still be stored and compared. Descriptors are read into it and made from it.
//!
//! The folder, in reading order:
//!
//! - `tree`, `reader`, `parser`, `printer`: from text to tree and back
//! - `builtin`, `names`, `members`: files that are always there, and what a name means
//! - `validate`, `strict`: what a new file must satisfy, by default and with `validateFields`
//! - `numbers`, `merge`, `normalize`, `features`: the normalized text
//! - `wire`, `option_bytes`, `decode`, `encode`, `set`: descriptors
//! - `formats`, `tags`: other texts of a file
//! - `compat`: the differ, its kinds of differences, and the stricter policies
//! - `payload`: data under a schema
//!
//! The wire contract is that of Confluent's registry, where it is not plainly broken.

mod builtin;
mod compat;
mod decode;
mod encode;
mod features;
mod formats;
mod members;
mod merge;
mod names;
mod normalize;
mod numbers;
mod option_bytes;
mod parser;
mod payload;
mod printer;
mod reader;
mod set;
mod strict;
mod tags;
mod tree;
mod validate;
mod wire;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use self::compat::kind::DifferenceKind;
use self::names::{Dependency, Names, join};
pub use self::payload::{Payload, message_indexes};
use self::tree::{File, ImportKind, Message, Offset};
use super::finding::Finding;
use super::format::{
    CheckError, CheckOptions, Direction, EntityTags, ParseMode, ParseOptions, Position, ResolvedReference, SchemaError, TagEdit,
};

/// References a schema may have, those of its references included.
const MAX_REFERENCES: usize = 1_000;
/// Nesting that the engine itself can stand; stored texts are read up to it, whatever the setting is now.
const HARD_DEPTH: usize = 200;

/// A .proto file. Immutable.
#[derive(Debug)]
pub struct Schema {
    /// The text that the tree's offsets count in, where it is not the canonical one.
    source: Option<Arc<str>>,
    canonical: Arc<str>,
    file: File,
    dependencies: Vec<Dependency>,
}

/// One difference, for tests and tools.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    /// What differs.
    pub kind: DifferenceKind,
    /// Where, in the peer's notation.
    pub path: String,
}

impl Schema {
    /// Reads a schema: the text of a .proto file, or a `FileDescriptorProto` in base64.
    ///
    /// In the modes `New` and `Lookup` every type that is needed must be there (protobuf 1.5); with `validate_fields` the file
    /// must be one that a compiler takes. `Import` and `Stored` only need a text that can be read.
    ///
    /// # Errors
    /// [`SchemaError`] says what is wrong and where: `Syntax error in :4:1: unexpected label: x`, `Could not resolve type: X`.
    pub fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let judged = matches!(options.mode, ParseMode::New | ParseMode::Lookup);
        let max_depth = match options.mode {
            ParseMode::Stored => HARD_DEPTH,
            _ => options.max_depth.min(HARD_DEPTH),
        };
        if judged && references.len() > MAX_REFERENCES {
            return Err(SchemaError::validate(format!("more than {MAX_REFERENCES} references")));
        }
        let mut dependencies = Vec::with_capacity(references.len());
        for reference in references {
            // What was stored was read once; its nesting is no longer judged.
            match read(&reference.text, &dependencies, HARD_DEPTH) {
                Ok(Read { file, .. }) => dependencies.push(Dependency {
                    path: reference.name.as_str().into(),
                    subject: reference.subject.as_str().into(),
                    version: reference.version,
                    file,
                }),
                Err(error) if judged => {
                    let message = format!("reference \"{}\": {}", reference.name, error.message);
                    return Err(SchemaError::parse(message));
                }
                // A stored schema stays readable without it; its names just don't resolve.
                Err(_) => {}
            }
        }
        let Read { file, canonical, from_text } = read(text, &dependencies, max_depth)?;
        let source = (from_text && canonical != text).then(|| Arc::from(text));
        let schema = Self { source, canonical: canonical.into(), file, dependencies };
        if judged {
            let names = schema.names();
            let refused = |fault: validate::Fault| SchemaError::validate(fault.message).at(schema.position(fault.at));
            validate::validate(&schema.file, &names).map_err(refused)?;
            if options.validate_fields {
                strict::check(&schema.file, &names, &schema.dependencies).map_err(refused)?;
            }
        }
        Ok(schema)
    }

    /// The text that is stored.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical text of the normalized file (protobuf 2.3).
    ///
    /// # Errors
    /// `Could not resolve type: X` when a type is missing.
    pub fn normalized(&self) -> Result<String, SchemaError> {
        Ok(printer::print(&normalize::normalize(&self.file, &self.names())?))
    }

    /// `serialized`: the file's descriptor in base64. `ignore_extensions`: the text without extensions. `None` for any other
    /// format, which means the canonical text.
    #[must_use]
    pub fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>> {
        if format.eq_ignore_ascii_case("serialized") {
            return Some(Ok(STANDARD.encode(self.descriptor())));
        }
        if format.eq_ignore_ascii_case("ignore_extensions") {
            return Some(Ok(printer::print(&formats::without_extensions(&self.file))));
        }
        None
    }

    /// The bytes of the file's descriptor; its name is `default`, dependencies are not inside.
    #[must_use]
    pub fn descriptor(&self) -> Vec<u8> {
        let paths: std::collections::HashSet<&str> = self.dependencies.iter().map(|dependency| &*dependency.path).collect();
        let is_known = |path: &str| paths.contains(path) || builtin::find(path).is_some();
        encode::encode(encode::NAME, &self.file, &self.names(), is_known)
    }

    /// A `FileDescriptorSet`: the file's descriptor, named `default`, after those of all files that it needs, the built-in ones
    /// included.
    #[must_use]
    pub fn descriptor_set(&self) -> Vec<u8> {
        set::descriptor_set(&self.file, &self.dependencies)
    }

    /// The full names of the messages that the file declares, in their order.
    #[must_use]
    pub fn message_names(&self) -> Vec<String> {
        names::messages(&self.file)
    }

    /// Whether two schemas are the same schema: the same canonical text.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    /// The full name of the first message, or of the first enum of a file without messages. A file that only passes another one
    /// on has that one's name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        first_type(self.standing_for())
    }

    /// The names of the fields of the first message, in their order.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        let Some(message) = self.standing_for().messages.first() else { return Vec::new() };
        let mut fields: Vec<_> = message.body.all_fields().map(|field| (field.at, field.name.to_string())).collect();
        fields.extend(message.body.all_groups().map(|group| (group.at, group.name.to_ascii_lowercase())));
        fields.sort();
        fields.into_iter().map(|(_, name)| name).collect()
    }

    /// The path by which records name a message of this file: its index in every scope on the way (protobuf 4.1).
    #[must_use]
    pub fn message_indexes(&self, full_name: &str) -> Option<Vec<usize>> {
        let package = self.file.package.as_deref().unwrap_or("");
        let name = full_name.strip_prefix('.').unwrap_or(full_name);
        let mut rest = if package.is_empty() { name } else { name.strip_prefix(package)?.strip_prefix('.')? };
        let mut messages: &[Message] = &self.file.messages;
        let mut indexes = Vec::new();
        loop {
            let (head, tail) = rest.split_once('.').map_or((rest, None), |(head, tail)| (head, Some(tail)));
            let at = messages.iter().position(|message| &*message.name == head)?;
            indexes.push(at);
            match tail {
                None => return Some(indexes),
                Some(tail) => rest = tail,
            }
            messages = &messages.get(at)?.body.messages;
        }
    }

    /// The inline tags of messages and fields.
    #[must_use]
    pub fn tags(&self) -> Vec<EntityTags> {
        tags::list(&self.file)
    }

    /// The text with inline tags added and removed.
    ///
    /// # Errors
    /// `No matching Field with name 'x' found in the schema` for an entity that is not there, unless told to ignore it.
    pub fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        tags::edit(&self.file, add, remove, ignore_unknown).map(|file| printer::print(&file))
    }

    /// Rough bytes held, for a cache.
    #[must_use]
    pub fn weight(&self) -> usize {
        let texts = self.canonical.len() + self.source.as_ref().map_or(0, |source| source.len());
        let dependencies: usize = self.dependencies.iter().map(|dependency| tree_weight(&dependency.file)).sum();
        size_of::<Self>() + texts + tree_weight(&self.file) + dependencies
    }

    /// Whether `reader` reads what `writer` writes; no finding means it does.
    ///
    /// # Errors
    /// [`CheckError`] when the work budget runs out: no verdict.
    pub fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        compat::check(reader, writer, options)
    }

    fn names(&self) -> Names<'_> {
        Names::new(&self.file, &self.dependencies)
    }

    fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    fn position(&self, at: Offset) -> Position {
        Position::of(self.source(), usize::try_from(at).unwrap_or(usize::MAX))
    }

    /// The file itself, or the one it passes on when it does nothing else.
    fn standing_for(&self) -> &File {
        let file = &self.file;
        match file.imports.as_slice() {
            [import] if import.kind == ImportKind::Public && file.messages.is_empty() && file.enums.is_empty() => {
                let found = self.dependencies.iter().find(|dependency| dependency.path == import.path);
                let builtin = || builtin::find(&import.path).and_then(|at| builtin::all().get(at)).map(|builtin| &builtin.file);
                found.map(|found| &found.file).or_else(builtin).unwrap_or(file)
            }
            _ => file,
        }
    }
}

/// All differences between two schemas, compatible ones included.
///
/// # Errors
/// When the comparison is too large.
pub fn differences(original: &Schema, update: &Schema) -> Result<Vec<Difference>, CheckError> {
    compat::differences(original, update)
}

struct Read {
    file: File,
    canonical: String,
    from_text: bool,
}

/// Reads a text in either form; when it is neither, the error is that of the text.
fn read(text: &str, dependencies: &[Dependency], max_depth: usize) -> Result<Read, SchemaError> {
    let error = match parser::parse(text, max_depth) {
        Ok(file) => return Ok(Read { canonical: printer::print(&file), file, from_text: true }),
        Err(error) => error,
    };
    let Some(found) = STANDARD.decode(text).ok().and_then(|bytes| decode::decode(&bytes, dependencies, max_depth)) else {
        return Err(error);
    };
    let refused = |reason: &str| SchemaError::parse(format!("{}{reason}", reader::COULD_NOT_PARSE));
    let canonical = printer::print(&found.map_err(|reason| refused(&reason))?);
    // A descriptor's names can hold anything; what is stored must read back as what was meant.
    match parser::parse(&canonical, max_depth) {
        Ok(file) if printer::print(&file) == canonical => Ok(Read { file, canonical, from_text: false }),
        _ => Err(refused("the descriptor can't be written as the text of a .proto file")),
    }
}

/// The full name of a file's first message or enum.
fn first_type(file: &File) -> Option<String> {
    let messages = file.messages.iter().map(|message| &message.name);
    let name = messages.chain(file.enums.iter().map(|found| &found.name)).next()?;
    Some(join(file.package.as_deref().unwrap_or(""), name).into())
}

/// Bytes of a tree, roughly: what its nodes cost, whatever their texts are.
fn tree_weight(file: &File) -> usize {
    let messages: usize = file.messages.iter().map(|message| body_weight(&message.body)).sum();
    let enums: usize = file.enums.iter().map(enum_weight).sum();
    let services: usize = file.services.iter().map(|service| 200 + 200 * service.rpcs.len()).sum();
    let extends: usize = file.extends.iter().map(|extend| 200 + 256 * extend.fields.len()).sum();
    500 + messages + enums + services + extends
}

fn body_weight(body: &tree::Body) -> usize {
    let fields: usize = body.all_fields().map(|field| 256 + 160 * field.options.len()).sum();
    let groups: usize = body.all_groups().map(|group| body_weight(&group.body)).sum();
    let messages: usize = body.messages.iter().map(|message| body_weight(&message.body)).sum();
    400 + fields + groups + messages + body.enums.iter().map(enum_weight).sum::<usize>()
}

fn enum_weight(found: &tree::Enum) -> usize {
    200 + 96 * found.constants.len()
}
