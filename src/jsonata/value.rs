//! JSON as values of JSONata, and back. Numbers are read and written to their last digit, and whole ones as such.

use jsonata_core::value::JValue;

use crate::schema::json::{self, JsonKind};

/// Nesting of a result.
const MAX_DEPTH: usize = super::MAX_DEPTH - 2;

/// Recursion is bounded by the depth of what was read.
pub(super) fn of_json(value: &json::Value) -> JValue {
    match &value.kind {
        JsonKind::Null => JValue::Null,
        JsonKind::Bool(value) => JValue::Bool(*value),
        JsonKind::Number(text) => JValue::from_f64(text.parse().unwrap_or(f64::NAN)),
        JsonKind::String(text) => JValue::string(&**text),
        JsonKind::Array(items) => JValue::array(items.iter().map(of_json).collect()),
        JsonKind::Object(object) => {
            JValue::object(object.members().iter().map(|member| (member.key.to_string(), of_json(&member.value))).collect())
        }
    }
}

/// Appends a value as JSON; what JSON has no word for, such as a function, is null. Nothing where it is nested too deep.
pub(super) fn write(out: &mut String, value: &JValue, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(number) = value.as_f64() {
        write_number(out, number);
    } else if let Some(flag) = value.as_bool() {
        out.push_str(if flag { "true" } else { "false" });
    } else if let Some(text) = value.as_str() {
        json::write_string(out, text);
    } else if let Some(items) = value.as_array() {
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            write(out, item, depth + 1)?;
        }
        out.push(']');
    } else if let Some(members) = value.as_object() {
        out.push('{');
        let shown = members.iter().filter(|(_, member)| !member.is_undefined() && !member.is_function());
        for (at, (key, member)) in shown.enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            json::write_string(out, key);
            out.push(':');
            write(out, member, depth + 1)?;
        }
        out.push('}');
    } else {
        out.push_str("null");
    }
    Some(())
}

fn write_number(out: &mut String, number: f64) {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        out.push_str("null");
    } else if number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of less than 54 bits")]
        out.push_str(&(number as i64).to_string());
    } else {
        json::write_float(out, number);
    }
}
