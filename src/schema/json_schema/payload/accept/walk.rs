//! Goes through a text and a schema side by side.

use serde_json::Value as Tree;

use super::model::{
    AcceptorNode, AcceptorNodeId, ArrayConstraints, CombinedSchemas, ComparedConstant, Constraints, MAX_NAMES, NamedProperty,
    NumberConstraints, ObjectConstraints, StringConstraints, TypeSet,
};
use super::scan::{DataScanner, NumberToken, Quoted, SmallDecimal};
use crate::schema::json::{self, ReadOptions};
use crate::schema::name_set::NameSet;

/// Bytes and values that are looked at, at most: a millisecond or two.
const WORK: usize = 1 << 19;
/// Schemas within schemas, for the same value or one inside it.
const DEPTH: usize = 128;
/// Longest literal of a number.
const LONG: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acceptance {
    /// It is valid, and the scanner is behind it.
    Yes,
    /// It is not valid. Where the scanner is means nothing.
    No,
    /// Not known here.
    Unknown,
}

use Acceptance::{No, Unknown, Yes};

impl From<bool> for Acceptance {
    fn from(valid: bool) -> Self {
        if valid { Yes } else { No }
    }
}

pub(super) struct TextWalk<'a> {
    nodes: &'a [AcceptorNode],
    scanner: DataScanner<'a>,
    nesting: usize,
    depth: usize,
    work: usize,
}

impl<'a> TextWalk<'a> {
    pub(super) fn new(nodes: &'a [AcceptorNode], text: &'a str, max_depth: usize) -> Self {
        Self { nodes, scanner: DataScanner { text, at: 0 }, nesting: max_depth.min(DEPTH), depth: DEPTH, work: WORK }
    }

    pub(super) fn accepts(mut self, root: AcceptorNodeId) -> bool {
        self.value(root) == Yes && self.scanner.is_at_end()
    }

    fn spend(&mut self, work: usize) -> Option<()> {
        self.work = self.work.checked_sub(work)?;
        Some(())
    }

    fn value(&mut self, id: AcceptorNodeId) -> Acceptance {
        if self.depth == 0 || self.spend(1).is_none() || self.scanner.next().is_none() {
            return Unknown;
        }
        self.depth -= 1;
        let verdict = match self.nodes.get(id) {
            Some(AcceptorNode::Any) => self.skip().map_or(Unknown, |()| Yes),
            Some(AcceptorNode::Never) => No,
            Some(AcceptorNode::Unknown) | None => Unknown,
            Some(AcceptorNode::Constraints(check)) => self.check(check),
        };
        self.depth += 1;
        verdict
    }

    fn check(&mut self, check: &'a Constraints) -> Acceptance {
        if !check.combined.is_empty() {
            let start = self.scanner.at;
            for combined in &check.combined {
                let verdict = self.combined(combined, start);
                if verdict != Yes {
                    return verdict;
                }
            }
            if check.is_only_combined() {
                return Yes;
            }
            self.scanner.at = start;
        }
        let types = check.types.as_ref();
        let allowed = |allows: fn(&TypeSet) -> bool| types.is_none_or(allows);
        match self.scanner.peek() {
            Some(b'{') if allowed(|types| types.object) => match (&check.values, &check.object) {
                (Some(values), _) => not_among(values),
                (None, Some(members)) => self.object(members),
                (None, None) => self.skip().map_or(Unknown, |()| Yes),
            },
            Some(b'[') if allowed(|types| types.array) => match (&check.values, &check.array) {
                (Some(values), _) => not_among(values),
                (None, Some(items)) => self.array(items),
                (None, None) => self.skip().map_or(Unknown, |()| Yes),
            },
            Some(b'"') if allowed(|types| types.string) => {
                let Some(quoted) = self.string() else { return Unknown };
                string(quoted, check.values.as_deref(), check.string.as_ref()).unwrap_or(Unknown)
            }
            Some(b'-' | b'0'..=b'9') if allowed(|types| types.number || types.integer) => {
                let Some(number) = self.number() else { return Unknown };
                if !number.is_integer && !allowed(|types| types.number) {
                    // some dialects take 1.0 for an integer
                    return Unknown;
                }
                number_is(number, check).unwrap_or(Unknown)
            }
            Some(b't') if allowed(|types| types.boolean) => self.word("true", check, &ComparedConstant::Bool(true)),
            Some(b'f') if allowed(|types| types.boolean) => self.word("false", check, &ComparedConstant::Bool(false)),
            Some(b'n') if allowed(|types| types.null) => self.word("null", check, &ComparedConstant::Null),
            Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => No,
            _ => Unknown,
        }
    }

    fn combined(&mut self, combined: &CombinedSchemas, start: usize) -> Acceptance {
        let nesting = self.nesting;
        let mut each = |id: &AcceptorNodeId| {
            (self.scanner.at, self.nesting) = (start, nesting);
            let verdict = self.value(*id);
            (verdict, self.scanner.at)
        };
        match combined {
            CombinedSchemas::All(ids) => ids.iter().map(|id| each(id).0).find(|verdict| *verdict != Yes).unwrap_or(Yes),
            CombinedSchemas::Any(ids) => {
                let mut verdict = No;
                for id in ids {
                    match each(id).0 {
                        Yes => return Yes,
                        Unknown => verdict = Unknown,
                        No => {}
                    }
                }
                verdict
            }
            CombinedSchemas::One(ids) => {
                let mut found = None;
                for id in ids {
                    match each(id) {
                        (Yes, _) if found.is_some() => return No,
                        (Yes, end) => found = Some(end),
                        (Unknown, _) => return Unknown,
                        (No, _) => {}
                    }
                }
                let Some(end) = found else { return No };
                (self.scanner.at, self.nesting) = (end, nesting);
                Yes
            }
        }
    }

    fn word(&mut self, word: &str, check: &Constraints, constant: &ComparedConstant) -> Acceptance {
        if self.scanner.word(word).is_none() {
            return Unknown;
        }
        among(constant, check.values.as_deref())
    }

    fn string(&mut self) -> Option<Quoted<'a>> {
        let quoted = self.scanner.string()?;
        self.spend(quoted.raw.len())?;
        Some(quoted)
    }

    fn number(&mut self) -> Option<NumberToken<'a>> {
        // a very long one may be out of range
        let number = self.scanner.number().filter(|number| number.literal.len() <= LONG)?;
        self.spend(number.literal.len())?;
        Some(number)
    }

    /// Enters an array or object; false when it is empty, then the scanner is behind it.
    fn enter(&mut self, end: u8) -> Option<bool> {
        self.nesting = self.nesting.checked_sub(1)?;
        self.scanner.at += 1;
        if self.scanner.next()? == end {
            self.leave();
            return Some(false);
        }
        Some(true)
    }

    fn leave(&mut self) {
        self.scanner.at += 1;
        self.nesting += 1;
    }

    /// Behind an element: true when another follows, false when it was the last one.
    fn more(&mut self, end: u8) -> Option<bool> {
        match self.scanner.next()? {
            b',' => {
                self.scanner.at += 1;
                Some(true)
            }
            byte if byte == end => {
                self.leave();
                Some(false)
            }
            _ => None,
        }
    }

    /// A key, and the colon behind it. One with escapes is not read.
    fn key(&mut self) -> Option<&'a str> {
        if self.scanner.next()? != b'"' {
            return None;
        }
        let key = self.string()?;
        self.scanner.take(b':')?;
        (!key.has_escapes).then_some(key.raw)
    }

    /// Whether this property comes next; then the scanner goes behind its colon. Most objects have the order of the schema.
    fn is_next(&mut self, member: Option<&NamedProperty>) -> Option<bool> {
        let Some(spelled) = member.and_then(|member| member.spelled.as_deref()) else { return Some(false) };
        self.scanner.next()?;
        let is_next = self.scanner.text.as_bytes().get(self.scanner.at..)?.starts_with(spelled.as_bytes());
        if is_next {
            self.scanner.at += spelled.len();
            self.spend(spelled.len())?;
        }
        Some(is_next)
    }

    fn object(&mut self, members: &'a ObjectConstraints) -> Acceptance {
        self.members(members).unwrap_or_else(|verdict| verdict)
    }

    fn members(&mut self, members: &'a ObjectConstraints) -> Result<Acceptance, Acceptance> {
        let mut seen = [0_u64; MAX_NAMES / 64];
        let (mut count, mut required, mut likely) = (0, 0, 0);
        let mut others = NameSet::default();
        let mut more = self.enter(b'}').ok_or(Unknown)?;
        while more {
            count += 1;
            let (found, key) = if self.is_next(members.named.get(likely)).ok_or(Unknown)? {
                (Some(likely), "")
            } else {
                let key = self.key().ok_or(Unknown)?;
                (members.index.get(key).copied(), key)
            };
            let node = if let Some(at) = found {
                let word = seen.get_mut(at / 64).ok_or(Unknown)?;
                let bit = 1 << (at % 64);
                if *word & bit != 0 {
                    return Err(Unknown);
                }
                *word |= bit;
                likely = at + 1;
                let member = members.named.get(at).ok_or(Unknown)?;
                required += usize::from(member.required);
                member.node
            } else {
                if !others.insert(key) {
                    return Err(Unknown);
                }
                members.others
            };
            match self.value(node) {
                Yes => {}
                verdict => return Err(verdict),
            }
            more = self.more(b'}').ok_or(Unknown)?;
        }
        Ok((required == members.required && members.size.takes(count)).into())
    }

    fn array(&mut self, items: &'a ArrayConstraints) -> Acceptance {
        self.items(items).unwrap_or_else(|verdict| verdict)
    }

    fn items(&mut self, items: &'a ArrayConstraints) -> Result<Acceptance, Acceptance> {
        let mut count = 0;
        let mut more = self.enter(b']').ok_or(Unknown)?;
        while more {
            count += 1;
            match items.each {
                Some(node) => match self.value(node) {
                    Yes => {}
                    verdict => return Err(verdict),
                },
                None => self.skip().ok_or(Unknown)?,
            }
            more = self.more(b']').ok_or(Unknown)?;
        }
        Ok(items.size.takes(count).into())
    }

    /// Skips a value.
    fn skip(&mut self) -> Option<()> {
        self.spend(1)?;
        match self.scanner.next()? {
            b'{' => {
                let mut names = NameSet::default();
                let mut more = self.enter(b'}')?;
                while more {
                    if !names.insert(self.key()?) {
                        return None;
                    }
                    self.skip()?;
                    more = self.more(b'}')?;
                }
                Some(())
            }
            b'[' => {
                let mut more = self.enter(b']')?;
                while more {
                    self.skip()?;
                    more = self.more(b']')?;
                }
                Some(())
            }
            b'"' => {
                let quoted = self.string()?;
                unescaped(quoted).map(drop)
            }
            b't' => self.scanner.word("true"),
            b'f' => self.scanner.word("false"),
            b'n' => self.scanner.word("null"),
            _ => self.number().map(drop),
        }
    }
}

/// The text of a string; `None` if its escapes are not valid.
fn unescaped(quoted: Quoted<'_>) -> Option<std::borrow::Cow<'_, str>> {
    if !quoted.has_escapes {
        return Some(quoted.raw.into());
    }
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 1 };
    match json::read(&format!("\"{}\"", quoted.raw), options).ok()?.kind {
        json::JsonKind::String(text) => Some(String::from(text).into()),
        _ => None,
    }
}

/// Whether a scalar is one of those allowed.
fn among(constant: &ComparedConstant, values: Option<&[ComparedConstant]>) -> Acceptance {
    match values {
        None => Yes,
        Some(values) => match constant {
            ComparedConstant::Number(number) => among_numbers(*number, values),
            constant => values.contains(constant).into(),
        },
    }
}

/// Whether 1 and 1.0 are equal is left to the crate.
fn among_numbers(number: SmallDecimal, values: &[ComparedConstant]) -> Acceptance {
    let mut verdict = No;
    for value in values {
        match value {
            ComparedConstant::Number(known) if known.is_spelled_as(number) => return Yes,
            ComparedConstant::Number(known) if *known == number => verdict = Unknown,
            ComparedConstant::Other => verdict = Unknown,
            _ => {}
        }
    }
    verdict
}

/// Arrays and objects are not compared here.
fn not_among(values: &[ComparedConstant]) -> Acceptance {
    if values.contains(&ComparedConstant::Other) { Unknown } else { No }
}

fn string(quoted: Quoted<'_>, values: Option<&[ComparedConstant]>, rules: Option<&StringConstraints>) -> Option<Acceptance> {
    let text = unescaped(quoted)?;
    if let Some(values) = values
        && !values.iter().any(|value| matches!(value, ComparedConstant::String(known) if **known == *text))
    {
        return Some(No);
    }
    let Some(rules) = rules else { return Some(Yes) };
    let length = if quoted.is_ascii && !quoted.has_escapes { text.len() } else { text.chars().count() };
    if !rules.size.takes(length) {
        return Some(No);
    }
    Some(
        rules
            .string_validator
            .as_ref()
            .is_none_or(|string_validator| string_validator.is_valid(&Tree::String(text.into_owned())))
            .into(),
    )
}

fn number_is(number: NumberToken<'_>, check: &Constraints) -> Option<Acceptance> {
    if check.number.is_none() && check.values.is_none() {
        return Some(Yes);
    }
    let decimal = SmallDecimal::read(number.literal)?;
    let verdict = among(&ComparedConstant::Number(decimal), check.values.as_deref());
    if verdict != Yes {
        return Some(verdict);
    }
    let Some(NumberConstraints { least, most, above, below, divisor }) = check.number.as_deref() else { return Some(Yes) };
    let within = least.is_none_or(|bound| decimal >= bound)
        && most.is_none_or(|bound| decimal <= bound)
        && above.is_none_or(|bound| decimal > bound)
        && below.is_none_or(|bound| decimal < bound);
    let divides = match divisor {
        Some(divisor) => decimal.is_multiple_of(*divisor)?,
        None => true,
    };
    Some((within && divides).into())
}
