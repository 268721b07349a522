//! Confluent's kinds of differences: the name on the wire, the policies under which it is compatible, the text (json-schema 4.4).

use crate::types::CompatibilityPolicy;

/// Under which policies a difference is compatible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compatible {
    Always,
    IfLenient,
    Never,
}

/// The description a difference prints. `{r}` is the reader's word, `{w}` the writer's, `{p}` the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Empty,
    KeywordMissing,
    ValueMore,
    ValueLess,
    FewerElements,
    ValueDiffers,
    TypeDiffers,
    MoreElements,
    AddedToOpen,
    RequiredAddedToUnopen,
    RemovedFromClosed,
    RemovedNotCovered,
    AddedNotCovered,
}

macro_rules! kinds {
    ($($kind:ident = $name:literal, $compatible:ident, $text:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are the peer's and say it all")]
        pub enum DifferenceKind {
            $($kind,)*
        }

        impl DifferenceKind {
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            fn row(self) -> (Compatible, Text) {
                match self {
                    $(Self::$kind => (Compatible::$compatible, Text::$text),)*
                }
            }
        }
    };
}

kinds! {
    IdChanged = "ID_CHANGED", Always, Empty;
    TitleChanged = "TITLE_CHANGED", Always, Empty;
    DescriptionChanged = "DESCRIPTION_CHANGED", Always, Empty;
    DefaultChanged = "DEFAULT_CHANGED", Always, Empty;
    SchemaAdded = "SCHEMA_ADDED", Never, Empty;
    SchemaRemoved = "SCHEMA_REMOVED", Always, Empty;
    TypeExtended = "TYPE_EXTENDED", Always, Empty;
    TypeNarrowed = "TYPE_NARROWED", Never, TypeDiffers;
    TypeChanged = "TYPE_CHANGED", Never, TypeDiffers;
    MaxLengthAdded = "MAX_LENGTH_ADDED", Never, KeywordMissing;
    MaxLengthRemoved = "MAX_LENGTH_REMOVED", Always, Empty;
    MaxLengthIncreased = "MAX_LENGTH_INCREASED", Always, Empty;
    MaxLengthDecreased = "MAX_LENGTH_DECREASED", Never, ValueLess;
    MinLengthAdded = "MIN_LENGTH_ADDED", Never, KeywordMissing;
    MinLengthRemoved = "MIN_LENGTH_REMOVED", Always, Empty;
    MinLengthIncreased = "MIN_LENGTH_INCREASED", Never, ValueMore;
    MinLengthDecreased = "MIN_LENGTH_DECREASED", Always, Empty;
    PatternAdded = "PATTERN_ADDED", Never, KeywordMissing;
    PatternRemoved = "PATTERN_REMOVED", Always, Empty;
    PatternChanged = "PATTERN_CHANGED", Never, ValueDiffers;
    MaximumAdded = "MAXIMUM_ADDED", Never, KeywordMissing;
    MaximumRemoved = "MAXIMUM_REMOVED", Always, Empty;
    MaximumIncreased = "MAXIMUM_INCREASED", Always, Empty;
    MaximumDecreased = "MAXIMUM_DECREASED", Never, ValueLess;
    MinimumAdded = "MINIMUM_ADDED", Never, KeywordMissing;
    MinimumRemoved = "MINIMUM_REMOVED", Always, Empty;
    MinimumIncreased = "MINIMUM_INCREASED", Never, ValueMore;
    MinimumDecreased = "MINIMUM_DECREASED", Always, Empty;
    ExclusiveMaximumAdded = "EXCLUSIVE_MAXIMUM_ADDED", Never, KeywordMissing;
    ExclusiveMaximumRemoved = "EXCLUSIVE_MAXIMUM_REMOVED", Always, Empty;
    ExclusiveMaximumIncreased = "EXCLUSIVE_MAXIMUM_INCREASED", Always, Empty;
    ExclusiveMaximumDecreased = "EXCLUSIVE_MAXIMUM_DECREASED", Never, ValueLess;
    ExclusiveMinimumAdded = "EXCLUSIVE_MINIMUM_ADDED", Never, KeywordMissing;
    ExclusiveMinimumRemoved = "EXCLUSIVE_MINIMUM_REMOVED", Always, Empty;
    ExclusiveMinimumIncreased = "EXCLUSIVE_MINIMUM_INCREASED", Never, ValueMore;
    ExclusiveMinimumDecreased = "EXCLUSIVE_MINIMUM_DECREASED", Always, Empty;
    MultipleOfAdded = "MULTIPLE_OF_ADDED", Never, KeywordMissing;
    MultipleOfRemoved = "MULTIPLE_OF_REMOVED", Always, Empty;
    MultipleOfExpanded = "MULTIPLE_OF_EXPANDED", Never, ValueMore;
    MultipleOfReduced = "MULTIPLE_OF_REDUCED", Always, Empty;
    MultipleOfChanged = "MULTIPLE_OF_CHANGED", Never, ValueDiffers;
    RequiredAttributeAdded = "REQUIRED_ATTRIBUTE_ADDED", Never, KeywordMissing;
    RequiredAttributeWithDefaultAdded = "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED", Always, Empty;
    RequiredAttributeRemoved = "REQUIRED_ATTRIBUTE_REMOVED", Always, Empty;
    MaxPropertiesAdded = "MAX_PROPERTIES_ADDED", Never, KeywordMissing;
    MaxPropertiesRemoved = "MAX_PROPERTIES_REMOVED", Always, Empty;
    MaxPropertiesIncreased = "MAX_PROPERTIES_INCREASED", Always, Empty;
    MaxPropertiesDecreased = "MAX_PROPERTIES_DECREASED", Never, ValueLess;
    MinPropertiesAdded = "MIN_PROPERTIES_ADDED", Never, KeywordMissing;
    MinPropertiesRemoved = "MIN_PROPERTIES_REMOVED", Always, Empty;
    MinPropertiesIncreased = "MIN_PROPERTIES_INCREASED", Never, ValueMore;
    MinPropertiesDecreased = "MIN_PROPERTIES_DECREASED", Always, Empty;
    AdditionalPropertiesAdded = "ADDITIONAL_PROPERTIES_ADDED", Always, Empty;
    AdditionalPropertiesRemoved = "ADDITIONAL_PROPERTIES_REMOVED", IfLenient, KeywordMissing;
    AdditionalPropertiesExtended = "ADDITIONAL_PROPERTIES_EXTENDED", Always, Empty;
    AdditionalPropertiesNarrowed = "ADDITIONAL_PROPERTIES_NARROWED", IfLenient, FewerElements;
    UnevaluatedPropertiesAdded = "UNEVALUATED_PROPERTIES_ADDED", Always, Empty;
    UnevaluatedPropertiesRemoved = "UNEVALUATED_PROPERTIES_REMOVED", IfLenient, KeywordMissing;
    UnevaluatedPropertiesExtended = "UNEVALUATED_PROPERTIES_EXTENDED", Always, Empty;
    UnevaluatedPropertiesNarrowed = "UNEVALUATED_PROPERTIES_NARROWED", IfLenient, FewerElements;
    DependencyArrayAdded = "DEPENDENCY_ARRAY_ADDED", Never, KeywordMissing;
    DependencyArrayRemoved = "DEPENDENCY_ARRAY_REMOVED", Always, Empty;
    DependencyArrayExtended = "DEPENDENCY_ARRAY_EXTENDED", Never, MoreElements;
    DependencyArrayNarrowed = "DEPENDENCY_ARRAY_NARROWED", Always, Empty;
    DependencyArrayChanged = "DEPENDENCY_ARRAY_CHANGED", Never, ValueDiffers;
    DependencySchemaAdded = "DEPENDENCY_SCHEMA_ADDED", Never, KeywordMissing;
    DependencySchemaRemoved = "DEPENDENCY_SCHEMA_REMOVED", Always, Empty;
    PropertyRemovedFromOpenContentModel = "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", Always, Empty;
    PropertyWithFalseRemovedFromClosedContentModel = "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL", Always, Empty;
    PropertyRemovedFromClosedContentModel = "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", IfLenient, RemovedFromClosed;
    PropertyRemovedIsCoveredByPartiallyOpenContentModel =
        "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Always, Empty;
    PropertyRemovedNotCoveredByPartiallyOpenContentModel =
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", IfLenient, RemovedNotCovered;
    PropertyWithEmptySchemaAddedToOpenContentModel = "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", Always, Empty;
    RequiredPropertyAddedToOpenContentModel = "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", Never, AddedToOpen;
    RequiredPropertyWithDefaultAddedToOpenContentModel =
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL", IfLenient, AddedToOpen;
    OptionalPropertyAddedToOpenContentModel = "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", IfLenient, AddedToOpen;
    PropertyAddedIsCoveredByPartiallyOpenContentModel =
        "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Always, Empty;
    PropertyAddedNotCoveredByPartiallyOpenContentModel =
        "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", IfLenient, AddedNotCovered;
    RequiredPropertyAddedToUnopenContentModel = "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", Never, RequiredAddedToUnopen;
    RequiredPropertyWithDefaultAddedToUnopenContentModel =
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL", Always, Empty;
    OptionalPropertyAddedToUnopenContentModel = "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", Always, Empty;
    MaxItemsAdded = "MAX_ITEMS_ADDED", Never, KeywordMissing;
    MaxItemsRemoved = "MAX_ITEMS_REMOVED", Always, Empty;
    MaxItemsIncreased = "MAX_ITEMS_INCREASED", Always, Empty;
    MaxItemsDecreased = "MAX_ITEMS_DECREASED", Never, ValueLess;
    MinItemsAdded = "MIN_ITEMS_ADDED", Never, KeywordMissing;
    MinItemsRemoved = "MIN_ITEMS_REMOVED", Always, Empty;
    MinItemsIncreased = "MIN_ITEMS_INCREASED", Never, ValueMore;
    MinItemsDecreased = "MIN_ITEMS_DECREASED", Always, Empty;
    MaxContainsAdded = "MAX_CONTAINS_ADDED", Never, KeywordMissing;
    MaxContainsRemoved = "MAX_CONTAINS_REMOVED", Always, Empty;
    MaxContainsIncreased = "MAX_CONTAINS_INCREASED", Always, Empty;
    MaxContainsDecreased = "MAX_CONTAINS_DECREASED", Never, ValueLess;
    MinContainsAdded = "MIN_CONTAINS_ADDED", Never, KeywordMissing;
    MinContainsRemoved = "MIN_CONTAINS_REMOVED", Always, Empty;
    MinContainsIncreased = "MIN_CONTAINS_INCREASED", Never, ValueMore;
    MinContainsDecreased = "MIN_CONTAINS_DECREASED", Always, Empty;
    UniqueItemsAdded = "UNIQUE_ITEMS_ADDED", Never, KeywordMissing;
    UniqueItemsRemoved = "UNIQUE_ITEMS_REMOVED", Always, Empty;
    AdditionalItemsAdded = "ADDITIONAL_ITEMS_ADDED", Always, Empty;
    AdditionalItemsRemoved = "ADDITIONAL_ITEMS_REMOVED", Never, KeywordMissing;
    AdditionalItemsExtended = "ADDITIONAL_ITEMS_EXTENDED", Always, Empty;
    AdditionalItemsNarrowed = "ADDITIONAL_ITEMS_NARROWED", Never, FewerElements;
    UnevaluatedItemsAdded = "UNEVALUATED_ITEMS_ADDED", Always, Empty;
    UnevaluatedItemsRemoved = "UNEVALUATED_ITEMS_REMOVED", Never, KeywordMissing;
    UnevaluatedItemsExtended = "UNEVALUATED_ITEMS_EXTENDED", Always, Empty;
    UnevaluatedItemsNarrowed = "UNEVALUATED_ITEMS_NARROWED", Never, FewerElements;
    ItemAddedToOpenContentModel = "ITEM_ADDED_TO_OPEN_CONTENT_MODEL", Never, AddedToOpen;
    ItemWithEmptySchemaAddedToOpenContentModel = "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", Always, Empty;
    ItemAddedToClosedContentModel = "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", Always, Empty;
    ItemAddedIsCoveredByPartiallyOpenContentModel = "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Always, Empty;
    ItemAddedNotCoveredByPartiallyOpenContentModel =
        "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Never, AddedNotCovered;
    ItemRemovedFromOpenContentModel = "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL", Always, Empty;
    ItemWithFalseRemovedFromClosedContentModel = "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL", Always, Empty;
    ItemRemovedFromClosedContentModel = "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", Never, RemovedFromClosed;
    ItemRemovedIsCoveredByPartiallyOpenContentModel = "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Always, Empty;
    ItemRemovedNotCoveredByPartiallyOpenContentModel =
        "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", Never, RemovedNotCovered;
    EnumArrayExtended = "ENUM_ARRAY_EXTENDED", Always, Empty;
    EnumArrayNarrowed = "ENUM_ARRAY_NARROWED", Never, FewerElements;
    EnumArrayChanged = "ENUM_ARRAY_CHANGED", Never, TypeDiffers;
    CombinedTypeExtended = "COMBINED_TYPE_EXTENDED", Always, Empty;
    CombinedTypeChanged = "COMBINED_TYPE_CHANGED", Never, TypeDiffers;
    CombinedTypeSubschemasChanged = "COMBINED_TYPE_SUBSCHEMAS_CHANGED", Never, TypeDiffers;
    ProductTypeExtended = "PRODUCT_TYPE_EXTENDED", Never, MoreElements;
    ProductTypeNarrowed = "PRODUCT_TYPE_NARROWED", Always, Empty;
    SumTypeExtended = "SUM_TYPE_EXTENDED", Always, MoreElements;
    SumTypeNarrowed = "SUM_TYPE_NARROWED", Never, FewerElements;
    NotTypeExtended = "NOT_TYPE_EXTENDED", Never, MoreElements;
    NotTypeNarrowed = "NOT_TYPE_NARROWED", Always, Empty;
}

impl DifferenceKind {
    /// Whether the difference is compatible under a policy. `LOGICAL` is as strict as `STRICT`.
    #[must_use]
    pub fn is_compatible(self, policy: CompatibilityPolicy) -> bool {
        match self.row().0 {
            Compatible::Always => true,
            Compatible::IfLenient => policy == CompatibilityPolicy::Lenient,
            Compatible::Never => false,
        }
    }

    /// Confluent's message. The unbalanced quotes are part of the wire format.
    #[must_use]
    pub fn message(self, path: &str, reader: &str, writer: &str) -> String {
        let description = self.description(path, reader, writer);
        format!("{{errorType:\"{}\", description:\"{description}'}}", self.name())
    }

    fn description(self, p: &str, r: &str, w: &str) -> String {
        match self.row().1 {
            Text::Empty => String::new(),
            Text::KeywordMissing => format!("The keyword at path '{p}' in the {r} schema is not present in the {w} schema"),
            Text::ValueMore => format!("The value at path '{p}' in the {r} schema is more than its value in the {w} schema"),
            Text::ValueLess => format!("The value at path '{p}' in the {r} schema is less than its value in the {w} schema"),
            Text::FewerElements => {
                format!("An array or combined type at path '{p}' has fewer elements in the {r} schema than the {w} schema")
            }
            Text::ValueDiffers => format!("The value at path '{p}' is different between the {r} and {w} schema"),
            Text::TypeDiffers => format!("A type at path '{p}' is different between the {r} schema and the {w} schema"),
            Text::MoreElements => {
                format!("An array or combined type at path '{p}' has more elements in the {r} schema than the {w} schema")
            }
            Text::AddedToOpen => format!(
                "The {r} schema has an open content model and has a property or item at path '{p}' which is missing in \
                 the {w} schema"
            ),
            Text::RequiredAddedToUnopen => format!(
                "The {r} schema has an unopen content model and has a required property at path '{p}' which is \
                 missing in the {w} schema"
            ),
            Text::RemovedFromClosed => format!(
                "The {r} has a closed content model and is missing a property or item present at path '{p}' in the {w} schema"
            ),
            Text::RemovedNotCovered => format!(
                "A property or item is missing in the {r} schema but present at path '{p}' in the {w} schema and is not covered \
                 by its partially open content model"
            ),
            Text::AddedNotCovered => format!(
                "The {r} schema has a property or item at path '{p}' which is missing in the {w} schema and is not covered by \
                 its partially open content model"
            ),
        }
    }
}
