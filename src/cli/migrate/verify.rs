//! Where two registries differ.

use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::content::{Rest, StoredVersion};
use super::digest::{Digest, Summary, USUAL};
use super::keys::{self, Keys};
use super::marks::{Mark, marked};
use super::source::SourceContent;
use super::values::VersionKey;
use super::versions::VersionStream;
use crate::cli::check::style::without_controls;
use crate::cli::check::{InputError, max_depth};
use crate::schema::{ParseMode, ParseOptions, Parsed};
use crate::types::SchemaType;

/// Differences that are printed for people; JSON has all of them.
const SHOWN: usize = 50;

/// One difference.
#[derive(Debug)]
struct Discrepancy {
    /// A subject, a context, a key, or nothing for the registry as a whole.
    scope: String,
    version: Option<i64>,
    what: &'static str,
    reason: String,
}

#[derive(Debug)]
pub(super) struct VerificationReport {
    differences: Vec<Discrepancy>,
    source: Summary,
    target: Summary,
}

/// What both are found to differ in, version by version.
#[derive(Debug, Default)]
pub(super) struct Discrepancies(Vec<Discrepancy>);

impl Discrepancies {
    fn version(&mut self, (subject, version): &VersionKey, what: &'static str, reason: String) {
        self.0.push(Discrepancy { scope: subject.clone(), version: Some(*version), what, reason });
    }

    /// One that only the target has, or only the source.
    pub(super) fn one_sided(&mut self, key: &VersionKey, is_in_target: bool) {
        self.version(key, "version", missing(is_in_target).to_owned());
    }

    /// One that both have.
    pub(super) fn both(&mut self, key: &VersionKey, one: &StoredVersion, other: &StoredVersion) {
        compare(one, other, &mut |what, reason| self.version(key, what, reason));
    }

    /// The same where what they say is no longer known.
    pub(super) fn marks(&mut self, key: &VersionKey, one: &Mark, other: &Mark) {
        if one.id != other.id {
            self.version(key, "id", format!("{} in the source, {} in the target", shown_id(one.id), shown_id(other.id)));
        }
        if one.is_deleted != other.is_deleted {
            let reason = format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted));
            self.version(key, "deletion", reason);
        }
        if one.content != other.content {
            self.version(key, "schema", "what they say differs".to_owned());
        }
    }

    /// With all that is no version.
    pub(super) fn report(mut self, (source, ours): (Digest, &Rest), (target, theirs): (Digest, &Rest)) -> VerificationReport {
        compare_rest(ours, theirs, &mut self.0);
        VerificationReport { differences: self.0, source: source.end(ours), target: target.end(theirs) }
    }
}

/// One of two that are compared, as far as it is read.
struct VerifiedSide {
    versions: VersionStream,
    read: VecDeque<(VersionKey, StoredVersion, Mark)>,
    digest: Digest,
    rest: Rest,
}

impl VerifiedSide {
    fn new(said: SourceContent) -> Self {
        Self { versions: said.versions, read: VecDeque::new(), digest: Digest::default(), rest: said.rest }
    }

    /// Reads on, where nothing is left of what was read; the next version.
    async fn next(&mut self) -> Result<Option<&VersionKey>, InputError> {
        while self.read.is_empty() {
            let Some(batch) = self.versions.next().await? else { return Ok(None) };
            let (given, withheld) = marked(batch);
            self.rest.withheld.extend(withheld);
            for (key, _, mark) in &given {
                self.digest.version(key, mark);
            }
            self.read.extend(given);
        }
        Ok(self.read.front().map(|(key, ..)| key))
    }
}

/// Reads both sides, and says where they differ. Neither is held.
pub(super) async fn report(source: SourceContent, target: SourceContent) -> Result<VerificationReport, InputError> {
    let (mut ours, mut theirs) = (VerifiedSide::new(source), VerifiedSide::new(target));
    let mut found = Discrepancies::default();
    loop {
        let order = match (ours.next().await?, theirs.next().await?) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let one = if order == Ordering::Greater { None } else { ours.read.pop_front() };
        let other = if order == Ordering::Less { None } else { theirs.read.pop_front() };
        match (one, other) {
            (Some((key, one, mark)), Some((_, other, their_mark))) => {
                if !mark.is_same(&their_mark) {
                    found.both(&key, &one, &other);
                }
            }
            (Some((key, ..)), None) => found.one_sided(&key, false),
            (None, Some((key, ..))) => found.one_sided(&key, true),
            (None, None) => break,
        }
    }
    Ok(found.report((ours.digest, &ours.rest), (theirs.digest, &theirs.rest)))
}

/// The number of all that is said.
pub(super) async fn summary(said: SourceContent) -> Result<Summary, InputError> {
    let mut side = VerifiedSide::new(said);
    while side.next().await?.is_some() {
        side.read.clear();
    }
    Ok(side.digest.end(&side.rest))
}

fn missing(is_in_target: bool) -> &'static str {
    if is_in_target { "the source does not have it" } else { "the target does not have it" }
}

fn word(is_deleted: bool) -> &'static str {
    if is_deleted { "deleted" } else { "live" }
}

fn shown_id(id: Option<i64>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| id.to_string())
}

fn compare_rest(source: &Rest, target: &Rest, differences: &mut Vec<Discrepancy>) {
    let scopes: BTreeSet<&String> = source.configs.keys().chain(target.configs.keys()).collect();
    for scope in scopes {
        let (one, other) = (source.configs.get(scope), target.configs.get(scope));
        if one != other {
            let shown = |config: Option<&Value>| config.map_or_else(|| "none".to_owned(), Value::to_string);
            let reason = format!("{} in the source, {} in the target", shown(one), shown(other));
            differences.push(Discrepancy { scope: scope.clone(), version: None, what: "config", reason });
        }
    }
    let scopes: BTreeSet<&String> = source.modes.keys().chain(target.modes.keys()).collect();
    for scope in scopes {
        let mode = |rest: &Rest| rest.modes.get(scope).map_or(USUAL, String::as_str).to_owned();
        let (one, other) = (mode(source), mode(target));
        if one != other {
            let reason = format!("{one} in the source, {other} in the target");
            differences.push(Discrepancy { scope: scope.clone(), version: None, what: "mode", reason });
        }
    }
    // what one side can't say anything of is not compared
    if let Some(ours) = &source.keys {
        compare_keys(ours, target.keys.as_ref().unwrap_or(&Keys::default()), differences);
    }
}

fn compare_keys(source: &Keys, target: &Keys, differences: &mut Vec<Discrepancy>) {
    let mut add = |scope: String, what: &'static str, reason: String| {
        differences.push(Discrepancy { scope, version: None, what, reason });
    };
    let names: BTreeSet<&String> = source.keks.keys().chain(target.keks.keys()).collect();
    for name in names {
        let scope = format!("KEK {name}");
        match (source.keks.get(name), target.keks.get(name)) {
            (Some(one), Some(other)) if !one.is_equivalent(other) => {
                let shown = |kek: &keys::StoredKek| Value::Object(kek.body.clone()).to_string();
                add(scope, "kek", format!("{} in the source, {} in the target", shown(one), shown(other)));
            }
            (Some(one), Some(other)) if one.is_deleted != other.is_deleted => {
                let reason = format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted));
                add(scope, "deletion", reason);
            }
            (Some(_), Some(_)) => {}
            (_, other) => add(scope, "kek", missing(other.is_some()).to_owned()),
        }
    }
    let names: BTreeSet<&keys::DekKey> = source.deks.keys().chain(target.deks.keys()).collect();
    for key in names {
        let scope = keys::shown(key);
        match (source.deks.get(key), target.deks.get(key)) {
            (Some(one), Some(other)) if one.material != other.material => {
                add(scope, "dek", "the wrapped keys differ".to_owned());
            }
            (Some(one), Some(other)) if one.is_deleted != other.is_deleted => {
                let reason = format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted));
                add(scope, "deletion", reason);
            }
            (Some(_), Some(_)) => {}
            (_, other) => add(scope, "dek", missing(other.is_some()).to_owned()),
        }
    }
}

/// The canonical text of a schema that refers to nothing.
fn canonical(version: &StoredVersion) -> Option<String> {
    if version.body.contains_key("references") {
        return None;
    }
    let schema_type = version.body.get("schemaType").and_then(Value::as_str).map_or(Some(SchemaType::Avro), SchemaType::parse)?;
    let options = ParseOptions::new(ParseMode::Stored, max_depth(schema_type));
    Parsed::parse(schema_type, &version.text(), &[], &options).ok().map(|parsed| parsed.canonical().to_owned())
}

fn compare(one: &StoredVersion, other: &StoredVersion, add: &mut impl FnMut(&'static str, String)) {
    if one.id != other.id {
        add("id", format!("{} in the source, {} in the target", shown_id(one.id), shown_id(other.id)));
    }
    if one.is_deleted != other.is_deleted {
        add("deletion", format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted)));
    }
    if one.body.get("schema") != other.body.get("schema") && one.text() != other.text() {
        let is_form = canonical(one).is_some_and(|text| canonical(other) == Some(text));
        let reason = if is_form { "the same schema, written in another form" } else { "the texts differ" };
        add("schema", reason.to_owned());
    }
    for key in ["schemaType", "references", "metadata", "ruleSet"] {
        let (a, b) = (one.body.get(key), other.body.get(key));
        if a != b {
            let shown = |value: Option<&Value>| {
                value.map_or_else(|| "none".to_owned(), |value| value.to_string().chars().take(200).collect())
            };
            add(key, format!("{} in the source, {} in the target", shown(a), shown(b)));
        }
    }
    if let (Some(a), Some(b)) = (&one.guid, &other.guid)
        && a != b
    {
        add("guid", format!("{a} in the source, {b} in the target"));
    }
}

impl VerificationReport {
    pub(super) fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// How many there are, on one line.
    pub(super) fn summary(&self) -> String {
        match self.differences.len() {
            0 => "equal".to_owned(),
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        }
    }

    pub(super) fn human(&self) -> String {
        let mut out = String::new();
        for one in self.differences.iter().take(SHOWN) {
            let version = one.version.map_or_else(String::new, |version| format!(" version {version}"));
            let scope = if one.scope.is_empty() { "(the registry)" } else { &one.scope };
            out.push_str(&without_controls(&format!("{scope}{version}: {}: {}", one.what, one.reason)));
            out.push('\n');
        }
        if self.differences.len() > SHOWN {
            // a String takes everything
            let _ = writeln!(out, "and {} more (--json has all)", self.differences.len() - SHOWN);
        }
        for (name, side) in [("source", &self.source), ("target", &self.target)] {
            for withheld in side.withheld.iter().take(SHOWN) {
                out.push_str(&without_controls(&format!("{withheld}: the {name} has it and does not give it")));
                out.push('\n');
            }
            let _ = writeln!(out, "{name}  {}  {}", side.digest, side.counts());
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    pub(super) fn json(&self) -> Value {
        let difference =
            |one: &Discrepancy| json!({ "scope": one.scope, "version": one.version, "what": one.what, "reason": one.reason });
        json!({
            "equal": self.is_equal(),
            "source": self.source.json(),
            "target": self.target.json(),
            "differences": self.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    }
}
