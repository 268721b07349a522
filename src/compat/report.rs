//! One compatibility check of a candidate against earlier versions.

use crate::schema::{CheckError, CheckOptions, Direction, Finding, Parsed};
use crate::types::{CompatibilityLevel, CompatibilityPolicy, Metadata, ProtobufPolicy, RESERVED_PROPERTY, Version};

/// What decides a check: the effective config of the subject.
#[derive(Debug, Clone)]
pub struct CompatibilitySettings {
    pub level: CompatibilityLevel,
    /// Strictness for JSON Schema.
    pub policy: CompatibilityPolicy,
    /// Rule set for Protobuf.
    pub protobuf_policy: ProtobufPolicy,
    /// Reserved fields are checked.
    pub validate_fields: bool,
    /// Units of work for each pair of schemas, where no request has a meter for all of them.
    pub work_budget: u64,
}

impl CompatibilitySettings {
    /// Whether table engines are asked.
    pub fn is_logical(&self) -> bool {
        self.policy == CompatibilityPolicy::Logical
    }
}

/// The schema that is to become the next version.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub schema: &'a Parsed,
    pub metadata: Option<&'a Metadata>,
}

#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    pub version: Version,
    pub schema: &'a Parsed,
    pub metadata: Option<&'a Metadata>,
    /// The stored text, which messages quote.
    pub text: &'a str,
}

/// The outcome: no messages means compatible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompatibilityReport {
    /// Everything that the wire prints, in order: the messages of the reasons, and entries that quote texts and settings.
    pub messages: Vec<String>,
    /// The reasons, in the order of their messages.
    pub reasons: Vec<Reason>,
}

/// One reason why the candidate is not compatible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The version it was found against; none for reserved fields.
    pub version: Option<Version>,
    pub source: ReasonSource,
    pub finding: Finding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonSource {
    /// The format: a difference between two texts.
    Format,
    /// A table engine, under `compatibilityPolicy` = `LOGICAL`.
    Logical,
    /// The policy above the formats: schema types and reserved fields. Its rule ids are the constants below.
    Policy,
}

pub const DIFFERENT_SCHEMA_TYPE: &str = "DIFFERENT_SCHEMA_TYPE";
pub const RESERVED_FIELD_REMOVED: &str = "RESERVED_FIELD_REMOVED";
pub const RESERVED_FIELD_CONFLICT: &str = "RESERVED_FIELD_CONFLICT";

impl CompatibilityReport {
    pub fn is_compatible(&self) -> bool {
        self.messages.is_empty()
    }

    /// The version at which the comparison ended with a no.
    pub fn incompatible_version(&self) -> Option<Version> {
        self.reasons.iter().find_map(|reason| reason.version)
    }

    /// Adds what another part of the check has found.
    pub fn append(&mut self, other: CompatibilityReport) {
        self.messages.extend(other.messages);
        self.reasons.extend(other.reasons);
    }

    fn add_policy_reason(&mut self, rule: &'static str, version: Option<Version>, message: String, [why, fix]: [String; 2]) {
        self.messages.push(message.clone());
        let finding = Finding { rule, message, explanation: why, remedy: fix, ..Finding::default() };
        self.reasons.push(Reason { version, source: ReasonSource::Policy, finding });
    }
}

/// A finding with the version that it was found against, where there is one.
pub type VersionFinding = (Option<Version>, Finding);

/// The findings of the format and of table engines, which are what the REST API explains.
pub fn format_findings(reasons: Vec<Reason>) -> Vec<VersionFinding> {
    let explained = reasons.into_iter().filter(|reason| reason.source != ReasonSource::Policy);
    explained.map(|reason| (reason.version, reason.finding)).collect()
}

/// Longest stored text that a message quotes whole, in UTF-16 units.
const QUOTED: usize = 10_240;

/// How many of the newest versions a level compares with.
pub fn compared(level: CompatibilityLevel, available: usize) -> usize {
    match level {
        // also under NONE: the newest version has the reserved fields
        _ if !level.is_transitive() => available.min(1),
        _ => available,
    }
}

/// A report to be filled by [`compare`]: what the newest version reserves is checked already.
pub fn begin(candidate: Candidate<'_>, newest: Option<&Previous<'_>>, rules: &CompatibilitySettings) -> CompatibilityReport {
    let mut report = CompatibilityReport::default();
    if rules.validate_fields {
        check_reserved_fields(candidate, newest, &mut report);
    }
    report
}

/// A report that all versions have been compared for.
pub fn finish(mut report: CompatibilityReport, rules: &CompatibilitySettings) -> CompatibilityReport {
    if !report.messages.is_empty() {
        report.messages.push(format!("{{validateFields: '{}', compatibility: '{}'}}", rules.validate_fields, rules.level));
    }
    report
}

/// Compares with one version. True when it has findings, which end the comparison.
///
/// # Errors
/// When the work budget runs out.
pub fn compare(
    candidate: Candidate<'_>,
    previous: &Previous<'_>,
    rules: &CompatibilitySettings,
    report: &mut CompatibilityReport,
) -> Result<bool, CheckError> {
    if rules.level == CompatibilityLevel::None {
        return Ok(false);
    }
    if candidate.schema.schema_type() != previous.schema.schema_type() {
        let message = "Incompatible because of different schema type".to_owned();
        let why = "A reader of one format reads nothing that another format wrote.".to_owned();
        let fix = "Register the schema under another subject.".to_owned();
        report.add_policy_reason(DIFFERENT_SCHEMA_TYPE, Some(previous.version), message, [why, fix]);
        return Ok(true);
    }
    let run = |direction| {
        let options = CheckOptions {
            direction,
            policy: rules.policy,
            protobuf_policy: rules.protobuf_policy,
            work_budget: rules.work_budget,
        };
        let (reader, writer) = match direction {
            Direction::Backward => (candidate.schema, previous.schema),
            Direction::Forward => (previous.schema, candidate.schema),
        };
        Parsed::check(reader, writer, &options).map(Option::unwrap_or_default)
    };
    let mut found = Vec::new();
    if rules.level.checks_forward() {
        found = run(Direction::Forward)?;
    }
    let backward = if rules.level.checks_backward() { run(Direction::Backward)? } else { Vec::new() };
    // Confluent does not quote the old schema if FULL is only broken in the forward direction
    let quoted = if rules.level.checks_backward() { !backward.is_empty() } else { !found.is_empty() };
    found.extend(backward);
    if found.is_empty() {
        return Ok(false);
    }
    let left_out = shorten(&mut found);
    report.messages.extend(found.iter().map(|finding| finding.message.clone()));
    if left_out > 0 {
        report.messages.push(format!("{{truncated: 'at least {left_out} more differences'}}"));
    }
    if quoted {
        report.messages.push(format!("{{oldSchemaVersion: {}}}", previous.version));
        report.messages.push(quote(previous.text));
    }
    let reason = |finding| Reason { version: Some(previous.version), source: ReasonSource::Format, finding };
    report.reasons.extend(found.into_iter().map(reason));
    Ok(true)
}

/// Findings that are listed, and bytes of their messages: a definition that is used everywhere makes a difference at each path.
const MAX_FINDINGS: usize = 1_000;
const MAX_FINDING_BYTES: usize = 256 << 10;

/// Cuts a list that nobody would read; how many findings were left out.
fn shorten(findings: &mut Vec<Finding>) -> usize {
    let mut bytes = 0;
    let fits = |finding: &&Finding| {
        bytes += finding.message.len();
        bytes <= MAX_FINDING_BYTES
    };
    let kept = findings.iter().take(MAX_FINDINGS).take_while(fits).count().max(1);
    let left_out = findings.len().saturating_sub(kept);
    findings.truncate(kept);
    left_out
}

fn quote(text: &str) -> String {
    if text.len() <= QUOTED || text.encode_utf16().count() <= QUOTED {
        return format!("{{oldSchema: '{text}'}}");
    }
    let mut units = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > QUOTED
        })
        .map_or(text.len(), |(i, _)| i);
    format!("{{oldSchema: <truncated> '{}...'}}", text.get(..end).unwrap_or(text))
}

fn reserved_names(metadata: Option<&Metadata>) -> Vec<&str> {
    let names = metadata.and_then(|m| m.property(RESERVED_PROPERTY)).unwrap_or("");
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Reserved names must stay reserved, and no field may take one (rest-api 5.8).
fn check_reserved_fields(candidate: Candidate<'_>, newest: Option<&Previous<'_>>, report: &mut CompatibilityReport) {
    let reserved = reserved_names(candidate.metadata);
    for name in newest.map(|p| reserved_names(p.metadata)).unwrap_or_default() {
        if !reserved.contains(&name) {
            let message = format!(
                "The new schema has reserved field {name} removed from its metadata which is present in the old schema's metadata."
            );
            let why = format!("The name {name} was reserved, so that no later field takes it with another meaning.");
            let fix = format!("Keep {name} in the metadata property \"{RESERVED_PROPERTY}\".");
            report.add_policy_reason(RESERVED_FIELD_REMOVED, None, message, [why, fix]);
        }
    }
    if reserved.is_empty() {
        return;
    }
    let fields = candidate.schema.root_fields();
    for name in reserved.into_iter().filter(|name| fields.iter().any(|field| field == name)) {
        let message = format!("The new schema has field that conflicts with the reserved field {name}.");
        let why = format!("The name {name} is reserved by the schema's own metadata.");
        let fix = "Give the field another name.".to_owned();
        report.add_policy_reason(RESERVED_FIELD_CONFLICT, None, message, [why, fix]);
    }
}
