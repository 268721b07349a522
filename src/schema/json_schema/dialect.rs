//! Which dialect a schema is written in, and what depends on it.

use crate::schema::json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Dialect {
    Draft4,
    Draft6,
    /// Also of schemas that name no dialect or an unknown one.
    Draft7,
    Draft2019,
    Draft2020,
}

impl Dialect {
    /// The dialect a root schema asks for. Only the root's `$schema` counts, and only the exact addresses, `http` and `https`
    /// alike, with or without one trailing `#`.
    pub(crate) fn of(root: &Value) -> Self {
        let named = root.as_object().and_then(|o| o.get("$schema")).and_then(Value::as_str);
        named.and_then(Self::from_uri).unwrap_or(Self::Draft7)
    }

    /// The dialect with this address, if it is a known one.
    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        let uri = uri.strip_suffix('#').unwrap_or(uri);
        let path = uri.strip_prefix("http://json-schema.org/").or_else(|| uri.strip_prefix("https://json-schema.org/"))?;
        match path {
            "draft-04/schema" | "schema" => Some(Self::Draft4),
            "draft-06/schema" => Some(Self::Draft6),
            "draft-07/schema" => Some(Self::Draft7),
            "draft/2019-09/schema" => Some(Self::Draft2019),
            "draft/2020-12/schema" => Some(Self::Draft2020),
            _ => None,
        }
    }

    /// 2019-09 and later: `$ref` has siblings, `$defs` are loaded, anchors exist.
    pub(crate) fn is_modern(self) -> bool {
        self >= Self::Draft2019
    }

    pub(crate) fn id_keyword(self) -> &'static str {
        if self == Self::Draft4 { "id" } else { "$id" }
    }

    /// The base of a root without an identifier.
    pub(crate) fn default_base(self) -> &'static str {
        if self.is_modern() { "mem://input" } else { "" }
    }
}

/// Keywords whose value is data, never a schema.
pub(crate) fn is_data_keyword(key: &str) -> bool {
    matches!(key, "default" | "enum" | "const" | "examples")
}

/// Keywords whose value maps names to schemas.
pub(crate) fn is_schema_map(key: &str) -> bool {
    matches!(key, "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" | "dependencies")
}
