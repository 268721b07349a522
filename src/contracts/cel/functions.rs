//! The functions of expressions: those of CEL that cel-python has, and those that Confluent's clients add.

use super::pattern::Pattern;
use super::site::{EvaluationStop, Site};
use super::value::CelValue;
use super::{formats, operators, text, time};

/// Names with the numbers of arguments that they take, the target of a method counted.
pub(super) const FUNCTIONS: [(&str, &[usize]); 38] = [
    ("size", &[1]),
    ("contains", &[2]),
    ("startsWith", &[2]),
    ("endsWith", &[2]),
    ("matches", &[2]),
    ("type", &[1]),
    ("dyn", &[1]),
    ("bool", &[1]),
    ("bytes", &[1]),
    ("double", &[1]),
    ("duration", &[1]),
    ("int", &[1]),
    ("string", &[1]),
    ("timestamp", &[1, 2]),
    ("uint", &[1]),
    ("getDate", &[1, 2]),
    ("getDayOfMonth", &[1, 2]),
    ("getDayOfWeek", &[1, 2]),
    ("getDayOfYear", &[1, 2]),
    ("getFullYear", &[1, 2]),
    ("getMonth", &[1, 2]),
    ("getHours", &[1, 2]),
    ("getMinutes", &[1, 2]),
    ("getSeconds", &[1, 2]),
    ("getMilliseconds", &[1, 2]),
    ("format", &[2]),
    ("isEmail", &[1]),
    ("isHostname", &[1]),
    ("isIpv4", &[1]),
    ("isIpv6", &[1]),
    ("isUri", &[1]),
    ("isUriRef", &[1]),
    ("isUuid", &[1]),
    // known to clients and not run here
    ("decimal", &[1, 2]),
    ("variant", &[1]),
    ("reduce", &[5]),
    ("min", &[1]),
    ("max", &[1]),
];
/// Those that stop an expression here.
const NOT_RUN: [&str; 5] = ["decimal", "variant", "reduce", "min", "max"];

pub(super) fn call(site: &Site<'_>, name: &str, arguments: &[CelValue]) -> Result<CelValue, EvaluationStop> {
    if NOT_RUN.contains(&name) {
        return Err(site.unsupported(&format!("{name}()")));
    }
    let Some((_, counts)) = FUNCTIONS.iter().find(|(found, _)| *found == name) else {
        return Err(site.error(format!("there is no function '{name}'")));
    };
    if !counts.contains(&arguments.len()) {
        return Err(site.error(format!("{name}() does not take {} arguments", arguments.len())));
    }
    if let Some(CelValue::Opaque(found, _)) = arguments.iter().find(|value| matches!(value, CelValue::Opaque(..))) {
        return Err(site.unsupported(found));
    }
    match arguments {
        [one] => unary(site, name, one),
        [one, two] => binary(site, name, one, two),
        _ => no_overload(site, name, arguments),
    }
}

fn no_overload(site: &Site<'_>, name: &str, arguments: &[CelValue]) -> Result<CelValue, EvaluationStop> {
    let types: Vec<&str> = arguments.iter().map(CelValue::type_name).collect();
    Err(site.error(format!("{name}() does not take {}", types.join(", "))))
}

fn int(value: usize) -> CelValue {
    CelValue::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn unary(site: &Site<'_>, name: &str, value: &CelValue) -> Result<CelValue, EvaluationStop> {
    let refuse = || no_overload(site, name, std::slice::from_ref(value));
    match (name, value) {
        ("type", value) => Ok(CelValue::Type(value.type_name())),
        ("dyn", value) => Ok(value.clone()),
        ("size", CelValue::Null) => Ok(CelValue::Int(0)),
        ("size", CelValue::String(text)) => {
            site.charge_for(text.len() / 16)?;
            Ok(int(text.chars().count()))
        }
        ("size", CelValue::Bytes(bytes)) => Ok(int(bytes.len())),
        ("size", CelValue::List(items)) => Ok(int(items.len())),
        ("size", CelValue::Map(entries)) => Ok(int(entries.len())),
        ("size", CelValue::Message(message)) => Ok(int(message.values.len())),
        ("bool" | "bytes" | "double" | "duration" | "int" | "string" | "timestamp" | "uint", value) => convert(site, name, value),
        ("isEmail" | "isHostname" | "isUri" | "isUriRef" | "isUuid" | "isIpv4" | "isIpv6", CelValue::String(text)) => {
            site.charge_for(text.len() / 4)?;
            Ok(CelValue::Bool(match name {
                "isEmail" => formats::is_email(text),
                "isHostname" => formats::is_hostname(text),
                "isUri" => formats::is_uri(text),
                "isUriRef" => formats::is_uri_ref(text),
                "isUuid" => formats::is_uuid(text),
                "isIpv4" => formats::is_ipv4(text),
                _ => formats::is_ipv6(text),
            }))
        }
        ("isIpv4", CelValue::Bytes(bytes)) => Ok(CelValue::Bool(bytes.len() == 4)),
        ("isIpv6", CelValue::Bytes(bytes)) => Ok(CelValue::Bool(bytes.len() == 16)),
        (name, other) if name.starts_with("is") => {
            let message = format!(
                "{name}() does not take {}, and in Confluent's Python client no && or || makes up for it",
                other.type_name()
            );
            Err(site.raised(message))
        }
        (_, CelValue::Timestamp(micros)) => part(site, name, *micros).map_or_else(refuse, Ok),
        (_, CelValue::Duration(micros)) => {
            let seconds = micros / 1_000_000;
            Ok(CelValue::Int(match name {
                "getHours" => seconds / 3600,
                "getMinutes" => seconds / 60,
                "getSeconds" => seconds,
                "getMilliseconds" => micros / 1000,
                _ => return refuse(),
            }))
        }
        _ => refuse(),
    }
}

fn part(_: &Site<'_>, name: &str, micros: i64) -> Option<CelValue> {
    let parts = time::parts(micros);
    Some(CelValue::Int(match name {
        "getDate" => parts.day,
        "getDayOfMonth" => parts.day - 1,
        "getDayOfWeek" => parts.weekday,
        "getDayOfYear" => parts.day_of_year,
        "getFullYear" => parts.year,
        "getMonth" => parts.month - 1,
        "getHours" => parts.hour,
        "getMinutes" => parts.minute,
        "getSeconds" => parts.second,
        "getMilliseconds" => parts.micros / 1000,
        _ => return None,
    }))
}

fn binary(site: &Site<'_>, name: &str, a: &CelValue, b: &CelValue) -> Result<CelValue, EvaluationStop> {
    let refuse = || no_overload(site, name, &[a.clone(), b.clone()]);
    match (name, a, b) {
        ("matches", CelValue::String(text), CelValue::String(pattern)) => matches(site, text, pattern),
        ("contains", CelValue::String(text), CelValue::String(part)) => {
            site.charge_for(text.len() / 16)?;
            Ok(CelValue::Bool(text.contains(&**part)))
        }
        ("startsWith", CelValue::String(text), CelValue::String(part)) => Ok(CelValue::Bool(text.starts_with(&**part))),
        ("endsWith", CelValue::String(text), CelValue::String(part)) => Ok(CelValue::Bool(text.ends_with(&**part))),
        ("contains", CelValue::Bytes(bytes), CelValue::Bytes(part)) => {
            site.charge_for(bytes.len().saturating_mul(part.len().max(1)))?;
            Ok(CelValue::Bool(part.is_empty() || bytes.windows(part.len()).any(|window| *window == **part)))
        }
        ("startsWith", CelValue::Bytes(bytes), CelValue::Bytes(part)) => Ok(CelValue::Bool(bytes.starts_with(part))),
        ("endsWith", CelValue::Bytes(bytes), CelValue::Bytes(part)) => Ok(CelValue::Bool(bytes.ends_with(part))),
        ("contains", CelValue::List(_) | CelValue::Map(_), item) => operators::apply(site, super::ast::Binary::In, item, a),
        ("timestamp", CelValue::Int(epoch), CelValue::Int(precision)) => {
            let micros = match precision {
                0 => epoch.checked_mul(1_000_000),
                3 => epoch.checked_mul(1000),
                6 => Some(*epoch),
                9 => Some(epoch.div_euclid(1000)),
                _ => return Err(site.raised("timestamp() takes the precisions 0, 3, 6 and 9")),
            };
            instant(site, micros)
        }
        ("format", CelValue::String(form), CelValue::List(values)) => text::format(site, form, values),
        (_, CelValue::Timestamp(micros), CelValue::String(zone)) => {
            let Some(offset) = time::offset(zone) else {
                return Err(site.unsupported("names of time zones"));
            };
            part(site, name, micros.saturating_add(offset)).map_or_else(refuse, Ok)
        }
        _ => refuse(),
    }
}

fn matches(site: &Site<'_>, text: &str, pattern: &str) -> Result<CelValue, EvaluationStop> {
    let own;
    let prepared = if let Some(prepared) = site.pattern(pattern) {
        prepared
    } else {
        own = Pattern::prepare(pattern)?;
        &own
    };
    match prepared {
        Ok(prepared) => Ok(CelValue::Bool(prepared.is_found_in(text)?)),
        Err(reason) => Err(site.error(format!("the pattern can't be used: {reason}"))),
    }
}

fn instant(site: &Site<'_>, micros: Option<i64>) -> Result<CelValue, EvaluationStop> {
    let range = -62_135_596_800_000_000..=253_402_300_799_999_999;
    micros.filter(|micros| range.contains(micros)).map(CelValue::Timestamp).ok_or_else(|| site.error("the time is out of range"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "ranges are looked at first"
)]
fn convert(site: &Site<'_>, name: &str, value: &CelValue) -> Result<CelValue, EvaluationStop> {
    let refuse = || no_overload(site, name, std::slice::from_ref(value));
    let range = || site.error(format!("{name}(): the value is out of range"));
    let unreadable = || site.error(format!("{name}() can't read the text"));
    if let CelValue::String(text) = value {
        site.reserve(text.len())?;
    }
    match (name, value) {
        ("int", CelValue::Int(_))
        | ("uint", CelValue::Uint(_))
        | ("double", CelValue::Double(_))
        | ("string", CelValue::String(_))
        | ("bytes", CelValue::Bytes(_))
        | ("bool", CelValue::Bool(_))
        | ("timestamp", CelValue::Timestamp(_))
        | ("duration", CelValue::Duration(_)) => Ok(value.clone()),
        ("int", CelValue::Uint(value)) => i64::try_from(*value).map(CelValue::Int).map_err(|_| range()),
        ("int", CelValue::Double(value)) => {
            let whole = value.trunc();
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
                Ok(CelValue::Int(whole as i64))
            } else {
                Err(range())
            }
        }
        ("int", CelValue::Bool(value)) => Ok(CelValue::Int(i64::from(*value))),
        ("int", CelValue::String(text)) => text.trim().parse().map(CelValue::Int).map_err(|_| unreadable()),
        ("int", CelValue::Timestamp(micros)) => Ok(CelValue::Int(micros.div_euclid(1_000_000))),
        ("uint", CelValue::Int(value)) => u64::try_from(*value).map(CelValue::Uint).map_err(|_| range()),
        ("uint", CelValue::Double(value)) => {
            let whole = value.trunc();
            if (0.0..18_446_744_073_709_551_616.0).contains(&whole) { Ok(CelValue::Uint(whole as u64)) } else { Err(range()) }
        }
        ("uint", CelValue::Bool(value)) => Ok(CelValue::Uint(u64::from(*value))),
        ("uint", CelValue::String(text)) => text.trim().parse().map(CelValue::Uint).map_err(|_| unreadable()),
        ("double", CelValue::Int(value)) => Ok(CelValue::Double(*value as f64)),
        ("double", CelValue::Uint(value)) => Ok(CelValue::Double(*value as f64)),
        ("double", CelValue::Bool(value)) => Ok(CelValue::Double(f64::from(u8::from(*value)))),
        ("double", CelValue::String(text)) => text.trim().parse().map(CelValue::Double).map_err(|_| unreadable()),
        ("bool", CelValue::Int(value)) => Ok(CelValue::Bool(*value != 0)),
        ("bool", CelValue::Uint(value)) => Ok(CelValue::Bool(*value != 0)),
        ("bool", CelValue::Double(value)) => Ok(CelValue::Bool(*value != 0.0)),
        ("bool", CelValue::String(text)) => match &**text {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(CelValue::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(CelValue::Bool(false)),
            _ => Err(unreadable()),
        },
        ("bytes", CelValue::String(text)) => Ok(CelValue::Bytes(text.as_bytes().into())),
        ("string", CelValue::Bytes(bytes)) => {
            site.reserve(bytes.len())?;
            std::str::from_utf8(bytes).map(CelValue::string).map_err(|_| site.error("string(): the bytes are not UTF-8"))
        }
        (
            "string",
            CelValue::Int(_)
            | CelValue::Uint(_)
            | CelValue::Double(_)
            | CelValue::Bool(_)
            | CelValue::Timestamp(_)
            | CelValue::Duration(_),
        ) => Ok(CelValue::String(text::print(value).into())),
        ("timestamp", CelValue::Null | CelValue::Bool(_) | CelValue::Uint(_)) => {
            Err(site.raised(format!("timestamp() does not take {}", value.type_name())))
        }
        ("timestamp", CelValue::String(text)) => instant(site, Some(time::timestamp(text).ok_or_else(unreadable)?)),
        ("timestamp", CelValue::Int(seconds)) => instant(site, seconds.checked_mul(1_000_000)),
        ("duration", CelValue::String(text)) => time::duration(text).map(CelValue::Duration).ok_or_else(unreadable),
        ("duration", CelValue::Int(seconds)) => seconds.checked_mul(1_000_000).map(CelValue::Duration).ok_or_else(range),
        _ => refuse(),
    }
}
