//! Templates of other registries' URLs: `{subject}-v{version}.json`.

use std::fmt;

use super::shape::UriTarget;
use super::uri::decode;
use crate::types::{DEFAULT_CONTEXT, Guid, SchemaId, Subject, VersionSelector, context_from_segment};

/// A variable of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TemplateVariable {
    Subject,
    Version,
    Id,
    Guid,
    Context,
}

impl TemplateVariable {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Subject, "subject"),
        (Self::Version, "version"),
        (Self::Id, "id"),
        (Self::Guid, "guid"),
        (Self::Context, "context"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == name).map(|(variable, _)| *variable)
    }

    /// Whether a text can be the variable's value.
    fn takes(self, text: &str) -> bool {
        match self {
            Self::Subject => !text.is_empty(),
            Self::Version => text == "latest" || number(text).is_some(),
            Self::Id => number(text).is_some(),
            Self::Guid => Guid::parse(text).is_some(),
            Self::Context => context_from_segment(text).is_some_and(|context| context.len() > 1),
        }
    }
}

/// A positive number without sign or leading zeros.
fn number(text: &str) -> Option<i32> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse::<i32>().ok().filter(|_| plain)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Literal(String),
    Variable(TemplateVariable),
}

/// Why a template is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error("has a brace without its partner")]
    Brace,
    /// Not a variable.
    #[error("has the unknown variable {{{0}}}; known are {{subject}}, {{version}}, {{id}}, {{guid}} and {{context}}")]
    Unknown(String),
    /// The same variable twice.
    #[error("has a variable twice")]
    Twice,
    /// Nothing tells where the first of two variables ends.
    #[error("has two variables with nothing between them")]
    Adjacent,
    /// No schema is named, or two.
    #[error("must have exactly one of {{subject}}, {{id}} and {{guid}}")]
    NoSchema,
    /// A variable that means nothing beside the others.
    #[error("can have {{version}} only with {{subject}}, and {{context}} only with {{subject}} or {{id}}")]
    Pointless,
    /// A literal that can't be decoded, or a fragment.
    #[error("must be a path, percent-encoded where need be, without '#'")]
    Path,
}

/// A template, relative to a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Vec<TemplatePart>>,
    query: Option<Vec<TemplatePart>>,
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Tries that one segment may cost.
const STEPS: u32 = 20_000;

impl Template {
    /// Reads a template: a path relative to its base, with variables in braces; a query may follow after `?`.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.contains('#') {
            return Err(TemplateError::Path);
        }
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let segments =
            path.split('/').filter(|segment| !segment.is_empty()).map(parts).collect::<Result<Vec<_>, TemplateError>>()?;
        let query = query.map(parts).transpose()?;
        let variables: Vec<TemplateVariable> = segments
            .iter()
            .chain(&query)
            .flatten()
            .filter_map(|part| match part {
                TemplatePart::Variable(variable) => Some(*variable),
                TemplatePart::Literal(_) => None,
            })
            .collect();
        let has = |variable| variables.contains(&variable);
        if TemplateVariable::ALL.iter().any(|(variable, _)| variables.iter().filter(|v| *v == variable).count() > 1) {
            return Err(TemplateError::Twice);
        }
        let named = [TemplateVariable::Subject, TemplateVariable::Id, TemplateVariable::Guid]
            .into_iter()
            .filter(|variable| has(*variable))
            .count();
        if named != 1 {
            return Err(TemplateError::NoSchema);
        }
        if (has(TemplateVariable::Version) && !has(TemplateVariable::Subject))
            || (has(TemplateVariable::Context) && has(TemplateVariable::Guid))
        {
            return Err(TemplateError::Pointless);
        }
        Ok(Self { text: text.to_owned(), segments, query })
    }

    /// What a URL below the base names: its segments, decoded once, and its query as it was given. A subject is as long as it can
    /// be; without `{version}` the latest version is meant.
    pub fn read(&self, segments: &[String], query: Option<&str>) -> Option<UriTarget> {
        if segments.len() != self.segments.len() || query.is_some() != self.query.is_some() {
            return None;
        }
        let mut values = VariableValues::default();
        for (parts, segment) in self.segments.iter().zip(segments) {
            if !fill(parts, segment, &mut values, &mut STEPS.clone()) {
                return None;
            }
        }
        if let (Some(parts), Some(query)) = (&self.query, query) {
            let query = decode(query)?;
            if !fill(parts, &query, &mut values, &mut STEPS.clone()) {
                return None;
            }
        }
        values.target()
    }
}

/// Cuts a segment into literals and variables.
fn parts(text: &str) -> Result<Vec<TemplatePart>, TemplateError> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('{') {
            let (name, after) = inner.split_once('}').ok_or(TemplateError::Brace)?;
            let variable = TemplateVariable::named(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
            if matches!(out.last(), Some(TemplatePart::Variable(_))) {
                return Err(TemplateError::Adjacent);
            }
            out.push(TemplatePart::Variable(variable));
            rest = after;
        } else {
            let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if literal.contains('}') {
                return Err(TemplateError::Brace);
            }
            let literal = decode(literal).ok_or(TemplateError::Path)?;
            out.push(TemplatePart::Literal(literal));
            rest = after;
        }
    }
    Ok(out)
}

#[derive(Debug, Default)]
struct VariableValues([Option<String>; TemplateVariable::ALL.len()]);

impl VariableValues {
    fn slot(&mut self, variable: TemplateVariable) -> Option<&mut Option<String>> {
        let at = TemplateVariable::ALL.iter().position(|(known, _)| *known == variable)?;
        self.0.get_mut(at)
    }

    fn target(self) -> Option<UriTarget> {
        let [subject, version, id, guid, context] = self.0;
        let context = context.and_then(|text| context_from_segment(&text));
        if let Some(guid) = guid {
            return Guid::parse(&guid).map(UriTarget::Guid);
        }
        if let Some(id) = id {
            let id: SchemaId = number(&id)?;
            return Some(UriTarget::Id(id, context.map(|context| Subject::in_context(&context, ""))));
        }
        let subject = Subject::parse_in(context.as_deref().unwrap_or(DEFAULT_CONTEXT), &subject?);
        let version = version.map_or(Some(VersionSelector::Latest), |text| VersionSelector::parse(&text))?;
        Some(UriTarget::Version(subject, version))
    }
}

/// Fits the parts to a text, each variable as long as it can be.
fn fill(parts: &[TemplatePart], text: &str, values: &mut VariableValues, steps: &mut u32) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((TemplatePart::Literal(literal), rest)) => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fill(rest, text, values, steps))
        }
        Some((TemplatePart::Variable(variable), rest)) => {
            let ends = std::iter::once(text.len()).chain(text.char_indices().rev().map(|(at, _)| at));
            for end in ends.filter(|end| *end > 0) {
                let Some(left) = steps.checked_sub(1) else { return false };
                *steps = left;
                let (value, after) = text.split_at(end);
                if variable.takes(value) && fill(rest, after, values, steps) {
                    if let Some(slot) = values.slot(*variable) {
                        *slot = Some(value.to_owned());
                    }
                    return true;
                }
            }
            false
        }
    }
}
