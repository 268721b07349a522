//! A condition as what it says: of the grammar's many levels only those are left that have something of their own.

use crate::schema::logical::ddl::tree::SyntaxNode;

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
