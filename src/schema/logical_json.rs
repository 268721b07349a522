//! JSON that the formats write for a logical type.

use std::fmt::Write as _;

use super::json::write_string;
use super::logical::model::{Constraint, EnumValue, LogicalAnnotations, Params, UnionBranch, is_format_native};

/// A JSON value in the making.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    /// A number or a boolean, as it is written.
    Plain(String),
    Text(String),
    List(Vec<Json>),
    Object(Members),
    /// In Avro: a named type, which is written whole where it comes first, and by its name from then on.
    Named(String),
}

pub(crate) type Members = Vec<(String, Json)>;

impl Json {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self::Plain(number.to_string())
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Plain(plain) => out.push_str(plain),
            Self::Text(text) | Self::Named(text) => write_string(out, text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write_string(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Sets a member; one of the same name keeps its place.
pub(crate) fn set(members: &mut Members, key: &str, value: Json) {
    match members.iter_mut().find(|(own, _)| own == key) {
        Some((_, own)) => *own = value,
        None => members.push((key.to_owned(), value)),
    }
}

fn params_object(params: &Params) -> Json {
    Json::Object(params.iter().map(|(name, value)| (name.clone(), Json::text(value))).collect())
}

/// Parameters without those that only one format has.
pub(crate) fn own_params(params: &Params) -> Params {
    params.iter().filter(|(name, _)| !is_format_native(name)).cloned().collect()
}

/// `confluent:tags`
pub(crate) fn set_tags(members: &mut Members, notes: &LogicalAnnotations) {
    if !notes.tags.is_empty() {
        set(members, "confluent:tags", Json::List(notes.tags.iter().map(Json::text).collect()));
    }
}

/// `confluent:params`
pub(crate) fn set_params(members: &mut Members, params: &Params) {
    if !params.is_empty() {
        set(members, "confluent:params", params_object(params));
    }
}

/// `confluent:rules`
pub(crate) fn set_rules(members: &mut Members, rules: &[Constraint]) {
    if rules.is_empty() {
        return;
    }
    let rule = |rule: &Constraint| {
        let mut object = Members::new();
        let texts = [("name", &rule.name), ("doc", &rule.doc)];
        object.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Json::text(text.as_ref()?)))));
        object.push(("expr".to_owned(), Json::text(&rule.expr)));
        object.push(("sql".to_owned(), Json::text(&rule.sql)));
        Json::Object(object)
    };
    set(members, "confluent:rules", Json::List(rules.iter().map(rule).collect()));
}

fn described(name: &str, doc: Option<&String>, params: &Params) -> Json {
    let mut object = vec![("name".to_owned(), Json::text(name))];
    if let Some(doc) = doc {
        object.push(("doc".to_owned(), Json::text(doc)));
    }
    if !params.is_empty() {
        object.push(("params".to_owned(), params_object(params)));
    }
    Json::Object(object)
}

/// `confluent:enum`, where there is more to say than the symbols.
pub(crate) fn set_symbols(members: &mut Members, values: &[EnumValue]) {
    if values.iter().any(|value| value.doc.is_some() || !value.params.is_empty()) {
        let list = values.iter().map(|value| described(&value.symbol, value.doc.as_ref(), &value.params)).collect();
        set(members, "confluent:enum", Json::List(list));
    }
}

/// `confluent:union`
pub(crate) fn set_branches(members: &mut Members, branches: &[UnionBranch]) {
    let list = branches.iter().map(|branch| described(&branch.name, branch.doc.as_ref(), &own_params(&branch.params)));
    set(members, "confluent:union", Json::List(list.collect()));
}

/// A float as Java writes it.
pub(crate) fn java_float(value: f32) -> Json {
    let mut out = String::new();
    if value.is_finite() {
        crate::schema::java_number::write_float(&mut out, value);
        return Json::Plain(out);
    }
    let _ = write!(out, "{}", if value > 0.0 { "Infinity" } else { "-Infinity" });
    Json::Text(out)
}

/// A double as Java writes it.
pub(crate) fn java_double(value: f64) -> Json {
    let mut out = String::new();
    if value.is_finite() {
        crate::schema::java_number::write_double(&mut out, value);
        return Json::Plain(out);
    }
    Json::text(if value > 0.0 { "Infinity" } else { "-Infinity" })
}
