//! Columns of conditions in CEL, and the steps into them.

use super::cel::Cel;
use super::emit::{Emitter, push};
use super::expr::ColumnStep;
use super::scope::ConditionScope;
use super::vocabulary::is_name;
use super::{Result, literals};
use crate::schema::logical::model::{Type, TypeKind};

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

impl Emitter {
    pub(super) fn name<'s>(&mut self, name: &str, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
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
        if !is_name(name) {
            self.mismatch(format!("Syntax error: '{name}' is no identifier"));
        }
        push(out, &format!(".{name}"))
    }

    pub(super) fn steps<'s>(
        &mut self,
        steps: &[ColumnStep<'_>],
        from: Option<&'s Type>,
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
}
