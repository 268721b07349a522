//! The canonical and the normalized text (json-schema 2), and the key by which a comparison takes values for equal.

use super::number::{self, Decimal};
use crate::schema::json::{JsonKind, Member, Object, Value, utf16_cmp, write_string};

/// The stored text: compact, keys and elements in the order sent, numbers as Confluent prints them.
///
/// The second half is the offset of the first number whose scale leaves 32 bits.
pub(crate) fn canonical(value: &Value) -> (String, Option<u32>) {
    let mut printer = Printer { out: String::new(), sorted: false, unprintable: None };
    printer.value(value);
    (printer.out, printer.unprintable)
}

/// The canonical text with the keys of every object sorted by UTF-16 code units. Arrays keep their order.
pub(crate) fn normalized(value: &Value) -> String {
    let mut printer = Printer { out: String::new(), sorted: true, unprintable: None };
    printer.value(value);
    printer.out
}

struct Printer {
    out: String,
    sorted: bool,
    unprintable: Option<u32>,
}

impl Printer {
    fn value(&mut self, value: &Value) {
        match &value.kind {
            JsonKind::Null => self.out.push_str("null"),
            JsonKind::Bool(true) => self.out.push_str("true"),
            JsonKind::Bool(false) => self.out.push_str("false"),
            JsonKind::Number(text) => {
                let (printed, fits) = number::canonical(text);
                self.out.push_str(&printed);
                if !fits && self.unprintable.is_none() {
                    self.unprintable = Some(value.offset);
                }
            }
            JsonKind::String(text) => write_string(&mut self.out, text),
            JsonKind::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(item);
                }
                self.out.push(']');
            }
            JsonKind::Object(object) => {
                self.out.push('{');
                if self.sorted {
                    for (at, member) in sorted(object).into_iter().enumerate() {
                        self.member(at, member);
                    }
                } else {
                    for (at, member) in object.members().iter().enumerate() {
                        self.member(at, member);
                    }
                }
                self.out.push('}');
            }
        }
    }

    fn member(&mut self, at: usize, member: &Member) {
        if at > 0 {
            self.out.push(',');
        }
        write_string(&mut self.out, &member.key);
        self.out.push(':');
        self.value(&member.value);
    }
}

fn sorted(object: &Object) -> Vec<&Member> {
    let mut members: Vec<&Member> = object.members().iter().collect();
    members.sort_by(|a, b| utf16_cmp(&a.key, &b.key));
    members
}

/// A text that two values share exactly when a comparison takes them for equal: key order does not matter, `1` and `1.0` differ,
/// `1.0` and `1e0` don't.
pub(crate) fn key(value: &Value) -> String {
    let mut out = String::new();
    write_key(&mut out, value);
    out
}

fn write_key(out: &mut String, value: &Value) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        JsonKind::Number(text) => {
            out.push(if number::is_integer_literal(text) { 'i' } else { 'd' });
            out.push_str(&Decimal::read(text).key());
        }
        JsonKind::String(text) => write_string(out, text),
        JsonKind::Array(items) => {
            out.push('[');
            for item in items {
                write_key(out, item);
                out.push(',');
            }
            out.push(']');
        }
        JsonKind::Object(object) => {
            let mut members: Vec<&Member> = object.members().iter().collect();
            members.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for member in members {
                write_string(out, &member.key);
                out.push(':');
                write_key(out, &member.value);
                out.push(',');
            }
            out.push('}');
        }
    }
}
