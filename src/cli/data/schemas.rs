//! Schemas of data, from files and from a registry, each made ready once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::arguments::SchemaArguments;
use crate::cli::api::{Api, block_on, segment};
use crate::cli::check::folder::kind_of;
use crate::cli::check::{InputError, LoadOptions, LoadedSchema, ReferenceLocations, Remote, read, type_of};
use crate::cli::registry::RegistryOptions;
use crate::cloudevents::WriterId;
use crate::schema::{ParseMode, ParseOptions, Parsed, PayloadValidator};
use crate::types::Guid;

/// A schema that is ready for data, and what a registry calls it.
#[derive(Debug)]
pub(in crate::cli) struct DataSchema {
    pub(in crate::cli) parsed: Parsed,
    pub(in crate::cli) payload: PayloadValidator,
    /// Members of a line that is printed.
    pub(in crate::cli) facts: Value,
}

impl DataSchema {
    pub(in crate::cli) fn id(&self) -> Option<i32> {
        self.facts.get("id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok())
    }

    pub(in crate::cli) fn guid(&self) -> Option<Guid> {
        self.facts.get("guid").and_then(Value::as_str).and_then(Guid::parse)
    }
}

/// Where schemas come from.
pub(in crate::cli) struct Schemas<'a> {
    arguments: &'a SchemaArguments,
    place: &'a RegistryOptions,
    api: Option<Api>,
    known: HashMap<String, Arc<DataSchema>>,
}

impl<'a> Schemas<'a> {
    pub(in crate::cli) fn new(arguments: &'a SchemaArguments, place: &'a RegistryOptions) -> Self {
        Self { arguments, place, api: None, known: HashMap::new() }
    }

    /// The schema that flags name.
    pub(in crate::cli) fn named(&mut self) -> Result<Option<Arc<DataSchema>>, InputError> {
        let asked = self.arguments;
        match (&asked.schema, &asked.subject, asked.id, &asked.guid) {
            (Some(file), ..) => self.file(file).map(Some),
            (_, Some(subject), ..) => self.subject(subject).map(Some),
            (_, _, Some(id), _) => self.writer(WriterId::Id(id)),
            (_, _, _, Some(guid)) => {
                let guid = Guid::parse(guid).ok_or_else(|| InputError::new(format!("{guid} is no guid")))?;
                self.writer(WriterId::Guid(guid))
            }
            _ => Ok(None),
        }
    }

    /// What somebody reads with: a file, or a version of a subject; what is there as a file is one.
    pub(in crate::cli) fn reader(&mut self, which: &str) -> Result<Arc<DataSchema>, InputError> {
        if Path::new(which).exists() { self.file(which) } else { self.subject(which) }
    }

    fn file(&mut self, file: &str) -> Result<Arc<DataSchema>, InputError> {
        if let Some(known) = self.known.get(file) {
            return Ok(Arc::clone(known));
        }
        let asked = self.arguments;
        let input = read(file)?;
        let told = || kind_of(file, &input.text).or_else(|| type_of(file));
        let schema_type = asked.schema_type.or_else(told);
        let schema_type = schema_type
            .ok_or_else(|| InputError::of(&input.name, "the name does not tell the format: --type avro, protobuf or json"))?;
        let places = ReferenceLocations::new(&asked.reference, &asked.proto_path, 0)?;
        let reading = LoadOptions { mode: ParseMode::Lookup, validate_fields: false, strict: false, normalize: false };
        let loaded = LoadedSchema::file(schema_type, input, &places, reading)?;
        self.keep(file, &loaded.parsed, json!({ "schema": file, "schemaType": schema_type.as_str() }))
    }

    /// `SUBJECT` or `SUBJECT@VERSION`.
    fn subject(&mut self, which: &str) -> Result<Arc<DataSchema>, InputError> {
        if let Some(known) = self.known.get(which) {
            return Ok(Arc::clone(known));
        }
        let (subject, version) = which.rsplit_once('@').unwrap_or((which, "latest"));
        let api = self.api()?;
        let found = block_on(api.version(subject, version))?;
        let found = found.ok_or_else(|| api.failed(format!("{subject} has no version {version}")))?;
        self.answered(which, &found)
    }

    /// The schema of an id or a guid; `None` where the registry has none.
    pub(in crate::cli) fn writer(&mut self, writer: WriterId) -> Result<Option<Arc<DataSchema>>, InputError> {
        let path = match writer {
            WriterId::Id(id) => {
                let context = self.arguments.context.as_deref().map(|context| format!(":{context}:"));
                let query = context.map_or_else(String::new, |context| format!("?subject={}", segment(&context)));
                format!("/schemas/ids/{id}{query}")
            }
            WriterId::Guid(guid) => format!("/schemas/guids/{guid}"),
        };
        if let Some(known) = self.known.get(&path) {
            return Ok(Some(Arc::clone(known)));
        }
        let api = self.api()?;
        let Some(mut found) = block_on(api.find(&path))? else { return Ok(None) };
        if let (Some(members), WriterId::Id(id)) = (found.as_object_mut(), writer) {
            members.insert("id".to_owned(), id.into());
            let path = format!("/schemas/ids/{id}/versions");
            let holders = block_on(api.find(&path))?;
            // which subject it is of is for people; there may be several, and then the first is named
            if let Some(holder) = holders.as_ref().and_then(Value::as_array).and_then(|holders| holders.first()) {
                for key in ["subject", "version"] {
                    members.insert(key.to_owned(), holder.get(key).cloned().unwrap_or_default());
                }
            }
        }
        self.answered(&path, &found).map(Some)
    }

    /// The schema in a container file.
    pub(in crate::cli) fn text(&mut self, text: &str) -> Result<Arc<DataSchema>, InputError> {
        let refused = |error| InputError::refused("the schema of the file", &error);
        let options = ParseOptions::new(ParseMode::Stored, crate::registry::Limits::default().avro_depth);
        let parsed = Parsed::parse(crate::types::SchemaType::Avro, text, &[], &options).map_err(refused)?;
        self.keep(text, &parsed, json!({}))
    }

    fn api(&mut self) -> Result<Api, InputError> {
        if self.api.is_none() {
            self.api = Some(self.place.api()?);
        }
        self.api.clone().ok_or_else(|| InputError::new("no registry"))
    }

    /// A schema as a registry answers.
    fn answered(&mut self, name: &str, answer: &Value) -> Result<Arc<DataSchema>, InputError> {
        let api = self.api()?;
        let subject = answer.get("subject").and_then(Value::as_str).unwrap_or_default();
        let mut remote = Remote::of(&api.client, subject, false);
        let loaded = block_on(remote.answered(answer))?;
        let mut facts = serde_json::Map::new();
        for key in ["subject", "version", "id", "guid", "schemaType"] {
            if let Some(value) = answer.get(key) {
                facts.insert(key.to_owned(), value.clone());
            }
        }
        facts.entry("schemaType").or_insert_with(|| loaded.parsed.schema_type().as_str().into());
        self.keep(name, &loaded.parsed, facts.into())
    }

    fn keep(&mut self, name: &str, parsed: &Parsed, facts: Value) -> Result<Arc<DataSchema>, InputError> {
        // a message of Protobuf is chosen for each piece of data
        let part = self.arguments.message.as_deref().filter(|_| matches!(parsed, Parsed::Avro(_)));
        let payload = PayloadValidator::prepare(parsed, true, part);
        let payload = payload.map_err(|error| InputError::new(format!("the schema can't be used: {error}")))?;
        let schema = Arc::new(DataSchema { parsed: parsed.clone(), payload, facts });
        self.known.insert(name.to_owned(), Arc::clone(&schema));
        Ok(schema)
    }
}
