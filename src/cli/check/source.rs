//! Texts: files, standard input, folders of versions.

use std::cmp::Ordering;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::input_error::InputError;
use crate::codec::unicode;
use crate::types::SchemaType;

/// The name that stands for standard input.
pub(in crate::cli) const STDIN: &str = "-";

/// A text and where it came from.
#[derive(Debug, Clone)]
pub(in crate::cli) struct InputText {
    /// What people call it: a path, `stdin`, a version of a subject.
    pub(in crate::cli) name: String,
    /// The same for programs: a relative path or a URL.
    pub(in crate::cli) location: String,
    pub(in crate::cli) text: Arc<str>,
}

/// Reads a file, or standard input for `-`.
pub(in crate::cli) fn read(path: &str) -> Result<InputText, InputError> {
    if path == STDIN {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| InputError::of("stdin", format!("can't be read: {error}")))?;
        let text = unicode::to_text(&bytes).map_err(|error| InputError::of("stdin", format!("can't be read: {error}")))?;
        return Ok(InputText { name: "stdin".to_owned(), location: "stdin".to_owned(), text: text.into() });
    }
    let bytes = std::fs::read(path).map_err(|error| InputError::of(path, format!("can't be read: {error}")))?;
    let text = unicode::to_text(&bytes).map_err(|error| InputError::of(path, format!("can't be read: {error}")))?;
    Ok(InputText { name: path.to_owned(), location: relative(path), text: text.into() })
}

/// A path as CI systems want it: relative to the working directory, with forward slashes.
pub(super) fn relative(path: &str) -> String {
    let given = Path::new(path);
    let inside = std::env::current_dir().ok().and_then(|here| given.strip_prefix(here).ok().map(Path::to_path_buf));
    let kept = inside.unwrap_or_else(|| given.to_path_buf());
    let kept: PathBuf = kept.components().filter(|part| *part != std::path::Component::CurDir).collect();
    kept.to_string_lossy().replace('\\', "/")
}

/// The format that a file's name promises.
pub(in crate::cli) fn type_of(path: &str) -> Option<SchemaType> {
    match extension(path)?.as_str() {
        "avsc" | "avro" => Some(SchemaType::Avro),
        "proto" => Some(SchemaType::Protobuf),
        "json" | "jsonschema" => Some(SchemaType::Json),
        _ => None,
    }
}

fn extension(path: &str) -> Option<String> {
    Some(Path::new(path).extension()?.to_str()?.to_ascii_lowercase())
}

/// The schemas of a folder in natural order: what the candidate's format is, without the candidate itself and hidden files.
pub(in crate::cli) fn folder(folder: &str, candidate: &str, schema_type: SchemaType) -> Result<Vec<String>, InputError> {
    let unreadable = |error: std::io::Error| InputError::of(folder, format!("can't be read: {error}"));
    let own = extension(candidate);
    let itself = Path::new(candidate).canonicalize().ok();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = path.to_string_lossy().into_owned();
        let fits = type_of(&text) == Some(schema_type) || (own.is_some() && extension(&text) == own);
        let is_candidate = || itself.is_some() && path.canonicalize().ok() == itself;
        if !name.starts_with('.') && fits && path.is_file() && !is_candidate() {
            found.push((name, text));
        }
    }
    if found.is_empty() {
        return Err(InputError::of(folder, format!("no {schema_type} schemas in this folder to compare with")));
    }
    found.sort_by(|(a, _), (b, _)| natural(a, b));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Order of names in which numbers count as numbers: v2 comes before v10.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (first, second) = (chunk(&mut left), chunk(&mut right));
        let order = match (number(first), number(second)) {
            (Some(x), Some(y)) => x.len().cmp(&y.len()).then(x.cmp(y)),
            _ => first.cmp(second),
        };
        if order != Ordering::Equal {
            return order;
        }
        if first.is_empty() {
            return a.cmp(b);
        }
    }
}

/// Takes the longest run of digits, or of anything else, off the front.
fn chunk<'a>(rest: &mut &'a str) -> &'a str {
    let digits = rest.starts_with(|c: char| c.is_ascii_digit());
    let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (chunk, after) = rest.split_at(end);
    *rest = after;
    chunk
}

/// The digits without leading zeros.
fn number(chunk: &str) -> Option<&str> {
    chunk.starts_with(|c: char| c.is_ascii_digit()).then(|| chunk.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{natural, relative, type_of};
    use crate::types::SchemaType;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["v10.avsc", "v2.avsc", "v1.avsc", "a.avsc", "v02.avsc", "v1-2.avsc", "v1-10.avsc"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a.avsc", "v1-2.avsc", "v1-10.avsc", "v1.avsc", "v02.avsc", "v2.avsc", "v10.avsc"]);
    }

    #[test]
    fn formats_are_told_by_extensions() {
        assert_eq!(type_of("a/b.avsc"), Some(SchemaType::Avro));
        assert_eq!(type_of("B.PROTO"), Some(SchemaType::Protobuf));
        assert_eq!(type_of("x.schema.json"), Some(SchemaType::Json));
        assert_eq!(type_of("-"), None);
        assert_eq!(type_of("README"), None);
    }

    #[test]
    fn locations_are_relative() {
        assert_eq!(relative("./a/./b.avsc"), "a/b.avsc");
        let here = std::env::current_dir().unwrap().join("c.avsc");
        assert_eq!(relative(&here.to_string_lossy()), "c.avsc");
    }
}
