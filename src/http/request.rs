//! A request as handlers see it.

use std::sync::{Arc, OnceLock};

use axum::http::HeaderMap;
use bytes::Bytes;

use super::actor;
use super::body_memory::Held;
use super::error::ApiError;
use super::gate::Caller;
use super::path::parse_query;
use super::request_info::RequestInfo;
use super::state::AppState;
use crate::access::{Operation, Rights};
use crate::registry::{CachedSchema, Registry};
use crate::store::{Extent, Freshness};
use crate::types::{Actor, DEFAULT_CONTEXT, Subject};

/// Decoded path parameters by name.
pub(super) type PathParameters = Vec<(String, String)>;

/// Everything that a handler may look at.
pub(super) struct Request {
    pub(super) state: Arc<AppState>,
    path: PathParameters,
    query: Vec<(String, String)>,
    pub(super) info: Arc<RequestInfo>,
    pub(super) body: Bytes,
    _body_memory: Held,
    /// Who asks.
    pub(super) caller: Arc<Caller>,
    actor: OnceLock<Arc<Actor>>,
    /// The subject of the path, its alias followed, once that was asked for: what is allowed and what is done are about the same.
    touched: Option<Subject>,
    /// The same of the subject of a DEK, as it is written.
    touched_dek: Option<String>,
    /// That of the path's `/contexts/{context}` prefix.
    pub(super) context: Option<String>,
}

impl Request {
    pub(super) fn new(
        state: Arc<AppState>,
        path: PathParameters,
        query: &str,
        info: Arc<RequestInfo>,
        caller: Arc<Caller>,
        context: Option<String>,
    ) -> Self {
        let (query, body) = (parse_query(query), Bytes::new());
        Self {
            state,
            path,
            query,
            info,
            body,
            _body_memory: Held::default(),
            caller,
            actor: OnceLock::new(),
            touched: None,
            touched_dek: None,
            context,
        }
    }

    /// The same with its body.
    pub(super) fn with_body(self, (body, memory): (Bytes, Held)) -> Self {
        Self { body, _body_memory: memory, ..self }
    }

    /// What its caller may do.
    pub(super) fn rights(&self) -> &Rights {
        &self.caller.rights
    }

    /// The same for what goes on when the handler has ended.
    pub(super) fn shared_rights(&self) -> Arc<Rights> {
        Arc::clone(&self.caller.rights)
    }

    /// Its caller, as whoever is recorded as having made its changes.
    pub(super) fn actor(&self) -> &Arc<Actor> {
        self.actor.get_or_init(|| Arc::new(actor::of(&self.caller, &self.info)))
    }

    /// Refuses what its caller may not do on a subject.
    pub(super) fn require(&self, operation: Operation, subject: &Subject) -> Result<(), ApiError> {
        Ok(self.rights().require(operation, subject)?)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.info.headers
    }

    /// Notes that the answer shows a schema.
    pub(super) fn shows(&self, schema: &CachedSchema) {
        self.info.set_read(Arc::clone(&schema.stored.context), schema.stored.id);
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.state.registry
    }

    pub(super) fn param(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn query_all(&self, name: &str) -> Vec<String> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A boolean: `true` in any letter case, everything else is false.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A parameter that says something by being there: alone, or with any value but `false`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    /// An integer parameter; an empty one is absent, and what does not parse is a 404, as for Confluent.
    pub(super) fn int(&self, name: &str) -> Result<Option<i32>, ApiError> {
        self.query(name).filter(|text| !text.is_empty()).map(integer).transpose()
    }

    /// `offset` and `limit` of a list whose default limit is `default`. A limit of zero or less, or above the maximum, means
    /// the default; a negative offset means 0 (Accordant only).
    pub(super) fn page(&self, default: usize) -> Result<(usize, usize), ApiError> {
        let offset = self.int("offset")?.unwrap_or(0);
        let limit = self.int("limit")?.unwrap_or(-1);
        let limit = usize::try_from(limit).ok().filter(|n| *n > 0 && *n <= default).unwrap_or(default);
        Ok((usize::try_from(offset).unwrap_or(0), limit))
    }

    /// The context of unqualified names.
    pub(super) fn base_context(&self) -> &str {
        self.context.as_deref().unwrap_or(DEFAULT_CONTEXT)
    }

    /// Whether the registry as a whole is addressed, and neither a subject nor a context.
    pub(super) fn is_top_level(&self) -> bool {
        self.context.is_none() && !self.path.iter().any(|(key, _)| key == "subject")
    }

    /// The subject of the path as it is named, its alias not followed.
    pub(super) fn named_subject(&self) -> Subject {
        Subject::parse_in(self.base_context(), self.param("subject"))
    }

    /// How long an answer about a subject, read after this, may be given again.
    pub(super) fn freshness(&self, subject: &Subject) -> Option<Freshness> {
        self.registry().store().freshness(Extent::of(subject))
    }

    /// The subject of the path, its alias followed.
    pub(super) async fn subject(&self) -> Result<Subject, ApiError> {
        match &self.touched {
            Some(subject) => Ok(subject.clone()),
            None => Ok(self.registry().resolve_alias(&self.named_subject()).await?),
        }
    }

    /// The same, and it stays what it is for the rest of the request, should the alias change meanwhile.
    pub(super) async fn touch_subject(&mut self) -> Result<Subject, ApiError> {
        let subject = self.subject().await?;
        self.touched = Some(subject.clone());
        Ok(subject)
    }

    /// The subject of a DEK, as it is written: that of the path in the context of its prefix, `aliasForDeks` or the alias followed.
    pub(super) async fn dek_subject(&self) -> Result<String, ApiError> {
        if let Some(subject) = &self.touched_dek {
            return Ok(subject.clone());
        }
        let given = self.param("subject");
        let is_qualified = given.starts_with(":.") || given.starts_with(":*:");
        let written = match self.context.as_deref().filter(|context| *context != DEFAULT_CONTEXT && !is_qualified) {
            Some(context) => Subject::in_context(context, given).qualified(),
            None => given.to_owned(),
        };
        let alias = self.registry().alias_for_deks(&Subject::parse(&written)).await?;
        Ok(alias.map_or(written, |alias| alias.qualified()))
    }

    /// The same, and it stays what it is for the rest of the request.
    pub(super) async fn touch_dek_subject(&mut self) -> Result<String, ApiError> {
        let subject = self.dek_subject().await?;
        self.touched_dek = Some(subject.clone());
        Ok(subject)
    }

    /// The subject that `?subject=` hints at, its alias followed. With a context prefix there always is a hint.
    pub(super) async fn hint(&self) -> Result<Option<Subject>, ApiError> {
        let given = self.query("subject").unwrap_or("");
        if given.is_empty() && self.context.is_none() {
            return Ok(None);
        }
        let subject = Subject::parse_in(self.base_context(), given);
        if subject.is_context() && subject.is_default_context() {
            return Ok(None);
        }
        Ok(Some(self.registry().resolve_alias(&subject).await?))
    }

    pub(super) fn id(&self) -> Result<i32, ApiError> {
        integer(self.param("id"))
    }

    pub(super) fn format(&self) -> &str {
        self.query("format").unwrap_or("")
    }
}

fn integer(text: &str) -> Result<i32, ApiError> {
    text.parse::<i32>().map_err(|_| ApiError::not_found())
}
