//! `ProtoJSON` (Protocol Buffers, "JSON Mapping").

use super::scalar::{base64_of, integer};
use super::types::{FieldContent, MessageField, Types};
use super::well_known::{WellKnown, is_duration, is_field_mask, parse_timestamp};
use crate::schema::json::{JsonKind, Object, Value};
use crate::schema::payload::{DataFault, FaultKind, MAX_FAULTS, Work};
use crate::schema::pointer::Segment;
use crate::schema::protobuf::limits::MAX_MESSAGE_DEPTH;

/// All faults, up to a bound.
pub(super) fn walk(types: &Types, root: u32, value: &Value, work: &mut Work<'_>) -> Vec<DataFault> {
    let mut walker = JsonWalker { types, path: Vec::new(), depth: 0, faults: Vec::new(), spent: false, work };
    walker.message(root, value, None);
    if walker.spent {
        return vec![DataFault::out_of_work(&[])];
    }
    walker.faults
}

struct JsonWalker<'a, 'w, 's> {
    types: &'a Types,
    path: Vec<Segment<'a>>,
    depth: usize,
    faults: Vec<DataFault>,
    spent: bool,
    work: &'w mut Work<'s>,
}

impl<'a> JsonWalker<'a, '_, '_> {
    fn fault(&mut self, message: impl Into<String>) {
        self.note(FaultKind::Mismatch, message);
    }

    fn note(&mut self, kind: FaultKind, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(DataFault::at(kind, &self.path, message));
        }
    }

    fn inside(&mut self, segment: Segment<'a>, walk: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        walk(self);
        self.path.pop();
    }

    /// A message. The member `skip` is not one of its fields.
    fn message(&mut self, id: u32, value: &'a Value, skip: Option<&str>) {
        if !self.work.step() || self.spent {
            self.spent = true;
            return;
        }
        if self.depth >= MAX_MESSAGE_DEPTH {
            self.note(FaultKind::Depth, format!("messages are nested deeper than {MAX_MESSAGE_DEPTH} levels"));
            return;
        }
        let types = self.types;
        let Some(message) = types.messages.get(id as usize) else { return };
        self.depth += 1;
        match (message.well_known.filter(|_| skip.is_none()), &value.kind) {
            (Some(known), _) => self.well_known(known, value),
            (None, JsonKind::Object(object)) => self.fields(id, object, skip),
            (None, _) => self.fault(format!("expected an object, the message {}", message.full)),
        }
        self.depth -= 1;
    }

    fn fields(&mut self, id: u32, object: &'a Object, skip: Option<&str>) {
        let types = self.types;
        let Some(message) = types.messages.get(id as usize) else { return };
        let mut seen = vec![false; message.fields.len()];
        let mut oneofs: Vec<(u32, &str)> = Vec::new();
        for member in object.members() {
            if skip == Some(&*member.key) {
                continue;
            }
            let found = message.by_name.get(&member.key).and_then(|at| Some((*at, message.fields.get(*at)?)));
            let Some((at, field)) = found else {
                let text = format!("the message {} has no such field", message.full);
                self.inside(Segment::Name(&member.key), |walker| walker.note(FaultKind::Unknown, text));
                continue;
            };
            let is_set = !self.is_unset(field, &member.value);
            if std::mem::replace(seen.get_mut(at).unwrap_or(&mut false), true) {
                let text = format!("the field '{}' is there more than once", field.name);
                self.inside(Segment::Name(&member.key), |walker| walker.fault(text));
            } else if let Some(oneof) = field.oneof.filter(|_| is_set) {
                if let Some((_, other)) = oneofs.iter().find(|(known, _)| *known == oneof) {
                    let text = format!("only one field of a oneof may be set, and '{other}' is set, too");
                    self.inside(Segment::Name(&member.key), |walker| walker.fault(text));
                }
                oneofs.push((oneof, &field.name));
            }
            if is_set {
                self.inside(Segment::Name(&member.key), |walker| walker.field(field, &member.value));
            }
            if self.spent {
                return;
            }
        }
        if message.has_required {
            let mut missing = message.fields.iter().zip(&seen).filter(|(field, seen)| field.required && !**seen);
            if let Some((field, _)) = missing.next() {
                self.fault(format!("the required field '{}' is missing", field.name));
            }
        }
    }

    /// Whether a field is left unset: `null` means that, except for types that have a null value.
    fn is_unset(&self, field: &MessageField, value: &Value) -> bool {
        let own_null = match field.content {
            FieldContent::Message(id) => self.well_known_of(id) == Some(WellKnown::Value),
            FieldContent::Enum(id) => self.types.enums.get(id as usize).is_some_and(|found| found.is_null),
            _ => false,
        };
        value.kind == JsonKind::Null && (field.repeated || !own_null)
    }

    fn well_known_of(&self, id: u32) -> Option<WellKnown> {
        self.types.messages.get(id as usize).and_then(|message| message.well_known)
    }

    fn field(&mut self, field: &'a MessageField, value: &'a Value) {
        match (field.content, &value.kind) {
            (FieldContent::Map(entry), JsonKind::Object(object)) => {
                let types = self.types;
                let entry = types.messages.get(entry as usize);
                let (Some((_, key)), Some((_, inner))) = (entry.and_then(|e| e.field(1)), entry.and_then(|e| e.field(2))) else {
                    return;
                };
                for member in object.members() {
                    self.inside(Segment::Name(&member.key), |walker| {
                        if let FieldContent::Scalar(scalar) = key.content
                            && let Err(text) = scalar.check_key(&member.key)
                        {
                            walker.fault(text);
                        }
                        walker.element(inner, &member.value);
                    });
                }
            }
            (FieldContent::Map(_), _) => self.fault("expected an object, a map"),
            (_, JsonKind::Array(values)) if field.repeated => {
                for (index, value) in (0..).zip(values) {
                    self.inside(Segment::Index(index), |walker| walker.element(field, value));
                }
            }
            (..) if field.repeated => self.fault("expected an array"),
            _ => self.single(field, value),
        }
    }

    /// An element of a list or a map, where null has no meaning.
    fn element(&mut self, field: &'a MessageField, value: &'a Value) {
        let plain = MessageField { repeated: false, name: "".into(), json: "".into(), meta: None, ..*field };
        if self.is_unset(&plain, value) {
            self.fault("null can't stand in a list or a map");
        } else {
            self.single(field, value);
        }
    }

    fn single(&mut self, field: &'a MessageField, value: &'a Value) {
        if !self.work.step() || self.spent {
            self.spent = true;
            return;
        }
        match field.content {
            FieldContent::Scalar(scalar) => {
                if let Err(text) = scalar.check_json(value) {
                    self.fault(text);
                }
            }
            FieldContent::Enum(id) => self.enumeration(id, value),
            FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => self.message(id, value, None),
        }
    }

    fn enumeration(&mut self, id: u32, value: &Value) {
        let types = self.types;
        let Some(found) = types.enums.get(id as usize) else { return };
        match &value.kind {
            JsonKind::Null if found.is_null => {}
            JsonKind::String(name) if found.by_name.contains_key(name) => {}
            JsonKind::String(_) => self.fault("the enum has no constant of that name"),
            JsonKind::Number(text) => match integer(text).and_then(|number| i32::try_from(number).ok()) {
                Some(number) if !found.closed || found.names.contains_key(&number) => {}
                Some(_) => self.fault("the enum has no constant with that number"),
                None => self.fault("the number of an enum must be an integer of 32 bits"),
            },
            _ => self.fault("expected the name or the number of an enum's constant"),
        }
    }

    fn well_known(&mut self, known: WellKnown, value: &'a Value) {
        let (fits, wanted) = match (known, &value.kind) {
            (WellKnown::Value, _) | (WellKnown::Struct, JsonKind::Object(_)) | (WellKnown::ListValue, JsonKind::Array(_)) => {
                (true, "")
            }
            (WellKnown::Timestamp, JsonKind::String(text)) => (parse_timestamp(text).is_some(), "a timestamp of RFC 3339"),
            (WellKnown::Duration, JsonKind::String(text)) => (is_duration(text), "a duration such as 1.5s"),
            (WellKnown::FieldMask, JsonKind::String(text)) => {
                (is_field_mask(text), "paths in lower camel case, separated by commas")
            }
            (WellKnown::Wrapper(scalar), _) => {
                if let Err(text) = scalar.check_json(value) {
                    self.fault(text);
                }
                return;
            }
            (WellKnown::Any, JsonKind::Object(object)) => return self.any(object),
            (WellKnown::Any | WellKnown::Struct, _) => (false, "an object"),
            (WellKnown::ListValue, _) => (false, "an array"),
            (WellKnown::Timestamp | WellKnown::Duration | WellKnown::FieldMask, _) => (false, "a string"),
        };
        if !fits {
            self.fault(format!("expected {wanted}"));
        }
    }

    /// `Any`: the message's own members beside `@type`, or its form under `value`.
    fn any(&mut self, object: &'a Object) {
        const TYPE: &str = "@type";
        if object.is_empty() {
            return;
        }
        let Some(url) = object.get(TYPE).and_then(Value::as_str) else {
            return self.fault("an Any needs the member '@type', a type URL");
        };
        let types = self.types;
        let Some(id) = types.find(url.rsplit('/').next().unwrap_or("")) else {
            if opaque_any(object).is_some() {
                return;
            }
            return self.note(FaultKind::Unknown, "the schema does not know the message that '@type' names");
        };
        match (self.well_known_of(id), object.get("value")) {
            (None, _) => {
                let message = types.messages.get(id as usize);
                if message.is_some() && self.depth < MAX_MESSAGE_DEPTH {
                    self.depth += 1;
                    self.fields(id, object, Some(TYPE));
                    self.depth -= 1;
                }
            }
            (Some(_), Some(value)) => self.inside(Segment::Name("value"), |walker| walker.message(id, value, None)),
            (Some(_), None) => self.fault("an Any of this message needs the member 'value'"),
        }
    }
}

/// The bytes of an `Any` whose message the schema does not know: `{"@type": "...", "value": "<base64>"}`, as such messages are decoded.
pub(super) fn opaque_any(object: &Object) -> Option<Vec<u8>> {
    if object.len() != 2 {
        return None;
    }
    base64_of(object.get("value")?.as_str()?)
}
