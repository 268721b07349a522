use super::model::Offset;
use crate::schema::format::Stage;

/// Something that a new file may not say, and where it says so.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) stage: Stage,
    pub(super) message: String,
    pub(super) at: Offset,
}

pub(super) type Checked = Result<(), Fault>;

pub(super) fn fault(at: Offset, message: impl Into<String>) -> Fault {
    Fault { stage: Stage::Validate, message: message.into(), at }
}

/// The message for a name that does not resolve.
pub(super) fn unresolved(name: &str) -> String {
    format!("Could not resolve type: {name}")
}
