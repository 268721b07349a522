//! Reads a condition out of the tree that the grammar has made of its text.

use super::expr::{Case, ColumnStep, Expr, ExprForm, InTarget, Literal, OperatorChain, Special};
use super::{Result, refused};
use crate::schema::logical::ddl::names::identifier;
use crate::schema::logical::ddl::tree::SyntaxNode;
use crate::schema::meter;

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
