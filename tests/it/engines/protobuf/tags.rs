//! Inline tags.

use accordant::schema::Format as _;
use accordant::schema::{EntityTags, TagEdit, TagEntity};

use super::{proto3, read};

fn edit(path: &str, entity: TagEntity, tags: &[&str]) -> TagEdit {
    TagEdit { path: path.to_owned(), entity, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}

fn tagged(path: &str, entity: TagEntity, tags: &[&str]) -> EntityTags {
    EntityTags { path: path.to_owned(), entity, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}

#[test]
fn tags_are_listed_in_every_spelling() {
    let schema = read(&proto3(
        "import \"confluent/meta.proto\"; package p; message A { option (confluent.message_meta) = { tags: 'M' };\
         int32 a = 1 [(confluent.field_meta).tags = 'x', (confluent.field_meta).tags = 'y'];\
         oneof o { int32 b = 2 [(confluent.field_meta) = { doc: 'd', tags: ['z'] }]; } message N { int32 c = 1; } }",
    ));
    let wanted = [
        tagged("A", TagEntity::Record, &["M"]),
        tagged("A.a", TagEntity::Field, &["x", "y"]),
        tagged("A.b", TagEntity::Field, &["z"]),
    ];
    assert_eq!(schema.tags(), wanted);
}

#[test]
fn tags_are_added_and_removed() {
    let schema =
        read(&proto3("package p;\nmessage A { int32 a = 1; message N { string s = 1 [(confluent.field_meta).doc = 'd']; } }"));
    let add = [
        edit("p.A.a", TagEntity::Field, &["PII", "PII"]),
        edit("A.N.s", TagEntity::Field, &["S"]),
        edit("A", TagEntity::Record, &["R"]),
    ];
    let text = schema.edit_tags(&add, &[], false).expect("all there");
    let wanted = "syntax = \"proto3\";\npackage p;\n\nmessage A {\n  option (confluent.message_meta) = {\n    \
                  tags: [\n      \"R\"\n    ]\n  };\n\n  int32 a = 1 [(confluent.field_meta) = {\n    tags: [\n      \"PII\"\n    ]\n  }];\n\n  \
                  message N {\n    string s = 1 [\n      (confluent.field_meta).doc = \"d\",\n      (confluent.field_meta).tags = \"S\"\n    ];\n  \
                  }\n}\n";
    assert_eq!(text, wanted);
    let tagged = read(&text);
    assert_eq!(tagged.edit_tags(&add, &[], false).expect("all there"), text, "adding again changes nothing");
    let without = tagged.edit_tags(&[], &add, false).expect("all there");
    assert_eq!(without, schema.canonical());
}

#[test]
fn unknown_entities_are_named() {
    let schema = read(&proto3("package p; message A { int32 a = 1; oneof o { int32 b = 2; } }"));
    let error = |edit: TagEdit| schema.edit_tags(&[edit], &[], false).expect_err("not there").message;
    assert_eq!(error(edit("p.A.nope", TagEntity::Field, &["x"])), "No matching Field with name 'nope' found in the schema");
    assert_eq!(error(edit("p.B", TagEntity::Record, &["x"])), "No matching Message with name 'p' found in the schema");
    assert_eq!(error(edit("A.a", TagEntity::Record, &["x"])), "No matching Message with name 'a' found in the schema");
    let unchanged = schema.edit_tags(&[edit("nope.x", TagEntity::Field, &["x"])], &[], true).expect("ignored");
    assert_eq!(unchanged, schema.canonical());
    assert!(schema.edit_tags(&[edit("A.o.b", TagEntity::Field, &["x"])], &[], false).expect("there").contains("\"x\""));
}
