//! Numbers and names that must stay reserved.

use std::collections::HashSet;

use super::breach::Policy;
use crate::schema::protobuf::model::{RangeOrName, Reserved};

const RESERVE: &str = "Keep what is reserved reserved.";

/// The first range that the others don't cover.
pub(super) fn first_uncovered(ranges: &[(i32, i32)], kept: &NumberSet) -> Option<(i32, i32)> {
    ranges.iter().find(|range| !kept.covers(**range)).copied()
}

/// Numbers in ranges, neighbours joined.
pub(super) struct NumberSet {
    merged: Vec<(i32, i32)>,
}

impl NumberSet {
    pub(super) fn new(mut ranges: Vec<(i32, i32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(i32, i32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self { merged }
    }

    pub(super) fn reserved(statements: &[Reserved]) -> Self {
        Self::new(bounds(statements))
    }

    /// True when all numbers of a range are among these.
    pub(super) fn covers(&self, (first, last): (i32, i32)) -> bool {
        let after = self.merged.partition_point(|range| range.0 <= first);
        after.checked_sub(1).and_then(|at| self.merged.get(at)).is_some_and(|range| last <= range.1)
    }
}

fn bounds(statements: &[Reserved]) -> Vec<(i32, i32)> {
    statements.iter().flat_map(|statement| statement.spans.iter().filter_map(RangeOrName::bounds)).collect()
}

/// What was reserved must stay reserved.
pub(super) fn check_reserved(policy: &mut Policy<'_>, rule: &'static str, path: &str, (old, new): (&[Reserved], &[Reserved])) {
    if let Some((first, last)) = first_uncovered(&bounds(old), &NumberSet::reserved(new)) {
        let text = format!("The {{R}} schema no longer reserves {first} to {last}, as the {{W}} schema does");
        policy.breach(rule, path, text, None, None, RESERVE);
    }
    if policy.json() {
        let kept = reserved_names(new);
        let mut gone: Vec<&str> = reserved_names(old).difference(&kept).copied().collect();
        gone.sort_unstable();
        for name in gone {
            let text = format!("The {{R}} schema no longer reserves the name '{name}', as the {{W}} schema does");
            policy.breach(rule, path, text, None, None, RESERVE);
        }
    }
}

pub(super) fn reserved_names(statements: &[Reserved]) -> HashSet<&str> {
    let spans = statements.iter().flat_map(|statement| &statement.spans);
    spans.filter_map(|span| if let RangeOrName::Name(name) = span { Some(&**name) } else { None }).collect()
}
