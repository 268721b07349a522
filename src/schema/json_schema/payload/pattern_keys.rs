//! Keys of `patternProperties`, which the `jsonschema` crate matches itself.

use serde_json::Value as Tree;

use crate::schema::json_schema::pattern::LARGE;
use crate::schema::search::SearchPrice;

/// What searches in names cost with the keys of a schema's `patternProperties` that may be large; the crate does them.
pub(super) fn prices(schema: &serde_json::Map<String, Tree>) -> Vec<SearchPrice> {
    let keys = schema.get("patternProperties").and_then(Tree::as_object).into_iter().flat_map(serde_json::Map::keys);
    let is_large = |key: &&String| !is_plain(key) && regex_syntax::Parser::new().parse(key).is_ok();
    keys.filter(is_large).map(|key| SearchPrice::new(key, LARGE)).collect()
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
