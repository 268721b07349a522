//! Predicates of conditions in CEL: comparisons, `BETWEEN` and `IN`.

use super::cel::Cel;
use super::emit::{As, Emitter, push};
use super::expr::{Expr, ExprForm, InTarget};
use super::scope::ConditionScope;
use super::sql_types::Category;
use super::{Result, refused};

impl Emitter {
    pub(super) fn compare<'s>(
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

    pub(super) fn between(
        &mut self,
        operands: &[Expr<'_>; 3],
        symmetric: bool,
        scope: &ConditionScope<'_>,
        out: &mut String,
    ) -> Result<()> {
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

    pub(super) fn is_in(
        &mut self,
        item: &Expr<'_>,
        target: &InTarget<'_>,
        scope: &ConditionScope<'_>,
        out: &mut String,
    ) -> Result<()> {
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
