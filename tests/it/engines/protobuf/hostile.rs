//! Inputs that are made to hurt: each must end soon, on a small stack, in an answer.

use accordant::schema::Format as _;
use std::fmt::Write as _;

use accordant::schema::protobuf::Schema;
use accordant::schema::{CheckError, Direction, ParseMode, ParseOptions};
use accordant::types::ProtobufPolicy;

use super::{check_options, options, proto3, read, reference, refused, try_read};

/// Runs on the stack of a worker thread. What is exponential never ends, which the test runner's own patience tells.
fn bounded(what: &str, run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    assert!(thread.join().is_ok(), "{what}");
}

/// All that can be done with a schema.
fn exercise(text: &str) {
    let Ok(schema) = try_read(text) else { return };
    let _ = schema.normalized();
    let _ = schema.formatted("serialized");
    let _ = schema.formatted("ignore_extensions");
    let _ = (schema.tags(), schema.root_fields(), schema.name(), schema.weight());
    for policy in ProtobufPolicy::ALL {
        let found = Schema::check(&schema, &schema, &check_options(policy, Direction::Backward));
        assert!(found.is_err() || found.is_ok_and(|found| found.is_empty()));
    }
    let strict = ParseOptions { compiles: true, ..options(ParseMode::New) };
    let _ = Schema::parse(text, &[], &strict);
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("{}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn deep_nesting_of_every_kind_gets_an_answer() {
    let shapes: [(&str, &str, &str, &str); 8] = [
        ("", "message A {", "}", ""),
        ("message A { option (x) = ", "{ a: ", "}", "; }"),
        ("message A { option (x) = ", "{ a ", "}", "; }"),
        ("message A { option (x) = ", "[", "]", "; }"),
        ("syntax = \"proto3\"; message A { ", "map<string, ", ">", " m = 1; }"),
        ("message A { ", "optional group G = 1 {", "}", " }"),
        ("message A { ", "oneof o { group G = 1 {", "} }", " }"),
        ("extend A { ", "optional group G = 1 {", "}", " } message A { extensions 1; }"),
    ];
    for (head, open, close, tail) in shapes {
        for levels in [60, 100, 200, 1_000, 200_000] {
            let text = format!("{head}{}{tail}", nested(open, close, levels));
            bounded(open, move || {
                exercise(&text);
                let _ = Schema::parse(&text, &[], &options(ParseMode::Stored)).map(|schema| schema.normalized());
            });
        }
    }
}

#[test]
fn deep_text_is_refused_with_a_reason() {
    let error = refused(&nested("message A {", "}", 100_000));
    assert!(error.message.contains("nested deeper than the limit of 64 levels"), "{error}");
}

#[test]
fn long_dotted_names_are_refused() {
    let long = vec!["a"; 20_000].join(".");
    assert!(refused(&format!("package {long};")).message.contains("more than 64 parts"));
    let package = vec!["a"; 64].join(".");
    let fields: String = (1..5_000).fold(String::new(), |mut text, at| {
        let _ = write!(text, "{package}.A f{at} = {at}; A g{at} = {};", at + 5_000);
        text
    });
    let text = proto3(&format!("package {package}; message A {{ {fields} .{package}.A b = 10000; {long}.A a = 10001; }}"));
    bounded("dots", move || assert!(refused(&text).message.starts_with("Could not resolve type: a.a.a")));
    let path = format!("message A {{ option (x).{long} = 1; }}");
    bounded("option path", move || {
        let _ = try_read(&path).map(|schema| schema.normalized());
    });
}

#[test]
fn twenty_thousand_of_anything_get_an_answer() {
    let count = 20_000;
    let list = |item: &dyn Fn(usize) -> String| -> String { (0..count).map(item).collect() };
    let texts = [
        proto3(&format!("message A {{ {} }}", list(&|at| format!("int32 f{at} = {};", at + 1)))),
        proto3(&list(&|at| format!("message M{at} {{ M{} m = 1; }}", (at + 1) % count))),
        format!("enum E {{ {} }}", list(&|at| format!("E{at} = {at};"))),
        format!("message A {{ {} }}", list(&|at| format!("reserved {};", at + 1))),
        format!("message A {{ reserved {}; }}", list(&|at| format!("{},", at + 1)).trim_end_matches(',')),
        format!("message A {{ {} }}", list(&|at| format!("extensions {};", at + 1))),
        format!(
            "message A {{ extensions 1 to max; }} {}",
            list(&|at| format!("extend A {{ optional int32 e{at} = {}; }}", at + 1))
        ),
        format!("message A {{ {} }}", list(&|at| format!("option (o{at}) = {at};"))),
        format!("message A {{ {} }}", list(&|at| format!("option (same).k{at} = {at};"))),
        format!("message A {{ option (o) = {{ {} }}; }}", list(&|_| "k: 1 ".to_owned())),
        format!("message A {{ option (o) = {{ {} }}; }}", list(&|at| format!("k{at}: 1 "))),
        proto3(&format!("message A {{ {} }}", list(&|at| format!("oneof o{at} {{ int32 f{at} = {}; }}", at + 1)))),
        list(&|at| format!("import \"{at}.proto\";")),
        list(&|_| "import \"same.proto\";".to_owned()),
        proto3(&format!("message A {{}} service S {{ {} }}", list(&|at| format!("rpc R{at} (A) returns (A);")))),
        "package a;".repeat(count),
        format!("option a = {};", "\"x\" ".repeat(count)),
    ];
    for text in texts {
        let head: String = text.chars().take(60).collect();
        bounded(&head, move || exercise(&text));
    }
}

#[test]
fn many_findings_are_placed_in_one_pass() {
    let file = |kind: &str| {
        let fields: String = (1..20_000).fold(String::new(), |mut text, at| {
            let _ = write!(text, "{kind} f{at} = {at}; ");
            text
        });
        proto3(&format!("message A {{ {fields} }}"))
    };
    bounded("findings", move || {
        let (old, new) = (read(&file("int32")), read(&file("string")));
        for policy in ProtobufPolicy::ALL {
            let found = Schema::check(&new, &old, &check_options(policy, Direction::Backward)).expect("a verdict");
            assert!(found.len() >= 19_999);
            assert!(found.iter().all(|finding| finding.new.as_ref().is_some_and(|place| place.position.is_some())));
        }
    });
}

/// Two versions of one file whose messages use each other as `uses` says.
fn meshed(count: usize, uses: impl Fn(usize) -> Vec<usize>) -> (Schema, Schema) {
    let file = |kind: &str| {
        let mut text = String::from("syntax = \"proto3\"; package d;\n");
        for at in 0..count {
            let _ = write!(text, "message M{at} {{ {kind} x = 1;");
            for (field, target) in uses(at).into_iter().enumerate() {
                let _ = write!(text, " M{target} f{field} = {};", field + 2);
            }
            text.push_str(" }\n");
        }
        text
    };
    let side = |version, kind: &str| {
        let text = proto3("import \"d.proto\"; message A { d.M0 m = 1; }");
        super::read_with(&text, &[reference("d.proto", "d", version, &file(kind))])
    };
    (side(1, "int32"), side(2, "string"))
}

#[test]
fn meshes_of_references_end() {
    let check =
        |(old, new): &(Schema, Schema)| Schema::check(new, old, &check_options(ProtobufPolicy::Default, Direction::Backward));
    bounded("chain", move || {
        let chain = meshed(20_000, |at| if at + 1 < 20_000 { vec![at + 1] } else { vec![] });
        assert!(!check(&chain).expect("a verdict").is_empty());
    });
    bounded("fans", move || {
        let fans = meshed(200, |at| if at + 1 < 200 { vec![at + 1; 5] } else { vec![] });
        assert!(!check(&fans).expect("a verdict").is_empty());
    });
    bounded("everyone with everyone", move || {
        let mesh = meshed(60, |_| (0..60).collect());
        match check(&mesh) {
            Ok(found) => assert!(!found.is_empty()),
            Err(CheckError::BudgetExhausted { .. }) => {}
        }
    });
}

#[test]
fn references_are_counted() {
    let many: Vec<_> = (0..1_001).map(|at| reference(&format!("{at}.proto"), "s", 1, "")).collect();
    let error = Schema::parse("message A {}", &many, &options(ParseMode::New)).expect_err("too many");
    assert_eq!(error.message, "more than 1000 references");
    let chain: Vec<_> = (0..1_000)
        .map(|at| {
            reference(
                &format!("{at}.proto"),
                "s",
                1,
                &proto3(&format!("import \"{}.proto\"; message M{at} {{ M{at} m = 1; }}", at + 1)),
            )
        })
        .collect();
    let strict = ParseOptions { compiles: true, ..options(ParseMode::New) };
    bounded("import chain", move || {
        Schema::parse(&proto3("import \"0.proto\"; message A { M0 m = 1; }"), &chain[..], &strict)
            .map(|_| ())
            .expect_err("the last one is missing");
    });
}

#[test]
fn numbers_do_not_unfold() {
    for number in ["1e999999999", "1e-999999999", "9e9223372036854775807", "1e-9223372036854775808"] {
        let text = format!("message A {{ optional double d = 1 [default = {number}]; }}");
        assert!(read(&text).normalized().expect("no types").len() < 1_000);
    }
    let long = format!("message A {{ optional double d = 1 [default = {}.{}]; }}", "1".repeat(100_000), "0".repeat(100_000));
    bounded("digits", move || exercise(&long));
}

#[test]
fn map_entries_that_hold_themselves_get_an_answer() {
    let text = proto3(
        "message A { repeated E e = 1; map<string, F> f = 2; message E { option map_entry = true; string key = 1; F value = 2; }\
         message F { option map_entry = true; string key = 1; E value = 2; } }",
    );
    bounded("entries", move || exercise(&text));
}

#[test]
fn bytes_that_are_no_descriptor_are_refused() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut deep = Vec::new();
    for level in 0..5_000 {
        // The outermost is a message of the file, the others are nested.
        let mut outer = vec![if level == 4_999 { 0x22 } else { 0x1a }];
        let mut length = deep.len();
        while length > 0x7f {
            outer.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
            length >>= 7;
        }
        outer.push(u8::try_from(length).expect("seven bits"));
        outer.extend(&deep);
        deep = outer;
    }
    let cases =
        [vec![0xfe; 64], vec![0x22, 0xff, 0xff, 0xff, 0xff, 0x0f], vec![0x0a, 0x00], vec![0x08; 3], vec![0x0b, 0x0c], deep];
    for bytes in cases {
        let text = encode(&bytes);
        bounded("bytes", move || assert!(try_read(&text).is_err(), "{}", text.get(..40).unwrap_or(&text)));
    }
}
