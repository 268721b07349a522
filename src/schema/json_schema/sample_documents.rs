//! Documents to try for a counter-example: values that a schema is likely to accept, and values that it just refuses.
//!
//! The list is short and always the same. It need not be complete: what is found with it is proven by validating.

use serde_json::{Map, Number, Value as Tree, json};

/// Values made for one schema.
const PER_SCHEMA: usize = 24;
const MAX_VALUES: usize = 400;
const MAX_DEPTH: usize = 6;
const MAX_STEPS: usize = 4_000;
const MAX_TEXT: u64 = 300;

/// Values for a self-contained schema: probably valid ones, and each of them with something changed.
pub(super) fn values(root: &Tree) -> Vec<Tree> {
    let mut sampler = DocumentSampler { root, steps: 0 };
    let mut found = sampler.schema(root, MAX_DEPTH);
    found.extend(anything());
    let spoilt: Vec<Tree> = found.iter().flat_map(spoil).collect();
    found.extend(spoilt);
    found.truncate(MAX_VALUES);
    found
}

struct DocumentSampler<'a> {
    root: &'a Tree,
    steps: usize,
}

/// One or two values of every type.
fn anything() -> Vec<Tree> {
    vec![
        Tree::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1_000_000),
        number("0.5"),
        json!(""),
        json!("a"),
        json!("abcdefghijklmnopqrstuvwxyz"),
        json!([]),
        json!([0]),
        json!(["a", "a"]),
        json!([null, true, 0, "a"]),
        json!({}),
        json!({"a": 0}),
        json!({"zz": null}),
    ]
}

fn number(text: &str) -> Tree {
    serde_json::from_str::<Number>(text).map_or(Tree::Null, Tree::Number)
}

/// Numbers at and around a bound.
fn around(bound: &Tree) -> Vec<Tree> {
    let mut found = vec![bound.clone()];
    if let Some(whole) = bound.as_i64() {
        found.extend([json!(whole.saturating_sub(1)), json!(whole.saturating_add(1)), number(&format!("{whole}.5"))]);
    } else if let Some(real) = bound.as_f64().filter(|real| real.is_finite()) {
        found.extend([json!(real.floor()), json!(real.ceil()), json!(real + 0.25), json!(real - 0.25)]);
    }
    found
}

fn sized(schema: &Map<String, Tree>, keys: [&str; 2]) -> Vec<usize> {
    let mut sizes = vec![0, 1];
    for key in keys {
        if let Some(size) = schema.get(key).and_then(Tree::as_u64).filter(|size| *size <= MAX_TEXT) {
            let size = usize::try_from(size).unwrap_or(0);
            sizes.extend([size.saturating_sub(1), size, size + 1]);
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

impl<'a> DocumentSampler<'a> {
    fn schema(&mut self, schema: &'a Tree, depth: usize) -> Vec<Tree> {
        self.steps += 1;
        let Some(depth) = depth.checked_sub(1).filter(|_| self.steps < MAX_STEPS) else { return anything() };
        let Some(map) = schema.as_object() else { return anything() };
        let mut found = Vec::new();
        if let Some(target) = map.get("$ref").and_then(Tree::as_str).and_then(|text| text.strip_prefix('#')) {
            let pointer = super::uri::percent_decode(target);
            if let Some(target) = self.root.pointer(&pointer) {
                found.extend(self.schema(target, depth));
            }
        }
        found.extend(map.get("const").cloned());
        found.extend(map.get("enum").and_then(Tree::as_array).into_iter().flatten().take(8).cloned());
        found.extend(map.get("default").cloned());
        found.extend(map.get("examples").and_then(Tree::as_array).into_iter().flatten().take(4).cloned());
        for key in ["allOf", "anyOf", "oneOf"] {
            for member in map.get(key).and_then(Tree::as_array).into_iter().flatten().take(6) {
                found.extend(self.schema(member, depth).into_iter().take(8));
            }
        }
        for key in ["not", "if", "then", "else"] {
            if let Some(inner) = map.get(key) {
                found.extend(self.schema(inner, depth).into_iter().take(6));
            }
        }
        Self::scalars(map, &mut found);
        found.extend(self.arrays(map, depth));
        found.extend(self.objects(map, depth));
        if found.is_empty() {
            found = anything();
        }
        found.truncate(PER_SCHEMA * 2);
        found
    }

    fn scalars(map: &Map<String, Tree>, found: &mut Vec<Tree>) {
        let types: Vec<&str> = match map.get("type") {
            Some(Tree::String(name)) => vec![name],
            Some(Tree::Array(names)) => names.iter().filter_map(Tree::as_str).collect(),
            _ => Vec::new(),
        };
        for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
            found.extend(map.get(key).filter(|bound| bound.is_number()).map(around).into_iter().flatten());
        }
        for name in types {
            match name {
                "null" => found.push(Tree::Null),
                "boolean" => found.extend([json!(true), json!(false)]),
                "integer" => found.extend([json!(0), json!(1), json!(-1), json!(7)]),
                "number" => found.extend([json!(0), number("0.5"), json!(-1), json!(12)]),
                "string" => found.extend([json!(""), json!("a"), json!("abc"), json!("1")]),
                _ => {}
            }
        }
        if map.contains_key("minLength") || map.contains_key("maxLength") {
            found.extend(sized(map, ["minLength", "maxLength"]).into_iter().map(|size| json!("a".repeat(size))));
        }
    }

    fn arrays(&mut self, map: &'a Map<String, Tree>, depth: usize) -> Vec<Tree> {
        let is_array = map.get("type").is_some_and(|t| t == "array");
        let keys = ["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"];
        if !is_array && !keys.iter().any(|key| map.contains_key(*key)) {
            return Vec::new();
        }
        let mut found = vec![json!([])];
        let listed = map.get("prefixItems").or_else(|| map.get("items")).and_then(Tree::as_array);
        if let Some(items) = listed {
            let tuple: Vec<Tree> = items.iter().take(8).filter_map(|item| self.schema(item, depth).into_iter().next()).collect();
            found.extend([Tree::Array(tuple.clone()), Tree::Array(tuple.into_iter().chain([Tree::Null]).collect())]);
        }
        let each = ["items", "contains"].into_iter().filter_map(|key| map.get(key)).find(|schema| schema.is_object());
        let values = each.map_or_else(|| vec![json!(0), json!("a")], |schema| self.schema(schema, depth));
        found.extend(values.iter().take(8).map(|value| json!([value])));
        for size in sized(map, ["minItems", "maxItems"]) {
            if let Some(first) = values.first().filter(|_| size <= 40) {
                found.push(Tree::Array(vec![first.clone(); size]));
            }
        }
        found.truncate(PER_SCHEMA);
        found
    }

    fn objects(&mut self, map: &'a Map<String, Tree>, depth: usize) -> Vec<Tree> {
        let is_object = map.get("type").is_some_and(|t| t == "object");
        let keys = [
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "dependencies",
        ];
        if !is_object && !keys.iter().any(|key| map.contains_key(*key)) {
            return Vec::new();
        }
        let declared = map.get("properties").and_then(Tree::as_object);
        let mut full = Map::new();
        let mut variants = Vec::new();
        for (name, schema) in declared.into_iter().flatten().take(16) {
            let mut values = self.schema(schema, depth).into_iter();
            if let Some(first) = values.next() {
                full.insert(name.clone(), first);
            }
            variants.extend(values.take(6).map(|value| (name.clone(), value)));
        }
        let mut least = Map::new();
        for name in map.get("required").and_then(Tree::as_array).into_iter().flatten().filter_map(Tree::as_str).take(16) {
            let value = full.get(name).cloned().unwrap_or(json!(0));
            least.insert(name.to_owned(), value.clone());
            full.entry(name.to_owned()).or_insert(value);
        }
        let mut found = vec![Tree::Object(least.clone()), Tree::Object(full.clone())];
        let with = |name: String, value: Tree| Tree::Object(least.clone().into_iter().chain([(name, value)]).collect());
        for name in map.get("propertyNames").map(|schema| self.schema(schema, depth)).into_iter().flatten() {
            if let Tree::String(name) = name {
                found.push(with(name, json!(0)));
            }
        }
        found.extend(variants.into_iter().map(|(name, value)| with(name, value)));
        if let Some(others) = map.get("additionalProperties").filter(|schema| schema.is_object()) {
            found.extend(self.schema(others, depth).into_iter().take(3).map(|value| with("zz".to_owned(), value)));
        }
        found.truncate(PER_SCHEMA);
        found
    }
}

/// A value with something changed: a member gone, replaced or added, an element more.
fn spoil(value: &Tree) -> Vec<Tree> {
    let mut found = Vec::new();
    match value {
        Tree::Object(map) => {
            for name in map.keys().take(6) {
                let mut without = map.clone();
                without.shift_remove(name);
                found.push(Tree::Object(without));
                for other in [Tree::Null, json!(0), json!("a"), json!([])] {
                    let mut replaced = map.clone();
                    replaced.insert(name.clone(), other);
                    found.push(Tree::Object(replaced));
                }
            }
            let mut more = map.clone();
            more.insert("zz".to_owned(), json!(0));
            found.push(Tree::Object(more));
        }
        Tree::Array(items) => {
            for other in [Tree::Null, json!("zz")] {
                found.push(Tree::Array(items.iter().cloned().chain([other]).collect()));
            }
        }
        _ => {}
    }
    found
}
