//! Schema types and the policies that steer their compatibility checks.

/// The format of a schema. On the wire: `AVRO`, `PROTOBUF`, `JSON`, exact upper case.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum SchemaType {
    /// Apache Avro, the default when a request names none.
    Avro,
    /// Protocol Buffers.
    Protobuf,
    /// JSON Schema.
    Json,
}

impl SchemaType {
    /// All types, in the order in which `/schemas/types` lists them.
    pub const ALL: [SchemaType; 3] = [SchemaType::Json, SchemaType::Protobuf, SchemaType::Avro];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name; case matters, as it does in Confluent.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// Config key `compatibilityPolicy`: how strictly JSON Schema differences are judged, and whether table engines are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum CompatibilityPolicy {
    /// The default rules.
    #[default]
    Strict,
    /// Open content models are treated leniently.
    Lenient,
    /// The default rules, and beside them those of Flink and Iceberg on the logical types of schemas.
    Logical,
}

impl CompatibilityPolicy {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// Config key `protobufPolicy`, Accordant only: which rules decide beside Confluent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum ProtobufPolicy {
    /// Confluent's rules alone.
    #[default]
    Default,
    /// Adds what breaks the binary encoding.
    Wire,
    /// Adds what breaks the binary or the JSON encoding.
    WireJson,
    /// Adds what breaks generated source code.
    File,
    /// Confluent's rules alone, for schemas that a compiler takes; others can't be registered.
    Compiled,
}

impl ProtobufPolicy {
    /// All policies, weakest first.
    pub const ALL: [ProtobufPolicy; 5] = [Self::Default, Self::Wire, Self::WireJson, Self::File, Self::Compiled];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}
