use crate::schema::protobuf::fault::{Fault, fault};
use crate::schema::protobuf::model::{Body, Offset, RangeOrName};

/// Inclusive ranges in the order of their starts.
pub(super) struct Ranges {
    sorted: Vec<(i32, i32)>,
}

impl Ranges {
    /// Refuses ranges that overlap, run backwards or leave the bounds.
    pub(super) fn new(spans: &[(Offset, (i32, i32))], lowest: i32, what: &str) -> Result<Self, Fault> {
        let mut sorted = spans.to_vec();
        for (at, (first, last)) in &sorted {
            if last < first {
                return Err(fault(*at, format!("{what} range end number must be greater than start number.")));
            }
            if *first < lowest {
                return Err(fault(*at, format!("{what} numbers must be positive integers.")));
            }
        }
        sorted.sort_by_key(|(_, bounds)| *bounds);
        for ((_, before), (at, after)) in sorted.iter().zip(sorted.iter().skip(1)) {
            if after.0 <= before.1 {
                let message = format!(
                    "{what} range {} to {} overlaps with already-defined range {} to {}.",
                    after.0, after.1, before.0, before.1
                );
                return Err(fault(*at, message));
            }
        }
        Ok(Self { sorted: sorted.into_iter().map(|(_, bounds)| bounds).collect() })
    }

    /// The numbers that a message leaves to extensions. It may come from a file that nobody has checked.
    pub(super) fn merged(body: &Body) -> Self {
        let spans = body.extensions.iter().flat_map(|found| &found.spans).filter_map(RangeOrName::bounds);
        let mut spans: Vec<_> = spans.filter(|(first, last)| first <= last).collect();
        spans.sort_unstable();
        let mut sorted: Vec<(i32, i32)> = Vec::with_capacity(spans.len());
        for (first, last) in spans {
            match sorted.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => sorted.push((first, last)),
            }
        }
        Self { sorted }
    }

    pub(super) fn contains(&self, number: i32) -> bool {
        let after = self.sorted.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.sorted.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// A number that both hold.
    pub(super) fn shared(&self, other: &Self) -> Option<i32> {
        let inside = self.sorted.iter().map(|(first, _)| *first).find(|first| other.contains(*first));
        inside.or_else(|| other.sorted.iter().map(|(first, _)| *first).find(|first| self.contains(*first)))
    }
}
