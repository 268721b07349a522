//! Samples of messages, in `ProtoJSON`.

use std::fmt::Write as _;

use super::scalar::Scalar;
use super::types::{EnumType, FieldContent, MessageField, MessageType, Types};
use super::well_known::WellKnown;
use crate::schema::payload::Work;
use crate::schema::sampling::RandomSource;

/// Nesting of messages that must be there.
const MAX_DEPTH: usize = 64;

/// Makes a message.
///
/// # Errors
/// A sentence: it takes too much.
pub(super) fn sample(types: &Types, root: u32, source: &mut RandomSource, work: &mut Work<'_>) -> Result<String, String> {
    let mut sampler = Sampler { types, source, work, out: String::new() };
    sampler.message(root, false)?;
    Ok(sampler.out)
}

struct Sampler<'a, 's> {
    types: &'a Types,
    source: &'a mut RandomSource,
    work: &'a mut Work<'s>,
    out: String,
}

fn too_large<T>() -> Result<T, String> {
    Err("a message of this schema is too large".to_owned())
}

impl<'a> Sampler<'a, '_> {
    fn string(&mut self, text: &str) {
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }

    fn message(&mut self, id: u32, in_any: bool) -> Result<(), String> {
        let is_free = self.source.enter();
        if self.source.depth() > MAX_DEPTH || !self.work.step() || !self.work.take_memory(64) {
            return too_large();
        }
        let types = self.types;
        let Some(message) = types.messages.get(id as usize) else { return too_large() };
        match message.well_known {
            Some(known) => self.well_known(known),
            None => self.fields(message, is_free, in_any)?,
        }
        self.source.leave();
        Ok(())
    }

    fn fields(&mut self, message: &'a MessageType, is_free: bool, in_any: bool) -> Result<(), String> {
        let mut chosen: std::collections::BTreeMap<u32, Vec<&MessageField>> = std::collections::BTreeMap::new();
        for field in &message.fields {
            if let Some(oneof) = field.oneof {
                chosen.entry(oneof).or_default().push(field);
            }
        }
        let chosen: Vec<u32> =
            chosen.into_values().filter_map(|fields| self.source.pick(&fields).map(|field| field.number)).collect();
        self.out.push('{');
        let mut is_first = !in_any;
        for field in &message.fields {
            let is_out_of_choice = field.oneof.is_some() && !chosen.contains(&field.number);
            let is_nested = matches!(field.content, FieldContent::Message(_) | FieldContent::Group(_));
            let is_wanted = is_free && self.source.percent(if is_nested { 70 } else { 90 });
            if is_out_of_choice || !(field.required || is_wanted) {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.out.push(',');
            }
            self.string(&field.json);
            self.out.push(':');
            self.field(field)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn field(&mut self, field: &'a MessageField) -> Result<(), String> {
        if let FieldContent::Map(entry) = field.content {
            return self.map(entry);
        }
        if !field.repeated {
            return self.value(field);
        }
        self.out.push('[');
        for at in 0..self.source.below(4) {
            if at > 0 {
                self.out.push(',');
            }
            self.value(field)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, entry: u32) -> Result<(), String> {
        let types = self.types;
        let fields = types.messages.get(entry as usize).map_or(&[][..], |entry| &entry.fields);
        let [key, value] = fields else { return too_large() };
        self.out.push('{');
        for at in 0..self.source.below(3) {
            let key = match key.content {
                FieldContent::Scalar(Scalar::String) => format!("{}{}", self.source.word(), at + 1),
                FieldContent::Scalar(Scalar::Bool) => (at == 0).to_string(),
                _ => (at + 1).to_string(),
            };
            let _ = write!(self.out, "{}\"{key}\":", if at > 0 { "," } else { "" });
            self.value(value)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn value(&mut self, field: &'a MessageField) -> Result<(), String> {
        match field.content {
            FieldContent::Scalar(scalar) => self.scalar(scalar, &field.name),
            FieldContent::Enum(id) => {
                let types = self.types;
                if let Some(found) = types.enums.get(id as usize) {
                    self.symbol(found);
                }
            }
            FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => return self.message(id, false),
        }
        Ok(())
    }

    fn symbol(&mut self, found: &EnumType) {
        if found.is_null {
            self.out.push_str("null");
            return;
        }
        let mut numbers: Vec<&i32> = found.names.keys().collect();
        numbers.sort_unstable();
        let name = self.source.pick(&numbers).and_then(|number| found.names.get(number)).cloned().unwrap_or_default();
        self.string(&name);
    }

    fn scalar(&mut self, scalar: Scalar, name: &str) {
        let (least, most) = match scalar {
            Scalar::Double | Scalar::Float => {
                let number = self.source.decimal();
                self.out.push_str(&number);
                return;
            }
            Scalar::Bool => {
                let value = self.source.percent(50);
                self.out.push_str(if value { "true" } else { "false" });
                return;
            }
            Scalar::String => {
                let text = self.source.named(name);
                return self.string(&text);
            }
            Scalar::Bytes => {
                use base64::Engine as _;
                let count = self.source.below(9);
                let text = base64::engine::general_purpose::STANDARD.encode(self.source.bytes(count));
                return self.string(&text);
            }
            _ => scalar.range().unwrap_or_default(),
        };
        let value = self.source.integer(least, most);
        if scalar.is_long() {
            self.string(&value.to_string());
        } else {
            let _ = write!(self.out, "{value}");
        }
    }

    fn well_known(&mut self, known: WellKnown) {
        match known {
            WellKnown::Timestamp => {
                let text = super::well_known::timestamp(self.source.seconds(), 0).unwrap_or_default();
                self.string(&text);
            }
            WellKnown::Duration => {
                let text = format!("{}.5s", self.source.below(1_000));
                self.string(&text);
            }
            WellKnown::FieldMask => {
                let text = format!("{},{}", self.source.word(), self.source.word());
                self.string(&text);
            }
            // a message that an Any has must be one that readers know, and those are the well-known ones at most
            WellKnown::Any | WellKnown::Struct => self.out.push_str("{}"),
            WellKnown::Value => {
                let text = self.source.text();
                self.string(&text);
            }
            WellKnown::ListValue => self.out.push_str("[]"),
            WellKnown::Wrapper(scalar) => self.scalar(scalar, ""),
        }
    }
}
