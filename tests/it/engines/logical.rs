//! The text of logical types: what is printed can be read, and is printed the same.

use accordant::schema::logical::ddl::{print, read};
use accordant::schema::logical::on_stack;
use accordant::schema::{ParseMode, ParseOptions, Parsed};
use accordant::types::SchemaType;
use proptest::prelude::*;

fn primitive() -> impl Strategy<Value = String> {
    let words = [
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INT",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL(9, 2)",
        "STRING",
        "VARCHAR(7)",
        "CHAR(2)",
        "BYTES",
        "VARBINARY(3)",
        "BINARY(4)",
        "DATE",
        "TIME(3)",
        "TIMESTAMP(6)",
        "TIMESTAMP_LTZ(9)",
        "VARIANT",
        "Other",
    ];
    (prop::sample::select(words.to_vec()), any::<bool>()).prop_map(|(word, nullable)| word.to_owned() + null(nullable))
}

fn null(nullable: bool) -> &'static str {
    if nullable { "" } else { " NOT NULL" }
}

fn ty() -> impl Strategy<Value = String> {
    primitive().prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), any::<bool>());
        prop_oneof![
            pair.clone().prop_map(|(ty, n)| format!("ARRAY<{ty}>{}", null(n))),
            pair.prop_map(|(ty, n)| format!("MULTISET<{ty}>{}", null(n))),
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(key, value, n)| format!("MAP<{key}, {value}>{}", null(n))),
            (inner.clone(), inner.clone(), any::<bool>())
                .prop_map(|(a, b, n)| format!("STRUCT(`in` {a}, b {b} COMMENT 'it''s'){}", null(n))),
            (inner.clone(), inner, any::<bool>()).prop_map(|(p, q, n)| format!("UNION(p {p}, q {q} WITH('k' = 'v')){}", null(n))),
        ]
    })
}

fn script() -> impl Strategy<Value = String> {
    (ty(), ty(), ty()).prop_map(|(a, b, c)| {
        format!("STRUCT A (\n  a {a} TAGS('t', 'u'),\n  b {b},\n  c {c} COMMENT 'c'\n) WITH('k' = 'v');\nENUM Other ('x', 'y' COMMENT 'z');\nTYPE A;\n")
    })
}

/// The text of what a text declares; `None` when it is of another language.
fn again(text: &str) -> Option<String> {
    on_stack(|| read(text).ok().map(|logical| print(&logical).unwrap())).unwrap()
}

/// What a schema that was made of a logical type means, as a text.
fn through(schema_type: SchemaType, text: &str) -> Option<String> {
    let schema = on_stack(|| Parsed::from_logical(schema_type, &read(text).unwrap(), "root", &[], 200)).unwrap().ok()?;
    let parsed = Parsed::parse(schema_type, &schema, &[], &ParseOptions::new(ParseMode::New, 200)).unwrap();
    Some(on_stack(|| print(&parsed.logical_type(None).unwrap()).unwrap()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_printed_logical_type_is_read_and_printed_the_same(text in script()) {
        prop_assert_eq!(again(&text), Some(text));
    }

    #[test]
    fn any_text_of_such_words_is_read_or_refused(words in prop::collection::vec(
        prop::sample::select(vec!["STRUCT", "A", "(", ")", "<", ">", ",", ";", "a", "INT", "NOT", "NULL", "ARRAY", "MAP", "CHECK", "'x'", "1", "TYPE", "IN", "VARIANT"]),
        0..40,
    )) {
        let _ = again(&words.join(" "));
    }
}

#[test]
fn a_struct_of_plain_columns_means_the_same_in_every_format() {
    let text = "STRUCT A (\n  a INT NOT NULL,\n  b STRING,\n  c BYTES NOT NULL,\n  d BOOLEAN,\n  e DOUBLE NOT NULL,\n  f TIMESTAMP(3) NOT NULL\n);\n";
    for schema_type in SchemaType::ALL {
        let back = through(schema_type, text).unwrap();
        let inner = |text: &str| text.split_once('(').unwrap().1.replace([' ', '\n'], "").replace(")NOTNULL", ")");
        assert_eq!(inner(&back), inner(text), "{schema_type:?}: {back}");
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused_and_ends_no_process() {
    for (open, close) in [("ARRAY<", ">"), ("STRUCT(a ", ")"), ("UNION(a ", ")")] {
        for depth in [200, 2_000, 50_000] {
            let text = format!("TYPE {}INT{};", open.repeat(depth), close.repeat(depth));
            assert_eq!(again(&text).is_some(), depth == 200, "{depth} times {open}");
        }
    }
    assert_eq!(again(&format!("STRUCT A (a INT CHECK ({}a{}))", "(".repeat(50_000), ")".repeat(50_000))), None);
}
