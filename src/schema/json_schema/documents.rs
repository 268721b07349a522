//! The texts a schema may refer to: itself, its declared references, the built-in meta-schemas. There is no other source:
//! nothing here can open a file or a connection.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::dialect::Dialect;
use super::meta_schemas;
use super::uri;
use crate::schema::format::ResolvedReference;
use crate::schema::json::{self, ReadOptions, Value};

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
    source: Source,
    /// The address the document is found under; relative references in it start from here.
    base: String,
    value: OnceLock<Result<Value, String>>,
    max_depth: usize,
}

#[derive(Debug)]
enum Source {
    Own,
    Reference(Arc<str>),
    Meta(meta_schemas::Text),
}

impl Documents {
    /// Collects the documents. References are read only when something refers to them: one that is broken and unused is fine.
    pub(crate) fn new(root: Value, references: &[ResolvedReference], max_depth: usize) -> Self {
        let dialect = Dialect::of(&root);
        let id = root.as_object().and_then(|o| o.get(dialect.id_keyword())).and_then(Value::as_str);
        let default = dialect.default_base();
        let root_base = id.map_or_else(|| default.to_owned(), |id| uri::resolve(default, uri::split_fragment(id).0));
        let own = StoredDocument { source: Source::Own, base: default.to_owned(), value: OnceLock::from(Ok(root)), max_depth };
        let mut documents = Self { stored: vec![own], names: HashMap::new(), built_in: 0, dialect };
        for reference in references {
            documents.add_reference(reference, &root_base, max_depth);
        }
        documents.built_in = u32::try_from(documents.stored.len()).unwrap_or(u32::MAX);
        for (address, text) in meta_schemas::ALL {
            documents.stored.push(StoredDocument {
                source: Source::Meta(*text),
                base: (*address).to_owned(),
                value: OnceLock::new(),
                max_depth: usize::MAX,
            });
        }
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
        let source = Source::Reference(Arc::clone(&reference.text));
        self.stored.push(StoredDocument { source, base, value: OnceLock::new(), max_depth });
    }

    fn document_at(&self, document: u32) -> Option<&StoredDocument> {
        usize::try_from(document).ok().and_then(|at| self.stored.get(at))
    }

    /// The root value of a document, read on first use.
    pub(crate) fn root(&self, document: u32) -> Result<&Value, String> {
        let Some(document_at) = self.document_at(document) else { return Err("no such document".to_owned()) };
        let value = document_at.value.get_or_init(|| {
            let read = |text: &str| {
                let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: document_at.max_depth };
                json::read(text, options).map_err(|error| error.into_schema_error(text).message)
            };
            match &document_at.source {
                Source::Own => Ok(Value { offset: 0, kind: json::Kind::Null }),
                Source::Reference(text) => read(text),
                Source::Meta(text) => read(&text()),
            }
        });
        value.as_ref().map_err(Clone::clone)
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
        let is_it = |(known, _): &(&str, meta_schemas::Text)| known.split_once("://").is_some_and(|(_, known)| known == path);
        let at = meta_schemas::ALL.iter().position(is_it)?;
        u32::try_from(at).ok().and_then(|at| at.checked_add(self.built_in))
    }

    pub(crate) fn size_of_references(&self) -> usize {
        let of = |document_at: &StoredDocument| if let Source::Reference(text) = &document_at.source { text.len() } else { 0 };
        self.stored.iter().map(of).sum()
    }

    pub(crate) fn weight(&self) -> usize {
        let of = |document_at: &StoredDocument| match &document_at.source {
            Source::Reference(text) => text.len() * 4,
            Source::Meta(_) if document_at.value.get().is_some() => 30_000,
            _ => 64,
        };
        self.stored.iter().map(of).sum()
    }
}
