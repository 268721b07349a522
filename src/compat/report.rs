//! One compatibility check of a candidate against earlier versions.

use crate::schema::{CheckError, CheckOptions, Direction, Finding, Parsed};
use crate::types::{CompatibilityLevel, CompatibilityPolicy, Metadata, ProtobufPolicy, RESERVED_PROPERTY, Version};

/// What decides a check: the effective config of the subject.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The level.
    pub level: CompatibilityLevel,
    /// Strictness for JSON Schema.
    pub policy: CompatibilityPolicy,
    /// Rule set for Protobuf.
    pub protobuf_policy: ProtobufPolicy,
    /// Reserved fields are checked.
    pub validate_fields: bool,
    /// Units of work for each pair of schemas.
    pub work_budget: u64,
}

/// The schema that is to become the next version.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The schema.
    pub schema: &'a Parsed,
    /// Its metadata.
    pub metadata: Option<&'a Metadata>,
}

/// An earlier version.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// Its number.
    pub version: Version,
    /// The schema.
    pub schema: &'a Parsed,
    /// Its metadata.
    pub metadata: Option<&'a Metadata>,
    /// Its stored text.
    pub text: &'a str,
}

/// The outcome: no messages means compatible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything that the wire prints, in order.
    pub messages: Vec<String>,
    /// The findings behind them, with the version each was found against.
    pub findings: Vec<(Version, Finding)>,
}

impl Report {
    /// True without messages.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.messages.is_empty()
    }
}

/// Longest stored text that a message quotes whole, in UTF-16 units.
const QUOTED: usize = 10_240;

/// How many of the newest versions a level compares with.
#[must_use]
pub fn compared(level: CompatibilityLevel, available: usize) -> usize {
    match level {
        // reserved fields are looked up in the newest version under every level
        _ if !level.is_transitive() => available.min(1),
        _ => available,
    }
}

/// Checks a candidate against earlier versions, **newest first**; the caller has already applied the compatibility group.
/// Plain levels look at the first only; transitive ones stop at the first version with findings.
///
/// # Errors
/// When the work budget runs out.
pub fn check(candidate: Candidate<'_>, previous: &[Previous<'_>], rules: &Rules) -> Result<Report, CheckError> {
    let mut report = Report::default();
    if rules.validate_fields {
        reserved_fields(candidate, previous.first(), &mut report.messages);
    }
    for previous in previous.iter().take(compared(rules.level, previous.len())) {
        if compare(candidate, previous, rules, &mut report)? {
            break;
        }
    }
    if !report.messages.is_empty() {
        report.messages.push(format!("{{validateFields: '{}', compatibility: '{}'}}", rules.validate_fields, rules.level));
    }
    Ok(report)
}

/// True when this version has findings.
fn compare(candidate: Candidate<'_>, previous: &Previous<'_>, rules: &Rules, report: &mut Report) -> Result<bool, CheckError> {
    if rules.level == CompatibilityLevel::None {
        return Ok(false);
    }
    if candidate.schema.schema_type() != previous.schema.schema_type() {
        report.messages.push("Incompatible because of different schema type".to_owned());
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
    // under FULL a break that is only a forward one does not quote the old schema
    let quoted = if rules.level.checks_backward() { !backward.is_empty() } else { !found.is_empty() };
    found.extend(backward);
    if found.is_empty() {
        return Ok(false);
    }
    report.messages.extend(found.iter().map(|finding| finding.message.clone()));
    if quoted {
        report.messages.push(format!("{{oldSchemaVersion: {}}}", previous.version));
        report.messages.push(quote(previous.text));
    }
    report.findings.extend(found.into_iter().map(|finding| (previous.version, finding)));
    Ok(true)
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

fn reserved(metadata: Option<&Metadata>) -> Vec<&str> {
    let names = metadata.and_then(|m| m.property(RESERVED_PROPERTY)).unwrap_or("");
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Reserved names must stay reserved, and no field may take one (rest-api 5.8).
fn reserved_fields(candidate: Candidate<'_>, newest: Option<&Previous<'_>>, messages: &mut Vec<String>) {
    let now = reserved(candidate.metadata);
    for name in newest.map(|p| reserved(p.metadata)).unwrap_or_default() {
        if !now.contains(&name) {
            messages.push(format!(
                "The new schema has reserved field {name} removed from its metadata which is present in the old schema's metadata."
            ));
        }
    }
    if now.is_empty() {
        return;
    }
    let fields = candidate.schema.root_fields();
    for name in now {
        if fields.iter().any(|field| field == name) {
            messages.push(format!("The new schema has field that conflicts with the reserved field {name}."));
        }
    }
}
