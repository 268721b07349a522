//! Inline tags.

use accordant::schema::Format as _;
use accordant::schema::{EntityTags, TagEdit, TagEntity};

use super::strict;

const TEXT: &str = r#"{"type":"record","name":"n.R","fields":[{"name":"p","type":"int","confluent:tags":["A"],"x":1},{"name":"q","type":{"type":"record","name":"S","fields":[{"name":"p","type":"int"}],"confluent:tags":["B","C"]}}]}"#;

fn edit(path: &str, entity: TagEntity, tags: &[&str]) -> TagEdit {
    TagEdit { path: path.to_owned(), entity, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}

#[test]
fn tags_are_listed_with_full_paths() {
    let listed = strict(TEXT).tags();
    let tags = |path: &str, entity, tags: &[&str]| EntityTags {
        path: path.to_owned(),
        entity,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    assert_eq!(listed, [tags("n.R.p", TagEntity::Field, &["A"]), tags("n.S", TagEntity::Record, &["B", "C"])]);
}

#[test]
fn tags_are_added_and_removed() {
    let schema = strict(TEXT);
    let add = [
        edit("n.R.p", TagEntity::Field, &["A", "Z"]),
        edit("S.p", TagEntity::Field, &["Y"]),
        edit("R", TagEntity::Record, &["X"]),
    ];
    let remove = [edit("n.S", TagEntity::Record, &["C", "B", "never"]), edit("R.p", TagEntity::Field, &["A"])];
    let text = concat!(
        r#"{"type":"record","name":"R","namespace":"n","fields":["#,
        r#"{"name":"p","type":"int","confluent:tags":["Z"],"x":1},"#,
        r#"{"name":"q","type":{"type":"record","name":"S","fields":[{"name":"p","type":"int","confluent:tags":["Y"]}]}}],"#,
        r#""confluent:tags":["X"]}"#
    );
    assert_eq!(schema.edit_tags(&add, &remove, false).as_deref(), Ok(text));
    assert_eq!(schema.edit_tags(&[], &[], false).as_deref(), Ok(schema.canonical()));
}

#[test]
fn unknown_entities_are_refused() {
    let schema = strict(TEXT);
    for unknown in [
        edit("n.R.z", TagEntity::Field, &["A"]),
        edit("m.R.p", TagEntity::Field, &["A"]),
        edit("n.R.p", TagEntity::Record, &["A"]),
        edit("n.R", TagEntity::Field, &["A"]),
        edit("", TagEntity::Record, &["A"]),
    ] {
        let error = schema.edit_tags(std::slice::from_ref(&unknown), &[], false).expect_err("unknown");
        assert_eq!(error.message, format!("No matching path '{}' found in the schema", unknown.path));
        assert_eq!(schema.edit_tags(&[unknown], &[], true).as_deref(), Ok(schema.canonical()));
    }
}
