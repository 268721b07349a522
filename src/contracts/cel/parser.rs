//! From text to expressions. Length and nesting are bounded, so that what walks an expression may recurse.

use super::ParseError;
use super::ast::{Binary, Comprehension, Expr, ExprKind, Macro, Unary};
use super::lexer::{Lexer, Token};
use super::value::CelValue;

/// Bytes of an expression.
pub const MAX_EXPRESSION_BYTES: usize = 16 << 10;
/// Nesting of an expression. `a && b && c` is one level; `a + b + c` is two.
pub const MAX_EXPRESSION_DEPTH: usize = 64;

/// Reads an expression.
///
/// # Errors
/// Where it can't be read, or is too long or too deep.
pub(super) fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > MAX_EXPRESSION_BYTES {
        return Err(ParseError::new(0, format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes")));
    }
    let mut parser = Parser { lexer: Lexer::new(text), at: 0, token: Token::End, depth: 0 };
    parser.advance()?;
    let (expr, _) = parser.expression()?;
    match parser.token {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("the end of the expression")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// Where the current word begins.
    at: usize,
    token: Token<'t>,
    depth: usize,
}

/// An expression with its depth.
type Deep = (Expr, usize);

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'t> Parser<'t> {
    fn advance(&mut self) -> Result<(), ParseError> {
        (self.at, self.token) = self.lexer.next()?;
        Ok(())
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        let found = match &self.token {
            Token::End => "the expression ends".to_owned(),
            Token::Ident(name) => format!("'{name}' stands"),
            Token::Symbol(symbol) => format!("'{symbol}' stands"),
            Token::Int(text) | Token::Uint(text) | Token::Double(text) => format!("'{text}' stands"),
            Token::String(_) | Token::Bytes(_) => "a text stands".to_owned(),
        };
        ParseError::new(self.at, format!("{found} where {wanted} is expected"))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    fn take(&mut self, symbol: &str) -> Result<bool, ParseError> {
        let is = self.is(symbol);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, symbol: &str) -> Result<(), ParseError> {
        if self.take(symbol)? { Ok(()) } else { Err(self.unexpected(&format!("'{symbol}'"))) }
    }

    fn node(&self, at: usize, kind: ExprKind, below: usize) -> Result<Deep, ParseError> {
        let depth = below + 1;
        if depth + self.depth > MAX_EXPRESSION_DEPTH {
            return Err(ParseError::new(at, format!("the expression is nested deeper than {MAX_EXPRESSION_DEPTH} levels")));
        }
        Ok((Expr { at: offset(at), kind }, depth))
    }

    fn expression(&mut self) -> Result<Deep, ParseError> {
        if self.depth >= MAX_EXPRESSION_DEPTH {
            return Err(ParseError::new(self.at, format!("the expression is nested deeper than {MAX_EXPRESSION_DEPTH} levels")));
        }
        self.depth += 1;
        let result = self.conditional();
        self.depth -= 1;
        result
    }

    fn conditional(&mut self) -> Result<Deep, ParseError> {
        let start = self.at;
        let (condition, a) = self.or()?;
        if !self.take("?")? {
            return Ok((condition, a));
        }
        let (yes, b) = self.or()?;
        self.expect(":")?;
        let (no, c) = self.expression()?;
        self.node(start, ExprKind::Conditional(Box::new([condition, yes, no])), a.max(b).max(c))
    }

    fn or(&mut self) -> Result<Deep, ParseError> {
        self.logical("||", ExprKind::Or, |parser| parser.logical("&&", ExprKind::And, |parser| parser.binary(0)))
    }

    fn logical(
        &mut self,
        symbol: &str,
        kind: impl FnOnce(Vec<Expr>) -> ExprKind,
        operand: impl Fn(&mut Self) -> Result<Deep, ParseError>,
    ) -> Result<Deep, ParseError> {
        let start = self.at;
        let (first, mut depth) = operand(self)?;
        if !self.is(symbol) {
            return Ok((first, depth));
        }
        let mut operands = vec![first];
        while self.take(symbol)? {
            let (next, below) = operand(self)?;
            operands.push(next);
            depth = depth.max(below);
        }
        self.node(start, kind(operands), depth)
    }

    /// The operator that stands here, and how tightly it binds.
    fn operator(&self) -> Option<(Binary, u8)> {
        let Token::Symbol(symbol) = self.token else {
            return matches!(self.token, Token::Ident("in")).then_some((Binary::In, 0));
        };
        Some(match symbol {
            "==" => (Binary::Equal, 0),
            "!=" => (Binary::NotEqual, 0),
            "<" => (Binary::Less, 0),
            "<=" => (Binary::LessOrEqual, 0),
            ">" => (Binary::Greater, 0),
            ">=" => (Binary::GreaterOrEqual, 0),
            "+" => (Binary::Add, 1),
            "-" => (Binary::Subtract, 1),
            "*" => (Binary::Multiply, 2),
            "/" => (Binary::Divide, 2),
            "%" => (Binary::Remainder, 2),
            _ => return None,
        })
    }

    /// Operators that bind at least so tightly.
    fn binary(&mut self, lowest: u8) -> Result<Deep, ParseError> {
        let (mut left, mut depth) = self.unary()?;
        while let Some((operator, tightness)) = self.operator().filter(|(_, tightness)| *tightness >= lowest) {
            let at = self.at;
            self.advance()?;
            let (right, below) = self.binary(tightness + 1)?;
            let kind = ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
            (left, depth) = self.node(at, kind, depth.max(below))?;
        }
        Ok((left, depth))
    }

    fn unary(&mut self) -> Result<Deep, ParseError> {
        let mut signs = Vec::new();
        loop {
            let operator = if self.is("!") {
                Unary::Not
            } else if self.is("-") {
                Unary::Minus
            } else {
                break;
            };
            signs.push((self.at, operator));
            self.advance()?;
        }
        let (mut expr, mut depth) = if let (Token::Int(text), Some((at, Unary::Minus))) = (&self.token, signs.last()) {
            // the smallest number has no positive counterpart
            let value = integer(text).and_then(|value| i64::try_from(-value).ok());
            let value = value.ok_or_else(|| out_of_range(*at))?;
            let (at, _) = signs.pop().unwrap_or((self.at, Unary::Minus));
            self.advance()?;
            let literal = self.node(at, ExprKind::Literal(CelValue::Int(value)), 0)?;
            self.members(literal)?
        } else {
            let primary = self.primary()?;
            self.members(primary)?
        };
        while let Some((at, operator)) = signs.pop() {
            (expr, depth) = self.node(at, ExprKind::Unary { operator, operand: Box::new(expr) }, depth)?;
        }
        Ok((expr, depth))
    }

    /// Selections, indexes and calls of methods behind an expression.
    fn members(&mut self, (mut expr, mut depth): Deep) -> Result<Deep, ParseError> {
        loop {
            if self.take(".")? {
                let at = self.at;
                let name = self.ident("a name")?;
                if self.take("(")? {
                    let (arguments, below) = self.list(")")?;
                    let kind = method(expr, name, arguments, at)?;
                    (expr, depth) = self.node(at, kind, depth.max(below))?;
                } else {
                    let kind = ExprKind::Select { operand: Box::new(expr), field: name.into() };
                    (expr, depth) = self.node(at, kind, depth)?;
                }
            } else if self.is("[") {
                let at = self.at;
                self.advance()?;
                let (index, below) = self.expression()?;
                self.expect("]")?;
                let kind = ExprKind::Index { operand: Box::new(expr), index: Box::new(index) };
                (expr, depth) = self.node(at, kind, depth.max(below))?;
            } else {
                return Ok((expr, depth));
            }
        }
    }

    fn ident(&mut self, wanted: &str) -> Result<&'t str, ParseError> {
        let Token::Ident(name) = self.token else { return Err(self.unexpected(wanted)) };
        self.advance()?;
        Ok(name)
    }

    /// Expressions up to the closing bracket.
    fn list(&mut self, end: &str) -> Result<(Vec<Expr>, usize), ParseError> {
        let (mut items, mut depth) = (Vec::new(), 0);
        if self.take(end)? {
            return Ok((items, depth));
        }
        loop {
            let (item, below) = self.expression()?;
            items.push(item);
            depth = depth.max(below);
            if !self.take(",")? {
                break;
            }
        }
        self.expect(end)?;
        Ok((items, depth))
    }

    fn primary(&mut self) -> Result<Deep, ParseError> {
        let at = self.at;
        let literal = match &self.token {
            Token::Int(text) => {
                CelValue::Int(integer(text).and_then(|value| i64::try_from(value).ok()).ok_or_else(|| out_of_range(at))?)
            }
            Token::Uint(text) => {
                CelValue::Uint(integer(text).and_then(|value| u64::try_from(value).ok()).ok_or_else(|| out_of_range(at))?)
            }
            Token::Double(text) => CelValue::Double(text.parse().map_err(|_| out_of_range(at))?),
            Token::String(text) => CelValue::string(text),
            Token::Bytes(bytes) => CelValue::Bytes(bytes.as_slice().into()),
            Token::Ident("true") => CelValue::Bool(true),
            Token::Ident("false") => CelValue::Bool(false),
            Token::Ident("null") => CelValue::Null,
            Token::Ident("in") => return Err(self.unexpected("a value")),
            Token::Ident(name) => {
                let name = *name;
                self.advance()?;
                return self.named(at, name);
            }
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => {
                self.advance()?;
                let (items, depth) = self.list("]")?;
                return self.node(at, ExprKind::List(items), depth);
            }
            Token::Symbol("{") => {
                self.advance()?;
                return self.map(at);
            }
            // a name from the root on
            Token::Symbol(".") => {
                self.advance()?;
                let name = self.ident("a name")?;
                return self.named(at, name);
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.advance()?;
        self.node(at, ExprKind::Literal(literal), 0)
    }

    fn named(&mut self, at: usize, name: &'t str) -> Result<Deep, ParseError> {
        if !self.take("(")? {
            return self.node(at, ExprKind::Ident(name.into()), 0);
        }
        let (mut arguments, depth) = self.list(")")?;
        if name == "has" {
            let (Some(argument), true) = (arguments.pop(), arguments.is_empty()) else {
                return Err(ParseError::new(at, "has() takes one field"));
            };
            return self.node(at, ExprKind::Has(Box::new(argument)), depth);
        }
        self.node(at, ExprKind::Call { function: name.into(), target: None, arguments }, depth)
    }

    fn map(&mut self, at: usize) -> Result<Deep, ParseError> {
        let (mut entries, mut depth) = (Vec::new(), 0);
        if !self.take("}")? {
            loop {
                let (key, a) = self.expression()?;
                self.expect(":")?;
                let (value, b) = self.expression()?;
                entries.push((key, value));
                depth = depth.max(a).max(b);
                if !self.take(",")? {
                    break;
                }
            }
            self.expect("}")?;
        }
        self.node(at, ExprKind::Map(entries), depth)
    }
}

/// A call of a method, or a macro.
fn method(target: Expr, name: &str, mut arguments: Vec<Expr>, at: usize) -> Result<ExprKind, ParseError> {
    let Ok(found) = name.parse::<Macro>() else {
        return Ok(ExprKind::Call { function: name.into(), target: Some(Box::new(target)), arguments });
    };
    let count = arguments.len();
    let filtered = found == Macro::Map && count == 3;
    if count != 2 && !filtered {
        return Err(ParseError::new(at, format!("{name}() takes a variable and an expression")));
    }
    let body = arguments.pop();
    let filter = if filtered { arguments.pop() } else { None };
    let (Some(variable), Some(body)) = (arguments.pop(), body) else {
        return Err(ParseError::new(at, format!("{name}() takes a variable and an expression")));
    };
    let ExprKind::Ident(variable) = variable.kind else {
        return Err(ParseError::new(variable.at as usize, format!("the first argument of {name}() must be a name")));
    };
    Ok(ExprKind::Comprehension(Box::new(Comprehension { name: found, range: target, variable, filter, body })))
}

fn integer(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn out_of_range(at: usize) -> ParseError {
    ParseError::new(at, "the number is out of range")
}
