//! Evaluates expressions. Every step is charged for, and every byte that a value is made of is reserved (`schema::meter`), so that no
//! expression can take more than the request may spend, whatever it multiplies.

use super::Program;
use super::ast::{Binary, Comprehension, Expr, ExprKind, Macro, Unary};
use super::functions;
use super::operators;
use super::site::{EvaluationStop, Site};
use super::value::CelValue;

/// A variable of a macro, in front of those around it.
struct MacroScope<'s> {
    name: &'s str,
    value: CelValue,
    outer: Option<&'s MacroScope<'s>>,
}

pub(super) struct Eval<'e> {
    program: &'e Program,
    variables: &'e [(&'e str, CelValue)],
    site: Site<'e>,
}

/// Names that stand for types where no variable has them.
pub(super) const TYPES: [&str; 12] =
    ["bool", "bytes", "double", "duration", "int", "list", "map", "null_type", "string", "timestamp", "type", "uint"];
/// What stands before the names of functions that are known to clients and not run here.
pub(super) const NAMESPACES: [&str; 2] = ["decimals", "variants"];

impl<'e> Eval<'e> {
    pub(super) fn new(program: &'e Program, variables: &'e [(&'e str, CelValue)]) -> Self {
        Self { program, variables, site: Site::new(&program.patterns) }
    }

    pub(super) fn run(&self) -> Result<CelValue, EvaluationStop> {
        self.expr(&self.program.expr, None).map_err(|stop| match stop {
            EvaluationStop::Raised { at, message } => EvaluationStop::Error { at, message },
            other => other,
        })
    }

    fn expr(&self, expr: &Expr, scope: Option<&MacroScope<'_>>) -> Result<CelValue, EvaluationStop> {
        self.site.charge(2)?;

        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Ident(name) => self.variable(name, scope).ok_or_else(|| {
                self.site.set(expr.at);
                self.site.error(format!("there is no variable '{name}' here"))
            }),
            ExprKind::Select { operand, field } => {
                let operand = self.expr(operand, scope)?;
                self.site.set(expr.at);
                self.select(&operand, field)
            }
            ExprKind::Index { operand, index } => {
                let operand = self.expr(operand, scope)?;
                let index = self.expr(index, scope)?;
                self.site.set(expr.at);
                self.index(&operand, &index)
            }
            ExprKind::Has(inner) => self.has(inner, scope).map(CelValue::Bool),
            ExprKind::Call { function, target, arguments } => self.call(expr.at, function, target.as_deref(), arguments, scope),
            ExprKind::Unary { operator, operand } => {
                let operand = self.expr(operand, scope)?;
                self.site.set(expr.at);
                self.unary(*operator, &operand)
            }
            ExprKind::Binary { operator, left, right } => {
                let left = self.expr(left, scope)?;
                let right = self.expr(right, scope)?;
                self.site.set(expr.at);
                operators::apply(&self.site, *operator, &left, &right)
            }
            ExprKind::And(operands) => {
                let mut fold = Fold::new(false, expr.at);
                for operand in operands {
                    fold.add(self.expr(operand, scope))?;
                }
                fold.result()
            }
            ExprKind::Or(operands) => {
                let mut fold = Fold::new(true, expr.at);
                for operand in operands {
                    fold.add(self.expr(operand, scope))?;
                }
                fold.result()
            }
            ExprKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                match self.expr(condition, scope)? {
                    CelValue::Bool(true) => self.expr(yes, scope),
                    CelValue::Bool(false) => self.expr(no, scope),
                    other => {
                        self.site.set(condition.at);
                        Err(self.site.error(format!("the condition before '?' is {}, not bool", other.type_name())))
                    }
                }
            }
            ExprKind::List(items) => {
                self.site.reserve(items.len() * size_of::<CelValue>())?;
                Ok(CelValue::list(items.iter().map(|item| self.expr(item, scope)).collect::<Result<_, _>>()?))
            }
            ExprKind::Map(entries) => self.map(expr.at, entries, scope),
            ExprKind::Comprehension(comprehension) => self.comprehension(expr.at, comprehension, scope),
        }
    }

    fn variable(&self, name: &str, mut scope: Option<&MacroScope<'_>>) -> Option<CelValue> {
        while let Some(inner) = scope {
            if inner.name == name {
                return Some(inner.value.clone());
            }
            scope = inner.outer;
        }
        let variable = self.variables.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        variable.or_else(|| TYPES.into_iter().find(|found| *found == name).map(CelValue::Type))
    }

    fn select(&self, operand: &CelValue, field: &str) -> Result<CelValue, EvaluationStop> {
        let found = match operand {
            CelValue::Map(entries) => {
                self.site.charge_for(entries.len())?;
                entries
                    .iter()
                    .find(|(key, _)| matches!(key, CelValue::String(key) if **key == *field))
                    .map(|(_, value)| value.clone())
            }
            CelValue::Message(message) => {
                self.site.charge_for(message.values.len())?;
                message.get(field)
            }
            CelValue::Opaque(name, _) => return Err(self.site.unsupported(name)),
            other => return Err(self.site.error(format!("{} has no fields, so no '{field}'", other.type_name()))),
        };
        found.ok_or_else(|| self.site.error(format!("there is no field '{field}'")))
    }

    fn index(&self, operand: &CelValue, index: &CelValue) -> Result<CelValue, EvaluationStop> {
        let place = match index {
            CelValue::Int(place) => usize::try_from(*place).ok(),
            CelValue::Uint(place) => usize::try_from(*place).ok(),
            _ => None,
        };
        let is_number = matches!(index, CelValue::Int(_) | CelValue::Uint(_));
        let found = match operand {
            CelValue::List(items) if is_number => place.and_then(|place| items.get(place)).cloned(),
            CelValue::String(text) if is_number => {
                self.site.charge_for(text.len() / 16)?;
                place.and_then(|place| text.chars().nth(place)).map(|c| CelValue::string(c.encode_utf8(&mut [0; 4])))
            }
            CelValue::Map(entries) => operators::find(&self.site, entries, index)?.cloned(),
            CelValue::Message(message) => match index {
                CelValue::String(name) => message.get(name),
                _ => None,
            },
            CelValue::Opaque(name, _) => return Err(self.site.unsupported(name)),
            other => return Err(self.site.error(format!("{} has no [{}]", other.type_name(), index.type_name()))),
        };
        found.ok_or_else(|| {
            self.site.error(if matches!(operand, CelValue::List(_) | CelValue::String(_)) {
                "the index is out of range"
            } else {
                "there is no such key"
            })
        })
    }

    /// An error inside means that it is not there.
    fn has(&self, inner: &Expr, scope: Option<&MacroScope<'_>>) -> Result<bool, EvaluationStop> {
        let caught = |result: Result<bool, EvaluationStop>| match result {
            Err(EvaluationStop::Error { .. }) => Ok(false),
            other => other,
        };
        let ExprKind::Select { operand, field } = &inner.kind else { return caught(self.expr(inner, scope).map(|_| true)) };
        caught(self.expr(operand, scope).and_then(|operand| match &operand {
            CelValue::Message(message) => Ok(message.has(field)),
            other => self.select(other, field).map(|_| true),
        }))
    }

    fn call(
        &self,
        at: u32,
        function: &str,
        target: Option<&Expr>,
        arguments: &[Expr],
        scope: Option<&MacroScope<'_>>,
    ) -> Result<CelValue, EvaluationStop> {
        if let Some(Expr { kind: ExprKind::Ident(name), .. }) = target
            && NAMESPACES.contains(&&**name)
        {
            self.site.set(at);
            return Err(self.site.unsupported(&format!("{name}.{function}()")));
        }
        self.site.reserve((arguments.len() + 1) * size_of::<CelValue>())?;
        let values = target.into_iter().chain(arguments).map(|argument| self.expr(argument, scope));
        let values: Vec<CelValue> = values.collect::<Result<_, _>>()?;
        self.site.set(at);
        functions::call(&self.site, function, &values)
    }

    fn unary(&self, operator: Unary, operand: &CelValue) -> Result<CelValue, EvaluationStop> {
        match (operator, operand) {
            (Unary::Not, CelValue::Bool(value)) => Ok(CelValue::Bool(!value)),
            (Unary::Minus, CelValue::Int(value)) => {
                value.checked_neg().map(CelValue::Int).ok_or_else(|| self.site.error("the result is out of range"))
            }
            (Unary::Minus, CelValue::Double(value)) => Ok(CelValue::Double(-value)),
            (Unary::Minus, CelValue::Duration(value)) => {
                value.checked_neg().map(CelValue::Duration).ok_or_else(|| self.site.error("the result is out of range"))
            }
            (_, CelValue::Opaque(name, _)) => Err(self.site.unsupported(name)),
            (Unary::Not, other) => Err(self.site.error(format!("! does not take {}", other.type_name()))),
            (Unary::Minus, other) => Err(self.site.error(format!("- does not take {}", other.type_name()))),
        }
    }

    fn map(&self, at: u32, entries: &[(Expr, Expr)], scope: Option<&MacroScope<'_>>) -> Result<CelValue, EvaluationStop> {
        self.site.reserve(entries.len() * size_of::<(CelValue, CelValue)>())?;
        let mut made: Vec<(CelValue, CelValue)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let (key, value) = (self.expr(key, scope)?, self.expr(value, scope)?);
            self.site.set(at);
            if !matches!(key, CelValue::Bool(_) | CelValue::Int(_) | CelValue::Uint(_) | CelValue::String(_)) {
                return Err(self.site.error(format!("a key of a map can't be {}", key.type_name())));
            }
            if operators::find(&self.site, &made, &key)?.is_some() {
                return Err(self.site.error("a key of the map is there twice"));
            }
            made.push((key, value));
        }
        Ok(CelValue::Map(made.into()))
    }

    fn items(&self, range: &CelValue) -> Result<Vec<CelValue>, EvaluationStop> {
        match range {
            CelValue::List(items) => {
                self.site.reserve(items.len() * size_of::<CelValue>())?;
                Ok(items.to_vec())
            }
            CelValue::Map(entries) => {
                self.site.reserve(entries.len() * size_of::<CelValue>())?;
                Ok(entries.iter().map(|(key, _)| key.clone()).collect())
            }
            CelValue::Message(message) => {
                self.site.reserve(message.values.len() * (size_of::<CelValue>() + 32))?;
                Ok(message.names().map(CelValue::string).collect())
            }
            CelValue::String(text) => {
                self.site.reserve(text.len() * (size_of::<CelValue>() + 32))?;
                Ok(text.chars().map(|c| CelValue::string(c.encode_utf8(&mut [0; 4]))).collect())
            }
            CelValue::Opaque(name, _) => Err(self.site.unsupported(name)),
            other => Err(self.site.error(format!("{} has no items", other.type_name()))),
        }
    }

    fn comprehension(
        &self,
        at: u32,
        comprehension: &Comprehension,
        scope: Option<&MacroScope<'_>>,
    ) -> Result<CelValue, EvaluationStop> {
        let Comprehension { name, range, variable, filter, body } = comprehension;
        let range = self.expr(range, scope)?;
        self.site.set(at);
        let items = self.items(&range)?;
        let mut all = Fold::new(*name == Macro::Exists, at);
        let mut made = Vec::new();
        let mut count = 0_u64;
        for item in items {
            let inner = MacroScope { name: variable, value: item.clone(), outer: scope };
            match name {
                Macro::All | Macro::Exists => all.add(self.expr(body, Some(&inner)))?,
                Macro::ExistsOne => count += u64::from(self.expr(body, Some(&inner))?.is_truthy()),
                Macro::Filter => {
                    if self.expr(body, Some(&inner))?.is_truthy() {
                        self.site.reserve(size_of::<CelValue>())?;
                        made.push(item);
                    }
                }
                Macro::Map => {
                    let is_taken = match filter {
                        Some(filter) => self.expr(filter, Some(&inner))?.is_truthy(),
                        None => true,
                    };
                    if is_taken {
                        self.site.reserve(size_of::<CelValue>())?;
                        made.push(self.expr(body, Some(&inner))?);
                    }
                }
            }
        }
        match name {
            Macro::All | Macro::Exists => all.result(),
            Macro::ExistsOne => Ok(CelValue::Bool(count == 1)),
            Macro::Filter | Macro::Map => Ok(CelValue::list(made)),
        }
    }
}

/// Operands of `&&` or `||`, in the way of cel-python: all of them are evaluated; the deciding boolean wins, over errors too; what is no
/// boolean passes through where the other operand does not decide, and two such things are an error.
struct Fold {
    decisive: bool,
    at: u32,
    so_far: Result<CelValue, EvaluationStop>,
}

impl Fold {
    fn new(decisive: bool, at: u32) -> Self {
        Self { decisive, at, so_far: Ok(CelValue::Bool(!decisive)) }
    }

    fn is_decided(&self) -> bool {
        matches!(&self.so_far, Ok(CelValue::Bool(value)) if *value == self.decisive)
    }

    fn add(&mut self, next: Result<CelValue, EvaluationStop>) -> Result<(), EvaluationStop> {
        let next = match next {
            Err(EvaluationStop::Unsupported { .. }) if self.is_decided() => return Ok(()),
            Err(stop @ (EvaluationStop::Raised { .. } | EvaluationStop::Unsupported { .. } | EvaluationStop::Exhausted)) => {
                return Err(stop);
            }
            _ if self.is_decided() => return Ok(()),
            next => next,
        };
        let is_bool = |value: &Result<CelValue, EvaluationStop>| matches!(value, Ok(CelValue::Bool(_)));
        match (is_bool(&self.so_far), is_bool(&next)) {
            // what is not decided yet takes the next one as it is
            (true, _) => self.so_far = next,
            (false, true) => {
                if matches!(next, Ok(CelValue::Bool(value)) if value == self.decisive) {
                    self.so_far = next;
                }
            }
            (false, false) => {
                let word = if self.decisive { "||" } else { "&&" };
                if self.so_far.is_ok() {
                    self.so_far = Err(EvaluationStop::Error { at: self.at, message: format!("no operand of {word} is bool") });
                }
            }
        }
        Ok(())
    }

    fn result(self) -> Result<CelValue, EvaluationStop> {
        self.so_far
    }
}

/// Whether an operator gives a boolean.
pub(super) fn is_comparison(operator: Binary) -> bool {
    !matches!(operator, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder)
}
