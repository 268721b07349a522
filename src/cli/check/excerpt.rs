//! A line of source with carets below the place.

use crate::schema::Position;
use crate::types::SchemaType;

/// Most characters of a line that are shown.
const WIDTH: usize = 110;
/// Characters kept before the place when the line is cut.
const BEFORE: usize = 40;

/// What is shown of a line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Excerpt {
    /// The line, cut where it is too long.
    pub(in crate::cli) line: String,
    /// Blanks up to the place; tabs stay tabs.
    pub(in crate::cli) lead: String,
    /// How many carets.
    pub(in crate::cli) carets: usize,
}

/// The line at a position; `None` when there is no such line.
pub(in crate::cli) fn excerpt(schema_type: SchemaType, text: &str, at: Position) -> Option<Excerpt> {
    let line = line(text, at)?;
    let column = usize::try_from(at.column).ok()?.saturating_sub(1);
    let length = length(schema_type, line, column);
    let total = line.chars().count();
    let from = if total > WIDTH { column.saturating_sub(BEFORE).min(total.saturating_sub(WIDTH)) } else { 0 };
    let shown: String = line.chars().skip(from).take(WIDTH).map(printable).collect();
    let lead: String = shown.chars().take(column - from.min(column)).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let end = (from + WIDTH).min(total);
    let carets = length.min(end.saturating_sub(column)).max(1);
    let (head, tail) = (if from > 0 { "…" } else { "" }, if end < total { "…" } else { "" });
    Some(Excerpt { line: format!("{head}{shown}{tail}"), lead: if from > 0 { format!(" {lead}") } else { lead }, carets })
}

/// The column after the last character of what stands at a position, on the same line.
pub(in crate::cli) fn end_column(schema_type: SchemaType, text: &str, at: Position) -> Option<u32> {
    let line = line(text, at)?;
    let column = usize::try_from(at.column).ok()?.saturating_sub(1);
    let length = u32::try_from(length(schema_type, line, column)).ok()?;
    at.column.checked_add(length.max(1))
}

fn line(text: &str, at: Position) -> Option<&str> {
    text.split('\n').nth(usize::try_from(at.line).ok()?.checked_sub(1)?).map(|line| line.trim_end_matches('\r'))
}

/// Control characters could move the cursor of a terminal.
fn printable(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{fffd}' } else { c }
}

/// Characters that belong together from a column on.
fn length(schema_type: SchemaType, line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column).collect();
    let length = match schema_type {
        SchemaType::Protobuf => statement(&rest),
        SchemaType::Avro | SchemaType::Json => value(&rest),
    };
    let untrimmed = rest.get(..length).unwrap_or(&rest);
    length - untrimmed.iter().rev().take_while(|c| c.is_whitespace()).count()
}

/// A declaration up to its end or the brace that opens its body.
fn statement(rest: &[char]) -> usize {
    rest.iter().position(|c| matches!(c, ';' | '{')).unwrap_or(rest.len())
}

/// A JSON value, as far as it stands on the line.
fn value(rest: &[char]) -> usize {
    match rest.first() {
        Some('"') => string(rest),
        Some('{' | '[') => {
            let (mut depth, mut at) = (0_usize, 0);
            while let Some(c) = rest.get(at) {
                match c {
                    '"' => {
                        at += string(rest.get(at..).unwrap_or_default());
                        continue;
                    }
                    '{' | '[' => depth += 1,
                    '}' | ']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    break;
                }
            }
            at
        }
        _ => rest.iter().position(|c| matches!(c, ',' | '}' | ']')).unwrap_or(rest.len()),
    }
}

/// A string with its quotes; at least one character.
fn string(rest: &[char]) -> usize {
    let mut escaped = false;
    for (at, c) in rest.iter().enumerate().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::excerpt;
    use crate::schema::Position;
    use crate::types::SchemaType;

    fn at(line: u32, column: u32) -> Position {
        Position { offset: 0, line, column }
    }

    fn carets(schema_type: SchemaType, line: &str, column: u32) -> usize {
        excerpt(schema_type, line, at(1, column)).unwrap().carets
    }

    #[test]
    fn what_belongs_together_is_underlined() {
        let line = r#"  {"name": "a]\"", "n": 12}, "x""#;
        assert_eq!(carets(SchemaType::Avro, line, 3), 25);
        assert_eq!(carets(SchemaType::Avro, line, 4), 6);
        assert_eq!(carets(SchemaType::Avro, line, 12), 6);
        assert_eq!(carets(SchemaType::Avro, line, 25), 2);
        assert_eq!(carets(SchemaType::Protobuf, "  int32 a = 1 ; // x", 3), 11);
        assert_eq!(carets(SchemaType::Protobuf, "message M {", 1), 9);
        assert_eq!(carets(SchemaType::Avro, "{", 1), 1);
        assert_eq!(carets(SchemaType::Avro, "", 1), 1);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}\"here\"{}", " ".repeat(500), "x".repeat(500));
        let found = excerpt(SchemaType::Avro, &line, at(1, 501)).unwrap();
        assert!(found.line.starts_with('…') && found.line.ends_with('…') && found.line.chars().count() == 112);
        assert_eq!(found.line.chars().skip(found.lead.chars().count()).take(found.carets).collect::<String>(), "\"here\"");
    }

    #[test]
    fn tabs_stay_and_controls_do_not() {
        let found = excerpt(SchemaType::Avro, "a\n\t\u{1b}\"x\"\r\n", at(2, 3)).unwrap();
        assert_eq!((found.line.as_str(), found.lead.as_str(), found.carets), ("\t\u{fffd}\"x\"", "\t ", 3));
        assert!(excerpt(SchemaType::Avro, "a", at(7, 1)).is_none());
    }
}
