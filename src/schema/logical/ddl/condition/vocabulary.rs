//! The names of functions, and what can be said of each before it is called.

/// Functions that go through a list or map, with a variable.
pub(super) const MACROS: [&str; 3] = ["EVERY", "ANY", "ONE"];

/// Methods of CEL: the function, the method, and how many arguments there are, the receiver among them.
pub(super) const METHODS: [(&str, &str, usize); 14] = [
    ("UPPER", "upperAscii", 1),
    ("LOWER", "lowerAscii", 1),
    ("STARTS_WITH", "startsWith", 2),
    ("ENDS_WITH", "endsWith", 2),
    ("CONTAINS", "contains", 2),
    ("REPLACE", "replace", 3),
    ("MATCHES", "matches", 2),
    ("IS_EMAIL", "isEmail", 1),
    ("IS_HOSTNAME", "isHostname", 1),
    ("IS_IPV4", "isIpv4", 1),
    ("IS_IPV6", "isIpv6", 1),
    ("IS_URI", "isUri", 1),
    ("IS_URI_REF", "isUriRef", 1),
    ("IS_UUID", "isUuid", 1),
];

/// Functions of a number.
pub(super) const NUMERIC: [(&str, &str); 6] =
    [("ABS", "abs"), ("SIGN", "sign"), ("FLOOR", "floor"), ("CEIL", "ceil"), ("CEILING", "ceil"), ("SQRT", "sqrt")];

/// Functions that give null for arguments that are not.
pub(super) const RETURNS_NULL: [&str; 2] = ["NULLIF", "TRY_VARIANT_GET"];

pub(super) fn is_true_or_false(name: &str) -> bool {
    matches!(name, "STARTS_WITH" | "ENDS_WITH" | "CONTAINS" | "MATCHES" | "VARIANT_IS_NULL")
        || MACROS.contains(&name)
        || name.starts_with("IS_") && METHODS.iter().any(|(own, ..)| *own == name)
}

pub(super) fn never_returns_null(name: &str) -> bool {
    let is_other = matches!(
        name,
        "LENGTH"
            | "GREATEST"
            | "LEAST"
            | "ROUND"
            | "TRUNCATE"
            | "TO_JSON"
            | "TYPE_OF_VARIANT"
            | "CAST"
            | "EXTRACT"
            | "SUBSTRING"
            | "POSITION"
            | "TRIM"
            | "CURRENT_TIMESTAMP"
    );
    is_other
        || is_true_or_false(name)
        || METHODS.iter().any(|(own, ..)| *own == name)
        || NUMERIC.iter().any(|(own, _)| *own == name)
}

/// Whether a text is a plain name.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
