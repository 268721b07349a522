//! Inline tags: the property `confluent:tags` of records and fields.
//!
//! An entity's path is the record's full name, with a dot and the field's name for a field; the namespace may be left out.

use std::collections::{HashMap, HashSet};

use super::model::{Model, NodeId, NodeKind, Record};
use crate::schema::format::{EntityTags, SchemaError, TagEdit, TagEntity};
use crate::schema::json::{Member, Value};
use crate::schema::tag_edits::{for_each_edit, no_such_path};

pub(super) const TAGS: &str = "confluent:tags";

/// What can be tagged: a record, or one of its fields.
pub(super) type Entity = (NodeId, Option<usize>);
/// New tags by entity.
pub(super) type Edits = HashMap<Entity, Vec<String>>;

pub(super) fn tags_of(props: &[Member]) -> Vec<String> {
    let tags = props.iter().find(|member| &*member.key == TAGS).and_then(|member| member.value.as_array());
    tags.unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The records of a schema in the order of their first use; with `inside` also those of referenced texts.
fn records(model: &Model, inside: bool) -> Vec<(NodeId, &Record)> {
    let mut seen: HashSet<NodeId> = HashSet::new();
    if !inside {
        seen.extend(model.referenced.iter().map(|id| model.first_definition(*id)));
    }
    let mut found = Vec::new();
    let mut todo = vec![model.root];
    while let Some(id) = todo.pop() {
        let id = model.first_definition(id);
        match &model.node(id).kind {
            NodeKind::Array(inner) | NodeKind::Map(inner) => todo.push(*inner),
            NodeKind::Union(branches) => todo.extend(branches.iter().rev()),
            NodeKind::Record(record) if seen.insert(id) => {
                found.push((id, &**record));
                todo.extend(record.fields.iter().rev().map(|field| field.ty));
            }
            _ => {}
        }
    }
    found
}

pub(super) fn list(model: &Model) -> Vec<EntityTags> {
    let mut found = Vec::new();
    for (id, record) in records(model, true) {
        let name = || model.full_name(&record.named.name);
        let tags = tags_of(&model.node(id).props);
        if !tags.is_empty() {
            found.push(EntityTags { path: name(), entity: TagEntity::Record, tags });
        }
        for field in &record.fields {
            let tags = tags_of(&field.props);
            if !tags.is_empty() {
                found.push(EntityTags { path: format!("{}.{}", name(), field.name), entity: TagEntity::Field, tags });
            }
        }
    }
    found
}

/// The tags of the edited entities after the edits. What stands in a referenced text can't be edited from here.
pub(super) fn edit(model: &Model, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<Edits, SchemaError> {
    let records = records(model, false);
    let mut by_simple: HashMap<&str, Vec<(NodeId, &Record)>> = HashMap::new();
    for (id, record) in records {
        by_simple.entry(&*record.named.name.simple).or_default().push((id, record));
    }
    let mut edits = Edits::new();
    for_each_edit(add, remove, ignore_unknown, |edit, change| {
        let (entity, props) = find(model, &by_simple, edit).ok_or_else(|| no_such_path(edit))?;
        edit.apply(change, edits.entry(entity).or_insert_with(|| tags_of(props)));
        Ok(())
    })?;
    Ok(edits)
}

fn find<'m>(
    model: &'m Model,
    by_simple: &HashMap<&str, Vec<(NodeId, &'m Record)>>,
    edit: &TagEdit,
) -> Option<(Entity, &'m [Member])> {
    let record = |path: &str| {
        let (namespace, simple) = path.rsplit_once('.').map_or((None, path), |(namespace, simple)| (Some(namespace), simple));
        let all = by_simple.get(simple)?;
        all.iter()
            .find(|(_, record)| namespace.is_none_or(|namespace| model.namespace(record.named.name.namespace) == namespace))
            .copied()
    };
    match edit.entity {
        TagEntity::Record => record(&edit.path).map(|(id, _)| ((id, None), model.node(id).props.as_slice())),
        TagEntity::Field => {
            let (owner, name) = edit.path.rsplit_once('.')?;
            let (id, record) = record(owner)?;
            let at = record.find(name, 0)?;
            record.fields.get(at).map(|field| ((id, Some(at)), field.props.as_slice()))
        }
    }
}
