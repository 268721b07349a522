//! Samples of data, in Avro's JSON encoding: it says which branch of a union is meant.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::schema::avro::model::{Model, Node, NodeId, NodeKind, Primitive};
use crate::schema::json::Value;
use crate::schema::payload::Work;
use crate::schema::sampling::RandomSource;

/// No finite datum exists.
const INFINITE: u32 = u32::MAX;

/// How deep the flattest datum of each type is.
#[derive(Debug)]
pub(super) struct Heights(Vec<u32>);

impl Heights {
    pub(super) fn of(model: &Model) -> Self {
        let mut heights = vec![INFINITE; model.nodes.len()];
        let mut parents: Vec<Vec<NodeId>> = vec![Vec::new(); model.nodes.len()];
        let mut missing = vec![0_usize; model.nodes.len()];
        let mut ready = VecDeque::new();
        for (at, node) in model.nodes.iter().enumerate() {
            let Ok(id) = NodeId::try_from(at) else { break };
            let children: Vec<NodeId> = match &node.kind {
                NodeKind::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
                NodeKind::Union(branches) => branches.clone(),
                _ => Vec::new(),
            };
            if let Some(missing) = missing.get_mut(at) {
                *missing = children.len();
            }
            if children.is_empty() {
                ready.push_back((id, 0));
            }
            for child in children {
                if let Some(parents) = parents.get_mut(child as usize) {
                    parents.push(id);
                }
            }
        }
        // in the order of their heights, so that the first branch of a union that is known is its flattest
        while let Some((id, height)) = ready.pop_front() {
            let Some(known) = heights.get_mut(id as usize).filter(|known| **known == INFINITE) else { continue };
            *known = height;
            for parent in parents.get(id as usize).into_iter().flatten() {
                let is_union = matches!(model.node(*parent).kind, NodeKind::Union(_));
                let Some(missing) = missing.get_mut(*parent as usize) else { continue };
                *missing = missing.saturating_sub(1);
                if is_union || *missing == 0 {
                    ready.push_back((*parent, height + 1));
                }
            }
        }
        Self(heights)
    }

    fn get(&self, id: NodeId) -> u32 {
        self.0.get(id as usize).copied().unwrap_or(INFINITE)
    }
}

/// Makes a datum.
///
/// # Errors
/// A sentence: no finite datum exists, or it takes too much.
pub(super) fn sample(
    model: &Model,
    heights: &Heights,
    root: NodeId,
    source: &mut RandomSource,
    work: &mut Work<'_>,
) -> Result<String, String> {
    if heights.get(root) == INFINITE {
        return Err("no finite datum exists: a record contains itself".to_owned());
    }
    let mut sampler = Sampler { model, heights, source, work, out: String::new() };
    sampler.value(root, "")?;
    Ok(sampler.out)
}

struct Sampler<'a, 's> {
    model: &'a Model,
    heights: &'a Heights,
    source: &'a mut RandomSource,
    work: &'a mut Work<'s>,
    out: String,
}

fn property<'n>(node: &'n Node, key: &str) -> Option<&'n Value> {
    node.props.iter().find(|member| &*member.key == key).map(|member| &member.value)
}

impl Sampler<'_, '_> {
    fn value(&mut self, id: NodeId, name: &str) -> Result<(), String> {
        let is_free = self.source.enter();
        if self.source.depth() > super::binary::MAX_DEPTH || !self.work.step() || !self.work.take_memory(64) {
            return Err("a datum of this schema is too large".to_owned());
        }
        self.inner(id, name, is_free)?;
        self.source.leave();
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }

    fn inner(&mut self, id: NodeId, name: &str, is_free: bool) -> Result<(), String> {
        let model = self.model;
        let node = model.node(id);
        match &node.kind {
            NodeKind::Primitive(primitive) => self.primitive(*primitive, node, name),
            NodeKind::Fixed(fixed) => {
                let size = fixed.size as usize;
                if !self.work.take_memory(size) {
                    return Err("a datum of this schema is too large".to_owned());
                }
                self.bytes(size);
            }
            NodeKind::Enum(symbols) => {
                let symbol = self.source.pick(&symbols.symbols).cloned().unwrap_or_default();
                self.string(&symbol);
            }
            NodeKind::Union(branches) => return self.union(branches, name, is_free),
            NodeKind::Array(items) => {
                self.out.push('[');
                for at in 0..self.count(is_free) {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(*items, name)?;
                }
                self.out.push(']');
            }
            NodeKind::Map(values) => {
                self.out.push('{');
                for at in 0..self.count(is_free) {
                    let key = format!("{}{}", self.source.word(), at + 1);
                    let _ = write!(self.out, "{}\"{key}\":", if at > 0 { "," } else { "" });
                    self.value(*values, name)?;
                }
                self.out.push('}');
            }
            NodeKind::Record(record) => {
                self.out.push('{');
                for (at, field) in record.fields.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.string(&field.name);
                    self.out.push(':');
                    self.value(field.ty, &field.name)?;
                }
                self.out.push('}');
            }
            NodeKind::Pending(_) => return Err("a type is not defined".to_owned()),
        }
        Ok(())
    }

    fn count(&mut self, is_free: bool) -> usize {
        if is_free { self.source.below(4) } else { 0 }
    }

    fn union(&mut self, branches: &[NodeId], name: &str, is_free: bool) -> Result<(), String> {
        let finite: Vec<NodeId> = branches.iter().copied().filter(|branch| self.heights.get(*branch) != INFINITE).collect();
        let flattest = finite.iter().copied().min_by_key(|branch| self.heights.get(*branch));
        let chosen = if is_free { self.source.pick(&finite).copied() } else { flattest };
        let Some(branch) = chosen else { return Err("no finite datum exists: a union has no branch that ends".to_owned()) };
        if matches!(self.model.node(branch).kind, NodeKind::Primitive(Primitive::Null)) {
            self.out.push_str("null");
            return Ok(());
        }
        self.out.push('{');
        self.string(&self.model.branch_name(branch));
        self.out.push(':');
        self.value(branch, name)?;
        self.out.push('}');
        Ok(())
    }

    fn bytes(&mut self, count: usize) {
        let text: String = self.source.bytes(count).into_iter().map(char::from).collect();
        self.string(&text);
    }

    fn primitive(&mut self, primitive: Primitive, node: &Node, name: &str) {
        let logical = property(node, "logicalType").and_then(Value::as_str).unwrap_or_default();
        let day = 86_400_i128;
        match (primitive, logical) {
            (Primitive::Null, _) => self.out.push_str("null"),
            (Primitive::Boolean, _) => {
                let value = self.source.percent(50);
                self.out.push_str(if value { "true" } else { "false" });
            }
            (Primitive::Int, "date") => {
                let seconds = i128::from(self.source.seconds());
                self.number(seconds / day);
            }
            (Primitive::Int, "time-millis") => self.among(0, day * 1_000 - 1),
            (Primitive::Int, _) => self.among(i32::MIN.into(), i32::MAX.into()),
            (Primitive::Long, "time-micros") => self.among(0, day * 1_000_000 - 1),
            (Primitive::Long, "timestamp-millis" | "local-timestamp-millis") => self.time(1_000),
            (Primitive::Long, "timestamp-micros" | "local-timestamp-micros") => self.time(1_000_000),
            (Primitive::Long, "timestamp-nanos" | "local-timestamp-nanos") => self.time(1_000_000_000),
            (Primitive::Long, _) => self.among(i64::MIN.into(), i64::MAX.into()),
            (Primitive::Float | Primitive::Double, _) => {
                let number = self.source.decimal();
                self.out.push_str(&number);
            }
            (Primitive::Bytes, "decimal") => {
                // one byte has two digits and a sign
                let precision = property(node, "precision").and_then(Value::as_number).and_then(|text| text.parse().ok());
                let count = (precision.unwrap_or(1_usize) / 3).clamp(1, 8);
                if precision.unwrap_or(1) < 3 { self.string("\u{1}") } else { self.bytes(count) }
            }
            (Primitive::Bytes, _) => {
                let count = self.source.below(9);
                self.bytes(count);
            }
            (Primitive::String, "uuid") => {
                let uuid = self.source.uuid();
                self.string(&uuid);
            }
            (Primitive::String, _) => {
                let text = self.source.named(name);
                self.string(&text);
            }
        }
    }

    fn number(&mut self, value: i128) {
        let _ = write!(self.out, "{value}");
    }

    fn among(&mut self, least: i128, most: i128) {
        let value = self.source.integer(least, most);
        self.number(value);
    }

    fn time(&mut self, unit: i64) {
        let value = i128::from(self.source.seconds()) * i128::from(unit);
        self.number(value);
    }
}
