//! Evaluates expressions. Every step is charged for, and every byte that a value is made of is reserved (`schema::meter`), so that no
//! expression can take more than the request may spend, whatever it multiplies.

use super::Program;
use super::ast::{Binary, Comprehension, Expr, ExprKind, Macro, Unary};
use super::functions;
use super::operators;
use super::site::{Site, Stop};
use super::value::Value;

/// A variable of a macro, in front of those around it.
struct Scope<'s> {
    name: &'s str,
    value: Value,
    outer: Option<&'s Scope<'s>>,
}

pub(super) struct Eval<'e> {
    program: &'e Program,
    variables: &'e [(&'e str, Value)],
    site: Site<'e>,
}

/// Names that stand for types where no variable has them.
pub(super) const TYPES: [&str; 12] =
    ["bool", "bytes", "double", "duration", "int", "list", "map", "null_type", "string", "timestamp", "type", "uint"];
/// What stands before the names of functions that are known to clients and not run here.
pub(super) const NAMESPACES: [&str; 2] = ["decimals", "variants"];

impl<'e> Eval<'e> {
    pub(super) fn new(program: &'e Program, variables: &'e [(&'e str, Value)]) -> Self {
        Self { program, variables, site: Site::new(&program.patterns) }
    }

    pub(super) fn run(&self) -> Result<Value, Stop> {
        self.expr(&self.program.expr, None).map_err(|stop| match stop {
            Stop::Raised { at, message } => Stop::Error { at, message },
            other => other,
        })
    }

    fn expr(&self, expr: &Expr, scope: Option<&Scope<'_>>) -> Result<Value, Stop> {
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
            ExprKind::Has(inner) => self.has(inner, scope).map(Value::Bool),
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
                    Value::Bool(true) => self.expr(yes, scope),
                    Value::Bool(false) => self.expr(no, scope),
                    other => {
                        self.site.set(condition.at);
                        Err(self.site.error(format!("the condition before '?' is {}, not bool", other.type_name())))
                    }
                }
            }
            ExprKind::List(items) => {
                self.site.reserve(items.len() * size_of::<Value>())?;
                Ok(Value::list(items.iter().map(|item| self.expr(item, scope)).collect::<Result<_, _>>()?))
            }
            ExprKind::Map(entries) => self.map(expr.at, entries, scope),
            ExprKind::Comprehension(comprehension) => self.comprehension(expr.at, comprehension, scope),
        }
    }

    fn variable(&self, name: &str, mut scope: Option<&Scope<'_>>) -> Option<Value> {
        while let Some(inner) = scope {
            if inner.name == name {
                return Some(inner.value.clone());
            }
            scope = inner.outer;
        }
        let variable = self.variables.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
        variable.or_else(|| TYPES.into_iter().find(|found| *found == name).map(Value::Type))
    }

    fn select(&self, operand: &Value, field: &str) -> Result<Value, Stop> {
        let found = match operand {
            Value::Map(entries) => {
                self.site.charge_for(entries.len())?;
                entries
                    .iter()
                    .find(|(key, _)| matches!(key, Value::String(key) if **key == *field))
                    .map(|(_, value)| value.clone())
            }
            Value::Message(message) => {
                self.site.charge_for(message.values.len())?;
                message.get(field)
            }
            Value::Opaque(name, _) => return Err(self.site.unsupported(name)),
            other => return Err(self.site.error(format!("{} has no fields, so no '{field}'", other.type_name()))),
        };
        found.ok_or_else(|| self.site.error(format!("there is no field '{field}'")))
    }

    fn index(&self, operand: &Value, index: &Value) -> Result<Value, Stop> {
        let place = match index {
            Value::Int(place) => usize::try_from(*place).ok(),
            Value::Uint(place) => usize::try_from(*place).ok(),
            _ => None,
        };
        let is_number = matches!(index, Value::Int(_) | Value::Uint(_));
        let found = match operand {
            Value::List(items) if is_number => place.and_then(|place| items.get(place)).cloned(),
            Value::String(text) if is_number => {
                self.site.charge_for(text.len() / 16)?;
                place.and_then(|place| text.chars().nth(place)).map(|c| Value::string(c.encode_utf8(&mut [0; 4])))
            }
            Value::Map(entries) => operators::find(&self.site, entries, index)?.cloned(),
            Value::Message(message) => match index {
                Value::String(name) => message.get(name),
                _ => None,
            },
            Value::Opaque(name, _) => return Err(self.site.unsupported(name)),
            other => return Err(self.site.error(format!("{} has no [{}]", other.type_name(), index.type_name()))),
        };
        found.ok_or_else(|| {
            self.site.error(if matches!(operand, Value::List(_) | Value::String(_)) {
                "the index is out of range"
            } else {
                "there is no such key"
            })
        })
    }

    /// An error inside means that it is not there.
    fn has(&self, inner: &Expr, scope: Option<&Scope<'_>>) -> Result<bool, Stop> {
        let caught = |result: Result<bool, Stop>| match result {
            Err(Stop::Error { .. }) => Ok(false),
            other => other,
        };
        let ExprKind::Select { operand, field } = &inner.kind else { return caught(self.expr(inner, scope).map(|_| true)) };
        caught(self.expr(operand, scope).and_then(|operand| match &operand {
            Value::Message(message) => Ok(message.has(field)),
            other => self.select(other, field).map(|_| true),
        }))
    }

    fn call(
        &self,
        at: u32,
        function: &str,
        target: Option<&Expr>,
        arguments: &[Expr],
        scope: Option<&Scope<'_>>,
    ) -> Result<Value, Stop> {
        if let Some(Expr { kind: ExprKind::Ident(name), .. }) = target
            && NAMESPACES.contains(&&**name)
        {
            self.site.set(at);
            return Err(self.site.unsupported(&format!("{name}.{function}()")));
        }
        self.site.reserve((arguments.len() + 1) * size_of::<Value>())?;
        let values = target.into_iter().chain(arguments).map(|argument| self.expr(argument, scope));
        let values: Vec<Value> = values.collect::<Result<_, _>>()?;
        self.site.set(at);
        functions::call(&self.site, function, &values)
    }

    fn unary(&self, operator: Unary, operand: &Value) -> Result<Value, Stop> {
        match (operator, operand) {
            (Unary::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
            (Unary::Minus, Value::Int(value)) => {
                value.checked_neg().map(Value::Int).ok_or_else(|| self.site.error("the result is out of range"))
            }
            (Unary::Minus, Value::Double(value)) => Ok(Value::Double(-value)),
            (Unary::Minus, Value::Duration(value)) => {
                value.checked_neg().map(Value::Duration).ok_or_else(|| self.site.error("the result is out of range"))
            }
            (_, Value::Opaque(name, _)) => Err(self.site.unsupported(name)),
            (Unary::Not, other) => Err(self.site.error(format!("! does not take {}", other.type_name()))),
            (Unary::Minus, other) => Err(self.site.error(format!("- does not take {}", other.type_name()))),
        }
    }

    fn map(&self, at: u32, entries: &[(Expr, Expr)], scope: Option<&Scope<'_>>) -> Result<Value, Stop> {
        self.site.reserve(entries.len() * size_of::<(Value, Value)>())?;
        let mut made: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let (key, value) = (self.expr(key, scope)?, self.expr(value, scope)?);
            self.site.set(at);
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_)) {
                return Err(self.site.error(format!("a key of a map can't be {}", key.type_name())));
            }
            if operators::find(&self.site, &made, &key)?.is_some() {
                return Err(self.site.error("a key of the map is there twice"));
            }
            made.push((key, value));
        }
        Ok(Value::Map(made.into()))
    }

    fn items(&self, range: &Value) -> Result<Vec<Value>, Stop> {
        match range {
            Value::List(items) => {
                self.site.reserve(items.len() * size_of::<Value>())?;
                Ok(items.to_vec())
            }
            Value::Map(entries) => {
                self.site.reserve(entries.len() * size_of::<Value>())?;
                Ok(entries.iter().map(|(key, _)| key.clone()).collect())
            }
            Value::Message(message) => {
                self.site.reserve(message.values.len() * (size_of::<Value>() + 32))?;
                Ok(message.names().map(Value::string).collect())
            }
            Value::String(text) => {
                self.site.reserve(text.len() * (size_of::<Value>() + 32))?;
                Ok(text.chars().map(|c| Value::string(c.encode_utf8(&mut [0; 4]))).collect())
            }
            Value::Opaque(name, _) => Err(self.site.unsupported(name)),
            other => Err(self.site.error(format!("{} has no items", other.type_name()))),
        }
    }

    fn comprehension(&self, at: u32, comprehension: &Comprehension, scope: Option<&Scope<'_>>) -> Result<Value, Stop> {
        let Comprehension { name, range, variable, filter, body } = comprehension;
        let range = self.expr(range, scope)?;
        self.site.set(at);
        let items = self.items(&range)?;
        let mut all = Fold::new(*name == Macro::Exists, at);
        let mut made = Vec::new();
        let mut count = 0_u64;
        for item in items {
            let inner = Scope { name: variable, value: item.clone(), outer: scope };
            match name {
                Macro::All | Macro::Exists => all.add(self.expr(body, Some(&inner)))?,
                Macro::ExistsOne => count += u64::from(self.expr(body, Some(&inner))?.is_truthy()),
                Macro::Filter => {
                    if self.expr(body, Some(&inner))?.is_truthy() {
                        self.site.reserve(size_of::<Value>())?;
                        made.push(item);
                    }
                }
                Macro::Map => {
                    let is_taken = match filter {
                        Some(filter) => self.expr(filter, Some(&inner))?.is_truthy(),
                        None => true,
                    };
                    if is_taken {
                        self.site.reserve(size_of::<Value>())?;
                        made.push(self.expr(body, Some(&inner))?);
                    }
                }
            }
        }
        match name {
            Macro::All | Macro::Exists => all.result(),
            Macro::ExistsOne => Ok(Value::Bool(count == 1)),
            Macro::Filter | Macro::Map => Ok(Value::list(made)),
        }
    }
}

/// Operands of `&&` or `||`, in the way of cel-python: all of them are evaluated; the deciding boolean wins, over errors too; what is no
/// boolean passes through where the other operand does not decide, and two such things are an error.
struct Fold {
    decisive: bool,
    at: u32,
    so_far: Result<Value, Stop>,
}

impl Fold {
    fn new(decisive: bool, at: u32) -> Self {
        Self { decisive, at, so_far: Ok(Value::Bool(!decisive)) }
    }

    fn is_decided(&self) -> bool {
        matches!(&self.so_far, Ok(Value::Bool(value)) if *value == self.decisive)
    }

    fn add(&mut self, next: Result<Value, Stop>) -> Result<(), Stop> {
        let next = match next {
            Err(Stop::Unsupported { .. }) if self.is_decided() => return Ok(()),
            Err(stop @ (Stop::Raised { .. } | Stop::Unsupported { .. } | Stop::Exhausted)) => return Err(stop),
            _ if self.is_decided() => return Ok(()),
            next => next,
        };
        let is_bool = |value: &Result<Value, Stop>| matches!(value, Ok(Value::Bool(_)));
        match (is_bool(&self.so_far), is_bool(&next)) {
            // what is not decided yet takes the next one as it is
            (true, _) => self.so_far = next,
            (false, true) => {
                if matches!(next, Ok(Value::Bool(value)) if value == self.decisive) {
                    self.so_far = next;
                }
            }
            (false, false) => {
                let word = if self.decisive { "||" } else { "&&" };
                if self.so_far.is_ok() {
                    self.so_far = Err(Stop::Error { at: self.at, message: format!("no operand of {word} is bool") });
                }
            }
        }
        Ok(())
    }

    fn result(self) -> Result<Value, Stop> {
        self.so_far
    }
}

/// Whether an operator gives a boolean.
pub(super) fn is_comparison(operator: Binary) -> bool {
    !matches!(operator, Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder)
}
