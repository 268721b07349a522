//! Plain sentences for incompatible differences: which documents fail, and what would help.

use super::difference::{LocatedDifference, UnmatchedMember};
use super::difference_kind::DifferenceKind as D;

/// One sentence about what a difference means, and one about how to mend it.
pub(crate) fn explain(located: &LocatedDifference, reader: &str, writer: &str) -> (String, String) {
    let (r, w) = (reader, writer);
    let kind = located.difference.kind;
    if let Some(note) = &located.difference.unmatched {
        return by_member(note, r, w);
    }
    let segments = located.step.segments();
    let keyword = segments.first().map_or("type", String::as_str);
    let name = segments.get(1).map_or("", String::as_str);
    match kind {
        D::TypeChanged => (
            format!("The {w} schema allows values of a kind that the {r} schema refuses."),
            format!("Keep the kind of value of the {w} schema, or offer both in an `anyOf`."),
        ),
        D::TypeNarrowed => (
            format!("The {w} schema allows numbers with a fraction, the {r} schema only integers."),
            "Keep `number` instead of `integer`.".to_owned(),
        ),
        D::SchemaAdded => (
            format!("The {r} schema constrains the elements of an array that the {w} schema left free."),
            format!("Leave `{keyword}` out of the {r} schema."),
        ),
        D::RequiredAttributeAdded => (
            format!("The {r} schema requires the property `{name}`, which documents of the {w} schema may lack."),
            format!("Leave `{name}` optional in the {r} schema or give it a default."),
        ),
        D::RequiredPropertyAddedToOpenContentModel | D::RequiredPropertyAddedToUnopenContentModel => (
            format!("The {r} schema requires the property `{name}`, which the {w} schema does not know."),
            format!("Make `{name}` optional; in an open object it also needs an empty schema."),
        ),
        D::OptionalPropertyAddedToOpenContentModel | D::RequiredPropertyWithDefaultAddedToOpenContentModel => (
            format!("The {w} schema lets documents carry any value under `{name}`, the {r} schema does not."),
            format!("Declare `{name}` with an empty schema, close the {w} object, or use the LENIENT policy."),
        ),
        D::PropertyAddedNotCoveredByPartiallyOpenContentModel => (
            format!("The {w} schema lets documents carry values under `{name}` that the {r} schema refuses."),
            format!("Declare `{name}` so that it accepts all the {w} schema allows there."),
        ),
        D::PropertyRemovedFromClosedContentModel | D::PropertyRemovedNotCoveredByPartiallyOpenContentModel => (
            format!("Documents of the {w} schema may carry the property `{name}`, which the {r} schema refuses."),
            format!("Keep `{name}` in the {r} schema, or open its object."),
        ),
        D::ItemAddedToOpenContentModel | D::ItemAddedNotCoveredByPartiallyOpenContentModel => (
            format!("The {w} schema lets arrays carry values at position {name} that the {r} schema refuses."),
            format!("Describe position {name} so that it accepts all the {w} schema allows there."),
        ),
        D::ItemRemovedFromClosedContentModel | D::ItemRemovedNotCoveredByPartiallyOpenContentModel => (
            format!("Arrays of the {w} schema may have an element at position {name}, which the {r} schema refuses."),
            format!("Keep position {name} in the {r} schema, or allow additional items."),
        ),
        D::AdditionalPropertiesRemoved
        | D::UnevaluatedPropertiesRemoved
        | D::AdditionalItemsRemoved
        | D::UnevaluatedItemsRemoved
        | D::AdditionalPropertiesNarrowed
        | D::UnevaluatedPropertiesNarrowed
        | D::AdditionalItemsNarrowed
        | D::UnevaluatedItemsNarrowed => (
            format!("The {r} schema allows less beyond what it declares than the {w} schema does."),
            format!("Keep `{keyword}` as wide as in the {w} schema."),
        ),
        D::EnumArrayNarrowed | D::EnumArrayChanged => {
            (format!("The {w} schema lists values that the {r} schema lacks."), format!("Keep all values of the {w} schema."))
        }
        D::DependencyArrayAdded | D::DependencyArrayExtended | D::DependencyArrayChanged | D::DependencySchemaAdded => (
            format!("The {r} schema asks more of documents with the property `{name}` than the {w} schema does."),
            format!("Ask no more of `{name}` than the {w} schema does."),
        ),
        D::CombinedTypeChanged => (
            format!("The {r} schema combines its members in a stricter way than the {w} schema."),
            "Keep the way of combining, or change it to `anyOf`.".to_owned(),
        ),
        D::CombinedTypeSubschemasChanged => (
            format!("At least one member of the {w} combination has no counterpart in the {r} one that accepts as much."),
            format!("Give every member of the {w} combination a counterpart of its own that accepts as much."),
        ),
        D::ProductTypeExtended => (
            format!("The {r} schema has a constraint in `allOf` that the {w} schema lacks."),
            "Leave the added constraint out.".to_owned(),
        ),
        D::SumTypeNarrowed => (
            format!("The {w} schema offers an alternative that the {r} schema lacks."),
            format!("Keep all alternatives of the {w} schema."),
        ),
        D::NotTypeExtended => {
            (format!("The {r} schema excludes more than the {w} schema."), format!("Exclude no more than the {w} schema does."))
        }
        D::UniqueItemsAdded => (
            format!("The {w} schema allows equal elements in an array, the {r} schema does not."),
            "Leave `uniqueItems` out.".to_owned(),
        ),
        D::PatternChanged | D::MultipleOfChanged | D::MultipleOfExpanded => (
            format!("Values that satisfy `{keyword}` in the {w} schema may break it in the {r} schema."),
            format!("Keep `{keyword}`, or drop it from the {r} schema."),
        ),
        _ => by_bound(kind, keyword, r, w),
    }
}

/// A member of a combination without a counterpart.
fn by_member(note: &UnmatchedMember, r: &str, w: &str) -> (String, String) {
    let UnmatchedMember { keywords: (before, after), left, right, first } = note;
    let (left, right) = (left + 1, right + 1);
    let why = first.as_ref().map_or_else(String::new, |(kind, path)| format!(" ({} at '{path}' below it)", kind.name()));
    (
        format!(
            "Member {left} of the {w} `{before}` has no counterpart of its own in the {r} `{after}` that accepts as much; member \
             {right} comes closest{why}."
        ),
        format!(
            "Make member {right} of the {r} `{after}` accept all that member {left} of the {w} `{before}` accepts, or add \
             one that does."
        ),
    )
}

/// Keywords with a bound, which are all explained alike.
fn by_bound(kind: D, keyword: &str, r: &str, w: &str) -> (String, String) {
    let name = kind.name();
    if name.ends_with("_ADDED") {
        return (
            format!("`{keyword}` constrains the {r} schema only, so values of the {w} schema may break it."),
            format!("Leave `{keyword}` out of the {r} schema."),
        );
    }
    if name.ends_with("_INCREASED") {
        return (
            format!("The {r} schema asks for more at `{keyword}` than the {w} schema guarantees."),
            format!("Keep `{keyword}` as low as in the {w} schema."),
        );
    }
    (
        format!("The {r} schema allows less at `{keyword}` than the {w} schema."),
        format!("Keep `{keyword}` as high as in the {w} schema."),
    )
}
