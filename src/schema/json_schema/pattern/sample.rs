//! Texts in which a pattern is found.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::translate::{PatternUse, translate};
use super::{Compiled, SMALL};
use crate::schema::meter;
use crate::schema::sampling::{MAX_TEXT, RandomSource};
use crate::schema::search::{COMPILING, afford};

/// Nesting of patterns of which texts are made.
const NESTING: u32 = 50;
/// Repetitions without an end are made so many times more than they must at most.
const MORE: u32 = 4;

/// A text made of the pattern; `None` where it has something (a look-around, a back-reference) that only a search understands.
pub(in crate::schema::json_schema) fn sample(pattern: &str, source: &mut RandomSource) -> Option<String> {
    let _memory = afford(pattern, COMPILING).ok()?;
    let parse = |text: &str| regex_syntax::ParserBuilder::new().nest_limit(NESTING).build().parse(text).ok();
    let hir = parse(&translate(pattern, PatternUse::Run)).or_else(|| parse(pattern))?;
    let mut out = String::new();
    make(&hir, source, &mut out)?;
    Some(out)
}

/// Whether the pattern is found in the text.
pub(in crate::schema::json_schema) fn finds(pattern: &str, text: &str) -> bool {
    let pay = |units: u64| meter::charge(units.saturating_mul(20));
    Compiled::new(pattern, SMALL).is_some_and(|compiled| compiled.found_in(text, pay) == Ok(Ok(true)))
}

/// The pattern's own nesting bounds the recursion.
fn make(hir: &Hir, source: &mut RandomSource, out: &mut String) -> Option<()> {
    if out.len() > MAX_TEXT || meter::charge(5).is_err() {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            // plain characters where there are any
            let plain: Vec<(u32, u32)> = ranges
                .iter()
                .map(|range| (u32::from(range.start()).max(0x21), u32::from(range.end()).min(0x7E)))
                .filter(|(least, most)| least <= most)
                .collect();
            let all = || ranges.iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect();
            let ranges: Vec<(u32, u32)> = if plain.is_empty() { all() } else { plain };
            let (least, most) = *source.pick(&ranges)?;
            let room = usize::try_from(most - least).ok()?;
            let at = least + u32::try_from(source.below(room + 1)).ok()?;
            out.push(char::from_u32(at).or_else(|| char::from_u32(least))?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(MORE));
            let room = usize::try_from(most - repetition.min).ok()?;
            let count = repetition.min + u32::try_from(source.below(room + 1)).ok()?;
            for _ in 0..count {
                make(&repetition.sub, source, out)?;
            }
        }
        HirKind::Capture(capture) => make(&capture.sub, source, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| make(part, source, out))?,
        HirKind::Alternation(parts) => make(source.pick(parts)?, source, out)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{finds, sample};
    use crate::schema::sampling::RandomSource;

    #[test]
    fn a_pattern_is_found_in_what_is_made_of_it() {
        let mut source = RandomSource::new(7);
        for pattern in ["^[A-Z]{3}-\\d{2,4}$", "a|bc+", "^(\\w+\\.)*\\w+$", "\\p{L}+", "[^a]", "^$", "x{2}y?"] {
            for _ in 0..50 {
                let text = sample(pattern, &mut source).unwrap();
                assert!(finds(pattern, &text), "{pattern}: {text}");
            }
        }
        assert_eq!(sample("(?=a)b", &mut source), None);
    }
}
