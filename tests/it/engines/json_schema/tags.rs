//! Inline tags.

use accordant::schema::Format as _;
use accordant::schema::{EntityTags, TagEdit, TagEntity};

use super::schema;

fn edit(path: &str, entity: TagEntity, tags: &[&str]) -> TagEdit {
    TagEdit { path: path.to_owned(), entity, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}

#[test]
fn tags_are_listed_added_and_removed() {
    let text = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"object","properties":{"c.d":{}}}}}"#;
    let add = [
        edit("object", TagEntity::Record, &["X"]),
        edit("object.a", TagEntity::Field, &["PII", "PII", "SECRET"]),
        edit("object.b.object.c.d", TagEntity::Field, &["PII"]),
    ];
    let tagged = schema(&schema(text).edit_tags(&add, &[], false).unwrap());
    let listed = |path: &str, entity, tags: &[&str]| EntityTags {
        path: path.to_owned(),
        entity,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    assert_eq!(
        tagged.tags(),
        [
            listed("object", TagEntity::Record, &["X"]),
            listed("object.a", TagEntity::Field, &["PII", "SECRET"]),
            listed("object.b.object.c.d", TagEntity::Field, &["PII"]),
        ]
    );
    let plain = tagged.edit_tags(&[], &add, false).unwrap();
    assert_eq!(plain, schema(text).canonical());
}

#[test]
fn an_unknown_entity_is_an_error_unless_ignored() {
    let schema = schema(r#"{"properties":{"a":{}}}"#);
    let add = [edit("object.b", TagEntity::Field, &["PII"])];
    assert_eq!(schema.edit_tags(&add, &[], false).unwrap_err().message, "No matching path 'object.b' found in the schema");
    assert_eq!(schema.edit_tags(&add, &[], true).unwrap(), schema.canonical());
}
