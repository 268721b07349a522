//! Inline tags: `tags` in the options `(confluent.message_meta)` of messages and `(confluent.field_meta)` of fields.
//!
//! An entity's path is its full name; the package may be left out when a path is given.

use super::model::{Body, Field, File, LiteralEntry, NamePart, OptionValue, ProtoOption, Spelling, join};
use crate::schema::format::{EntityTags, SchemaError, TagEdit, TagEntity};
use crate::schema::tag_edits::{TagChange, for_each_edit};
use crate::schema::typed::InlineRule;

/// The option that holds an entity's tags.
fn option_of(entity: TagEntity) -> &'static str {
    match entity {
        TagEntity::Record => "confluent.message_meta",
        TagEntity::Field => "confluent.field_meta",
    }
}

fn is_meta(option: &ProtoOption, name: &str) -> bool {
    let short = name.strip_prefix("confluent.").unwrap_or(name);
    option.extension().is_some_and(|own| {
        let own = own.strip_prefix('.').unwrap_or(own);
        own == name || own == short
    })
}

/// `(meta).tags`
fn is_dotted_tags(option: &ProtoOption) -> bool {
    matches!(option.name.as_slice(), [_, part] if &*part.text == "tags")
}

fn texts(value: &OptionValue) -> Vec<String> {
    match value {
        OptionValue::List(values) => values.iter().filter_map(OptionValue::as_text).map(str::to_owned).collect(),
        one => one.as_text().map(str::to_owned).into_iter().collect(),
    }
}

fn tags_of(options: &[ProtoOption], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for option in options.iter().filter(|option| is_meta(option, name)) {
        match &option.value {
            value if is_dotted_tags(option) => found.extend(texts(value)),
            OptionValue::Literal(entries) if option.name.len() == 1 => {
                found.extend(entries.iter().filter(|entry| &*entry.key == "tags").flat_map(|entry| texts(&entry.value)));
            }
            _ => {}
        }
    }
    found
}

/// The tags of a field or a message, by its options.
pub(super) fn of_entity(options: &[ProtoOption], entity: TagEntity) -> Vec<String> {
    tags_of(options, option_of(entity))
}

/// The checks that stand at a field or a message, by its options.
pub(super) fn rules_of_entity(options: &[ProtoOption], entity: TagEntity) -> Vec<InlineRule> {
    fn rules(value: &OptionValue, found: &mut Vec<InlineRule>) {
        match value {
            OptionValue::List(values) => values.iter().for_each(|value| rules(value, found)),
            OptionValue::Literal(entries) => {
                let text = |key: &str| {
                    let entry = entries.iter().find(|entry| &*entry.key == key);
                    entry.and_then(|entry| entry.value.as_text()).map(str::to_owned)
                };
                found.push(InlineRule { name: text("name"), doc: text("doc"), expr: text("expr"), sql: text("sql") });
            }
            _ => {}
        }
    }
    let name = option_of(entity);
    let mut found = Vec::new();
    for option in options.iter().filter(|option| is_meta(option, name)) {
        match (option.name.as_slice(), &option.value) {
            ([_, part], value) if &*part.text == "rules" => rules(value, &mut found),
            ([_], OptionValue::Literal(entries)) => {
                entries.iter().filter(|entry| &*entry.key == "rules").for_each(|entry| rules(&entry.value, &mut found));
            }
            _ => {}
        }
    }
    found
}

/// All tagged entities, in the order of the text. Their paths begin below the package.
pub(super) fn list(file: &File) -> Vec<EntityTags> {
    let mut found = Vec::new();
    for message in &file.messages {
        visit(&message.body, &message.name, &mut found);
    }
    found
}

fn visit(body: &Body, path: &str, found: &mut Vec<EntityTags>) {
    let mut push = |path: String, entity, options: &[ProtoOption]| {
        let tags = tags_of(options, option_of(entity));
        if !tags.is_empty() {
            found.push(EntityTags { path, entity, tags });
        }
    };
    push(path.to_owned(), TagEntity::Record, &body.options);
    let mut fields: Vec<&Field> = body.all_fields().collect();
    fields.sort_by_key(|field| field.at);
    for field in fields {
        push(join(path, &field.name).into(), TagEntity::Field, &field.options);
    }
    for group in body.all_groups() {
        visit(&group.body, &join(path, &group.name), found);
    }
    for message in &body.messages {
        visit(&message.body, &join(path, &message.name), found);
    }
}

/// The file with its tags edited.
pub(super) fn edit(file: &File, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<File, SchemaError> {
    let mut file = file.clone();
    for_each_edit(add, remove, ignore_unknown, |edit, change| {
        let options = options_at(&mut file, edit).map_err(SchemaError::validate)?;
        retag(options, edit, change);
        Ok(())
    })?;
    // confluent/meta.proto is not imported, as Confluent does it: every registry knows the options
    Ok(file)
}

/// The options of the entity that an edit names.
fn options_at<'a>(file: &'a mut File, edit: &TagEdit) -> Result<&'a mut Vec<ProtoOption>, String> {
    let package = file.package.clone().unwrap_or_default();
    let inside = edit.path.strip_prefix(&*package).and_then(|rest| rest.strip_prefix('.'));
    // the package may be left out, and a message may have the name of the package
    let starts = |path: &str, file: &File| {
        let head = path.split('.').next().unwrap_or("");
        file.messages.iter().any(|message| &*message.name == head)
    };
    let path = match inside {
        Some(inside) if starts(inside, file) => inside,
        _ => edit.path.as_str(),
    };
    let mut names: Vec<&str> = path.strip_prefix('.').unwrap_or(path).split('.').collect();
    let field = if edit.entity == TagEntity::Field { names.pop() } else { None };
    let no_message = |name: &str| format!("No matching Message with name '{name}' found in the schema");
    let no_field = |name: &str| format!("No matching Field with name '{name}' found in the schema");
    let mut names = names.into_iter().peekable();
    let (mut top, mut body): (_, Option<&mut Body>) = (Some(&mut file.messages), None);
    while let Some(name) = names.next() {
        let messages = match body.take() {
            Some(body) => {
                let is_last = names.peek().is_none();
                if let Some(field) = field.filter(|_| is_last && !body.messages.iter().any(|own| &*own.name == name)) {
                    // the path of a field may contain its oneof
                    let oneof = body.oneofs.iter_mut().rev().find(|oneof| &*oneof.name == name);
                    let found = oneof.and_then(|oneof| oneof.fields.iter_mut().find(|own| &*own.name == field));
                    return found.map(|found| &mut found.options).ok_or_else(|| no_field(field));
                }
                &mut body.messages
            }
            None => top.take().ok_or_else(|| no_message(name))?,
        };
        let found = messages.iter_mut().find(|message| &*message.name == name);
        let missing = || field.filter(|_| names.peek().is_none()).map_or_else(|| no_message(name), no_field);
        body = Some(&mut found.ok_or_else(missing)?.body);
    }
    let Some(body) = body else { return Err(field.map_or_else(|| no_message(""), no_field)) };
    let Some(field) = field else { return Ok(&mut body.options) };
    let fields = body.fields.iter_mut().chain(body.oneofs.iter_mut().flat_map(|oneof| &mut oneof.fields));
    let found = fields.into_iter().find(|own| &*own.name == field);
    found.map(|found| &mut found.options).ok_or_else(|| no_field(field))
}

/// Changes the tags of one entity.
fn retag(options: &mut Vec<ProtoOption>, edit: &TagEdit, change: TagChange) {
    let name = option_of(edit.entity);
    let before = tags_of(options, name);
    let mut tags = before.clone();
    edit.apply(change, &mut tags);
    if tags == before {
        return;
    }
    for option in options.iter_mut().filter(|option| option.name.len() == 1 && is_meta(option, name)) {
        if let OptionValue::Literal(entries) = &mut option.value {
            entries.retain(|entry| &*entry.key != "tags");
        }
    }
    let is_empty = |option: &ProtoOption| matches!(&option.value, OptionValue::Literal(entries) if entries.is_empty());
    options.retain(|option| !(is_meta(option, name) && (is_dotted_tags(option) || is_empty(option))));
    if tags.is_empty() {
        return;
    }
    let list = OptionValue::List(tags.iter().map(|tag| OptionValue::string(tag)).collect());
    let whole = options.iter_mut().find(|option| option.name.len() == 1 && is_meta(option, name));
    if let Some(ProtoOption { value: OptionValue::Literal(entries), .. }) = whole {
        entries.push(LiteralEntry { key: "tags".into(), value: list });
    } else if options.iter().any(|option| is_meta(option, name)) {
        // an option that is assigned by parts can't be assigned as a whole too
        for tag in &tags {
            options.push(ProtoOption { name: vec![extension(name), plain("tags")], value: OptionValue::string(tag), at: 0 });
        }
    } else {
        let value = OptionValue::Literal(vec![LiteralEntry { key: "tags".into(), value: list }]);
        options.push(ProtoOption { name: vec![extension(name)], value, at: 0 });
    }
}

fn extension(name: &str) -> NamePart {
    NamePart { text: name.into(), spelling: Spelling::Extension }
}

fn plain(name: &str) -> NamePart {
    NamePart { text: name.into(), spelling: Spelling::Plain }
}
