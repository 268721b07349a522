//! Which names may be used.

use super::Registry;
use super::error::RegistryError;
use crate::store::Scope;
use crate::types::{GLOBAL_CONTEXT, Subject};

impl Registry {
    /// Names that can't be registered under (rest-api 5.10).
    pub(super) fn check_subject_name(&self, subject: &Subject) -> Result<(), RegistryError> {
        if self.defaults.reject_empty_subject && matches!(subject.name(), "" | "*") {
            return Err(RegistryError::InvalidSubject(subject.qualified()));
        }
        Self::check_name(subject)
    }

    fn check_name(subject: &Subject) -> Result<(), RegistryError> {
        let bad = subject.name().chars().any(char::is_control)
            || subject.context().chars().any(char::is_control)
            || matches!(subject.name(), "__GLOBAL" | "__EMPTY")
            || subject.context() == GLOBAL_CONTEXT;
        if bad { Err(RegistryError::InvalidSubject(subject.qualified())) } else { Ok(()) }
    }

    /// Names that can't have a config or a mode; a context can have both.
    pub(super) fn check_scope_name(scope: &Scope) -> Result<(), RegistryError> {
        if scope.is_context() && !scope.context().chars().any(char::is_control) {
            return Ok(());
        }
        Self::check_name(scope)
    }
}
