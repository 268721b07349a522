//! The rules of the schemas of events, run on their data.

use std::sync::Arc;

use super::EventCase;
use crate::cloudevents::{Issue, IssueLevel, Judgement, typed_data};
use crate::contracts::{self, Outcome, Phase, RuleReport, RunOptions};
use crate::registry::judging_pool::JobSize;
use crate::registry::{Registry, RegistryError};
use crate::schema::payload::{Effort, Work};

impl Registry {
    /// What the rules of its schema say about the data of an event that fits it.
    ///
    /// # Errors
    /// Store failures, or too many wait already.
    pub(super) async fn event_rules(
        &self,
        case: &EventCase,
        outcome: Option<&(usize, Judgement)>,
    ) -> Result<Vec<Issue>, RegistryError> {
        let Some((at, judgement)) = outcome else { return Ok(Vec::new()) };
        let is_wrong = judgement.unfinished || judgement.issues.iter().any(|issue| issue.level == IssueLevel::Error);
        let (Some(data), Some(attempt), Some(schema)) = (&case.envelope.data, case.attempts.get(*at), case.schemas.get(*at))
        else {
            return Ok(Vec::new());
        };
        if !judgement.checked || is_wrong {
            return Ok(Vec::new());
        }
        let Ok(parsed) = self.parsed(schema).await else { return Ok(Vec::new()) };
        let (size, now) = (data.bytes, self.now().saturating_mul(1000));
        let indexes = case.record_indexes().map(<[u8]>::to_vec);
        let (data, attempt, judgement, schema) = (data.clone(), attempt.clone(), judgement.clone(), Arc::clone(schema));
        let job = move || {
            let content = &schema.stored.content;
            let mut work = Work::new(Effort::Full, None);
            let (shapes, typed) = typed_data(&data, &attempt, &judgement, &parsed, indexes.as_deref(), &mut work).ok()?;
            let (rule_set, metadata) = (content.rule_set.as_ref(), content.metadata.as_ref());
            // a batch has a thousand events, and each of these rules takes a process
            let options = RunOptions { phase: Phase::Write, rule_set, metadata, now, inline: true, jsonata: None };
            contracts::run(&shapes, &typed, options).ok().map(|(report, _)| report)
        };
        match self.judging_pool.run(JobSize::Bytes(size), job).await {
            Ok(Some(report)) => Ok(report.rules.iter().flat_map(said).collect()),
            Ok(None) | Err(RegistryError::WorkExhausted { .. } | RegistryError::MemoryExhausted { .. }) => {
                let message = "the rules take too much work; the settings work-budget and work-memory move this limit";
                Ok(vec![Issue::error("limit.work", message)])
            }
            Err(error) => Err(error),
        }
    }
}

/// What is said about one rule.
fn said(rule: &RuleReport) -> Vec<Issue> {
    let name = rule.name.as_deref().unwrap_or("unnamed");
    let message = rule.message.as_deref().unwrap_or("");
    let (level, code) = match rule.outcome {
        Outcome::Held | Outcome::Unchanged => return Vec::new(),
        Outcome::Failed => (IssueLevel::Error, "rule.failed"),
        Outcome::Error => (IssueLevel::Error, "rule.error"),
        Outcome::Skipped => (IssueLevel::Note, "rule.skipped"),
        Outcome::Transformed => (IssueLevel::Note, "rule.transformed"),
    };
    if rule.places.is_empty() {
        let colon = if message.is_empty() { "" } else { ": " };
        return vec![Issue::new(level, code, format!("rule '{name}'{colon}{message}"))];
    }
    let place = |place: &contracts::RuleFailure| {
        let field = place.field.as_ref().map(|field| format!(" at {field}")).unwrap_or_default();
        let value = place.value.as_ref().filter(|_| place.field.is_some());
        let value = value.map(|value| format!(", whose value is {value}")).unwrap_or_default();
        Issue::new(level, code, format!("rule '{name}'{field}{value}: {}", place.message))
    };
    rule.places.iter().map(place).collect()
}
