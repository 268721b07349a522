//! Data of one version as another one sees it, through the rules between versions.

use std::sync::Arc;

use super::error::Failure;
use super::judging_pool::JobSize;
use super::records::{FoundRecord, RecordSchema};
use super::resolve::Hints;
use super::{CachedSchema, DecodeInput, Registry, RegistryError};
use crate::cloudevents::{Framing, SchemaFacts};
use crate::contracts::{self, Jsonata, Outcome, Phase, RuleReport, RunOptions};
use crate::jsonata::JsonataEngine;
use crate::records::typed;
use crate::schema::payload::{DataFault, FaultKind};
use crate::schema::typed::{Shapes, Typed};
use crate::types::{RuleMode, Subject, Version, VersionSelector};

/// The rules of one version, on the way to another.
#[derive(Debug, Clone)]
pub struct MigrationStep {
    pub from: Version,
    pub to: Version,
    pub rules: Vec<RuleReport>,
}

/// Data as a reader sees it.
#[derive(Debug, Clone)]
pub struct MigratedRecord {
    pub schema: SchemaFacts,
    pub reader: SchemaFacts,
    /// Versions without such rules are left out; none at all means that the reader resolves the data by its schema.
    pub steps: Vec<MigrationStep>,
    /// The data, as JSON.
    pub data: String,
}

/// Versions whose rules are run for one piece of data.
const MAX_STEPS: usize = 100;

fn unfit(message: impl Into<String>) -> RegistryError {
    RegistryError::UnfitData(vec![DataFault::new(FaultKind::Mismatch, "", message)])
}

/// A version with rules of the direction: it, the one that comes before it on the way, and the one behind.
struct Hop {
    from: Version,
    to: Version,
    /// Whose rules they are.
    schema: Arc<CachedSchema>,
}

impl Registry {
    /// Migrates data to another version of its subject, as clients do: forward by the UPGRADE rules of each version on the way,
    /// back by the DOWNGRADE rules of each version that is left. Without such rules the reader resolves it.
    ///
    /// # Errors
    /// A schema is not known, the data does not fit, or a rule on the way is of a type that is not run here.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn migrate_record(
        &self,
        input: DecodeInput,
        schema: &RecordSchema,
        reader: (Subject, VersionSelector),
    ) -> Result<MigratedRecord, RegistryError> {
        let FoundRecord { found, framing, options } = self.find_record(&input, schema).await?;
        let hints = Hints { chosen: Some(reader.clone()), ..Hints::default() };
        let wanted = self.record_schema(&hints, &schema.rights).await?;
        let rows = self.store.subject(&wanted.subject).await?.rows;
        let written =
            rows.iter().find(|row| row.id == found.id() && (row.version == found.version || found.subject != wanted.subject));
        let Some(written) = written.map(|row| row.version) else {
            return Err(unfit(format!("the schema of the data is no version of subject '{}'", wanted.subject)));
        };
        let phase = if written < wanted.version { Phase::Upgrade } else { Phase::Downgrade };
        let mut hops = Vec::new();
        let (low, high) = (written.min(wanted.version), written.max(wanted.version));
        let between: Vec<_> = rows.iter().filter(|row| (low..=high).contains(&row.version) && !row.deleted).collect();
        for pair in between.windows(2) {
            let [earlier, later] = pair else { continue };
            // of either direction the rules are those of the later version
            let Some(schema) = self.schema_by_id(wanted.subject.context(), later.id).await? else { continue };
            if has_rules(&schema, phase) {
                let (from, to) = if phase == Phase::Upgrade { (earlier, later) } else { (later, earlier) };
                hops.push(Hop { from: from.version, to: to.version, schema });
            }
        }
        if phase == Phase::Downgrade {
            hops.reverse();
        }
        let (facts, wanted_facts) = (SchemaFacts::from(&found), SchemaFacts::from(&wanted));
        if hops.is_empty() {
            let decoded = self.decode_record(DecodeInput { reader: Some(reader), ..input }, schema).await?;
            let data = decoded.decoded.read_as.map_or(decoded.decoded.json, |read| read.json);
            return Ok(MigratedRecord { schema: facts, reader: wanted_facts, steps: Vec::new(), data });
        }
        if hops.len() > MAX_STEPS {
            return Err(unfit(format!("more than {MAX_STEPS} versions with rules are between the two")));
        }
        let payload = self.record_payload(&found).await?;
        let parsed = match self.parsed(&found.schema).await {
            Ok(parsed) => parsed,
            Err(Failure::Registry(error)) => return Err(error),
            Err(Failure::Input(error)) => return Err(unfit(format!("the schema can't be used: {error}"))),
        };
        let (bytes, length) = (input.bytes, framing.map_or(0, |framing: Framing| framing.len()));
        let size = bytes.len();
        let read = move |work: &mut crate::schema::payload::Work<'_>| {
            let bytes = bytes.get(length..).unwrap_or_default();
            typed(&payload, &parsed, bytes, &options, work).map_err(|fault| vec![fault])
        };
        let data = self.judged(size, read).await?;
        let now = self.now().saturating_mul(1000);
        let hops = Arc::new(hops);
        let engine = self.defaults.jsonata.clone();
        let takes_processes = hops.iter().any(|hop| contracts::needs_jsonata(hop.schema.stored.content.rule_set.as_ref()));
        let size = if takes_processes { JobSize::Unmeasured } else { JobSize::Bytes(size) };
        let job = move || {
            let evaluations = engine.as_ref().map(JsonataEngine::evaluations);
            let jsonata = evaluations.as_ref().map(|evaluations| evaluations as &dyn Jsonata);
            steps(&hops, &data.shapes, &data.data, (phase, now, jsonata))
        };
        let (steps, data) = self.judging_pool.run(size, job).await??;
        Ok(MigratedRecord { schema: facts, reader: wanted_facts, steps, data })
    }
}

fn has_rules(schema: &CachedSchema, phase: Phase) -> bool {
    let modes =
        if phase == Phase::Upgrade { [RuleMode::Upgrade, RuleMode::UpDown] } else { [RuleMode::Downgrade, RuleMode::UpDown] };
    let rules = schema.stored.content.rule_set.as_ref().and_then(|set| set.migration_rules.as_ref());
    rules.into_iter().flatten().any(|rule| !rule.disabled && rule.mode.is_some_and(|mode| modes.contains(&mode)))
}

fn steps(
    hops: &[Hop],
    shapes: &Arc<Shapes>,
    data: &Typed,
    (phase, now, jsonata): (Phase, i64, Option<&dyn Jsonata>),
) -> Result<(Vec<MigrationStep>, String), RegistryError> {
    // on the way data has the fields of whichever version
    let open = Arc::new(contracts::opened(shapes));
    let mut data = contracts::open(shapes, data).map_err(|_| RegistryError::Unjudged)?;
    let mut steps = Vec::with_capacity(hops.len());
    for hop in hops {
        let content = &hop.schema.stored.content;
        let (rule_set, metadata) = (content.rule_set.as_ref(), content.metadata.as_ref());
        let options = RunOptions { phase, rule_set, metadata, now, inline: false, jsonata };
        let (report, after) = contracts::run(&open, &data, options).map_err(|_| RegistryError::Unjudged)?;
        let mut own = report.rules;
        own.retain(|rule| phase.runs(rule.mode));
        if let Some(rule) = own.iter().find(|rule| matches!(rule.outcome, Outcome::Skipped | Outcome::Failed | Outcome::Error)) {
            let (name, why) = (rule.name.as_deref().unwrap_or("unnamed"), rule.message.as_deref().unwrap_or(""));
            return Err(unfit(format!("rule '{name}' from version {} to {}: {why}", hop.from, hop.to)));
        }
        data = after;
        steps.push(MigrationStep { from: hop.from, to: hop.to, rules: own });
    }
    let data = contracts::print(&open, &data).ok_or_else(|| unfit("the data takes too much memory as JSON"))?;
    Ok((steps, data))
}
