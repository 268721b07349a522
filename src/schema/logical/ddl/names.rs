//! Identifiers.

use std::borrow::Cow;

use super::tree::SyntaxNode;

/// Words that are names only in quotes, sorted.
const KEYWORDS: [&str; 69] = [
    "AND",
    "ARRAY",
    "AS",
    "BETWEEN",
    "BIGINT",
    "BINARY",
    "BOOLEAN",
    "BOTH",
    "BYTES",
    "CASE",
    "CAST",
    "CHAR",
    "CHARACTER",
    "CHECK",
    "COMMENT",
    "CONSTRAINT",
    "CREATE",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DEC",
    "DECIMAL",
    "DEFAULT",
    "DOUBLE",
    "ELSE",
    "END",
    "ESCAPE",
    "EXTRACT",
    "FALSE",
    "FLOAT",
    "FOR",
    "FROM",
    "IN",
    "INT",
    "INTEGER",
    "IS",
    "LEADING",
    "LIKE",
    "LOCAL",
    "MESSAGE",
    "MULTISET",
    "NOT",
    "NULL",
    "NUMERIC",
    "OR",
    "POSITION",
    "PRECISION",
    "REAL",
    "ROW",
    "SMALLINT",
    "STRING",
    "STRUCT",
    "SUBSTRING",
    "SYMMETRIC",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "TINYINT",
    "TRAILING",
    "TRIM",
    "TRUE",
    "UNION",
    "USING",
    "VARBINARY",
    "VARCHAR",
    "VARYING",
    "WHEN",
    "WITH",
    "WITHOUT",
];

/// Words that conditions in CEL can't use as names.
const CEL_WORDS: [&str; 5] = ["true", "false", "null", "in", "as"];

fn needs_quotes(name: &str) -> bool {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let upper = || name.to_ascii_uppercase();
    !is_plain || KEYWORDS.contains(&upper().as_str()) || is_cel_word(name)
}

pub(crate) fn is_cel_word(name: &str) -> bool {
    CEL_WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// The name that an identifier is.
pub(super) fn identifier(node: &SyntaxNode<'_>) -> String {
    let text = node.text();
    match text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(quoted) => quoted.replace("``", "`"),
        None => text,
    }
}

/// A name as it is written: in backquotes where it would be read as something else.
pub(crate) fn quoted(name: &str) -> Cow<'_, str> {
    if needs_quotes(name) { Cow::Owned(format!("`{}`", name.replace('`', "``"))) } else { Cow::Borrowed(name) }
}

/// A dotted name, each part on its own.
pub(super) fn qualified(name: &str) -> String {
    let parts: Vec<Cow<'_, str>> = name.trim_end_matches('.').split('.').map(quoted).collect();
    parts.join(".")
}
