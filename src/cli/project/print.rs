//! What a plan says, for people and for pull requests.

use serde_json::Value;
use std::fmt::Write as _;

use super::plan::{ConfigChange, Deletion, Plan, PlannedRegistration};
use super::planner::PlanResult;
use crate::cli::check::markdown::{code, text};
use crate::cli::check::style::{self, styled, without_controls};
use crate::cli::check::{human_findings, markdown_findings};

/// How many subjects are named that no file has.
const NAMED: usize = 10;

/// A line of the plan: what is done, to which subject, and what there is to say.
struct Line {
    sign: &'static str,
    style: &'static str,
    subject: String,
    what: String,
}

fn lines(plan: &Plan) -> Vec<Line> {
    let mut lines = Vec::new();
    for change in &plan.configs {
        let held = if change.held_back { " (held back: --enable-configs)" } else { "" };
        let subject = change.subject.clone().unwrap_or_else(|| "(the registry)".to_owned());
        lines.push(Line { sign: "~", style: style::NOTE, subject, what: format!("{}{held}", settings(change)) });
    }
    for one in &plan.registrations {
        let (sign, style) = if one.refusals.is_empty() { ("+", style::GOOD) } else { ("!", style::ERROR) };
        lines.push(Line { sign, style, subject: one.subject.clone(), what: format!("{}  {}", registration(one), one.file) });
    }
    for one in plan.deletions() {
        let (sign, style) = if one.referred_by.is_empty() { ("-", style::NOTE) } else { ("!", style::ERROR) };
        lines.push(Line { sign, style, subject: one.subject.clone(), what: deletion(one) });
    }
    lines.extend(strangers(plan));
    for one in &plan.old {
        if let Some(difference) = &one.difference {
            let what = format!("version {}: {difference}  {}", one.version, one.file);
            lines.push(Line { sign: "?", style: style::NOTE, subject: one.subject.clone(), what });
        }
    }
    for one in &plan.unchanged {
        if let Some(later) = one.later {
            let what = format!("the file is version {}; version {later} is in no file  {}", one.version, one.file);
            lines.push(Line { sign: "?", style: style::NOTE, subject: one.subject.clone(), what });
        }
    }
    lines
}

/// Subjects that no file has, in one line: there may be many, and nothing is done about them.
fn strangers(plan: &Plan) -> Option<Line> {
    let held: Vec<&str> = plan.deletions.iter().filter(|one| one.held_back).map(|one| one.subject.as_str()).collect();
    let (first, more) = (held.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "), held.len().saturating_sub(NAMED));
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let what = format!("no file has {first}{more} (they stay, without --enable-deletes)");
    let subject = if held.len() == 1 { "(1 subject)".to_owned() } else { format!("({} subjects)", held.len()) };
    (!held.is_empty()).then_some(Line { sign: "?", style: style::NOTE, subject, what })
}

fn registration(one: &PlannedRegistration) -> String {
    let version = match (one.version, one.seen.versions.is_empty()) {
        (_, true) => "new subject".to_owned(),
        (Some(version), _) => format!("version {version}"),
        (None, _) => "new version".to_owned(),
    };
    if one.refusals.is_empty() { version } else { format!("{version} refused: {}", one.refusals.join("; ")) }
}

fn settings(change: &ConfigChange) -> String {
    let word = |value: Option<&Value>| match value {
        None => "(none)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let set = change.set.as_object().into_iter().flatten();
    let seen = |key: &str| change.seen.as_ref().and_then(|seen| seen.get(key));
    let all: Vec<String> = set.map(|(key, value)| format!("{key}: {} -> {}", word(seen(key)), word(Some(value)))).collect();
    all.join(", ")
}

fn deletion(one: &Deletion) -> String {
    let versions = match one.seen.versions.len() {
        1 => "1 version".to_owned(),
        n => format!("{n} versions"),
    };
    if one.referred_by.is_empty() {
        return format!("no file has it: delete {versions}");
    }
    format!("{versions} can't be deleted: {} refers to it", one.referred_by.join(", "))
}

/// For people: what speaks against it, then what is to be done, then the sum.
pub(super) fn human(planned: &PlanResult, name: &str) -> String {
    let PlanResult { plan, outcomes } = planned;
    let mut out: String = outcomes.iter().map(human_findings).collect();
    let lines = lines(plan);
    let width = lines.iter().map(|line| line.subject.chars().count()).max().unwrap_or(0).min(50);
    for line in &lines {
        let subject = without_controls(&line.subject);
        let sign = styled(line.style, line.sign);
        let _ = writeln!(out, "{sign} {subject:width$}  {}", without_controls(&line.what).replace('\n', " "));
    }
    if !lines.is_empty() {
        out.push('\n');
    }
    let style = if plan.is_refused() { style::ERROR } else { style::GOOD };
    out.push_str(&styled(style, &format!("{name} for {}: {}", plan.registry, plan.sum())));
    out.push('\n');
    out
}

/// For the comment of a pull request.
pub(super) fn markdown(planned: &PlanResult, name: &str) -> String {
    let PlanResult { plan, outcomes } = planned;
    let mut out = format!("### {} for {}: {}\n", text(name), text(&plan.registry), text(&plan.sum()));
    let lines = lines(plan);
    if !lines.is_empty() {
        out.push_str("\n| | Subject | |\n| --- | --- | --- |\n");
    }
    for line in &lines {
        let sign = match line.sign {
            "!" => "❌",
            "+" => "➕",
            "-" => "➖",
            "~" => "✏️",
            _ => "⚠️",
        };
        let _ = writeln!(out, "| {sign} | {} | {} |", code(&line.subject), text(&line.what));
    }
    for outcome in outcomes {
        let summary = text(outcome.new.name());
        let _ = write!(out, "\n<details><summary>{summary}</summary>\n{}\n</details>\n", markdown_findings(outcome));
    }
    out
}
