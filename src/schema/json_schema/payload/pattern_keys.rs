//! Keys of `patternProperties`, which the `jsonschema` crate matches itself.

use serde_json::Value as Tree;

use super::budget::pay;
use crate::schema::json_schema::pattern::LARGE;
use crate::schema::search::SearchPrice;

/// What searches in names cost with those of all schemas that may be large. They are paid before the crate begins.
#[derive(Debug, Default)]
pub(super) struct NamePrices(Vec<SearchPrice>);

impl NamePrices {
    /// Adds the keys of a document. It is nested no deeper than it was read.
    pub(super) fn add(&mut self, value: &Tree) {
        match value {
            Tree::Object(map) => {
                let keys = map.get("patternProperties").and_then(Tree::as_object).into_iter().flat_map(serde_json::Map::keys);
                let is_large = |key: &&String| !is_plain(key) && regex_syntax::Parser::new().parse(key).is_ok();
                self.0.extend(keys.filter(is_large).map(|key| SearchPrice::new(key, LARGE)));
                map.values().for_each(|inner| self.add(inner));
            }
            Tree::Array(items) => items.iter().for_each(|inner| self.add(inner)),
            _ => {}
        }
    }

    /// Pays for all names of an instance. Its depth was measured before.
    pub(super) fn settle(&self, instance: &Tree) {
        match instance {
            _ if self.0.is_empty() => {}
            Tree::Object(map) => {
                for (name, inner) in map {
                    for price in &self.0 {
                        let Ok(_) = price.settle(name, pay);
                    }
                    self.settle(inner);
                }
            }
            Tree::Array(items) => items.iter().for_each(|inner| self.settle(inner)),
            _ => {}
        }
    }
}

/// Whether a key is one that every engine reads alike, and is small.
pub(super) fn is_plain(key: &str) -> bool {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"^$_-. :@|()[]*+?".contains(&b);
    let special = ["(?", "[[", "[]", "[^]", "--", "**", "*+", "*?", "++", "+*", "+?", "??", "?+", "?*"];
    key.len() < 200
        && key.bytes().all(harmless)
        && !special.iter().any(|special| key.contains(special))
        && regex_syntax::Parser::new().parse(key).is_ok()
}
