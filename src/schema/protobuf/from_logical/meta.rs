//! Confluent's options, as a file says them.

use std::fmt::Write as _;

use crate::schema::logical::model::{Constraint, LogicalAnnotations, Params, set_param};

/// What the options of one element say.
#[derive(Debug, Default)]
pub(super) struct MetaOptions {
    pub(super) doc: Option<String>,
    tags: Vec<String>,
    params: Params,
    rules: Vec<Constraint>,
}

impl MetaOptions {
    /// All that is said about a type or a symbol.
    pub(super) fn of(notes: &LogicalAnnotations) -> Self {
        let LogicalAnnotations { doc, tags, params, constraints } = notes.clone();
        Self { doc, tags, params, rules: constraints }
    }

    pub(super) fn described(doc: Option<&String>, params: &Params) -> Self {
        Self { doc: doc.cloned(), params: params.clone(), ..Self::default() }
    }

    pub(super) fn param(&mut self, name: &str, value: impl Into<String>) {
        set_param(&mut self.params, name, value.into());
    }

    /// A parameter of the conversion; they come with a version.
    pub(super) fn conversion_param(&mut self, name: &str, value: impl Into<String>) {
        self.param("flink.version", "1");
        self.param(name, value);
    }

    /// Adds what a field says.
    pub(super) fn add(&mut self, notes: &LogicalAnnotations, own_params: &Params) {
        self.tags.extend(notes.tags.iter().cloned());
        for (name, value) in own_params {
            self.param(name, value.clone());
        }
        self.rules.extend(notes.constraints.iter().cloned());
    }

    fn is_empty(&self) -> bool {
        self.doc.is_none() && self.tags.is_empty() && self.params.is_empty() && self.rules.is_empty()
    }

    /// The option with this name, or nothing.
    pub(super) fn option(&self, name: &str) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        if let Some(doc) = &self.doc {
            parts.push(format!("doc: {}", quoted(doc)));
        }
        let list = |key: &str, items: Vec<String>| (!items.is_empty()).then(|| format!("{key}: [{}]", items.join(", ")));
        let entry = |(name, value): &(String, String)| format!("{{key: {}, value: {}}}", quoted(name), quoted(value));
        parts.extend(list("params", self.params.iter().map(entry).collect()));
        parts.extend(list("tags", self.tags.iter().map(|tag| quoted(tag)).collect()));
        parts.extend(list("rules", self.rules.iter().map(rule).collect()));
        Some(format!("({name}) = {{{}}}", parts.join(", ")))
    }
}

fn rule(rule: &Constraint) -> String {
    let mut parts = Vec::new();
    for (key, text) in
        [("name", rule.name.as_ref()), ("doc", rule.doc.as_ref()), ("expr", Some(&rule.expr)), ("sql", Some(&rule.sql))]
    {
        parts.extend(text.map(|text| format!("{key}: {}", quoted(text))));
    }
    format!("{{{}}}", parts.join(", "))
}

/// A string of a .proto file.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            c if c < ' ' || c == '\u{7f}' => write!(out, "\\{:03o}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out.push('"');
    out
}
