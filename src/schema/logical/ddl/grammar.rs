//! The rules of the language, and the automaton that they make.
//!
//! Messages about what doesn't fit list what could have stood there, so the parser can't be a handful of functions: it walks the
//! automaton, as those do that parser generators write.

use std::sync::LazyLock;

use super::automaton::{Automaton, Expression};
use super::token::{EOF, KindSet, bit, kind_named};

/// Rules: words in capitals are kinds of tokens, those in lower case other rules. `^` marks alternatives that go on with what
/// stands before them.
const RULES: [(&str, &str); 64] = [
    ("script", "( namespace ';' )? ( using ';' )* ( declaration ( ';' declaration )* ';'? )? ( root ';'? )? EOF"),
    ("namespace", "NAMESPACE qualified_name"),
    ("using", "USING TYPE qualified_name FOR string_literal"),
    (
        "declaration",
        "( STRUCT | ROW ) qualified_name struct_body comment? tags? with? | ENUM qualified_name enum_body comment? with?",
    ),
    ("root", "TYPE type"),
    ("struct_body", "'(' member ( ',' member )* ')'"),
    ("member", "field | table_constraint"),
    ("field", "field_name type default? column_constraint* comment? tags? with?"),
    ("field_name", "identifier"),
    ("nullability", "NULL | NOT NULL"),
    ("default", "DEFAULT literal"),
    ("comment", "COMMENT string_literal | string_literal"),
    ("tags", "TAGS '(' string_literal ( ',' string_literal )* ')'"),
    ("with", "WITH '(' property ( ',' property )* ')'"),
    ("property", "string_literal '=' string_literal"),
    ("column_constraint", "check"),
    ("table_constraint", "check"),
    ("check", "( CONSTRAINT identifier )? CHECK '(' condition ')' message?"),
    ("message", "MESSAGE string_literal"),
    ("condition", "disjunction"),
    ("disjunction", "conjunction ( OR conjunction )*"),
    ("conjunction", "negation ( AND negation )*"),
    ("negation", "NOT negation | null_test"),
    ("null_test", "comparison ( IS NOT? NULL )?"),
    ("comparison", "between ( ( '=' | '<>' | '!=' | '<' | '<=' | '>' | '>=' ) between )?"),
    ("between", "in ( NOT? BETWEEN SYMMETRIC? in AND in )?"),
    ("in", "like ( NOT? IN in_target )?"),
    ("in_target", "'(' conditions ')' | like"),
    ("like", "sum ( NOT? LIKE string_literal escape? )?"),
    ("escape", "ESCAPE string_literal"),
    ("sum", "product ( ( '+' | '-' ) product )*"),
    ("product", "signed ( ( '*' | '/' | '%' | '||' ) signed )*"),
    ("signed", "( '-' | '+' )? primary"),
    ("primary", "function | column | literal | '(' condition ')' indirection? | case"),
    ("function", "special_function | application"),
    ("application", "identifier '(' conditions? ')'"),
    (
        "special_function",
        "CAST '(' condition AS cast_type ')' | EXTRACT '(' identifier FROM condition ')' \
         | SUBSTRING '(' condition FROM condition ( FOR condition )? ')' \
         | SUBSTRING '(' condition ',' condition ( ',' condition )? ')' | POSITION '(' condition IN condition ')' \
         | TRIM '(' ( BOTH | LEADING | TRAILING )? condition ( FROM condition )? ')' | CURRENT_TIMESTAMP \
         | VARIANT_GET '(' condition ',' condition ( RETURNING cast_type )? ')' \
         | TRY_VARIANT_GET '(' condition ',' condition RETURNING cast_type ')'",
    ),
    ("cast_type", "primitive"),
    ("case", "CASE condition? when+ ( ELSE condition )? END"),
    ("when", "WHEN condition THEN condition"),
    ("column", "column_name indirection?"),
    ("column_name", "identifier"),
    ("indirection", "step+"),
    ("step", "'.' column_name | '[' condition ']'"),
    ("conditions", "condition ( ',' condition )*"),
    ("enum_body", "'(' enum_value ( ',' enum_value )* ')'"),
    ("enum_value", "string_literal comment? with?"),
    (
        "type",
        "( primitive nullability? | variant nullability? | struct_type nullability? | union nullability? | map nullability? \
         | qualified_name nullability? | ARRAY '<' type '>' nullability? | MULTISET '<' type '>' nullability? ) \
         ( ^ ARRAY nullability? | ^ MULTISET nullability? )*",
    ),
    (
        "primitive",
        "BOOLEAN | TINYINT | SMALLINT | INTEGER | INT | BIGINT | FLOAT | REAL | DOUBLE PRECISION? \
         | DECIMAL ( '(' int_literal ( ',' int_literal )? ')' )? | DEC ( '(' int_literal ( ',' int_literal )? ')' )? \
         | NUMERIC ( '(' int_literal ( ',' int_literal )? ')' )? | CHARACTER VARYING ( '(' int_literal ')' )? \
         | VARCHAR ( '(' int_literal ')' )? | STRING | CHARACTER ( '(' int_literal ')' )? | CHAR ( '(' int_literal ')' )? \
         | BINARY VARYING ( '(' int_literal ')' )? | BINARY ( '(' int_literal ')' )? | VARBINARY ( '(' int_literal ')' )? | BYTES \
         | DATE | TIME ( '(' int_literal ')' )? | TIMESTAMP ( '(' int_literal ')' )? ( WITHOUT TIME ZONE )? \
         | TIMESTAMP ( '(' int_literal ')' )? WITH LOCAL TIME ZONE | TIMESTAMP_LTZ ( '(' int_literal ')' )?",
    ),
    ("variant", "VARIANT"),
    ("struct_type", "( STRUCT | ROW ) '<' field ( ',' field )* '>' | ( STRUCT | ROW ) '(' field ( ',' field )* ')'"),
    ("union", "UNION '<' branch ( ',' branch )* '>' | UNION '(' branch ( ',' branch )* ')'"),
    ("branch", "identifier type comment? with?"),
    ("map", "MAP '<' type ',' type '>'"),
    ("qualified_name", "identifier ( '.' identifier )*"),
    (
        "literal",
        "int_literal | decimal_literal | double_literal | string_literal | bytes_literal | bool_literal | NULL \
         | TIMESTAMP string_literal | INTERVAL string_literal identifier",
    ),
    ("int_literal", "'-'? INT_LITERAL"),
    ("decimal_literal", "'-'? DECIMAL_LITERAL"),
    ("double_literal", "'-'? DOUBLE_LITERAL"),
    ("string_literal", "STRING_LITERAL"),
    ("bytes_literal", "BYTES_LITERAL"),
    ("bool_literal", "TRUE | FALSE"),
    ("identifier", "ID | QUOTED_ID | word"),
    ("word", "ENUM | INTERVAL | MAP | NAMESPACE | TAGS | TYPE | VARIANT | ZONE"),
];

/// The automaton of the rules, made once: the rules don't change.
pub(super) static AUTOMATON: LazyLock<Automaton> = LazyLock::new(|| {
    let names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
    let bodies: Vec<Expression> = RULES.iter().map(|(_, body)| NotationReader::read(body, &names)).collect();
    Automaton::new(&bodies)
});

/// The name of a rule.
pub(super) fn rule_name(rule: usize) -> &'static str {
    RULES.get(rule).map_or("", |(name, _)| name)
}

/// Reads the notation of the rules.
struct NotationReader<'g> {
    words: Vec<&'g str>,
    at: usize,
    rules: &'g [&'g str],
}

impl<'g> NotationReader<'g> {
    fn read(body: &'g str, rules: &'g [&'g str]) -> Expression {
        let words = body.split_whitespace().collect();
        Self { words, at: 0, rules }.alternatives()
    }

    fn next_is(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Expression {
        let mut alternatives = vec![self.sequence()];
        while self.next_is("|") {
            alternatives.push(self.sequence());
        }
        // alternatives of one token each are one set, as parser generators see them
        let single = |sequence: &Vec<Expression>| match sequence.as_slice() {
            [Expression::Token(set)] => Some(*set),
            _ => None,
        };
        if let Some(set) = alternatives.iter().map(single).try_fold(0, |all: KindSet, set| Some(all | set?)) {
            return Expression::Token(set);
        }
        Expression::Choice(alternatives)
    }

    fn sequence(&mut self) -> Vec<Expression> {
        let mut sequence = Vec::new();
        while let Some(word) = self.words.get(self.at).copied().filter(|word| *word != "|" && !word.starts_with(')')) {
            self.at += 1;
            sequence.push(self.element(word));
        }
        sequence
    }

    fn element(&mut self, word: &str) -> Expression {
        if word == "(" {
            let group = self.alternatives();
            let end = self.words.get(self.at).copied().unwrap_or(")");
            self.at += 1;
            return repeated(group, end.get(1..).unwrap_or(""));
        }
        if word == "^" {
            return Expression::Continued;
        }
        // symbols stand in quotes
        let end = if word.starts_with('\'') {
            word.rfind('\'').map_or(0, |at| at + 1)
        } else {
            word.trim_end_matches(['?', '*', '+']).len()
        };
        let (name, suffix) = word.split_at_checked(end).unwrap_or((word, ""));
        let element = match self.rules.iter().position(|rule| *rule == name) {
            Some(rule) => Expression::Rule(rule),
            None => Expression::Token(if name == "EOF" { bit(EOF) } else { kind_named(name).map_or(0, bit) }),
        };
        repeated(element, suffix)
    }
}

fn repeated(element: Expression, suffix: &str) -> Expression {
    match suffix {
        "?" => Expression::Optional(Box::new(element)),
        "*" => Expression::Star(Box::new(element)),
        "+" => Expression::Plus(Box::new(element)),
        _ => element,
    }
}
