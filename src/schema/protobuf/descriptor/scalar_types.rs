/// The scalars by the number of their type.
pub(super) const SCALAR_TYPES: [(&str, i32); 15] = [
    ("double", 1),
    ("float", 2),
    ("int64", 3),
    ("uint64", 4),
    ("int32", 5),
    ("fixed64", 6),
    ("fixed32", 7),
    ("bool", 8),
    ("string", 9),
    ("bytes", 12),
    ("uint32", 13),
    ("sfixed32", 15),
    ("sfixed64", 16),
    ("sint32", 17),
    ("sint64", 18),
];

/// The name of a scalar; empty for types that have a name of their own.
pub(super) fn scalar_name(number: i32) -> Option<&'static str> {
    if matches!(number, 10 | 11 | 14) {
        return Some("");
    }
    SCALAR_TYPES.iter().find(|(_, own)| *own == number).map(|(name, _)| *name)
}
