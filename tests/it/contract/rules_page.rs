//! docs/rules.md is made from the engines and from the cases in `tests/vectors/`, and this test holds it to them.
//!
//! `UPDATE_DOCS=1 cargo test --test it -- rules_page` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use accordant::contracts;
use accordant::records::typed_samples;
use accordant::schema::lint::{LintFinding, Severity, fixed};
use accordant::schema::logical::{Engine, EngineRule};
use accordant::schema::{CheckOptions, Direction, Finding, ParseMode, ParseOptions, Parsed};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy, SchemaType};

use crate::contract::vectors::logical::{Change, Condition, Registration, TypeText};
use crate::contract::vectors::{Compatibility, cases};

/// Folder of the cases, schema type, heading, and what is said about the rules of the format.
const FORMATS: [(&str, SchemaType, &str, &str); 3] = [
    ("avro", SchemaType::Avro, "Avro", "The rules of schema resolution, with the names of Avro's Java library."),
    (
        "protobuf",
        SchemaType::Protobuf,
        "Protobuf",
        "Confluent's rules, and after them those that the config key `protobufPolicy` adds, with Buf's names; the example says under which \
         policy.",
    ),
    ("json-schema", SchemaType::Json, "JSON Schema", "Confluent's rules under `compatibilityPolicy` = `STRICT`."),
];

/// Findings that no pair of texts alone can have: the stored schema must be broken.
const WITHOUT_CASE: [&str; 1] = ["UNSUPPORTED_EXTERNAL_REFERENCE"];

const HEAD: &str = "# Rules

Every reason for which a schema is not compatible has the id of a rule. It stands in the messages of the REST API (`errorType`), in the findings of
`?explain=true` and in what `accordant check` prints. This page lists all of them: what the message says, why data breaks, what would help,
and an example at level BACKWARD, where `new` has to read what `old` wrote. It is made from the engines and from
[tests/vectors](../tests/vectors/README.md), which have more examples.
";

const POLICY: &str = "
## All formats

### `DIFFERENT_SCHEMA_TYPE`

The candidate has another schema type than the earlier version, so nothing of one can be compared with the other.

Fix: register the schema under another subject, or set the level to NONE for this one change.

### `RESERVED_FIELD_CONFLICT`

With `validateFields`: a top-level field has a name that the metadata property `confluent:reserved` lists.

Fix: rename the field, or take the name off the list.

### `RESERVED_FIELD_REMOVED`

With `validateFields`: a name that the latest version reserves is no longer on the list.

Fix: keep the name on the list.

### `NO_LOGICAL_TYPE`

Under `compatibilityPolicy` = `LOGICAL`: the candidate has no columns, so no table engine can hold it.

Fix: leave out what the message names, or take another policy.

## Remarks

They stand beside the findings on JSON Schemas and never decide.

### `SEMANTIC_COUNTER_EXAMPLE`

A document that one of the schemas accepts and the other refuses; it proves that the change is not compatible.

### `SEMANTIC_PROVEN_COMPATIBLE`

Every document of the writer is proven to be valid for the reader: the rules are stricter than the meaning of the schemas.
";

fn parsed(schema_type: SchemaType, text: &str) -> Parsed {
    Parsed::parse(schema_type, text, &[], &ParseOptions::new(ParseMode::New, 100))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn findings(schema_type: SchemaType, case: &Compatibility) -> Vec<Finding> {
    let options = CheckOptions {
        direction: Direction::Backward,
        policy: case.policy.as_deref().map_or(CompatibilityPolicy::Strict, |word| CompatibilityPolicy::parse(word).unwrap()),
        protobuf_policy: case
            .protobuf_policy
            .as_deref()
            .map_or(ProtobufPolicy::Default, |word| ProtobufPolicy::parse(word).unwrap()),
        work_budget: 1_000_000,
    };
    let (new, old) = (parsed(schema_type, &case.new), parsed(schema_type, &case.old));
    Parsed::check(&new, &old, &options).unwrap().unwrap()
}

/// The words of a message: without the frame that Confluent puts around them.
fn description(message: &str) -> &str {
    let Some((_, inner)) = message.split_once("description:") else { return message };
    let inner = inner.split("', additionalInfo:").next().unwrap_or(inner);
    inner.trim_start_matches(['\'', '"']).trim_end_matches('}').trim_end_matches(['\'', '"'])
}

/// What Markdown would take for markup or for the end of a line.
fn inline(text: &str) -> String {
    text.replace('\n', " ").replace('<', "&lt;").replace('*', "\\*")
}

fn section(out: &mut String, rule: &str, case: &Compatibility, finding: &Finding) {
    writeln!(out, "\n### `{rule}`\n\n{}\n", inline(description(&finding.message))).unwrap();
    writeln!(out, "Why: {}", inline(&finding.explanation)).unwrap();
    if !finding.remedy.is_empty() {
        writeln!(out, "\nFix: {}", inline(&finding.remedy)).unwrap();
    }
    let policy =
        case.protobuf_policy.as_ref().map_or_else(String::new, |policy| format!(", under `protobufPolicy` = `{policy}`"));
    writeln!(out, "\nExample{policy}: {}.\n\n```text\nold  {}\nnew  {}\n```", case.name, case.old, case.new).unwrap();
}

/// The rules of table engines, with the first case that each is found in.
fn logical_rules(page: &mut String) {
    page.push_str(
        "\n## Table engines\n\nUnder `compatibilityPolicy` = `LOGICAL`: what Flink and Iceberg (format version 2) say about the columns that a \
         schema of any format means to them, and what stands in texts of logical types. [logical.md](logical.md) is about how to use them.\n",
    );
    logical_tables(page);
    let cases: Vec<Change> = cases("logical/compatibility.yaml");
    for rule in EngineRule::ALL.iter().filter(|rule| **rule != EngineRule::UnresolvedTypeRef) {
        let name = rule.as_str();
        let finds = |case: &&Change| case.finds.iter().any(|find| find.split(' ').nth(2) == Some(name));
        let case = cases.iter().find(finds).unwrap_or_else(|| panic!("no case finds {name}"));
        let found = case.finds.iter().filter(|find| find.split(' ').nth(2) == Some(name));
        let engines: BTreeSet<&str> = found.filter_map(|find| find.split(' ').next()).collect();
        let titles: Vec<&str> =
            Engine::ALL.iter().filter(|engine| engines.contains(engine.as_str())).map(|engine| engine.title()).collect();
        let (why, fix) = rule.explain(&titles.join(", and likewise "));
        writeln!(page, "\n### `{name}`\n\nWhy: {}\n\nFix: {}", inline(&why), inline(fix)).unwrap();
        writeln!(page, "\nExample: {}.\n\n```text\nold  {}\nnew  {}\n```", inline(&case.name), case.old, case.new).unwrap();
    }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

/// Code in a cell of a table, on one line.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn table(page: &mut String, heading: &str, about: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    writeln!(page, "\n### {heading}\n\n{about}\n\n| {} |\n|{}", columns.join(" | "), " --- |".repeat(columns.len())).unwrap();
    for row in rows {
        writeln!(page, "| {} |", row.join(" | ")).unwrap();
    }
}

/// What an engine finds in a change: its rules, with where they are found.
fn found_by(case: &Change, engine: Engine) -> String {
    let own = case.finds.iter().filter_map(|find| find.strip_prefix(engine.as_str())?.split_once(' ').map(|(_, rest)| rest));
    let shown: Vec<String> = own
        .map(|find| {
            let mut words = find.splitn(3, ' ');
            let (direction, rule, column) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
            let column = if column.is_empty() { String::new() } else { format!(" at {}", code(column)) };
            let direction = if direction == "forward" { ", forward" } else { "" };
            format!("`{rule}`{column}{direction}")
        })
        .collect();
    shown.join("<br>")
}

/// The rules of table engines and of texts as tables, made from the cases that hold them.
fn logical_tables(page: &mut String) {
    let changes: Vec<Change> = cases("logical/compatibility.yaml");
    let minds = |rule: &EngineRule, engine: &Engine| {
        let name = rule.as_str();
        let is_found = changes.iter().flat_map(|case| &case.finds).any(|find| {
            let mut words = find.split(' ');
            words.next() == Some(engine.as_str()) && words.nth(1) == Some(name)
        });
        if is_found { "yes" } else { "" }.to_owned()
    };
    let rules = EngineRule::ALL.iter().filter(|rule| **rule != EngineRule::UnresolvedTypeRef);
    let of_rule = |rule: &EngineRule| {
        let engines = Engine::ALL.iter().map(|engine| minds(rule, engine));
        std::iter::once(format!("[`{0}`](#{1})", rule.as_str(), rule.as_str().to_lowercase())).chain(engines).collect()
    };
    let titles: Vec<&str> = Engine::ALL.iter().map(|engine| engine.title()).collect();
    let columns: Vec<&str> = std::iter::once("Rule").chain(titles.iter().copied()).collect();
    table(page, "Who minds what", "Which engine finds a rule broken.", &columns, rules.map(of_rule));

    let of_change = |case: &Change| {
        let engines = Engine::ALL.iter().map(|engine| match &case.refused {
            Some(why) => format!("no columns: {}", cell(why)),
            None => found_by(case, *engine),
        });
        std::iter::once(cell(&case.name)).chain(engines).collect()
    };
    let columns: Vec<&str> = std::iter::once("Change").chain(titles.iter().copied()).collect();
    let about = "What each engine finds in a change, backward where nothing else is said; nothing: it goes on.";
    table(page, "Changes of columns", about, &columns, changes.iter().map(of_change));

    let kind = |kind: &Option<String>| kind.as_deref().unwrap_or("AVRO").to_owned();
    let or_why = |given: &Option<String>, why: &Option<String>| match given {
        Some(given) => code(given),
        None => cell(why.as_deref().unwrap_or("")),
    };
    let texts: Vec<TypeText> = cases("logical/types.yaml");
    let of_text =
        |case: &TypeText| vec![cell(&case.name), kind(&case.schema_type), code(&case.schema), or_why(&case.ddl, &case.refused)];
    let about = "What schemas mean: the columns, or why there are none.";
    table(page, "Columns of schemas", about, &["Case", "Format", "Schema", "Columns"], texts.iter().map(of_text));

    let registrations: Vec<Registration> = cases("logical/registration.yaml");
    let of_registration = |case: &Registration| {
        vec![cell(&case.name), kind(&case.schema_type), code(&case.ddl), or_why(&case.stored, &case.refused)]
    };
    let about = "What registered texts become: the schema, or why it is refused.";
    table(page, "Schemas of columns", about, &["Case", "Format", "Text", "Schema"], registrations.iter().map(of_registration));

    let conditions: Vec<Condition> = cases("logical/conditions.yaml");
    let of_condition = |case: &Condition| vec![cell(&case.name), code(&case.ddl), or_why(&case.expr, &case.refused)];
    let about = "What conditions become in CEL, in every format, or why they are refused.";
    table(page, "Conditions", about, &["Case", "Text", "Expression"], conditions.iter().map(of_condition));
}

const LINT: &str = "
## Rules of `accordant lint`

They are about schemas that are valid, and no registry enforces them. Each is `off`, `warn` or `error`, which `accordant.toml` changes:

```toml
[lint.rules]
avro-doc = \"warn\"
avro-namespace = \"off\"
```

`--fix` repairs what says so. Rules about changes need `--against`, a folder or a commit, to compare with.
";

/// What samples tell about the conditions in a schema.
fn of_conditions(parsed: &Parsed) -> Vec<LintFinding> {
    // of a schema without a message there is no data
    let Some((shapes, samples)) = typed_samples(parsed, contracts::SAMPLES, 1) else { return Vec::new() };
    contracts::vacuous(&shapes, &samples, None, None).unwrap()
}

/// The rules of `accordant lint`: each finds its own bad example, and nothing in the good one.
fn lint_rules(page: &mut String) {
    page.push_str(LINT);
    for rule in Parsed::lint_rules().chain(&contracts::LINT_RULES) {
        let before = rule.before.map(|before| parsed(rule.schema_type, before));
        let finds = |text: &str| {
            let parsed = parsed(rule.schema_type, text);
            let found = parsed.lint(before.as_ref());
            found.into_iter().chain(of_conditions(&parsed)).collect::<Vec<_>>()
        };
        let of_rule = |text: &str| finds(text).into_iter().filter(|finding| finding.rule == rule.id).collect::<Vec<_>>();
        let (found, good) = (of_rule(rule.bad), of_rule(rule.good));
        assert!(!found.is_empty() && good.is_empty(), "{}: {found:?} {good:?}", rule.id);
        assert_eq!(rule.is_fixable, found.iter().all(|finding| finding.edit.is_some()), "{}", rule.id);
        if rule.is_fixable {
            let repaired = fixed(rule.bad, &found);
            assert!(of_rule(&repaired).is_empty(), "{repaired}");
        }
        let default = match rule.default {
            Severity::Off => "off",
            Severity::Warn => "warn",
            Severity::Error => "error",
        };
        let repairs = if rule.is_fixable { " `--fix` repairs it." } else { "" };
        writeln!(page, "\n### `{}`\n\nBy default: {default}.{repairs}", rule.id).unwrap();
        writeln!(page, "\nWhy: {}\n\nFix: {}\n\n```text", inline(rule.why), inline(rule.fix)).unwrap();
        if let Some(before) = rule.before {
            writeln!(page, "old   {before}").unwrap();
        }
        writeln!(page, "bad   {}\ngood  {}\n```", rule.bad, rule.good).unwrap();
    }
}

#[test]
fn every_rule_has_a_case_and_stands_in_the_documentation() {
    let mut page = HEAD.to_owned();
    for (folder, schema_type, heading, about) in FORMATS {
        let cases: Vec<Compatibility> = cases(&format!("{folder}/compatibility.yaml"));
        let mut examples: BTreeMap<String, (&Compatibility, Finding)> = BTreeMap::new();
        for case in &cases {
            for finding in findings(schema_type, case) {
                examples.entry(finding.rule.to_owned()).or_insert((case, finding));
            }
        }
        let rules: BTreeSet<&str> = Parsed::rules(schema_type).into_iter().filter(|rule| !WITHOUT_CASE.contains(rule)).collect();
        let shown: BTreeSet<&str> = examples.keys().map(String::as_str).collect();
        assert_eq!(shown, rules, "the findings of {folder}/compatibility.yaml and the rules of the format");
        let named = cases.iter().flat_map(|case| case.breaks.iter().chain(&case.rules)).map(String::as_str);
        assert!(named.collect::<BTreeSet<_>>().is_superset(&rules));
        write!(page, "\n## {heading}\n\n{about}\n").unwrap();
        for (rule, (case, finding)) in &examples {
            section(&mut page, rule, case, finding);
        }
    }
    logical_rules(&mut page);
    page.push_str(POLICY);
    lint_rules(&mut page);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/rules.md is not what the engines say; UPDATE_DOCS=1 writes it anew");
}
