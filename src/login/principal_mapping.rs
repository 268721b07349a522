//! From a name in a certificate to the name of a user, by rules in the words of Kafka's `ssl.principal.mapping.rules`.

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::certificate::{Certificate, NameSource};

/// Steps that a pattern may take back; one that needs more matches nothing.
const MAX_STEPS: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LetterCase {
    Kept,
    Lower,
    Upper,
}

#[derive(Debug, Clone)]
enum MappingRule {
    /// The name as it is.
    Default,
    Replace {
        pattern: Box<Regex>,
        replacement: Box<str>,
        case: LetterCase,
    },
}

/// Rules, of which the first that matches decides.
#[derive(Debug, Clone)]
pub struct PrincipalMapping(Vec<MappingRule>);

/// How the owner of a certificate is found.
#[derive(Debug, Clone)]
pub struct CertificateLogin {
    pub source: NameSource,
    pub mapping: PrincipalMapping,
}

impl CertificateLogin {
    /// The name of a certificate's owner; `None` where it has no such name, or no rule matches.
    pub fn owner(&self, certificate: &Certificate) -> Option<String> {
        certificate.names(self.source).iter().find_map(|name| self.mapping.apply(name)).filter(|name| !name.is_empty())
    }
}

impl PrincipalMapping {
    /// Reads `DEFAULT` and `RULE:PATTERN/REPLACEMENT/`, with `L` or `U` behind it for lower or upper case, with commas between them.
    /// A slash within has a backslash before it.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (rule, behind) = next_rule(rest)?;
            rules.push(rule);
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(more) => more.trim_start(),
                None if behind.is_empty() => "",
                None => return Err(format!("a comma is missing before '{behind}'")),
            };
        }
        if rules.is_empty() { Err("no rule".to_owned()) } else { Ok(Self(rules)) }
    }

    /// The name that the first rule which matches all of it makes of a name.
    pub fn apply(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|rule| match rule {
            MappingRule::Default => Some(name.to_owned()),
            MappingRule::Replace { pattern, replacement, case } => {
                let found = pattern.captures(name).ok()??;
                let made = expanded(replacement, &found);
                Some(match case {
                    LetterCase::Kept => made,
                    LetterCase::Lower => made.to_lowercase(),
                    LetterCase::Upper => made.to_uppercase(),
                })
            }
        })
    }
}

fn next_rule(text: &str) -> Result<(MappingRule, &str), String> {
    if let Some(rest) = text.strip_prefix("DEFAULT") {
        return Ok((MappingRule::Default, rest));
    }
    let rest = text.strip_prefix("RULE:").ok_or_else(|| format!("'{text}' begins with neither DEFAULT nor RULE:"))?;
    let missing = || format!("'{text}' is not RULE:PATTERN/REPLACEMENT/");
    let (pattern, rest) = until_slash(rest).ok_or_else(missing)?;
    let (replacement, rest) = until_slash(rest).ok_or_else(missing)?;
    let (case, rest) = match rest.chars().next() {
        Some('L') => (LetterCase::Lower, rest.get(1..)),
        Some('U') => (LetterCase::Upper, rest.get(1..)),
        _ => (LetterCase::Kept, Some(rest)),
    };
    let built = RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).backtrack_limit(MAX_STEPS).build();
    let pattern = built.map_err(|error| format!("the pattern '{pattern}' is no regular expression: {error}"))?;
    Ok((MappingRule::Replace { pattern: Box::new(pattern), replacement: replacement.into(), case }, rest.unwrap_or_default()))
}

/// What stands before the next slash that has no backslash before it, and what stands behind it.
fn until_slash(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '/' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// A replacement with what its references stand for. As in Java a reference has as many digits as there are groups for; one to a
/// group that there is not stands for itself.
fn expanded(replacement: &str, found: &Captures<'_, str>) -> String {
    let mut out = String::new();
    let mut rest = replacement.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.extend(rest.next()),
            '$' => {
                let digit = |c: char| c.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
                let Some(mut group) = rest.peek().copied().and_then(digit).filter(|group| *group < found.len()) else {
                    out.push('$');
                    continue;
                };
                rest.next();
                while let Some(next) = rest.peek().copied().and_then(digit).map(|digit| group * 10 + digit) {
                    if next >= found.len() {
                        break;
                    }
                    group = next;
                    rest.next();
                }
                out.push_str(found.get(group).map_or("", |group| group.as_str()));
            }
            c => out.push(c),
        }
    }
    out
}
