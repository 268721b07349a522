use super::model::Offset;

/// Something that a new file may not say, and where it says so.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) at: Offset,
}

pub(super) type Checked = Result<(), Fault>;

pub(super) fn fault(at: Offset, message: impl Into<String>) -> Fault {
    Fault { message: message.into(), at }
}

/// The message for a name that does not resolve.
pub(super) fn unresolved(name: &str) -> String {
    format!("Could not resolve type: {name}")
}
