//! Bytes of files, never more than a bound, and the JSON of records in them.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

/// Reads a file, unless it has more bytes than that.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("can't be read: {error}"))?;
    bounded(file, most, "read")
}

/// Reads all that there is, unless that is more. `doing` is what can't be done otherwise.
pub(super) fn bounded(from: impl Read, most: u64, doing: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| format!("can't be {doing}: {error}"))?;
    if bytes.len() as u64 > most { Err(format!("has more than {most} bytes")) } else { Ok(bytes) }
}

/// JSON in a text; nothing for `null` and for empty texts, which old releases of Karapace write for it.
pub(super) fn json_of(text: &str) -> Result<Option<Value>, String> {
    match text.trim() {
        "" | "null" => Ok(None),
        text => serde_json::from_str(text).map(Some).map_err(|error| format!("not JSON: {error}")),
    }
}
