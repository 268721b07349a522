//! Whether a caller may do what a route does, on what the request touches.

use super::error::ApiError;
use super::needs::Needs;
use super::request::Request;
use crate::access::{DeniedResource, Operation, Rights};
use crate::types::{GLOBAL_CONTEXT, Subject, context_from_segment};

/// Refuses what is not allowed. What can only be told from the body is asked for by the handler.
pub(super) async fn check(needs: Needs, request: &mut Request) -> Result<(), ApiError> {
    let rights = request.shared_rights();
    match needs {
        Needs::Nothing | Needs::Identity => Ok(()),
        // where they are open, the caller is everybody
        Needs::Metrics => Ok(rights.require_globally(Operation::GlobalRead)?),
        Needs::AnyRight if rights.is_anything() => Ok(()),
        Needs::AnyRight => Err(rights.denied(Operation::GlobalRead, DeniedResource::Registry).into()),
        Needs::Subject(operations) => {
            let subject = request.touch_subject().await?;
            for operation in operations {
                rights.require(*operation, &subject)?;
            }
            Ok(())
        }
        Needs::Dek(operations) => {
            let subject = Subject::parse(&request.touch_dek_subject().await?);
            for operation in operations {
                rights.require(*operation, &subject)?;
            }
            Ok(())
        }
        Needs::Trial => {
            let subject = request.touch_subject().await?;
            if rights.reads(&subject) { Ok(()) } else { Ok(rights.require(Operation::SubjectWrite, &subject)?) }
        }
        Needs::Settings { writes, .. } => Ok(of_settings(&rights, &request.named_subject(), writes)?),
        Needs::Context(operation) => {
            let context = context_from_segment(request.param("context"));
            // what is no context is refused as such
            context.map_or(Ok(()), |context| Ok(rights.require(operation, &Subject::in_context(&context, ""))?))
        }
        Needs::Schema => somewhere(&rights, Operation::SubjectRead),
        Needs::Somewhere(operation) => somewhere(&rights, operation),
        Needs::Global(operation) => Ok(rights.require_globally(operation)?),
    }
}

fn somewhere(rights: &Rights, operation: Operation) -> Result<(), ApiError> {
    if rights.allows_somewhere(operation) { Ok(()) } else { Err(rights.denied(operation, DeniedResource::Registry).into()) }
}

/// Settings of the default context and of the global one are those of the registry, however they are spelled.
fn of_settings(rights: &Rights, scope: &Subject, writes: bool) -> Result<(), crate::access::Denied> {
    let is_registry = scope.is_context() && (scope.is_default_context() || scope.context() == GLOBAL_CONTEXT);
    match (is_registry, writes) {
        (true, false) => rights.require_globally(Operation::GlobalCompatibilityRead),
        (true, true) => rights.require_globally(Operation::GlobalCompatibilityWrite),
        (false, false) => rights.require(Operation::SubjectCompatibilityRead, scope),
        (false, true) => rights.require(Operation::SubjectCompatibilityWrite, scope),
    }
}
