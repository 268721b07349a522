//! The texts a schema may refer to: itself, its declared references, the built-in meta-schemas. There is no other source:
//! nothing here can open a file or a connection.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use super::dialect::Dialect;
use super::meta_schemas;
use super::uri;
use crate::schema::format::ResolvedReference;
use crate::schema::json::{self, ReadOptions, Value};
use crate::schema::meter::Once;
use crate::schema::shared::{Shared, share};

/// Everything that one schema may refer to. Document 0 is its own text.
#[derive(Debug)]
pub(crate) struct Documents {
    stored: Vec<StoredDocument>,
    names: HashMap<String, u32>,
    /// The first of the built-in documents.
    built_in: u32,
    pub(crate) dialect: Dialect,
}

#[derive(Debug)]
struct StoredDocument {
    /// The address the document is found under; relative references in it start from here.
    base: String,
    source: DocumentSource,
}

#[derive(Debug)]
enum DocumentSource {
    Own(Value),
    Reference(Arc<ReferencedText>),
    /// A built-in document, by its place in [`meta_schemas::ALL`].
    Meta(usize),
}

/// A text that schemas refer to, read on first use: one that is broken and unused is fine.
#[derive(Debug)]
struct ReferencedText {
    text: Arc<str>,
    max_depth: usize,
    value: Once<Result<ReadValue, String>>,
}

#[derive(Debug)]
struct ReadValue {
    value: Value,
    weight: usize,
}

static REFERENCED_TEXTS: Shared<ReferencedText> = Shared::new();

impl ReferencedText {
    fn shared(text: &Arc<str>, max_depth: usize) -> Arc<Self> {
        let new = || Ok::<_, Infallible>(Self { text: Arc::clone(text), max_depth, value: Once::new() });
        let Ok(shared) = REFERENCED_TEXTS.get_or_read(text, max_depth, new);
        shared
    }

    fn value(&self) -> Result<&Value, String> {
        let read = || read(&self.text, self.max_depth).map(|value| ReadValue { weight: value.weight(), value });
        let read = self.value.get_or_make(read).map_err(|_| "reading it takes too much work".to_owned())?;
        read.as_ref().map(|read| &read.value).map_err(Clone::clone)
    }

    fn weight(&self) -> usize {
        let read = self.value.get().and_then(|value| value.as_ref().ok());
        self.text.len() + read.map_or(0, |read| read.weight)
    }
}

fn read(text: &str, max_depth: usize) -> Result<Value, String> {
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth };
    json::read(text, options).map_err(|error| error.into_schema_error(text).message)
}

impl Documents {
    /// Collects the documents.
    pub(crate) fn new(root: Value, references: &[ResolvedReference], max_depth: usize) -> Self {
        let dialect = Dialect::of(&root);
        let id = root.as_object().and_then(|o| o.get(dialect.id_keyword())).and_then(Value::as_str);
        let default = dialect.default_base();
        let root_base = id.map_or_else(|| default.to_owned(), |id| uri::resolve(default, uri::split_fragment(id).0));
        let own = StoredDocument { base: default.to_owned(), source: DocumentSource::Own(root) };
        let mut documents = Self { stored: vec![own], names: HashMap::new(), built_in: 0, dialect };
        for reference in references {
            documents.add_reference(reference, &root_base, max_depth);
        }
        documents.built_in = u32::try_from(documents.stored.len()).unwrap_or(u32::MAX);
        let built_in = meta_schemas::ALL.iter().enumerate();
        documents.stored.extend(
            built_in.map(|(at, (address, _))| StoredDocument { base: (*address).to_owned(), source: DocumentSource::Meta(at) }),
        );
        documents
    }

    /// A reference is found under its name, under its name resolved against the root, and without leading `./`.
    /// The first binding of a name wins.
    fn add_reference(&mut self, reference: &ResolvedReference, root_base: &str, max_depth: usize) {
        let document = u32::try_from(self.stored.len()).unwrap_or(u32::MAX);
        let name = uri::split_fragment(&reference.name).0;
        let base = uri::resolve(root_base, name);
        for key in [base.clone(), name.to_owned(), uri::resolve("", name)] {
            self.names.entry(key).or_insert(document);
        }
        let source = DocumentSource::Reference(ReferencedText::shared(&reference.text, max_depth));
        self.stored.push(StoredDocument { base, source });
    }

    fn document_at(&self, document: u32) -> Option<&StoredDocument> {
        usize::try_from(document).ok().and_then(|at| self.stored.get(at))
    }

    /// The root value of a document, read on first use.
    pub(crate) fn root(&self, document: u32) -> Result<&Value, String> {
        let Some(document_at) = self.document_at(document) else { return Err("no such document".to_owned()) };
        match &document_at.source {
            DocumentSource::Own(value) => Ok(value),
            DocumentSource::Reference(text) => text.value(),
            DocumentSource::Meta(at) => meta_schemas::value(*at),
        }
    }

    pub(crate) fn own(&self) -> Option<&Value> {
        self.root(0).ok()
    }

    pub(crate) fn base(&self, document: u32) -> &str {
        self.document_at(document).map_or("", |document_at| &document_at.base)
    }

    pub(crate) fn reference(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// Whether a document is a declared reference: neither the schema itself nor built in.
    pub(crate) fn is_reference(&self, document: u32) -> bool {
        document > 0 && document < self.built_in
    }

    /// The built-in meta-schema with this address, `http` and `https` alike.
    pub(crate) fn built_in(&self, address: &str) -> Option<u32> {
        let path = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"))?;
        let path = if path == "json-schema.org/schema" { "json-schema.org/draft-04/schema" } else { path };
        let is_it = |(known, _): &(&str, _)| known.split_once("://").is_some_and(|(_, known)| known == path);
        let at = meta_schemas::ALL.iter().position(is_it)?;
        u32::try_from(at).ok().and_then(|at| at.checked_add(self.built_in))
    }

    /// Bytes of the texts that are referred to.
    pub(crate) fn size_of_references(&self) -> usize {
        self.references().map(|reference| reference.text.len()).sum()
    }

    /// Bytes of all texts, those that are referred to included.
    pub(crate) fn size(&self) -> usize {
        self.own().map_or(0, Value::weight) / 2 + self.size_of_references()
    }

    /// Bytes held, of what other schemas refer to as well this schema's share.
    pub(crate) fn weight(&self) -> usize {
        let own = self.own().map_or(0, Value::weight);
        let references = self.references().map(|reference| share(reference, reference.weight()));
        own + references.sum::<usize>() + self.stored.len() * 128
    }

    fn references(&self) -> impl Iterator<Item = &Arc<ReferencedText>> {
        self.stored.iter().filter_map(|document_at| match &document_at.source {
            DocumentSource::Reference(text) => Some(text),
            DocumentSource::Own(_) | DocumentSource::Meta(_) => None,
        })
    }
}
