//! Functions of conditions that have a syntax of their own.

use super::cel::Cel;
use super::emit::{As, Emitter, push};
use super::expr::{Expr, Special};
use super::scope::ConditionScope;
use super::sql_types::Category;
use super::{Result, refused};
use crate::schema::logical::ddl::tree::SyntaxNode;

impl Emitter {
    pub(super) fn special<'s>(
        &mut self,
        expr: &Expr<'_>,
        special: &Special<'_>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        match special {
            Special::Cast { argument, target } => self.cast(expr, argument, target, scope, out),
            Special::Extract { field, argument } => self.extract(expr, field, argument, scope, out),
            Special::Substring(arguments) => self.substring(arguments, scope, out),
            Special::Position { needle, text } => {
                out.push('(');
                let text = self.receiver(text, As::Native, scope, out)?;
                out.push_str(".indexOf(");
                let needle = self.native(needle, scope, out)?;
                out.push_str(") + 1)");
                Ok(self.call("indexOf", &[text, needle]))
            }
            Special::Trim { side: Some(side), .. } => refused(
                expr.node,
                format!("TRIM {side} is not supported. There is no directional trim; use TRIM(x) (whitespace, both ends)."),
            ),
            Special::Trim { side: None, arguments } => match arguments.as_slice() {
                [_] => self.method("trim", arguments, scope, out),
                _ => refused(
                    expr.node,
                    "TRIM with a character set is not supported. The generated trim() removes leading/trailing whitespace only and has no \
                     chars overload. Use TRIM(x) (whitespace, both ends), or for character-set trimming, use MATCHES(x, '<regex>') with an \
                     anchored pattern.",
                ),
            },
            Special::CurrentTimestamp => {
                out.push_str("now");
                Ok(Cel::Timestamp)
            }
            Special::VariantGet { value, path, returning, is_try } => {
                let label = returning.map(variant_label).transpose()?;
                let function = if *is_try { "variants.tryAs" } else { "variants.as" };
                if label.is_some() {
                    push(out, &format!("{function}("))?;
                }
                let cel = self.of_two("variants.path", value, path, As::Native, scope, out)?;
                match label {
                    Some(label) => {
                        push(out, &format!(", \"{label}\")"))?;
                        Ok(self.call(function, &[cel, Cel::String]))
                    }
                    None => Ok(cel),
                }
            }
        }
    }

    fn cast<'s>(
        &mut self,
        expr: &Expr<'_>,
        argument: &Expr<'_>,
        target: &SyntaxNode<'_>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let is_decimal = scope.category(argument) == Some(Category::Decimal);
        let word = target.children().first().map_or("", SyntaxNode::name);
        let shown = || target.text().to_uppercase();
        if matches!(word, "DECIMAL" | "DEC" | "NUMERIC") {
            let scale = target.all("int_literal").nth(1).and_then(|scale| scale.text().parse::<i32>().ok()).unwrap_or(0);
            out.push_str("decimals.round(");
            if is_decimal {
                self.value(argument, As::Decimal, scope, out)?;
            } else {
                self.plain("decimal", std::slice::from_ref(argument), scope, out)?;
            }
            push(out, &format!(", {scale})"))?;
            return Ok(Cel::Decimal);
        }
        let function = match word {
            "INT" | "INTEGER" | "TINYINT" | "SMALLINT" | "BIGINT" => "int",
            "FLOAT" | "REAL" | "DOUBLE" => "double",
            "STRING" | "VARCHAR" | "CHAR" | "CHARACTER" => "string",
            "BOOLEAN" => "bool",
            "BYTES" | "BINARY" | "VARBINARY" => "bytes",
            _ => {
                return refused(
                    target,
                    format!(
                        "CAST to type '{}' is not supported in CHECK. Supported types: INT/INTEGER/TINYINT/SMALLINT/BIGINT, \
                         FLOAT/REAL/DOUBLE/DECIMAL, STRING/VARCHAR/CHAR, BOOLEAN, BYTES/BINARY/VARBINARY. Date/time casts are not supported \
                         in v1.",
                        shown()
                    ),
                );
            }
        };
        if is_decimal && function != "string" && function != "double" {
            return refused(
                expr.node,
                format!(
                    "CAST from DECIMAL to {} is not supported. From a DECIMAL source only CAST(... AS STRING), CAST(... AS DOUBLE), and \
                     CAST(... AS DECIMAL(p,s)) are available.",
                    shown()
                ),
            );
        }
        push(out, &format!("{function}("))?;
        let cel = self.value(argument, if is_decimal { As::Decimal } else { As::Native }, scope, out)?;
        out.push(')');
        Ok(self.call(function, &[cel]))
    }

    fn extract<'s>(
        &mut self,
        expr: &Expr<'_>,
        field: &str,
        argument: &Expr<'_>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let (before, method, after) = match field.to_uppercase().as_str() {
            "YEAR" => ("", "getFullYear", ".getFullYear()"),
            "MONTH" => ("(", "getMonth", ".getMonth() + 1)"),
            "DAY" => ("", "getDate", ".getDate()"),
            "HOUR" => ("", "getHours", ".getHours()"),
            "MINUTE" => ("", "getMinutes", ".getMinutes()"),
            "SECOND" => ("", "getSeconds", ".getSeconds()"),
            "EPOCH" => ("int(", "int", ")"),
            _ => {
                return refused(
                    expr.node,
                    format!(
                        "EXTRACT field '{field}' is not supported. Supported fields: YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, EPOCH."
                    ),
                );
            }
        };
        out.push_str(before);
        let to = if scope.has_time(argument) { As::Time } else { As::Native };
        let cel = self.receiver(argument, to, scope, out)?;
        out.push_str(after);
        Ok(self.call(method, &[cel]))
    }

    fn substring<'s>(&mut self, arguments: &[Expr<'_>], scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let [text, start, length @ ..] = arguments else { return Ok(Cel::Dyn) };
        let length = length.first();
        if let Some(at) = start.integer().filter(|at| *at <= 0) {
            return refused(
                start.node,
                format!(
                    "SUBSTRING start index must be ≥ 1 (SQL is 1-indexed); got {at}. Postgres clamps non-positive starts to 1, but the \
                     generated expression performs no clamping; rewrite the expression to use a positive start."
                ),
            );
        }
        if let Some((node, own)) = length.and_then(|length| Some((length.node, length.integer().filter(|own| *own < 0)?))) {
            return refused(
                node,
                format!(
                    "SUBSTRING length must be ≥ 0; got {own}. Postgres returns an empty string for negative lengths, but the generated \
                     expression would throw at runtime; rewrite the expression to use a non-negative length."
                ),
            );
        }
        let cel = self.receiver(text, As::Native, scope, out)?;
        let mut from = String::new();
        let at = self.native(start, scope, &mut from)?;
        let mut types = vec![cel, self.call("_-_", &[at.clone(), Cel::Int])];
        push(out, &format!(".substring(({from}) - 1"))?;
        if let Some(length) = length {
            push(out, &format!(", ({from}) - 1 + ("))?;
            let own = self.native(length, scope, out)?;
            types.push(self.call("_+_", &[at, own]));
            out.push(')');
        }
        out.push(')');
        Ok(self.call("substring", &types))
    }
}

/// What a variant's value is called that is read as a type.
fn variant_label(target: &SyntaxNode<'_>) -> Result<&'static str> {
    Ok(match target.children().first().map_or("", SyntaxNode::name) {
        "INT" | "INTEGER" | "TINYINT" | "SMALLINT" | "BIGINT" => "int",
        "FLOAT" | "REAL" | "DOUBLE" => "double",
        "DECIMAL" | "DEC" | "NUMERIC" => "decimal",
        "STRING" | "VARCHAR" | "CHAR" | "CHARACTER" => "string",
        "BOOLEAN" => "boolean",
        "BYTES" | "BINARY" | "VARBINARY" => "bytes",
        "TIMESTAMP" | "TIMESTAMP_LTZ" => "timestamp",
        _ => {
            return refused(
                target,
                format!(
                    "VARIANT_GET RETURNING type '{}' is not supported. Extractable types: INT/INTEGER/TINYINT/SMALLINT/BIGINT, \
                     FLOAT/REAL/DOUBLE, DECIMAL, STRING/VARCHAR/CHAR, BOOLEAN, BYTES/BINARY/VARBINARY, TIMESTAMP.",
                    target.text().to_uppercase()
                ),
            );
        }
    })
}
