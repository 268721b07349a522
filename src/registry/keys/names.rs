//! What keys may be called.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};

use crate::registry::RegistryError;

/// Longest name of a KEK, in UTF-16 units.
const MAX_NAME_UNITS: usize = 256;
/// Longest subject of a DEK; it is part of a database key.
const MAX_SUBJECT_BYTES: usize = 1024;

/// Letters, and letters and digits, as Java has them. It looks at UTF-16 units, so there are none beyond the Basic Multilingual Plane.
struct Letters {
    letters: ClassUnicode,
    letters_and_digits: ClassUnicode,
}

fn class(pattern: &str) -> ClassUnicode {
    match regex_syntax::parse(pattern).map(Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
}

fn letters() -> &'static Letters {
    static LETTERS: OnceLock<Letters> = OnceLock::new();
    LETTERS.get_or_init(|| Letters { letters: class(r"\p{L}"), letters_and_digits: class(r"[\p{L}\p{Nd}]") })
}

fn contains(class: &ClassUnicode, c: char) -> bool {
    let order = |range: &regex_syntax::hir::ClassUnicodeRange| {
        if range.end() < c {
            std::cmp::Ordering::Less
        } else if range.start() > c {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    };
    u32::from(c) <= 0xFFFF && class.ranges().binary_search_by(order).is_ok()
}

/// What stands in a name beside the first character.
pub(super) fn is_name_part(c: char) -> bool {
    c == '_' || c == '-' || contains(&letters().letters_and_digits, c)
}

pub(super) fn check_name(name: &str) -> Result<(), RegistryError> {
    let mut characters = name.chars();
    let is_name = characters.next().is_some_and(|c| c == '_' || contains(&letters().letters, c))
        && characters.all(is_name_part)
        && name.encode_utf16().count() <= MAX_NAME_UNITS;
    if is_name { Ok(()) } else { Err(RegistryError::InvalidKey("name")) }
}

pub(super) fn check_subject(subject: &str) -> Result<(), RegistryError> {
    let is_subject = !subject.is_empty() && subject.len() <= MAX_SUBJECT_BYTES && !subject.chars().any(char::is_control);
    if is_subject { Ok(()) } else { Err(RegistryError::InvalidKey("subject")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_of_letters_and_digits_as_java_knows_them() {
        for name in ["a", "_", "é", "aé-_9", "日本", "a\u{0663}", &"a".repeat(256), &"é".repeat(256)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        // a digit or a dash first, a letter-like number, a vowel sign, a letter beyond the plane
        for name in ["", "1a", "-a", "a.b", "a b", "\u{2160}", "a\u{093E}", "\u{10400}", &"a".repeat(257)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
