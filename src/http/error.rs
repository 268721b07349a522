//! The only place that knows both the facts of a failure and its status, code and message (rest-api section 4).

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::invalid_schema;
use crate::codec::{CodecError, ConfigPatchError};
use crate::registry::{NotPermitted, RegistryError};
use crate::schema::{Finding, Place};
use crate::types::{Subject, Version};

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) message: String,
    /// Further members of the body: what a caller asked for by `?explain=true`, or the particulars of a problem.
    pub(super) extra: Vec<(&'static str, Value)>,
    /// The kind of problem, where its status does not tell.
    pub(super) problem: Option<&'static str>,
    /// What happened inside; logged, never sent.
    pub(super) cause: Option<String>,
}

/// Every (status, `error_code`) that the server can send; tests hold openapi.yaml to it.
pub const ERROR_CODES: &[(u16, u32)] = &[
    (400, 400),
    (404, 404),
    (404, 40400),
    (404, 40401),
    (404, 40402),
    (404, 40403),
    (404, 40404),
    (404, 40405),
    (404, 40406),
    (404, 40407),
    (404, 40408),
    (404, 40409),
    (404, 40410),
    (405, 405),
    (406, 406),
    (408, 408),
    (409, 40900),
    (409, 40901),
    (409, 40902),
    (409, 40903),
    (409, 40904),
    (409, 40905),
    (409, 40907),
    (409, 40908),
    (409, 40950),
    (410, 41000),
    (413, 413),
    (415, 415),
    (422, 422),
    (422, 42200),
    (422, 42201),
    (422, 42202),
    (422, 42203),
    (422, 42204),
    (422, 42205),
    (422, 42206),
    (422, 42208),
    (422, 42210),
    (422, 42211),
    (422, 42212),
    (422, 42250),
    (422, 42251),
    (500, 500),
    (500, 50001),
    (500, 50002),
    (503, 50302),
];

impl ApiError {
    pub(super) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), extra: Vec::new(), problem: None, cause: None }
    }

    /// `HTTP <n> <reason>`, as the original's HTTP layer says it.
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

    /// The same error as a kind of problem.
    pub(super) fn problem(mut self, name: &'static str) -> Self {
        self.problem = Some(name);
        self
    }

    /// The same error with a further member.
    pub(super) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.extra.push((key, value.into()));
        self
    }

    /// The body was empty.
    pub(super) fn empty_body(operation: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 422, format!("{operation} must not be null (was null)"))
    }

    pub(super) fn body(&self) -> Value {
        let mut out = Map::new();
        out.insert("error_code".into(), Value::from(self.code));
        out.insert("message".into(), Value::from(self.message.as_str()));
        // the particulars of a problem are for problems
        for (key, value) in self.extra.iter().filter(|_| self.problem.is_none()) {
            out.insert((*key).into(), value.clone());
        }
        Value::Object(out)
    }
}

/// A refused registration; with `explain` its body has the findings.
pub(super) fn explained(error: RegistryError, explain: bool) -> ApiError {
    let findings = match &error {
        RegistryError::Incompatible { findings, notes, .. } if explain => Some(findings_json(findings, notes)),
        _ => None,
    };
    let mut error = ApiError::from(error);
    error.extra.extend(findings.map(|findings| ("findings", findings)));
    error
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
        NotPermitted::ReadOnly(s) => format!("Subject {s} in context {} is in read-only mode", s.printed_context()),
        NotPermitted::NotImport(s) => format!("Subject {s} in context {} is not in import mode", s.printed_context()),
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

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        use RegistryError as E;
        let not_found = |code, message| Self::new(StatusCode::NOT_FOUND, code, message);
        let conflict = |code, message| Self::new(StatusCode::CONFLICT, code, message);
        let refused = |code, message| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
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
                40950,
                format!("Another schema has the guid {guid}; it is computed from the content and no setting changes that"),
            ),
            E::BudgetExhausted { limit } => refused(
                42250,
                format!("The compatibility check took more than {limit} units of work; the setting work-budget moves this limit"),
            ),
            E::ReferenceLimit { what, limit, setting } => {
                refused(42251, format!("The schema has more than {limit} {what}; the setting {setting} moves this limit"))
            }
            E::Contention => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                50302,
                "The subject kept changing while the schema was being registered; try again",
            ),
            E::InvalidBinding(message) => refused(42200, message).problem("invalid"),
            E::NoAlias(uri) => not_found(40400, format!("No alias has the URI {uri}.")).problem("alias-not-found"),
            E::NoTypeBinding(name) => not_found(40400, format!("The event type {name} is not bound.")).problem("type-not-bound"),
            E::Configured(name) => conflict(40900, format!("{name} is set by the server's configuration.")).problem("configured"),
            E::Store(error) => Self {
                cause: Some(error.to_string()),
                ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, 50001, "Error while accessing the schema store")
            },
        }
    }
}

fn place(place: Option<&Place>) -> Value {
    place.map_or(Value::Null, |place| {
        let mut out = json!({ "pointer": place.pointer });
        if let (Some(at), Value::Object(map)) = (place.position, &mut out) {
            map.insert("line".into(), at.line.into());
            map.insert("column".into(), at.column.into());
        }
        out
    })
}

/// Findings as `?explain=true` shows them, and after them the notes, which are marked as such.
pub(super) fn findings_json(findings: &[(Version, Finding)], notes: &[(Version, Finding)]) -> Value {
    let one = |(version, finding): &(Version, Finding), is_note: bool| {
        let mut out = Map::new();
        if is_note {
            out.insert("note".into(), true.into());
        }
        out.insert("rule".into(), finding.rule.into());
        out.insert("path".into(), finding.path.as_str().into());
        out.insert("message".into(), finding.message.as_str().into());
        out.insert("oldVersion".into(), (*version).into());
        for (key, at) in [("new", &finding.new), ("old", &finding.old)] {
            if at.is_some() {
                out.insert(key.into(), place(at.as_ref()));
            }
        }
        out.insert("explanation".into(), finding.explanation.as_str().into());
        if !finding.remedy.is_empty() {
            out.insert("remedy".into(), finding.remedy.as_str().into());
        }
        if let Some(example) = &finding.counter_example {
            out.insert("counterExample".into(), example.as_str().into());
        }
        Value::Object(out)
    };
    let findings = findings.iter().map(|finding| one(finding, false));
    Value::Array(findings.chain(notes.iter().map(|note| one(note, true))).collect())
}

/// Reads a version as it stands in a path.
pub(super) fn selector(text: &str) -> Result<crate::types::VersionSelector, ApiError> {
    crate::types::VersionSelector::parse(text).ok_or_else(|| RegistryError::InvalidVersion(text.to_owned()).into())
}

/// 40401 for a subject whose list is empty.
pub(super) fn subject_not_found(subject: &Subject) -> ApiError {
    RegistryError::SubjectNotFound(subject.clone()).into()
}
