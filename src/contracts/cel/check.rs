//! Holds expressions to the types of a schema. Only what can't be right for any data is an issue: where a type is not certain, because a
//! field may be null or of several types, nothing is said.

use super::Program;
use super::ast::{Binary, Comprehension, Expr, ExprKind, Macro, Unary};
use super::eval::{NAMESPACES, TYPES, is_comparison};
use super::functions::FUNCTIONS;
use crate::schema::typed::{DataType, LeafKind, Shapes};

/// What is known about the type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::contracts) enum KnownType {
    Any,
    Kind(LeafKind),
    List(Box<KnownType>),
    Map(Box<KnownType>),
    /// Of [`Shapes::records`]; whether it may be null instead.
    Record(usize, bool),
    Type,
}

impl KnownType {
    pub(in crate::contracts) fn of(ty: &DataType) -> Self {
        match ty {
            DataType::Any | DataType::Wrapper(_) | DataType::Leaf { kind: LeafKind::Opaque(_) | LeafKind::Number, .. } => {
                Self::Any
            }
            DataType::Leaf { kind, .. } => Self::Kind(*kind),
            DataType::List(items) => Self::List(Box::new(Self::of(items))),
            DataType::Map(values) => Self::Map(Box::new(Self::of(values))),
            DataType::Record(shape) => Self::Record(*shape, false),
            DataType::Union(branches) => {
                let is_null = |ty: &&DataType| matches!(ty, DataType::Leaf { kind: LeafKind::Null, .. });
                let mut others = branches.iter().filter(|ty| !is_null(ty));
                match (others.next(), others.next()) {
                    (Some(DataType::Record(shape)), None) => Self::Record(*shape, true),
                    (Some(only), None) if branches.len() == 1 => Self::of(only),
                    _ => Self::Any,
                }
            }
        }
    }

    pub(in crate::contracts) fn word(&self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::List(_) => "list",
            Self::Map(_) | Self::Record(..) => "map",
            Self::Type => "type",
            Self::Kind(kind) => match kind {
                LeafKind::Null => "null_type",
                LeafKind::Bool => "bool",
                LeafKind::Int => "int",
                LeafKind::Uint => "uint",
                LeafKind::Double | LeafKind::Number => "double",
                LeafKind::String => "string",
                LeafKind::Bytes => "bytes",
                LeafKind::Timestamp => "timestamp",
                LeafKind::Duration => "duration",
                LeafKind::Opaque(name) => name,
            },
        }
    }
}

const BOOL: KnownType = KnownType::Kind(LeafKind::Bool);
const INT: KnownType = KnownType::Kind(LeafKind::Int);

/// Something that can't be right, and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::contracts) struct TypeIssue {
    pub(in crate::contracts) at: u32,
    pub(in crate::contracts) message: String,
}

pub(super) fn check(program: &Program, shapes: &Shapes, variables: &[(&str, KnownType)]) -> (Vec<TypeIssue>, KnownType) {
    let scope: Vec<(&str, KnownType)> = variables.to_vec();
    let mut checker = TypeChecker { program, shapes, scope, issues: Vec::new() };
    let known = checker.expr(&program.expr);
    checker.issues.sort_by_key(|issue| issue.at);
    (checker.issues, known)
}

/// Issues that are listed for one expression.
const MAX_ISSUES: usize = 20;

struct TypeChecker<'c> {
    program: &'c Program,
    shapes: &'c Shapes,
    /// The innermost variable stands last.
    scope: Vec<(&'c str, KnownType)>,
    issues: Vec<TypeIssue>,
}

impl<'c> TypeChecker<'c> {
    fn issue(&mut self, at: u32, message: String) -> KnownType {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(TypeIssue { at, message });
        }
        KnownType::Any
    }

    fn expr(&mut self, expr: &'c Expr) -> KnownType {
        match &expr.kind {
            ExprKind::Literal(value) => match value.type_name() {
                "null_type" => KnownType::Kind(LeafKind::Null),
                "bool" => BOOL,
                "int" => INT,
                "uint" => KnownType::Kind(LeafKind::Uint),
                "double" => KnownType::Kind(LeafKind::Double),
                "string" => KnownType::Kind(LeafKind::String),
                "bytes" => KnownType::Kind(LeafKind::Bytes),
                _ => KnownType::Any,
            },
            ExprKind::Ident(name) => {
                if let Some((_, known)) = self.scope.iter().rev().find(|(found, _)| *found == &**name) {
                    return known.clone();
                }
                if TYPES.contains(&&**name) {
                    return KnownType::Type;
                }
                let names: Vec<&str> = self.scope.iter().map(|(name, _)| *name).collect();
                let message = format!("there is no variable '{name}' here; there are {}", names.join(", "));
                self.issue(expr.at, message)
            }
            ExprKind::Select { operand, field } => {
                let operand = self.expr(operand);
                self.select(expr.at, &operand, field)
            }
            ExprKind::Has(inner) => {
                match &inner.kind {
                    ExprKind::Select { operand, field } => {
                        let operand = self.expr(operand);
                        self.select(inner.at, &operand, field);
                    }
                    _ => {
                        self.expr(inner);
                    }
                }
                BOOL
            }
            ExprKind::Index { operand, index } => {
                let operand = self.expr(operand);
                let key = self.expr(index);
                match (&operand, &index.kind, key) {
                    (KnownType::Record(..), ExprKind::Literal(super::value::CelValue::String(name)), _) => {
                        self.select(expr.at, &operand, name)
                    }
                    (KnownType::Map(values), ..) => (**values).clone(),
                    (KnownType::List(items), _, KnownType::Any | KnownType::Kind(LeafKind::Int | LeafKind::Uint)) => {
                        (**items).clone()
                    }
                    (KnownType::Any | KnownType::Record(..) | KnownType::Kind(LeafKind::String), ..) => KnownType::Any,
                    (other, _, key) => {
                        let message = format!("{} has no [{}]", other.word(), key.word());
                        self.issue(expr.at, message)
                    }
                }
            }
            ExprKind::Call { function, target, arguments } => self.call(expr.at, function, target.as_deref(), arguments),
            ExprKind::Unary { operator, operand } => {
                let operand = self.expr(operand);
                match (operator, &operand) {
                    (Unary::Not, KnownType::Any | &BOOL) => BOOL,
                    (Unary::Minus, KnownType::Any | KnownType::Kind(LeafKind::Int | LeafKind::Double | LeafKind::Duration)) => {
                        operand
                    }
                    (operator, other) => {
                        let symbol = if *operator == Unary::Not { "!" } else { "-" };
                        let message = format!("{symbol} does not take {}", other.word());
                        self.issue(expr.at, message)
                    }
                }
            }
            ExprKind::Binary { operator, left, right } => {
                let (left, right) = (self.expr(left), self.expr(right));
                self.binary(expr.at, *operator, &left, &right)
            }
            ExprKind::And(operands) | ExprKind::Or(operands) => {
                for operand in operands {
                    let known = self.expr(operand);
                    self.expect_bool(operand.at, &known);
                }
                BOOL
            }
            ExprKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let known = self.expr(condition);
                self.expect_bool(condition.at, &known);
                let (yes, no) = (self.expr(yes), self.expr(no));
                if yes == no { yes } else { KnownType::Any }
            }
            ExprKind::List(items) => {
                let mut known = items.iter().map(|item| self.expr(item)).collect::<Vec<_>>().into_iter();
                let first = known.next().unwrap_or(KnownType::Any);
                let is_same = known.all(|next| next == first);
                KnownType::List(Box::new(if is_same { first } else { KnownType::Any }))
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
                KnownType::Map(Box::new(KnownType::Any))
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(expr.at, comprehension),
        }
    }

    fn expect_bool(&mut self, at: u32, known: &KnownType) {
        if !matches!(known, KnownType::Any) && *known != BOOL {
            self.issue(at, format!("{} stands where bool is expected", known.word()));
        }
    }

    fn select(&mut self, at: u32, operand: &KnownType, field: &str) -> KnownType {
        match operand {
            KnownType::Any => KnownType::Any,
            KnownType::Map(values) => (**values).clone(),
            KnownType::Record(shape, _) => {
                let Some(shape) = self.shapes.records.get(*shape) else { return KnownType::Any };
                match shape.field(field) {
                    Some((_, found)) => KnownType::of(&found.ty),
                    None if shape.is_open => KnownType::Any,
                    None => {
                        let names: Vec<&str> = shape.fields.iter().take(20).map(|field| field.name.as_str()).collect();
                        let message = format!("{} has no field '{field}'; it has {}", shape.name, names.join(", "));
                        self.issue(at, message)
                    }
                }
            }
            other => {
                let message = format!("{} has no fields, so no '{field}'", other.word());
                self.issue(at, message)
            }
        }
    }

    fn call(&mut self, at: u32, function: &str, target: Option<&'c Expr>, arguments: &'c [Expr]) -> KnownType {
        if let Some(Expr { kind: ExprKind::Ident(name), .. }) = target
            && NAMESPACES.contains(&&**name)
        {
            for argument in arguments {
                self.expr(argument);
            }
            return KnownType::Any;
        }
        if function == "reduce" {
            return KnownType::Any;
        }
        let known: Vec<KnownType> = target.into_iter().chain(arguments).map(|argument| self.expr(argument)).collect();
        let Some((_, counts)) = FUNCTIONS.iter().find(|(found, _)| *found == function) else {
            return self.issue(at, format!("there is no function '{function}'"));
        };
        if !counts.contains(&known.len()) {
            return self.issue(at, format!("{function}() does not take {} arguments", known.len()));
        }
        if function == "matches"
            && let Some(Expr { kind: ExprKind::Literal(super::value::CelValue::String(pattern)), at }) = arguments.last()
            && let Some(Err(reason)) = self.program.patterns.get(&**pattern)
        {
            self.issue(*at, format!("the pattern can't be used: {reason}"));
        }
        let takes = |kinds: &[LeafKind]| match known.first() {
            Some(KnownType::Kind(kind)) => kinds.contains(kind),
            Some(KnownType::Any) | None => true,
            Some(_) => false,
        };
        let is_fit = match function {
            "matches" | "isEmail" | "isHostname" | "isUri" | "isUriRef" | "isUuid" | "format" => takes(&[LeafKind::String]),
            "startsWith" | "endsWith" | "isIpv4" | "isIpv6" => takes(&[LeafKind::String, LeafKind::Bytes]),
            "size" => !matches!(
                known.first(),
                Some(KnownType::Kind(
                    LeafKind::Bool | LeafKind::Int | LeafKind::Uint | LeafKind::Double | LeafKind::Timestamp | LeafKind::Duration
                ))
            ),
            name if name.starts_with("get") => takes(&[LeafKind::Timestamp, LeafKind::Duration]),
            _ => true,
        };
        if !is_fit {
            let words: Vec<&str> = known.iter().map(KnownType::word).collect();
            return self.issue(at, format!("{function}() does not take {}", words.join(", ")));
        }
        match function {
            "size" | "int" => INT,
            "contains" | "startsWith" | "endsWith" | "matches" | "bool" => BOOL,
            "type" => KnownType::Type,
            "bytes" => KnownType::Kind(LeafKind::Bytes),
            "double" => KnownType::Kind(LeafKind::Double),
            "duration" => KnownType::Kind(LeafKind::Duration),
            "string" | "format" => KnownType::Kind(LeafKind::String),
            "timestamp" => KnownType::Kind(LeafKind::Timestamp),
            "uint" => KnownType::Kind(LeafKind::Uint),
            name if name.starts_with("get") => INT,
            name if name.starts_with("is") => BOOL,
            _ => KnownType::Any,
        }
    }

    fn binary(&mut self, at: u32, operator: Binary, left: &KnownType, right: &KnownType) -> KnownType {
        let result = if is_comparison(operator) { BOOL } else { arithmetic(operator, left, right) };
        if is_possible(operator, left, right) {
            return result;
        }
        let word: &'static str = operator.into();
        self.issue(at, format!("{word} does not take {} and {}", left.word(), right.word()));
        result
    }

    fn comprehension(&mut self, at: u32, comprehension: &'c Comprehension) -> KnownType {
        let Comprehension { name, range, variable, filter, body } = comprehension;
        let range = self.expr(range);
        let item = match &range {
            KnownType::List(items) => (**items).clone(),
            KnownType::Record(..) | KnownType::Kind(LeafKind::String) => KnownType::Kind(LeafKind::String),
            KnownType::Any | KnownType::Map(_) => KnownType::Any,
            other => {
                let message = format!("{} has no items", other.word());
                self.issue(at, message)
            }
        };
        self.scope.push((variable, item.clone()));
        if let Some(filter) = filter {
            let known = self.expr(filter);
            self.expect_bool(filter.at, &known);
        }
        let known = self.expr(body);
        if *name != Macro::Map {
            self.expect_bool(body.at, &known);
        }
        self.scope.pop();
        match name {
            Macro::All | Macro::Exists | Macro::ExistsOne => BOOL,
            Macro::Filter => KnownType::List(Box::new(item)),
            Macro::Map => KnownType::List(Box::new(known)),
        }
    }
}

fn arithmetic(operator: Binary, left: &KnownType, right: &KnownType) -> KnownType {
    match (operator, left, right) {
        (Binary::Subtract, KnownType::Kind(LeafKind::Timestamp), KnownType::Kind(LeafKind::Timestamp)) => {
            KnownType::Kind(LeafKind::Duration)
        }
        (
            _,
            KnownType::Kind(
                LeafKind::Int | LeafKind::Uint | LeafKind::Double | LeafKind::String | LeafKind::Bytes | LeafKind::Timestamp,
            ),
            _,
        ) => left.clone(),
        _ => KnownType::Any,
    }
}

/// Whether an overload takes values of these types; what is not certain may be anything.
fn is_possible(operator: Binary, left: &KnownType, right: &KnownType) -> bool {
    let (KnownType::Kind(a), KnownType::Kind(b)) = (left, right) else {
        return match (operator, left, right) {
            (_, KnownType::Any, _)
            | (_, _, KnownType::Any)
            | (Binary::In, _, KnownType::Map(_) | KnownType::Record(..))
            | (Binary::Add, KnownType::List(_), KnownType::List(_)) => true,
            (Binary::In, _, KnownType::List(items)) => match (left, &**items) {
                (KnownType::Kind(a), KnownType::Kind(b)) => {
                    is_possible(Binary::Equal, &KnownType::Kind(*a), &KnownType::Kind(*b))
                }
                _ => true,
            },
            (Binary::Equal | Binary::NotEqual, a, b) => {
                let is_null = |known: &KnownType| *known == KnownType::Kind(LeafKind::Null);
                is_null(a) || is_null(b) || a.word() == b.word()
            }
            _ => false,
        };
    };
    let is_number = |kind: &LeafKind| matches!(kind, LeafKind::Int | LeafKind::Uint | LeafKind::Double | LeafKind::Bool);
    match operator {
        Binary::Equal | Binary::NotEqual => match (a, b) {
            (LeafKind::Int | LeafKind::Uint | LeafKind::Double, _) | (_, LeafKind::Int | LeafKind::Uint | LeafKind::Double) => {
                a == b || (*a == LeafKind::Bool && *b != LeafKind::Double)
            }
            // never equal, and yet no error
            _ => true,
        },
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => match a {
            LeafKind::Uint | LeafKind::Double | LeafKind::Bool => is_number(b),
            LeafKind::Null => false,
            _ => a == b,
        },
        Binary::In => *a == LeafKind::String && *b == LeafKind::String,
        Binary::Add => match a {
            LeafKind::Int | LeafKind::Uint | LeafKind::Bool => is_number(b) && *b != LeafKind::Double,
            LeafKind::Double => is_number(b),
            LeafKind::String | LeafKind::Bytes => a == b,
            LeafKind::Timestamp => *b == LeafKind::Duration,
            LeafKind::Duration => matches!(b, LeafKind::Timestamp | LeafKind::Duration),
            _ => false,
        },
        Binary::Subtract => match a {
            LeafKind::Timestamp => matches!(b, LeafKind::Timestamp | LeafKind::Duration),
            LeafKind::Duration => *b == LeafKind::Duration,
            LeafKind::Double => is_number(b),
            LeafKind::Int | LeafKind::Uint | LeafKind::Bool => is_number(b) && *b != LeafKind::Double,
            _ => false,
        },
        Binary::Multiply | Binary::Divide | Binary::Remainder => match a {
            LeafKind::Double => operator != Binary::Remainder && is_number(b),
            LeafKind::Int | LeafKind::Uint | LeafKind::Bool => is_number(b) && *b != LeafKind::Double,
            _ => false,
        },
    }
}
