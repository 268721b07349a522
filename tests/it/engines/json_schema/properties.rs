//! Properties that hold for all schemas, tried on generated ones.

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::semantic::{Opinion, second_opinion};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Map, Value, json};

use super::{broken, schema};

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~\u{0}-\u{1f}😀\u{ff5e}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-c😀\u{ff5e}]{1,2}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn bounds(keys: [&'static str; 2]) -> impl Strategy<Value = Vec<(String, Value)>> {
    (proptest::option::of(0..4_u32), proptest::option::of(2..6_u32)).prop_map(move |(least, most)| {
        let bound = |key: &str, value: Option<u32>| value.map(|value| (key.to_owned(), json!(value)));
        [bound(keys[0], least), bound(keys[1], most)].into_iter().flatten().collect()
    })
}

fn typed(name: &'static str, keys: [&'static str; 2]) -> impl Strategy<Value = Value> {
    bounds(keys).prop_map(move |bounds| {
        let mut map = Map::from_iter(bounds);
        map.insert("type".to_owned(), json!(name));
        Value::Object(map)
    })
}

/// Schemas of the kinds that people write: everything typed, names from a small set, so that two of them often have to do with
/// each other.
pub(super) fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        typed("string", ["minLength", "maxLength"]),
        typed("integer", ["minimum", "maximum"]),
        typed("number", ["exclusiveMinimum", "exclusiveMaximum"]),
        Just(json!({"type": "null"})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": ["null", "string"]})),
        subsequence(vec![json!("a"), json!("b"), json!(1), Value::Null], 1..4).prop_map(|values| json!({"enum": values})),
        subsequence(vec![json!("a"), json!("b")], 1..2).prop_map(|values| json!({"type": "string", "enum": values})),
        prop_oneof![Just(json!("a")), Just(json!(1))].prop_map(|value| json!({"const": value})),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let names = || "[abc]";
        let objects = (btree_map(names(), inner.clone(), 0..4), vec(names(), 0..2), 0..3, inner.clone()).prop_map(
            |(properties, required, closing, rest)| {
                let mut object = json!({"type": "object", "properties": properties});
                if let Value::Object(map) = &mut object {
                    if !required.is_empty() {
                        map.insert("required".to_owned(), json!(required));
                    }
                    match closing {
                        0 => {}
                        1 => drop(map.insert("additionalProperties".to_owned(), Value::Bool(false))),
                        _ => drop(map.insert("additionalProperties".to_owned(), rest)),
                    }
                }
                object
            },
        );
        let arrays = (bounds(["minItems", "maxItems"]), inner.clone()).prop_map(|(bounds, items)| {
            let mut map = Map::from_iter(bounds);
            map.insert("type".to_owned(), json!("array"));
            map.insert("items".to_owned(), items);
            Value::Object(map)
        });
        let combined = (prop_oneof![Just("anyOf"), Just("allOf"), Just("oneOf")], vec(inner.clone(), 1..4))
            .prop_map(|(keyword, members)| json!({ keyword: members }));
        prop_oneof![3 => objects, 1 => arrays, 2 => combined, 1 => inner.prop_map(|inner| json!({"not": inner}))]
    })
}

/// A schema and one that came from it by a single change.
fn related() -> impl Strategy<Value = (Value, Value)> {
    (any_schema(), any_schema(), any::<Index>(), 0..3).prop_map(|(old, other, place, change)| {
        let mut pointers = Vec::new();
        schemas_in(&old, "", &mut pointers);
        let mut new = old.clone();
        if let Some(spot) = new.pointer_mut(place.get::<String>(&pointers)) {
            match (change, spot.as_object_mut()) {
                (0, Some(map)) if map.len() > 1 => {
                    let key = map.keys().nth(place.index(map.len())).cloned().unwrap();
                    map.remove(&key);
                }
                (1, Some(map)) => {
                    for (key, value) in other.as_object().into_iter().flatten() {
                        map.entry(key.clone()).or_insert(value.clone());
                    }
                }
                _ => *spot = other,
            }
        }
        (old, new)
    })
}

fn schemas_in(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    let Value::Object(map) = value else { return };
    for (key, inner) in map {
        match (key.as_str(), inner) {
            ("properties", Value::Object(properties)) => {
                properties.iter().for_each(|(name, inner)| schemas_in(inner, &format!("{pointer}/properties/{name}"), found));
            }
            ("anyOf" | "allOf" | "oneOf", Value::Array(members)) => {
                members.iter().enumerate().for_each(|(at, inner)| schemas_in(inner, &format!("{pointer}/{key}/{at}"), found));
            }
            ("items" | "not" | "additionalProperties", Value::Object(_)) => {
                schemas_in(inner, &format!("{pointer}/{key}"), found);
            }
            _ => {}
        }
    }
}

/// Whether something holds for a schema or one inside it.
fn anywhere(value: &Value, holds: &dyn Fn(&Map<String, Value>) -> bool) -> bool {
    match value {
        Value::Object(map) => holds(map) || map.values().any(|inner| anywhere(inner, holds)),
        Value::Array(items) => items.iter().any(|inner| anywhere(inner, holds)),
        _ => false,
    }
}

/// Where Confluent's rules say "compatible" although documents are lost; Accordant follows them. A name and how such a pair looks.
type Gap = (&'static str, fn(&Value, &Value) -> bool);

const GAPS: &[Gap] = &[
    ("a new alternative may make two of `oneOf` fit", |old, new| {
        anywhere(old, &|map| map.contains_key("oneOf")) || anywhere(new, &|map| map.contains_key("oneOf"))
    }),
    (
        "`required` names a property that is not declared, or that is declared empty (in the old schema: below a `not`)",
        |old, new| {
            let undeclared = |map: &Map<String, Value>| {
                let required = map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                let declared = |name| map.get("properties").and_then(|properties| properties.get(name));
                required.into_iter().any(|name| declared(name).is_none_or(|schema| schema.as_object().is_some_and(Map::is_empty)))
            };
            anywhere(new, &undeclared) || (anywhere(old, &|map| map.contains_key("not")) && anywhere(old, &undeclared))
        },
    ),
    ("keywords with and without their type are the same to the rules", |old, new| {
        let untyped = |map: &Map<String, Value>| {
            let keywords = ["minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems"];
            let more = ["maxItems", "items", "properties", "required", "additionalProperties"];
            !map.contains_key("type") && keywords.iter().chain(&more).any(|keyword| map.contains_key(*keyword))
        };
        anywhere(old, &untyped) || anywhere(new, &untyped)
    }),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_text_is_its_own_canonical_text(value in any_json()) {
        let text = serde_json::to_string_pretty(&json!({"x": value})).unwrap();
        let sent = schema(&text);
        let stored = schema(sent.canonical());
        prop_assert_eq!(sent.canonical(), stored.canonical());
        prop_assert_eq!(serde_json::from_str::<Value>(stored.canonical()).unwrap(), json!({"x": value}));
        let normalized = schema(&sent.normalized().unwrap());
        prop_assert_eq!(normalized.canonical(), normalized.normalized().unwrap());
    }

    #[test]
    fn a_schema_is_compatible_with_itself(value in any_schema()) {
        let (old, new) = (schema(&value.to_string()), schema(&value.to_string()));
        prop_assert_eq!(broken(&old, &new), vec![]);
        // Nor does the order of keys matter.
        let sorted = schema(&old.normalized().unwrap());
        prop_assert_eq!(broken(&old, &sorted), vec![]);
        prop_assert_eq!(broken(&sorted, &old), vec![]);
    }

    #[test]
    fn what_is_found_compatible_loses_no_document((old, new) in related()) {
        let (before, after) = (schema(&old.to_string()), schema(&new.to_string()));
        let excused = GAPS.iter().any(|(_, holds)| holds(&old, &new));
        if broken(&before, &after).is_empty() && !excused {
            let opinion = second_opinion(&after, &before);
            prop_assert!(!matches!(opinion, Opinion::ProvenIncompatible { .. }), "{} to {}: {:?}", old, new, opinion);
        }
    }

    #[test]
    fn counter_examples_are_refused_by_the_reader_alone((old, new) in related()) {
        use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
        let (before, after) = (schema(&old.to_string()), schema(&new.to_string()));
        if let Opinion::ProvenIncompatible { counter_example: Some(document) } = second_opinion(&after, &before) {
            let options = ValidateOptions { formats: false, ..ValidateOptions::default() };
            let accepts = |schema: &Schema| Validator::compile(schema, &options).unwrap().validate(&document).is_empty();
            prop_assert!(accepts(&before) && !accepts(&after), "{} to {}: {}", old, new, document);
        }
    }

    #[test]
    fn any_text_gets_an_answer(text in "[\\[\\]{}\",:0-9eE.a-z$#/ \\\\-]{0,60}") {
        let _ = super::read(&text);
    }
}
