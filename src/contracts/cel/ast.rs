//! Expressions, as they have been read.

use super::value::CelValue;

/// An expression, and where it begins in the text, in bytes.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) at: u32,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Literal(CelValue),
    Ident(Box<str>),
    Select {
        operand: Box<Expr>,
        field: Box<str>,
    },
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
    },
    /// `has(a.b)`; with anything else inside it only asks whether that can be evaluated.
    Has(Box<Expr>),
    Call {
        function: Box<str>,
        target: Option<Box<Expr>>,
        arguments: Vec<Expr>,
    },
    Unary {
        operator: Unary,
        operand: Box<Expr>,
    },
    Binary {
        operator: Binary,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// Operands of `&&`, from left to right.
    And(Vec<Expr>),
    /// Operands of `||`, from left to right.
    Or(Vec<Expr>),
    Conditional(Box<[Expr; 3]>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Comprehension(Box<Comprehension>),
}

/// A macro over the items of a list or the keys of a map.
#[derive(Debug)]
pub(crate) struct Comprehension {
    pub(crate) name: Macro,
    pub(crate) range: Expr,
    pub(crate) variable: Box<str>,
    /// Which items `map` takes, where it has three arguments.
    pub(crate) filter: Option<Expr>,
    pub(crate) body: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub(crate) enum Binary {
    #[strum(serialize = "==")]
    Equal,
    #[strum(serialize = "!=")]
    NotEqual,
    #[strum(serialize = "<")]
    Less,
    #[strum(serialize = "<=")]
    LessOrEqual,
    #[strum(serialize = ">")]
    Greater,
    #[strum(serialize = ">=")]
    GreaterOrEqual,
    #[strum(serialize = "in")]
    In,
    #[strum(serialize = "+")]
    Add,
    #[strum(serialize = "-")]
    Subtract,
    #[strum(serialize = "*")]
    Multiply,
    #[strum(serialize = "/")]
    Divide,
    #[strum(serialize = "%")]
    Remainder,
}

impl Expr {
    /// Goes through the expressions directly inside.
    pub(crate) fn for_each_child<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Ident(_) => {}
            ExprKind::Select { operand, .. } | ExprKind::Has(operand) | ExprKind::Unary { operand, .. } => visit(operand),
            ExprKind::Index { operand, index } => {
                visit(operand);
                visit(index);
            }
            ExprKind::Call { target, arguments, .. } => target.iter().map(|target| &**target).chain(arguments).for_each(visit),
            ExprKind::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::List(items) => items.iter().for_each(visit),
            ExprKind::Conditional(parts) => parts.iter().for_each(visit),
            ExprKind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).for_each(visit),
            ExprKind::Comprehension(inner) => {
                visit(&inner.range);
                inner.filter.iter().for_each(&mut *visit);
                visit(&inner.body);
            }
        }
    }
}
