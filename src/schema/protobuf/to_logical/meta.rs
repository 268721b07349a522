//! Confluent's options `confluent.field_meta` and its like: documentation, parameters, tags and constraints.

use std::borrow::Cow;

use crate::schema::logical::conversion::constraint;
use crate::schema::logical::model::{Constraint, LogicalAnnotations, Params, is_format_native, set_param};
use crate::schema::protobuf::model::{LiteralEntry, OptionValue, ProtoOption};

/// What the options of one element say.
#[derive(Debug, Default)]
pub(super) struct Meta {
    doc: Option<String>,
    params: Params,
    tags: Vec<String>,
    constraints: Vec<Constraint>,
}

impl Meta {
    pub(super) fn of_message(options: &[ProtoOption]) -> Self {
        Self::read(options, "confluent.message_meta")
    }

    pub(super) fn of_field(options: &[ProtoOption]) -> Self {
        Self::read(options, "confluent.field_meta")
    }

    pub(super) fn of_enum(options: &[ProtoOption]) -> Self {
        Self::read(options, "confluent.enum_meta")
    }

    pub(super) fn of_enum_value(options: &[ProtoOption]) -> Self {
        Self::read(options, "confluent.enum_value_meta")
    }

    fn read(options: &[ProtoOption], name: &str) -> Self {
        let mut meta = Self::default();
        for option in options {
            if option.extension().map(|own| own.strip_prefix('.').unwrap_or(own)) != Some(name) {
                continue;
            }
            match (option.name.as_slice(), &option.value) {
                ([_, key], value) => meta.add(&key.text, value),
                ([_], OptionValue::Literal(entries)) => entries.iter().for_each(|entry| meta.add(&entry.key, &entry.value)),
                _ => {}
            }
        }
        meta
    }

    fn add(&mut self, key: &str, value: &OptionValue) {
        match key {
            "doc" => self.doc = text(value).map(Cow::into_owned),
            "tags" => {
                for tag in values(value).iter().filter_map(text) {
                    if !self.tags.iter().any(|own| **own == *tag) {
                        self.tags.push(tag.into_owned());
                    }
                }
            }
            "params" => {
                for entries in values(value).iter().filter_map(literal) {
                    let (key, value) = (entry(entries, "key"), entry(entries, "value"));
                    set_param(&mut self.params, &key.unwrap_or_default(), value.unwrap_or_default());
                }
            }
            "rules" => {
                let part = |entries: &[LiteralEntry], key: &str| entry(entries, key).unwrap_or_default();
                let read = |entries: &[LiteralEntry]| {
                    constraint(&part(entries, "name"), &part(entries, "doc"), &part(entries, "expr"), &part(entries, "sql"))
                };
                self.constraints.extend(values(value).iter().filter_map(literal).filter_map(read));
            }
            _ => {}
        }
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is an integer.
    pub(super) fn integer(&self, name: &str) -> Option<Result<i32, String>> {
        self.param(name).map(|text| text.parse().map_err(|_| format!("For input string: \"{text}\"")))
    }

    /// The type is a named one, although it stands within another.
    pub(super) fn is_named(&self) -> bool {
        self.param("logical.named") == Some("true")
    }

    pub(super) fn doc(&self) -> Option<String> {
        self.doc.clone().filter(|doc| !doc.trim().is_empty())
    }

    pub(super) fn all_params(&self) -> Params {
        self.params.clone()
    }

    /// What is for people: parameters that steer the conversion are left out.
    pub(super) fn annotations(&self) -> LogicalAnnotations {
        let params = self.params.iter().filter(|(name, _)| is_user_param(name)).cloned().collect();
        LogicalAnnotations { doc: self.doc(), tags: self.tags.clone(), params, constraints: self.constraints.clone() }
    }
}

fn is_user_param(name: &str) -> bool {
    let internal = ["flink.", "connect.", "logical."].iter().any(|prefix| name.starts_with(prefix));
    !internal && !is_format_native(name) && !matches!(name, "precision" | "scale")
}

/// The values of a repeated field, which may be written as one.
fn values(value: &OptionValue) -> &[OptionValue] {
    match value {
        OptionValue::List(values) => values,
        one => std::slice::from_ref(one),
    }
}

fn literal(value: &OptionValue) -> Option<&[LiteralEntry]> {
    match value {
        OptionValue::Literal(entries) => Some(entries),
        _ => None,
    }
}

fn text(value: &OptionValue) -> Option<Cow<'_, str>> {
    match value {
        OptionValue::String(bytes) => Some(String::from_utf8_lossy(bytes)),
        OptionValue::Word(word) => Some(Cow::Borrowed(word)),
        OptionValue::Literal(_) | OptionValue::List(_) => None,
    }
}

fn entry(entries: &[LiteralEntry], key: &str) -> Option<String> {
    let found = entries.iter().find(|entry| &*entry.key == key)?;
    text(&found.value).map(Cow::into_owned)
}
