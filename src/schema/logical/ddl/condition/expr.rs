//! A condition as what it says: of the grammar's many levels only those are left that have something of their own.

use super::{Result, refused};
use crate::schema::logical::ddl::names::identifier;
use crate::schema::logical::ddl::tree::Node;
use crate::schema::meter;

#[derive(Debug)]
pub(super) struct Expr<'n> {
    pub(super) node: &'n Node<'n>,
    pub(super) what: What<'n>,
}

#[derive(Debug)]
pub(super) enum What<'n> {
    Any(Vec<Expr<'n>>),
    All(Vec<Expr<'n>>),
    Not(Box<Expr<'n>>),
    IsNull {
        operand: Box<Expr<'n>>,
        negated: bool,
    },
    Compare {
        operator: String,
        sides: Box<[Expr<'n>; 2]>,
    },
    /// Subject, lower and upper bound.
    Between {
        operands: Box<[Expr<'n>; 3]>,
        negated: bool,
        symmetric: bool,
    },
    In {
        item: Box<Expr<'n>>,
        target: Target<'n>,
        negated: bool,
    },
    Like {
        operand: Box<Expr<'n>>,
        pattern: String,
        escape: Option<(&'n Node<'n>, String)>,
        negated: bool,
    },
    Sum(Box<Chain<'n>>),
    Product(Box<Chain<'n>>),
    Signed {
        minus: bool,
        operand: Box<Expr<'n>>,
    },
    Column {
        name: String,
        steps: Vec<Step<'n>>,
    },
    Literal(Literal),
    Paren {
        inner: Box<Expr<'n>>,
        steps: Vec<Step<'n>>,
    },
    Case(Box<Case<'n>>),
    /// The name in capitals, as it is written, and the arguments.
    Function {
        name: String,
        written: String,
        arguments: Vec<Expr<'n>>,
    },
    Special(Special<'n>),
}

#[derive(Debug)]
pub(super) enum Target<'n> {
    List(Vec<Expr<'n>>),
    Value(Box<Expr<'n>>),
}

/// Operands with the operators between them, from left to right.
#[derive(Debug)]
pub(super) struct Chain<'n> {
    pub(super) first: Expr<'n>,
    pub(super) rest: Vec<(String, Expr<'n>)>,
}

impl<'n> Chain<'n> {
    pub(super) fn operands(&self) -> impl Iterator<Item = &Expr<'n>> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|(_, operand)| operand))
    }

    pub(super) fn has(&self, operators: &[&str]) -> bool {
        self.rest.iter().any(|(operator, _)| operators.contains(&operator.as_str()))
    }
}

#[derive(Debug)]
pub(super) enum Step<'n> {
    Field(&'n Node<'n>, String),
    Index(&'n Node<'n>, Expr<'n>),
}

#[derive(Debug)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    /// Numbers as they are written.
    Int(String),
    Decimal(String),
    Double(String),
    Text(String),
    /// With `x` and quotes.
    Bytes(String),
    Timestamp(String),
    Interval(String, String),
}

#[derive(Debug)]
pub(super) struct Case<'n> {
    pub(super) subject: Option<Expr<'n>>,
    pub(super) whens: Vec<(&'n Node<'n>, Expr<'n>, Expr<'n>)>,
    pub(super) otherwise: Option<Expr<'n>>,
}

impl<'n> Case<'n> {
    pub(super) fn results(&self) -> Vec<&Expr<'n>> {
        self.whens.iter().map(|(_, _, then)| then).chain(&self.otherwise).collect()
    }
}

/// Functions with a syntax of their own.
#[derive(Debug)]
pub(super) enum Special<'n> {
    Cast {
        argument: Box<Expr<'n>>,
        target: &'n Node<'n>,
    },
    Extract {
        field: String,
        argument: Box<Expr<'n>>,
    },
    /// Text, start, length.
    Substring(Vec<Expr<'n>>),
    Position {
        needle: Box<Expr<'n>>,
        text: Box<Expr<'n>>,
    },
    Trim {
        side: Option<&'static str>,
        arguments: Vec<Expr<'n>>,
    },
    CurrentTimestamp,
    VariantGet {
        value: Box<Expr<'n>>,
        path: Box<Expr<'n>>,
        returning: Option<&'n Node<'n>>,
        is_try: bool,
    },
}

impl<'n> Expr<'n> {
    /// Reads a node of any level of the grammar.
    pub(super) fn read(node: &'n Node<'n>) -> Result<Self> {
        meter::charge(1)?;
        let children = node.children();
        let [first, rest @ ..] = children else { return refused(node, "a condition is empty") };
        let read = |node: &'n Node<'n>| Self::read(node).map(Box::new);
        let negated = node.has("NOT");
        let what = match node.name() {
            "disjunction" if !rest.is_empty() => What::Any(all(node, "conjunction")?),
            "conjunction" if !rest.is_empty() => What::All(all(node, "negation")?),
            "negation" if negated => What::Not(read(child(node, "negation")?)?),
            "null_test" if !rest.is_empty() => What::IsNull { operand: read(first)?, negated },
            "comparison" => match rest {
                [operator, right] => {
                    What::Compare { operator: operator.text(), sides: Box::new([Self::read(first)?, Self::read(right)?]) }
                }
                _ => return Self::read(first),
            },
            "between" if !rest.is_empty() => {
                let Ok(operands) = <[Self; 3]>::try_from(all(node, "in")?) else { return refused(node, "a bound is missing") };
                What::Between { operands: Box::new(operands), negated, symmetric: node.has("SYMMETRIC") }
            }
            "in" if !rest.is_empty() => {
                let target = child(node, "in_target")?;
                let target = match target.child("conditions") {
                    Some(list) => Target::List(all(list, "condition")?),
                    None => Target::Value(read(child(target, "like")?)?),
                };
                What::In { item: read(first)?, target, negated }
            }
            "like" if !rest.is_empty() => {
                let pattern = node.child("string_literal").map(Node::unquoted).unwrap_or_default();
                let escape = node.child("escape");
                let escape = escape.map(|node| (node, node.child("string_literal").map(Node::unquoted).unwrap_or_default()));
                What::Like { operand: read(first)?, pattern, escape, negated }
            }
            "sum" if !rest.is_empty() => What::Sum(chain(first, rest)?),
            "product" if !rest.is_empty() => What::Product(chain(first, rest)?),
            "signed" => match rest {
                [operand] => What::Signed { minus: first.text() == "-", operand: read(operand)? },
                _ => return Self::read(first),
            },
            "primary" => match child_of(node, "condition") {
                Some(inner) => What::Paren { inner: read(inner)?, steps: steps(node)? },
                None => return Self::read(first),
            },
            "column" => {
                let name = child(node, "column_name")?.child("identifier").map(identifier).unwrap_or_default();
                What::Column { name, steps: steps(node)? }
            }
            "literal" => What::Literal(literal(node)),
            "case" => What::Case(Box::new(case(node)?)),
            "application" => {
                let written = first.text();
                let arguments = node.child("conditions").map(|list| all(list, "condition")).transpose()?.unwrap_or_default();
                What::Function { name: written.to_uppercase(), written, arguments }
            }
            "special_function" => What::Special(special(node, first)?),
            _ => return Self::read(first),
        };
        Ok(Self { node, what })
    }

    /// Whether it is a value rather than something that is true or false by its form.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.what, What::Sum(_) | What::Product(_) | What::Signed { .. }) || self.is_primary()
    }

    pub(super) fn is_primary(&self) -> bool {
        matches!(
            self.what,
            What::Column { .. }
                | What::Literal(_)
                | What::Paren { .. }
                | What::Case(_)
                | What::Function { .. }
                | What::Special(_)
        )
    }

    /// Whether methods can be called on it as it is written.
    pub(super) fn is_simple(&self) -> bool {
        match &self.what {
            What::Not(inner) => inner.is_simple(),
            _ => self.is_primary(),
        }
    }

    /// The literal that it is, and whether it is negated; parentheses and signs are looked through.
    pub(super) fn literal(&self) -> Option<(&Literal, bool)> {
        match &self.what {
            What::Literal(literal) => Some((literal, false)),
            What::Paren { inner, steps } if steps.is_empty() => inner.literal(),
            What::Signed { minus, operand } => operand.literal().map(|(literal, negated)| (literal, negated ^ minus)),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.literal(), Some((Literal::Null, _)))
    }

    /// The integer that it is.
    pub(super) fn integer(&self) -> Option<i64> {
        match self.literal()? {
            (Literal::Int(text), negated) => {
                text.parse::<i64>().ok().map(|value| if negated { value.wrapping_neg() } else { value })
            }
            _ => None,
        }
    }

    /// The column that it is, in any parentheses.
    pub(super) fn column(&self) -> Option<(&Self, &str, &[Step<'n>])> {
        match &self.what {
            What::Column { name, steps } => Some((self, name, steps)),
            What::Paren { inner, steps } if steps.is_empty() => inner.column(),
            _ => None,
        }
    }

    /// The name of the function that it calls, in any parentheses.
    pub(super) fn function(&self) -> Option<&str> {
        match &self.what {
            What::Function { name, .. } => Some(name),
            What::Paren { inner, steps } if steps.is_empty() => inner.function(),
            What::Special(special) => Some(match special {
                Special::Cast { .. } => "CAST",
                Special::Extract { .. } => "EXTRACT",
                Special::Substring(_) => "SUBSTRING",
                Special::Position { .. } => "POSITION",
                Special::Trim { .. } => "TRIM",
                Special::CurrentTimestamp => "CURRENT_TIMESTAMP",
                Special::VariantGet { is_try: false, .. } => "VARIANT_GET",
                Special::VariantGet { is_try: true, .. } => "TRY_VARIANT_GET",
            }),
            _ => None,
        }
    }

    /// What it is made of, as it stands in the text.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match &self.what {
            What::Any(parts)
            | What::All(parts)
            | What::Function { arguments: parts, .. }
            | What::Special(Special::Substring(parts) | Special::Trim { arguments: parts, .. }) => parts.iter().collect(),
            What::Not(part)
            | What::IsNull { operand: part, .. }
            | What::Like { operand: part, .. }
            | What::Signed { operand: part, .. }
            | What::Special(Special::Cast { argument: part, .. } | Special::Extract { argument: part, .. }) => vec![part],
            What::Compare { sides, .. } => sides.iter().collect(),
            What::Between { operands, .. } => operands.iter().collect(),
            What::In { item, target: Target::List(list), .. } => std::iter::once(&**item).chain(list).collect(),
            What::In { item: one, target: Target::Value(other), .. }
            | What::Special(
                Special::Position { needle: one, text: other } | Special::VariantGet { value: one, path: other, .. },
            ) => vec![one, other],
            What::Sum(chain) | What::Product(chain) => chain.operands().collect(),
            What::Column { steps, .. } => steps.iter().filter_map(Step::index).collect(),
            What::Paren { inner, steps } => std::iter::once(&**inner).chain(steps.iter().filter_map(Step::index)).collect(),
            What::Case(case) => {
                let whens = case.whens.iter().flat_map(|(_, when, then)| [when, then]);
                case.subject.iter().chain(whens).chain(&case.otherwise).collect()
            }
            What::Literal(_) | What::Special(Special::CurrentTimestamp) => Vec::new(),
        }
    }
}

impl<'n> Step<'n> {
    fn index(&self) -> Option<&Expr<'n>> {
        match self {
            Self::Field(..) => None,
            Self::Index(_, index) => Some(index),
        }
    }
}

fn child_of<'n>(node: &'n Node<'n>, name: &str) -> Option<&'n Node<'n>> {
    node.children().iter().find(|child| child.name() == name)
}

fn child<'n>(node: &'n Node<'n>, name: &str) -> Result<&'n Node<'n>> {
    child_of(node, name).map_or_else(|| refused(node, "a condition is not complete"), Ok)
}

fn all<'n>(node: &'n Node<'n>, name: &str) -> Result<Vec<Expr<'n>>> {
    node.children().iter().filter(|child| child.name() == name).map(Expr::read).collect()
}

fn chain<'n>(first: &'n Node<'n>, rest: &'n [Node<'n>]) -> Result<Box<Chain<'n>>> {
    let mut chain = Chain { first: Expr::read(first)?, rest: Vec::new() };
    for pair in rest.chunks(2) {
        if let [operator, operand] = pair {
            chain.rest.push((operator.text(), Expr::read(operand)?));
        }
    }
    Ok(Box::new(chain))
}

fn steps<'n>(node: &'n Node<'n>) -> Result<Vec<Step<'n>>> {
    let Some(indirection) = child_of(node, "indirection") else { return Ok(Vec::new()) };
    let mut steps = Vec::new();
    for step in indirection.children() {
        steps.push(match step.child("column_name").and_then(|name| name.child("identifier")) {
            Some(name) => Step::Field(step, identifier(name)),
            None => Step::Index(step, Expr::read(child(step, "condition")?)?),
        });
    }
    Ok(steps)
}

fn literal(node: &Node<'_>) -> Literal {
    let text = |name: &str| node.child(name).map(Node::text);
    let quoted = || node.child("string_literal").map(Node::unquoted).unwrap_or_default();
    if node.has("TIMESTAMP") {
        return Literal::Timestamp(quoted());
    }
    if node.has("INTERVAL") {
        return Literal::Interval(quoted(), text("identifier").unwrap_or_default());
    }
    if let Some(word) = node.child("bool_literal") {
        return Literal::Bool(word.has("TRUE"));
    }
    if node.has("string_literal") {
        return Literal::Text(quoted());
    }
    let number = text("int_literal").map(Literal::Int).or_else(|| text("decimal_literal").map(Literal::Decimal));
    number
        .or_else(|| text("double_literal").map(Literal::Double))
        .or_else(|| text("bytes_literal").map(Literal::Bytes))
        .unwrap_or(Literal::Null)
}

fn case<'n>(node: &'n Node<'n>) -> Result<Case<'n>> {
    let mut case = Case { subject: None, whens: Vec::new(), otherwise: None };
    for part in node.children() {
        match part.name() {
            "when" => {
                let mut parts = all(part, "condition")?.into_iter();
                if let (Some(when), Some(then)) = (parts.next(), parts.next()) {
                    case.whens.push((part, when, then));
                }
            }
            "condition" if case.whens.is_empty() => case.subject = Some(Expr::read(part)?),
            "condition" => case.otherwise = Some(Expr::read(part)?),
            _ => {}
        }
    }
    Ok(case)
}

fn special<'n>(node: &'n Node<'n>, word: &'n Node<'n>) -> Result<Special<'n>> {
    let mut arguments = all(node, "condition")?;
    let cast = child_of(node, "cast_type").and_then(|cast| child_of(cast, "primitive"));
    let missing = || refused(node, "an argument is missing");
    Ok(match word.name() {
        "SUBSTRING" => Special::Substring(arguments),
        "TRIM" => {
            let side = ["LEADING", "TRAILING"].into_iter().find(|side| node.has(side));
            Special::Trim { side, arguments }
        }
        "CURRENT_TIMESTAMP" => Special::CurrentTimestamp,
        name => {
            let second = if arguments.len() > 1 { arguments.pop().map(Box::new) } else { None };
            let Some(first) = arguments.pop().map(Box::new) else { return missing() };
            match (name, second, cast) {
                ("CAST", _, Some(target)) => Special::Cast { argument: first, target },
                ("EXTRACT", ..) => {
                    Special::Extract { field: node.child("identifier").map(Node::text).unwrap_or_default(), argument: first }
                }
                ("POSITION", Some(text), _) => Special::Position { needle: first, text },
                (_, Some(path), returning) => {
                    Special::VariantGet { value: first, path, returning, is_try: name == "TRY_VARIANT_GET" }
                }
                _ => return missing(),
            }
        }
    })
}
