//! What two schemas differ in, and which of them can read the other.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::CommandOutput;
use super::arguments::{DiffArguments, PrintFormat};
use super::read::pretty;
use crate::cli::api::block_on;
use crate::cli::check::folder::kind_of;
use crate::cli::check::style::{self, styled, without_controls};
use crate::cli::check::{
    CheckOutcome, InputError, LoadOptions, LoadedSchema, ReferenceLocations, Remote, compare, human_findings, json_findings,
    read, type_of,
};
use crate::cli::exit::Exit;
use crate::compat::CompatibilitySettings;
use crate::compat::diff::{Change, ChangeKind, Changes, changes};
use crate::registry::JudgingLimits;
use crate::schema::{ParseMode, Position};
use crate::types::{CompatibilityLevel, CompatibilityPolicy, ProtobufPolicy, SchemaType, Version, VersionSelector};

/// The levels that are asked, with what they mean.
const LEVELS: [(CompatibilityLevel, &str); 3] = [
    (CompatibilityLevel::Backward, "readers of the new schema read data of the old one"),
    (CompatibilityLevel::Forward, "readers of the old schema read data of the new one"),
    (CompatibilityLevel::Full, "both"),
];

pub(super) fn diff(asked: &DiffArguments) -> Result<CommandOutput, InputError> {
    let old = load(asked, &asked.old, None, 1)?;
    let new = load(asked, &asked.new, Some(old.parsed.schema_type()), 0)?;
    let outcomes: Vec<CheckOutcome> =
        LEVELS.iter().map(|(level, _)| compare(new.clone(), vec![old.clone()], &rules(*level))).collect::<Result<_, _>>()?;
    let changes = changes(&old.parsed, &new.parsed);
    let is_same = changes.changes.is_empty() && old.parsed.equivalent(&new.parsed);
    let exit = if is_same { Exit::Success } else { Exit::Changes };
    let text = match asked.format {
        PrintFormat::Json => as_json((&old, &new), &changes, &outcomes, is_same),
        PrintFormat::Human => human((&old, &new), &changes, &outcomes, is_same),
    };
    Ok(CommandOutput { exit, text, color: (asked.format == PrintFormat::Human).then_some(asked.color) })
}

fn rules(level: CompatibilityLevel) -> CompatibilitySettings {
    CompatibilitySettings {
        level,
        policy: CompatibilityPolicy::default(),
        protobuf_policy: ProtobufPolicy::default(),
        validate_fields: false,
        work_budget: JudgingLimits::default().work,
    }
}

/// A file, or `SUBJECT@VERSION`; what is there as a file is one.
fn load(asked: &DiffArguments, which: &str, other: Option<SchemaType>, version: Version) -> Result<LoadedSchema, InputError> {
    let of_registry = which.rsplit_once('@').filter(|_| !Path::new(which).exists());
    if let Some((subject, number)) = of_registry {
        let selector = VersionSelector::parse(number);
        let selector =
            selector.ok_or_else(|| InputError::new(format!("{which}: expected SUBJECT@VERSION, a number or `latest`")))?;
        let api = asked.place.api()?;
        let mut remote = Remote::of(&api.client, subject, false);
        let found = block_on(remote.earlier(Some(selector), CompatibilityLevel::Backward, None))?;
        let found = found.into_iter().next().ok_or_else(|| api.failed(format!("{subject} has no version {number}")))?;
        return Ok(LoadedSchema { version, ..found });
    }
    let input = read(which)?;
    let told = || kind_of(which, &input.text).or_else(|| type_of(which)).or(other);
    let schema_type = asked.schema_type.or_else(told);
    let schema_type = schema_type
        .ok_or_else(|| InputError::of(&input.name, "the name does not tell the format: --type avro, protobuf or json"))?;
    let places = ReferenceLocations::new(&asked.reference, &asked.proto_path, version)?;
    let reading = LoadOptions { mode: ParseMode::Lookup, validate_fields: false, strict: false, normalize: false };
    Ok(LoadedSchema { version, ..LoadedSchema::file(schema_type, input, &places, reading)? })
}

/// As `GET /accordant/v1/diff` has them.
fn change(change: &Change) -> Value {
    let place = |at: Option<Position>| at.map(|at| json!({ "line": at.line, "column": at.column }));
    let mut out = json!({
        "kind": change.kind.word(),
        "declaration": change.declaration.word(),
        "path": change.path,
        "oldPath": change.old_path,
        "what": change.what,
        "from": change.from,
        "to": change.to,
        "message": change.to_string(),
        "old": place(change.old),
        "new": place(change.new),
    });
    if let Some(map) = out.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    out
}

fn as_json((old, new): (&LoadedSchema, &LoadedSchema), changes: &Changes, outcomes: &[CheckOutcome], is_same: bool) -> String {
    let level = |outcome: &CheckOutcome| json!({ "level": outcome.level.as_str(), "compatible": outcome.is_compatible(), "findings": json_findings(outcome) });
    let levels: Vec<_> = outcomes.iter().map(level).collect();
    let changed: Vec<Value> = changes.changes.iter().map(change).collect();
    pretty(&json!({
        "same": is_same,
        "old": old.name(),
        "new": new.name(),
        "changes": changed,
        "isWhole": changes.is_whole,
        "levels": levels,
    }))
}

fn human((old, new): (&LoadedSchema, &LoadedSchema), changes: &Changes, outcomes: &[CheckOutcome], is_same: bool) -> String {
    let (old, new) = (without_controls(old.name()), without_controls(new.name()));
    if is_same {
        return format!("{old} and {new} are the same schema\n");
    }
    let mut out = String::new();
    for change in &changes.changes {
        let (sign, style) = match change.kind {
            ChangeKind::Added => ("+", style::GOOD),
            ChangeKind::Removed => ("-", style::ERROR),
            ChangeKind::Changed | ChangeKind::Renamed | ChangeKind::Moved | ChangeKind::Reordered => ("~", style::NOTE),
        };
        let at = change.new.or(change.old).map(|at| format!("  ({}:{})", at.line, at.column)).unwrap_or_default();
        // a String takes everything
        let _ = writeln!(out, "{} {}{at}", styled(style, sign), without_controls(&change.to_string()).replace('\n', " "));
    }
    if !changes.is_whole {
        out.push_str("and more\n");
    }
    if !changes.changes.is_empty() {
        out.push('\n');
    }
    // FULL finds what the two others find
    for outcome in outcomes.iter().take(2).filter(|outcome| !outcome.is_compatible()) {
        out.push_str(&styled(style::BOLD, &format!("under {}", outcome.level)));
        out.push('\n');
        out.push_str(&human_findings(outcome));
    }
    for (outcome, (level, meaning)) in outcomes.iter().zip(LEVELS) {
        let (word, style) = if outcome.is_compatible() { ("yes", style::GOOD) } else { ("no ", style::ERROR) };
        let _ = writeln!(out, "{}  {:8}  {meaning}", styled(style, word), level.as_str());
    }
    out
}
