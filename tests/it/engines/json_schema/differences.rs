//! Every kind of difference: a pair of schemas that shows it, where, and under which policies it is compatible.

use std::collections::BTreeSet;

use accordant::schema::json_schema::{self, DifferenceKind};
use accordant::types::CompatibilityPolicy::{Lenient, Logical, Strict};

use super::schema;

/// Kind, policies (`A` always, `L` lenient only, `N` never compatible), path, old, new.
const ROWS: &[(&str, char, &str, &str, &str)] = &[
    ("ID_CHANGED", 'A', "#/", r#"{"$id":"http://x/a"}"#, r#"{"$id":"http://x/b"}"#),
    ("TITLE_CHANGED", 'A', "#/", r#"{"title":"a"}"#, "{}"),
    ("DESCRIPTION_CHANGED", 'A', "#/properties/p", r#"{"properties":{"p":{"description":"a"}}}"#, r#"{"properties":{"p":{}}}"#),
    ("DEFAULT_CHANGED", 'A', "#/", r#"{"type":"integer","default":1}"#, r#"{"type":"integer","default":1.0}"#),
    ("SCHEMA_ADDED", 'N', "#/items", r#"{"type":"array"}"#, r#"{"type":"array","items":{"type":"null"}}"#),
    ("SCHEMA_REMOVED", 'A', "#/items", r#"{"type":"array","items":{"type":"null"}}"#, r#"{"type":"array"}"#),
    ("TYPE_EXTENDED", 'A', "#/", r#"{"type":"integer"}"#, r#"{"type":"number"}"#),
    ("TYPE_NARROWED", 'N', "#/", r#"{"type":"number"}"#, r#"{"type":"integer"}"#),
    ("TYPE_CHANGED", 'N', "#/", r#"{"type":"number"}"#, r#"{"type":"string"}"#),
    ("MAX_LENGTH_ADDED", 'N', "#/maxLength", r#"{"type":"string"}"#, r#"{"type":"string","maxLength":3}"#),
    ("MAX_LENGTH_REMOVED", 'A', "#/maxLength", r#"{"type":"string","maxLength":3}"#, r#"{"type":"string"}"#),
    ("MAX_LENGTH_INCREASED", 'A', "#/maxLength", r#"{"maxLength":3}"#, r#"{"maxLength":4}"#),
    ("MAX_LENGTH_DECREASED", 'N', "#/maxLength", r#"{"maxLength":30}"#, r#"{"maxLength":4}"#),
    ("MIN_LENGTH_ADDED", 'N', "#/minLength", r#"{"type":"string"}"#, r#"{"minLength":0}"#),
    ("MIN_LENGTH_REMOVED", 'A', "#/minLength", r#"{"minLength":1}"#, r#"{"type":"string"}"#),
    ("MIN_LENGTH_INCREASED", 'N', "#/minLength", r#"{"minLength":9}"#, r#"{"minLength":10}"#),
    ("MIN_LENGTH_DECREASED", 'A', "#/minLength", r#"{"minLength":10}"#, r#"{"minLength":9}"#),
    ("PATTERN_ADDED", 'N', "#/pattern", r#"{"type":"string"}"#, r#"{"type":"string","pattern":"a"}"#),
    ("PATTERN_REMOVED", 'A', "#/pattern", r#"{"type":"string","pattern":"a"}"#, r#"{"type":"string"}"#),
    ("PATTERN_CHANGED", 'N', "#/pattern", r#"{"pattern":"a"}"#, r#"{"pattern":"a|b"}"#),
    ("MAXIMUM_ADDED", 'N', "#/maximum", r#"{"type":"number"}"#, r#"{"type":"number","maximum":1}"#),
    ("MAXIMUM_REMOVED", 'A', "#/maximum", r#"{"maximum":1}"#, r#"{"type":"number"}"#),
    ("MAXIMUM_INCREASED", 'A', "#/maximum", r#"{"maximum":0.1}"#, r#"{"maximum":0.10000000000000000000000001}"#),
    ("MAXIMUM_DECREASED", 'N', "#/maximum", r#"{"maximum":1e400}"#, r#"{"maximum":1e399}"#),
    ("MINIMUM_ADDED", 'N', "#/minimum", r#"{"type":"number"}"#, r#"{"type":"number","minimum":1}"#),
    ("MINIMUM_REMOVED", 'A', "#/minimum", r#"{"minimum":1}"#, r#"{"type":"number"}"#),
    ("MINIMUM_INCREASED", 'N', "#/minimum", r#"{"minimum":-10}"#, r#"{"minimum":-9}"#),
    ("MINIMUM_DECREASED", 'A', "#/minimum", r#"{"minimum":99999999999999999999}"#, r#"{"minimum":99999999999999999998}"#),
    ("EXCLUSIVE_MAXIMUM_ADDED", 'N', "#/exclusiveMaximum", r#"{"type":"number"}"#, r#"{"exclusiveMaximum":1}"#),
    ("EXCLUSIVE_MAXIMUM_REMOVED", 'A', "#/exclusiveMaximum", r#"{"exclusiveMaximum":1}"#, r#"{"type":"number"}"#),
    ("EXCLUSIVE_MAXIMUM_INCREASED", 'A', "#/exclusiveMaximum", r#"{"exclusiveMaximum":1}"#, r#"{"exclusiveMaximum":2}"#),
    (
        "EXCLUSIVE_MAXIMUM_DECREASED",
        'N',
        "#/exclusiveMaximum",
        r#"{"exclusiveMaximum":2}"#,
        r#"{"exclusiveMaximum":1,"maximum":9}"#,
    ),
    ("EXCLUSIVE_MINIMUM_ADDED", 'N', "#/exclusiveMinimum", r#"{"type":"number"}"#, r#"{"exclusiveMinimum":1}"#),
    ("EXCLUSIVE_MINIMUM_REMOVED", 'A', "#/exclusiveMinimum", r#"{"exclusiveMinimum":1}"#, r#"{"type":"number"}"#),
    ("EXCLUSIVE_MINIMUM_INCREASED", 'N', "#/exclusiveMinimum", r#"{"exclusiveMinimum":1}"#, r#"{"exclusiveMinimum":2}"#),
    ("EXCLUSIVE_MINIMUM_DECREASED", 'A', "#/exclusiveMinimum", r#"{"exclusiveMinimum":2}"#, r#"{"exclusiveMinimum":1}"#),
    ("MULTIPLE_OF_ADDED", 'N', "#/multipleOf", r#"{"type":"integer"}"#, r#"{"type":"integer","multipleOf":2}"#),
    ("MULTIPLE_OF_REMOVED", 'A', "#/multipleOf", r#"{"type":"integer","multipleOf":2}"#, r#"{"type":"integer"}"#),
    ("MULTIPLE_OF_EXPANDED", 'N', "#/multipleOf", r#"{"multipleOf":0.2}"#, r#"{"multipleOf":0.6}"#),
    ("MULTIPLE_OF_REDUCED", 'A', "#/multipleOf", r#"{"multipleOf":0.6}"#, r#"{"multipleOf":2e-1}"#),
    ("MULTIPLE_OF_CHANGED", 'N', "#/multipleOf", r#"{"multipleOf":6}"#, r#"{"multipleOf":4}"#),
    (
        "REQUIRED_ATTRIBUTE_ADDED",
        'N',
        "#/required/p",
        r#"{"properties":{"p":{}}}"#,
        r#"{"properties":{"p":{}},"required":["p"]}"#,
    ),
    (
        "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
        'A',
        "#/required/p",
        r#"{"properties":{"p":{}}}"#,
        r#"{"properties":{"p":{"default":1}},"required":["p"]}"#,
    ),
    (
        "REQUIRED_ATTRIBUTE_REMOVED",
        'A',
        "#/required/p",
        r#"{"properties":{"p":{}},"required":["p"]}"#,
        r#"{"properties":{"p":{}}}"#,
    ),
    ("MAX_PROPERTIES_ADDED", 'N', "#/maxProperties", r#"{"type":"object"}"#, r#"{"maxProperties":2}"#),
    ("MAX_PROPERTIES_REMOVED", 'A', "#/maxProperties", r#"{"maxProperties":2}"#, r#"{"type":"object"}"#),
    ("MAX_PROPERTIES_INCREASED", 'A', "#/maxProperties", r#"{"maxProperties":2}"#, r#"{"maxProperties":3}"#),
    ("MAX_PROPERTIES_DECREASED", 'N', "#/maxProperties", r#"{"maxProperties":3}"#, r#"{"maxProperties":2}"#),
    ("MIN_PROPERTIES_ADDED", 'N', "#/minProperties", r#"{"type":"object"}"#, r#"{"minProperties":2}"#),
    ("MIN_PROPERTIES_REMOVED", 'A', "#/minProperties", r#"{"minProperties":2}"#, r#"{"type":"object"}"#),
    ("MIN_PROPERTIES_INCREASED", 'N', "#/minProperties", r#"{"minProperties":2}"#, r#"{"minProperties":3}"#),
    ("MIN_PROPERTIES_DECREASED", 'A', "#/minProperties", r#"{"minProperties":3}"#, r#"{"minProperties":2}"#),
    (
        "ADDITIONAL_PROPERTIES_ADDED",
        'A',
        "#/additionalProperties",
        r#"{"additionalProperties":false}"#,
        r#"{"additionalProperties":true}"#,
    ),
    ("ADDITIONAL_PROPERTIES_REMOVED", 'L', "#/additionalProperties", r#"{"type":"object"}"#, r#"{"additionalProperties":false}"#),
    ("ADDITIONAL_PROPERTIES_EXTENDED", 'A', "#/additionalProperties", r#"{"additionalProperties":{}}"#, r#"{"type":"object"}"#),
    ("ADDITIONAL_PROPERTIES_NARROWED", 'L', "#/additionalProperties", r#"{"type":"object"}"#, r#"{"additionalProperties":{}}"#),
    (
        "UNEVALUATED_PROPERTIES_ADDED",
        'A',
        "#/unevaluatedProperties",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","unevaluatedProperties":false}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}"#,
    ),
    (
        "UNEVALUATED_PROPERTIES_REMOVED",
        'L',
        "#/unevaluatedProperties",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","unevaluatedProperties":false}"#,
    ),
    (
        "UNEVALUATED_PROPERTIES_EXTENDED",
        'A',
        "#/unevaluatedProperties",
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object","unevaluatedProperties":{"type":"null"}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object"}"#,
    ),
    (
        "UNEVALUATED_PROPERTIES_NARROWED",
        'L',
        "#/unevaluatedProperties",
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object"}"#,
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object","unevaluatedProperties":true}"#,
    ),
    ("DEPENDENCY_ARRAY_ADDED", 'N', "#/dependencies/p", r#"{"type":"object"}"#, r#"{"dependencies":{"p":["q"]}}"#),
    ("DEPENDENCY_ARRAY_REMOVED", 'A', "#/dependencies/p", r#"{"dependencies":{"p":["q"]}}"#, r#"{"dependencies":{"p":[]}}"#),
    (
        "DEPENDENCY_ARRAY_EXTENDED",
        'N',
        "#/dependencies/p",
        r#"{"dependencies":{"p":["q"]}}"#,
        r#"{"dependencies":{"p":["r","q"]}}"#,
    ),
    (
        "DEPENDENCY_ARRAY_NARROWED",
        'A',
        "#/dependencies/p",
        r#"{"dependencies":{"p":["q","r"]}}"#,
        r#"{"dependencies":{"p":["r"]}}"#,
    ),
    ("DEPENDENCY_ARRAY_CHANGED", 'N', "#/dependencies/p", r#"{"dependencies":{"p":["q"]}}"#, r#"{"dependencies":{"p":["r"]}}"#),
    ("DEPENDENCY_SCHEMA_ADDED", 'N', "#/dependencies/p", r#"{"type":"object"}"#, r#"{"dependencies":{"p":{}}}"#),
    ("DEPENDENCY_SCHEMA_REMOVED", 'A', "#/dependencies/p", r#"{"dependencies":{"p":{}}}"#, r#"{"type":"object"}"#),
    ("PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", 'A', "#/properties/p", r#"{"properties":{"p":{}}}"#, r#"{"properties":{}}"#),
    (
        "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        'A',
        "#/properties/p",
        r#"{"properties":{"p":false}}"#,
        r#"{"additionalProperties":false}"#,
    ),
    (
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        'L',
        "#/properties/p",
        r#"{"properties":{"p":{}},"additionalProperties":false}"#,
        r#"{"additionalProperties":false}"#,
    ),
    (
        "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'A',
        "#/properties/map",
        r#"{"properties":{"map":{"type":"integer"}},"additionalProperties":false}"#,
        r#"{"patternProperties":{"a":{"type":"number"}},"additionalProperties":false}"#,
    ),
    (
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'L',
        "#/properties/p",
        r#"{"properties":{"p":{"type":"string"}}}"#,
        r#"{"additionalProperties":{"type":"number"}}"#,
    ),
    (
        "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        'A',
        "#/properties/p",
        r#"{"properties":{}}"#,
        r#"{"properties":{"p":{}},"required":["p"]}"#,
    ),
    (
        "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        'N',
        "#/properties/p",
        r#"{"properties":{}}"#,
        r#"{"properties":{"p":{"type":"null"}},"required":["p"]}"#,
    ),
    (
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
        'L',
        "#/properties/p",
        r#"{"properties":{}}"#,
        r#"{"properties":{"p":{"type":"null","default":null}},"required":["p"]}"#,
    ),
    (
        "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        'L',
        "#/properties/",
        r#"{"type":"object"}"#,
        r#"{"properties":{"":{"type":"null"}}}"#,
    ),
    (
        "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'A',
        "#/properties/p",
        r#"{"additionalProperties":{"type":"integer"}}"#,
        r#"{"properties":{"p":{"type":"number"}},"additionalProperties":{"type":"integer"}}"#,
    ),
    (
        "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'L',
        "#/properties/p",
        r#"{"additionalProperties":{"type":"integer"}}"#,
        r#"{"properties":{"p":{"type":"string"}},"additionalProperties":{"type":"integer"}}"#,
    ),
    (
        "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        'N',
        "#/properties/p",
        r#"{"additionalProperties":false}"#,
        r#"{"properties":{"p":{}},"required":["p"],"additionalProperties":false}"#,
    ),
    (
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
        'A',
        "#/properties/p",
        r#"{"additionalProperties":false}"#,
        r#"{"properties":{"p":{"default":0}},"required":["p"],"additionalProperties":false}"#,
    ),
    (
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        'A',
        "#/properties/a/b",
        r#"{"additionalProperties":false}"#,
        r#"{"properties":{"a/b":{"type":"null"}},"additionalProperties":false}"#,
    ),
    ("MAX_ITEMS_ADDED", 'N', "#/maxItems", r#"{"type":"array"}"#, r#"{"maxItems":2}"#),
    ("MAX_ITEMS_REMOVED", 'A', "#/maxItems", r#"{"maxItems":2}"#, r#"{"type":"array"}"#),
    ("MAX_ITEMS_INCREASED", 'A', "#/maxItems", r#"{"maxItems":2}"#, r#"{"maxItems":3}"#),
    ("MAX_ITEMS_DECREASED", 'N', "#/maxItems", r#"{"maxItems":3}"#, r#"{"maxItems":2}"#),
    ("MIN_ITEMS_ADDED", 'N', "#/minItems", r#"{"type":"array"}"#, r#"{"minItems":2}"#),
    ("MIN_ITEMS_REMOVED", 'A', "#/minItems", r#"{"minItems":2}"#, r#"{"type":"array"}"#),
    ("MIN_ITEMS_INCREASED", 'N', "#/minItems", r#"{"minItems":2}"#, r#"{"minItems":3}"#),
    ("MIN_ITEMS_DECREASED", 'A', "#/minItems", r#"{"minItems":3}"#, r#"{"minItems":2}"#),
    (
        "MAX_CONTAINS_ADDED",
        'N',
        "#/maxContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":2}"#,
    ),
    (
        "MAX_CONTAINS_REMOVED",
        'A',
        "#/maxContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":2}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{}}"#,
    ),
    (
        "MAX_CONTAINS_INCREASED",
        'A',
        "#/maxContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":2}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":3}"#,
    ),
    (
        "MAX_CONTAINS_DECREASED",
        'N',
        "#/maxContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":3}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"maxContains":2}"#,
    ),
    (
        "MIN_CONTAINS_ADDED",
        'N',
        "#/minContains",
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"array"}"#,
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"array","contains":{}}"#,
    ),
    (
        "MIN_CONTAINS_REMOVED",
        'A',
        "#/minContains",
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"array","contains":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"array"}"#,
    ),
    (
        "MIN_CONTAINS_INCREASED",
        'N',
        "#/minContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"minContains":2}"#,
    ),
    (
        "MIN_CONTAINS_DECREASED",
        'A',
        "#/minContains",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{},"minContains":0}"#,
    ),
    ("UNIQUE_ITEMS_ADDED", 'N', "#/uniqueItems", r#"{"type":"array"}"#, r#"{"uniqueItems":true}"#),
    ("UNIQUE_ITEMS_REMOVED", 'A', "#/uniqueItems", r#"{"uniqueItems":true}"#, r#"{"uniqueItems":false}"#),
    ("ADDITIONAL_ITEMS_ADDED", 'A', "#/additionalItems", r#"{"additionalItems":false}"#, r#"{"additionalItems":{}}"#),
    ("ADDITIONAL_ITEMS_REMOVED", 'N', "#/additionalItems", r#"{"additionalItems":true}"#, r#"{"additionalItems":false}"#),
    ("ADDITIONAL_ITEMS_EXTENDED", 'A', "#/additionalItems", r#"{"additionalItems":{}}"#, r#"{"additionalItems":true}"#),
    ("ADDITIONAL_ITEMS_NARROWED", 'N', "#/additionalItems", r#"{"additionalItems":true}"#, r#"{"additionalItems":{}}"#),
    (
        "UNEVALUATED_ITEMS_ADDED",
        'A',
        "#/unevaluatedItems",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":false}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{}}"#,
    ),
    (
        "UNEVALUATED_ITEMS_REMOVED",
        'N',
        "#/unevaluatedItems",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":false}"#,
    ),
    (
        "UNEVALUATED_ITEMS_EXTENDED",
        'A',
        "#/unevaluatedItems",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{"type":"null"}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{}}"#,
    ),
    (
        "UNEVALUATED_ITEMS_NARROWED",
        'N',
        "#/unevaluatedItems",
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{}}"#,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"array","unevaluatedItems":{"type":"null"}}"#,
    ),
    ("ITEM_ADDED_TO_OPEN_CONTENT_MODEL", 'N', "#/items/0", r#"{"type":"array"}"#, r#"{"items":[{"type":"null"}]}"#),
    ("ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", 'A', "#/items/1", r#"{"items":[{}]}"#, r#"{"items":[{},true]}"#),
    (
        "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
        'A',
        "#/items/0",
        r#"{"items":[],"additionalItems":false}"#,
        r#"{"items":[{"type":"null"}],"additionalItems":false}"#,
    ),
    (
        "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'A',
        "#/items/0",
        r#"{"items":[],"additionalItems":{"type":"integer"}}"#,
        r#"{"items":[{"type":"number"}],"additionalItems":{"type":"integer"}}"#,
    ),
    (
        "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'N',
        "#/items/0",
        r#"{"items":[],"additionalItems":{"type":"integer"}}"#,
        r#"{"items":[{"type":"string"}],"additionalItems":{"type":"integer"}}"#,
    ),
    ("ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL", 'A', "#/items/0", r#"{"items":[{}]}"#, r#"{"type":"array"}"#),
    (
        "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        'A',
        "#/items/0",
        r#"{"items":[false]}"#,
        r#"{"items":[],"additionalItems":false}"#,
    ),
    ("ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", 'N', "#/items/0", r#"{"items":[{}]}"#, r#"{"additionalItems":false}"#),
    (
        "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'A',
        "#/items/0",
        r#"{"items":[{"type":"integer"}],"additionalItems":false}"#,
        r#"{"additionalItems":{"type":"number"}}"#,
    ),
    (
        "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        'N',
        "#/items/0",
        r#"{"items":[{"type":"string"}],"additionalItems":false}"#,
        r#"{"additionalItems":{"type":"number"}}"#,
    ),
    ("ENUM_ARRAY_EXTENDED", 'A', "#/enum", r#"{"enum":["a",{"x":1,"y":2}]}"#, r#"{"enum":[{"y":2,"x":1},"b","a"]}"#),
    ("ENUM_ARRAY_NARROWED", 'N', "#/enum", r#"{"enum":[1,2]}"#, r#"{"enum":[2]}"#),
    ("ENUM_ARRAY_CHANGED", 'N', "#/const", r#"{"const":null}"#, r#"{"const":0}"#),
    ("COMBINED_TYPE_EXTENDED", 'A', "#/", r#"{"oneOf":[{"type":"null"}]}"#, r#"{"anyOf":[{"type":"null"}]}"#),
    (
        "COMBINED_TYPE_CHANGED",
        'N',
        "#/",
        r#"{"anyOf":[{"type":"null"},{"type":"string"}]}"#,
        r#"{"oneOf":[{"type":"null"},{"type":"string"}]}"#,
    ),
    (
        "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
        'N',
        "#/",
        r#"{"anyOf":[{"type":"null"},{"type":"string"}]}"#,
        r#"{"anyOf":[{"type":"null"},{"type":"object"}]}"#,
    ),
    (
        "PRODUCT_TYPE_EXTENDED",
        'N',
        "#/",
        r#"{"allOf":[{"type":"string"},{"minLength":1}]}"#,
        r#"{"allOf":[{"type":"string"},{"minLength":1},{"not":{"const":"x"}}]}"#,
    ),
    ("PRODUCT_TYPE_NARROWED", 'A', "#/", r#"{"allOf":[{"type":"string"},{"minimum":1}]}"#, r#"{"type":"string"}"#),
    ("SUM_TYPE_EXTENDED", 'A', "#/", r#"{"type":"string"}"#, r#"{"type":["null","string"]}"#),
    ("SUM_TYPE_NARROWED", 'N', "#/", r#"{"type":["null","string","object"]}"#, r#"{"type":["string","null"]}"#),
    ("NOT_TYPE_EXTENDED", 'N', "#/not", r#"{"not":{"type":"integer"}}"#, r#"{"not":{"type":"number"}}"#),
    ("NOT_TYPE_NARROWED", 'A', "#/not", r#"{"not":{"type":"number"}}"#, r#"{"not":{"type":"integer"}}"#),
];

#[test]
fn every_kind_of_difference_is_found_where_it_is_and_judged_by_policy() {
    let mut shown = BTreeSet::new();
    for (name, judged, path, old, new) in ROWS {
        for policy in [Strict, Lenient, Logical] {
            let found = json_schema::differences(&schema(old), &schema(new), policy).unwrap();
            let difference = found.iter().find(|d| d.kind.name() == *name && d.path == *path);
            let difference = difference.unwrap_or_else(|| panic!("{name} at {path} is not in {found:?}: {old} to {new}"));
            let compatible = *judged == 'A' || (*judged == 'L' && policy == Lenient);
            assert_eq!(difference.compatible, compatible, "{name} under {policy:?}");
        }
        shown.insert(*name);
    }
    let missing: Vec<&str> = DifferenceKind::ALL.iter().map(|kind| kind.name()).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "no pair shows {missing:?}");
}

#[test]
fn some_changes_are_no_difference() {
    for (old, new) in [
        (r#"{"type":"string"}"#, r#"{"type":"string","format":"date"}"#),
        (r#"{"type":"string"}"#, r#"{"x":1}"#),
        (r#"{"type":"string"}"#, "true"),
        ("false", r#"{"type":"string"}"#),
        (r#"{"minLength":1}"#, r#"{"type":"string","minLength":1.0}"#),
        (r#"{"multipleOf":0.5}"#, r#"{"multipleOf":5e-1}"#),
        (r#"{"anyOf":[{"type":"null"},{"type":"null"}]}"#, r#"{"anyOf":[{"type":"null"}]}"#),
        (r##"{"$ref":"#/definitions/a","definitions":{"a":{"type":"null"}}}"##, r#"{"type":"null"}"#),
        (
            r#"{"items":[{"type":"null"},{"type":"string"}],"additionalItems":false}"#,
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"null"},{"type":"string"}],"items":false}"#,
        ),
        (r#"{"type":"null","connect.type":"bytes"}"#, r#"{"type":"string","connect.type":"bytes"}"#),
    ] {
        let found = json_schema::differences(&schema(old), &schema(new), Strict).unwrap();
        assert!(found.is_empty(), "{old} to {new}: {found:?}");
    }
}

/// In the order of Java's hash tables, whatever the order in the text.
#[test]
fn properties_that_become_required_are_told_in_confluents_order() {
    let properties = r#""type":"object","properties":{"x1":{},"a":{},"e":{}}"#;
    let (old, new) = (format!("{{{properties}}}"), format!(r#"{{{properties},"required":["x1","e"]}}"#));
    let found = json_schema::differences(&schema(&old), &schema(&new), Strict).unwrap();
    let paths: Vec<&str> = found.iter().map(|difference| &*difference.path).collect();
    assert_eq!(paths, ["#/required/e", "#/required/x1"]);
}
