//! Protocol Buffers: proto2, proto3 and editions, by the rules of Confluent's registry, where they are not plainly broken
//! (protobuf 2.4).
//!
//! The model is a syntax tree that keeps what a file says as it says it: the canonical text is a function of it, and a file that
//! no compiler takes can still be stored and compared. Descriptors are read into it and made from it.
//!
//! The folder, in reading order:
//!
//! - `schema`, `model`: a schema and its syntax tree; `features`, `number`: what options say
//! - `parse`, `print`: from text to model and back
//! - `builtin`, `symbol_table`, `field_index`: files that are always there, and what a name means
//! - `validate_types`, `validate_fields`: what a new file must satisfy, always and under the setting `validateFields`
//! - `normalize`, `ignore_extensions`: other texts of a file
//! - `descriptor`: descriptors, in and out
//! - `compat`: the comparison, its kinds of differences, and the stricter policies
//! - `tags`: inline tags
//! - `to_logical`: what table engines make of a schema; `from_logical`: a schema for what they would have
//! - `payload`: data under a schema; `varint`: numbers of the wire format
//! - `lint`: what is valid and still worth a second look; `outline`: what a file declares
//! - `fault`: what a new file may not say; `limits`: what hostile schemas and data are held to

mod builtin;
mod compat;
mod descriptor;
mod fault;
mod features;
mod field_index;
mod from_logical;
mod ignore_extensions;
mod limits;
pub(crate) mod lint;
mod model;
mod normalize;
mod number;
mod outline;
mod parse;
mod payload;
mod print;
mod schema;
mod symbol_table;
mod tags;
mod to_logical;
mod validate_fields;
mod validate_types;
mod varint;

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use self::compat::difference_kind::DifferenceKind;
pub use self::compat::{Difference, differences};
use self::fault::Fault;
use self::from_logical::Converted;
use self::limits::{MAX_REFERENCES, MAX_TEXT_DEPTH};
use self::model::{Dependency, File, Message, join};
pub use self::payload::{PayloadValidator, message_indexes};
pub use self::schema::Schema;
use super::finding::{Finding, Place};
use super::format::{
    CheckError, CheckOptions, EntityTags, Format, ParseMode, ParseOptions, ResolvedReference, SchemaError, TagEdit, normalized,
    text_hash,
};
use super::logical::{ConversionError, LogicalType};
use super::meter;
use super::outline::Outline;
use super::position::Position;
use super::typed::Shapes;
use crate::schema::shared::{Shared, share};
use crate::types::{Metadata, SchemaType};

impl Schema {
    /// The types of the first message as rules of data contracts see them.
    pub fn shapes(&self) -> Shapes {
        PayloadValidator::new(self, None).map(|payload| payload.shapes(None)).unwrap_or_default()
    }

    /// The bytes of the file's descriptor; its name is `default`, dependencies are not inside.
    pub fn descriptor(&self) -> Vec<u8> {
        let paths: std::collections::HashSet<&str> = self.dependencies.iter().map(|dependency| &*dependency.path).collect();
        let is_known = |path: &str| paths.contains(path) || builtin::find(path).is_some();
        descriptor::encode(descriptor::DEFAULT_NAME, &self.file, &self.symbols(), is_known)
    }

    /// A `FileDescriptorSet`: the file's descriptor, named `default`, after those of all files that it needs, the built-in ones
    /// included.
    pub fn descriptor_set(&self) -> Vec<u8> {
        descriptor::descriptor_set(&self.file, &self.dependencies)
    }

    /// The full names of the messages that the file declares, in their order.
    pub fn message_names(&self) -> Vec<String> {
        self.file.message_names()
    }

    /// The indexes by which records name a message of this file, one for every scope around it (protobuf 4.1).
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
}

impl Format for Schema {
    type PayloadValidator = PayloadValidator;

    /// The text of a .proto file, or a `FileDescriptorProto` in base64.
    ///
    /// In the modes `New` and `Lookup` every type that is needed must be there (protobuf 1.5); with `validate_fields` the file
    /// must be one that Java's descriptors take, with `compiles` one that a compiler takes. `Import` and `Stored` only need a text that can be read.
    fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let checked = matches!(options.mode, ParseMode::New | ParseMode::Lookup);
        let max_depth = match options.mode {
            ParseMode::Stored => MAX_TEXT_DEPTH,
            _ => options.max_depth.min(MAX_TEXT_DEPTH),
        };
        if checked && references.len() > MAX_REFERENCES {
            return Err(SchemaError::validate(format!("more than {MAX_REFERENCES} references")));
        }
        let mut dependencies = Vec::with_capacity(references.len());
        for reference in references {
            // It could be read when it was registered, whatever the setting for the nesting is now.
            match dependency(&reference.text, &dependencies) {
                Ok(file) => dependencies.push(Dependency {
                    path: reference.name.as_str().into(),
                    subject: reference.subject.as_str().into(),
                    version: reference.version,
                    file,
                }),
                Err(error) if checked => {
                    let message = format!("reference \"{}\": {}", reference.name, error.message);
                    return Err(SchemaError::parse(message));
                }
                // A stored schema stays readable without it; its names just don't resolve.
                Err(_) => {}
            }
        }
        let ReadFile { file, canonical, from_text } = read(text, &dependencies, max_depth)?;
        let source = (from_text && canonical != text).then(|| Arc::from(text));
        let schema = Self { source, canonical: canonical.into(), file, dependencies };
        if checked {
            let symbols = schema.symbols();
            let refused = |fault: Fault| {
                let position = Some(schema.position(fault.at));
                SchemaError { stage: fault.stage, message: fault.message, position }
            };
            validate_types::validate(&schema.file, &symbols).map_err(refused)?;
            if options.validate_fields {
                validate_fields::check(&schema.file, &symbols, &schema.dependencies).map_err(refused)?;
            }
            if options.compiles {
                validate_fields::check_as_compiler(&schema.file, &symbols, &schema.dependencies).map_err(refused)?;
            }
        }
        Ok(schema)
    }

    fn schema_type(&self) -> SchemaType {
        SchemaType::Protobuf
    }

    fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical text of the normalized file (protobuf 2.3).
    fn normalized(&self) -> Result<String, SchemaError> {
        Ok(print::print(&normalize::normalize(&self.file, &self.symbols())?))
    }

    /// `serialized`: the file's descriptor in base64. `ignore_extensions`: the text without extensions.
    fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>> {
        if format.eq_ignore_ascii_case("serialized") {
            return Some(Ok(STANDARD.encode(self.descriptor())));
        }
        if format.eq_ignore_ascii_case("ignore_extensions") {
            return Some(Ok(print::print(&ignore_extensions::without_extensions(&self.file))));
        }
        None
    }

    fn bundled(&self) -> Result<Vec<u8>, SchemaError> {
        Ok(self.descriptor_set())
    }

    /// The same canonical text.
    fn equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    fn equivalence_hash(&self) -> u64 {
        text_hash(&self.canonical)
    }

    /// The full name of the first message, or of the first enum of a file without messages. A file that does nothing but import another
    /// one publicly has that one's name.
    fn name(&self) -> Option<String> {
        first_type(self.standing_for())
    }

    /// The names of the fields of the first message, in their order.
    fn root_fields(&self) -> Vec<String> {
        let Some(message) = self.standing_for().messages.first() else { return Vec::new() };
        let mut fields: Vec<_> = message.body.all_fields().map(|field| (field.at, field.name.to_string())).collect();
        fields.extend(message.body.all_groups().map(|group| (group.at, group.name.to_ascii_lowercase())));
        fields.sort();
        fields.into_iter().map(|(_, name)| name).collect()
    }

    fn tags(&self) -> Vec<EntityTags> {
        tags::list(&self.file)
    }

    fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        tags::edit(&self.file, add, remove, ignore_unknown).map(|file| print::print(&file))
    }

    fn weight(&self) -> usize {
        let texts = self.canonical.len() + self.source.as_ref().map_or(0, |source| source.len());
        let dependencies: usize =
            self.dependencies.iter().map(|dependency| share(&dependency.file, dependency.file.weight())).sum();
        size_of::<Self>() + texts + self.file.weight() + dependencies
    }

    fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        meter::with_limit(options.work_budget, || compat::check(reader, writer, options))
    }

    fn rules() -> Vec<&'static str> {
        compat::rules()
    }

    fn logical_type(&self, _metadata: Option<&Metadata>) -> Result<LogicalType, ConversionError> {
        to_logical::to_logical(self)
    }

    fn from_logical(
        logical: &LogicalType,
        name: &str,
        references: &[ResolvedReference],
        max_depth: usize,
    ) -> Result<String, ConversionError> {
        let options = ParseOptions::new(ParseMode::Lookup, max_depth);
        match from_logical::from_logical(logical, name, references)? {
            Converted::Known(text) => {
                let known = Self::parse(&text, references, &options).map(|schema| schema.canonical().to_owned());
                known.map_err(|error| ConversionError::new(error.message))
            }
            Converted::New { complete, text } => {
                let checked = Self::parse(&complete, references, &options);
                checked.map_err(|_| ConversionError::new(from_logical::NO_DESCRIPTOR))?;
                normalized::<Self>(&text, references, &options)
            }
        }
    }

    fn outline(&self) -> Outline {
        outline::outline(&self.file)
    }

    fn positions(&self, offsets: &[u32]) -> HashMap<u32, Position> {
        Position::of_all(self.source(), offsets.iter().copied())
    }

    fn places(&self, offsets: &[u32]) -> HashMap<u32, Place> {
        let names = self.file.declarations(offsets);
        let positions = Position::of_all(self.source(), offsets.iter().copied());
        let place = |(at, pointer)| (at, Place { pointer, position: positions.get(&at).copied() });
        names.into_iter().map(place).collect()
    }

    fn payload_validator(self: &Arc<Self>, part: Option<&str>, _formats: bool) -> Result<PayloadValidator, SchemaError> {
        PayloadValidator::new(self, part)
    }
}

struct ReadFile {
    file: File,
    canonical: String,
    from_text: bool,
}

/// Reads a text in either form; when it is neither, the error is that of the text.
fn read(text: &str, dependencies: &[Dependency], max_depth: usize) -> Result<ReadFile, SchemaError> {
    let error = match parse::parse(text, max_depth) {
        Ok(file) => return Ok(ReadFile { canonical: print::print(&file), file, from_text: true }),
        Err(error) => error,
    };
    let Some(found) = STANDARD.decode(text).ok().and_then(|bytes| descriptor::decode(&bytes, dependencies, max_depth)) else {
        return Err(error);
    };
    let refused = |reason: &str| SchemaError::parse(format!("{}{reason}", parse::COULD_NOT_PARSE));
    let canonical = print::print(&found.map_err(|reason| refused(&reason))?);
    // The names in a descriptor can contain anything; the text that is stored must mean the same.
    match parse::parse(&canonical, max_depth) {
        Ok(file) if print::print(&file) == canonical => Ok(ReadFile { file, canonical, from_text: false }),
        _ => Err(refused("the descriptor can't be written as the text of a .proto file")),
    }
}

/// The file that a schema refers to. What a descriptor says depends on the files that it imports itself, so only what was read from a text
/// is shared.
fn dependency(text: &str, dependencies: &[Dependency]) -> Result<Arc<File>, SchemaError> {
    static FILES: Shared<File> = Shared::new();
    let shared = FILES.get_or_read(text, MAX_TEXT_DEPTH, || parse::parse(text, MAX_TEXT_DEPTH));
    shared.or_else(|_| read(text, dependencies, MAX_TEXT_DEPTH).map(|read| Arc::new(read.file)))
}

/// The full name of a file's first message or enum.
fn first_type(file: &File) -> Option<String> {
    let messages = file.messages.iter().map(|message| &message.name);
    let name = messages.chain(file.enums.iter().map(|found| &found.name)).next()?;
    Some(join(file.package.as_deref().unwrap_or(""), name).into())
}
