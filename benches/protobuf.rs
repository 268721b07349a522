//! The Protobuf engine: reading, printing, normalizing, comparing; beside `protox` where both do the same.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark that can't be set up may stop")]

use std::fmt::Write as _;

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions, ResolvedReference};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use divan::{Bencher, black_box};
use protox::Compiler;
use protox::file::{File, FileResolver};

fn main() {
    divan::main();
}

fn read(text: &str, references: &[ResolvedReference]) -> Schema {
    Schema::parse(text, references, &ParseOptions::new(ParseMode::New, 64)).expect("generated texts are good")
}

/// Messages of ten fields each.
fn fields(count: usize) -> String {
    let mut text = String::from("syntax = \"proto3\";\npackage some.pkg;\n");
    for at in 0..count {
        if at % 10 == 0 {
            let _ = writeln!(text, "message Message{} {{", at / 10);
        }
        let kind = ["int32", "string", "Message0", "map<string, int64>", "repeated double"][at % 5];
        let _ = writeln!(text, "  {kind} some_field_{at} = {} [deprecated = true];", at % 10 + 1);
        if at % 10 == 9 || at + 1 == count {
            text.push_str("}\n");
        }
    }
    text
}

fn nested(levels: usize) -> String {
    format!("{}{}", "message A {\n".repeat(levels), "}\n".repeat(levels))
}

fn chain(length: usize) -> Vec<ResolvedReference> {
    let file = |at: usize| {
        let import = if at == 0 { String::new() } else { format!("import \"f{}.proto\";", at - 1) };
        let used = if at == 0 { "int32".to_owned() } else { format!("M{}", at - 1) };
        format!("syntax = \"proto3\"; {import} message M{at} {{ {used} x = 1; }}")
    };
    (0..length)
        .map(|at| ResolvedReference {
            name: format!("f{at}.proto"),
            subject: format!("s{at}"),
            version: 1,
            text: file(at).into(),
            direct: at + 1 == length,
        })
        .collect()
}

fn options() -> CheckOptions {
    CheckOptions {
        direction: Direction::Backward,
        policy: CompatibilityPolicy::Strict,
        protobuf_policy: ProtobufPolicy::Default,
        work_budget: 10_000_000,
    }
}

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

#[divan::bench(args = SIZES)]
fn register(bencher: Bencher<'_, '_>, count: usize) {
    let text = fields(count);
    bencher.bench(|| read(black_box(&text), &[]));
}

#[divan::bench(args = SIZES)]
fn read_stored(bencher: Bencher<'_, '_>, count: usize) {
    let text = fields(count);
    let options = ParseOptions::new(ParseMode::Stored, 64);
    bencher.bench(|| Schema::parse(black_box(&text), &[], &options));
}

#[divan::bench(args = SIZES)]
fn register_strictly(bencher: Bencher<'_, '_>, count: usize) {
    let text = fields(count);
    let options = ParseOptions { validate_fields: true, ..ParseOptions::new(ParseMode::New, 64) };
    bencher.bench(|| Schema::parse(black_box(&text), &[], &options));
}

struct One<'a>(&'a str);

impl FileResolver for One<'_> {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        File::from_source(name, self.0)
    }
}

#[divan::bench(args = [10, 100, 1_000])]
fn protox_compile(bencher: Bencher<'_, '_>, count: usize) {
    let text = fields(count);
    bencher.bench(|| {
        // The resolver has to live as long as the program.
        let mut compiler = Compiler::with_file_resolver(One(Box::leak(text.clone().into_boxed_str())));
        compiler.include_source_info(false);
        compiler.open_file("root.proto").map(|_| ()).map_err(|error| error.to_string())
    });
}

#[divan::bench(args = SIZES)]
fn protox_parse(bencher: Bencher<'_, '_>, count: usize) {
    let text = fields(count);
    bencher.bench(|| File::from_source("root.proto", black_box(&text)).is_ok());
}

#[divan::bench(args = SIZES)]
fn normalize(bencher: Bencher<'_, '_>, count: usize) {
    let schema = read(&fields(count), &[]);
    bencher.bench(|| schema.normalized());
}

#[divan::bench(args = SIZES)]
fn serialize(bencher: Bencher<'_, '_>, count: usize) {
    let schema = read(&fields(count), &[]);
    bencher.bench(|| schema.formatted("serialized"));
}

#[divan::bench(args = SIZES)]
fn read_descriptor(bencher: Bencher<'_, '_>, count: usize) {
    let text = read(&fields(count), &[]).formatted("serialized").expect("known").expect("never fails");
    bencher.bench(|| read(black_box(&text), &[]));
}

#[divan::bench(args = SIZES)]
fn check(bencher: Bencher<'_, '_>, count: usize) {
    let (old, new) = (read(&fields(count), &[]), read(&fields(count + 1), &[]));
    bencher.bench(|| Schema::check(&new, &old, &options()));
}

#[divan::bench(args = [10, 60])]
fn deep(bencher: Bencher<'_, '_>, levels: usize) {
    let text = nested(levels);
    bencher.bench(|| read(black_box(&text), &[]));
}

#[divan::bench(args = [10, 100, 1_000])]
fn long_import_chain(bencher: Bencher<'_, '_>, length: usize) {
    let references = chain(length);
    let text = format!("syntax = \"proto3\"; import \"f{0}.proto\"; message A {{ M{0} m = 1; }}", length - 1);
    bencher.bench(|| read(black_box(&text), &references));
}
