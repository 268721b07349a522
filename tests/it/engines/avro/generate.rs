//! Random schemas: a string of choices becomes a type, so that nearby strings become nearby types.

use std::fmt::Write as _;

/// A generated type.
#[derive(Debug, Clone)]
pub(super) enum Type {
    Primitive(&'static str),
    Array(Box<Type>),
    Map(Box<Type>),
    Union(Vec<Type>),
    Record {
        name: String,
        fields: Vec<Field>,
    },
    Enum {
        name: String,
        symbols: Vec<&'static str>,
        default: bool,
    },
    Fixed {
        name: String,
        size: u8,
    },
    /// A type that is defined around or before this place.
    Named(String),
}

/// A generated field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) ty: Type,
    /// JSON text.
    pub(super) default: Option<String>,
}

/// What the generator may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taste {
    /// Types that refer to themselves.
    pub(super) recursion: bool,
    /// Docs, properties and other things that say nothing about data.
    pub(super) decoration: bool,
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const FIELDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const SYMBOLS: [&str; 4] = ["U", "V", "W", "X"];

struct Maker<'a> {
    choices: std::slice::Iter<'a, u8>,
    taste: Taste,
    /// Records that are open, names that are taken.
    open: Vec<String>,
    taken: usize,
}

/// The type that a string of choices stands for.
pub(super) fn make(choices: &[u8], taste: Taste) -> Type {
    Maker { choices: choices.iter(), taste, open: Vec::new(), taken: 0 }.ty(4, true)
}

impl Maker<'_> {
    fn pick(&mut self, of: usize) -> usize {
        self.choices.next().map_or(0, |choice| usize::from(*choice) % of)
    }

    fn name(&mut self, prefix: &str) -> String {
        self.taken += 1;
        format!("{prefix}{}", self.taken)
    }

    fn ty(&mut self, depth: usize, unions: bool) -> Type {
        match self.pick(if depth == 0 { 8 } else { 20 }) {
            at @ 0..8 => Type::Primitive(PRIMITIVES[at]),
            8 | 9 => Type::Array(Box::new(self.ty(depth - 1, true))),
            10 => Type::Map(Box::new(self.ty(depth - 1, true))),
            11 | 12 => {
                let name = self.name("E");
                let symbols = SYMBOLS[self.pick(2)..=1 + self.pick(3)].to_vec();
                Type::Enum { name, symbols, default: self.pick(3) == 0 }
            }
            13 => Type::Fixed { name: self.name("F"), size: 1 + u8::from(self.pick(4) == 0) },
            14 if self.taste.recursion && !self.open.is_empty() => {
                let at = self.pick(self.open.len());
                Type::Named(self.open[at].clone())
            }
            15 | 16 if unions => self.union(depth),
            _ => self.record(depth),
        }
    }

    fn union(&mut self, depth: usize) -> Type {
        let mut branches: Vec<Type> = vec![Type::Primitive("null")];
        for _ in 0..=self.pick(3) {
            let branch = self.ty(depth - 1, false);
            if branches.iter().all(|other| other.branch() != branch.branch()) {
                branches.push(branch);
            }
        }
        Type::Union(branches)
    }

    fn record(&mut self, depth: usize) -> Type {
        let name = self.name("R");
        self.open.push(name.clone());
        let (first, count) = (self.pick(3), 1 + self.pick(4));
        let fields = FIELDS.iter().skip(first).take(count);
        let fields = fields.map(|name| {
            let ty = self.ty(depth - 1, true);
            let default = if self.pick(3) == 0 { ty.default() } else { None };
            Field { name, ty, default }
        });
        let fields = fields.collect();
        self.open.pop();
        Type::Record { name, fields }
    }
}

impl Type {
    /// What a union tells it by.
    pub(super) fn branch(&self) -> &str {
        match self {
            Type::Primitive(word) => word,
            Type::Array(_) => "array",
            Type::Map(_) => "map",
            Type::Union(_) => "union",
            Type::Record { name, .. } | Type::Enum { name, .. } | Type::Fixed { name, .. } | Type::Named(name) => name,
        }
    }

    /// A valid default, where a short one exists.
    fn default(&self) -> Option<String> {
        Some(match self {
            Type::Primitive("null") | Type::Union(_) => "null".to_owned(),
            Type::Primitive("boolean") => "true".to_owned(),
            Type::Primitive("bytes" | "string") => "\"x\"".to_owned(),
            Type::Primitive(_) => "7".to_owned(),
            Type::Array(_) => "[]".to_owned(),
            Type::Map(_) => "{}".to_owned(),
            Type::Enum { symbols, .. } => format!("\"{}\"", symbols[0]),
            Type::Fixed { size, .. } => format!("\"{}\"", "0".repeat(usize::from(*size))),
            Type::Record { .. } | Type::Named(_) => return None,
        })
    }

    /// The schema text.
    pub(super) fn text(&self, taste: Taste) -> String {
        let mut out = String::new();
        self.write(&mut out, taste.decoration);
        out
    }

    fn write(&self, out: &mut String, decoration: bool) {
        let extra = if decoration { r#","zz":{"b":1.50,"a":[null]},"aa":-0"# } else { "" };
        let named = if decoration { r#","doc":"d","aliases":["Z","y.A"]"# } else { "" };
        let _ = match self {
            Type::Primitive(word) if decoration => write!(out, r#"{{"type":"{word}"{extra}}}"#),
            Type::Primitive(word) => write!(out, "\"{word}\""),
            Type::Named(name) => write!(out, "\"{name}\""),
            Type::Array(items) => {
                out.push_str(r#"{"type":"array","items":"#);
                items.write(out, decoration);
                write!(out, "{extra}}}")
            }
            Type::Map(values) => {
                out.push_str(r#"{"type":"map","values":"#);
                values.write(out, decoration);
                write!(out, "{extra}}}")
            }
            Type::Union(branches) => {
                for (at, branch) in branches.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    branch.write(out, decoration);
                }
                write!(out, "]")
            }
            Type::Fixed { name, size } => write!(out, r#"{{"size":{size},"type":"fixed","name":"{name}"{extra}{named}}}"#),
            Type::Enum { name, symbols, default } => {
                let list = symbols.iter().map(|symbol| format!("\"{symbol}\"")).collect::<Vec<_>>().join(",");
                let default = if *default { format!(r#","default":"{}""#, symbols[0]) } else { String::new() };
                write!(out, r#"{{"type":"enum","name":"{name}","symbols":[{list}]{default}{extra}{named}}}"#)
            }
            Type::Record { name, fields } => {
                let _ = write!(out, r#"{{"type":"record","name":"{name}"{extra}{named},"fields":["#);
                for (at, field) in fields.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    let _ = write!(out, r#"{comma}{{"name":"{}","type":"#, field.name);
                    field.ty.write(out, decoration);
                    if let Some(default) = &field.default {
                        let _ = write!(out, r#","default":{default}"#);
                    }
                    out.push_str(extra);
                    out.push('}');
                }
                write!(out, "]}}")
            }
        };
    }
}
