//! Values in Avro's binary encoding.

use super::datum::Datum;

/// Appends a value. Recursion is bounded by the depth of data.
pub(super) fn write(out: &mut Vec<u8>, datum: &Datum<'_>) {
    match datum {
        Datum::Null => {}
        Datum::Boolean(value) => out.push(u8::from(*value)),
        Datum::Int(value) => long(out, i64::from(*value)),
        Datum::Long(value) => long(out, *value),
        Datum::Float(value) => out.extend(value.to_le_bytes()),
        Datum::Double(value) => out.extend(value.to_le_bytes()),
        Datum::Bytes(bytes) => {
            count(out, bytes.len());
            out.extend(&**bytes);
        }
        Datum::String(text) => {
            count(out, text.len());
            out.extend(text.as_bytes());
        }
        Datum::Fixed(bytes) => out.extend(&**bytes),
        Datum::Enum(symbol) => long(out, i64::from(*symbol)),
        Datum::Union(branch, value) => {
            long(out, i64::from(*branch));
            write(out, value);
        }
        Datum::Record(values) => {
            for value in values {
                write(out, value);
            }
        }
        Datum::Array(values) => {
            if !values.is_empty() {
                count(out, values.len());
                for value in values {
                    write(out, value);
                }
            }
            out.push(0);
        }
        Datum::Map(entries) => {
            if !entries.is_empty() {
                count(out, entries.len());
                for (key, value) in entries {
                    count(out, key.len());
                    out.extend(key.as_bytes());
                    write(out, value);
                }
            }
            out.push(0);
        }
    }
}

fn count(out: &mut Vec<u8>, count: usize) {
    long(out, i64::try_from(count).unwrap_or(i64::MAX));
}

/// Zig-zag, seven bits a byte, the lowest first.
fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(rest as u8);
}
