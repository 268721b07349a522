//! The order in which Java's hash tables list their texts. Confluent lists findings and allowed values in it; it follows from
//! `String.hashCode` and the size of the table alone, so it is the same in every run.

use std::collections::HashSet;

/// `String.hashCode`: over UTF-16 code units.
pub fn hash_code(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash, unit| u32::wrapping_add(u32::wrapping_mul(hash, 31), u32::from(unit)))
}

/// The slots of a `HashMap` or `HashSet` that `count` entries were put into one by one.
fn slots(count: usize) -> u32 {
    let mut slots = 16_usize;
    while count > slots / 4 * 3 {
        slots *= 2;
    }
    u32::try_from(slots).unwrap_or(1 << 31)
}

/// Sorts items as a `HashMap` or `HashSet` lists them that they were put into in the order given. Items are different texts.
pub fn sort_as_hashed<T>(items: &mut [T], text: impl Fn(&T) -> &str) {
    let mask = slots(items.len()) - 1;
    // items of one slot stay in the order in which they came
    items.sort_by_cached_key(|item| slot(text(item), mask));
}

/// Names in the order in which a `HashSet` lists them that was made of the names of one collection, after which those of another one
/// were added. Within a collection a name may occur twice.
pub fn union<'n>(first: impl Iterator<Item = &'n str>, added: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut names: Vec<&str> = first.collect();
    let copied = names.len();
    names.extend(added);
    let mut seen = HashSet::with_capacity(names.len());
    names.retain(|name| seen.insert(*name));
    // a set that is a copy has room for it from the start, and some more than one that grew
    let room = (copied * 4 / 3 + 1).max(16).next_power_of_two();
    let mask = u32::try_from(room).unwrap_or(1 << 31).max(slots(names.len())) - 1;
    names.sort_by_cached_key(|name| slot(name, mask));
    names
}

fn slot(text: &str, mask: u32) -> u32 {
    let hash = hash_code(text);
    (hash ^ (hash >> 16)) & mask
}

/// The names of an enum's constants in the order in which Jackson lists them: it reads them out of a `HashMap` into a table of its
/// own, whose slots come in pairs that share an overflow, and lists that table.
pub fn jackson_order<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let mut names = names.to_vec();
    sort_as_hashed(&mut names, |name| name);
    let mask = match names.len() {
        ..=5 => 7,
        6..=12 => 15,
        more => u32::try_from((more + more / 4).next_power_of_two().max(32) - 1).unwrap_or(u32::MAX >> 1),
    };
    let (mut first, mut overflow, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let slot = hash_code(name) & mask;
        if !first.iter().any(|(taken, _)| *taken == slot) {
            first.push((slot, name));
        } else if !overflow.iter().any(|(taken, _)| *taken == slot / 2) {
            overflow.push((slot / 2, name));
        } else {
            rest.push(name);
        }
    }
    first.sort_unstable();
    overflow.sort_unstable();
    first.into_iter().chain(overflow).map(|(_, name)| name).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Confluent Schema Registry 8.5 lists them in its answers.
    #[test]
    fn constants_are_listed_as_jackson_lists_them() {
        assert_eq!(jackson_order(&["TRANSFORM", "CONDITION"]), ["CONDITION", "TRANSFORM"]);
        assert_eq!(
            jackson_order(&["UPGRADE", "DOWNGRADE", "UPDOWN", "WRITE", "READ", "WRITEREAD"]),
            ["DOWNGRADE", "READ", "UPGRADE", "UPDOWN", "WRITE", "WRITEREAD"]
        );
        assert_eq!(
            jackson_order(&["ALL", "CLIENT", "GATEWAY", "SERVER", "NONE"]),
            ["NONE", "ALL", "SERVER", "GATEWAY", "CLIENT"]
        );
    }

    #[test]
    fn the_hash_is_that_of_java() {
        assert_eq!(hash_code(""), 0);
        assert_eq!(hash_code("polygenelubricants"), 0x8000_0000);
        assert_eq!(hash_code("\u{1F600}"), 0xD83D * 31 + 0xDE00);
    }
}
