//! Expressions in CEL. Numbers of several kinds, and points in time, are written as what they have in common.

use super::cel::{self, Cel};
use super::expr::{Case, ColumnStep, Expr, ExprForm, InTarget, Literal, OperatorChain};
use super::scope::{Category, ConditionScope};
use super::{Result, literals, refused};
use crate::schema::logical::model::TypeKind;
use crate::schema::meter;

/// What the values of an expression become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    /// What they are.
    Native,
    Decimal,
    Double,
    Time,
}

impl As {
    /// What operands with this in common become.
    pub(super) fn number(common: Option<Category>) -> Self {
        match common {
            Some(Category::Decimal) => Self::Decimal,
            Some(Category::Double) => Self::Double,
            _ => Self::Native,
        }
    }
}

/// Names that stand for themselves in CEL and can't be variables.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "true",
    "while",
];

#[derive(Debug, Default)]
pub(super) struct Emitter {
    /// The first operator or function that does not take what it is given.
    pub(super) mismatch: Option<String>,
}

impl Emitter {
    /// What an operator or function gives.
    pub(super) fn call<'s>(&mut self, name: &str, arguments: &[Cel<'s>]) -> Cel<'s> {
        let Some(result) = cel::call(name, arguments) else {
            let words: Vec<String> = arguments.iter().map(Cel::word).collect();
            return self.mismatch(format!("found no matching overload for '{name}' applied to '({})'", words.join(", ")));
        };
        result
    }

    fn mismatch<'s>(&mut self, message: String) -> Cel<'s> {
        self.mismatch.get_or_insert(message);
        Cel::Dyn
    }

    /// The type of two results of which the one or the other counts.
    pub(super) fn either<'s>(&mut self, one: &Cel<'s>, other: &Cel<'s>) -> Cel<'s> {
        one.and(other).unwrap_or_else(|| {
            self.mismatch(format!("found no matching overload for '_?_:_' applied to '(bool, {}, {})'", one.word(), other.word()))
        })
    }

    pub(super) fn native<'s>(&mut self, expr: &Expr<'_>, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        meter::charge(1)?;
        Ok(match &expr.what {
            ExprForm::Any(operands) => self.joined(operands, (" || ", "_||_"), scope, out)?,
            ExprForm::All(operands) => self.joined(operands, (" && ", "_&&_"), scope, out)?,
            ExprForm::Not(inner) => {
                out.push('!');
                let cel = self.wrapped(inner, As::Native, !inner.is_simple(), scope, out)?;
                self.call("!_", &[cel])
            }
            ExprForm::IsNull { operand, negated } => {
                let mut own = String::new();
                self.native(operand, scope, &mut own)?;
                let has = scope.can_be_asked_for(operand).then_some(own.as_str());
                let test = if *negated { not_null(&own, has) } else { null(&own, has) };
                push(out, &test)?;
                Cel::Bool
            }
            ExprForm::Compare { operator, sides } => self.compare(operator, sides, scope, out)?,
            ExprForm::Between { operands, negated, symmetric } => {
                out.push_str(if *negated { "!(" } else { "" });
                self.between(operands, *symmetric, scope, out)?;
                out.push_str(if *negated { ")" } else { "" });
                Cel::Bool
            }
            ExprForm::In { item, target, negated } => {
                let mut test = String::new();
                self.is_in(item, target, scope, &mut test)?;
                push(out, &if *negated { format!("!({test})") } else { test })?;
                Cel::Bool
            }
            ExprForm::Like { operand, pattern, escape, negated } => {
                out.push_str(if *negated { "!(" } else { "" });
                let cel = self.receiver(operand, As::Native, scope, out)?;
                self.call("matches", &[cel, Cel::String]);
                let pattern = literals::like(pattern, literals::escape_of(escape.as_ref())?);
                push(out, &format!(".matches('{pattern}')"))?;
                out.push_str(if *negated { ")" } else { "" });
                Cel::Bool
            }
            ExprForm::Sum(chain) | ExprForm::Product(chain) => self.chain(chain, As::Native, scope, out)?,
            ExprForm::Signed { minus, operand } => self.signed(*minus, operand, As::Native, scope, out)?,
            ExprForm::Column { name, steps } => {
                let cel = self.name(name, scope, out)?;
                self.steps(steps, scope.declared(name), cel, scope, out)?
            }
            ExprForm::Literal(literal) => Self::literal(expr, literal, out)?,
            ExprForm::Paren { inner, steps } => {
                let cel = self.wrapped(inner, As::Native, true, scope, out)?;
                self.steps(steps, scope.ty(inner), cel, scope, out)?
            }
            ExprForm::Case(case) => self.case(case, scope, out)?,
            ExprForm::Function { name, written, arguments } => self.function(expr, (name, written), arguments, scope, out)?,
            ExprForm::Special(special) => self.special(expr, special, scope, out)?,
        })
    }

    /// An expression whose values become something.
    pub(super) fn value<'s>(&mut self, expr: &Expr<'_>, to: As, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let what = &expr.what;
        match to {
            As::Native => self.native(expr, scope, out),
            As::Time if !expr.is_value() => self.native(expr, scope, out),
            As::Decimal | As::Double if !expr.is_value() => {
                out.push_str(if to == As::Decimal { "decimal((" } else { "double((" });
                let cel = self.native(expr, scope, out)?;
                out.push_str("))");
                Ok(self.converted(to, cel))
            }
            _ => match what {
                ExprForm::Sum(chain) | ExprForm::Product(chain) => self.chain(chain, to, scope, out),
                ExprForm::Signed { minus, operand } => self.signed(*minus, operand, to, scope, out),
                _ => self.primary(expr, to, scope, out),
            },
        }
    }

    fn converted<'s>(&mut self, to: As, cel: Cel<'s>) -> Cel<'s> {
        match to {
            As::Native => cel,
            As::Decimal => self.call("decimal", &[cel]),
            As::Double => self.call("double", &[cel]),
            As::Time => self.call("timestamp.of", &[cel]),
        }
    }

    fn primary<'s>(&mut self, expr: &Expr<'_>, to: As, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        meter::charge(1)?;
        let is_already = match to {
            As::Native => true,
            As::Decimal => scope.category(expr) == Some(Category::Decimal),
            As::Double => scope.category(expr) == Some(Category::Double),
            As::Time => !(matches!(expr.what, ExprForm::Column { .. }) && scope.is_instant(expr)),
        };
        match (&expr.what, to) {
            (ExprForm::Literal(Literal::Int(text) | Literal::Decimal(text) | Literal::Double(text)), As::Decimal) => {
                push(out, &format!("decimal(\"{text}\")"))?;
                return Ok(Cel::Decimal);
            }
            (ExprForm::Literal(Literal::Int(text)), As::Double) => {
                push(out, &format!("{text}.0"))?;
                return Ok(Cel::Double);
            }
            (ExprForm::Literal(Literal::Decimal(_) | Literal::Double(_)), As::Double) => return self.native(expr, scope, out),
            (ExprForm::Paren { inner, steps }, As::Double | As::Time) if steps.is_empty() => {
                return self.wrapped(inner, to, true, scope, out);
            }
            (ExprForm::Paren { inner, steps }, As::Decimal) if steps.is_empty() && is_already => {
                return self.value(inner, to, scope, out);
            }
            _ => {}
        }
        if is_already {
            return self.native(expr, scope, out);
        }
        out.push_str(match to {
            As::Decimal => "decimal(",
            As::Double => "double(",
            _ => "timestamp.of(",
        });
        let cel = self.native(expr, scope, out)?;
        out.push(')');
        Ok(self.converted(to, cel))
    }

    /// An expression in parentheses, or not.
    fn wrapped<'s>(
        &mut self,
        expr: &Expr<'_>,
        to: As,
        wrap: bool,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        out.push_str(if wrap { "(" } else { "" });
        let cel = self.value(expr, to, scope, out)?;
        out.push_str(if wrap { ")" } else { "" });
        Ok(cel)
    }

    /// An expression that a method is called on.
    pub(super) fn receiver<'s>(
        &mut self,
        expr: &Expr<'_>,
        to: As,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        self.wrapped(expr, to, !expr.is_simple(), scope, out)
    }

    fn joined<'s>(
        &mut self,
        operands: &[Expr<'_>],
        (operator, function): (&str, &str),
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        for (at, operand) in operands.iter().enumerate() {
            out.push_str(if at > 0 { operator } else { "" });
            let cel = self.native(operand, scope, out)?;
            self.call(function, &[cel, Cel::Bool]);
        }
        Ok(Cel::Bool)
    }

    fn chain<'s>(&mut self, chain: &OperatorChain<'_>, to: As, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let mut written = String::new();
        let mut cel = self.value(&chain.first, to, scope, &mut written)?;
        for (operator, operand) in &chain.rest {
            let mut right = String::new();
            if to == As::Decimal {
                let function = match operator.as_str() {
                    "+" => "decimals.add",
                    "-" => "decimals.sub",
                    "*" => "decimals.mul",
                    "/" => "decimals.div",
                    "%" => "decimals.mod",
                    _ => {
                        let message = "Operator '||' (string concat) is not supported on DECIMAL operands.";
                        return refused(chain.first.node, message);
                    }
                };
                let own = self.value(operand, to, scope, &mut right)?;
                meter::charge_for(written.len() / 16)?;
                written = format!("{function}({written}, {right})");
                cel = self.call(function, &[cel, own]);
                continue;
            }
            if to == As::Double && operator == "%" {
                return refused(
                    chain.first.node,
                    "Operator '%' (modulo) is not supported on DOUBLE operands; use integer or decimal operands.",
                );
            }
            let symbol = if operator == "||" { "+" } else { operator };
            written.extend([" ", symbol, " "]);
            let own = self.value(operand, to, scope, &mut right)?;
            written.push_str(&right);
            cel = self.call(&format!("_{symbol}_"), &[cel, own]);
        }
        push(out, &written)?;
        Ok(cel)
    }

    fn signed<'s>(
        &mut self,
        minus: bool,
        operand: &Expr<'_>,
        to: As,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        if !minus {
            return self.value(operand, to, scope, out);
        }
        if to == As::Decimal {
            out.push_str("decimals.neg(");
            let cel = self.value(operand, to, scope, out)?;
            out.push(')');
            return Ok(self.call("decimals.neg", &[cel]));
        }
        out.push('-');
        let cel = self.value(operand, to, scope, out)?;
        Ok(self.call("-_", &[cel]))
    }

    fn compare<'s>(
        &mut self,
        operator: &str,
        sides: &[Expr<'_>; 2],
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let symbol = match operator {
            "=" => "==",
            "<>" => "!=",
            other => other,
        };
        let common = scope.common_number(sides.iter());
        let [left, right] = sides;
        if common == Some(Category::Decimal) {
            let function = match symbol {
                "<" => "decimals.lt",
                "<=" => "decimals.le",
                ">" => "decimals.gt",
                ">=" => "decimals.ge",
                _ => "decimals.eq",
            };
            out.push_str(if symbol == "!=" { "!" } else { "" });
            return self.of_two(function, left, right, As::Decimal, scope, out);
        }
        let mut sides = Vec::new();
        for side in [left, right] {
            sides.push(if common.is_some() {
                (As::number(common), false)
            } else {
                let to = if scope.has_time(side) { As::Time } else { As::Native };
                (to, matches!(side.what, ExprForm::Between { .. } | ExprForm::In { .. }))
            });
        }
        let mut types = Vec::new();
        for (side, (to, wrap)) in [left, right].into_iter().zip(sides) {
            if !types.is_empty() {
                push(out, &format!(" {symbol} "))?;
            }
            types.push(self.wrapped(side, to, wrap, scope, out)?);
        }
        Ok(self.call(&format!("_{symbol}_"), &types))
    }

    /// A function of two values.
    pub(super) fn of_two<'s>(
        &mut self,
        function: &str,
        one: &Expr<'_>,
        other: &Expr<'_>,
        to: As,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        push(out, &format!("{function}("))?;
        let one = self.value(one, to, scope, out)?;
        out.push_str(", ");
        let other = self.value(other, to, scope, out)?;
        out.push(')');
        Ok(self.call(function, &[one, other]))
    }

    fn between(&mut self, operands: &[Expr<'_>; 3], symmetric: bool, scope: &ConditionScope<'_>, out: &mut String) -> Result<()> {
        let [subject, low, high] = operands;
        let to = match As::number(scope.common_number(operands.iter())) {
            As::Native if operands.iter().any(|operand| scope.has_time(operand)) => As::Time,
            to => to,
        };
        let mut within = |one: &Expr<'_>, other: &Expr<'_>, out: &mut String| -> Result<()> {
            self.at_most(one, subject, to, scope, out)?;
            out.push_str(" && ");
            self.at_most(subject, other, to, scope, out)
        };
        if !symmetric {
            return within(low, high, out);
        }
        let (mut straight, mut turned, mut question) = (String::new(), String::new(), String::new());
        within(low, high, &mut straight)?;
        within(high, low, &mut turned)?;
        self.at_most(low, high, to, scope, &mut question)?;
        push(out, &format!("({question} ? ({straight}) : ({turned}))"))
    }

    fn at_most(&mut self, one: &Expr<'_>, other: &Expr<'_>, to: As, scope: &ConditionScope<'_>, out: &mut String) -> Result<()> {
        if to == As::Decimal {
            self.of_two("decimals.le", one, other, to, scope, out)?;
            return Ok(());
        }
        let wraps = |expr: &Expr<'_>| to == As::Native && !expr.is_simple();
        let left = self.wrapped(one, to, wraps(one), scope, out)?;
        out.push_str(" <= ");
        let right = self.wrapped(other, to, wraps(other), scope, out)?;
        self.call("_<=_", &[left, right]);
        Ok(())
    }

    fn is_in(&mut self, item: &Expr<'_>, target: &InTarget<'_>, scope: &ConditionScope<'_>, out: &mut String) -> Result<()> {
        let list = match target {
            InTarget::List(list) => list,
            InTarget::Value(target) => {
                if has_decimal(item, scope) {
                    return refused(
                        item.node,
                        "IN against a list-typed operand is not supported for DECIMAL; use an explicit value list, e.g. amount IN (1.0, 2.5, \
                         9.99).",
                    );
                }
                let to = if scope.has_time(item) { As::Time } else { As::Native };
                let one = self.value(item, to, scope, out)?;
                out.push_str(" in ");
                let other = self.value(target, to, scope, out)?;
                self.call("@in", &[one, other]);
                return Ok(());
            }
        };
        let to = match As::number(scope.common_number(std::iter::once(item).chain(list))) {
            As::Native if scope.has_time(item) || list.iter().any(|item| scope.has_time(item)) => As::Time,
            to => to,
        };
        if to == As::Decimal {
            let mut left = String::new();
            let cel = self.value(item, to, scope, &mut left)?;
            out.push('(');
            for (at, item) in list.iter().enumerate() {
                push(out, &format!("{}decimals.eq({left}, ", if at > 0 { " || " } else { "" }))?;
                let own = self.value(item, to, scope, out)?;
                self.call("decimals.eq", &[cel.clone(), own]);
                out.push(')');
            }
            out.push(')');
            return Ok(());
        }
        let cel = self.value(item, to, scope, out)?;
        out.push_str(" in [");
        let mut element: Option<Cel<'_>> = None;
        for (at, item) in list.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            let own = self.value(item, to, scope, out)?;
            // a list of several types is one of anything
            element = Some(element.map_or(own.clone(), |before| before.and(&own).unwrap_or(Cel::Dyn)));
        }
        out.push(']');
        self.call("@in", &[cel, Cel::List(Box::new(element.unwrap_or(Cel::Dyn)))]);
        Ok(())
    }

    fn name<'s>(&mut self, name: &str, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        if !scope.is_own(name) {
            if RESERVED.contains(&name) {
                self.mismatch(format!("reserved identifier: {name}"));
            }
            push(out, name)?;
        } else if scope.is_column {
            out.push_str("this");
        } else {
            out.push_str("this");
            self.selected(name, out)?;
        }
        Ok(scope.cel(name))
    }

    /// A field, by its name.
    fn selected(&mut self, name: &str, out: &mut String) -> Result<()> {
        if literals::is_cel_word(name) {
            return push(out, &format!("[\"{name}\"]"));
        }
        if !super::vocabulary::is_name(name) {
            self.mismatch(format!("Syntax error: '{name}' is no identifier"));
        }
        push(out, &format!(".{name}"))
    }

    fn steps<'s>(
        &mut self,
        steps: &[ColumnStep<'_>],
        from: Option<&'s crate::schema::logical::model::Type>,
        mut cel: Cel<'s>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let mut current = from;
        for step in steps {
            let body = current.and_then(|ty| scope.body(ty));
            match step {
                ColumnStep::Field(_, name) => {
                    self.selected(name, out)?;
                    cel = match cel.field(name) {
                        Some(_) if literals::is_cel_word(name) => Cel::Dyn,
                        Some(field) => field,
                        None => self.mismatch(format!("undefined field '{name}'")),
                    };
                }
                ColumnStep::Index(_, index) => {
                    let mut own = String::new();
                    let key = self.native(index, scope, &mut own)?;
                    let is_map = body.is_some_and(|ty| matches!(ty.kind, TypeKind::Map(_)));
                    let key = if is_map { key } else { self.call("_-_", &[key, Cel::Int]) };
                    push(out, &if is_map { format!("[{own}]") } else { format!("[({own}) - 1]") })?;
                    let found = match &cel {
                        Cel::Dyn => Some(Cel::Dyn),
                        Cel::List(element) if key.is(&Cel::Int) => Some((**element).clone()),
                        Cel::Map(pair) if key.is(&pair.0) => Some(pair.1.clone()),
                        _ => None,
                    };
                    cel = found.unwrap_or_else(|| {
                        self.mismatch(format!(
                            "found no matching overload for '_[_]' applied to '({}, {})'",
                            cel.word(),
                            key.word()
                        ))
                    });
                }
            }
            current = body.and_then(|ty| scope.step(ty, step));
        }
        Ok(cel)
    }

    fn literal<'s>(expr: &Expr<'_>, literal: &Literal, out: &mut String) -> Result<Cel<'s>> {
        let (text, cel) = match literal {
            Literal::Null => ("null".to_owned(), Cel::Null),
            Literal::Bool(value) => (value.to_string(), Cel::Bool),
            Literal::Int(text) => (text.clone(), Cel::Int),
            Literal::Decimal(text) | Literal::Double(text) => (literals::number(text), Cel::Double),
            Literal::Text(text) => (literals::string(text), Cel::String),
            Literal::Bytes(text) => (literals::bytes(expr.node, text)?, Cel::Bytes),
            Literal::Timestamp(text) => (format!("timestamp(\"{}\")", literals::timestamp(expr.node, text)?), Cel::Timestamp),
            Literal::Interval(text, unit) => {
                (format!("duration(\"{}s\")", literals::seconds(expr.node, text, unit)?), Cel::Duration)
            }
        };
        push(out, &text)?;
        Ok(cel)
    }

    fn case<'s>(&mut self, case: &Case<'_>, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let results = case.results();
        let to = match As::number(scope.common_number(results.iter().copied())) {
            As::Native if results.iter().any(|result| scope.has_time(result)) => As::Time,
            to => to,
        };
        let mut result: Option<Cel<'s>> = None;
        let last = case.whens.len().saturating_sub(1);
        out.push('(');
        for (at, (_, when, then)) in case.whens.iter().enumerate() {
            if let Some(subject) = &case.subject {
                self.equal(subject, when, true, scope, out)?;
            } else {
                let cel = self.receiver(when, As::Native, scope, out)?;
                self.call("_&&_", &[cel, Cel::Bool]);
            }
            out.push_str(" ? ");
            let own = self.value(then, to, scope, out)?;
            result = Some(result.map_or(own.clone(), |before| self.either(&before, &own)));
            out.push_str(if at < last { " : (" } else { " : " });
        }
        let own = if let Some(otherwise) = &case.otherwise {
            self.value(otherwise, to, scope, out)?
        } else {
            out.push_str("null");
            Cel::Null
        };
        push(out, &")".repeat(last + 1))?;
        Ok(result.map_or(own.clone(), |before| self.either(&before, &own)))
    }

    /// Whether two values are equal. `wrap`: compound operands stand in parentheses.
    pub(super) fn equal(
        &mut self,
        one: &Expr<'_>,
        other: &Expr<'_>,
        wrap: bool,
        scope: &ConditionScope<'_>,
        out: &mut String,
    ) -> Result<()> {
        let common = scope.common_number([one, other].into_iter());
        if common == Some(Category::Decimal) {
            self.of_two("decimals.eq", one, other, As::Decimal, scope, out)?;
            return Ok(());
        }
        let to = match As::number(common) {
            As::Native if scope.has_time(one) || scope.has_time(other) => As::Time,
            to => to,
        };
        let wraps = |expr: &Expr<'_>| wrap && to == As::Native && !expr.is_simple();
        let left = self.wrapped(one, to, wraps(one), scope, out)?;
        out.push_str(" == ");
        let right = self.wrapped(other, to, wraps(other), scope, out)?;
        self.call("_==_", &[left, right]);
        Ok(())
    }
}

/// Whether a decimal is among the operands.
fn has_decimal(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> bool {
    match &expr.what {
        ExprForm::Sum(chain) | ExprForm::Product(chain) => chain.operands().any(|operand| has_decimal(operand, scope)),
        _ => expr.is_value() && scope.category(expr) == Some(Category::Decimal),
    }
}

/// `has`: what can be asked whether it is there at all.
pub(super) fn not_null(value: &str, has: Option<&str>) -> String {
    match has {
        Some(field) => format!("(has({field}) && dyn({field}) != null)"),
        None => format!("dyn({value}) != null"),
    }
}

pub(super) fn null(value: &str, has: Option<&str>) -> String {
    match has {
        Some(field) => format!("(!has({field}) || dyn({field}) == null)"),
        None => format!("dyn({value}) == null"),
    }
}

pub(super) fn push(out: &mut String, text: &str) -> Result<()> {
    meter::charge_for(text.len() / 16)?;
    out.push_str(text);
    Ok(())
}
