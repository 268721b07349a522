//! Schema types and the policies that steer their compatibility checks.

use std::fmt;

/// The format of a schema. On the wire: `AVRO`, `PROTOBUF`, `JSON`, exact upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
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
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SchemaType::Avro => "AVRO",
            SchemaType::Protobuf => "PROTOBUF",
            SchemaType::Json => "JSON",
        }
    }

    /// Reads a wire name; case matters, as it does in Confluent.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Config key `compatibilityPolicy`: how strictly JSON Schema differences are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CompatibilityPolicy {
    /// The default rules.
    #[default]
    Strict,
    /// Open content models are treated leniently.
    Lenient,
    /// Accepted and stored; judged like [`CompatibilityPolicy::Strict`].
    Logical,
}

impl CompatibilityPolicy {
    /// All policies.
    pub const ALL: [CompatibilityPolicy; 3] = [Self::Strict, Self::Lenient, Self::Logical];

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Lenient => "LENIENT",
            Self::Logical => "LOGICAL",
        }
    }

    /// Reads a wire name in any letter case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str().eq_ignore_ascii_case(name))
    }
}

/// Config key `protobufPolicy`, Accordant only: which rules decide beside Confluent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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
}

impl ProtobufPolicy {
    /// All policies, weakest first.
    pub const ALL: [ProtobufPolicy; 4] = [Self::Default, Self::Wire, Self::WireJson, Self::File];

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::Wire => "WIRE",
            Self::WireJson => "WIRE_JSON",
            Self::File => "FILE",
        }
    }

    /// Reads a wire name in any letter case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str().eq_ignore_ascii_case(name))
    }
}
