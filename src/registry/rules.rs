//! Rules of data contracts: held to the types of their schema, and run on data.

use std::sync::Arc;

use super::error::Failure;
use super::judging_pool::JobSize;
use super::records::{FoundRecord, RecordSchema};
use super::{DecodeInput, Registry, RegistryError};
use crate::cloudevents::{Framing, SchemaFacts, WriterId};
use crate::contracts::{self, Jsonata, Phase, RuleIssue, RunOptions, RunReport};
use crate::jsonata::JsonataEngine;
use crate::records::typed;
use crate::schema::Parsed;
use crate::schema::payload::{DataFault, FaultKind};
use crate::types::{Metadata, RuleSet};

/// What came of data under its schema and the rules of it.
#[derive(Debug, Clone)]
pub struct ValidatedRecord {
    pub schema: SchemaFacts,
    /// The framing that was taken off.
    pub framing: Option<WriterId>,
    /// Nothing where the data can't be read.
    pub encoding: Option<&'static str>,
    pub message: Option<String>,
    /// What is wrong with the data under its schema.
    pub issues: Vec<DataFault>,
    /// Nothing where the data can't be read.
    pub report: Option<RunReport>,
}

impl ValidatedRecord {
    pub fn is_valid(&self) -> bool {
        // fields that the schema does not know are allowed
        let is_wrong = |fault: &DataFault| fault.kind != FaultKind::Unknown;
        !self.issues.iter().any(is_wrong) && self.report.as_ref().is_some_and(RunReport::is_valid)
    }
}

impl Registry {
    /// Holds data to its schema, and runs the rules of it.
    ///
    /// # Errors
    /// No schema is named or known, or the request has spent what it may spend.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn validate_record(
        &self,
        input: DecodeInput,
        schema: &RecordSchema,
        phase: Phase,
    ) -> Result<ValidatedRecord, RegistryError> {
        let FoundRecord { found, framing, options } = self.find_record(&input, schema).await?;
        let mut answer = ValidatedRecord {
            schema: SchemaFacts::from(&found),
            framing: framing.map(|framing| framing.writer),
            encoding: None,
            message: None,
            issues: Vec::new(),
            report: None,
        };
        let (bytes, length) = (input.bytes, framing.map_or(0, |framing: Framing| framing.len()));
        let payload = self.record_payload(&found).await?;
        let parsed = match self.parsed(&found.schema).await {
            Ok(parsed) => parsed,
            Err(Failure::Registry(error)) => return Err(error),
            Err(Failure::Input(error)) => {
                let message = format!("the schema can't be used: {error}");
                return Err(RegistryError::UnfitData(vec![DataFault::new(FaultKind::Mismatch, "", message)]));
            }
        };
        let size = bytes.len();
        let decoded = self
            .judged(size, move |work| {
                let bytes = bytes.get(length..).unwrap_or_default();
                typed(&payload, &parsed, bytes, &options, work).map_err(|fault| vec![fault])
            })
            .await;
        let data = match decoded {
            Ok(data) => data,
            // that it can't be read is the verdict
            Err(RegistryError::UnfitData(faults)) if faults.iter().all(|fault| is_verdict(fault.kind)) => {
                answer.issues = faults;
                return Ok(answer);
            }
            Err(error) => return Err(error),
        };
        (answer.encoding, answer.message) = (Some(data.encoding), data.message);
        answer.issues = data.issues;
        let schema = Arc::clone(&found.schema);
        let now = (self.clock)().saturating_mul(1000);
        let (shapes, typed) = (data.shapes, data.data);
        let engine = self.defaults.jsonata.clone();
        let size = rules_size(found.schema.stored.content.rule_set.as_ref(), size);
        let job = move || {
            let content = &schema.stored.content;
            let (rule_set, metadata) = (content.rule_set.as_ref(), content.metadata.as_ref());
            let evaluations = engine.as_ref().map(JsonataEngine::evaluations);
            let jsonata = evaluations.as_ref().map(|evaluations| evaluations as &dyn Jsonata);
            let options = RunOptions { phase, rule_set, metadata, now, inline: true, jsonata };
            contracts::run(&shapes, &typed, options).map(|(report, _)| report)
        };
        let outcome = self.judging_pool.run(size, job).await?;
        answer.report = Some(outcome.map_err(|_| RegistryError::Unjudged)?);
        Ok(answer)
    }

    /// Refuses a schema for what can't be right about its rules.
    ///
    /// # Errors
    /// What it is, or the request has spent what it may spend.
    pub(super) async fn refuse_invalid_rules(
        &self,
        parsed: &Parsed,
        rule_set: Option<&RuleSet>,
        metadata: Option<&Metadata>,
    ) -> Result<(), RegistryError> {
        let issues = self.check_rules(parsed, rule_set, metadata).await?;
        if issues.is_empty() { Ok(()) } else { Err(RegistryError::InvalidRules(issues)) }
    }

    /// What can't be right about the rules of a schema.
    ///
    /// # Errors
    /// The request has spent what it may spend.
    pub(super) async fn check_rules(
        &self,
        parsed: &Parsed,
        rule_set: Option<&RuleSet>,
        metadata: Option<&Metadata>,
    ) -> Result<Vec<RuleIssue>, RegistryError> {
        let (parsed, rule_set, metadata) = (parsed.clone(), rule_set.cloned(), metadata.cloned());
        let size = rules_size(rule_set.as_ref(), parsed.canonical().len());
        let engine = self.defaults.jsonata.clone();
        let job = move || {
            let evaluations = engine.as_ref().map(JsonataEngine::evaluations);
            let jsonata = evaluations.as_ref().map(|evaluations| evaluations as &dyn Jsonata);
            contracts::check(&parsed.shapes(), rule_set.as_ref(), metadata.as_ref(), jsonata)
        };
        self.judging_pool.run(size, job).await?.map_err(|_| RegistryError::Unjudged)
    }
}

/// What it takes to judge rules: those of JSONATA wait for processes, which threads that serve requests must not.
pub(super) fn rules_size(rule_set: Option<&RuleSet>, bytes: usize) -> JobSize {
    if contracts::needs_jsonata(rule_set) { JobSize::Unmeasured } else { JobSize::Bytes(bytes) }
}

/// Whether a fault says something about the data, and not about what may be spent on it.
fn is_verdict(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Decode | FaultKind::Trailing | FaultKind::Mismatch | FaultKind::Unknown | FaultKind::Depth)
}
