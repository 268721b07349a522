/// Something wrong with a text, and the offset where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) at: u32,
}

pub(super) type ParseResult<T> = Result<T, Box<Fault>>;

pub(super) fn fault<T>(at: u32, message: impl Into<String>) -> ParseResult<T> {
    Err(Box::new(Fault { message: message.into(), at }))
}
