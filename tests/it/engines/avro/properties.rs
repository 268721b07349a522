//! What must hold for any schema.

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{Direction, ParseMode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{Taste, make};
use super::{BUDGET, findings, lax, options, read, strict};

const PLAIN: Taste = Taste { recursion: true, decoration: false };
const DECORATED: Taste = Taste { recursion: true, decoration: true };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The canonical text stands for the same schema and is its own canonical text; so is the normalized one.
    #[test]
    fn canonical_texts_are_stable(choices in vec(any::<u8>(), 0..80)) {
        let schema = strict(&make(&choices, DECORATED).text(DECORATED));
        let again = strict(schema.canonical());
        prop_assert_eq!(again.canonical(), schema.canonical());
        prop_assert!(schema.equivalent(&again) && again.equivalent(&schema));
        prop_assert_eq!(schema.equivalence_hash(), again.equivalence_hash());
        let normalized = schema.normalized().expect("normalized");
        let twice = strict(&normalized);
        prop_assert_eq!(twice.canonical(), normalized.as_str());
        prop_assert_eq!(twice.normalized().expect("normalized"), normalized);
        prop_assert!(findings(&schema, &twice).is_empty() && findings(&twice, &schema).is_empty());
    }

    /// Every schema reads its own data, with or without decoration.
    #[test]
    fn schemas_read_themselves(choices in vec(any::<u8>(), 0..80)) {
        let ty = make(&choices, PLAIN);
        let (plain, decorated) = (strict(&ty.text(PLAIN)), strict(&ty.text(DECORATED)));
        prop_assert!(findings(&plain, &plain).is_empty());
        prop_assert!(findings(&plain, &decorated).is_empty() && findings(&decorated, &plain).is_empty());
    }

    /// The direction changes the words and nothing else, so FULL is BACKWARD and FORWARD together.
    #[test]
    fn both_directions_are_one_check(a in vec(any::<u8>(), 0..60), at in 0..60_usize, to in any::<u8>()) {
        let mut b = a.clone();
        if let Some(choice) = b.get_mut(at) {
            *choice = to;
        }
        let (a, b) = (strict(&make(&a, PLAIN).text(PLAIN)), strict(&make(&b, PLAIN).text(PLAIN)));
        for (reader, writer) in [(&a, &b), (&b, &a)] {
            let check = |direction| Schema::check(reader, writer, &options(direction, BUDGET)).expect("within the budget");
            let (backward, forward) = (check(Direction::Backward), check(Direction::Forward));
            let key = |found: &accordant::schema::Finding| (found.rule, found.path.clone());
            prop_assert_eq!(backward.iter().map(key).collect::<Vec<_>>(), forward.iter().map(key).collect::<Vec<_>>());
            for (b, f) in backward.iter().zip(&forward) {
                prop_assert_eq!((&b.new, &b.old), (&f.old, &f.new));
            }
        }
        if a.equivalent(&b) {
            prop_assert_eq!(a.canonical(), b.canonical());
        }
    }

    /// No text makes the reader fail otherwise than with an error.
    #[test]
    fn broken_texts_are_refused(choices in vec(any::<u8>(), 0..40), at in any::<prop::sample::Index>(), with in "[\\[\\]{}:,\"a0\\\\]") {
        let text = make(&choices, DECORATED).text(DECORATED);
        let cut = at.index(text.len());
        let broken = format!("{}{with}{}", &text[..cut], &text[cut + 1..]);
        for mode in [ParseMode::New, ParseMode::Stored] {
            if let Ok(schema) = read(&broken, mode) {
                let again = lax(schema.canonical());
                prop_assert_eq!(again.canonical(), schema.canonical());
            }
        }
    }
}
