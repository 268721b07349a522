//! The only place that knows both the facts of a failure and its status, code and message (rest-api 4).

use std::time::Duration;

use axum::http::StatusCode;

use super::admission::Refusal;
use super::invalid_schema;
use super::rate_limit::Exceeded;
use super::wire::{DataIssue, ErrorDetails, ErrorMessage, Finding};
use crate::access::{DenialForm, Denied, DeniedResource};
use crate::codec::{CodecError, ConfigPatchError};
use crate::kms::KmsError;
use crate::registry::{DekForm, ExporterError, NotPermitted, RegistryError, UnresolvedReason};
use crate::schema::payload::DataFault;
use crate::store::StoreError;
use crate::types::{LinkKind, MAX_IMPORTED, Subject, Version, VersionSelector};

#[derive(Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) details: Option<Box<ErrorDetails>>,
    /// The kind of problem, where status and code don't tell.
    pub(super) problem: Option<ProblemKind>,
    /// Seconds after which to try again, where that is known.
    pub(super) retry_after: Option<u64>,
    /// What happened inside; logged, never sent.
    pub(super) cause: Option<String>,
    /// The denial behind it; recorded, never sent.
    pub(super) denied: Option<Box<Denied>>,
}

/// What the `type` of a problem stands for (cloudevents 4.6); `problem.rs` has their names and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum ProblemKind {
    SchemaNotFound,
    SchemaDeleted,
    Unresolved,
    Ambiguous,
    NotAUri,
    AliasNotFound,
    TypeNotBound,
    Unauthorized,
    Forbidden,
    Configured,
    Invalid,
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    TooLarge,
    Timeout,
    TooManyRequests,
    Failure,
}

/// Every `error_code` that the server can send; tests hold openapi.yaml to it. Each begins with its status.
pub const ERROR_CODES: [u32; 75] = [
    400, 401, 403, 40301, 40370, 404, 40401, 40402, 40403, 40404, 40405, 40406, 40407, 40408, 40409, 40410, 40470, 40471, 40472,
    40450, 40480, 405, 406, 408, 40901, 40902, 40903, 40904, 40905, 40907, 40908, 40950, 40951, 40952, 40960, 40961, 40963,
    40964, 40971, 40972, 40980, 40981, 41080, 413, 415, 421, 422, 42201, 42202, 42203, 42204, 42205, 42206, 42208, 42210, 42211,
    42212, 42271, 42272, 42280, 42281, 42282, 42283, 42284, 42980, 500, 50001, 50002, 50070, 501, 503, 50302, 50303, 50304,
    50381,
];

impl ApiError {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: None, problem: None, retry_after: None, cause: None, denied: None }
    }

    fn not_found_as(code: u32, message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    fn conflict(code: u32, message: String) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    fn refused(code: u32, message: String) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    fn unavailable(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// `HTTP <n> <reason>`, as Confluent's HTTP layer says it.
    pub(super) fn plain(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("Error");
        Self::new(status, u32::from(status.as_u16()), format!("HTTP {} {reason}", status.as_u16()))
    }

    pub(super) fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND)
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 400, message)
    }

    pub(super) fn context_with_colon(name: &str) -> Self {
        Self::bad_request(format!("Context name '{name}' cannot contain a colon"))
    }

    pub(super) fn empty_body(operation: &str) -> Self {
        Self::refused(422, format!("{operation} must not be null (was null)"))
    }

    pub(super) fn unsupported_media_type() -> Self {
        Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    pub(super) fn unsupported_content_coding() -> Self {
        let mut error = Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        error.message.push_str("; the only Content-Encoding that is undone is gzip");
        error
    }

    pub(super) fn unsupported_event_format(content_type: &str) -> Self {
        let shown: String = content_type.chars().take(100).collect();
        let message = format!(
            "'{shown}' is a CloudEvents media type in a format that is not read; \
             application/cloudevents+json and application/cloudevents-batch+json are"
        );
        Self { message, ..Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE) }
    }

    pub(super) fn body_too_large(limit: usize, setting: &str) -> Self {
        let message = format!("HTTP 413 Request Entity Too Large: the limit is {limit} bytes (setting {setting})");
        Self { message, ..Self::plain(StatusCode::PAYLOAD_TOO_LARGE) }
    }

    pub(super) fn too_many_records(count: usize, limit: usize) -> Self {
        let message = format!("{count} records; the setting event-max-batch-events allows {limit}");
        Self { message, ..Self::plain(StatusCode::PAYLOAD_TOO_LARGE) }
    }

    pub(super) fn out_of_time(limit: Duration) -> Self {
        let limit = limit.as_secs_f64();
        let message = format!("The request took longer than {limit} s; the setting request-timeout moves this limit");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 50002, message)
    }

    pub(super) fn overloaded() -> Self {
        let message = "The registry is reading and comparing as much as it can; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 50303, message)
    }

    /// Nobody has these credentials, or there are none where some are needed.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 401, "Unauthorized")
    }

    pub(super) fn too_many_logins() -> Self {
        let message = "Too many logins are being verified; the settings login-threads and login-queue move this limit; try again";
        Self { retry_after: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, 42980, message) }
    }

    pub(super) fn too_many_requests(exceeded: Exceeded) -> Self {
        let Exceeded { retry_after, setting } = exceeded;
        let message =
            format!("Too many requests; the setting {setting} moves this limit; the next one is taken in {retry_after} s");
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, 42980, message) }
    }

    pub(super) fn no_keys() -> Self {
        Self::unavailable(50381, "The keys of the issuer of tokens are not at hand; try again")
    }

    pub(super) fn panicked(request_id: &str) -> Self {
        let message = format!("Internal Server Error (request id {request_id})");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 500, message)
    }

    pub(super) fn missing_member(key: &str) -> Self {
        Self::refused(42282, format!("The member {key} is missing"))
    }

    pub(super) fn not_a_guid(text: &str) -> Self {
        Self::refused(42282, format!("{text} is no guid"))
    }

    pub(super) fn no_such_version(subject: &Subject, version: Version) -> Self {
        Self::not_found_as(40402, format!("No version {version} of subject '{subject}'."))
    }

    /// 410, with the URL that goes on answering.
    pub(super) fn document_gone(subject: &Subject, version: Version, url: String) -> Self {
        let message = format!("Version {version} of subject '{subject}' was soft-deleted; its document is still at {url}");
        let details = ErrorDetails { url: Some(url), ..ErrorDetails::default() };
        Self {
            details: Some(Box::new(details)),
            ..Self::new(StatusCode::GONE, 41080, message).problem(ProblemKind::SchemaDeleted)
        }
    }

    pub(super) fn unresolved(reason: UnresolvedReason, details: ErrorDetails) -> Self {
        let error = match reason {
            UnresolvedReason::NoHint => Self::bad_request("Nothing to go by: dataschema and type are both missing"),
            UnresolvedReason::NotAUri(error) => {
                Self::bad_request(format!("The dataschema can't be used: {error}")).problem(ProblemKind::NotAUri)
            }
            UnresolvedReason::Unknown(what) => {
                Self::not_found_as(40403, format!("No schema: {what}")).problem(ProblemKind::Unresolved)
            }
            UnresolvedReason::Ambiguous { name, rivals } => {
                let message = format!("{} schemas have the name {name}", rivals.len());
                Self::conflict(40981, message).problem(ProblemKind::Ambiguous)
            }
        };
        Self { details: Some(Box::new(details)), ..error }
    }

    fn problem(mut self, kind: ProblemKind) -> Self {
        self.problem = Some(kind);
        self
    }

    pub(super) fn body(&self) -> ErrorMessage<'_> {
        // the particulars of a problem are for problems
        let details = self.details.as_deref().filter(|_| self.problem.is_none());
        ErrorMessage { error_code: self.code, message: &self.message, details }
    }
}

/// A refused registration; with `explain` its body has the findings, and a schema that can't be read the reason.
pub(super) fn explained(mut error: RegistryError, explain: bool) -> ApiError {
    if let RegistryError::InvalidSchema(reason) = &error
        && explain
    {
        let message = invalid_schema::explained(reason);
        return ApiError { message, ..ApiError::from(error) };
    }
    let details = match &mut error {
        RegistryError::Incompatible { findings, notes, .. } if explain => {
            let findings = Finding::list(std::mem::take(findings), std::mem::take(notes));
            Some(Box::new(ErrorDetails { findings: Some(findings), ..ErrorDetails::default() }))
        }
        _ => None,
    };
    ApiError { details, ..ApiError::from(error) }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let explained =
            |status, why: &str| Self { message: format!("{}: {why}", Self::plain(status).message), ..Self::plain(status) };
        match refusal {
            Refusal::Host => Self::bad_request("An HTTP/1.1 request has exactly one header Host"),
            Refusal::NotOurHost => explained(
                StatusCode::MISDIRECTED_REQUEST,
                "the server listens on a loopback address, and Host is none of its names; the setting allowed-hosts adds one",
            ),
            Refusal::OtherSite => explained(
                StatusCode::FORBIDDEN,
                "a page of another site may not write here (Sec-Fetch-Site); the setting cors-origins names the sites that may",
            ),
            Refusal::TransferEncoding => {
                explained(StatusCode::NOT_IMPLEMENTED, "the only Transfer-Encoding that is read is chunked")
            }
            Refusal::FullHouse => explained(
                StatusCode::SERVICE_UNAVAILABLE,
                "all connections are in use; the setting max-connections moves this limit",
            ),
            Refusal::Unsent => explained(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many large answers wait for clients to take them; the setting max-unsent-bytes moves this limit",
            ),
            Refusal::NotHere => Self::not_found(),
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        let error = match (denied.refusal, &denied.resource) {
            (DenialForm::Unauthenticated, _) => Self::unauthorized(),
            (DenialForm::Hidden, DeniedResource::Subject(subject)) => RegistryError::SubjectNotFound(subject.clone()).into(),
            (DenialForm::Hidden, DeniedResource::Schema(name)) => RegistryError::SchemaNotFound(name.clone()).into(),
            _ => Self::new(StatusCode::FORBIDDEN, 40301, denied.to_string()),
        };
        Self { denied: Some(Box::new(denied)), ..error }
    }
}

impl From<CodecError> for ApiError {
    fn from(error: CodecError) -> Self {
        Self::bad_request(error.0)
    }
}

impl From<ConfigPatchError> for ApiError {
    fn from(error: ConfigPatchError) -> Self {
        match error {
            ConfigPatchError::Json(error) => error.into(),
            ConfigPatchError::Level => RegistryError::InvalidLevel.into(),
            ConfigPatchError::Policy { key, value, allowed } => {
                RegistryError::InvalidConfigValue(format!("Invalid value '{value}' for {key}. Valid values are {allowed}")).into()
            }
        }
    }
}

fn not_permitted(reason: &NotPermitted) -> String {
    match reason {
        // what is set for all subjects is that of none
        NotPermitted::ReadOnly(s) if s.is_context() && s.is_default_context() => {
            "Subject null in context  is in read-only mode".to_owned()
        }
        NotPermitted::ReadOnly(s) => format!("Subject {s} in context {} is in read-only mode", s.printed_context()),
        NotPermitted::AssociatedReadOnly(s) => {
            format!("Subject {} in context {} is in read-only mode", s.name(), s.context())
        }
        NotPermitted::NotImport(s) => format!("Subject {s} in context {} is not in import mode", s.printed_context()),
        NotPermitted::NumberTooHigh(what, number) => {
            format!("The {what} {number} is above {MAX_IMPORTED}; the numbers above are left for registrations to come")
        }
        NotPermitted::NoIdLeft(s) => format!("Context {} has no ids left", s.printed_context()),
        NotPermitted::NoVersionLeft(s) => format!("Subject {s} in context {} has no versions left", s.printed_context()),
        NotPermitted::NotReadWrite(s) => {
            format!("Subject {s} in context {} is not in read-write mode", s.printed_context())
        }
        NotPermitted::SubjectsExist => "Cannot import since found existing subjects".to_owned(),
        NotPermitted::Overwrite(id, s) => {
            format!("Overwrite new schema with id {id} in context {} is not permitted.", s.printed_context())
        }
        NotPermitted::ModeImmutable => "Mode changes are not allowed".to_owned(),
        NotPermitted::StrongAssociation(s) => format!("Subject '{s}' has a strong association and cannot be referenced"),
    }
}

fn dek_not_made(form: DekForm, subject: &str, error: &KmsError) -> String {
    let form = match form {
        DekForm::Raw => "raw",
        DekForm::Encrypted => "encrypted",
    };
    format!("Could not generate {form} dek for {subject}: {error}")
}

/// What is wrong with data: the first in the message, all of it in `issues`.
fn unfit_data(faults: Vec<DataFault>) -> ApiError {
    let message = match faults.first() {
        Some(DataFault { pointer, message, .. }) if !pointer.is_empty() => {
            format!("The data can't be used: at {pointer}: {message}")
        }
        Some(DataFault { message, .. }) => format!("The data can't be used: {message}"),
        None => "The data can't be used".to_owned(),
    };
    let issues = faults.into_iter().map(DataIssue::from).collect();
    let details = ErrorDetails { issues: Some(issues), ..ErrorDetails::default() };
    ApiError { details: Some(Box::new(details)), ..ApiError::refused(42284, message) }
}

/// Importers have the errors of exporters under their own name: what Confluent answers for them is not known.
fn of_exporter(kind: LinkKind, error: ExporterError) -> ApiError {
    use ExporterError as E;
    let (not_found, conflict) = (ApiError::not_found_as, ApiError::conflict);
    let (word, title) = match kind {
        LinkKind::Exporter => ("exporter", "Exporter"),
        LinkKind::Importer => ("importer", "Importer"),
    };
    match error {
        E::NotFound(name) => not_found(40450, format!("{title} '{name}' not found.")),
        E::InvalidName => {
            conflict(40950, format!("The name of an {word} is missing or not valid: it has letters, digits, '.', '_' and '-'"))
        }
        E::InvalidConfig(message) => conflict(40951, format!("The config of the {word} is not valid: {message}")),
        E::InvalidSubjects => conflict(
            40952,
            format!("The subjects of the {word} are not valid: names, with a '*' at the end of one for all that begin so"),
        ),
        E::Exists(name) => conflict(40960, format!("{title} '{name}' already exists.")),
        E::Running(name) => conflict(40961, format!("{title} '{name}' is already running.")),
        E::NotPaused(name) => conflict(40963, format!("{title} '{name}' must be paused first.")),
        E::TooMany(limit) => {
            conflict(40964, format!("There are {limit} {word}s already; the setting max-exporters moves this limit"))
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        use RegistryError as E;
        let not_found = Self::not_found_as;
        let conflict = Self::conflict;
        let refused = Self::refused;
        match error {
            E::SubjectNotFound(s) => not_found(40401, format!("Subject '{s}' not found.")),
            E::VersionNotFound(v) => not_found(40402, format!("Version {v} not found.")),
            E::SchemaNotFound(what) => not_found(40403, format!("Schema {what} not found")),
            E::NoSuchSchema => not_found(40403, "Schema not found".to_owned()),
            E::SubjectSoftDeleted(s) => {
                not_found(40404, format!("Subject '{s}' was soft deleted.Set permanent=true to delete permanently"))
            }
            E::SubjectNotDeleted(s) => {
                not_found(40405, format!("Subject '{s}' was not deleted first before being permanently deleted"))
            }
            E::VersionSoftDeleted(s, v) => {
                not_found(40406, format!("Subject '{s}' Version {v} was soft deleted.Set permanent=true to delete permanently"))
            }
            E::VersionNotDeleted(s, v) => {
                not_found(40407, format!("Subject '{s}' Version {v} was not deleted first before being permanently deleted"))
            }
            E::NoSubjectConfig(s) => {
                not_found(40408, format!("Subject '{s}' does not have subject-level compatibility configured"))
            }
            E::NoSubjectMode(s) => not_found(40409, format!("Subject '{s}' does not have subject-level mode configured")),
            E::Incompatible { subject, messages, .. } => {
                let details = messages.join(", ");
                conflict(
                    40901,
                    format!(
                        "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{details}]"
                    ),
                )
            }
            E::InvalidSchema(reason) => refused(42201, invalid_schema::message(&reason)),
            E::InvalidVersion(text) => refused(
                42202,
                format!(
                    "The specified version '{text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
                ),
            ),
            E::InvalidLevel => refused(
                42203,
                "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, \
                 forward_transitive, and full_transitive"
                    .to_owned(),
            ),
            E::InvalidConfigValue(message) => refused(42203, message),
            E::InvalidMode => {
                refused(42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.".to_owned())
            }
            E::ForwardOnlyGlobal => refused(42204, "Forward mode only supported on global level".to_owned()),
            E::NotPermitted(reason) => refused(42205, not_permitted(&reason)),
            E::ReferenceExists(s, v) => refused(
                42206,
                format!("One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={s},version={v}}}."),
            ),
            E::InvalidSubject(name) => refused(42208, format!("The specified subject '{name}' is not a valid.")),
            E::InvalidRuleSet(message) => refused(42210, message),
            E::InvalidRules(issues) => {
                let listed: Vec<String> = issues.iter().take(10).map(ToString::to_string).collect();
                refused(42210, format!("Invalid rules: {}", listed.join("; ")))
            }
            E::ContextNotEmpty(context) => refused(42211, format!("The specified context '{context}' is not empty.")),
            E::AssociationExists(s) => conflict(40904, format!("An association already exists for subject '{s}'")),
            E::AssociationNeedsVersion(s) => conflict(40907, format!("No active (non-deleted) version exists for subject '{s}'")),
            E::AssociationNotFound(resource) => not_found(40410, format!("Association for '{resource}' not found.")),
            E::TooManyAssociations(limit) => conflict(40902, format!("A maximum of {limit} associations already exist")),
            E::AssociationForResource(association_type, resource) => {
                conflict(40903, format!("An association of type '{association_type}' already exists for resource '{resource}'"))
            }
            E::StrongAssociationExists(s) => conflict(40905, format!("A strong association already exists for subject '{s}'")),
            E::AssociationFrozen(association_type, s) => {
                conflict(40908, format!("The association of type  '{association_type}' is frozen for subject '{s}'"))
            }
            E::InvalidAssociation { property, detail } => {
                refused(42212, format!("The association specified an invalid value for property: '{property}', detail: {detail}"))
            }
            E::SubjectReferenced(s) => refused(42206, format!("One or more references exist to the schema {s}.")),
            E::GuidCollision(guid) => conflict(
                40980,
                format!("Another schema has the guid {guid}; it is computed from the content and no setting changes that"),
            ),
            E::WorkExhausted { limit } => refused(
                42280,
                format!(
                    "Reading or comparing this takes more than {limit} units of work; the setting work-budget moves this limit"
                ),
            ),
            E::MemoryExhausted { limit } => refused(
                42280,
                format!("Reading or comparing this takes more than {limit} bytes; the setting work-memory moves this limit"),
            ),
            E::Overloaded => Self::overloaded(),
            E::Unjudged => Self::new(StatusCode::INTERNAL_SERVER_ERROR, 50001, "The schema could not be judged"),
            E::ReferenceLimit { what, limit, setting } => {
                refused(42281, format!("The schema has more than {limit} {what}; the setting {setting} moves this limit"))
            }
            E::Contention => Self::unavailable(
                50302,
                "The subject or the settings kept changing while the request was being decided; try again",
            ),
            E::InvalidBinding(message) => refused(42282, message).problem(ProblemKind::Invalid),
            E::NoAlias(uri) => not_found(40480, format!("No alias has the URI {uri}.")).problem(ProblemKind::AliasNotFound),
            E::NoTypeBinding(name) => {
                not_found(40480, format!("The event type {name} is not bound.")).problem(ProblemKind::TypeNotBound)
            }
            E::Configured(name) => {
                conflict(40981, format!("{name} is set by the server's configuration.")).problem(ProblemKind::Configured)
            }
            E::InvalidTree(message) => refused(42283, message),
            E::Exporter(error) => of_exporter(LinkKind::Exporter, error),
            E::Importer(error) => of_exporter(LinkKind::Importer, error),
            E::NoRecordSchema(Some(what)) => not_found(40403, format!("No schema: {what}")),
            E::NoRecordSchema(None) => {
                Self::bad_request("Nothing names a schema: the data has no framing, and no subject, id or guid is given")
            }
            E::UnfitData(faults) => unfit_data(faults),
            E::OfMember { subject, error } => {
                let error = Self::from(*error);
                Self { message: format!("Subject '{subject}': {}", error.message), ..error }
            }
            E::Denied(denied) => denied.into(),
            E::KeyNotFound(name) => not_found(40470, format!("Key '{name}' not found")),
            E::KeyNotDeleted(name) => {
                not_found(40471, format!("Key '{name}' was not deleted first before being permanently deleted"))
            }
            E::KeySoftDeleted(name) => not_found(40472, format!("Key '{name}' must be undeleted first")),
            E::KeyExists(name) => conflict(40971, format!("Key '{name}' already exists; use a different value")),
            E::TooManyKeys(limit) => conflict(40972, format!("A maximum of {limit} keys already exist")),
            E::InvalidKey(field) => refused(42271, format!("Invalid or missing value for field '{field}' of key")),
            E::KeyReferenced(name) => refused(42272, format!("One or more references exist to the key '{name}'")),
            E::DekNotMade { form, subject, error } => {
                let message = dek_not_made(form, &subject, &error);
                match error {
                    KmsError::Denied(_) => Self::new(StatusCode::FORBIDDEN, 40370, message),
                    _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, 50070, message),
                }
            }
            E::SharingFailed { doing, form, subject, error } => {
                let message = format!("Error while {doing} key: {}", dek_not_made(form, &subject, &error));
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, 500, message)
            }
            E::Store(error) => of_store(error),
        }
    }
}

fn of_store(error: StoreError) -> ApiError {
    let away = |message: String| ApiError::unavailable(50304, message);
    match error {
        StoreError::Unreachable { cause, .. } => away(format!("The database can't be reached: {cause}; try again")),
        StoreError::Unwritable { cause, .. } => away(format!("The database can't be written: {cause}; try again")),
        error @ StoreError::Removed { .. } => away(format!("The database can't be written: {error}")),
        StoreError::Busy(cause) => {
            ApiError { cause: Some(cause.clone()), ..away(format!("The database is busy: {cause}; try again")) }
        }
        error => ApiError {
            cause: Some(error.to_string()),
            ..ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, 50001, "Error while accessing the schema store")
        },
    }
}

pub(super) fn selector(text: &str) -> Result<VersionSelector, ApiError> {
    VersionSelector::parse(text).ok_or_else(|| RegistryError::InvalidVersion(text.to_owned()).into())
}

pub(super) fn subject_not_found(subject: &Subject) -> ApiError {
    RegistryError::SubjectNotFound(subject.clone()).into()
}
