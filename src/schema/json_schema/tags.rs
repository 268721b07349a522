//! Inline tags: the array `confluent:tags` on objects and properties.
//!
//! An entity's path begins with `object` and names kinds and properties in turn: `object` is the root, `object.a` its property
//! `a`, `object.a.object.b` a property of the object there, `object.a.array.object.b` one of its elements', and `anyof.N`,
//! `oneof.N`, `allof.N`, `not`, `definitions.Name` and `$defs.Name` lead into those.

use crate::schema::format::{EntityTags, SchemaError, TagEdit, TagEntity};
use crate::schema::json::{JsonKind, Member, Object, Value};
use crate::schema::tag_edits::{TagChange, for_each_edit, no_such_path};

use super::print;

const TAGS: &str = "confluent:tags";

fn tags_of(object: &Object) -> Vec<String> {
    let tags = object.get(TAGS).and_then(Value::as_array).unwrap_or_default();
    tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// All tagged entities, in the order of the text.
pub(super) fn list(root: &Value) -> Vec<EntityTags> {
    let mut found = Vec::new();
    visit(root, "", false, &mut found);
    found
}

/// Walks a schema. `in_field` says that its own tags have been listed as a property's.
fn visit(value: &Value, path: &str, in_field: bool, found: &mut Vec<EntityTags>) {
    let Some(object) = value.as_object() else { return };
    let join = |kind: &str| if path.is_empty() { kind.to_owned() } else { format!("{path}.{kind}") };
    for (keyword, kind) in [("allOf", "allof"), ("anyOf", "anyof"), ("oneOf", "oneof")] {
        for (at, member) in object.get(keyword).and_then(Value::as_array).unwrap_or_default().iter().enumerate() {
            visit(member, &join(&format!("{kind}.{at}")), false, found);
        }
    }
    if let Some(not) = object.get("not") {
        visit(not, &join("not"), false, found);
    }
    if let Some(items) = object.get("items").filter(|items| items.as_object().is_some()) {
        visit(items, &join("array"), false, found);
    }
    let own = join("object");
    let tags = tags_of(object);
    if !in_field && !tags.is_empty() {
        found.push(EntityTags { path: own.clone(), entity: TagEntity::Record, tags });
    }
    for member in object.get("properties").and_then(Value::as_object).map_or(&[][..], Object::members) {
        let path = format!("{own}.{}", member.key);
        let tags = member.value.as_object().map(tags_of).unwrap_or_default();
        if !tags.is_empty() {
            found.push(EntityTags { path: path.clone(), entity: TagEntity::Field, tags });
        }
        visit(&member.value, &path, true, found);
    }
    for bucket in ["definitions", "$defs"] {
        for member in object.get(bucket).and_then(Value::as_object).map_or(&[][..], Object::members) {
            visit(&member.value, &format!("{own}.{bucket}.{}", member.key), false, found);
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PointerStep {
    Key(String),
    At(usize),
}

/// Applies edits and prints the new text.
pub(super) fn edit(root: &Value, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
    let mut edited = root.clone();
    for_each_edit(add, remove, ignore_unknown, |edit, change| {
        let path = find(&edited, edit).ok_or_else(|| no_such_path(edit))?;
        let whole = std::mem::replace(&mut edited, Value { offset: 0, kind: JsonKind::Null });
        edited = apply(whole, &path, edit, change);
        Ok(())
    })?;
    Ok(print::canonical(&edited).0)
}

/// The path to an entity. Property names may contain dots: the shortest name that exists wins.
fn find(root: &Value, edit: &TagEdit) -> Option<Vec<PointerStep>> {
    let words: Vec<&str> = edit.path.split('.').collect();
    let mut words = words.as_slice();
    let mut path = Vec::new();
    let mut at = root;
    loop {
        let (kind, rest) = words.split_first()?;
        words = rest;
        let object = at.as_object()?;
        match *kind {
            "object" => {
                if words.is_empty() {
                    return (edit.entity == TagEntity::Record).then_some(path);
                }
                let bucket = match words.split_first() {
                    Some((bucket @ (&"definitions" | &"$defs"), rest)) if object.get(bucket).is_some() => {
                        words = rest;
                        *bucket
                    }
                    _ => "properties",
                };
                let (name, length) = longest_needed(object.get(bucket)?.as_object()?, words)?;
                words = words.get(length..)?;
                at = object.get(bucket)?.as_object()?.get(&name)?;
                path.extend([PointerStep::Key(bucket.to_owned()), PointerStep::Key(name)]);
                if words.is_empty() {
                    return at.as_object().map(|_| path);
                }
            }
            "array" => {
                at = object.get("items")?;
                path.push(PointerStep::Key("items".to_owned()));
            }
            "not" => {
                at = object.get("not")?;
                path.push(PointerStep::Key("not".to_owned()));
            }
            "anyof" | "allof" | "oneof" => {
                let keyword = match *kind {
                    "anyof" => "anyOf",
                    "allof" => "allOf",
                    _ => "oneOf",
                };
                let (index, rest) = words.split_first()?;
                words = rest;
                match object.get(keyword).and_then(Value::as_array) {
                    Some(members) => {
                        let index = index.parse().ok()?;
                        at = members.get(index)?;
                        path.extend([PointerStep::Key(keyword.to_owned()), PointerStep::At(index)]);
                    }
                    // A list of types, or keywords of several kinds side by side: the combination is implied, and the words
                    // that follow speak of the same schema.
                    None if words.first() == Some(&"conditional") => {
                        let (branch, rest) = words.get(1..)?.split_first()?;
                        words = rest;
                        at = object.get(branch)?;
                        path.push(PointerStep::Key((*branch).to_owned()));
                    }
                    None => {}
                }
            }
            _ => return None,
        }
    }
}

/// The name made of the fewest leading words that exists in the map, and how many words it takes.
fn longest_needed(map: &Object, words: &[&str]) -> Option<(String, usize)> {
    let mut name = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            name.push('.');
        }
        name.push_str(word);
        if map.get(&name).is_some() {
            return Some((name, at + 1));
        }
    }
    None
}

/// Rebuilds the value with the edit made at the end of the path.
fn apply(value: Value, path: &[PointerStep], edit: &TagEdit, change: TagChange) -> Value {
    let offset = value.offset;
    let kind = match (value.kind, path.split_first()) {
        (JsonKind::Object(object), None) => JsonKind::Object(retag(&object, edit, change)),
        (JsonKind::Object(object), Some((PointerStep::Key(key), rest))) => {
            let mut edited = Object::default();
            for member in object.members() {
                let mut member = member.clone();
                if *member.key == **key {
                    member.value = apply(member.value, rest, edit, change);
                }
                edited.insert(member);
            }
            JsonKind::Object(edited)
        }
        (JsonKind::Array(mut items), Some((PointerStep::At(at), rest))) => {
            if let Some(slot) = items.get_mut(*at) {
                let item = std::mem::replace(slot, Value { offset: 0, kind: JsonKind::Null });
                *slot = apply(item, rest, edit, change);
            }
            JsonKind::Array(items)
        }
        (kind, _) => kind,
    };
    Value { offset, kind }
}

/// The object with its tags changed: each tag once, an empty list removes the keyword.
fn retag(object: &Object, edit: &TagEdit, change: TagChange) -> Object {
    let mut tags = tags_of(object);
    edit.apply(change, &mut tags);
    let items = tags.into_iter().map(|tag| Value { offset: 0, kind: JsonKind::String(tag.into()) }).collect();
    let list = Value { offset: 0, kind: JsonKind::Array(items) };
    let empty = list.as_array().is_some_and(<[Value]>::is_empty);
    let mut edited = Object::default();
    for member in object.members().iter().filter(|member| !(empty && &*member.key == TAGS)) {
        edited.insert(member.clone());
    }
    if !empty {
        edited.insert(Member { key: TAGS.into(), key_offset: 0, value: list });
    }
    edited
}
