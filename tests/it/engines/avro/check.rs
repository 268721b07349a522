//! Findings of the compatibility check, rule by rule.

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{CheckError, Direction};

use super::{BUDGET, findings, found, lax, options, record};
use crate::support::findings::shown;

const NOTHING: [&str; 0] = [];

#[test]
fn primitives_promote_one_way() {
    let types = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    let promoted = [
        ("long", "int"),
        ("float", "int"),
        ("double", "int"),
        ("float", "long"),
        ("double", "long"),
        ("double", "float"),
        ("bytes", "string"),
        ("string", "bytes"),
    ];
    for reader in types {
        for writer in types {
            let result = found(&format!("\"{reader}\""), &format!("\"{writer}\""));
            if reader == writer || promoted.contains(&(reader, writer)) {
                assert_eq!(result, NOTHING, "{reader} <- {writer}");
            } else {
                let (r, w) = (reader.to_uppercase(), writer.to_uppercase());
                assert_eq!(result, [format!("TYPE_MISMATCH / reader type: {r} not compatible with writer type: {w}")]);
            }
        }
    }
}

#[test]
fn names_and_sizes_are_equal_and_symbols_only_added() {
    let fixed = |name: &str, size: u32, more: &str| format!(r#"{{"type":"fixed","name":"{name}","size":{size}{more}}}"#);
    assert_eq!(found(&fixed("a.F", 2, ""), &fixed("b.F", 2, "")), NOTHING);
    assert_eq!(
        found(&fixed("a.F", 2, ""), &fixed("b.G", 3, "")),
        ["NAME_MISMATCH /name expected: b.G", "FIXED_SIZE_MISMATCH /size expected: 3, found: 2"]
    );
    assert_eq!(found(&fixed("a.F", 2, r#","aliases":["G"]"#), &fixed("a.G", 2, "")), NOTHING);
    assert_eq!(found(&fixed("a.F", 2, r#","aliases":["G"]"#), &fixed("b.G", 2, "")), ["NAME_MISMATCH /name expected: b.G"]);
    assert_eq!(found(&fixed("a.F", 2, r#","aliases":[".G"]"#), &fixed("G", 2, "")), ["NAME_MISMATCH /name expected: G"]);
    // the writer's aliases say nothing
    assert_eq!(found(&fixed("F", 2, ""), &fixed("G", 2, r#","aliases":["F"]"#)), ["NAME_MISMATCH /name expected: G"]);

    let symbols = |list: &str, more: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{list}]{more}}}"#);
    let old = symbols(r#""Z","b","A","a""#, r#","default":"Z""#);
    assert_eq!(found(&symbols(r#""A""#, ""), &old), ["MISSING_ENUM_SYMBOLS /symbols [Z, a, b]"]);
    assert_eq!(found(&symbols(r#""A""#, r#","default":"A""#), &old), NOTHING);
    assert_eq!(found(&symbols(r#""a","A","Z","b","c""#, ""), &old), NOTHING);
}

#[test]
fn fields_are_matched_by_name_or_alias_or_need_a_default() {
    let writer = record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    let table: [(&str, &[&str]); 7] = [
        (r#"{"name":"b","type":"long"}"#, &[]),
        (r#"{"name":"c","type":["null","int"],"default":null}"#, &[]),
        (r#"{"name":"c","type":["null","int"]}"#, &["READER_FIELD_MISSING_DEFAULT_VALUE /fields/0 c"]),
        (r#"{"name":"c","type":"long","aliases":["b"]}"#, &[]),
        (
            r#"{"name":"c","type":"string","aliases":["b"]}"#,
            &["TYPE_MISMATCH /fields/0/type reader type: STRING not compatible with writer type: INT"],
        ),
        (
            r#"{"name":"c","type":{"type":"enum","name":"E","symbols":["U"],"default":"U"}}"#,
            &["TYPE_MISMATCH /fields/0/type reader type: ENUM not compatible with writer type: RECORD"],
        ),
        (
            r#"{"name":"x","type":"int"},{"name":"a","type":"null"},{"name":"y","type":"int"}"#,
            &[
                "READER_FIELD_MISSING_DEFAULT_VALUE /fields/0 x",
                "TYPE_MISMATCH /fields/1/type reader type: NULL not compatible with writer type: INT",
                "READER_FIELD_MISSING_DEFAULT_VALUE /fields/2 y",
            ],
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(found(&record(fields), &writer), expected, "{fields}");
    }
}

#[test]
fn an_ambiguous_alias_ends_the_check() {
    let writer = record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#);
    for (fields, field, pos) in [
        (r#"{"name":"a","type":"int","aliases":["b"]}"#, "a type:INT", 0),
        (r#"{"name":"z","type":"int"},{"name":"b","type":["int"],"aliases":["b"]}"#, "b type:UNION", 1),
    ] {
        let message = format!(
            "Unexpected exception during compatibility check: Reader record field {field} pos:{pos} matches multiple fields in writer record schema {writer}"
        );
        let result = findings(&lax(&record(fields)), &lax(&writer));
        assert_eq!(
            result.iter().map(|f| (f.rule, f.message.as_str())).collect::<Vec<_>>(),
            [("AMBIGUOUS_FIELD_ALIAS", &*message)]
        );
    }
}

#[test]
fn every_branch_of_the_writer_needs_one_of_the_reader() {
    let table: [(&str, &str, &[&str]); 7] = [
        (r#"["null","long"]"#, r#"["int"]"#, &[]),
        (r#"["null","long"]"#, r#""int""#, &[]),
        (r#"["null","int"]"#, r#""long""#, &["MISSING_UNION_BRANCH / reader union lacking writer type: LONG"]),
        (
            r#"["null","int"]"#,
            r#"["string","int",{"type":"array","items":"int"}]"#,
            &[
                "MISSING_UNION_BRANCH /0 reader union lacking writer type: STRING",
                "MISSING_UNION_BRANCH /2 reader union lacking writer type: ARRAY",
            ],
        ),
        (r#""double""#, r#"["int","float"]"#, &[]),
        (
            r#"{"type":"array","items":"int"}"#,
            r#"{"type":"array","items":["int","long"]}"#,
            &["TYPE_MISMATCH /items/1 reader type: INT not compatible with writer type: LONG"],
        ),
        ("[]", "[]", &[]),
    ];
    for (reader, writer, expected) in table {
        assert_eq!(found(reader, writer), expected, "{reader} <- {writer}");
    }
}

#[test]
fn paths_go_through_everything() {
    let nest = |inner: &str| {
        record(&format!(
            r#"{{"name":"z","type":"int"}},{{"name":"p","type":{{"type":"map","values":{{"type":"array","items":{{"type":"record","name":"S","fields":[{{"name":"q","type":{inner}}}]}}}}}}}}"#
        ))
    };
    assert_eq!(
        found(&nest(r#""int""#), &nest(r#"["int","null"]"#)),
        ["TYPE_MISMATCH /fields/1/type/values/items/fields/0/type/1 reader type: INT not compatible with writer type: NULL"]
    );
}

#[test]
fn a_type_used_again_repeats_its_first_finding() {
    let twice = |inner: &str| {
        record(&format!(
            r#"{{"name":"p","type":["null",{{"type":"record","name":"S","fields":[{{"name":"q","type":"{inner}"}}]}}]}},{{"name":"r","type":"S"}},{{"name":"s","type":"S"}}"#
        ))
    };
    assert_eq!(
        found(&twice("int"), &twice("string")),
        [
            "MISSING_UNION_BRANCH /fields/0/type/1 reader union lacking writer type: RECORD",
            // the path inside the union, where it was found first
            "TYPE_MISMATCH /fields/0/type reader type: INT not compatible with writer type: STRING",
            "TYPE_MISMATCH /fields/0/type reader type: INT not compatible with writer type: STRING",
        ]
    );
}

#[test]
fn messages_name_the_sides() {
    let (new, old) = (lax(&record(r#"{"name":"a","type":"int"}"#)), lax(&record("")));
    let found =
        |reader, writer, direction| Schema::check(reader, writer, &options(direction, BUDGET)).expect("within the budget");
    insta::assert_snapshot!("a_missing_default_backward", shown(&found(&new, &old, Direction::Backward)));
    insta::assert_snapshot!("a_missing_default_forward", shown(&found(&new, &old, Direction::Forward)));
    assert_eq!(found(&old, &new, Direction::Forward), []);
}

#[test]
fn findings_say_where_why_and_what_helps() {
    let new = lax("{\"type\":\"record\",\"name\":\"R\",\n \"fields\":[\n  {\"name\":\"a\",\"type\":\"int\"}]}");
    let old = lax(&record(r#"{"name":"b","type":"int"},{"name":"a","type":"string"}"#));
    insta::assert_snapshot!("a_changed_type", shown(&findings(&new, &old)));
}

#[test]
fn a_spent_budget_is_no_verdict() {
    let schema = lax(&record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#));
    let result = Schema::check(&schema, &schema, &options(Direction::Backward, 2));
    assert_eq!(result, Err(CheckError::BudgetExhausted { limit: 2 }));
}
