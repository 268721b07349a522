//! Inputs that are large, deep or twisted on purpose: every answer comes soon and on a small stack.

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{ParseMode, ParseOptions};
use std::fmt::Write as _;

use super::{DEPTH, findings, lax, read, record, references, refusal, strict};

/// Runs on the stack of a worker thread. What is exponential never ends, which the test runner's own patience tells.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test);
    if let Err(panic) = thread.unwrap_or_else(|error| panic!("{error}")).join() {
        std::panic::resume_unwind(panic);
    }
}

fn arrays(depth: usize) -> String {
    format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(depth), "}".repeat(depth))
}

fn records(depth: usize) -> String {
    let mut text = String::new();
    for at in 0..depth {
        let _ = write!(text, r#"{{"type":"record","name":"R{at}","fields":[{{"name":"f","type":"#);
    }
    text.push_str("\"int\"");
    text.push_str(&"}]}".repeat(depth));
    text
}

#[test]
fn deep_texts_are_refused_with_a_reason() {
    on_small_stack(|| {
        for text in
            [arrays(10_000), records(10_000), "[".repeat(10_000), r#"{"type":"int","p":"#.to_owned() + &"[".repeat(10_000)]
        {
            for limit in [DEPTH, usize::MAX] {
                let error = Schema::parse(&text, &[], &ParseOptions::new(ParseMode::New, limit)).expect_err("too deep");
                assert!(error.message.contains("nesting depth (1001) exceeds the maximum allowed (1000)"), "{error}");
            }
        }
    });
}

#[test]
fn what_is_just_allowed_works_in_every_way() {
    on_small_stack(|| {
        let deep_value = format!(r#"{{"type":"int","p":{}{}}}"#, "[".repeat(999), "]".repeat(999));
        let deep_default =
            record(&format!(r#"{{"name":"a","type":{},"default":{}{}}}"#, arrays(900), "[".repeat(900), "]".repeat(900)));
        for text in [arrays(1_000), records(333), deep_value, deep_default] {
            let schema = strict(&text);
            let same = strict(schema.canonical());
            assert!(schema.equivalent(&same));
            assert!(schema.normalized().is_ok() && schema.tags().is_empty() && schema.weight() > 0);
            assert!(findings(&schema, &same).is_empty());
        }
        let (reader, writer) = (records(333), records(333).replace("\"int\"", "\"string\""));
        assert_eq!(findings(&lax(&reader), &lax(&writer)).len(), 1);
    });
}

#[test]
fn definitions_that_would_move_too_deep_are_refused() {
    on_small_stack(|| {
        // a flat text, but each type is first used inside the one before
        let chain = |count: usize| {
            let mut text = String::from("[");
            for at in 0..count {
                let _ = write!(text, r#"{{"type":"record","name":"R{at}","fields":[{{"name":"f","type":"R{}"}}]}},"#, at + 1);
            }
            let _ = write!(text, r#"{{"type":"fixed","name":"R{count}","size":1}}]"#);
            text
        };
        assert!(strict(&chain(300)).canonical().starts_with("[{"));
        let error = read(&chain(50_000), ParseMode::New).expect_err("too deep");
        assert!(error.message.contains("nested deeper"), "{error}");
    });
}

#[test]
fn chains_of_references_are_walked_without_recursion() {
    on_small_stack(|| {
        // every text is harmless, together they are 100,000 types deep
        let texts: Vec<String> = (0..1_000)
            .map(|text| {
                let mut out = String::from("[");
                for at in 0..100 {
                    let this = text * 100 + at;
                    let inner = if this == 0 { "int".to_owned() } else { format!("R{}", this - 1) };
                    let _ = write!(out, r#"{{"type":"record","name":"R{this}","fields":[{{"name":"f","type":"{inner}"}}]}},"#);
                }
                out.push_str("\"null\"]");
                out
            })
            .collect();
        let with_root: Vec<&str> = texts
            .iter()
            .map(String::as_str)
            .chain([r#"{"type":"record","name":"Top","fields":[{"name":"f","type":"R99999"}]}"#])
            .collect();
        let parse =
            || Schema::parse(r#""Top""#, &references(&with_root), &ParseOptions::new(ParseMode::New, DEPTH)).expect("flat");
        let (a, b) = (parse(), parse());
        assert_eq!(a.canonical(), r#""Top""#);
        assert!(a.equivalent(&b) && findings(&a, &b).is_empty() && a.tags().is_empty());
        assert!(a.formatted("resolved").is_some_and(|text| text.is_err()));
    });
}

#[test]
fn a_hundred_thousand_fields_are_compared_in_time() {
    on_small_stack(|| {
        let fields = |range: std::ops::Range<u32>, ty: &str| {
            let list: Vec<String> = range.map(|at| format!(r#"{{"name":"f{at}","type":"{ty}"}}"#)).collect();
            record(&list.join(","))
        };
        let (a, b) = (strict(&fields(0..100_000, "int")), strict(&fields(50_000..150_000, "long")));
        assert!(findings(&a, &a).is_empty());
        assert_eq!(findings(&a, &b).len(), 5_000, "the others are not listed");
        assert!(!a.equivalent(&b) && a.equivalent(&strict(a.canonical())));
    });
}

#[test]
fn ten_thousand_branches_are_matched_in_time() {
    on_small_stack(|| {
        let union = |from: u32| {
            let list: Vec<String> = (from..from + 10_000)
                .map(|at| format!(r#"{{"type":"record","name":"B{at}","fields":[{{"name":"f","type":"int"}}]}}"#))
                .collect();
            format!("[{}]", list.join(","))
        };
        let (a, b) = (strict(&union(0)), strict(&union(5_000)));
        assert!(findings(&a, &a).is_empty());
        let found = findings(&a, &b);
        assert_eq!(found.len(), 5_000);
        assert_eq!(found.first().map(|f| f.path.as_str()), Some("/5000"));
    });
}

#[test]
fn names_of_a_megabyte_are_not_copied_for_every_type() {
    on_small_stack(|| {
        let long = "n".repeat(1 << 20);
        let text = |size: u32| {
            let fields: Vec<String> = (0..2_000)
                .map(|at| {
                    format!(
                        r#"{{"name":"f{at}","type":{{"type":"fixed","name":"F{at}","aliases":["A{at}","B{at}"],"size":{size}}}}}"#
                    )
                })
                .collect();
            format!(r#"{{"type":"record","name":"R","namespace":"{long}","fields":[{}]}}"#, fields.join(","))
        };
        let (a, b) = (strict(&text(1)), strict(&text(2)));
        assert!(a.equivalent(&strict(a.canonical())) && !a.equivalent(&b));
        assert_eq!(findings(&a, &b).len(), 2_000);
        assert!(a.normalized().is_ok_and(|text| text.len() < 2 << 20));
        let odd = record(&format!(r#"{{"name":"{long}","type":"int"}},{{"name":"{long}","type":"int"}}"#));
        assert_eq!(refusal(&odd).replace(&long, "N"), "Duplicate field N in record R: N type:INT pos:1 and N type:INT pos:0.");
    });
}

/// A ring of records, each pointing to the next.
fn ring(size: usize, leaf: &str) -> Schema {
    let mut text = String::from("[");
    for at in 0..size {
        let next = (at + 1) % size;
        let _ = write!(
            text,
            r#"{}{{"type":"record","name":"n{at}.R","fields":[{{"name":"f","type":["null","n{next}.R"]}},{{"name":"g","type":"{leaf}"}}]}}"#,
            if at == 0 { "" } else { "," }
        );
    }
    text.push(']');
    lax(&text)
}

#[test]
fn rings_of_different_size_meet_in_every_pair() {
    on_small_stack(|| {
        assert!(findings(&ring(97, "int"), &ring(101, "int")).is_empty());
        assert!(!findings(&ring(97, "int"), &ring(101, "string")).is_empty());
        // deep enough to exhaust any stack, wide enough to exhaust the budget
        let list = |size: usize| {
            let nested = |at: usize| {
                format!(r#"{{"type":"record","name":"n{at}.R","fields":[{{"name":"f","type":"n{}.R"}}]}}"#, (at + 1) % size)
            };
            let texts: Vec<String> = (0..size).map(nested).collect();
            format!("[{}]", texts.join(","))
        };
        // written out, a ring is nested as deep as it is long
        let error = read(&list(5_000), ParseMode::Stored).expect_err("too deep");
        assert_eq!(error.message, "the schema written out is nested deeper than the maximum allowed (1000)");
        assert!(lax(&list(250)).canonical().starts_with("[{"));
    });
}

#[test]
fn results_that_multiply_are_cut_off() {
    on_small_stack(|| {
        // each type uses the one before twice, so one difference counts 2^40 times
        let doubling = |leaf: &str| {
            let mut text = format!(r#"[{{"type":"record","name":"R0","fields":[{{"name":"a","type":"{leaf}"}}]}}"#);
            for at in 1..=40 {
                let _ = write!(
                    text,
                    r#",{{"type":"record","name":"R{at}","fields":[{{"name":"a","type":"R{0}"}},{{"name":"b","type":"R{0}"}}]}}"#,
                    at - 1
                );
            }
            text.push(']');
            text
        };
        let top = |leaf: &str| {
            let text = doubling(leaf);
            Schema::parse(r#"{"type":"array","items":"R40"}"#, &references(&[&text]), &ParseOptions::new(ParseMode::New, DEPTH))
                .expect("valid")
        };
        assert!(findings(&top("int"), &top("int")).is_empty());
        // the verdict stands, and nobody would read on
        assert_eq!(findings(&top("int"), &top("string")).len(), 5_000);
    });
}

#[test]
fn defaults_can_not_be_searched_for_ever() {
    on_small_stack(|| {
        // two branches per level that both fit until the very last value
        let text = record(
            r#"{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"u","type":["null",
                {"type":"record","name":"A","fields":[{"name":"f","type":{"type":"array","items":["null","A","B"]}}]},
                {"type":"record","name":"B","fields":[{"name":"f","type":{"type":"array","items":["null","A","B"]}}]}]}]}}"#,
        );
        let value = r#"{"f":["#.repeat(200) + "7" + &"]}".repeat(200);
        let text =
            format!(r#"[{text},{{"type":"record","name":"T","fields":[{{"name":"d","type":["A","B"],"default":{value}}}]}}]"#);
        let error = read(&text, ParseMode::New).expect_err("no such default");
        assert!(error.message.contains("takes too long"), "{:.200}", error.message);
        assert!(read(&text, ParseMode::Stored).is_ok_and(|schema| schema.normalized().is_ok()));
    });
}
