//! Bodies of `/accordant/v1/validate` and `/accordant/v1/migrate`.

use serde::Deserialize;
use serde_json::Value;

use super::records::{DecodeBody, malformed};
use crate::contracts::Phase;
use crate::http::error::ApiError;
use crate::registry::in_proportion;

#[derive(Debug, Deserialize)]
pub(in crate::http) struct ValidateBody {
    #[serde(flatten)]
    pub(in crate::http) record: DecodeBody,
    /// The data as JSON, instead of bytes.
    pub(in crate::http) json: Option<Value>,
    mode: Option<String>,
}

impl ValidateBody {
    pub(in crate::http) fn read(body: &[u8]) -> Result<Self, ApiError> {
        in_proportion(body.len(), || serde_json::from_slice(body)).map_err(|error| malformed(&error))
    }

    /// When the rules run: at `WRITE` (the default) or at `READ`.
    pub(in crate::http) fn phase(&self) -> Result<Phase, ApiError> {
        match self.mode.as_deref() {
            None | Some("WRITE") => Ok(Phase::Write),
            Some("READ") => Ok(Phase::Read),
            Some(other) => {
                let shown: String = other.chars().take(100).collect();
                Err(ApiError::bad_request(format!("mode: '{shown}' is not one of WRITE, READ")))
            }
        }
    }
}
