//! A process that evaluates what it reads, once, within its bounds.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use jsonata_core::Expression;
use jsonata_core::evaluator::EvaluatorOptions;

use super::{MAX_DEPTH, value};
use crate::schema::json::{self, ReadOptions};

/// Levels of evaluation: a recursion of thousands is a mistake.
const MAX_STACK: usize = 5_000;

/// Runs the process. Its arguments are the bytes and the milliseconds that it may take; who started it looks at the clock, too.
pub fn work(arguments: &[String]) -> ExitCode {
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(memory), Some(milliseconds)) = (number(0), number(1)) else { return ExitCode::from(2) };
    bound(memory, milliseconds);
    let mut request = String::new();
    if std::io::stdin().read_to_string(&mut request).is_err() {
        return ExitCode::from(2);
    }
    let answer = answer(&request);
    match std::io::stdout().write_all(answer.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

/// Tells the operating system what the process may take. Where memory runs out all the same, this process goes first.
fn bound(memory: u64, milliseconds: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let seconds = milliseconds.div_ceil(1000);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        // before it may write no files
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
    let limits =
        [(Resource::Data, memory), (Resource::Cpu, seconds), (Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 8)];
    for (resource, most) in limits {
        // one that can't be set is lower already
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

fn answer(request: &str) -> String {
    let options = ReadOptions { comments: false, replace_lone_surrogates: true, max_depth: MAX_DEPTH };
    let request = match json::read(request, options) {
        Ok(request) => request,
        Err(error) => return wrong(&format!("its data: {error}")),
    };
    let object = request.as_object();
    let member = |name: &str| object.and_then(|object| object.get(name));
    if let Some(expressions) = member("check").and_then(json::Value::as_array) {
        return check(expressions);
    }
    match (member("expression").and_then(json::Value::as_str), member("data")) {
        (Some(expression), Some(data)) => evaluate(expression, data),
        _ => wrong("nothing to evaluate"),
    }
}

fn wrong(message: &str) -> String {
    let mut out = String::from("{\"wrong\":");
    json::write_string(&mut out, message);
    out.push('}');
    out
}

fn evaluate(expression: &str, data: &json::Value) -> String {
    // time and memory are bounded from outside; a sequence that would fill the memory has an error that says so
    let options = EvaluatorOptions { max_stack_depth: Some(MAX_STACK), ..EvaluatorOptions::default() };
    let expression = match Expression::compile_with_options(expression, options) {
        Ok(expression) => expression,
        Err(error) => return wrong(&error.to_string()),
    };
    let value = match expression.evaluate(&value::of_json(data)) {
        Ok(value) => value,
        Err(error) => return wrong(&error.to_string()),
    };
    if value.is_undefined() {
        return "{}".to_owned();
    }
    let mut out = String::from("{\"value\":");
    if value::write(&mut out, &value, 0).is_none() {
        return wrong("its value is nested too deep");
    }
    out.push('}');
    out
}

fn check(expressions: &[json::Value]) -> String {
    let mut out = String::from("[");
    for (at, expression) in expressions.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        match Expression::compile(expression.as_str().unwrap_or_default()) {
            Ok(_) => out.push_str("null"),
            Err(error) => json::write_string(&mut out, &error.to_string()),
        }
    }
    out.push(']');
    out
}
