//! `multipleOf` for the `jsonschema` crate, whose own writes out all powers of ten of either number, and nobody pays for it.

use jsonschema::{Keyword, ValidationError};
use serde_json::Value as Tree;

use crate::schema::json_schema::number::Decimal;

/// Digits of a number that a message shows.
const SHOWN: usize = 40;

pub(super) struct MultipleOf {
    divisor: Decimal,
    text: String,
}

impl MultipleOf {
    pub(super) fn new(divisor: &Tree) -> Option<Self> {
        let text = divisor.as_number()?.as_str().to_owned();
        Some(Self { divisor: Decimal::read(&text), text })
    }

    fn holds(&self, instance: &Tree) -> bool {
        instance.as_number().is_none_or(|number| Decimal::read(number.as_str()).is_multiple_of_any(&self.divisor))
    }
}

fn shown(text: &str) -> String {
    match text.get(..SHOWN) {
        Some(start) if text.len() > SHOWN => format!("{start}…"),
        _ => text.to_owned(),
    }
}

impl<'i> Keyword<'i> for MultipleOf {
    fn validate(&self, instance: &'i Tree) -> Result<(), ValidationError<'i>> {
        if self.holds(instance) {
            return Ok(());
        }
        let number = instance.as_number().map_or("", |number| number.as_str());
        Err(ValidationError::custom(format!("{} is not a multiple of {}", shown(number), shown(&self.text))))
    }

    fn is_valid(&self, instance: &'i Tree) -> bool {
        self.holds(instance)
    }
}
