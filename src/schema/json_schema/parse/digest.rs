//! Digests that equal values share, to find duplicates among the members of a combination.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::schema::json::{JsonKind, Value};
use crate::schema::json_schema::print;
use crate::schema::json_schema::resolve::address;

/// Digests of values, each made once, so that nested combinations cost nothing extra.
#[derive(Debug, Default)]
pub(super) struct Digests {
    known: HashMap<usize, u128>,
}

impl Digests {
    /// A digest that equal values share, key order aside.
    pub(super) fn of(&mut self, value: &Value) -> u128 {
        if let Some(digest) = self.known.get(&address(value)) {
            return *digest;
        }
        let digest = match &value.kind {
            JsonKind::Array(items) => {
                let inner: Vec<u128> = items.iter().map(|item| self.of(item)).collect();
                hash(&("array", inner))
            }
            JsonKind::Object(object) => {
                let mut inner: Vec<(&str, u128)> = object.members().iter().map(|m| (&*m.key, self.of(&m.value))).collect();
                inner.sort_unstable();
                hash(&("object", inner))
            }
            _ => return hash(&("leaf", print::key(value))),
        };
        self.known.insert(address(value), digest);
        digest
    }
}

/// A digest for a generated member that stands for a type name.
pub(super) fn of_type_name(name: &str) -> u128 {
    hash(&("type", name))
}

/// A digest for a schema that is made of these keywords.
pub(super) fn of_keywords(keywords: &[(&str, u128)]) -> u128 {
    hash(&("keywords", keywords))
}

fn hash(value: &impl Hash) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        value.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}
