//! Verdicts proven by data: what is called compatible is written with one schema and read with the other by an independent
//! implementation.
//!
//! Left out, because the crate falls short of the specification there: aliases, which it does not resolve, and unions where it picks
//! a `fixed` for a text that is meant for `bytes`. Left out, because they add no rule of their own: recursive types. There are no
//! other exceptions.

use apache_avro::types::Value;
use apache_avro::{Schema as ApacheSchema, from_avro_datum, to_avro_datum};
use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{Taste, Type, make};
use super::{findings, strict};

const TASTE: Taste = Taste { recursion: false, decoration: false };

/// Some value of a type; `seed` chooses branches, symbols and lengths.
pub(super) fn value(ty: &Type, seed: &mut u32) -> Value {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let pick = |of: usize| usize::try_from(*seed >> 16).expect("16 bits") % of;
    match ty {
        Type::Primitive("null") => Value::Null,
        Type::Primitive("boolean") => Value::Boolean(true),
        Type::Primitive("int") => Value::Int(7),
        Type::Primitive("long") => Value::Long(7 << 33),
        Type::Primitive("float") => Value::Float(1.5),
        Type::Primitive("double") => Value::Double(2.5),
        Type::Primitive("bytes") => Value::Bytes(b"bytes".to_vec()),
        Type::Primitive(_) => Value::String("text".to_owned()),
        Type::Array(items) => Value::Array((0..pick(3)).map(|_| value(items, seed)).collect()),
        Type::Map(values) => Value::Map((0..pick(3)).map(|at| (format!("k{at}"), value(values, seed))).collect()),
        Type::Union(branches) => {
            let at = pick(branches.len());
            Value::Union(u32::try_from(at).expect("few branches"), Box::new(value(&branches[at], seed)))
        }
        Type::Record { fields, .. } => {
            Value::Record(fields.iter().map(|field| (field.name.to_owned(), value(&field.ty, seed))).collect())
        }
        Type::Enum { symbols, .. } => {
            let at = pick(symbols.len());
            Value::Enum(u32::try_from(at).expect("few symbols"), symbols[at].to_owned())
        }
        Type::Fixed { size, .. } => Value::Fixed(usize::from(*size), vec![1; usize::from(*size)]),
        Type::Named(_) => unreachable!("no recursion here"),
    }
}

/// Whether there is a union in which `bytes` stand behind a `fixed`, and no `string`: the crate turns texts into a `fixed` of any
/// size there.
fn takes_text_for_fixed(reader: &Type) -> bool {
    match reader {
        Type::Array(inner) | Type::Map(inner) => takes_text_for_fixed(inner),
        Type::Record { fields, .. } => fields.iter().any(|field| takes_text_for_fixed(&field.ty)),
        Type::Union(branches) => {
            let place = |wanted: fn(&Type) -> bool| branches.iter().position(wanted);
            let fixed = place(|branch| matches!(branch, Type::Fixed { .. }));
            let bytes = place(|branch| matches!(branch, Type::Primitive("bytes")));
            let string = place(|branch| matches!(branch, Type::Primitive("string")));
            (string.is_none() && fixed.is_some() && fixed < bytes) || branches.iter().any(takes_text_for_fixed)
        }
        Type::Primitive(_) | Type::Enum { .. } | Type::Fixed { .. } | Type::Named(_) => false,
    }
}

/// What apache-avro makes of one value.
fn read_back(reader: &str, writer: &str, value: Value) -> Result<(), String> {
    let (reader, writer) = (
        ApacheSchema::parse_str(reader).map_err(|e| e.to_string())?,
        ApacheSchema::parse_str(writer).map_err(|e| e.to_string())?,
    );
    let bytes = to_avro_datum(&writer, value).map_err(|error| format!("writing: {error}"))?;
    let read = from_avro_datum(&writer, &mut bytes.as_slice(), Some(&reader)).map_err(|error| format!("reading: {error}"))?;
    if read.validate(&reader) { Ok(()) } else { Err(format!("not of the reader's type: {read:?}")) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn compatible_data_can_be_read(a in vec(any::<u8>(), 10..60), edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), seed in any::<u32>()) {
        let mut b = a.clone();
        for (at, to) in edits {
            // the first choices are those that are surely used
            let at = at.index(10);
            b[at] = to;
        }
        let types = (make(&a, TASTE), make(&b, TASTE));
        let texts = (types.0.text(TASTE), types.1.text(TASTE));
        let schemas = (strict(&texts.0), strict(&texts.1));
        if findings(&schemas.0, &schemas.1).is_empty() && !takes_text_for_fixed(&types.0) {
            for step in 0..8 {
                let result = read_back(&texts.0, &texts.1, value(&types.1, &mut seed.wrapping_add(step)));
                prop_assert_eq!(result, Ok(()), "{} reads {}", texts.0, texts.1);
            }
        }
    }
}
