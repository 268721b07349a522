//! Which texts are one version of a subject.

use super::lax;
use accordant::schema::Format as _;

const BASE: &str = r#"{"type":"record","name":"n.R","doc":"d","aliases":["A","B"],"k":{"x":1,"y":[1]},"fields":[
    {"name":"p","type":{"type":"enum","name":"E","symbols":["U","V"],"default":"U"},"default":"U","q":1},
    {"name":"r","type":["null","double"],"default":null},{"name":"s","type":"double","default":"1.5"}]}"#;

#[test]
fn a_difference_in_spelling_makes_no_other_schema() {
    let base = lax(BASE);
    for (from, to) in [
        (r#""aliases":["A","B"]"#, r#""aliases":["n.B","A","B"]"#),
        (r#""k":{"x":1,"y":[1]}"#, r#""k":{"y":[1],"x":1}"#),
        (r#""name":"n.R""#, r#""namespace":"n","name":"R""#),
        (r#""type":"record""#, r#""type":"error""#),
        (r#""doc":"d""#, r#""doc":"\u0064""#),
        (r#""double","default":"1.5""#, r#"{"type":"double"},"order":"ascending","default":1.50"#),
    ] {
        let other = lax(&BASE.replace(from, to));
        assert!(base.equivalent(&other) && other.equivalent(&base), "{from} -> {to}");
        assert_eq!(base.equivalence_hash(), other.equivalence_hash(), "{from} -> {to}");
    }
}

#[test]
fn a_difference_in_content_makes_another_schema() {
    let base = lax(BASE);
    for (from, to) in [
        (r#""doc":"d","#, ""),
        (r#""doc":"d""#, r#""doc":"""#),
        (r#","aliases":["A","B"]"#, r#","aliases":["A"]"#),
        (r#""x":1"#, r#""x":1.0"#),
        (r#""y":[1]"#, r#""y":[1],"z":null"#),
        (r#"["U","V"]"#, r#"["V","U"]"#),
        (r#","default":"U"},"#, "},"),
        (r#""q":1"#, r#""q":2"#),
        (r#"["null","double"]"#, r#"["double","null"]"#),
        (r#","default":null"#, ""),
        (r#""default":"1.5""#, r#""default":1.5,"order":"ignore""#),
        (r#""name":"r""#, r#""name":"R""#),
        (r#""name":"n.R""#, r#""name":"m.R""#),
    ] {
        let text = BASE.replace(from, to);
        assert_ne!(text, BASE);
        let other = lax(&text);
        assert!(!base.equivalent(&other) && !other.equivalent(&base), "{from} -> {to}");
        assert_ne!(base.equivalence_hash(), other.equivalence_hash(), "{from} -> {to}");
    }
}

#[test]
fn recursive_schemas_are_compared_in_the_end() {
    let list = |value: &str| {
        lax(&format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{value}"}},{{"name":"next","type":["null","L"]}}]}}"#
        ))
    };
    assert!(list("int").equivalent(&list("int")));
    assert!(!list("int").equivalent(&list("long")));
    assert_eq!(list("int").equivalence_hash(), list("int").equivalence_hash());
    assert_ne!(list("int").equivalence_hash(), list("long").equivalence_hash());
}
