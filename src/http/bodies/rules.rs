//! Bodies of `/accordant/v1/validate` and `/accordant/v1/migrate`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::records::{DecodeBody, malformed};
use crate::contracts::Phase;
use crate::http::error::ApiError;
use crate::registry::in_proportion;

#[derive(Debug)]
pub(in crate::http) struct ValidateBody<'b> {
    pub(in crate::http) record: DecodeBody,
    /// The data as JSON, instead of bytes.
    pub(in crate::http) json: Option<&'b RawValue>,
    mode: Option<String>,
}

/// What such a body has beside what [`DecodeBody`] has. To read it as one with that would build the data as a value.
#[derive(Debug, Deserialize)]
struct RulesBody<'b> {
    #[serde(borrow)]
    json: Option<&'b RawValue>,
    mode: Option<String>,
}

impl<'b> ValidateBody<'b> {
    pub(in crate::http) fn read(body: &'b [u8]) -> Result<Self, ApiError> {
        let read = || Ok((serde_json::from_slice(body)?, serde_json::from_slice(body)?));
        let (record, RulesBody { json, mode }) = in_proportion(body.len(), read).map_err(|error| malformed(&error))?;
        Ok(Self { record, json, mode })
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
