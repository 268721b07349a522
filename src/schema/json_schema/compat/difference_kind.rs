//! Confluent's kinds of differences: the name on the wire, the policies under which it is compatible, the text (json-schema 4.4).

use strum::VariantArray;

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
    ($($kind:ident = $compatible:ident, $text:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        #[expect(missing_docs, reason = "the names are the peer's and say it all")]
        pub enum DifferenceKind {
            $($kind,)*
        }

        impl DifferenceKind {
            fn row(self) -> (Compatible, Text) {
                match self {
                    $(Self::$kind => (Compatible::$compatible, Text::$text),)*
                }
            }
        }
    };
}

kinds! {
    IdChanged = Always, Empty;
    TitleChanged = Always, Empty;
    DescriptionChanged = Always, Empty;
    DefaultChanged = Always, Empty;
    SchemaAdded = Never, Empty;
    SchemaRemoved = Always, Empty;
    TypeExtended = Always, Empty;
    TypeNarrowed = Never, TypeDiffers;
    TypeChanged = Never, TypeDiffers;
    MaxLengthAdded = Never, KeywordMissing;
    MaxLengthRemoved = Always, Empty;
    MaxLengthIncreased = Always, Empty;
    MaxLengthDecreased = Never, ValueLess;
    MinLengthAdded = Never, KeywordMissing;
    MinLengthRemoved = Always, Empty;
    MinLengthIncreased = Never, ValueMore;
    MinLengthDecreased = Always, Empty;
    PatternAdded = Never, KeywordMissing;
    PatternRemoved = Always, Empty;
    PatternChanged = Never, ValueDiffers;
    MaximumAdded = Never, KeywordMissing;
    MaximumRemoved = Always, Empty;
    MaximumIncreased = Always, Empty;
    MaximumDecreased = Never, ValueLess;
    MinimumAdded = Never, KeywordMissing;
    MinimumRemoved = Always, Empty;
    MinimumIncreased = Never, ValueMore;
    MinimumDecreased = Always, Empty;
    ExclusiveMaximumAdded = Never, KeywordMissing;
    ExclusiveMaximumRemoved = Always, Empty;
    ExclusiveMaximumIncreased = Always, Empty;
    ExclusiveMaximumDecreased = Never, ValueLess;
    ExclusiveMinimumAdded = Never, KeywordMissing;
    ExclusiveMinimumRemoved = Always, Empty;
    ExclusiveMinimumIncreased = Never, ValueMore;
    ExclusiveMinimumDecreased = Always, Empty;
    MultipleOfAdded = Never, KeywordMissing;
    MultipleOfRemoved = Always, Empty;
    MultipleOfExpanded = Never, ValueMore;
    MultipleOfReduced = Always, Empty;
    MultipleOfChanged = Never, ValueDiffers;
    RequiredAttributeAdded = Never, KeywordMissing;
    RequiredAttributeWithDefaultAdded = Always, Empty;
    RequiredAttributeRemoved = Always, Empty;
    MaxPropertiesAdded = Never, KeywordMissing;
    MaxPropertiesRemoved = Always, Empty;
    MaxPropertiesIncreased = Always, Empty;
    MaxPropertiesDecreased = Never, ValueLess;
    MinPropertiesAdded = Never, KeywordMissing;
    MinPropertiesRemoved = Always, Empty;
    MinPropertiesIncreased = Never, ValueMore;
    MinPropertiesDecreased = Always, Empty;
    AdditionalPropertiesAdded = Always, Empty;
    AdditionalPropertiesRemoved = IfLenient, KeywordMissing;
    AdditionalPropertiesExtended = Always, Empty;
    AdditionalPropertiesNarrowed = IfLenient, FewerElements;
    UnevaluatedPropertiesAdded = Always, Empty;
    UnevaluatedPropertiesRemoved = IfLenient, KeywordMissing;
    UnevaluatedPropertiesExtended = Always, Empty;
    UnevaluatedPropertiesNarrowed = IfLenient, FewerElements;
    DependencyArrayAdded = Never, KeywordMissing;
    DependencyArrayRemoved = Always, Empty;
    DependencyArrayExtended = Never, MoreElements;
    DependencyArrayNarrowed = Always, Empty;
    DependencyArrayChanged = Never, ValueDiffers;
    DependencySchemaAdded = Never, KeywordMissing;
    DependencySchemaRemoved = Always, Empty;
    PropertyRemovedFromOpenContentModel = Always, Empty;
    PropertyWithFalseRemovedFromClosedContentModel = Always, Empty;
    PropertyRemovedFromClosedContentModel = IfLenient, RemovedFromClosed;
    PropertyRemovedIsCoveredByPartiallyOpenContentModel = Always, Empty;
    PropertyRemovedNotCoveredByPartiallyOpenContentModel = IfLenient, RemovedNotCovered;
    PropertyWithEmptySchemaAddedToOpenContentModel = Always, Empty;
    RequiredPropertyAddedToOpenContentModel = Never, AddedToOpen;
    RequiredPropertyWithDefaultAddedToOpenContentModel = IfLenient, AddedToOpen;
    OptionalPropertyAddedToOpenContentModel = IfLenient, AddedToOpen;
    PropertyAddedIsCoveredByPartiallyOpenContentModel = Always, Empty;
    PropertyAddedNotCoveredByPartiallyOpenContentModel = IfLenient, AddedNotCovered;
    RequiredPropertyAddedToUnopenContentModel = Never, RequiredAddedToUnopen;
    RequiredPropertyWithDefaultAddedToUnopenContentModel = Always, Empty;
    OptionalPropertyAddedToUnopenContentModel = Always, Empty;
    MaxItemsAdded = Never, KeywordMissing;
    MaxItemsRemoved = Always, Empty;
    MaxItemsIncreased = Always, Empty;
    MaxItemsDecreased = Never, ValueLess;
    MinItemsAdded = Never, KeywordMissing;
    MinItemsRemoved = Always, Empty;
    MinItemsIncreased = Never, ValueMore;
    MinItemsDecreased = Always, Empty;
    MaxContainsAdded = Never, KeywordMissing;
    MaxContainsRemoved = Always, Empty;
    MaxContainsIncreased = Always, Empty;
    MaxContainsDecreased = Never, ValueLess;
    MinContainsAdded = Never, KeywordMissing;
    MinContainsRemoved = Always, Empty;
    MinContainsIncreased = Never, ValueMore;
    MinContainsDecreased = Always, Empty;
    UniqueItemsAdded = Never, KeywordMissing;
    UniqueItemsRemoved = Always, Empty;
    AdditionalItemsAdded = Always, Empty;
    AdditionalItemsRemoved = Never, KeywordMissing;
    AdditionalItemsExtended = Always, Empty;
    AdditionalItemsNarrowed = Never, FewerElements;
    UnevaluatedItemsAdded = Always, Empty;
    UnevaluatedItemsRemoved = Never, KeywordMissing;
    UnevaluatedItemsExtended = Always, Empty;
    UnevaluatedItemsNarrowed = Never, FewerElements;
    ItemAddedToOpenContentModel = Never, AddedToOpen;
    ItemWithEmptySchemaAddedToOpenContentModel = Always, Empty;
    ItemAddedToClosedContentModel = Always, Empty;
    ItemAddedIsCoveredByPartiallyOpenContentModel = Always, Empty;
    ItemAddedNotCoveredByPartiallyOpenContentModel = Never, AddedNotCovered;
    ItemRemovedFromOpenContentModel = Always, Empty;
    ItemWithFalseRemovedFromClosedContentModel = Always, Empty;
    ItemRemovedFromClosedContentModel = Never, RemovedFromClosed;
    ItemRemovedIsCoveredByPartiallyOpenContentModel = Always, Empty;
    ItemRemovedNotCoveredByPartiallyOpenContentModel = Never, RemovedNotCovered;
    EnumArrayExtended = Always, Empty;
    EnumArrayNarrowed = Never, FewerElements;
    EnumArrayChanged = Never, TypeDiffers;
    CombinedTypeExtended = Always, Empty;
    CombinedTypeChanged = Never, TypeDiffers;
    CombinedTypeSubschemasChanged = Never, TypeDiffers;
    ProductTypeExtended = Never, MoreElements;
    ProductTypeNarrowed = Always, Empty;
    SumTypeExtended = Always, MoreElements;
    SumTypeNarrowed = Never, FewerElements;
    NotTypeExtended = Never, MoreElements;
    NotTypeNarrowed = Always, Empty;
}

impl DifferenceKind {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the difference is compatible under a policy. `LOGICAL` is as strict as `STRICT`.
    pub fn is_compatible(self, policy: CompatibilityPolicy) -> bool {
        match self.row().0 {
            Compatible::Always => true,
            Compatible::IfLenient => policy == CompatibilityPolicy::Lenient,
            Compatible::Never => false,
        }
    }

    /// Confluent's message. The unbalanced quotes are part of the wire format.
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
