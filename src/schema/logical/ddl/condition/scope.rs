//! What the names of a condition stand for, and the types of its parts as far as they are certain.

use super::cel::Cel;
use super::expr::{Case, ColumnStep, Expr, ExprForm, Literal};
use super::sql_types::{BIGINT, BOOLEAN, Category, DOUBLE, STRING, VARIANT, Wider, of_literal, of_special, wider};
use crate::schema::logical::model::{Field, NamedTypes, Type, TypeKind};
use crate::schema::meter;

/// The columns that a condition may name: the one that it stands at, or all of a struct.
pub(in crate::schema::logical::ddl) struct ConditionScope<'s> {
    columns: Vec<(&'s str, &'s Type)>,
    named: &'s NamedTypes,
    pub(super) is_column: bool,
    /// The innermost variable comes last.
    variables: Vec<ScopeVariable<'s>>,
}

/// A variable that goes through a list or map.
#[derive(Clone)]
struct ScopeVariable<'s> {
    name: String,
    ty: Option<&'s Type>,
    cel: Cel<'s>,
}

impl<'s> ConditionScope<'s> {
    /// The scope of a condition at a column.
    pub(in crate::schema::logical::ddl) fn column(name: &'s str, ty: &'s Type, named: &'s NamedTypes) -> Self {
        Self { columns: vec![(name, ty)], named, is_column: true, variables: Vec::new() }
    }

    /// The scope of a condition at a struct.
    pub(in crate::schema::logical::ddl) fn table(fields: &'s [Field], named: &'s NamedTypes) -> Self {
        let columns = fields.iter().map(|field| (field.name.as_str(), &field.ty)).collect();
        Self { columns, named, is_column: false, variables: Vec::new() }
    }

    /// The scope within a list or map of this type.
    pub(super) fn with(&self, name: &str, collection: &Expr<'_>, cel: Cel<'s>) -> Self {
        let element = match self.ty(collection).map(|ty| &ty.kind) {
            Some(TypeKind::Array(element) | TypeKind::Multiset(element)) => Some(&**element),
            Some(TypeKind::Map(pair)) => Some(&pair.1),
            _ => None,
        };
        let mut variables = self.variables.clone();
        variables.push(ScopeVariable { name: name.to_owned(), ty: element, cel });
        Self { columns: self.columns.clone(), named: self.named, is_column: self.is_column, variables }
    }

    fn variable(&self, name: &str) -> Option<&ScopeVariable<'s>> {
        self.variables.iter().rev().find(|variable| variable.name == name)
    }

    fn own(&self, name: &str) -> Option<&'s Type> {
        self.columns.iter().rev().find(|(own, _)| *own == name).map(|(_, ty)| *ty)
    }

    /// Whether it names a column, and no variable hides it.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.variable(name).is_none() && self.own(name).is_some()
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        name == "now" || self.variable(name).is_some() || self.own(name).is_some()
    }

    pub(super) fn names(&self) -> String {
        if self.columns.is_empty() {
            return "(none)".to_owned();
        }
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The declared type of a name.
    pub(super) fn declared(&self, name: &str) -> Option<&'s Type> {
        match self.variable(name) {
            Some(variable) => variable.ty,
            None => self.own(name),
        }
    }

    /// The type of a name in CEL.
    pub(super) fn cel(&self, name: &str) -> Cel<'s> {
        match (self.variable(name), self.own(name)) {
            (Some(variable), _) => variable.cel.clone(),
            (None, Some(ty)) => Cel::of(ty, self.named),
            (None, None) => Cel::Timestamp,
        }
    }

    /// The body of a named type; `None` where it is declared elsewhere.
    pub(super) fn body(&self, ty: &'s Type) -> Option<&'s Type> {
        match &ty.kind {
            TypeKind::Named(name) => self.named.get(name),
            _ => Some(ty),
        }
    }

    /// Where a step leads.
    pub(super) fn step(&self, from: &'s Type, step: &ColumnStep<'_>) -> Option<&'s Type> {
        let next = match (step, &self.body(from)?.kind) {
            (ColumnStep::Field(_, name), TypeKind::Struct(fields)) => &fields.iter().find(|field| field.name == *name)?.ty,
            (ColumnStep::Index(..), TypeKind::Array(element) | TypeKind::Multiset(element)) => element,
            (ColumnStep::Index(..), TypeKind::Map(pair)) => &pair.1,
            _ => return None,
        };
        Some(next)
    }

    fn path(&self, name: &str, steps: &[ColumnStep<'_>]) -> Option<&'s Type> {
        let mut current = self.body(self.declared(name)?)?;
        for step in steps {
            // elements that are named types are not looked into, fields are
            if matches!(current.kind, TypeKind::Named(_)) {
                return None;
            }
            current = self.step(current, step)?;
            if matches!(step, ColumnStep::Field(..)) {
                current = self.body(current)?;
            }
        }
        Some(current)
    }

    /// Whether no step to the column can be null.
    pub(super) fn is_never_null(&self, name: &str, steps: &[ColumnStep<'_>]) -> bool {
        let Some(mut current) = self.declared(name).filter(|ty| !ty.nullable) else { return false };
        for step in steps {
            let field = self.step(current, step).filter(|ty| !ty.nullable && matches!(step, ColumnStep::Field(..)));
            let Some(next) = field else { return false };
            current = next;
        }
        self.body(current).is_some()
    }

    /// The type of an expression, if it is certain.
    pub(super) fn ty(&self, expr: &Expr<'_>) -> Option<&'s Type> {
        meter::charge(1).ok()?;
        match &expr.what {
            ExprForm::Sum(chain) | ExprForm::Product(chain) => {
                let mut common: Option<&'s Type> = None;
                for operand in chain.operands() {
                    let ty = self.ty(operand)?;
                    let Wider::To(wider) = wider(common, ty) else { return None };
                    common = Some(wider);
                }
                common
            }
            ExprForm::Signed { operand, .. } => self.ty(operand),
            ExprForm::Column { name, steps } => self.path(name, steps),
            ExprForm::Literal(literal) => of_literal(literal),
            ExprForm::Paren { inner, steps } => {
                if steps.is_empty() {
                    self.ty(inner)
                } else {
                    None
                }
            }
            ExprForm::Case(case) => self.of_case(case),
            ExprForm::Function { name, arguments, .. } => self.of_function(name, arguments),
            ExprForm::Special(special) => of_special(special),
            _ => Some(&BOOLEAN),
        }
    }

    fn of_case(&self, case: &Case<'_>) -> Option<&'s Type> {
        self.common_type(case.results().into_iter())
    }

    /// The type of several results; those that are not certain don't count.
    fn common_type<'e, 'n: 'e>(&self, results: impl Iterator<Item = &'e Expr<'n>>) -> Option<&'s Type> {
        let mut common: Option<&'s Type> = None;
        for ty in results.filter_map(|result| self.ty(result)) {
            match wider(common, ty) {
                Wider::To(wider) => common = Some(wider),
                Wider::Unknown => {}
                Wider::Nothing => return None,
            }
        }
        common
    }

    fn of_function(&self, name: &str, arguments: &[Expr<'_>]) -> Option<&'s Type> {
        let first = || arguments.first().and_then(|argument| self.ty(argument));
        let is_decimal = |ty: Option<&Type>| ty.is_some_and(|ty| matches!(ty.kind, TypeKind::Decimal { .. }));
        match name {
            "LENGTH" => Some(&BIGINT),
            "UPPER" | "LOWER" | "REPLACE" | "TO_JSON" | "TYPE_OF_VARIANT" => Some(&STRING),
            name if super::vocabulary::is_true_or_false(name) => Some(&BOOLEAN),
            "GREATEST" | "LEAST" | "COALESCE" => self.common_type(arguments.iter()),
            "NULLIF" => arguments.iter().find_map(|argument| self.ty(argument)),
            "ABS" | "FLOOR" | "CEIL" | "CEILING" | "ROUND" | "TRUNCATE" => first(),
            "SQRT" => {
                if arguments.is_empty() {
                    None
                } else {
                    first().filter(|ty| is_decimal(Some(ty))).or(Some(&DOUBLE))
                }
            }
            "SIGN" => first().map(|ty| if is_decimal(Some(ty)) { &BIGINT } else { ty }),
            "PARSE_JSON" | "TRY_PARSE_JSON" => Some(&VARIANT),
            _ => None,
        }
    }

    pub(super) fn category(&self, expr: &Expr<'_>) -> Option<Category> {
        self.ty(expr).and_then(|ty| Category::of(&ty.kind))
    }

    /// The kind of number that an expression is or becomes, looked at part by part.
    pub(super) fn number(&self, expr: &Expr<'_>) -> Option<Category> {
        match self.raw_number(expr) {
            RawNumeric::Number(category) => Some(category),
            RawNumeric::Nothing | RawNumeric::Other => None,
        }
    }

    fn raw_number(&self, expr: &Expr<'_>) -> RawNumeric {
        if meter::charge(1).is_err() {
            return RawNumeric::Other;
        }
        let leaf = |ty: Option<&Type>| match ty.and_then(|ty| Category::of(&ty.kind)) {
            Some(category) if category.is_number() => RawNumeric::Number(category),
            _ => RawNumeric::Other,
        };
        match &expr.what {
            ExprForm::Column { .. }
            | ExprForm::Literal(_)
            | ExprForm::Function { .. }
            | ExprForm::Special(_)
            | ExprForm::Case(_) => leaf(self.ty(expr)),
            _ if !expr.is_value() => RawNumeric::Other,
            _ => {
                let mut found = RawNumeric::Nothing;
                for part in expr.parts() {
                    found = match (found, self.raw_number(part)) {
                        (_, RawNumeric::Other) => return RawNumeric::Other,
                        (RawNumeric::Number(one), RawNumeric::Number(other)) => RawNumeric::Number(one.max(other)),
                        (before, RawNumeric::Nothing) => before,
                        (_, number) => number,
                    };
                }
                found
            }
        }
    }

    /// The kind of number that all of them become.
    pub(super) fn common_number<'e, 'n: 'e>(&self, exprs: impl Iterator<Item = &'e Expr<'n>>) -> Option<Category> {
        let mut common = None;
        for expr in exprs {
            common = common.max(Some(self.number(expr)?));
        }
        common
    }

    /// Whether a point in time is named anywhere in it.
    pub(super) fn has_time(&self, expr: &Expr<'_>) -> bool {
        match &expr.what {
            ExprForm::Column { .. } => self.is_instant(expr),
            ExprForm::Literal(Literal::Timestamp(_) | Literal::Interval(..)) => true,
            _ => meter::charge(1).is_ok() && expr.parts().into_iter().any(|part| self.has_time(part)),
        }
    }

    pub(super) fn is_instant(&self, expr: &Expr<'_>) -> bool {
        self.ty(expr).is_some_and(|ty| matches!(ty.kind, TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_)))
    }

    /// Whether CEL's `has` can ask for it: a column of a struct, or a field, by plain names.
    pub(super) fn can_be_asked_for(&self, expr: &Expr<'_>) -> bool {
        let is_plain = |step: &ColumnStep<'_>| matches!(step, ColumnStep::Field(_, name) if !super::literals::is_cel_word(name));
        match &expr.what {
            ExprForm::Column { name, steps } => {
                let is_selected = self.is_own(name) && !self.is_column;
                if is_selected && super::literals::is_cel_word(name) || !steps.iter().all(is_plain) {
                    return false;
                }
                is_selected || !steps.is_empty()
            }
            ExprForm::Paren { inner, steps } => self.can_be_asked_for(inner) && steps.iter().all(is_plain),
            _ => false,
        }
    }
}

/// What an expression says about numbers.
enum RawNumeric {
    Nothing,
    Other,
    Number(Category),
}
