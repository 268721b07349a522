//! From text to tree.
//!
//! Accepts what Confluent accepts (protobuf 1.6), and also a byte order mark, form feeds, `- 1`, signed exponents, editions, and
//! whole message bodies in groups. Wrong numbers, duplicates and unknown options are accepted: stored files are full of them. They
//! are checked by `validate_fields`.

mod lexer;
mod options;
mod parser;

pub(super) use self::lexer::{COULD_NOT_PARSE, Lexer, is_word};
use self::parser::Parser;
use crate::schema::format::SchemaError;
use crate::schema::protobuf::model::{File, OptionValue};

pub(super) fn parse(text: &str, max_depth: usize) -> Result<File, SchemaError> {
    let mut parser = Parser::new(text, max_depth);
    if u32::try_from(text.len()).is_err() {
        return Err(parser.lexer.fail("the text is too long"));
    }
    parser.file()
}

/// Reads what stands between the braces of a literal, without the braces.
pub(super) fn literal(inner: &str, max_depth: usize) -> Result<OptionValue, SchemaError> {
    let text = format!("{{{inner}}}");
    let mut parser = Parser::new(&text, max_depth);
    let value = parser.literal(b'{')?;
    if parser.lexer.at_end()? { Ok(value) } else { Err(parser.lexer.fail("expected the end of the literal")) }
}
