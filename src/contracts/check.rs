//! What can't be right about the rules of a schema, whatever the data.

use std::collections::BTreeSet;

use super::cel::{CompileError, KnownType, MAX_EXPRESSION_BYTES, Program};
use super::fields::{is_about, is_primitive};
use super::jsonata::{Jsonata, JsonataError};
use super::rule::{CompileFailure, ExprError, Guarded, JSONATA, is_condition, is_repeated, position, type_of};
use super::tags;
use crate::schema::Position;
use crate::schema::meter::Exhausted;
use crate::schema::typed::{DataType, FieldShape, InlineRule, LeafKind, Shapes};
use crate::types::{Metadata, Rule, RuleSet};

/// Something that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleIssue {
    /// Its name; of a check in the schema, where it stands and its name.
    pub rule: String,
    pub message: String,
    /// Where in its expression.
    pub position: Option<Position>,
}

impl std::fmt::Display for RuleIssue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule '{}': {}", self.rule, self.message)?;
        match self.position {
            Some(position) => write!(f, " at line {}, column {} of its expression", position.line, position.column),
            None => Ok(()),
        }
    }
}

/// Types of rules that official clients know.
const TYPES: [&str; 6] = ["CEL", "CEL_FIELD", "JSONATA", "ENCRYPT", "ENCRYPT_PAYLOAD", "REDACT"];
/// Actions that they know.
const ACTIONS: [&str; 3] = ["NONE", "ERROR", "DLQ"];
/// Issues that are listed.
const MAX_ISSUES: usize = 100;
/// How often a type is looked into, where names are paths.
const MAX_TIMES: usize = 4;

/// Checks a rule set, and the checks that stand in the schema. Expressions of JSONATA are read where something is there that reads them.
///
/// # Errors
/// The request has spent what it may spend.
pub fn check(
    shapes: &Shapes,
    rule_set: Option<&RuleSet>,
    metadata: Option<&Metadata>,
    jsonata: Option<&dyn Jsonata>,
) -> Result<Vec<RuleIssue>, Exhausted> {
    let mut checker = RuleChecker { shapes, metadata, fields: Vec::new(), issues: Vec::new() };
    checker.fields = checker.fields();
    if let Some(set) = rule_set {
        let lists = [(&set.migration_rules, true), (&set.domain_rules, false), (&set.encoding_rules, false)];
        for (rules, is_migration) in lists {
            for rule in rules.iter().flatten() {
                checker.rule(rule, is_migration)?;
            }
        }
    }
    checker.issues.extend(order_issues(rule_set.and_then(|set| set.domain_rules.as_deref()).unwrap_or_default()));
    if let Some(engine) = jsonata {
        checker.issues.extend(jsonata_issues(rule_set, engine));
    }
    checker.inline()?;
    checker.issues.truncate(MAX_ISSUES);
    Ok(checker.issues)
}

/// Rules that come to nothing where they stand: data is written in the order of the list, and read in the opposite one.
fn order_issues(rules: &[Rule]) -> Vec<RuleIssue> {
    let shares_tag =
        |one: &Rule, other: &Rule| one.tags.iter().flatten().any(|tag| other.tags.iter().flatten().any(|own| own == tag));
    let mut issues = Vec::new();
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.disabled && type_of(rule) == "CEL_FIELD") {
        let mut earlier = rules.iter().take(at).filter(|other| !other.disabled);
        let sealed = earlier.clone().find(|other| type_of(other) == "ENCRYPT" && shares_tag(rule, other));
        let repeated = earlier.find(|other| is_repeated(rule, other));
        let name = |rule: &Rule| rule.name.clone().unwrap_or_default();
        let mut add = |message: String| issues.push(RuleIssue { rule: name(rule), message, position: None });
        if let Some(other) = sealed {
            add(format!(
                "it is given what rule '{}' has encrypted, in both directions; it has to stand before that",
                name(other)
            ));
        }
        if let Some(other) = repeated {
            add(format!("no client runs it, for rule '{}' transforms fields with the same tags", name(other)));
        }
    }
    issues
}

/// What is wrong with expressions of JSONATA. All of them are handed over at once.
fn jsonata_issues(rule_set: Option<&RuleSet>, engine: &dyn Jsonata) -> Vec<RuleIssue> {
    let rules: Vec<&Rule> = rule_set.into_iter().flat_map(RuleSet::rules).filter(|rule| type_of(rule) == JSONATA).collect();
    let issue = |rule: &Rule, message: String| RuleIssue { rule: rule.name.clone().unwrap_or_default(), message, position: None };
    let (long, short): (Vec<&Rule>, Vec<&Rule>) =
        rules.into_iter().partition(|rule| expression(rule).len() > MAX_EXPRESSION_BYTES);
    let too_long = format!("its expression is longer than {MAX_EXPRESSION_BYTES} bytes");
    let mut issues: Vec<RuleIssue> = long.into_iter().map(|rule| issue(rule, too_long.clone())).collect();
    // that there is none is said already
    let read: Vec<&Rule> = short.into_iter().filter(|rule| !expression(rule).trim().is_empty()).collect();
    let expressions: Vec<&str> = read.iter().map(|rule| expression(rule)).collect();
    match engine.check(&expressions) {
        Ok(found) => {
            let wrong = read.iter().zip(found).filter_map(|(rule, wrong)| Some(issue(rule, format!("JSONata: {}", wrong?))));
            issues.extend(wrong);
        }
        Err(JsonataError::Stopped(why)) => issues.extend(read.first().map(|rule| issue(rule, why.to_owned()))),
        // nothing is said about what could not be read here; clients read it
        Err(JsonataError::Wrong(_) | JsonataError::Unavailable(_)) => {}
    }
    issues
}

fn expression(rule: &Rule) -> &str {
    rule.expr.as_deref().unwrap_or("")
}

struct RuleChecker<'c> {
    shapes: &'c Shapes,
    metadata: Option<&'c Metadata>,
    fields: Vec<(String, &'c FieldShape)>,
    issues: Vec<RuleIssue>,
}

impl<'c> RuleChecker<'c> {
    /// All fields with their full names. Where names are paths, types that contain themselves have no end of them; some are enough.
    fn fields(&self) -> Vec<(String, &'c FieldShape)> {
        let mut found = Vec::new();
        let mut seen = vec![0_usize; self.shapes.records.len()];
        let mut waiting = vec![(&self.shapes.root, self.shapes.root_path.to_owned())];
        while let Some((ty, path)) = waiting.pop() {
            match ty {
                DataType::List(inner) | DataType::Map(inner) => waiting.push((inner, path)),
                DataType::Union(branches) => waiting.extend(branches.iter().map(|branch| (branch, path.clone()))),
                DataType::Record(at) => {
                    let (Some(shape), Some(times)) = (self.shapes.records.get(*at), seen.get_mut(*at)) else { continue };
                    *times += 1;
                    if *times > MAX_TIMES {
                        continue;
                    }
                    for field in &shape.fields {
                        let by_path = field.full_name.is_empty();
                        let full = if by_path { format!("{path}.{}", field.name) } else { field.full_name.clone() };
                        waiting.push((&field.ty, full.clone()));
                        if by_path || *times == 1 {
                            found.push((full, field));
                        }
                    }
                }
                DataType::Any | DataType::Leaf { .. } | DataType::Wrapper(_) => {}
            }
        }
        found
    }

    fn rule(&mut self, rule: &Rule, is_migration: bool) -> Result<(), Exhausted> {
        let name = rule.name.clone().unwrap_or_default();
        let mut add = |message: String| self.issues.push(RuleIssue { rule: name.clone(), message, position: None });
        let rule_type = type_of(rule);
        if !TYPES.contains(&rule_type.as_str()) {
            add(format!("no official client runs rules of type '{rule_type}'; they run {}", TYPES.join(", ")));
        }
        for (member, actions) in [("onSuccess", &rule.on_success), ("onFailure", &rule.on_failure)] {
            let listed: Vec<&str> = actions.iter().flat_map(|actions| actions.split(',')).map(str::trim).collect();
            if listed.len() > 2 {
                add(format!("{member} has more than two actions"));
            }
            for action in listed.iter().filter(|action| !action.is_empty() && !ACTIONS.contains(action)) {
                add(format!("{member}: no official client has the action '{action}'; they have {}", ACTIONS.join(", ")));
            }
        }
        let is_expression = matches!(rule_type.as_str(), "CEL" | "CEL_FIELD" | "JSONATA");
        if is_expression && rule.expr.as_deref().unwrap_or("").trim().is_empty() {
            add("it has no expression".to_owned());
            return Ok(());
        }
        let has_tags = rule.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        let is_tagged = |(name, field): &&(String, &FieldShape)| is_about(rule, &tags::of(name, &field.tags, self.metadata));
        let tagged: Vec<&FieldShape> = self.fields.iter().filter(is_tagged).map(|(_, field)| *field).collect();
        if has_tags && tagged.is_empty() && !is_migration {
            let listed: Vec<&str> = rule.tags.iter().flatten().map(|tag| tag.0.as_str()).collect();
            let message = format!("no field has any of its tags: {}", listed.join(", "));
            self.issues.push(RuleIssue { rule: name.clone(), message, position: None });
        }
        match rule_type.as_str() {
            "CEL" => {
                // a migration is given data of another version
                let message = if is_migration { KnownType::Any } else { KnownType::of(&self.shapes.root) };
                self.expression(rule, &name, |_| vec![("message", message.clone()), ("now", NOW)])
            }
            "CEL_FIELD" => {
                let value = |has_guard: bool| if has_guard { KnownType::Any } else { common(&tagged) };
                self.expression(rule, &name, |has_guard| {
                    vec![
                        ("value", value(has_guard)),
                        ("fullName", TEXT),
                        ("name", TEXT),
                        ("typeName", TEXT),
                        ("tags", KnownType::List(Box::new(TEXT))),
                        ("message", KnownType::Any),
                        ("now", NOW),
                    ]
                })
            }
            _ => Ok(()),
        }
    }

    fn expression(
        &mut self,
        rule: &Rule,
        name: &str,
        variables: impl FnOnce(bool) -> Vec<(&'static str, KnownType)>,
    ) -> Result<(), Exhausted> {
        let mut add = |error: ExprError| {
            let ExprError { message, position } = error;
            self.issues.push(RuleIssue { rule: name.to_owned(), message, position: Some(position) });
        };
        let text = rule.expr.as_deref().unwrap_or("");
        let expr = match Guarded::compile(text) {
            Ok(expr) => expr,
            Err(CompileFailure::Exhausted) => return Err(Exhausted::Work),
            Err(CompileFailure::Wrong(error)) => {
                add(error);
                return Ok(());
            }
        };
        let (found, known) = expr.check(self.shapes, &variables(expr.has_guard()));
        let is_right = found.is_empty();
        found.into_iter().for_each(&mut add);
        if is_right && is_condition(rule) && !matches!(known, KnownType::Any | KnownType::Kind(LeafKind::Bool)) {
            add(ExprError {
                message: format!("a condition gives bool, and this gives {}", known.word()),
                position: position(text, 0),
            });
        }
        Ok(())
    }

    /// The checks that stand in the schema.
    fn inline(&mut self) -> Result<(), Exhausted> {
        for (at, shape) in self.shapes.records.iter().enumerate() {
            for rule in &shape.rules {
                self.inline_rule(rule, &shape.name, KnownType::Record(at, false))?;
            }
            for field in &shape.fields {
                for rule in &field.rules {
                    self.inline_rule(rule, &field.full_name, present(&field.ty))?;
                }
            }
        }
        Ok(())
    }

    fn inline_rule(&mut self, rule: &InlineRule, place: &str, this: KnownType) -> Result<(), Exhausted> {
        let name = format!("{place}: {}", rule.name.as_deref().unwrap_or("unnamed"));
        let mut add = |message: String, position: Option<Position>| {
            self.issues.push(RuleIssue { rule: name.clone(), message, position });
        };
        let text = rule.expr.as_deref().unwrap_or("");
        if text.trim().is_empty() {
            add("it has no expression".to_owned(), None);
            return Ok(());
        }
        let program = match Program::compile(text) {
            Ok(program) => program,
            Err(CompileError::Exhausted) => return Err(Exhausted::Work),
            Err(CompileError::Parse(error)) => {
                add(error.message, Some(position(text, error.at)));
                return Ok(());
            }
        };
        let (issues, known) = program.check(self.shapes, &[("this", this), ("now", NOW)]);
        let is_right = issues.is_empty();
        for issue in issues {
            add(issue.message, Some(position(text, issue.at)));
        }
        if is_right && !matches!(known, KnownType::Any | KnownType::Kind(LeafKind::Bool | LeafKind::String)) {
            add(format!("a check gives bool or string, and this gives {}", known.word()), Some(position(text, 0)));
        }
        Ok(())
    }
}

const NOW: KnownType = KnownType::Kind(LeafKind::Timestamp);
const TEXT: KnownType = KnownType::Kind(LeafKind::String);

/// The type of a value that is not null.
fn present(ty: &DataType) -> KnownType {
    match ty {
        DataType::Union(branches) => {
            let is_null = |ty: &&DataType| matches!(ty, DataType::Leaf { kind: LeafKind::Null, .. });
            let others: Vec<&DataType> = branches.iter().filter(|ty| !is_null(ty)).collect();
            match others.as_slice() {
                [only] => KnownType::of(only),
                _ => KnownType::Any,
            }
        }
        other => KnownType::of(other),
    }
}

/// The one type that the values of all these fields have, if it is one.
fn common(fields: &[&FieldShape]) -> KnownType {
    let mut kinds: BTreeSet<&'static str> = BTreeSet::new();
    let mut found = KnownType::Any;
    for field in fields {
        let leaf = match &field.ty {
            DataType::List(inner) | DataType::Map(inner) => inner,
            other => other,
        };
        match leaf {
            DataType::Leaf { word, .. } if is_primitive(word) => {
                found = KnownType::of(leaf);
                kinds.insert(found.word());
            }
            // clients do not hand these to rules; what is in them are fields of their own
            DataType::Leaf { .. } | DataType::Record(_) => {}
            _ => return KnownType::Any,
        }
    }
    if kinds.len() == 1 { found } else { KnownType::Any }
}
