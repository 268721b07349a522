//! Conditions that the grammar allows and that could not hold, or not as they are meant. Confluent looks for one kind of fault after the
//! other in the whole condition, so each has a pass of its own.

use super::expr::{Case, ColumnStep, Expr, ExprForm, InTarget, Literal};
use super::scope::{Category, ConditionScope, are_comparable, of_target};
use super::vocabulary::{MACROS, RETURNS_NULL, is_name, is_true_or_false, never_returns_null};
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

fn comparisons(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Compare { operator, sides } = &expr.what else { return Ok(()) };
    let is_equality = matches!(operator.as_str(), "=" | "<>" | "!=");
    if sides.iter().any(Expr::is_null) {
        return refused(
            expr.node,
            format!(
                "Comparison {operator} against NULL is always UNKNOWN in SQL but would emit an expression that fails for non-null rows; \
                 use IS NULL or IS NOT NULL instead."
            ),
        );
    }
    let [left, right] = [0, 1].map(|at| sides.get(at).and_then(|side| scope.ty(side)));
    if is_equality
        && let (Some(left), Some(right)) = (left, right)
        && !are_comparable(&left.kind, &right.kind)
    {
        return refused(
            expr.node,
            format!(
                "Cannot compare {} with {} using {operator} — equality across types evaluates as always-false. Use explicit CAST to align \
                 types, or IS NULL if testing for null.",
                left.kind.word(),
                right.kind.word()
            ),
        );
    }
    let is_ordered = |kind: &TypeKind| Category::of(kind).is_some_and(|category| category != Category::Bool);
    for ty in [left, right].into_iter().flatten() {
        if !is_equality && !is_ordered(&ty.kind) {
            return refused(
                expr.node,
                format!(
                    "Cannot use relational operator {operator} on {} — only numeric, string, bytes, and date/time types are ordered. Use = \
                     / <> for equality.",
                    ty.kind.word()
                ),
            );
        }
    }
    Ok(())
}

/// The kind of an operand whose type is plain to see.
fn plain<'s>(operand: &Expr<'_>, scope: &ConditionScope<'s>) -> Option<&'s TypeKind> {
    match &operand.what {
        ExprForm::Signed { operand, .. } => plain(operand, scope),
        ExprForm::Column { .. } | ExprForm::Literal(_) | ExprForm::Paren { .. } => scope.ty(operand).map(|ty| &ty.kind),
        _ => None,
    }
}

fn concatenations(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Product(chain) = &expr.what else { return Ok(()) };
    if !chain.has(&["||"]) {
        return Ok(());
    }
    for operand in chain.operands() {
        if let Some(kind) = plain(operand, scope)
            && !matches!(Category::of(kind), Some(Category::Text | Category::Bytes))
        {
            let word = kind.word();
            return refused(
                operand.node,
                format!("Operator || is string/bytes concatenation only — got {word}. Use + for numeric addition."),
            );
        }
    }
    Ok(())
}

fn arithmetic(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let is_number = |kind: &TypeKind| Category::of(kind).is_some_and(Category::is_number);
    match &expr.what {
        ExprForm::Sum(chain) => {
            for operand in chain.operands() {
                if let Some(ty) = scope.ty(operand)
                    && !is_number(&ty.kind)
                    && Category::of(&ty.kind) != Some(Category::Time)
                {
                    return refused(
                        operand.node,
                        format!(
                            "Operator +/- operand must be numeric (int/double/decimal) or a timestamp (± interval); got {}. For \
                             string/bytes concatenation use ||.",
                            ty.kind.word()
                        ),
                    );
                }
            }
        }
        ExprForm::Product(chain) if chain.has(&["*", "/", "%"]) => {
            for operand in chain.operands() {
                if let Some(kind) = plain(operand, scope).filter(|kind| !is_number(kind)) {
                    let word = kind.word();
                    return refused(
                        operand.node,
                        format!("Operator * / % operand must be numeric (int/double/decimal); got {word}."),
                    );
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn cases(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Case(case) = &expr.what else { return Ok(()) };
    if case.otherwise.is_none() {
        return refused(
            expr.node,
            "CASE expression is missing an ELSE branch — the generated conditional requires both branches to share a type. Add an explicit \
             `ELSE <default>` (or use COALESCE for nullable defaults).",
        );
    }
    if let Some(subject) = &case.subject {
        compared_values(expr, case, subject, scope)?;
    }
    match case.results().into_iter().find(|result| result.is_null()) {
        Some(result) => refused(
            result.node,
            "CASE branch result cannot be a literal NULL — the generated conditional branches must share a type, and bare `null` doesn't \
             unify with the other branch type. Use COALESCE or an explicit typed default.",
        ),
        None => Ok(()),
    }
}

fn compared_values(expr: &Expr<'_>, case: &Case<'_>, subject: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    if let Some((node, ..)) = case.whens.iter().find(|(_, value, _)| value.is_null()) {
        return refused(
            node,
            "Simple CASE WHEN value cannot be NULL — SQL `subject = NULL` is always UNKNOWN but the emit produces `subject == null`, which \
             silently flips the branch's semantics. Use the searched form: `CASE WHEN subject IS NULL THEN ...`.",
        );
    }
    let Some(ty) = scope.ty(subject).filter(|ty| Category::of(&ty.kind).is_some()) else { return Ok(()) };
    for value in case.whens.iter().filter_map(|(_, value, _)| scope.ty(value)) {
        if !are_comparable(&ty.kind, &value.kind) {
            return refused(
                expr.node,
                format!(
                    "Simple CASE: subject type {} is incompatible with WHEN value type {}. The translator emits `subject == value` per \
                     WHEN, which is rejected across categories.",
                    ty.kind.word(),
                    value.kind.word()
                ),
            );
        }
    }
    Ok(())
}

fn bounds(expr: &Expr<'_>, _: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::Between { operands, .. } = &expr.what else { return Ok(()) };
    let roles = ["subject", "lower bound", "upper bound"];
    for (bound, role) in operands.iter().zip(roles).skip(1) {
        if bound.is_null() {
            return refused(
                bound.node,
                format!(
                    "BETWEEN {role} cannot be NULL — there is no `<=` overload taking null. Use IS NULL or COALESCE to handle missing bounds \
                     explicitly."
                ),
            );
        }
    }
    for (operand, role) in operands.iter().zip(roles) {
        if let Some(name) = operand.function().filter(|name| RETURNS_NULL.contains(name)) {
            return refused(
                operand.node,
                format!(
                    "BETWEEN {role} cannot be {name}(...) — the function can return null, and there is no comparison overload taking null. \
                     Use COALESCE to provide an explicit fallback value."
                ),
            );
        }
    }
    Ok(())
}

fn lists(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
    let ExprForm::In { target: InTarget::List(items), .. } = &expr.what else { return Ok(()) };
    if let Some(item) = items.iter().find(|item| item.is_null()) {
        return refused(
            item.node,
            "IN list cannot contain NULL — use `x IS NULL OR x IN (...)` to test for null membership separately.",
        );
    }
    let mut first: Option<&TypeKind> = None;
    for item in items {
        let Some(ty) = scope.ty(item).filter(|ty| Category::of(&ty.kind).is_some()) else { continue };
        let earlier = *first.get_or_insert(&ty.kind);
        if !are_comparable(earlier, &ty.kind) {
            return refused(
                item.node,
                format!(
                    "IN list element type {} is not comparable with the earlier element type {} — heterogeneous list literals would emit a \
                     `list<dyn>` that silently accepts mismatched membership tests. Make all elements share a category (numeric, string, \
                     bytes, or date/time).",
                    ty.kind.word(),
                    earlier.word()
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
