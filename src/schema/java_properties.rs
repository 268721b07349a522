//! Properties of Avro and JSON schemas, read as Confluent reads them: by the classes that Java's JSON reader makes of them.

use crate::schema::java_number::{self as number, JavaNumber};
use crate::schema::json::{self, JsonKind, Member, ReadOptions, Value};
use crate::schema::logical::conversion::constraint;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{Constraint, LogicalAnnotations, Params, is_format_native, set_param};

/// The properties of one schema or field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Props<'m>(pub(crate) &'m [Member]);

impl<'m> Props<'m> {
    pub(crate) fn get(self, key: &str) -> Option<&'m Value> {
        self.0.iter().find(|member| &*member.key == key).map(|member| &member.value)
    }

    /// A property that is a string.
    pub(crate) fn text(self, key: &str) -> Option<&'m str> {
        self.get(key).and_then(Value::as_str)
    }

    /// A property that must be a string where it is there.
    pub(crate) fn cast_text(self, key: &str) -> Result<Option<&'m str>, ConversionError> {
        self.get(key).filter(|value| value.kind != JsonKind::Null).map(cast_text).transpose()
    }

    /// A property that is a number, cut to 32 bits as Java cuts.
    pub(crate) fn number(self, key: &str) -> Option<i32> {
        self.get(key).and_then(Value::as_number).map(narrow)
    }

    /// A property that is an integer of 32 bits.
    pub(crate) fn exact_integer(self, key: &str) -> Option<i32> {
        self.get(key).and_then(Value::as_number).and_then(exact)
    }

    /// A property that must be an integer of 32 bits where it is there.
    pub(crate) fn integer(self, key: &str) -> Result<Option<i32>, ConversionError> {
        let Some(value) = self.get(key).filter(|value| value.kind != JsonKind::Null) else { return Ok(None) };
        match value.as_number().and_then(exact) {
            Some(number) => Ok(Some(number)),
            None => Err(not_a(value, "java.lang.Integer")),
        }
    }

    /// Tags and parameters.
    pub(crate) fn annotations(self) -> LogicalAnnotations {
        let tags = tags(self.get("confluent:tags"));
        LogicalAnnotations { tags, params: params(self.get("confluent:params")), ..LogicalAnnotations::default() }
    }

    pub(crate) fn constraints(self) -> Vec<Constraint> {
        let list = self.get("confluent:rules").and_then(Value::as_array).unwrap_or_default();
        list.iter().filter_map(Value::as_object).filter_map(read_constraint).collect()
    }
}

fn tags(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).unwrap_or_default().iter().map(java_text).collect()
}

fn read_constraint(object: &json::Object) -> Option<Constraint> {
    let any = |key: &str| object.get(key).filter(|value| value.kind != JsonKind::Null).map(java_text);
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
    constraint(text("name"), text("doc"), &any("expr")?, &any("sql")?)
}

fn params(value: Option<&Value>) -> Params {
    let mut params = Params::new();
    for member in value.and_then(Value::as_object).map(json::Object::members).unwrap_or_default() {
        set_param(&mut params, &member.key, java_text(&member.value));
    }
    params
}

/// What a schema says about a branch or a symbol, which have no place of their own for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hint<'v>(Option<&'v Value>);

impl<'v> Hint<'v> {
    /// The hint at a place of a list of them.
    pub(crate) fn at(list: Option<&'v Value>, at: usize) -> Self {
        Self(list.and_then(Value::as_array).and_then(|hints| hints.get(at)))
    }

    fn get(self, key: &str) -> Option<&'v Value> {
        self.0.and_then(Value::as_object).and_then(|object| object.get(key)).filter(|value| value.kind != JsonKind::Null)
    }

    pub(crate) fn text(self, key: &str) -> Result<Option<String>, ConversionError> {
        self.get(key).map(|value| cast_text(value).map(str::to_owned)).transpose()
    }

    pub(crate) fn params(self) -> Params {
        params(self.get("params"))
    }

    /// Parameters of a branch, where those that only another format has mean nothing.
    pub(crate) fn own_params(self) -> Params {
        let mut params = self.params();
        params.retain(|(name, _)| !is_format_native(name));
        params
    }
}

/// Reads the JSON that a metadata property holds.
pub(crate) fn read(text: &str) -> Result<Value, ConversionError> {
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 16 };
    json::read(text, options).map_err(|_| ConversionError::new("Failed to deserialize union metadata"))
}

fn exact(text: &str) -> Option<i32> {
    number::as_long(text).and_then(|value| i32::try_from(value).ok())
}

/// Java's `intValue`.
fn narrow(text: &str) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "Java cuts like this")]
    match number::classify(text) {
        JavaNumber::Integer(digits) => digits.parse::<i64>().map_or(0, |value| value as i32),
        JavaNumber::Double(value) => value as i32,
    }
}

/// A string, or the error that Java's cast has.
fn cast_text(value: &Value) -> Result<&str, ConversionError> {
    value.as_str().ok_or_else(|| not_a(value, "java.lang.String"))
}

fn not_a(value: &Value, wanted: &str) -> ConversionError {
    let class = class_of(value);
    let message = format!(
        "class {class} cannot be cast to class {wanted} ({class} and {wanted} are in module java.base of loader 'bootstrap')"
    );
    ConversionError::new(message)
}

fn class_of(value: &Value) -> &'static str {
    match &value.kind {
        JsonKind::Null => "java.lang.Object",
        JsonKind::Bool(_) => "java.lang.Boolean",
        JsonKind::String(_) => "java.lang.String",
        JsonKind::Array(_) => "java.util.ArrayList",
        JsonKind::Object(_) => "java.util.LinkedHashMap",
        JsonKind::Number(text) => match number::classify(text) {
            JavaNumber::Double(_) => "java.lang.Double",
            JavaNumber::Integer(_) if exact(text).is_some() => "java.lang.Integer",
            JavaNumber::Integer(_) if number::as_long(text).is_some() => "java.lang.Long",
            JavaNumber::Integer(_) => "java.math.BigInteger",
        },
    }
}

/// Java's `toString` of a value.
pub(crate) fn java_text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        JsonKind::Number(text) => number::write(out, text),
        JsonKind::String(text) => out.push_str(text),
        JsonKind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        JsonKind::Object(object) => {
            out.push('{');
            for (at, member) in object.members().iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&member.key);
                out.push('=');
                write(out, &member.value);
            }
            out.push('}');
        }
    }
}
