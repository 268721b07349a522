//! What units of work that change something must not do at the same time. On `SQLite`, where there is one writer, nothing of it.

use crate::store::Scope;
use crate::types::{Guid, LinkKind, Subject};

/// What a unit of work locks until its transaction ends.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, clippy::allow_attributes, reason = "SQLite locks nothing, and is compiled with this, too")]
pub(in crate::store) enum Lock<'l> {
    /// The configs and modes, against all that was decided by them.
    Settings,
    /// The settings as they are.
    SharedSettings,
    Subject(&'l Subject),
    /// A subject that is referred to.
    SharedSubject(&'l Subject),
    /// A content in a context.
    Content(&'l str, Guid),
    /// A key encryption key, and all that it wraps.
    Kek(&'l str),
    Exporter(LinkKind, &'l str),
}

/// To change a config or a mode.
pub(super) fn of_settings(scope: &Scope) -> [Lock<'_>; 2] {
    [Lock::Settings, Lock::Subject(scope)]
}
