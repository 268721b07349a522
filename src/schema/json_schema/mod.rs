//! JSON Schema: reading, canonical text, identity, compatibility, references, tags, document validation.
//!
//! The folder, in reading order:
//!
//! - `dialect`, `uri`, `number`, `pattern`: what a schema is written with
//! - `room`: stack for deep texts
//! - `print`: the canonical and the normalized text
//! - `documents`, `meta`, `resolve`: what a schema may refer to, and finding it; nothing is ever fetched
//! - `model`, `load`, `keywords`, `digest`: the graph the differ works on, and every reason to refuse a schema
//! - `compat`: the differ, its kinds of differences and their texts
//! - `tags`: inline tags; `bundle`: one document of many
//! - `crate_face`, `reach`: handing a schema to the `jsonschema` crate; with it `strict` (meta-schema validation), [`document`]
//!   (document validation) and [`semantic`] (the second opinion)
//!
//! The wire contract is that of Confluent's registry, where it is not plainly broken.

mod bundle;
mod compat;
mod crate_face;
mod dialect;
mod digest;
pub mod document;
mod documents;
mod keywords;
mod load;
mod meta;
mod model;
mod number;
mod pattern;
mod print;
mod reach;
mod resolve;
mod room;
mod sample;
pub mod semantic;
mod strict;
mod tags;
mod uri;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub use self::compat::kind::DifferenceKind;
use self::compat::places::{self, Locator};
use self::compat::report::{At, Found, Side};
use self::compat::{Stop, explain};
use self::documents::Documents;
use self::load::LoadError;
use self::model::Model;
use super::finding::Finding;
use super::format::{
    CheckError, CheckOptions, Direction, EntityTags, ParseMode, ParseOptions, Position, ResolvedReference, SchemaError, TagEdit,
};
use super::json::{self, ReadOptions, Value};
use crate::types::CompatibilityPolicy;

/// What a check answers for a stored schema that can't be loaded (an import, or a reference that is gone).
const UNLOADABLE: &str = "A previous schema version contains an unsupported external reference";
/// The rule id of that answer.
const UNLOADABLE_RULE: &str = "UNSUPPORTED_EXTERNAL_REFERENCE";
/// References a schema may have, those of its references included.
const MAX_REFERENCES: usize = 1_000;

/// A JSON Schema. Immutable; the model behind it is built once, when it is first needed.
#[derive(Debug)]
pub struct Schema {
    /// The text as sent, where it is not the canonical one.
    source: Option<Arc<str>>,
    canonical: Arc<str>,
    documents: Documents,
    /// The text or one it refers to is nested too deep for the caller's stack.
    deep: bool,
    model: OnceLock<Result<Model, Unloadable>>,
}

/// Why a schema has no model.
#[derive(Debug)]
struct Unloadable {
    error: SchemaError,
    /// It refers to something that is not there.
    unresolved: bool,
}

/// One difference, for tests and tools.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    /// What differs.
    pub kind: DifferenceKind,
    /// Where, in the peer's notation.
    pub path: String,
    /// Whether the policy takes it for compatible.
    pub compatible: bool,
}

impl Schema {
    /// Reads a schema.
    ///
    /// New schemas are refused for what the original's loaders refuse (see `load`). Where a schema is only looked up, references
    /// may lead nowhere; in the modes `Import` and `Stored` nothing but the JSON must be readable.
    ///
    /// # Errors
    /// [`SchemaError`] says where the fault is and what it is: `#/properties/a/minLength: expected type: Integer, found: String`.
    pub fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let deep = room::is_deep(text) || references.iter().any(|reference| room::is_deep(&reference.text));
        room::run_if(deep, || Self::read(text, references, options, deep)).unwrap_or_else(|| Err(no_room()))
    }

    fn read(text: &str, references: &[ResolvedReference], options: &ParseOptions, deep: bool) -> Result<Self, SchemaError> {
        let read = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: options.max_depth };
        let root = json::read(text, read).map_err(|error| error.into_schema_error(text))?;
        let (canonical, unprintable) = print::canonical(&root);
        let judged = matches!(options.mode, ParseMode::New | ParseMode::Lookup);
        if let Some(offset) = unprintable.filter(|_| judged) {
            let at = position(text, offset);
            let message = format!("number out of range at line {}, column {}", at.line, at.column);
            return Err(SchemaError::parse(message).at(at));
        }
        if judged && references.len() > MAX_REFERENCES {
            return Err(SchemaError::validate(format!("#: more than {MAX_REFERENCES} references")));
        }
        let source = (canonical != text).then(|| Arc::from(text));
        let documents = Documents::new(root, references, options.max_depth);
        let schema = Self { source, canonical: canonical.into(), documents, deep, model: OnceLock::new() };
        if judged {
            schema.judge(options)?;
        }
        Ok(schema)
    }

    /// Everything a schema can be refused for once it has been read. One that refers to something that is not there can't be
    /// registered, but it may have been imported, so it can be looked up.
    fn judge(&self, options: &ParseOptions) -> Result<(), SchemaError> {
        match self.load() {
            Ok(_) => {}
            Err(unloadable) if unloadable.unresolved && options.mode == ParseMode::Lookup => {}
            Err(unloadable) => return Err(unloadable.error.clone()),
        }
        if options.validate_fields {
            self.refuse_reserved_names()?;
        }
        if options.strict_metaschema {
            let fault = self.root().and_then(|root| strict::fault(root, self.documents.dialect));
            fault.map_or(Ok(()), |fault| Err(SchemaError::validate(fault)))?;
        }
        Ok(())
    }

    /// The text that is stored.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical text with the keys of every object sorted (`normalize=true`).
    ///
    /// # Errors
    /// Only when a deep text finds no stack.
    pub fn normalized(&self) -> Result<String, SchemaError> {
        let text = || self.root().map_or_else(String::new, print::normalized);
        room::run_if(self.deep, text).ok_or_else(no_room)
    }

    /// JSON Schema has no other formats.
    #[must_use]
    pub fn formatted(&self, _format: &str) -> Option<Result<String, SchemaError>> {
        None
    }

    /// Whether two schemas are the same schema: the same canonical text. Key order, titles and `1` against `1.0` all count.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    /// The title.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.root()?.as_object()?.get("title")?.as_str().map(str::to_owned)
    }

    /// The identifier that the root gives itself, as it is written.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.root()?.as_object()?.get(self.documents.dialect.id_keyword())?.as_str()
    }

    /// One self-contained document: what the schema refers to stands among its definitions, each under its own identifier. A
    /// reference that would not be found that way is rewritten.
    ///
    /// # Errors
    /// Only when a deep text finds no stack.
    pub fn bundled(&self) -> Result<String, SchemaError> {
        room::run_if(self.deep, || bundle::bundle(&self.documents)).ok_or_else(no_room)
    }

    /// The names of the properties declared at the root.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        let properties =
            self.root().and_then(Value::as_object).and_then(|root| root.get("properties")).and_then(Value::as_object);
        properties.map_or_else(Vec::new, |p| p.members().iter().map(|member| member.key.to_string()).collect())
    }

    /// The inline tags (`confluent:tags`) of objects and properties.
    #[must_use]
    pub fn tags(&self) -> Vec<EntityTags> {
        let tags = || self.root().map_or_else(Vec::new, tags::list);
        room::run_if(self.deep, tags).unwrap_or_default()
    }

    /// The text with inline tags added and removed.
    ///
    /// # Errors
    /// `No matching path '<path>' found in the schema` for an entity that is not there, unless told to ignore it.
    pub fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        let edit = || match self.root() {
            Some(root) => tags::edit(root, add, remove, ignore_unknown),
            None => Ok(self.canonical.to_string()),
        };
        room::run_if(self.deep, edit).unwrap_or_else(|| Err(no_room()))
    }

    /// Rough bytes held, for a cache.
    #[must_use]
    pub fn weight(&self) -> usize {
        // Values cost several times their text; the model about as much again.
        let texts = self.canonical.len() * 8 + self.source.as_ref().map_or(0, |source| source.len());
        let model = self.model.get().and_then(|model| model.as_ref().ok()).map_or(0, Model::weight);
        size_of::<Self>() + texts + self.documents.weight() + model
    }

    /// Whether `reader` reads what `writer` writes; no finding means it does.
    ///
    /// # Errors
    /// [`CheckError`] when the work budget runs out: no verdict.
    pub fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        let (Ok(original), Ok(update)) = (writer.model(), reader.model()) else {
            return Ok(vec![unloadable()]);
        };
        let found = compat::compare(original, update, options.policy, options.work_budget, true)
            .map_err(|stop| exhausted(stop, options.work_budget))?;
        let findings = || findings(&found, (writer, original), (reader, update), options.direction);
        let found = room::run_if(reader.deep || writer.deep, findings);
        found.ok_or(CheckError::BudgetExhausted { limit: options.work_budget })
    }

    fn root(&self) -> Option<&Value> {
        self.documents.own()
    }

    fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    fn model(&self) -> Result<&Model, &SchemaError> {
        self.load().map_err(|unloadable| &unloadable.error)
    }

    fn load(&self) -> Result<&Model, &Unloadable> {
        let load = || load::load(&self.documents).map_err(|fault| self.unloadable(&fault));
        let no_room = || Err(Unloadable { error: no_room(), unresolved: false });
        self.model.get_or_init(|| room::run_if(self.deep, load).unwrap_or_else(no_room)).as_ref()
    }

    fn unloadable(&self, fault: &LoadError) -> Unloadable {
        let root = self.documents.root(fault.document).ok();
        let pointer = root.and_then(|root| places::pointer_of(root, fault.offset)).unwrap_or_default();
        let name = if fault.document == 0 { "" } else { self.documents.base(fault.document) };
        let error = SchemaError::validate(format!("{name}#{pointer}: {}", fault.message));
        let error = if fault.document == 0 { error.at(position(self.source(), fault.offset)) } else { error };
        Unloadable { error, unresolved: fault.unresolved }
    }

    /// Names that begin with `$$` are reserved at the root.
    fn refuse_reserved_names(&self) -> Result<(), SchemaError> {
        let properties =
            self.root().and_then(Value::as_object).and_then(|root| root.get("properties")).and_then(Value::as_object);
        let reserved = properties.and_then(|p| p.members().iter().find(|member| member.key.starts_with("$$")));
        match reserved {
            None => Ok(()),
            Some(member) => {
                let error = SchemaError::validate("#: Field names cannot start with $$ prefix");
                Err(error.at(position(self.source(), member.key_offset)))
            }
        }
    }
}

/// All differences between two schemas under a policy, compatible ones included.
///
/// # Errors
/// The reason why a schema can't be loaded, or that the comparison is too large.
pub fn differences(original: &Schema, update: &Schema, policy: CompatibilityPolicy) -> Result<Vec<Difference>, SchemaError> {
    const BUDGET: u64 = 1_000_000;
    let models = (original.model().map_err(Clone::clone)?, update.model().map_err(Clone::clone)?);
    let found = compat::compare(models.0, models.1, policy, BUDGET, false)
        .map_err(|_| SchemaError::validate("the comparison is too large".to_owned()))?;
    let difference = |found: Found| {
        let kind = found.leaf.kind;
        Difference { kind, path: found.path, compatible: kind.is_compatible(policy) }
    };
    Ok(found.into_iter().map(difference).collect())
}

fn position(text: &str, offset: u32) -> Position {
    Position::of(text, usize::try_from(offset).unwrap_or(usize::MAX))
}

fn no_room() -> SchemaError {
    SchemaError::validate("#: nested too deep for the memory at hand")
}

fn exhausted(stop: Stop, limit: u64) -> CheckError {
    match stop {
        Stop::Budget | Stop::TooDeep => CheckError::BudgetExhausted { limit },
    }
}

fn unloadable() -> Finding {
    Finding {
        rule: UNLOADABLE_RULE,
        path: "#/".to_owned(),
        message: UNLOADABLE.to_owned(),
        new: None,
        old: None,
        explanation: "A schema in this check refers to something that is not stored here, so it can't be compared.".to_owned(),
        remedy: "Register that schema again with everything it refers to declared in \"references\".".to_owned(),
        counter_example: None,
    }
}

/// Turns differences into findings. The candidate is the reader in one direction and the writer in the other.
fn findings(found: &[Found], original: (&Schema, &Model), update: (&Schema, &Model), direction: Direction) -> Vec<Finding> {
    let side = |(schema, model): (&Schema, &Model), pick: fn(&Found) -> Option<At>| {
        let spot = |at: At| {
            let node = model.node(at.node);
            (node.document, node.offset)
        };
        let locator = Locator::new(&schema.documents, found.iter().filter_map(pick).map(spot));
        let places: Vec<_> = found
            .iter()
            .map(|found| pick(found).map(spot).and_then(|(document, offset)| locator.place(document, offset, &found.leaf.step)))
            .collect();
        let offsets = places.iter().flatten().filter_map(|(_, offset)| *offset);
        let positions: HashMap<u32, Position> = places::positions(schema.source(), offsets);
        places.into_iter().map(|place| places::finish(place, &positions)).collect::<Vec<_>>()
    };
    let in_original = side(original, |found| found.leaf.original.filter(|at| at.side == Side::Original));
    let in_update = side(update, |found| found.leaf.update.filter(|at| at.side == Side::Update));
    let (reader, writer) = (direction.reader(), direction.writer());
    let finding = |((found, original), update): ((&Found, _), _)| {
        let (new, old) = match direction {
            Direction::Backward => (update, original),
            Direction::Forward => (original, update),
        };
        let kind = found.leaf.kind;
        let (explanation, remedy) = explain::explain(&found.leaf, reader, writer);
        Finding {
            rule: kind.name(),
            path: found.path.clone(),
            message: kind.message(&found.path, reader, writer),
            new,
            old,
            explanation,
            remedy,
            counter_example: None,
        }
    };
    found.iter().zip(in_original).zip(in_update).map(finding).collect()
}
