//! Patterns of files with captures: `schemas/{team}/{subject}.avsc`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fancy_regex::Regex;

/// A pattern of paths that are written with forward slashes.
///
/// `*` and `{name}` stand for anything within one part of a path, `**` for any number of parts, `{name**}` for one part or several, and
/// `?` for one character.
#[derive(Debug, Clone)]
pub(in crate::cli) struct PathPattern {
    written: String,
    regex: Regex,
    names: Vec<String>,
}

impl PathPattern {
    /// # Errors
    /// Why it is no pattern.
    pub(in crate::cli) fn new(written: &str) -> Result<Self, String> {
        let refused = |why: &str| format!("'{written}': {why}");
        let (mut regex, mut names) = ("^".to_owned(), Vec::new());
        let mut rest = written.strip_prefix("./").unwrap_or(written);
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("**/") {
                regex.push_str("(?:.*/)?");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                regex.push_str(".*");
                rest = after;
            } else if c == '{' {
                let (name, after) = rest.split_at(1).1.split_once('}').ok_or_else(|| refused("a { without its }"))?;
                let (name, within) = name.strip_suffix("**").map_or((name, "[^/]+"), |name| (name, ".+"));
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    return Err(refused("a capture is {name}, of letters, digits and _"));
                }
                if names.iter().any(|other| other == name) {
                    return Err(refused(&format!("{{{name}}} is there twice")));
                }
                let _ = write!(regex, "({within})");
                names.push(name.to_owned());
                rest = after;
            } else {
                match c {
                    '*' => regex.push_str("[^/]*"),
                    '?' => regex.push_str("[^/]"),
                    c => regex.push_str(&fancy_regex::escape(c.encode_utf8(&mut [0; 4]))),
                }
                rest = rest.split_at(c.len_utf8()).1;
            }
        }
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|error| refused(&error.to_string()))?;
        Ok(Self { written: written.to_owned(), regex, names })
    }

    pub(in crate::cli) fn written(&self) -> &str {
        &self.written
    }

    pub(in crate::cli) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path).unwrap_or(false)
    }

    /// What the names stand for in a path; `None` when the path is another.
    pub(in crate::cli) fn captures(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let found = self.regex.captures(path).ok().flatten()?;
        let value = |(at, name): (usize, &String)| Some((name.clone(), found.get(at + 1)?.as_str().to_owned()));
        Some(self.names.iter().enumerate().filter_map(value).collect())
    }

    /// Whether a template names nothing but what is captured.
    pub(in crate::cli) fn provides(&self, template: &str) -> Result<(), String> {
        for name in names(template)? {
            if !self.names.contains(&name) {
                return Err(format!("'{template}': nothing in '{}' captures {{{name}}}", self.written));
            }
        }
        Ok(())
    }
}

/// The names in the braces of a template.
fn names(template: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("'{template}': a {{ without its }}"))?;
        names.push(name.to_owned());
        rest = after;
    }
    Ok(names)
}

/// A template with what was captured.
pub(in crate::cli) fn filled(template: &str, captured: &BTreeMap<String, String>) -> String {
    let mut out = template.to_owned();
    for (name, value) in captured {
        out = out.replace(&format!("{{{name}}}"), value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{PathPattern, filled};

    fn captured(pattern: &str, path: &str, template: &str) -> Option<String> {
        let pattern = PathPattern::new(pattern).unwrap();
        pattern.captures(path).map(|captured| filled(template, &captured))
    }

    #[test]
    fn captures_stay_within_a_part_of_the_path() {
        assert_eq!(captured("schemas/{subject}.*", "schemas/orders.v1.avsc", "{subject}"), Some("orders.v1".to_owned()));
        assert_eq!(captured("schemas/{subject}.*", "schemas/a/b.avsc", "{subject}"), None);
        assert_eq!(
            captured("{team}/{topic}/value.avsc", "pay/orders/value.avsc", "{team}.{topic}-value"),
            Some("pay.orders-value".to_owned())
        );
        assert_eq!(captured("proto/{path**}", "proto/a/b.proto", "{path}"), Some("a/b.proto".to_owned()));
        assert_eq!(captured("**/{s}.avsc", "a.avsc", "{s}"), Some("a".to_owned()));
        assert_eq!(captured("./x+y/{s}.avsc", "x+y/a.avsc", "{s}"), Some("a".to_owned()));
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for pattern in ["{a", "{}", "{a}{a}", "{a b}"] {
            assert!(PathPattern::new(pattern).is_err(), "{pattern}");
        }
        assert!(PathPattern::new("{a}").unwrap().provides("{b}").is_err());
    }
}
