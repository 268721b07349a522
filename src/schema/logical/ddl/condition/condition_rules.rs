//! Conditions that the grammar allows and that could not hold, or not as they are meant. Confluent looks for one kind of fault after the
//! other in the whole condition, so each has a pass of its own.

use super::expr::{ColumnStep, Expr, ExprForm, Literal};
use super::operand_rules::{arithmetic, bounds, cases, comparisons, concatenations, lists};
use super::scope::ConditionScope;
use super::sql_types::of_target;
use super::vocabulary::{MACROS, is_name, is_true_or_false, never_returns_null};
use super::{ConditionError, Result, refused};
use crate::schema::logical::model::TypeKind;
use crate::schema::meter;

type RulePass<'p> = &'p dyn Fn(&Expr<'_>, &ConditionScope<'_>) -> Result<()>;

/// # Errors
/// The first fault of the first kind that there is.
pub(super) fn check(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    if !is_condition(expr, scope) {
        return refused(
            expr.node,
            format!(
                "CHECK expression must yield a boolean, got: '{}'. Use a comparison, logical operator, IS NULL, IN, BETWEEN, LIKE, or a \
                 boolean-returning function (CONTAINS, STARTS_WITH, IS_EMAIL, EVERY, ANY, ONE, etc.).",
                expr.node.text()
            ),
        );
    }
    let passes: [RulePass<'_>; 11] = [
        &names,
        &literals,
        &patterns,
        &comparisons,
        &concatenations,
        &arithmetic,
        &cases,
        &bounds,
        &lists,
        &arguments,
        &null_tests,
    ];
    for pass in passes {
        walk(expr, scope, pass)?;
    }
    walk(expr, scope, &bodies)
}

/// Parts of macros are looked at where their variable is known.
fn walk(expr: &Expr<'_>, scope: &ConditionScope<'_>, pass: RulePass<'_>) -> Result<()> {
    meter::charge(1)?;
    pass(expr, scope)?;
    if let ExprForm::Function { name, arguments, .. } = &expr.what
        && MACROS.contains(&name.as_str())
        && let [collection, variable, body] = arguments.as_slice()
    {
        walk(collection, scope, pass)?;
        let variable = variable.node.text();
        if is_name(&variable) {
            let cel = super::cel::Cel::Dyn;
            walk(body, &scope.with(&variable, collection, cel), pass)?;
        }
        return Ok(());
    }
    expr.parts().into_iter().try_for_each(|part| walk(part, scope, pass))
}

/// Whether an expression is true or false, as far as its form tells.
fn is_condition(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> bool {
    match &expr.what {
        ExprForm::Signed { operand, .. } => is_condition(operand, scope),
        ExprForm::Literal(literal) => matches!(literal, Literal::Bool(_)),
        ExprForm::Column { .. } => scope.ty(expr).is_some_and(|ty| ty.kind == TypeKind::Boolean),
        ExprForm::Paren { inner, steps } => steps.is_empty() && is_condition(inner, scope),
        ExprForm::Function { name, .. } => is_true_or_false(name),
        ExprForm::Special(
            super::expr::Special::Cast { target, .. } | super::expr::Special::VariantGet { returning: Some(target), .. },
        ) => of_target(target).is_some_and(|ty| ty.kind == TypeKind::Boolean),
        ExprForm::Sum(_) | ExprForm::Product(_) | ExprForm::Special(_) => false,
        _ => true,
    }
}

fn names(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    match &expr.what {
        ExprForm::Column { name, steps } => {
            if !scope.knows(name) {
                return refused(expr.node, format!("Unknown column in CHECK: '{name}'. Allowed columns: {}.", scope.names()));
            }
            if !steps.is_empty()
                && let Some(ty) = scope.declared(name)
            {
                path(ty, steps, name.clone(), scope)?;
            }
        }
        ExprForm::Paren { inner, steps } if !steps.is_empty() => {
            if let Some(ty) = scope.ty(inner) {
                path(ty, steps, format!("({})", inner.node.text()), scope)?;
            }
        }
        ExprForm::Function { name, arguments, .. }
            if MACROS.contains(&name.as_str()) && !arguments.is_empty() && arguments.len() != 3 =>
        {
            return refused(
                expr.node,
                format!(
                    "{name}() expects 3 arguments (collection, iteration variable, predicate), got {}. Example: {name}(tags, t, LENGTH(t) \
                     > 0)",
                    arguments.len()
                ),
            );
        }
        _ => {}
    }
    Ok(())
}

/// Follows steps from a type, whose path is told in messages.
fn path<'s>(
    from: &'s crate::schema::logical::model::Type,
    steps: &[ColumnStep<'_>],
    mut shown: String,
    scope: &ConditionScope<'s>,
) -> Result<()> {
    let mut current = scope.body(from);
    for step in steps {
        meter::charge_for(shown.len() / 16 + 1)?;
        let Some(ty) = current else { return Ok(()) };
        let word = ty.kind.word();
        let next = scope.step(ty, step);
        match step {
            ColumnStep::Field(node, name) => {
                if !matches!(ty.kind, TypeKind::Struct(_)) {
                    return refused(
                        node,
                        format!("Cannot access field '{name}' on '{shown}' (type {word}) — only STRUCT supports field access."),
                    );
                }
                if next.is_none() {
                    return refused(node, format!("Unknown field '{name}' on STRUCT '{shown}'."));
                }
                shown = format!("{shown}.{name}");
            }
            ColumnStep::Index(node, index) => {
                let is_list = matches!(ty.kind, TypeKind::Array(_) | TypeKind::Multiset(_));
                if !is_list && !matches!(ty.kind, TypeKind::Map(_)) {
                    return refused(
                        node,
                        format!(
                            "Cannot index '{shown}' (type {word}) with [...] — only ARRAY, MULTISET, and MAP support index access."
                        ),
                    );
                }
                if let Some(at) = index.integer().filter(|at| is_list && *at <= 0) {
                    return refused(
                        node,
                        format!(
                            "ARRAY/MULTISET indexing is 1-based in SQL; got literal {at} for '{shown}[...]' which would translate to a \
                             negative index (`[{}]`) and crash at runtime. Use a positive index.",
                            at.wrapping_sub(1)
                        ),
                    );
                }
                shown.push_str("[...]");
            }
        }
        current = next.and_then(|next| scope.body(next));
    }
    Ok(())
}

fn literals(expr: &Expr<'_>, _: &ConditionScope<'_>) -> Result<()> {
    match &expr.what {
        ExprForm::Literal(Literal::Double(text)) if text.parse::<f64>().is_ok_and(f64::is_infinite) => refused(
            expr.node,
            format!(
                "Float literal {text} is out of range (overflows to Infinity at runtime); constraint would be silently always-false."
            ),
        ),
        ExprForm::Literal(Literal::Int(text)) if text.parse::<i64>().is_err() => refused(
            expr.node,
            format!("Integer literal {text} is out of range for a 64-bit signed integer. Maximum: 9223372036854775807."),
        ),
        _ => Ok(()),
    }
}

fn patterns(expr: &Expr<'_>, _: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Like { pattern, escape, .. } = &expr.what else { return Ok(()) };
    let escape = super::literals::escape_of(escape.as_ref())?;
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c == escape && characters.next().is_none() {
            return refused(
                expr.node,
                format!(
                    "LIKE pattern ends with the escape character ('{escape}') with no following character — this is an invalid escape \
                     sequence per the SQL spec."
                ),
            );
        }
    }
    Ok(())
}

/// Whether it is the column at which the condition stands, which is never null when the condition is asked.
fn is_own_column(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> bool {
    expr.column().is_some_and(|(_, name, steps)| steps.is_empty() && scope.is_column && scope.is_own(name))
}

fn arguments(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Function { name, arguments, .. } = &expr.what else { return Ok(()) };
    if matches!(name.as_str(), "GREATEST" | "LEAST" | "COALESCE" | "NULLIF")
        && let Some(argument) = arguments.iter().find(|argument| argument.is_null())
    {
        return refused(
            argument.node,
            format!(
                "{name}() cannot take a literal NULL — the emit applies operators that have no null overload (or, for COALESCE, produces a \
                 conditional whose branches don't type-unify). Drop the NULL argument or use IS NULL to test for null."
            ),
        );
    }
    match arguments.first() {
        Some(first) if name == "COALESCE" && is_own_column(first, scope) => refused(
            first.node,
            "COALESCE() at column level with the bare column as first arg is dead code — the runtime skips evaluation when the column value \
             is null/missing, so `this` is guaranteed non-null and the fallback args never run. Drop the COALESCE wrapping, or apply \
             COALESCE to a nullable nested field or move the test to a table-level CHECK.",
        ),
        _ => Ok(()),
    }
}

fn null_tests(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::IsNull { operand, .. } = &expr.what else { return Ok(()) };
    if let Some(name) = operand.function().filter(|name| never_returns_null(name)) {
        return refused(
            expr.node,
            format!(
                "IS NULL on {name}(...) is dead code — the function always returns a non-null value, so the comparison is unconditionally \
                 false. Drop the IS NULL test, or apply IS NULL to a column reference instead."
            ),
        );
    }
    if is_own_column(operand, scope) {
        return refused(
            expr.node,
            "IS NULL on a column-level constraint never fires — the runtime skips evaluation when the column value is null/missing, so \
             `this` is guaranteed non-null at evaluation time. Use NOT NULL at the schema level for nullability declarations, or move the \
             test to a table-level CHECK where format-aware presence checks (has(this.x)) are available.",
        );
    }
    match operand.column() {
        Some((column, name, steps)) if scope.is_never_null(name, steps) => refused(
            expr.node,
            format!(
                "IS NULL on '{}' is dead code — every step in the column reference is declared NOT NULL, so the value can never be null. \
                 Drop the IS NULL test, or apply it to a nullable column.",
                column.node.text()
            ),
        ),
        _ => Ok(()),
    }
}

fn bodies(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Function { name, arguments, .. } = &expr.what else { return Ok(()) };
    let [collection, variable, body] = arguments.as_slice() else { return Ok(()) };
    if !MACROS.contains(&name.as_str()) {
        return Ok(());
    }
    let variable = variable.node.text();
    let is_true_or_false = if is_name(&variable) {
        is_condition(body, &scope.with(&variable, collection, super::cel::Cel::Dyn))
    } else {
        is_condition(body, scope)
    };
    if is_true_or_false {
        return Ok(());
    }
    Err(ConditionError::At(
        body.node.range().start,
        format!(
            "{name}() predicate body must yield a boolean, got: '{}'. Use a comparison, logical operator, IS NULL, IN, BETWEEN, LIKE, or a \
             boolean-returning function (CONTAINS, STARTS_WITH, IS_EMAIL, etc.).",
            body.node.text()
        ),
    ))
}
