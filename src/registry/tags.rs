//! Editing inline tags, metadata and rules of a version: the result is the next version (rest-api 3.8).

use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::register::RegisterOptions;
use super::registered::Registered;
use super::submission::{RawReference, Submission};
use crate::access::Rights;
use crate::schema::TagEdit;
use crate::types::{Actor, Metadata, RuleSet, Subject, Version, VersionSelector};

/// What to change.
#[derive(Debug, Clone, Default)]
pub struct TagRequest {
    /// The number that the new version must get.
    pub new_version: Option<Version>,
    pub add: Vec<TagEdit>,
    pub remove: Vec<TagEdit>,
    /// Metadata instead of that of the version.
    pub metadata: Option<Metadata>,
    /// Rules instead of those of the version.
    pub rule_set: Option<RuleSet>,
    /// Rules to put over those of the version.
    pub rules_to_merge: Option<RuleSet>,
    /// Names of rules to take out.
    pub rules_to_remove: Vec<String>,
}

impl TagRequest {
    fn rules(&self, present: Option<&RuleSet>) -> Result<Option<RuleSet>, RegistryError> {
        let edits = self.rules_to_merge.is_some() || !self.rules_to_remove.is_empty();
        if let Some(rules) = &self.rule_set {
            if edits {
                let text = "ruleSet should be omitted if specifying rulesToMerge or rulesToRemove";
                return Err(RegistryError::InvalidRuleSet(text.to_owned()));
            }
            return Ok(Some(rules.clone()));
        }
        let mut merged = RuleSet::merge(present, self.rules_to_merge.as_ref());
        if let Some(rules) = &mut merged {
            rules.remove(&self.rules_to_remove);
        }
        Ok(merged)
    }
}

impl Registry {
    /// Registers the text of a version, edited, as the next version of its subject.
    ///
    /// # Errors
    /// The version is unknown, an entity is not in it, or the registration is refused.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn tag_version(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        request: &TagRequest,
        rights: &Rights,
        by: &Arc<Actor>,
    ) -> Result<Arc<Registered>, RegistryError> {
        let found = self.version(subject, selector, false, rights).await?;
        let content = &found.schema.stored.content;
        let references = content.references.iter();
        let mut submission = Submission {
            schema: Some(content.text.to_string()),
            schema_type: Some(content.schema_type.as_str().to_owned()),
            references: references
                .map(|r| RawReference { name: Some(r.name.clone()), subject: Some(r.subject.clone()), version: Some(r.version) })
                .collect(),
            metadata: request.metadata.clone().or_else(|| content.metadata.clone()),
            rule_set: request.rules(content.rule_set.as_ref())?,
            tags_to_add: request.add.clone(),
            tags_to_remove: request.remove.clone(),
            ..Submission::default()
        };
        let number = request.new_version.filter(|version| *version > 0);
        submission.version = number.unwrap_or(0);
        let options = RegisterOptions { as_next_version: number.is_none(), ..RegisterOptions::default() };
        self.register(subject, &submission, options, by).await
    }
}
