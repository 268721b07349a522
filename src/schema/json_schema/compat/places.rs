//! Where differences stand: JSON pointers and lines in the two texts, found in one walk over each document.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::difference::PathStep;
use crate::schema::finding::Place;
use crate::schema::json::{JsonKind, Object, Value};
use crate::schema::json_schema::documents::Documents;
use crate::schema::json_schema::pointers::collect;
use crate::schema::pointer::push;
use crate::schema::position::Position;

type NameOffsets<'d> = HashMap<&'d str, u32>;

/// Finds places in the documents of one schema.
pub(crate) struct Locator<'d> {
    /// Values by document and offset, with their pointers.
    known: HashMap<(u32, u32), (String, &'d Value)>,
    /// Offsets of the names in lists of required ones, by the schema that holds the list.
    required: RefCell<HashMap<(u32, u32), NameOffsets<'d>>>,
    documents: &'d Documents,
}

impl<'d> Locator<'d> {
    /// Looks up values by document and offset.
    pub(crate) fn new(documents: &'d Documents, wanted: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut by_document: HashMap<u32, HashSet<u32>> = HashMap::new();
        for (document, offset) in wanted {
            by_document.entry(document).or_default().insert(offset);
        }
        let mut known = HashMap::new();
        for (document, offsets) in by_document {
            if let Ok(root) = documents.root(document) {
                let mut found = Vec::new();
                collect(root, &mut String::new(), &offsets, &mut found);
                known.extend(found.into_iter().map(|(offset, pointer, value)| ((document, offset), (pointer, value))));
            }
        }
        Self { known, required: RefCell::default(), documents }
    }

    /// The pointer of a value, and the offset to show for it.
    pub(crate) fn place(&self, document: u32, offset: u32, step: &PathStep) -> Option<(String, Option<u32>)> {
        let (pointer, value) = self.known.get(&(document, offset))?;
        let (below, offset) = match step {
            PathStep::Named("required", name) => self.required((document, offset), value, name),
            step => follow(value, step),
        };
        if document == 0 {
            return Some((format!("{pointer}{below}"), Some(offset)));
        }
        Some((format!("{}#{pointer}{below}", self.documents.base(document)), None))
    }
}

impl<'d> Locator<'d> {
    /// The list of required names, and the offset of one in it. Long lists are searched often, so they are indexed.
    fn required(&self, spot: (u32, u32), value: &'d Value, name: &str) -> (String, u32) {
        let Some(member) = value.as_object().and_then(|object| object.member("required")) else {
            return (String::new(), value.offset);
        };
        let mut lists = self.required.borrow_mut();
        let offsets = lists.entry(spot).or_insert_with(|| {
            let names = member.value.as_array().unwrap_or_default().iter();
            names.filter_map(|item| item.as_str().map(|name| (name, item.offset))).collect()
        });
        ("/required".to_owned(), offsets.get(name).copied().unwrap_or(member.key_offset))
    }
}

/// Follows a step as far as the text has it. Confluent's paths use the keywords of draft-07, texts of newer dialects have others.
fn follow(value: &Value, step: &PathStep) -> (String, u32) {
    let mut pointer = String::new();
    let stay = (String::new(), value.offset);
    let Some(object) = value.as_object() else { return stay };
    match step {
        PathStep::Here => stay,
        PathStep::Keyword(keyword) => {
            let names = [*keyword, if *keyword == "additionalItems" { "items" } else { keyword }];
            let Some(member) = names.into_iter().find_map(|name| object.member(name)) else { return stay };
            push(&mut pointer, &member.key);
            (pointer, member.key_offset)
        }
        PathStep::Named(keyword, name) => {
            let keywords: &[&str] =
                if *keyword == "dependencies" { &["dependencies", "dependentRequired", "dependentSchemas"] } else { &[keyword] };
            entry(object, keywords, name).unwrap_or(stay)
        }
        PathStep::Numbered(keyword, at) => {
            let keywords: &[&str] = if *keyword == "items" { &["items", "prefixItems"] } else { &[keyword] };
            entry(object, keywords, &at.to_string()).unwrap_or(stay)
        }
    }
}

/// The entry of the first keyword that has it, else the first keyword there is.
fn entry(object: &Object, keywords: &[&str], name: &str) -> Option<(String, u32)> {
    let mut pointer = String::new();
    for keyword in keywords {
        let found = match object.get(keyword).map(|value| &value.kind) {
            Some(JsonKind::Object(inner)) => inner.member(name).map(|member| member.key_offset),
            Some(JsonKind::Array(items)) => name.parse::<usize>().ok().and_then(|at| items.get(at)).map(|item| item.offset),
            _ => None,
        };
        if let Some(offset) = found {
            push(&mut pointer, keyword);
            push(&mut pointer, name);
            return Some((pointer, offset));
        }
    }
    let member = keywords.iter().find_map(|keyword| object.member(keyword))?;
    push(&mut pointer, &member.key);
    Some((pointer, member.key_offset))
}

/// A place from what the locator found.
pub(crate) fn finish(found: Option<(String, Option<u32>)>, positions: &HashMap<u32, Position>) -> Option<Place> {
    let (pointer, offset) = found?;
    Some(Place { pointer, position: offset.and_then(|offset| positions.get(&offset).copied()) })
}
