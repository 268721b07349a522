//! Holds expressions to the types of a schema. Only what can't be right for any data is an issue: where a type is not certain, because a
//! field may be null or of several types, nothing is said.

use super::Program;
use super::ast::{Binary, Comprehension, Expr, ExprKind, Macro, Unary};
use super::eval::{NAMESPACES, TYPES, is_comparison};
use super::functions::FUNCTIONS;
use crate::schema::typed::{Kind, Shapes, Type};

/// What is known about the type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::contracts) enum Known {
    Any,
    Kind(Kind),
    List(Box<Known>),
    Map(Box<Known>),
    /// Of [`Shapes::records`]; whether it may be null instead.
    Record(usize, bool),
    Type,
}

impl Known {
    pub(in crate::contracts) fn of(ty: &Type) -> Self {
        match ty {
            Type::Any | Type::Wrapper(_) | Type::Leaf { kind: Kind::Opaque(_) | Kind::Number, .. } => Self::Any,
            Type::Leaf { kind, .. } => Self::Kind(*kind),
            Type::List(items) => Self::List(Box::new(Self::of(items))),
            Type::Map(values) => Self::Map(Box::new(Self::of(values))),
            Type::Record(shape) => Self::Record(*shape, false),
            Type::Union(branches) => {
                let is_null = |ty: &&Type| matches!(ty, Type::Leaf { kind: Kind::Null, .. });
                let mut others = branches.iter().filter(|ty| !is_null(ty));
                match (others.next(), others.next()) {
                    (Some(Type::Record(shape)), None) => Self::Record(*shape, true),
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
                Kind::Null => "null_type",
                Kind::Bool => "bool",
                Kind::Int => "int",
                Kind::Uint => "uint",
                Kind::Double | Kind::Number => "double",
                Kind::String => "string",
                Kind::Bytes => "bytes",
                Kind::Timestamp => "timestamp",
                Kind::Duration => "duration",
                Kind::Opaque(name) => name,
            },
        }
    }
}

const BOOL: Known = Known::Kind(Kind::Bool);
const INT: Known = Known::Kind(Kind::Int);

/// Something that can't be right, and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::contracts) struct TypeIssue {
    pub(in crate::contracts) at: u32,
    pub(in crate::contracts) message: String,
}

pub(super) fn check(program: &Program, shapes: &Shapes, variables: &[(&str, Known)]) -> (Vec<TypeIssue>, Known) {
    let scope: Vec<(&str, Known)> = variables.to_vec();
    let mut checker = Checker { program, shapes, scope, issues: Vec::new() };
    let known = checker.expr(&program.expr);
    checker.issues.sort_by_key(|issue| issue.at);
    (checker.issues, known)
}

/// Issues that are listed for one expression.
const MAX_ISSUES: usize = 20;

struct Checker<'c> {
    program: &'c Program,
    shapes: &'c Shapes,
    /// The innermost variable stands last.
    scope: Vec<(&'c str, Known)>,
    issues: Vec<TypeIssue>,
}

impl<'c> Checker<'c> {
    fn issue(&mut self, at: u32, message: String) -> Known {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(TypeIssue { at, message });
        }
        Known::Any
    }

    fn expr(&mut self, expr: &'c Expr) -> Known {
        match &expr.kind {
            ExprKind::Literal(value) => match value.type_name() {
                "null_type" => Known::Kind(Kind::Null),
                "bool" => BOOL,
                "int" => INT,
                "uint" => Known::Kind(Kind::Uint),
                "double" => Known::Kind(Kind::Double),
                "string" => Known::Kind(Kind::String),
                "bytes" => Known::Kind(Kind::Bytes),
                _ => Known::Any,
            },
            ExprKind::Ident(name) => {
                if let Some((_, known)) = self.scope.iter().rev().find(|(found, _)| *found == &**name) {
                    return known.clone();
                }
                if TYPES.contains(&&**name) {
                    return Known::Type;
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
                    (Known::Record(..), ExprKind::Literal(super::value::Value::String(name)), _) => {
                        self.select(expr.at, &operand, name)
                    }
                    (Known::Map(values), ..) => (**values).clone(),
                    (Known::List(items), _, Known::Any | Known::Kind(Kind::Int | Kind::Uint)) => (**items).clone(),
                    (Known::Any | Known::Record(..) | Known::Kind(Kind::String), ..) => Known::Any,
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
                    (Unary::Not, Known::Any | &BOOL) => BOOL,
                    (Unary::Minus, Known::Any | Known::Kind(Kind::Int | Kind::Double | Kind::Duration)) => operand,
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
                if yes == no { yes } else { Known::Any }
            }
            ExprKind::List(items) => {
                let mut known = items.iter().map(|item| self.expr(item)).collect::<Vec<_>>().into_iter();
                let first = known.next().unwrap_or(Known::Any);
                let is_same = known.all(|next| next == first);
                Known::List(Box::new(if is_same { first } else { Known::Any }))
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
                Known::Map(Box::new(Known::Any))
            }
            ExprKind::Comprehension(comprehension) => self.comprehension(expr.at, comprehension),
        }
    }

    fn expect_bool(&mut self, at: u32, known: &Known) {
        if !matches!(known, Known::Any) && *known != BOOL {
            self.issue(at, format!("{} stands where bool is expected", known.word()));
        }
    }

    fn select(&mut self, at: u32, operand: &Known, field: &str) -> Known {
        match operand {
            Known::Any => Known::Any,
            Known::Map(values) => (**values).clone(),
            Known::Record(shape, _) => {
                let Some(shape) = self.shapes.records.get(*shape) else { return Known::Any };
                match shape.field(field) {
                    Some((_, found)) => Known::of(&found.ty),
                    None if shape.is_open => Known::Any,
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

    fn call(&mut self, at: u32, function: &str, target: Option<&'c Expr>, arguments: &'c [Expr]) -> Known {
        if let Some(Expr { kind: ExprKind::Ident(name), .. }) = target
            && NAMESPACES.contains(&&**name)
        {
            for argument in arguments {
                self.expr(argument);
            }
            return Known::Any;
        }
        if function == "reduce" {
            return Known::Any;
        }
        let known: Vec<Known> = target.into_iter().chain(arguments).map(|argument| self.expr(argument)).collect();
        let Some((_, counts)) = FUNCTIONS.iter().find(|(found, _)| *found == function) else {
            return self.issue(at, format!("there is no function '{function}'"));
        };
        if !counts.contains(&known.len()) {
            return self.issue(at, format!("{function}() does not take {} arguments", known.len()));
        }
        if function == "matches"
            && let Some(Expr { kind: ExprKind::Literal(super::value::Value::String(pattern)), at }) = arguments.last()
            && let Some(Err(reason)) = self.program.patterns.get(&**pattern)
        {
            self.issue(*at, format!("the pattern can't be used: {reason}"));
        }
        let takes = |kinds: &[Kind]| match known.first() {
            Some(Known::Kind(kind)) => kinds.contains(kind),
            Some(Known::Any) | None => true,
            Some(_) => false,
        };
        let is_fit = match function {
            "matches" | "isEmail" | "isHostname" | "isUri" | "isUriRef" | "isUuid" | "format" => takes(&[Kind::String]),
            "startsWith" | "endsWith" | "isIpv4" | "isIpv6" => takes(&[Kind::String, Kind::Bytes]),
            "size" => !matches!(
                known.first(),
                Some(Known::Kind(Kind::Bool | Kind::Int | Kind::Uint | Kind::Double | Kind::Timestamp | Kind::Duration))
            ),
            name if name.starts_with("get") => takes(&[Kind::Timestamp, Kind::Duration]),
            _ => true,
        };
        if !is_fit {
            let words: Vec<&str> = known.iter().map(Known::word).collect();
            return self.issue(at, format!("{function}() does not take {}", words.join(", ")));
        }
        match function {
            "size" | "int" => INT,
            "contains" | "startsWith" | "endsWith" | "matches" | "bool" => BOOL,
            "type" => Known::Type,
            "bytes" => Known::Kind(Kind::Bytes),
            "double" => Known::Kind(Kind::Double),
            "duration" => Known::Kind(Kind::Duration),
            "string" | "format" => Known::Kind(Kind::String),
            "timestamp" => Known::Kind(Kind::Timestamp),
            "uint" => Known::Kind(Kind::Uint),
            name if name.starts_with("get") => INT,
            name if name.starts_with("is") => BOOL,
            _ => Known::Any,
        }
    }

    fn binary(&mut self, at: u32, operator: Binary, left: &Known, right: &Known) -> Known {
        let result = if is_comparison(operator) { BOOL } else { arithmetic(operator, left, right) };
        if is_possible(operator, left, right) {
            return result;
        }
        let word: &'static str = operator.into();
        self.issue(at, format!("{word} does not take {} and {}", left.word(), right.word()));
        result
    }

    fn comprehension(&mut self, at: u32, comprehension: &'c Comprehension) -> Known {
        let Comprehension { name, range, variable, filter, body } = comprehension;
        let range = self.expr(range);
        let item = match &range {
            Known::List(items) => (**items).clone(),
            Known::Record(..) | Known::Kind(Kind::String) => Known::Kind(Kind::String),
            Known::Any | Known::Map(_) => Known::Any,
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
            Macro::Filter => Known::List(Box::new(item)),
            Macro::Map => Known::List(Box::new(known)),
        }
    }
}

fn arithmetic(operator: Binary, left: &Known, right: &Known) -> Known {
    match (operator, left, right) {
        (Binary::Subtract, Known::Kind(Kind::Timestamp), Known::Kind(Kind::Timestamp)) => Known::Kind(Kind::Duration),
        (_, Known::Kind(Kind::Int | Kind::Uint | Kind::Double | Kind::String | Kind::Bytes | Kind::Timestamp), _) => left.clone(),
        _ => Known::Any,
    }
}

/// Whether an overload takes values of these types; what is not certain may be anything.
fn is_possible(operator: Binary, left: &Known, right: &Known) -> bool {
    let (Known::Kind(a), Known::Kind(b)) = (left, right) else {
        return match (operator, left, right) {
            (_, Known::Any, _)
            | (_, _, Known::Any)
            | (Binary::In, _, Known::Map(_) | Known::Record(..))
            | (Binary::Add, Known::List(_), Known::List(_)) => true,
            (Binary::In, _, Known::List(items)) => match (left, &**items) {
                (Known::Kind(a), Known::Kind(b)) => is_possible(Binary::Equal, &Known::Kind(*a), &Known::Kind(*b)),
                _ => true,
            },
            (Binary::Equal | Binary::NotEqual, a, b) => {
                let is_null = |known: &Known| *known == Known::Kind(Kind::Null);
                is_null(a) || is_null(b) || a.word() == b.word()
            }
            _ => false,
        };
    };
    let is_number = |kind: &Kind| matches!(kind, Kind::Int | Kind::Uint | Kind::Double | Kind::Bool);
    match operator {
        Binary::Equal | Binary::NotEqual => match (a, b) {
            (Kind::Int | Kind::Uint | Kind::Double, _) | (_, Kind::Int | Kind::Uint | Kind::Double) => {
                a == b || (*a == Kind::Bool && *b != Kind::Double)
            }
            // never equal, and yet no error
            _ => true,
        },
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => match a {
            Kind::Uint | Kind::Double | Kind::Bool => is_number(b),
            Kind::Null => false,
            _ => a == b,
        },
        Binary::In => *a == Kind::String && *b == Kind::String,
        Binary::Add => match a {
            Kind::Int | Kind::Uint | Kind::Bool => is_number(b) && *b != Kind::Double,
            Kind::Double => is_number(b),
            Kind::String | Kind::Bytes => a == b,
            Kind::Timestamp => *b == Kind::Duration,
            Kind::Duration => matches!(b, Kind::Timestamp | Kind::Duration),
            _ => false,
        },
        Binary::Subtract => match a {
            Kind::Timestamp => matches!(b, Kind::Timestamp | Kind::Duration),
            Kind::Duration => *b == Kind::Duration,
            Kind::Double => is_number(b),
            Kind::Int | Kind::Uint | Kind::Bool => is_number(b) && *b != Kind::Double,
            _ => false,
        },
        Binary::Multiply | Binary::Divide | Binary::Remainder => match a {
            Kind::Double => operator != Binary::Remainder && is_number(b),
            Kind::Int | Kind::Uint | Kind::Bool => is_number(b) && *b != Kind::Double,
            _ => false,
        },
    }
}
