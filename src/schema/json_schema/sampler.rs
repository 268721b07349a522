//! Samples of documents: values that a schema is likely to accept, each proven by validating.
//!
//! A value is made for all schemas that hold at one place together: the schema there, what it refers to, the members of its `allOf`, and
//! one of each `anyOf` and `oneOf`. What `not` and the like forbid is left to the validator, and chance gets some tries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value as Tree};

use super::payload::Validator;
use super::schema::Schema;
use super::{jsonschema_adapter, pattern, sample_documents};
use crate::schema::format::SchemaError;
use crate::schema::meter;
use crate::schema::sampling::{MAX_TEXT, RandomSource};

/// Documents that are tried for one sample.
const TRIES: usize = 40;
/// Schemas that hold at one place together.
const MAX_TOGETHER: usize = 64;
/// Nesting of values that must be there.
const MAX_DEPTH: usize = 48;
/// Elements and properties that are made because a schema wants so many.
const MAX_WANTED: usize = 1_000;

/// A schema that is ready to be sampled.
#[derive(Debug)]
pub struct Sampler {
    root: Tree,
}

impl Sampler {
    /// # Errors
    /// The schema can't be written as one document.
    pub fn new(schema: &Schema) -> Result<Self, SchemaError> {
        let root = jsonschema_adapter::bundle(&schema.documents, "document").map_err(SchemaError::validate)?;
        Ok(Self { root })
    }

    /// A document that the schema accepts.
    ///
    /// # Errors
    /// A sentence: none was found.
    pub fn sample(&self, validator: &Validator, source: &mut RandomSource) -> Result<String, String> {
        for _ in 0..TRIES {
            source.begin();
            let made = Making { root: &self.root, source }.value(&[&self.root], "");
            if let Some(value) = made.filter(|value| validator.accepts(value) == Some(true)) {
                return Ok(value.to_string());
            }
            meter::charge(1_000).map_err(|_| "a sample takes too much work".to_owned())?;
        }
        let known = sample_documents::values(&self.root).into_iter().filter(|value| validator.accepts(value) == Some(true));
        let known: Vec<Tree> = known.take(20).collect();
        source.pick(&known).map(Tree::to_string).ok_or_else(|| "no sample was found that the schema accepts".to_owned())
    }
}

/// Schemas that hold at one place.
type Together<'r> = Vec<&'r Map<String, Tree>>;

struct Making<'r, 's> {
    root: &'r Tree,
    source: &'s mut RandomSource,
}

impl<'r> Making<'r, '_> {
    /// A value for schemas that all hold; `None` where there is none, or it would be too deep.
    fn value(&mut self, schemas: &[&'r Tree], name: &str) -> Option<Tree> {
        let is_free = self.source.enter();
        if self.source.depth() > MAX_DEPTH || meter::charge(50).is_err() {
            return None;
        }
        let mut together = Together::new();
        for schema in schemas {
            self.gather(schema, &mut together)?;
        }
        let value = self.of_all(&together, name, is_free)?;
        self.source.leave();
        Some(value)
    }

    /// Adds a schema, and those that hold where it does.
    fn gather(&mut self, schema: &'r Tree, together: &mut Together<'r>) -> Option<()> {
        let mut rest = vec![schema];
        while let Some(schema) = rest.pop() {
            let map = match schema {
                Tree::Bool(true) => continue,
                Tree::Object(map) => map,
                _ => return None,
            };
            if together.len() >= MAX_TOGETHER {
                return None;
            }
            if together.iter().any(|known| std::ptr::eq(*known, map)) {
                continue;
            }
            together.push(map);
            for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
                rest.extend(map.get(key).and_then(Tree::as_str).and_then(|target| self.target(target)));
            }
            rest.extend(map.get("allOf").and_then(Tree::as_array).into_iter().flatten());
            for key in ["anyOf", "oneOf"] {
                if let Some(members) = map.get(key).and_then(Tree::as_array) {
                    rest.extend(self.source.pick(members));
                }
            }
            if let Some(condition) = map.get("if") {
                let (holds, otherwise) = (map.get("then"), map.get("else"));
                if otherwise.is_none() || self.source.percent(50) {
                    rest.extend([Some(condition), holds].into_iter().flatten());
                } else {
                    rest.extend(otherwise);
                }
            }
        }
        Some(())
    }

    fn target(&self, target: &str) -> Option<&'r Tree> {
        let pointer = target.strip_prefix('#')?;
        self.root.pointer(&super::uri::percent_decode(pointer))
    }

    fn of_all(&mut self, schemas: &Together<'r>, name: &str, is_free: bool) -> Option<Tree> {
        if let Some(value) = schemas.iter().find_map(|map| map.get("const")) {
            return Some(value.clone());
        }
        if let Some(values) = schemas.iter().find_map(|map| map.get("enum").and_then(Tree::as_array)) {
            return self.source.pick(values).cloned();
        }
        let examples = schemas.iter().find_map(|map| map.get("examples").and_then(Tree::as_array));
        if let Some(examples) = examples.filter(|_| self.source.percent(30)) {
            return self.source.pick(examples).cloned();
        }
        match self.kind(schemas)? {
            "null" => Some(Tree::Null),
            "boolean" => Some(Tree::Bool(self.source.percent(50))),
            "integer" => self.number(schemas, true),
            "number" => self.number(schemas, false),
            "string" => self.string(schemas, name).map(Tree::String),
            "array" => self.array(schemas, name, is_free),
            _ => self.object(schemas, is_free),
        }
    }

    /// A type that all of them allow.
    fn kind(&mut self, schemas: &Together<'r>) -> Option<&'static str> {
        const ALL: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];
        const OF_KEYWORDS: [(&str, &[&str]); 4] = [
            (
                "object",
                &["properties", "required", "patternProperties", "additionalProperties", "minProperties", "propertyNames"],
            ),
            ("array", &["items", "prefixItems", "contains", "minItems", "uniqueItems"]),
            ("string", &["pattern", "format", "minLength", "maxLength"]),
            ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
        ];
        let mut allowed: Option<BTreeSet<&str>> = None;
        for types in schemas.iter().filter_map(|map| map.get("type")) {
            let named: BTreeSet<&str> = match types {
                Tree::String(name) => BTreeSet::from([name.as_str()]),
                Tree::Array(names) => names.iter().filter_map(Tree::as_str).collect(),
                _ => return None,
            };
            // every integer is a number
            let both = |known: &BTreeSet<&'r str>, named: &BTreeSet<&'r str>| -> BTreeSet<&'r str> {
                let has = |set: &BTreeSet<&str>, name: &str| set.contains(name) || (name == "integer" && set.contains("number"));
                known.union(named).copied().filter(|name| has(known, name) && has(named, name)).collect()
            };
            allowed = Some(match allowed {
                None => named,
                Some(known) => both(&known, &named),
            });
        }
        let known: Vec<&'static str> = if let Some(names) = &allowed {
            ALL.into_iter().chain(["integer"]).filter(|name| names.contains(name)).collect()
        } else {
            let has = |keys: &[&str]| schemas.iter().any(|map| keys.iter().any(|key| map.contains_key(*key)));
            let told: Vec<&'static str> = OF_KEYWORDS.iter().filter(|(_, keys)| has(keys)).map(|(kind, _)| *kind).collect();
            if told.is_empty() { ALL.into_iter().skip(2).collect() } else { told }
        };
        // what says more is shown more often than null
        let telling: Vec<&'static str> = known.iter().copied().filter(|kind| *kind != "null").collect();
        if telling.is_empty() || self.source.percent(10) {
            self.source.pick(&known).copied()
        } else {
            self.source.pick(&telling).copied()
        }
    }

    fn number(&mut self, schemas: &Together<'r>, is_integer: bool) -> Option<Tree> {
        let bounds = |key: &str| schemas.iter().filter_map(|map| map.get(key)).filter_map(Tree::as_f64).collect::<Vec<f64>>();
        let is_flag = |key: &str| schemas.iter().any(|map| map.get(key) == Some(&Tree::Bool(true)));
        let step =
            bounds("multipleOf").into_iter().fold(None, |step: Option<f64>, next| Some(step.map_or(next, |step| step.max(next))));
        let least = bounds("minimum").into_iter().chain(bounds("exclusiveMinimum")).fold(f64::NEG_INFINITY, f64::max);
        let most = bounds("maximum").into_iter().chain(bounds("exclusiveMaximum")).fold(f64::INFINITY, f64::min);
        let is_above = is_flag("exclusiveMinimum") || bounds("exclusiveMinimum").contains(&least);
        let is_below = is_flag("exclusiveMaximum") || bounds("exclusiveMaximum").contains(&most);
        // a fraction only where that leaves room
        let step = step.or(if is_integer { Some(1.0) } else { None }).filter(|step| *step > 0.0);
        let unit = step.unwrap_or(if (most - least) < 10.0 { (most - least) / 100.0 } else { 0.25 });
        if !(unit.is_normal() && unit > 0.0) {
            return number_of(least.max(most.min(0.0)));
        }
        let inner = |bound: f64, is_open: bool, towards: f64| {
            let at = bound / unit;
            let whole = if towards > 0.0 { at.ceil() } else { at.floor() };
            if is_open && whole.to_bits() == at.to_bits() { whole + towards } else { whole }
        };
        let low = if least.is_finite() { inner(least, is_above, 1.0) } else { f64::NEG_INFINITY };
        let high = if most.is_finite() { inner(most, is_below, -1.0) } else { f64::INFINITY };
        let low_end = low.clamp(-9e15, 9e15);
        let high_end = high.clamp(-9e15, 9e15);
        #[expect(clippy::cast_possible_truncation, reason = "within 9e15")]
        let chosen = self.source.integer(low_end as i128, high_end as i128);
        #[expect(clippy::cast_precision_loss, reason = "within 9e15")]
        let value = chosen as f64 * unit;
        if is_integer || value.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "a number that is no integer stays one")]
            let whole = value as i64;
            return Some(Tree::Number(Number::from(whole)));
        }
        number_of(value)
    }

    fn string(&mut self, schemas: &Together<'r>, name: &str) -> Option<String> {
        let lengths = |key: &str| schemas.iter().filter_map(|map| map.get(key).and_then(Tree::as_u64)).collect::<Vec<u64>>();
        let least =
            usize::try_from(lengths("minLength").into_iter().max().unwrap_or(0)).ok().filter(|least| *least <= MAX_TEXT)?;
        let most = lengths("maxLength").into_iter().min().and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_TEXT);
        let text = |key: &str| schemas.iter().find_map(|map| map.get(key).and_then(Tree::as_str));
        if let Some(pattern) = text("pattern")
            && let Some(made) = pattern::sample(pattern, self.source)
        {
            return Some(made);
        }
        let made = match text("format") {
            Some(format) => self.formatted(format),
            None => self.source.named(name),
        };
        let count = made.chars().count();
        Some(match () {
            () if count < least => made + &self.source.letters(least - count),
            () if count > most => self.source.letters(most.min(8)),
            () => made,
        })
    }

    fn formatted(&mut self, format: &str) -> String {
        let seconds = self.source.seconds();
        let timestamp = crate::types::timestamp(seconds.saturating_mul(1000));
        let (date, time) = timestamp.split_once('T').unwrap_or((&timestamp, "00:00:00Z"));
        match format {
            "date-time" => timestamp.clone(),
            "date" => date.to_owned(),
            "time" => time.to_owned(),
            "duration" => format!("P{}DT{}H", 1 + self.source.below(30), self.source.below(24)),
            "email" | "idn-email" => format!("{}@example.com", self.source.word()),
            "hostname" | "idn-hostname" => format!("{}.example.com", self.source.word()),
            "ipv4" => format!("192.0.2.{}", self.source.below(256)),
            "ipv6" => format!("2001:db8::{:x}", self.source.below(65_536)),
            "uri" | "iri" | "uri-reference" | "iri-reference" | "url" => format!("https://example.com/{}", self.source.word()),
            "uri-template" => "https://example.com/{id}".to_owned(),
            "uuid" => self.source.uuid(),
            "json-pointer" => format!("/{}", self.source.word()),
            "relative-json-pointer" => "0".to_owned(),
            "regex" => "^[a-z]+$".to_owned(),
            "byte" => "aGVsbG8=".to_owned(),
            _ => self.source.text(),
        }
    }

    fn size(schemas: &Together<'r>, keys: [&str; 2]) -> Option<(usize, usize)> {
        let sizes = |key: &str| schemas.iter().filter_map(|map| map.get(key).and_then(Tree::as_u64)).collect::<Vec<u64>>();
        let [least, most] = keys;
        let least = usize::try_from(sizes(least).into_iter().max().unwrap_or(0)).ok().filter(|least| *least <= MAX_WANTED)?;
        let most = sizes(most).into_iter().min().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        Some((least, most))
    }

    fn array(&mut self, schemas: &Together<'r>, name: &str, is_free: bool) -> Option<Tree> {
        let (least, most) = Self::size(schemas, ["minItems", "maxItems"])?;
        let tuple_of = |map: &'r Map<String, Tree>| map.get("prefixItems").or_else(|| map.get("items")).and_then(Tree::as_array);
        let longest = schemas.iter().filter_map(|map| tuple_of(map)).map(Vec::len).max().unwrap_or(0);
        let wish = if longest > 0 {
            longest
        } else if is_free {
            1 + self.source.below(3)
        } else {
            0
        };
        let must_contain = schemas.iter().find_map(|map| map.get("contains"));
        let wish = wish.max(usize::from(must_contain.is_some()));
        let is_unique = schemas.iter().any(|map| map.get("uniqueItems") == Some(&Tree::Bool(true)));
        let mut values: Vec<Tree> = Vec::new();
        let count = wish.min(most).max(least);
        for at in 0..count {
            let mut here: Vec<&'r Tree> = Vec::new();
            for map in schemas {
                let tuple = tuple_of(map).map_or(&[][..], Vec::as_slice);
                let rest = if map.contains_key("prefixItems") || !map.get("items").is_some_and(Tree::is_array) {
                    map.get("items")
                } else {
                    map.get("additionalItems")
                };
                here.extend(tuple.get(at).or(rest));
            }
            here.extend(must_contain.filter(|_| at == 0));
            let mut value = self.value(&here, name);
            for _ in 0..8 {
                if !is_unique || value.as_ref().is_none_or(|value| !values.contains(value)) {
                    break;
                }
                value = self.value(&here, name);
            }
            match value {
                Some(value) => values.push(value),
                // what comes behind the tuple may be forbidden
                None if values.len() >= least => break,
                None => return None,
            }
        }
        Some(Tree::Array(values))
    }

    fn object(&mut self, schemas: &Together<'r>, is_free: bool) -> Option<Tree> {
        let (least, most) = Self::size(schemas, ["minProperties", "maxProperties"])?;
        let mut declared: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<&'r str> = Vec::new();
        let mut required: BTreeSet<&'r str> = BTreeSet::new();
        for map in schemas {
            for name in map.get("properties").and_then(Tree::as_object).into_iter().flat_map(Map::keys) {
                declared.entry(name).or_insert_with(|| {
                    order.push(name);
                    order.len()
                });
            }
            required.extend(map.get("required").and_then(Tree::as_array).into_iter().flatten().filter_map(Tree::as_str));
        }
        order.extend(required.iter().filter(|name| !declared.contains_key(*name)).copied().collect::<Vec<_>>());
        if order.len() > MAX_WANTED * 10 {
            return None;
        }
        let share = if is_free { 80 } else { 0 };
        let mut wanted: BTreeSet<&str> =
            order.iter().copied().filter(|name| required.contains(name) || self.source.percent(share)).collect();
        for map in schemas {
            for key in ["dependentRequired", "dependencies"] {
                for (name, others) in map.get(key).and_then(Tree::as_object).into_iter().flatten() {
                    if wanted.contains(name.as_str()) {
                        wanted.extend(others.as_array().into_iter().flatten().filter_map(Tree::as_str));
                    }
                }
            }
        }
        order.extend(wanted.iter().filter(|name| !order.contains(name)).copied().collect::<Vec<_>>());
        let mut object = Map::new();
        for name in order.into_iter().filter(|name| wanted.contains(name)) {
            let is_required = required.contains(name);
            if object.len() >= most && !is_required {
                continue;
            }
            match self.property(schemas, name) {
                Some(value) => {
                    object.insert(name.to_owned(), value);
                }
                None if is_required => return None,
                None => {}
            }
        }
        for at in 0..least {
            if object.len() >= least {
                break;
            }
            let name = self.property_name(schemas, at)?;
            let value = self.property(schemas, &name)?;
            object.insert(name, value);
        }
        Some(Tree::Object(object))
    }

    /// A name for a property that nobody asks for by name.
    fn property_name(&mut self, schemas: &Together<'r>, at: usize) -> Option<String> {
        if let Some(names) = schemas.iter().find_map(|map| map.get("propertyNames")) {
            return match self.value(&[names], "")? {
                Tree::String(name) => Some(name),
                _ => None,
            };
        }
        let patterns = schemas.iter().find_map(|map| map.get("patternProperties").and_then(Tree::as_object));
        let pattern = patterns.and_then(|patterns| patterns.keys().next());
        let made = pattern.and_then(|pattern| pattern::sample(pattern, self.source));
        Some(made.unwrap_or_else(|| format!("{}{}", self.source.word(), at + 1)))
    }

    fn property(&mut self, schemas: &Together<'r>, name: &str) -> Option<Tree> {
        let mut here: Vec<&'r Tree> = Vec::new();
        for map in schemas {
            let own = map.get("properties").and_then(|properties| properties.get(name));
            let patterns = map.get("patternProperties").and_then(Tree::as_object);
            let of_patterns: Vec<&Tree> =
                patterns.into_iter().flatten().filter(|(key, _)| pattern::finds(key, name)).map(|(_, schema)| schema).collect();
            if own.is_none() && of_patterns.is_empty() {
                here.extend(map.get("additionalProperties"));
            }
            here.extend(own.into_iter().chain(of_patterns));
        }
        self.value(&here, name)
    }
}

fn number_of(value: f64) -> Option<Tree> {
    Number::from_f64(value).map(Tree::Number)
}
