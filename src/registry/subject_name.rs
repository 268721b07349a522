//! Which names may be used.

use super::Registry;
use super::error::RegistryError;
use crate::store::Scope;
use crate::types::{GLOBAL_CONTEXT, Subject};

impl Registry {
    /// Names that can't be registered under (rest-api 5.10).
    pub(super) fn check_subject_name(&self, subject: &Subject) -> Result<(), RegistryError> {
        let bad = subject.name().chars().any(char::is_control)
            || subject.context().chars().any(char::is_control)
            || matches!(subject.name(), "__GLOBAL" | "__EMPTY")
            || subject.context() == GLOBAL_CONTEXT
            || (subject.name().is_empty() && self.defaults.reject_empty_subject);
        if bad { Err(RegistryError::InvalidSubject(subject.qualified())) } else { Ok(()) }
    }

    /// The same for the scope of a config or mode, which may also be a context.
    pub(super) fn check_scope_name(&self, scope: &Scope) -> Result<(), RegistryError> {
        if scope.is_context() && !scope.context().chars().any(char::is_control) {
            return Ok(());
        }
        self.check_subject_name(scope)
    }
}
