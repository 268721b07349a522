//! Samples of data: valid ones, and ones of which a single thing is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Tree;

use super::{DecodeOptions, EncodeOptions, Encoded, decode, encode, typed};
use crate::schema::avro::UnionEncoding;
use crate::schema::json_schema;
use crate::schema::payload::{DataFault, Effort, FaultKind, Work};
pub use crate::schema::sampling::RandomSource;
use crate::schema::typed::{Shapes, Typed};
use crate::schema::{Parsed, PayloadValidator, SchemaError};

/// Samples of one schema.
#[derive(Debug)]
pub struct RecordSampler {
    payload: PayloadValidator,
    /// Of a JSON Schema.
    document: Option<json_schema::Sampler>,
}

/// Valid data.
#[derive(Debug, Clone)]
pub struct Sample {
    pub json: String,
    pub encoded: Encoded,
}

/// Data of which one thing is wrong.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What is wrong: the keyword of a JSON Schema, or the kind of fault.
    pub rule: String,
    /// Where, as JSON pointer.
    pub pointer: String,
    /// One sentence.
    pub message: String,
    /// The data, in JSON.
    pub json: Option<String>,
    /// The data, in the binary encoding.
    pub bytes: Option<Vec<u8>>,
}

/// Places of a sample that are broken.
const PLACES: usize = 200;
/// Bytes of a sample that are broken.
const BYTES: usize = 500;

/// Valid data of a schema as rules of data contracts see it; the same for the same seed. Nothing where none can be made up.
pub fn typed_samples(parsed: &Parsed, count: usize, seed: u64) -> Option<(Arc<Shapes>, Vec<Typed>)> {
    let payload = PayloadValidator::prepare(parsed, true, None).ok()?;
    let sampler = RecordSampler::new(parsed, payload.clone()).ok()?;
    let mut source = RandomSource::new(seed);
    let mut shapes = None;
    let mut samples = Vec::with_capacity(count);
    for _ in 0..count {
        let mut work = Work::new(Effort::Full, None);
        let sample = sampler.sample(&mut source, &EncodeOptions::default(), &mut work).ok()?;
        let data = typed(&payload, parsed, &sample.encoded.bytes, &DecodeOptions::default(), &mut work.again()).ok()?;
        shapes.get_or_insert(data.shapes);
        samples.push(data.data);
    }
    Some((shapes?, samples))
}

impl RecordSampler {
    /// `payload` is the same schema, made ready for data.
    ///
    /// # Errors
    /// A JSON Schema that can't be written as one document.
    pub fn new(parsed: &Parsed, payload: PayloadValidator) -> Result<Self, SchemaError> {
        let document = match parsed {
            Parsed::Json(schema) => Some(json_schema::Sampler::new(schema)?),
            _ => None,
        };
        Ok(Self { payload, document })
    }

    /// Valid data; each call gives another.
    ///
    /// # Errors
    /// None was found, or it takes too much.
    pub fn sample(
        &self,
        source: &mut RandomSource,
        options: &EncodeOptions,
        work: &mut Work<'_>,
    ) -> Result<Sample, Vec<DataFault>> {
        let unfit = |message: String| vec![DataFault::new(FaultKind::Mismatch, "", message)];
        source.begin();
        let text = match (&self.payload, &self.document) {
            (PayloadValidator::Avro(payload), _) => payload.sample(source, work).map_err(unfit)?,
            (PayloadValidator::Protobuf(payload), _) => {
                let found = options
                    .message
                    .as_deref()
                    .map(|name| payload.by_name(name).ok_or_else(|| unfit(format!("the schema has no message '{name}'"))));
                payload.sample(found.transpose()?, source, work).map_err(unfit)?
            }
            (PayloadValidator::Json(validator), Some(document)) => document.sample(validator, source).map_err(unfit)?,
            (PayloadValidator::Json(_), None) => return Err(unfit("the schema has no document".to_owned())),
        };
        // made with the branches of unions named, so that it means one thing only
        let tagged = EncodeOptions { unions: UnionEncoding::Tagged, message: options.message.clone() };
        let encoded = encode(&self.payload, &text, &tagged, &mut work.again())?;
        let reading = DecodeOptions { unions: options.unions, message: options.message.clone(), ..DecodeOptions::default() };
        let decoded = decode(&self.payload, None, &encoded.bytes, &reading, &mut work.again()).map_err(|fault| vec![fault])?;
        Ok(Sample { json: decoded.json, encoded })
    }

    /// JSON that is like the sample but for one thing, once for each rule that can be broken so.
    pub fn broken(&self, sample: &Sample, options: &EncodeOptions, work: &Work<'_>) -> Vec<Broken> {
        let Ok(whole) = serde_json::from_str::<Tree>(&sample.json) else { return Vec::new() };
        let mut found: Vec<Broken> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut tried: Vec<(Tree, Vec<DataFault>)> = Vec::new();
        for pointer in pointers(&whole) {
            for changed in changes(&whole, &pointer) {
                let Err(faults) = encode(&self.payload, &changed.to_string(), options, &mut work.again()) else { continue };
                match faults.as_slice() {
                    [fault] if seen.insert(rule_key(fault)) => found.push(broken(fault, Some(changed.to_string()), None)),
                    [_] => {}
                    _ => tried.push((changed, faults)),
                }
            }
        }
        // what breaks only together with something else
        for (changed, faults) in tried {
            if let Some(fault) = faults.first().filter(|fault| seen.insert(rule_key(fault))) {
                found.push(broken(fault, Some(changed.to_string()), None));
            }
        }
        found
    }

    /// Bytes that are like the sample's but for one thing, once for each rule that can be broken so.
    pub fn broken_bytes(&self, sample: &Sample, options: &EncodeOptions, work: &Work<'_>) -> Vec<Broken> {
        if self.document.is_some() {
            let texts = self.broken(sample, options, work).into_iter();
            return texts.map(|broken| Broken { bytes: broken.json.clone().map(String::into_bytes), ..broken }).collect();
        }
        let bytes = &sample.encoded.bytes;
        let reading = DecodeOptions { unions: options.unions, message: options.message.clone(), ..DecodeOptions::default() };
        let mut candidates: Vec<Vec<u8>> =
            (0..bytes.len().min(BYTES)).map(|end| bytes.iter().copied().take(end).collect()).collect();
        candidates.push(bytes.iter().copied().chain([0]).collect());
        for at in 0..bytes.len().min(BYTES) {
            for other in [0xFF, 0x80, 0x01, 0x02, 0x7E] {
                let with = |(place, byte): (usize, &u8)| if place == at { other } else { *byte };
                candidates.push(bytes.iter().enumerate().map(with).collect());
            }
        }
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for candidate in candidates {
            if let Err(fault) = decode(&self.payload, None, &candidate, &reading, &mut work.again())
                && seen.insert(rule_key(&fault))
            {
                found.push(broken(&fault, None, Some(candidate)));
            }
        }
        found
    }
}

fn kind(fault: &DataFault) -> &'static str {
    match fault.kind {
        FaultKind::Decode => "decode",
        FaultKind::Trailing => "trailing",
        FaultKind::Mismatch => "mismatch",
        FaultKind::Unknown => "unknown",
        FaultKind::Depth => "depth",
        FaultKind::Items => "items",
        FaultKind::Memory => "memory",
        FaultKind::Work => "work",
    }
}

/// Two faults with the same key break the same rule.
fn rule_key(fault: &DataFault) -> String {
    if let Some(keyword) = &fault.keyword {
        return keyword.schema_pointer.clone();
    }
    // whatever the value was, and whichever element
    let expected = fault.message.split(", found").next().unwrap_or_default();
    let words = expected.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let place = fault.pointer.split('/').filter(|part| part.parse::<usize>().is_err());
    format!("{} {} {}", kind(fault), place.collect::<Vec<_>>().join("/"), words.take(6).collect::<Vec<_>>().join(" "))
}

fn broken(fault: &DataFault, json: Option<String>, bytes: Option<Vec<u8>>) -> Broken {
    let rule = fault.keyword.as_ref().map_or_else(|| kind(fault).to_owned(), |keyword| keyword.keyword.clone());
    Broken { rule, pointer: fault.pointer.clone(), message: fault.message.clone(), json, bytes }
}

/// The places of a value, outermost first.
fn pointers(whole: &Tree) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut at = 0;
    while let Some(pointer) = found.get(at).cloned() {
        at += 1;
        if found.len() >= PLACES {
            break;
        }
        match whole.pointer(&pointer) {
            Some(Tree::Object(map)) => {
                found.extend(map.keys().map(|key| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))));
            }
            Some(Tree::Array(items)) => found.extend((0..items.len().min(3)).map(|item| format!("{pointer}/{item}"))),
            _ => {}
        }
    }
    found.truncate(PLACES);
    found
}

/// The value with something else at a place, without it, or with something more in it.
fn changes(whole: &Tree, pointer: &str) -> Vec<Tree> {
    let Some(here) = whole.pointer(pointer) else { return Vec::new() };
    let mut others = vec![
        Tree::Null,
        Tree::Bool(true),
        serde_json::json!(-1),
        serde_json::json!(1.5),
        serde_json::json!(1e30),
        serde_json::json!(""),
        serde_json::json!("?"),
        serde_json::json!([]),
        serde_json::json!({}),
    ];
    match here {
        Tree::Object(map) => {
            let mut more = map.clone();
            more.insert("unexpected".to_owned(), Tree::Bool(true));
            others.push(Tree::Object(more));
        }
        Tree::Array(items) => {
            let twice = items.iter().chain(items).cloned().collect();
            let many = items.first().map(|first| Tree::Array(vec![first.clone(); 100]));
            others.extend([Tree::Array(twice), Tree::Array(items.iter().cloned().chain([Tree::Null]).collect())]);
            others.extend(many);
        }
        Tree::String(text) => others.extend([Tree::from(format!("{text}{}", "x".repeat(300))), Tree::from("\u{100}")]),
        Tree::Number(_) => others.extend([serde_json::json!(0), serde_json::json!(1_000_000_007), serde_json::json!(-1e12)]),
        _ => {}
    }
    let with = |other: Tree| {
        let mut changed = whole.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = other;
        }
        changed
    };
    let mut found: Vec<Tree> = others.into_iter().filter(|other| other != here).map(with).collect();
    if let Some((parent, key)) = pointer.rsplit_once('/') {
        let mut without = whole.clone();
        if let Some(Tree::Object(map)) = without.pointer_mut(parent) {
            map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
            found.push(without);
        }
    }
    found
}
