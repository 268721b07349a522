//! Rules of data contracts: verdicts on the table that the Python client was run on (`tests/clients/python/test_rules.py`).

use std::path::Path;

use accordant::contracts::{Phase, RunOptions, run};
use accordant::records::{DecodeOptions, EncodeOptions, encode, typed};
use accordant::schema::payload::{Effort, Work};
use accordant::schema::{ParseMode, ParseOptions, Parsed, PayloadValidator};
use accordant::types::{JavaStr, Rule, RuleKind, RuleMode, RuleSet, SchemaType};
use serde_json::Value;

fn table() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rules/cel.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn rule(group: &Value, expr: &str) -> RuleSet {
    let tags = group["tags"].as_array().map(|tags| tags.iter().map(|tag| JavaStr::from(tag.as_str().unwrap())).collect());
    let rule = Rule {
        name: Some("r".to_owned()),
        doc: None,
        kind: Some(RuleKind::Condition),
        mode: Some(RuleMode::Read),
        rule_type: group["type"].as_str().map(str::to_owned),
        tags,
        params: None,
        expr: Some(expr.to_owned()),
        on_success: None,
        on_failure: None,
        disabled: false,
    };
    RuleSet { domain_rules: Some(vec![rule]), ..RuleSet::default() }
}

#[test]
fn verdicts_are_those_of_the_python_client() {
    let table = table();
    let (mut count, mut faults) = (0, Vec::new());
    for group in table["groups"].as_array().unwrap() {
        let schema = &table["schemas"][group["schema"].as_str().unwrap()];
        let text = schema["text"].as_str().map_or_else(|| schema["schema"].to_string(), str::to_owned);
        let schema_type: SchemaType = schema["type"].as_str().unwrap().parse().unwrap();
        let parsed = Parsed::parse(schema_type, &text, &[], &ParseOptions::new(ParseMode::New, 100)).unwrap();
        let payload = PayloadValidator::prepare(&parsed, true, None).unwrap();
        let record = table["records"][group["record"].as_str().unwrap()].to_string();
        let mut work = Work::new(Effort::Full, None);
        let encoded = encode(&payload, &record, &EncodeOptions::default(), &mut work).unwrap();
        let data = typed(&payload, &parsed, &encoded.bytes, &DecodeOptions::default(), &mut work).unwrap();
        for (expr, verdict) in group["cases"].as_object().unwrap() {
            let rules = rule(group, expr);
            let now = 1_800_000_000_000_000;
            let options =
                RunOptions { phase: Phase::Read, rule_set: Some(&rules), metadata: None, now, inline: false, jsonata: None };
            let (report, _) = run(&data.shapes, &data.data, options).unwrap();
            let found: &str = report.rules[0].outcome.into();
            count += 1;
            if found != verdict.as_str().unwrap() {
                faults.push(format!("{}, {}: {expr}: {found}, not {verdict}", group["record"], group["type"]));
            }
        }
    }
    assert!(count >= 300, "{count}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Nothing is asserted but that each ends: by a value, a refusal, or with the allowance spent.
#[test]
fn no_text_makes_an_expression_recurse_or_multiply_at_will() {
    let repeated = |text: &str| text.repeat(16_000 / text.len());
    for text in [
        "(", "!", "-", "[", "{1:", "a.", "a[", "a?b:", "f(", "a||", "a&&", "1+", "'", "\\", "has(", "\u{e9}", "//", "0x", "1e",
        "b'",
    ] {
        accordant::contracts::exercise(&repeated(text));
    }
    let nested = (0..15).fold("this".to_owned(), |text, _| format!("[1,2,3,4,5,6,7,8,9].map(x, {text})"));
    accordant::contracts::exercise(&nested);
    let doubled = (0..15).fold("this".to_owned(), |text, _| format!("[{text}].map(x, x + x + x + x)[0]"));
    accordant::contracts::exercise(&doubled);
    accordant::contracts::exercise(r"this.matches('(\\pL{1000}){1000}')");
    accordant::contracts::exercise("'%.999999999f%.999999999e'.format([1.0, 2.0])");
    accordant::contracts::exercise("timestamp(9223372036854775807, 0) + duration('999999999999h')");
    accordant::contracts::exercise("-9223372036854775808 / -1 + -(-9223372036854775808)");
}
