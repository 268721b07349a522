//! Rules for numbers: inclusive bounds, exclusive bounds in both spellings, and divisors (json-schema 4.3).

use super::difference::{NodePair, PathStep};
use super::difference_kind::DifferenceKind as D;
use super::sink::{BoundKinds, Sink, bound};
use crate::schema::json_schema::model::{Exclusive, NumberKeywords};
use crate::schema::json_schema::number::Decimal;

pub(super) fn compare(old: &NumberKeywords, new: &NumberKeywords, (o, u): NodePair, sink: &mut Sink) {
    const MAX: BoundKinds = [D::MaximumAdded, D::MaximumRemoved, D::MaximumIncreased, D::MaximumDecreased];
    const MIN: BoundKinds = [D::MinimumAdded, D::MinimumRemoved, D::MinimumIncreased, D::MinimumDecreased];
    const XMAX: BoundKinds =
        [D::ExclusiveMaximumAdded, D::ExclusiveMaximumRemoved, D::ExclusiveMaximumIncreased, D::ExclusiveMaximumDecreased];
    const XMIN: BoundKinds =
        [D::ExclusiveMinimumAdded, D::ExclusiveMinimumRemoved, D::ExclusiveMinimumIncreased, D::ExclusiveMinimumDecreased];
    let maxima = inclusive((&old.maximum, &old.exclusive_maximum), (&new.maximum, &new.exclusive_maximum));
    bound(sink, (o, u), "maximum", maxima.0, maxima.1, MAX);
    let minima = inclusive((&old.minimum, &old.exclusive_minimum), (&new.minimum, &new.exclusive_minimum));
    bound(sink, (o, u), "minimum", minima.0, minima.1, MIN);
    let maxima = exclusive(old.exclusive_maximum.as_ref(), new.exclusive_maximum.as_ref());
    bound(sink, (o, u), "exclusiveMaximum", maxima.0, maxima.1, XMAX);
    let minima = exclusive(old.exclusive_minimum.as_ref(), new.exclusive_minimum.as_ref());
    bound(sink, (o, u), "exclusiveMinimum", minima.0, minima.1, XMIN);
    let change = match (&old.multiple_of, &new.multiple_of) {
        (None, Some(_)) => Some(D::MultipleOfAdded),
        (Some(_), None) => Some(D::MultipleOfRemoved),
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) if new.is_multiple_of(old) => Some(D::MultipleOfExpanded),
        (Some(old), Some(new)) if old.is_multiple_of(new) => Some(D::MultipleOfReduced),
        (Some(_), Some(_)) => Some(D::MultipleOfChanged),
        (None, None) => None,
    };
    if let Some(kind) = change {
        sink.add(kind, PathStep::Keyword("multipleOf"), o, u);
    }
    if old.integer != new.integer {
        sink.add(if new.integer { D::TypeNarrowed } else { D::TypeExtended }, PathStep::Here, o, u);
    }
}

type Bounds<'a> = (&'a Option<Decimal>, &'a Option<Exclusive>);

/// The inclusive bounds to compare. One that draft-04's flag makes exclusive is compared as exclusive if the other schema has a
/// number for that.
fn inclusive<'a>(old: Bounds<'a>, new: Bounds<'a>) -> (Option<&'a Decimal>, Option<&'a Decimal>) {
    let stands = |own: Bounds<'a>, other: Bounds<'a>| {
        let given_up = own.1.as_ref().is_some_and(|x| x.flag) && other.1.as_ref().is_some_and(|x| !x.flag);
        own.0.as_ref().filter(|_| !given_up)
    };
    (stands(old, new), stands(new, old))
}

/// The exclusive bounds to compare: of two flags only the presence counts, the values are compared as inclusive bounds.
fn exclusive<'a>(old: Option<&'a Exclusive>, new: Option<&'a Exclusive>) -> (Option<&'a Decimal>, Option<&'a Decimal>) {
    match (old, new) {
        (Some(old), Some(new)) if old.flag && new.flag => (None, None),
        _ => (old.map(|x| &x.value), new.map(|x| &x.value)),
    }
}
