//! Expressions in CEL. Numbers of several kinds, and points in time, are written as what they have in common.

use super::cel::{self, Cel};
use super::expr::{Case, Expr, ExprForm, Literal, OperatorChain};
use super::scope::ConditionScope;
use super::sql_types::Category;
use super::{Result, literals, refused};
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

    pub(super) fn mismatch<'s>(&mut self, message: String) -> Cel<'s> {
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
    pub(super) fn wrapped<'s>(
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
