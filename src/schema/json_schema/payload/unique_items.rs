//! `uniqueItems` for the `jsonschema` crate, whose own compares numbers of many digits pair by pair.

use std::collections::HashSet;

use jsonschema::{Keyword, ValidationError};
use serde_json::Value as Tree;

use super::budget::{spend, take};
use crate::schema::json_schema::number::Decimal;

/// Bytes of keys that are made and compared for one unit.
const BYTES_PER_UNIT: usize = 256;
/// Bytes that a key takes beside its text: in a table that is at least an eighth empty, and with the allocator.
const BYTES_OF_KEY: usize = 2 * size_of::<String>() + 16;

pub(super) struct UniqueItems {
    pub(super) is_on: bool,
}

impl UniqueItems {
    fn holds(&self, instance: &Tree) -> bool {
        let Some(items) = instance.as_array().filter(|_| self.is_on) else { return true };
        let mut memory = take(items.len().saturating_mul(BYTES_OF_KEY));
        let mut seen = HashSet::with_capacity(items.len());
        items.iter().all(|item| {
            let mut key = String::new();
            write_key(item, &mut key);
            spend(u64::try_from(key.len() / BYTES_PER_UNIT).unwrap_or(u64::MAX).saturating_add(1));
            memory.join(take(key.capacity()));
            seen.insert(key)
        })
    }
}

/// Writes a text that is the same for equal values: 1 and 1.0 are, and the order of members does not count.
fn write_key(value: &Tree, out: &mut String) {
    match value {
        Tree::Null => out.push('n'),
        Tree::Bool(flag) => out.push(if *flag { 't' } else { 'f' }),
        Tree::Number(number) => out.push_str(&Decimal::read(number.as_str()).key()),
        Tree::String(text) => write_text(text, out),
        Tree::Array(items) => {
            out.push('[');
            for item in items {
                write_key(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Tree::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, member) in members {
                write_text(key, out);
                write_key(member, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

/// With its length before it, so that no text looks like the end of another.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(&text.len().to_string());
    out.push(':');
    out.push_str(text);
}

impl<'i> Keyword<'i> for UniqueItems {
    fn validate(&self, instance: &'i Tree) -> Result<(), ValidationError<'i>> {
        if self.holds(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(format!("{instance} has non-unique elements")))
    }

    fn is_valid(&self, instance: &'i Tree) -> bool {
        self.holds(instance)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write_key;

    fn key(value: &Value) -> String {
        let mut out = String::new();
        write_key(value, &mut out);
        out
    }

    #[test]
    fn equal_values_have_equal_keys_and_others_do_not() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (a, b) in
            [("1", "1.0"), ("10", "1e1"), ("0", "-0.0"), ("[1.50]", "[15e-1]"), (r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#)]
        {
            assert_eq!(key(&number(a)), key(&number(b)), "{a} {b}");
        }
        let different = [
            json!(1),
            json!("1"),
            json!(true),
            json!(null),
            json!("n"),
            json!([]),
            json!({}),
            json!([[]]),
            json!([1, 2]),
            json!(["1,2"]),
            json!([12]),
            json!({"a": 1}),
            json!({"a": "1"}),
            json!(["a", 1]),
            json!(""),
            json!([""]),
            json!(-1),
            json!(0),
        ];
        for (at, a) in different.iter().enumerate() {
            assert!(different.iter().skip(at + 1).all(|b| key(a) != key(b)), "{a}");
        }
    }
}
