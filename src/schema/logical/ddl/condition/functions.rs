//! Functions of conditions.

use super::cel::Cel;
use super::emit::{As, Emitter, not_null, null, push};
use super::expr::{Expr, Literal};
use super::scope::ConditionScope;
use super::sql_types::Category;
use super::vocabulary::{METHODS, NUMERIC, is_name};
use super::{Result, literals, refused};

/// Functions of a variant or of a text that is one.
const VARIANTS: [(&str, &str); 5] = [
    ("PARSE_JSON", "variants.parseJson"),
    ("TRY_PARSE_JSON", "variants.tryParseJson"),
    ("TO_JSON", "variants.toJson"),
    ("TYPE_OF_VARIANT", "variants.type"),
    ("VARIANT_IS_NULL", "variants.isNull"),
];

fn found<'t>(table: &'t [(&'t str, &'t str)], name: &str) -> Option<&'t str> {
    table.iter().find(|(own, _)| *own == name).map(|(_, function)| *function)
}

impl Emitter {
    pub(super) fn function<'s>(
        &mut self,
        expr: &Expr<'_>,
        (name, written): (&str, &str),
        arguments: &[Expr<'_>],
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let count = arguments.len();
        let wants = |count: usize, words: &str| {
            if arguments.len() == count {
                Ok(())
            } else {
                refused(expr.node, format!("{name}() expects {words}, got {}", arguments.len()))
            }
        };
        if let Some((_, method, takes)) = METHODS.iter().find(|(own, ..)| *own == name) {
            if name == "MATCHES" && count == 2 {
                check_pattern(arguments)?;
            }
            wants(*takes, &format!("{takes} argument(s)"))?;
            return self.method(method, arguments, scope, out);
        }
        if let Some(function) = found(&NUMERIC, name) {
            wants(1, "exactly 1 argument")?;
            return self.numeric(function, arguments, scope, out);
        }
        if let Some(function) = found(&VARIANTS, name) {
            wants(1, "1 argument")?;
            return self.plain(function, arguments, scope, out);
        }
        match name {
            "LENGTH" => {
                wants(1, "exactly 1 argument")?;
                self.plain("size", arguments, scope, out)
            }
            "ROUND" | "TRUNCATE" => {
                let function = if name == "ROUND" { "round" } else { "trunc" };
                if count != 1 && count != 2 {
                    return refused(expr.node, format!("{name}() expects 1 or 2 arguments, got {count}"));
                }
                if count == 2 && arguments.first().and_then(|argument| scope.category(argument)) != Some(Category::Decimal) {
                    return refused(
                        expr.node,
                        format!(
                            "{name}() with a scale argument is only supported on DECIMAL operands; for INT/DOUBLE only the single-argument \
                             form is available (math.{function} has no scale parameter)."
                        ),
                    );
                }
                self.numeric(function, arguments, scope, out)
            }
            "COALESCE" if count < 2 => refused(expr.node, format!("COALESCE() expects at least 2 arguments, got {count}")),
            "COALESCE" => self.coalesce(arguments, scope, out),
            "NULLIF" => match arguments {
                [one, other] => self.null_if(one, other, scope, out),
                _ => refused(expr.node, format!("NULLIF() expects 2 arguments, got {count}")),
            },
            "GREATEST" | "LEAST" => match arguments {
                [one, other] => self.greatest_or_least(name == "GREATEST", one, other, scope, out),
                _ => refused(
                    expr.node,
                    format!(
                        "{name}() supports exactly 2 arguments in v1, got {count}. For more, nest calls: {name}(a, {name}(b, c))"
                    ),
                ),
            },
            "EVERY" | "ANY" | "ONE" => match arguments {
                [collection, variable, body] => self.comprehension(name, collection, variable, body, scope, out),
                _ => {
                    refused(expr.node, format!("{name}() expects 3 arguments (list, iteration variable, predicate), got {count}"))
                }
            },
            _ => refused(
                expr.node,
                format!(
                    "Unknown function in CHECK: '{written}'. Allowed functions: LENGTH, UPPER, LOWER, STARTS_WITH, ENDS_WITH, CONTAINS, \
                     REPLACE, MATCHES, COALESCE, NULLIF, GREATEST, LEAST, EVERY, ANY, ONE, IS_EMAIL, IS_HOSTNAME, IS_IPV4, IS_IPV6, IS_URI, \
                     IS_URI_REF, IS_UUID, ABS, SIGN, FLOOR, CEIL/CEILING, ROUND, TRUNCATE, SQRT, PARSE_JSON, TRY_PARSE_JSON, TO_JSON, \
                     TYPE_OF_VARIANT, VARIANT_IS_NULL, plus the special-syntax forms CAST, EXTRACT, SUBSTRING, POSITION, TRIM, \
                     CURRENT_TIMESTAMP, VARIANT_GET, TRY_VARIANT_GET."
                ),
            ),
        }
    }

    /// A function with its arguments as they are.
    pub(super) fn plain<'s>(
        &mut self,
        function: &str,
        arguments: &[Expr<'_>],
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        push(out, &format!("{function}("))?;
        let types = self.list(arguments, scope, out)?;
        out.push(')');
        Ok(self.call(function, &types))
    }

    fn list<'s>(&mut self, arguments: &[Expr<'_>], scope: &ConditionScope<'s>, out: &mut String) -> Result<Vec<Cel<'s>>> {
        let mut types = Vec::new();
        for argument in arguments {
            out.push_str(if types.is_empty() { "" } else { ", " });
            types.push(self.native(argument, scope, out)?);
        }
        Ok(types)
    }

    pub(super) fn method<'s>(
        &mut self,
        method: &str,
        arguments: &[Expr<'_>],
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let Some((receiver, others)) = arguments.split_first() else { return Ok(Cel::Dyn) };
        let mut types = vec![self.receiver(receiver, As::Native, scope, out)?];
        push(out, &format!(".{method}("))?;
        types.extend(self.list(others, scope, out)?);
        out.push(')');
        Ok(self.call(method, &types))
    }

    fn numeric<'s>(
        &mut self,
        function: &str,
        arguments: &[Expr<'_>],
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let Some((number, others)) = arguments.split_first() else { return Ok(Cel::Dyn) };
        let (library, to) = match scope.category(number) {
            Some(Category::Decimal) => ("decimals", As::Decimal),
            _ => ("math", As::Native),
        };
        push(out, &format!("{library}.{function}("))?;
        let mut types = vec![self.value(number, to, scope, out)?];
        for other in others {
            out.push_str(", ");
            types.push(self.native(other, scope, out)?);
        }
        out.push(')');
        Ok(self.call(&format!("{library}.{function}"), &types))
    }

    fn comprehension<'s>(
        &mut self,
        name: &str,
        collection: &Expr<'_>,
        variable: &Expr<'_>,
        body: &Expr<'_>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let word = variable.node.text();
        let wrong = if !is_name(&word) {
            Some(format!(
                "Second argument to {name}() must be a simple identifier naming the iteration variable, got: '{word}'. Example: \
                 {name}(tags, t, LENGTH(t) > 0)"
            ))
        } else if word == "this" {
            Some(format!(
                "{name}() iteration variable name 'this' shadows the implicit row/root reference (the macro binds it as the loop variable, \
                 hiding the row so the body can no longer reach its columns); choose a different identifier."
            ))
        } else if word == "now" {
            Some(format!(
                "{name}() iteration variable name '{word}' shadows a runtime-injected variable; choose a different name."
            ))
        } else if literals::is_cel_word(&word) {
            Some(format!(
                "{name}() iteration variable name '{word}' is a reserved word; choose a different identifier (the macro binding emits as a \
                 bare identifier)."
            ))
        } else {
            None
        };
        if let Some(message) = wrong {
            return refused(variable.node, message);
        }
        let range = self.receiver(collection, As::Native, scope, out)?;
        let function = match name {
            "EVERY" => "all",
            "ANY" => "exists",
            _ => "exists_one",
        };
        push(out, &format!(".{function}({word}, "))?;
        let item = range.item().unwrap_or_else(|| {
            let message = format!("expression of type '{}' cannot be range of a comprehension", range.word());
            self.mismatch.get_or_insert(message);
            Cel::Dyn
        });
        let own = self.native(body, &scope.with(&word, collection, item), out)?;
        self.call("_&&_", &[own, Cel::Bool]);
        out.push(')');
        Ok(Cel::Bool)
    }

    /// Each argument as it is, and as what all of them become, with its type.
    fn both<'s>(
        &mut self,
        arguments: &[&Expr<'_>],
        to: As,
        scope: &ConditionScope<'s>,
    ) -> Result<Vec<(String, String, Cel<'s>)>> {
        let mut written = Vec::new();
        for argument in arguments {
            let (mut own, mut value) = (String::new(), String::new());
            self.native(argument, scope, &mut own)?;
            let cel = self.value(argument, to, scope, &mut value)?;
            written.push((own, value, cel));
        }
        Ok(written)
    }

    fn target(arguments: &[&Expr<'_>], scope: &ConditionScope<'_>) -> (As, Option<Category>) {
        let common = scope.common_number(arguments.iter().copied());
        match As::number(common) {
            As::Native if arguments.iter().any(|argument| scope.has_time(argument)) => (As::Time, common),
            to => (to, common),
        }
    }

    fn coalesce<'s>(&mut self, arguments: &[Expr<'_>], scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let arguments: Vec<&Expr<'_>> = arguments.iter().collect();
        let (to, _) = Self::target(&arguments, scope);
        let written = self.both(&arguments, to, scope)?;
        let Some(((_, last, cel), others)) = written.split_last() else { return Ok(Cel::Dyn) };
        let mut result = cel.clone();
        for ((own, value, cel), argument) in others.iter().zip(&arguments) {
            let has = scope.can_be_asked_for(argument).then_some(own.as_str());
            push(out, &format!("({} ? {value} : ", not_null(value, has)))?;
            result = self.either(cel, &result);
        }
        push(out, last)?;
        push(out, &")".repeat(others.len()))?;
        Ok(result)
    }

    fn null_if<'s>(&mut self, one: &Expr<'_>, other: &Expr<'_>, scope: &ConditionScope<'s>, out: &mut String) -> Result<Cel<'s>> {
        let common = scope.common_number([one, other].into_iter());
        out.push('(');
        self.equal(one, other, false, scope, out)?;
        out.push_str(" ? dyn(null) : dyn(");
        let is_time = common.is_none() && (scope.has_time(one) || scope.has_time(other));
        self.value(one, if is_time { As::Time } else { As::Native }, scope, out)?;
        out.push_str("))");
        Ok(Cel::Dyn)
    }

    fn greatest_or_least<'s>(
        &mut self,
        is_greatest: bool,
        one: &Expr<'_>,
        other: &Expr<'_>,
        scope: &ConditionScope<'s>,
        out: &mut String,
    ) -> Result<Cel<'s>> {
        let (to, common) = Self::target(&[one, other], scope);
        let written = self.both(&[one, other], to, scope)?;
        let [(own_a, a, cel_a), (own_b, b, cel_b)] = written.as_slice() else { return Ok(Cel::Dyn) };
        let has = |expr: &Expr<'_>| scope.can_be_asked_for(expr);
        let (null_a, null_b) = (null(a, has(one).then_some(own_a)), null(b, has(other).then_some(own_b)));
        let operator = if is_greatest { ">" } else { "<" };
        let word = if is_greatest { "greatest" } else { "least" };
        let types = [cel_a.clone(), cel_b.clone()];
        let chosen = match (to, common) {
            (As::Decimal, _) => {
                self.call(&format!("decimals.{word}"), &types);
                format!("decimals.{word}({a}, {b})")
            }
            (_, Some(Category::Int | Category::Double)) => {
                self.call(&format!("math.{word}"), &types);
                format!("math.{word}({a}, {b})")
            }
            _ => {
                self.call(&format!("_{operator}_"), &types);
                format!("({a} {operator} {b} ? {a} : {b})")
            }
        };
        push(out, &format!("({null_a} ? {b} : ({null_b} ? {a} : {chosen}))"))?;
        Ok(self.either(cel_a, cel_b))
    }
}

/// A pattern of MATCHES that is written in the condition must be one.
fn check_pattern(arguments: &[Expr<'_>]) -> Result<()> {
    let Some((argument, (Literal::Text(pattern), _))) = arguments.get(1).and_then(|second| Some((second, second.literal()?)))
    else {
        return Ok(());
    };
    let Err(error) = regex_syntax::ast::parse::ParserBuilder::new().nest_limit(200).build().parse(pattern) else { return Ok(()) };
    refused(
        argument.node,
        format!(
            "MATCHES() regex is invalid (RE2 syntax): {} in pattern '{pattern}'. Note: matches() uses Google RE2 syntax — named groups \
             (?<name>...), possessive quantifiers (*+, ++, ?+), and backreferences (\\1) are not supported.",
            error.kind()
        ),
    )
}
