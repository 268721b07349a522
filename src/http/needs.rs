//! What it takes to use a route.

use crate::access::Operation;

/// What a route needs its caller to be allowed. openapi.yaml has the same as `x-operation`; a test holds the two to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing, and nobody is asked who it is.
    Nothing,
    /// Nothing; but who says a name must prove it.
    Identity,
    /// Nothing, or by a setting the right to lists.
    Metrics,
    /// Any right, whatever it is.
    AnyRight,
    /// All of these on the subject of the path, its alias followed.
    Subject(&'static [Operation]),
    /// All of these on the subject of the path as DEKs know it: its `aliasForDeks`, else its alias, followed.
    Dek(&'static [Operation]),
    /// To write to the subject of the path, or to read it: trying out what a registration would say shows no more than reading does.
    Trial,
    /// Config or mode: on the scope of the path as it is named, or on the registry.
    Settings { registry: bool, writes: bool },
    /// This on the context of the path.
    Context(Operation),
    /// To read a subject that holds the schema; the registry finds one.
    Schema,
    /// This on what the request names elsewhere than in its path; the handler asks for it.
    Somewhere(Operation),
    /// This on the registry as a whole.
    Global(Operation),
}

impl Needs {
    /// Whether the route changes something.
    pub(super) fn changes(self) -> bool {
        use Operation::{SubjectCompatibilityWrite, SubjectDelete, SubjectWrite};
        let writes = |operation: &Operation| matches!(operation, SubjectWrite | SubjectDelete | SubjectCompatibilityWrite);
        match self {
            Self::Subject(operations) | Self::Dek(operations) => operations.iter().any(writes),
            Self::Global(operation) => operation == Operation::Admin,
            Self::Settings { writes, .. } => writes,
            Self::Context(operation) | Self::Somewhere(operation) => writes(&operation),
            _ => false,
        }
    }

    /// The names of the operations as openapi.yaml has them: all are needed, where nothing else is said.
    pub fn operations(self) -> Vec<&'static str> {
        match self {
            Self::Nothing | Self::Metrics => vec!["OPEN"],
            Self::Identity => vec!["IDENTITY"],
            Self::AnyRight => vec!["ANY"],
            Self::Subject(operations) | Self::Dek(operations) => operations.iter().map(|operation| operation.name()).collect(),
            Self::Trial => vec![Operation::SubjectWrite.name()],
            Self::Settings { registry: true, writes: false } => vec![Operation::GlobalCompatibilityRead.name()],
            Self::Settings { registry: true, writes: true } => vec![Operation::GlobalCompatibilityWrite.name()],
            Self::Settings { registry: false, writes: false } => vec![Operation::SubjectCompatibilityRead.name()],
            Self::Settings { registry: false, writes: true } => vec![Operation::SubjectCompatibilityWrite.name()],
            Self::Context(operation) | Self::Somewhere(operation) | Self::Global(operation) => vec![operation.name()],
            Self::Schema => vec!["SCHEMA_READ"],
        }
    }
}
