//! Makes one compound document of a schema and everything it refers to (JSON Schema 2020-12, 9.3).
//!
//! Every document keeps the identifier that it is known by. References stay as they are written if they find their target by that
//! identifier, otherwise they are rewritten. Definitions come in the order in which they are first referred to, so the same
//! schema always gives the same text.

use std::collections::HashMap;

use super::dialect::{Dialect, is_data_keyword, is_schema_map};
use super::documents::Documents;
use super::print;
use super::resolve::{ResolutionScope, Resolver};
use super::uri;
use crate::schema::json::{JsonKind, Member, Object, Value};

/// Keywords that refer to other documents.
const REFERENCES: [&str; 2] = ["$ref", "$dynamicRef"];

pub(super) fn bundle(documents: &Documents) -> String {
    let Some(root) = documents.own() else { return String::new() };
    let mut bundler = Bundler {
        documents,
        dialect: documents.dialect,
        resolver: Resolver::new(documents),
        identifiers: HashMap::new(),
        order: Vec::new(),
    };
    let Ok(target) = bundler.resolver.root(0) else { return print::canonical(root).0 };
    let mut whole = bundler.copy(target.value, &target.scope, false);
    let mut parts = Vec::new();
    // parts may refer to further parts
    while let Some(document) = bundler.order.get(parts.len()).copied() {
        parts.push(bundler.part(document));
    }
    if !parts.is_empty()
        && let JsonKind::Object(object) = whole.kind
    {
        whole = bundler.assemble(object, parts);
    }
    print::canonical(&whole).0
}

struct Bundler<'d> {
    documents: &'d Documents,
    dialect: Dialect,
    resolver: Resolver<'d>,
    /// The identifier of each document that is referred to.
    identifiers: HashMap<u32, String>,
    /// Those documents, in the order in which they were met.
    order: Vec<u32>,
}

fn text(text: &str) -> Value {
    Value { offset: 0, kind: JsonKind::String(text.into()) }
}

fn member(key: &str, value: Value) -> Member {
    Member { key: key.into(), key_offset: 0, value }
}

fn object(members: impl IntoIterator<Item = Member>) -> Object {
    let mut object = Object::default();
    for member in members {
        object.insert(member);
    }
    object
}

impl<'d> Bundler<'d> {
    /// A copy of a value in which every reference finds its target inside the bundle.
    fn copy(&mut self, value: &'d Value, scope: &ResolutionScope<'d>, is_map: bool) -> Value {
        let kind = match &value.kind {
            JsonKind::Object(members) => {
                let scope = if is_map { scope.clone() } else { self.resolver.enter(value, scope) };
                let mut out = Object::default();
                for one in members.members() {
                    let reference = one.value.as_str().filter(|_| !is_map && REFERENCES.contains(&&*one.key));
                    let copied = match reference {
                        Some(reference) => text(&self.reference(reference, &scope)),
                        None if !is_map && is_data_keyword(&one.key) => one.value.clone(),
                        None => self.copy(&one.value, &scope, !is_map && is_schema_map(&one.key)),
                    };
                    out.insert(Member { value: copied, ..one.clone() });
                }
                JsonKind::Object(out)
            }
            JsonKind::Array(items) => JsonKind::Array(items.iter().map(|item| self.copy(item, scope, false)).collect()),
            other => other.clone(),
        };
        Value { offset: value.offset, kind }
    }

    /// A reference as it must be written in the bundle. The document that it leads to becomes a part.
    fn reference(&mut self, reference: &str, scope: &ResolutionScope<'d>) -> String {
        let (address, fragment) = uri::split_fragment(reference);
        if address.is_empty() {
            return reference.to_owned();
        }
        let found = self.resolver.find(reference, scope).ok().map(|target| target.scope.document);
        let Some(document) = found.filter(|document| self.documents.is_reference(*document)) else { return reference.to_owned() };
        let identifier = self.identifier(document);
        let wanted = uri::resolve(&scope.base, address);
        if wanted == identifier || self.resolver.declares(document, &wanted) {
            return reference.to_owned();
        }
        let address = self.seen_from(&identifier, &scope.base);
        fragment.map_or_else(|| address.clone(), |fragment| format!("{address}#{fragment}"))
    }

    /// The identifier of a document in the bundle: the one it gives itself, else the one it is found under.
    fn identifier(&mut self, document: u32) -> String {
        if let Some(known) = self.identifiers.get(&document) {
            return known.clone();
        }
        let found_under = self.documents.base(document).to_owned();
        let own = self.resolver.root(document).map(|root| self.resolver.enter(root.value, &root.scope).base.to_string());
        let own = own.unwrap_or_else(|_| found_under.clone());
        // two documents can't have one identifier
        let is_taken = |candidate: &String| self.identifiers.values().any(|taken| taken == candidate);
        let mut identifier = if is_taken(&own) { found_under } else { own };
        while is_taken(&identifier) {
            identifier.push('_');
        }
        self.identifiers.insert(document, identifier.clone());
        self.order.push(document);
        identifier
    }

    /// An identifier as it is written: relative where the root has none.
    fn shown<'i>(&self, identifier: &'i str) -> &'i str {
        let base = self.dialect.default_base();
        if base.is_empty() {
            identifier
        } else {
            identifier.strip_prefix(base).map_or(identifier, |rest| rest.trim_start_matches('/'))
        }
    }

    /// An identifier as a reference inside another document: a relative one starts from the folder of that document.
    fn seen_from(&self, identifier: &str, base: &str) -> String {
        let shown = self.shown(identifier);
        let is_relative = uri::scheme(shown).is_none() && !shown.starts_with('/');
        let folders = if is_relative { self.shown(base).matches('/').count() } else { 0 };
        format!("{}{shown}", "../".repeat(folders))
    }

    /// A document as a definition: its name, and its content under its identifier.
    fn part(&mut self, document: u32) -> Member {
        let identifier = self.identifier(document);
        let shown = self.shown(&identifier).to_owned();
        let id = self.dialect.id_keyword();
        let mut members = vec![member(id, text(&shown))];
        if let Ok(root) = self.resolver.root(document) {
            match self.copy(root.value, &root.scope, false).kind {
                JsonKind::Object(content) if self.is_mere_reference(&content) => {
                    let reference = content.members().iter().filter(|m| &*m.key == "$ref").cloned();
                    members.push(all_of(object(reference)));
                    members.extend(content.member("definitions").cloned());
                }
                JsonKind::Object(content) => {
                    // the bundle has one dialect, that of the root
                    let kept = content.members().iter().filter(|m| &*m.key != id && &*m.key != "$schema");
                    members.extend(kept.cloned());
                }
                JsonKind::Bool(false) => {
                    members.push(member("not", Value { offset: 0, kind: JsonKind::Object(Object::default()) }));
                }
                _ => {}
            }
        }
        member(&shown, Value { offset: 0, kind: JsonKind::Object(object(members)) })
    }

    /// Before 2019-09 nothing counts beside a `$ref`: not even definitions.
    fn is_mere_reference(&self, content: &Object) -> bool {
        !self.dialect.is_modern() && content.get("$ref").is_some_and(|r| r.as_str().is_some())
    }

    /// The root with the parts among its definitions.
    fn assemble(&self, root: Object, parts: Vec<Member>) -> Value {
        let keyword = if self.dialect.is_modern() { "$defs" } else { "definitions" };
        let mut definitions = root.get(keyword).and_then(Value::as_object).cloned().unwrap_or_default();
        for mut part in parts {
            while definitions.get(&part.key).is_some() {
                part.key = format!("{}_", part.key).into();
            }
            definitions.insert(part);
        }
        let definitions = member(keyword, Value { offset: 0, kind: JsonKind::Object(definitions) });
        let mut whole = if self.is_mere_reference(&root) {
            let reference = root.members().iter().filter(|m| &*m.key == "$ref").cloned();
            let all_of = all_of(object(reference));
            object(root.member("$schema").cloned().into_iter().chain([all_of]))
        } else {
            root
        };
        whole.insert(definitions);
        Value { offset: 0, kind: JsonKind::Object(whole) }
    }
}

fn all_of(content: Object) -> Member {
    let content = Value { offset: 0, kind: JsonKind::Object(content) };
    member("allOf", Value { offset: 0, kind: JsonKind::Array(vec![content]) })
}
