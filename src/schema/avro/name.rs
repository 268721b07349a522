//! Which names are allowed, and how they are split (avro 1.3).

use super::model::TYPE_WORDS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameRules {
    /// New schemas: ASCII names, namespaces part by part, type aliases too.
    Strict,
    /// Everything that may be stored already: Unicode letters, namespaces unchecked.
    Lax,
    /// Texts referenced by a lax schema.
    Unchecked,
}

/// Checks a simple name.
///
/// # Errors
/// The wording of Avro's Java library.
pub(super) fn check(name: &str, rules: NameRules) -> Result<(), String> {
    if rules == NameRules::Unchecked {
        return Ok(());
    }
    let strict = rules == NameRules::Strict;
    let first = |c: char| c == '_' || if strict { c.is_ascii_alphabetic() } else { is_letter(c) };
    let later = |c: char| first(c) || if strict { c.is_ascii_digit() } else { is_digit(c) };
    let mut chars = name.chars();
    match chars.next() {
        None => Err("Empty name".to_owned()),
        Some(c) if !first(c) => Err(format!("Illegal initial character: {name}")),
        Some(_) if !chars.all(later) => Err(format!("Illegal character in: {name}")),
        Some(_) => Ok(()),
    }
}

/// Checks a namespace of a new schema.
///
/// # Errors
/// The wording of Avro's Java library.
pub(super) fn check_namespace(namespace: &str) -> Result<(), String> {
    for part in namespace.split('.') {
        check(part, NameRules::Strict).map_err(|why| format!("Namespace part \"{part}\" is invalid: {why}"))?;
    }
    Ok(())
}

/// Splits at the last dot. Without a dot there is no first part.
pub(super) fn split(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('.') {
        Some((namespace, simple)) => (Some(namespace), simple),
        None => (None, name),
    }
}

/// Whether a parser would take a simple name for a built-in type.
pub(super) fn is_type_word(name: &str) -> bool {
    TYPE_WORDS.contains(&name)
}

/// Java looks at UTF-16 units, so nothing beyond the Basic Multilingual Plane is a letter to it. `is_alphabetic` also takes
/// letter-like numbers and vowel signs, which Java does not; texts that are only read back may have them.
fn is_letter(c: char) -> bool {
    u32::from(c) <= 0xFFFF && c.is_alphabetic()
}

/// First digits of the decimal digit runs in the Basic Multilingual Plane (Unicode category Nd).
const ZEROS: [u32; 37] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040,
    0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
    0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

fn is_digit(c: char) -> bool {
    let code = u32::from(c);
    ZEROS.iter().any(|zero| (*zero..zero + 10).contains(&code))
}
