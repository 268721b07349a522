//! Rules as they are written in TOML: tables `[[allow]]` and `[[deny]]`, and groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::RulesError;
use super::operation::{Operation, Operations, Role};
use super::pattern::{PrincipalPattern, SubjectPattern};
use super::rule::{AccessRule, AccessRules, Effect, PrincipalGroup, RuleOrigin, Subjects};

/// What is allowed or denied, without who it is about: roles or operations, and subjects.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessGrant {
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub operations: Vec<String>,
    pub subjects: Option<Vec<String>>,
}

/// A rule as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    principals: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
    subjects: Option<Vec<String>>,
}

/// All rules as they are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesForm {
    #[serde(default)]
    groups: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    allow: Vec<Spanned<RuleForm>>,
    #[serde(default)]
    deny: Vec<Spanned<RuleForm>>,
}

/// A configuration, of which only the rules are of interest.
#[derive(Debug, Default, Deserialize)]
struct ConfigForm {
    access: Option<RulesForm>,
}

/// Operations that show nothing but what may be read anyway: roles have them wherever they are given.
fn harmless() -> Operations {
    Operations::of(&[Operation::GlobalRead, Operation::GlobalCompatibilityRead])
}

impl AccessGrant {
    /// The operations and subjects that are meant.
    ///
    /// # Errors
    /// An unknown name, subjects that are missing, or operations on the registry with subjects that are not all.
    pub fn read(&self, effect: Effect) -> Result<(Operations, Subjects), RulesError> {
        let mut roles = Operations::NONE;
        for name in &self.roles {
            let role = Role::parse(name).ok_or_else(|| {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                RulesError(format!("the role \"{name}\" is none of {}", known.join(", ")))
            })?;
            roles = roles.union(role.operations());
        }
        let mut operations = Operations::NONE;
        for name in &self.operations {
            operations = operations.union(Operations::of(&[named(name)?]));
        }
        if roles.is_empty() && operations.is_empty() {
            return Err(RulesError("neither roles nor operations are named".to_owned()));
        }
        let is_admin = self.roles.iter().any(|name| name == Role::Admin.name());
        let is_global_alone = roles.is_empty() && operations.without(Operations::global()).is_empty();
        let everything = vec!["*".to_owned()];
        let texts = match &self.subjects {
            Some(texts) if texts.is_empty() => return Err(RulesError("subjects is empty; [\"*\"] is all of them".to_owned())),
            Some(texts) => texts,
            None if is_admin || is_global_alone => &everything,
            None => return Err(RulesError("subjects is missing; [\"*\"] is all of them".to_owned())),
        };
        let patterns = texts.iter().map(|text| SubjectPattern::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let subjects = Subjects::Patterns(patterns);
        if !subjects.is_everything() {
            if let Some(operation) = operations.iter().find(|operation| operation.is_global()) {
                let name = operation.name();
                return Err(RulesError(format!(
                    "{name} is about the registry as a whole, and subjects are not all: make two rules"
                )));
            }
            // a team's manager does not manage the registry, and who is kept from some subjects is not kept from lists
            let kept = if effect == Effect::Allow { harmless() } else { Operations::NONE };
            roles = roles.without(Operations::global().without(kept));
        }
        Ok((roles.union(operations), subjects))
    }
}

fn named(name: &str) -> Result<Operation, RulesError> {
    if name.eq_ignore_ascii_case("SCHEMA_READ") {
        let why = "SCHEMA_READ can't be granted: who may read a subject may read the schemas that it holds; use SUBJECT_READ";
        return Err(RulesError(why.to_owned()));
    }
    Operation::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        RulesError(format!("the operation \"{name}\" is none of {}", known.join(", ")))
    })
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1
}

/// Why a text is no TOML of this form, and where.
fn unreadable(text: &str, error: &toml::de::Error) -> RulesError {
    let at = error.span().map_or(0, |span| span.start);
    RulesError(format!("line {}: {}", line(text, at), error.message().lines().collect::<Vec<_>>().join(", ")))
}

impl AccessRules {
    /// Reads a file of rules.
    ///
    /// # Errors
    /// [`RulesError`], with the line.
    pub fn parse(text: &str, file: &Arc<str>) -> Result<Self, RulesError> {
        let form: RulesForm = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        Self::from_form(&form, text, file)
    }

    /// Reads the table `access` of a configuration; `None` where there is none.
    ///
    /// # Errors
    /// [`RulesError`], with the line.
    pub fn parse_config(text: &str, file: &Arc<str>) -> Result<Option<Self>, RulesError> {
        let form: ConfigForm = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        form.access.map(|form| Self::from_form(&form, text, file)).transpose()
    }

    fn from_form(form: &RulesForm, text: &str, file: &Arc<str>) -> Result<Self, RulesError> {
        let mut rules = Self::default();
        for (name, members) in &form.groups {
            let said = |error: RulesError| RulesError(format!("group {name}: {}", error.0));
            let members =
                members.iter().map(|member| PrincipalPattern::parse(member).map_err(said)).collect::<Result<Vec<_>, _>>()?;
            if let Some(other) =
                members.iter().find(|member| matches!(member, PrincipalPattern::Everyone | PrincipalPattern::Anonymous))
            {
                return Err(RulesError(format!("group {name}: {other} is no member of groups")));
            }
            rules.groups.push(PrincipalGroup { name: name.as_str().into(), members });
        }
        let allow = form.allow.iter().map(|form| (Effect::Allow, form));
        for (effect, form) in allow.chain(form.deny.iter().map(|form| (Effect::Deny, form))) {
            let line = line(text, form.span().start);
            let said = |error: RulesError| RulesError(format!("line {line}: {}", error.0));
            let RuleForm { principals, roles, operations, subjects } = form.as_ref().clone();
            if principals.is_empty() {
                return Err(said(RulesError("principals is empty; [\"*\"] is everyone who has logged in".to_owned())));
            }
            let principals =
                principals.iter().map(|text| PrincipalPattern::parse(text)).collect::<Result<Vec<_>, _>>().map_err(said)?;
            let (operations, subjects) = AccessGrant { roles, operations, subjects }.read(effect).map_err(said)?;
            let origin = RuleOrigin { file: Arc::clone(file), line };
            rules.rules.push(Arc::new(AccessRule { effect, principals, operations, subjects, origin }));
        }
        Ok(rules)
    }
}
