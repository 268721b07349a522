//! Bodies of `/dek-registry` (encryption 1.2).

use serde_json::Value;

use crate::codec::{CodecError, FromJson, JacksonObject, constant};
use crate::http::error::ApiError;
use crate::registry::{DekInput, KekInput, KekPatch};
use crate::types::DekAlgorithm;

impl FromJson for DekAlgorithm {
    const CLASS: &str = "DekFormat";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        if value.as_str().is_some_and(str::is_empty) {
            let why = "but could if coercion was enabled using `CoercionConfig`";
            return Err(CodecError(format!("Cannot coerce empty String (\"\") to `{}` value ({why})", Self::CLASS)));
        }
        constant(value)
    }
}

/// Reads a new KEK.
pub(in crate::http) fn new_kek(value: &Value) -> Result<KekInput, ApiError> {
    Ok(KekInput::read("CreateKekRequest", value)?)
}

/// Reads what is to change about a KEK: `null` clears, what is absent stays.
pub(in crate::http) fn kek_patch(value: &Value) -> Result<KekPatch, ApiError> {
    let object = JacksonObject::of("UpdateKekRequest", value)?.unwrap_or_default();
    Ok(KekPatch { kms_props: object.change("kmsProps")?, doc: object.change("doc")?, shared: object.change("shared")? })
}

/// Reads a new DEK.
pub(in crate::http) fn new_dek(value: &Value) -> Result<DekInput, ApiError> {
    let object = JacksonObject::of("CreateDekRequest", value)?.unwrap_or_default();
    Ok(DekInput {
        subject: object.get("subject")?,
        version: object.get("version")?,
        algorithm: object.get("algorithm")?,
        encrypted_key_material: object.get("encryptedKeyMaterial")?,
        deleted: object.get("deleted")?.unwrap_or(false),
    })
}
