//! Finds what a `$ref` points to (json-schema 1.6).

use std::collections::HashMap;
use std::rc::Rc;

use super::dialect::{Dialect, is_data_keyword, is_schema_map};
use super::documents::Documents;
use super::uri;
use crate::schema::json::{JsonKind, Object, Value};

/// Where a schema stands: its document, the base of relative references, and the innermost schema with an identifier.
#[derive(Debug, Clone)]
pub(crate) struct ResolutionScope<'d> {
    pub(crate) document: u32,
    pub(crate) base: Rc<str>,
    pub(crate) resource: &'d Value,
}

/// A value that was referred to, with the scope around it.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedValue<'d> {
    pub(crate) value: &'d Value,
    pub(crate) scope: ResolutionScope<'d>,
}

/// Identifies a value. Values never move while a resolver borrows them.
pub(crate) fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

/// Identifiers and anchors of one document.
#[derive(Debug, Default)]
struct Index<'d> {
    ids: HashMap<String, ResolvedValue<'d>>,
    /// By address of the resource, and name. Before 2019-09 the resource is always the document's root.
    anchors: HashMap<(usize, &'d str), ResolvedValue<'d>>,
}

#[derive(Debug)]
pub(crate) struct Resolver<'d> {
    documents: &'d Documents,
    dialect: Dialect,
    indexes: HashMap<u32, Index<'d>>,
}

impl<'d> Resolver<'d> {
    pub(crate) fn new(documents: &'d Documents) -> Self {
        Self { documents, dialect: documents.dialect, indexes: HashMap::new() }
    }

    pub(crate) fn root(&self, document: u32) -> Result<ResolvedValue<'d>, String> {
        let value = self.documents.root(document)?;
        Ok(ResolvedValue {
            value,
            scope: ResolutionScope { document, base: self.documents.base(document).into(), resource: value },
        })
    }

    /// The scope inside a schema: its own identifier opens a new one.
    pub(crate) fn enter(&self, value: &'d Value, scope: &ResolutionScope<'d>) -> ResolutionScope<'d> {
        match self.identifier(value) {
            Some(id) => {
                let base = uri::resolve(&scope.base, id).into();
                ResolutionScope { document: scope.document, base, resource: value }
            }
            None => scope.clone(),
        }
    }

    /// The identifier of a schema without its fragment; a mere fragment is an anchor, not an identifier. Siblings of `$ref`
    /// do not exist before 2019-09.
    fn identifier(&self, value: &'d Value) -> Option<&'d str> {
        let object = value.as_object()?;
        if !self.dialect.is_modern() && object.get("$ref").is_some_and(|r| r.as_str().is_some()) {
            return None;
        }
        let id = object.get(self.dialect.id_keyword())?.as_str()?;
        Some(uri::split_fragment(id).0).filter(|id| !id.is_empty())
    }

    /// What `reference` points to from within `scope`; the error says why it points nowhere.
    pub(crate) fn find(&mut self, reference: &str, scope: &ResolutionScope<'d>) -> Result<ResolvedValue<'d>, String> {
        let unresolved = || format!("unresolved $ref \"{reference}\"");
        let (address, fragment) = uri::split_fragment(reference);
        let fragment = fragment.unwrap_or("");
        if address.is_empty() {
            return self.in_same_document(fragment, scope)?.ok_or_else(unresolved);
        }
        let wanted = uri::resolve(&scope.base, address);
        let Some(holder) = self.holder(&wanted, address, scope)? else {
            return Err(match uri::scheme(&wanted) {
                Some(scheme) if scheme != "mem" => {
                    format!("Remote schema reference fetching is disabled: {wanted}; declare it in \"references\"")
                }
                _ => unresolved(),
            });
        };
        self.in_resource(fragment, &holder)?.ok_or_else(unresolved)
    }

    /// A bare fragment is looked up in the document first before 2019-09, later in the innermost schema with an identifier.
    fn in_same_document(&mut self, fragment: &str, scope: &ResolutionScope<'d>) -> Result<Option<ResolvedValue<'d>>, String> {
        let root = self.root(scope.document)?;
        let inner = if super::resolve::address(scope.resource) == super::resolve::address(root.value) {
            None
        } else {
            let scope = ResolutionScope { document: scope.document, base: Rc::clone(&scope.base), resource: scope.resource };
            Some(ResolvedValue { value: scope.resource, scope })
        };
        let (first, second) = match inner {
            None => (root, None),
            Some(inner) if self.dialect.is_modern() => (inner, Some(root)),
            Some(inner) => (root, Some(inner)),
        };
        if let Some(found) = self.in_resource(fragment, &first)? {
            return Ok(Some(found));
        }
        match second {
            Some(second) => self.in_resource(fragment, &second),
            None => Ok(None),
        }
    }

    /// The schema with the wanted address: the document itself, else a schema in it, a declared reference, a built-in meta-schema.
    fn holder(&mut self, wanted: &str, written: &str, scope: &ResolutionScope<'d>) -> Result<Option<ResolvedValue<'d>>, String> {
        let root = self.root(scope.document)?;
        if *self.enter(root.value, &root.scope).base == *wanted {
            return Ok(Some(root));
        }
        if let Some(found) = self.index(scope.document)?.ids.get(wanted) {
            return Ok(Some(found.clone()));
        }
        let plain = uri::resolve("", written);
        let known = [wanted, written, &plain].into_iter().find_map(|name| self.documents.reference(name));
        if let Some(document) = known.or_else(|| self.documents.built_in(wanted)) {
            return self.root(document).map(Some);
        }
        let own = self.root(0)?;
        if *self.enter(own.value, &own.scope).base == *wanted {
            return Ok(Some(own));
        }
        Ok(None)
    }

    fn in_resource(&mut self, fragment: &str, holder: &ResolvedValue<'d>) -> Result<Option<ResolvedValue<'d>>, String> {
        if fragment.is_empty() {
            return Ok(Some(holder.clone()));
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            return Ok(self.walk(pointer, holder));
        }
        let root = self.root(holder.scope.document)?;
        let resource = if self.dialect.is_modern() { address(holder.value) } else { address(root.value) };
        let name = uri::percent_decode(fragment);
        Ok(self.index(holder.scope.document)?.anchors.get(&(resource, name.as_str())).cloned())
    }

    /// Follows a JSON pointer. `$defs` at a document's top level also finds what is in `definitions`.
    fn walk(&self, pointer: &str, holder: &ResolvedValue<'d>) -> Option<ResolvedValue<'d>> {
        let is_document = self.documents.root(holder.scope.document).is_ok_and(|root| address(root) == address(holder.value));
        let mut at = holder.clone();
        let mut segments = pointer.split('/').map(|s| uri::percent_decode(s).replace("~1", "/").replace("~0", "~")).peekable();
        let mut top = is_document;
        while let Some(segment) = segments.next() {
            let scope = self.enter(at.value, &at.scope);
            let value = match &at.value.kind {
                JsonKind::Object(object) if top && segment == "$defs" => bucket(object, segments.peek().map(String::as_str))?,
                JsonKind::Object(object) => object.get(&segment)?,
                JsonKind::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
            top = false;
            at = ResolvedValue { value, scope };
        }
        Some(at)
    }

    /// Whether a document has a schema inside that gives itself this address.
    pub(crate) fn declares(&mut self, document: u32, address: &str) -> bool {
        self.index(document).is_ok_and(|index| index.ids.contains_key(address))
    }

    fn index(&mut self, document: u32) -> Result<&Index<'d>, String> {
        if !self.indexes.contains_key(&document) {
            let root = self.root(document)?;
            let index = self.build_index(&root);
            self.indexes.insert(document, index);
        }
        self.indexes.get(&document).ok_or_else(|| "no such document".to_owned())
    }

    fn build_index(&self, root: &ResolvedValue<'d>) -> Index<'d> {
        let mut index = Index::default();
        let mut stack = vec![(root.clone(), false)];
        while let Some((target, is_map)) = stack.pop() {
            match &target.value.kind {
                JsonKind::Object(object) if is_map => {
                    stack.extend(
                        object.members().iter().map(|m| (ResolvedValue { value: &m.value, scope: target.scope.clone() }, false)),
                    );
                }
                JsonKind::Object(object) => {
                    let scope = self.enter(target.value, &target.scope);
                    if self.identifier(target.value).is_some() {
                        index.ids.entry(scope.base.to_string()).or_insert_with(|| target.clone());
                    }
                    self.anchors(object, &target, &scope, root, &mut index);
                    for member in object.members().iter().filter(|m| !is_data_keyword(&m.key)) {
                        let inner = ResolvedValue { value: &member.value, scope: scope.clone() };
                        stack.push((inner, is_schema_map(&member.key)));
                    }
                }
                JsonKind::Array(items) => {
                    stack.extend(items.iter().map(|value| (ResolvedValue { value, scope: target.scope.clone() }, false)));
                }
                _ => {}
            }
        }
        index
    }

    fn anchors(
        &self,
        object: &'d Object,
        target: &ResolvedValue<'d>,
        scope: &ResolutionScope<'d>,
        root: &ResolvedValue<'d>,
        index: &mut Index<'d>,
    ) {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        if self.dialect.is_modern() {
            for name in [text("$anchor"), text("$dynamicAnchor")].into_iter().flatten() {
                index.anchors.entry((address(scope.resource), name)).or_insert_with(|| target.clone());
            }
            return;
        }
        let named = text(self.dialect.id_keyword()).and_then(|id| uri::split_fragment(id).1);
        if let Some(name) = named.filter(|name| !name.is_empty()) {
            index.anchors.entry((address(root.value), name)).or_insert_with(|| target.clone());
        }
    }
}

/// `$defs` of a document's top level, or `definitions` where `$defs` lacks the entry.
fn bucket<'d>(object: &'d Object, entry: Option<&str>) -> Option<&'d Value> {
    let own = object.get("$defs");
    let has = |value: &Value| match (&value.kind, entry) {
        (JsonKind::Object(inner), Some(entry)) => inner.get(entry).is_some(),
        _ => true,
    };
    match own {
        Some(value) if has(value) => Some(value),
        Some(value) => object.get("definitions").filter(|d| d.as_object().is_some()).or(Some(value)),
        None => object.get("definitions"),
    }
}
