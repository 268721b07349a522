//! Names of scopes, and values of settings as they are compared.

use std::collections::BTreeMap;

use serde_json::Value;

/// The scope above all contexts.
pub(super) const GLOBAL: &str = ":.__GLOBAL:";

/// A version: its subject and its number.
pub(super) type VersionKey = (String, i64);

/// JSON in a text; nothing for `null` and for empty texts, which old releases of Karapace write for it.
pub(super) fn json_of(text: &str) -> Result<Option<Value>, String> {
    match text.trim() {
        "" | "null" => Ok(None),
        text => serde_json::from_str(text).map(Some).map_err(|error| format!("not JSON: {error}")),
    }
}

/// Whether nothing is said.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

/// The context of a qualified name, as a scope: `:.ctx:`.
pub(super) fn context_of(subject: &str) -> Option<String> {
    let rest = subject.strip_prefix(":.")?;
    rest.split_once(':').map(|(context, _)| format!(":.{context}:"))
}

/// Whether a scope is a subject, rather than a context or the registry.
pub(super) fn is_subject(scope: &str) -> bool {
    !scope.is_empty() && (!scope.starts_with(":.") || !scope.ends_with(':'))
}

/// Members in the order of their names, so that equal configs are equal texts.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}
