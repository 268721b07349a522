//! The logins and rules that are in force, and the rights that follow from them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::caller::{Caller, LoginMethod};
use super::issuer::Issuer;
use super::session::{Claimed, SessionHolder, SessionSealer};
use crate::access::{AccessRules, DenialForm, Principal, PrincipalKind, Rights};
use crate::login::{Identity, StaticTokens, StoredToken, Users, claimed_issuer};

/// Sets of rights that are kept; principals about whom the same rules are share one, and with it the answers that are kept.
const MAX_SETS: usize = 4096;

/// Logins and rules as the files say them.
#[derive(Debug, Default)]
pub struct Logins {
    users: Option<Users>,
    issuers: Vec<Arc<Issuer>>,
    /// Clients may show certificates.
    certificates: bool,
    tokens: Option<StaticTokens>,
    /// None where everybody who has logged in may do everything.
    rules: Option<AccessRules>,
    refusal: Option<DenialForm>,
    anonymous: Option<Arc<Caller>>,
    sets: Mutex<HashMap<Vec<usize>, Arc<Rights>>>,
}

impl Logins {
    /// `hide_denied`: subjects that may not be read are as if they were not there.
    pub fn new(users: Option<Users>, tokens: Option<StaticTokens>, rules: Option<AccessRules>, hide_denied: bool) -> Self {
        let refusal = if hide_denied { DenialForm::Hidden } else { DenialForm::Forbidden };
        let mut logins = Self { users, tokens, rules, refusal: Some(refusal), ..Self::default() };
        logins.anonymous = Some(logins.make_anonymous());
        logins
    }

    fn refusal(&self) -> DenialForm {
        self.refusal.unwrap_or(DenialForm::Forbidden)
    }

    fn has_logins(&self) -> bool {
        self.users.is_some() || self.takes_bearer()
    }

    fn takes_bearer(&self) -> bool {
        self.tokens.is_some() || !self.issuers.is_empty()
    }

    fn make_anonymous(&self) -> Arc<Caller> {
        let principal = Principal::anonymous();
        // where nobody can log in there is no use in asking for it
        let refusal = if self.has_logins() { DenialForm::Unauthenticated } else { self.refusal() };
        // nothing, unless said
        let rights = self.rules.as_ref().unwrap_or(&AccessRules::default()).rights_of(&principal, refusal);
        Arc::new(Caller { principal, method: LoginMethod::None, rights: Arc::new(rights), groups: Vec::new(), expires_at: None })
    }

    /// The same with certificates of clients as logins.
    pub fn with_certificates(mut self, are_logins: bool) -> Self {
        self.certificates = are_logins;
        self
    }

    /// The same with tokens of issuers as logins.
    pub fn with_issuers(mut self, issuers: Vec<Arc<Issuer>>) -> Self {
        self.issuers = issuers;
        // whether there is a login to ask for has changed
        self.anonymous = Some(self.make_anonymous());
        self
    }

    /// How many users, tokens and rules there are.
    pub fn summary(&self) -> String {
        let users = self.users.as_ref().map_or(0, Users::len);
        let tokens = self.tokens.as_ref().map_or(0, StaticTokens::len);
        let certificates = if self.certificates { ", certificates of clients" } else { "" };
        let issuer = match self.issuers.len() {
            0 => String::new(),
            1 => ", tokens of an issuer".to_owned(),
            several => format!(", tokens of {several} issuers"),
        };
        match &self.rules {
            Some(rules) => format!("{users} users, {tokens} tokens{certificates}{issuer}, {} rules", rules.iter().count()),
            None => format!("{users} users, who may do everything, and {tokens} tokens{certificates}{issuer}"),
        }
    }

    /// What a principal may do; `None` for a token that there is not.
    pub fn rights_of(&self, principal: &Principal) -> Option<Arc<Rights>> {
        match principal.kind {
            PrincipalKind::Anonymous => Some(Arc::clone(&self.anonymous().rights)),
            PrincipalKind::Token => Some(Arc::clone(&self.token(self.tokens.as_ref()?.named(&principal.name)?, None).rights)),
            PrincipalKind::User => Some(self.rights_of_user(principal)),
        }
    }

    /// Who has not logged in.
    pub(super) fn anonymous(&self) -> Arc<Caller> {
        self.anonymous.as_ref().map_or_else(|| self.make_anonymous(), Arc::clone)
    }

    /// What `WWW-Authenticate` offers.
    pub(super) fn challenges(&self) -> Vec<HeaderValue> {
        let basic = self.users.is_some().then_some(HeaderValue::from_static("Basic realm=\"accordant\", charset=\"UTF-8\""));
        let bearer = self.takes_bearer().then_some(HeaderValue::from_static("Bearer realm=\"accordant\""));
        basic.into_iter().chain(bearer).collect()
    }

    /// Whether a password is a user's; takes its time.
    pub(super) fn verify(&self, name: &str, password: &SecretString) -> bool {
        self.users.as_ref().is_some_and(|users| users.verify(name, password.expose_secret().as_bytes()))
    }

    /// A session of a caller who has shown a password or a token, and when it ends; `None` where there is nothing stored that it could be of.
    pub(super) fn session(&self, sealer: &SessionSealer, caller: &Caller, now: i64) -> Option<(String, i64)> {
        let name = &*caller.principal.name;
        let (holder, stored) = match caller.method {
            LoginMethod::Basic => (SessionHolder::User, self.users.as_ref()?.stored(name)?),
            LoginMethod::Token => (SessionHolder::Token, self.tokens.as_ref()?.stored(name)?.0.to_vec()),
            LoginMethod::None | LoginMethod::Certificate | LoginMethod::Oidc => return None,
        };
        let end = sealer.end_of(now);
        let ends_at = caller.expires_at.map_or(end, |expires_at| expires_at.min(end));
        Some((sealer.seal(holder, name, ends_at, &stored), ends_at))
    }

    /// Whose a session is; `None` where it is none of ours, or what it was begun with has changed.
    pub(super) fn of_session(&self, sealer: &SessionSealer, session: &str) -> Option<Arc<Caller>> {
        let claimed = Claimed::read(session)?;
        match claimed.holder {
            SessionHolder::User => {
                let stored = self.users.as_ref().and_then(|users| users.stored(&claimed.name));
                let is_good = sealer.is_sealed(&claimed, stored.as_deref());
                is_good.then(|| self.caller(Principal::user(&claimed.name), LoginMethod::Basic, Some(claimed.ends_at)))
            }
            SessionHolder::Token => {
                let stored = self.tokens.as_ref().and_then(|tokens| tokens.stored(&claimed.name));
                let is_good = sealer.is_sealed(&claimed, stored.map(|(hash, _)| hash.as_slice()));
                stored.filter(|_| is_good).map(|(_, token)| self.token(token, Some(claimed.ends_at)))
            }
        }
    }

    /// The issuer that a token is to be proven by: of several the one that it claims to be of.
    pub(super) fn issuer_of(&self, token: &str) -> Option<&Arc<Issuer>> {
        match self.issuers.as_slice() {
            [] => None,
            [only] => Some(only),
            several => {
                let claimed = claimed_issuer(token)?;
                several.iter().find(|issuer| issuer.name() == claimed)
            }
        }
    }

    /// The caller that a user is.
    pub(super) fn user(&self, name: &str, method: LoginMethod) -> Arc<Caller> {
        self.caller(Principal::user(name), method, None)
    }

    /// The caller whom a token of the issuer is of.
    pub(super) fn identity(&self, identity: Identity) -> Arc<Caller> {
        self.caller(identity.principal, LoginMethod::Oidc, Some(identity.expires_at))
    }

    fn caller(&self, principal: Principal, method: LoginMethod, expires_at: Option<i64>) -> Arc<Caller> {
        let groups = self.rules.as_ref().map_or_else(|| principal.groups.clone(), |rules| rules.groups_of(&principal));
        Arc::new(Caller { rights: self.rights_of_user(&principal), principal, method, groups, expires_at })
    }

    fn rights_of_user(&self, principal: &Principal) -> Arc<Rights> {
        match &self.rules {
            Some(rules) => self.shared(rules.rights_of(principal, self.refusal())),
            None => Arc::new(Rights::unrestricted()),
        }
    }

    /// The caller that a token stands for.
    pub(super) fn bearer(&self, token: &SecretString) -> Option<Arc<Caller>> {
        Some(self.token(self.tokens.as_ref()?.find(token.expose_secret())?, None))
    }

    /// The caller that a token stands for, until the token ends, or a session that was begun with it.
    fn token(&self, stored: &StoredToken, session_ends_at: Option<i64>) -> Arc<Caller> {
        let principal = Principal::token(&stored.name);
        let none = AccessRules::default();
        let rules = self.rules.as_ref().unwrap_or(&none);
        let rights = rules.rights_of_token(&principal, vec![Arc::clone(&stored.given)], self.refusal());
        let (rights, groups) = (self.shared(rights), rules.groups_of(&principal));
        let expires_at = stored.expires_at.into_iter().chain(session_ends_at).min();
        Arc::new(Caller { principal, method: LoginMethod::Token, rights, groups, expires_at })
    }

    fn shared(&self, rights: Rights) -> Arc<Rights> {
        let key: Vec<usize> = rights.rules().map(|rule| Arc::as_ptr(rule).addr()).collect();
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(&key) {
            return Arc::clone(known);
        }
        let rights = Arc::new(rights);
        if sets.len() < MAX_SETS {
            sets.insert(key, Arc::clone(&rights));
        }
        rights
    }
}
