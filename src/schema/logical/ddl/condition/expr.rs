//! A condition as what it says: of the grammar's many levels only those are left that have something of their own.

use super::{Result, refused};
use crate::schema::logical::ddl::names::identifier;
use crate::schema::logical::ddl::tree::SyntaxNode;
use crate::schema::meter;

#[derive(Debug)]
pub(super) struct Expr<'n> {
    pub(super) node: &'n SyntaxNode<'n>,
    pub(super) what: ExprForm<'n>,
}

#[derive(Debug)]
pub(super) enum ExprForm<'n> {
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
        target: InTarget<'n>,
        negated: bool,
    },
    Like {
        operand: Box<Expr<'n>>,
        pattern: String,
        escape: Option<(&'n SyntaxNode<'n>, String)>,
        negated: bool,
    },
    Sum(Box<OperatorChain<'n>>),
    Product(Box<OperatorChain<'n>>),
    Signed {
        minus: bool,
        operand: Box<Expr<'n>>,
    },
    Column {
        name: String,
        steps: Vec<ColumnStep<'n>>,
    },
    Literal(Literal),
    Paren {
        inner: Box<Expr<'n>>,
        steps: Vec<ColumnStep<'n>>,
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
pub(super) enum InTarget<'n> {
    List(Vec<Expr<'n>>),
    Value(Box<Expr<'n>>),
}

/// Operands with the operators between them, from left to right.
#[derive(Debug)]
pub(super) struct OperatorChain<'n> {
    pub(super) first: Expr<'n>,
    pub(super) rest: Vec<(String, Expr<'n>)>,
}

impl<'n> OperatorChain<'n> {
    pub(super) fn operands(&self) -> impl Iterator<Item = &Expr<'n>> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|(_, operand)| operand))
    }

    pub(super) fn has(&self, operators: &[&str]) -> bool {
        self.rest.iter().any(|(operator, _)| operators.contains(&operator.as_str()))
    }
}

#[derive(Debug)]
pub(super) enum ColumnStep<'n> {
    Field(&'n SyntaxNode<'n>, String),
    Index(&'n SyntaxNode<'n>, Expr<'n>),
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
    pub(super) whens: Vec<(&'n SyntaxNode<'n>, Expr<'n>, Expr<'n>)>,
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
        target: &'n SyntaxNode<'n>,
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
        returning: Option<&'n SyntaxNode<'n>>,
        is_try: bool,
    },
}

impl<'n> Expr<'n> {
    /// Reads a node of any level of the grammar.
    pub(super) fn read(node: &'n SyntaxNode<'n>) -> Result<Self> {
        meter::charge(1)?;
        let children = node.children();
        let [first, rest @ ..] = children else { return refused(node, "a condition is empty") };
        let read = |node: &'n SyntaxNode<'n>| Self::read(node).map(Box::new);
        let negated = node.has("NOT");
        let what = match node.name() {
            "disjunction" if !rest.is_empty() => ExprForm::Any(all(node, "conjunction")?),
            "conjunction" if !rest.is_empty() => ExprForm::All(all(node, "negation")?),
            "negation" if negated => ExprForm::Not(read(child(node, "negation")?)?),
            "null_test" if !rest.is_empty() => ExprForm::IsNull { operand: read(first)?, negated },
            "comparison" => match rest {
                [operator, right] => {
                    ExprForm::Compare { operator: operator.text(), sides: Box::new([Self::read(first)?, Self::read(right)?]) }
                }
                _ => return Self::read(first),
            },
            "between" if !rest.is_empty() => {
                let Ok(operands) = <[Self; 3]>::try_from(all(node, "in")?) else { return refused(node, "a bound is missing") };
                ExprForm::Between { operands: Box::new(operands), negated, symmetric: node.has("SYMMETRIC") }
            }
            "in" if !rest.is_empty() => {
                let target = child(node, "in_target")?;
                let target = match target.child("conditions") {
                    Some(list) => InTarget::List(all(list, "condition")?),
                    None => InTarget::Value(read(child(target, "like")?)?),
                };
                ExprForm::In { item: read(first)?, target, negated }
            }
            "like" if !rest.is_empty() => {
                let pattern = node.child("string_literal").map(SyntaxNode::unquoted).unwrap_or_default();
                let escape = node.child("escape");
                let escape =
                    escape.map(|node| (node, node.child("string_literal").map(SyntaxNode::unquoted).unwrap_or_default()));
                ExprForm::Like { operand: read(first)?, pattern, escape, negated }
            }
            "sum" if !rest.is_empty() => ExprForm::Sum(chain(first, rest)?),
            "product" if !rest.is_empty() => ExprForm::Product(chain(first, rest)?),
            "signed" => match rest {
                [operand] => ExprForm::Signed { minus: first.text() == "-", operand: read(operand)? },
                _ => return Self::read(first),
            },
            "primary" => match child_of(node, "condition") {
                Some(inner) => ExprForm::Paren { inner: read(inner)?, steps: steps(node)? },
                None => return Self::read(first),
            },
            "column" => {
                let name = child(node, "column_name")?.child("identifier").map(identifier).unwrap_or_default();
                ExprForm::Column { name, steps: steps(node)? }
            }
            "literal" => ExprForm::Literal(literal(node)),
            "case" => ExprForm::Case(Box::new(case(node)?)),
            "application" => {
                let written = first.text();
                let arguments = node.child("conditions").map(|list| all(list, "condition")).transpose()?.unwrap_or_default();
                ExprForm::Function { name: written.to_uppercase(), written, arguments }
            }
            "special_function" => ExprForm::Special(special(node, first)?),
            _ => return Self::read(first),
        };
        Ok(Self { node, what })
    }

    /// Whether it is a value rather than something that is true or false by its form.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.what, ExprForm::Sum(_) | ExprForm::Product(_) | ExprForm::Signed { .. }) || self.is_primary()
    }

    pub(super) fn is_primary(&self) -> bool {
        matches!(
            self.what,
            ExprForm::Column { .. }
                | ExprForm::Literal(_)
                | ExprForm::Paren { .. }
                | ExprForm::Case(_)
                | ExprForm::Function { .. }
                | ExprForm::Special(_)
        )
    }

    /// Whether methods can be called on it as it is written.
    pub(super) fn is_simple(&self) -> bool {
        match &self.what {
            ExprForm::Not(inner) => inner.is_simple(),
            _ => self.is_primary(),
        }
    }

    /// The literal that it is, and whether it is negated; parentheses and signs are looked through.
    pub(super) fn literal(&self) -> Option<(&Literal, bool)> {
        match &self.what {
            ExprForm::Literal(literal) => Some((literal, false)),
            ExprForm::Paren { inner, steps } if steps.is_empty() => inner.literal(),
            ExprForm::Signed { minus, operand } => operand.literal().map(|(literal, negated)| (literal, negated ^ minus)),
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
    pub(super) fn column(&self) -> Option<(&Self, &str, &[ColumnStep<'n>])> {
        match &self.what {
            ExprForm::Column { name, steps } => Some((self, name, steps)),
            ExprForm::Paren { inner, steps } if steps.is_empty() => inner.column(),
            _ => None,
        }
    }

    /// The name of the function that it calls, in any parentheses.
    pub(super) fn function(&self) -> Option<&str> {
        match &self.what {
            ExprForm::Function { name, .. } => Some(name),
            ExprForm::Paren { inner, steps } if steps.is_empty() => inner.function(),
            ExprForm::Special(special) => Some(match special {
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
            ExprForm::Any(parts)
            | ExprForm::All(parts)
            | ExprForm::Function { arguments: parts, .. }
            | ExprForm::Special(Special::Substring(parts) | Special::Trim { arguments: parts, .. }) => parts.iter().collect(),
            ExprForm::Not(part)
            | ExprForm::IsNull { operand: part, .. }
            | ExprForm::Like { operand: part, .. }
            | ExprForm::Signed { operand: part, .. }
            | ExprForm::Special(Special::Cast { argument: part, .. } | Special::Extract { argument: part, .. }) => vec![part],
            ExprForm::Compare { sides, .. } => sides.iter().collect(),
            ExprForm::Between { operands, .. } => operands.iter().collect(),
            ExprForm::In { item, target: InTarget::List(list), .. } => std::iter::once(&**item).chain(list).collect(),
            ExprForm::In { item: one, target: InTarget::Value(other), .. }
            | ExprForm::Special(
                Special::Position { needle: one, text: other } | Special::VariantGet { value: one, path: other, .. },
            ) => vec![one, other],
            ExprForm::Sum(chain) | ExprForm::Product(chain) => chain.operands().collect(),
            ExprForm::Column { steps, .. } => steps.iter().filter_map(ColumnStep::index).collect(),
            ExprForm::Paren { inner, steps } => {
                std::iter::once(&**inner).chain(steps.iter().filter_map(ColumnStep::index)).collect()
            }
            ExprForm::Case(case) => {
                let whens = case.whens.iter().flat_map(|(_, when, then)| [when, then]);
                case.subject.iter().chain(whens).chain(&case.otherwise).collect()
            }
            ExprForm::Literal(_) | ExprForm::Special(Special::CurrentTimestamp) => Vec::new(),
        }
    }
}

impl<'n> ColumnStep<'n> {
    fn index(&self) -> Option<&Expr<'n>> {
        match self {
            Self::Field(..) => None,
            Self::Index(_, index) => Some(index),
        }
    }
}

fn child_of<'n>(node: &'n SyntaxNode<'n>, name: &str) -> Option<&'n SyntaxNode<'n>> {
    node.children().iter().find(|child| child.name() == name)
}

fn child<'n>(node: &'n SyntaxNode<'n>, name: &str) -> Result<&'n SyntaxNode<'n>> {
    child_of(node, name).map_or_else(|| refused(node, "a condition is not complete"), Ok)
}

fn all<'n>(node: &'n SyntaxNode<'n>, name: &str) -> Result<Vec<Expr<'n>>> {
    node.children().iter().filter(|child| child.name() == name).map(Expr::read).collect()
}

fn chain<'n>(first: &'n SyntaxNode<'n>, rest: &'n [SyntaxNode<'n>]) -> Result<Box<OperatorChain<'n>>> {
    let mut chain = OperatorChain { first: Expr::read(first)?, rest: Vec::new() };
    for pair in rest.chunks(2) {
        if let [operator, operand] = pair {
            chain.rest.push((operator.text(), Expr::read(operand)?));
        }
    }
    Ok(Box::new(chain))
}

fn steps<'n>(node: &'n SyntaxNode<'n>) -> Result<Vec<ColumnStep<'n>>> {
    let Some(indirection) = child_of(node, "indirection") else { return Ok(Vec::new()) };
    let mut steps = Vec::new();
    for step in indirection.children() {
        steps.push(match step.child("column_name").and_then(|name| name.child("identifier")) {
            Some(name) => ColumnStep::Field(step, identifier(name)),
            None => ColumnStep::Index(step, Expr::read(child(step, "condition")?)?),
        });
    }
    Ok(steps)
}

fn literal(node: &SyntaxNode<'_>) -> Literal {
    let text = |name: &str| node.child(name).map(SyntaxNode::text);
    let quoted = || node.child("string_literal").map(SyntaxNode::unquoted).unwrap_or_default();
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

fn case<'n>(node: &'n SyntaxNode<'n>) -> Result<Case<'n>> {
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

fn special<'n>(node: &'n SyntaxNode<'n>, word: &'n SyntaxNode<'n>) -> Result<Special<'n>> {
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
                ("EXTRACT", ..) => Special::Extract {
                    field: node.child("identifier").map(SyntaxNode::text).unwrap_or_default(),
                    argument: first,
                },
                ("POSITION", Some(text), _) => Special::Position { needle: first, text },
                (_, Some(path), returning) => {
                    Special::VariantGet { value: first, path, returning, is_try: name == "TRY_VARIANT_GET" }
                }
                _ => return missing(),
            }
        }
    })
}
