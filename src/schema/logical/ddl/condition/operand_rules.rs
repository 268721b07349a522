//! Rules on the operands of a condition's operators: what compares with what, what can be added, where `NULL` says nothing.

use super::expr::{Case, Expr, ExprForm, InTarget};
use super::scope::ConditionScope;
use super::sql_types::{Category, are_comparable};
use super::vocabulary::RETURNS_NULL;
use super::{Result, refused};
use crate::schema::logical::model::TypeKind;

pub(super) fn comparisons(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
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

pub(super) fn concatenations(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
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

pub(super) fn arithmetic(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
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

pub(super) fn cases(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
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

pub(super) fn bounds(expr: &Expr<'_>, _: &ConditionScope<'_>) -> Result<()> {
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

pub(super) fn lists(expr: &Expr<'_>, scope: &ConditionScope<'_>) -> Result<()> {
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
