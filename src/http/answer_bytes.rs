//! The bytes of an answer on their way to the client.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::middleware::answer_cache::CachedAnswer;

/// Bytes of an answer. Those of one that is kept are read where they lie: a count of who holds them would be one more line of memory to
/// wait for, and the answer has one already.
pub struct AnswerBytes(Bound);

enum Bound {
    Own(Bytes),
    /// Those from here on.
    Kept(Arc<CachedAnswer>, usize),
}

impl AnswerBytes {
    /// The body of an answer that is kept, as it is kept.
    pub(super) fn kept(answer: Arc<CachedAnswer>) -> Self {
        Self(Bound::Kept(answer, 0))
    }

    /// Takes out the first bytes, at most so many; those of a kept answer all at once.
    pub fn take_first(&mut self, most: usize) -> Self {
        match &mut self.0 {
            Bound::Own(bytes) => Self(Bound::Own(bytes.split_to(bytes.len().min(most)))),
            Bound::Kept(..) => std::mem::take(self),
        }
    }
}

impl Default for AnswerBytes {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for AnswerBytes {
    fn from(bytes: Bytes) -> Self {
        Self(Bound::Own(bytes))
    }
}

impl From<AnswerBytes> for Bytes {
    fn from(mut bytes: AnswerBytes) -> Self {
        bytes.copy_to_bytes(bytes.remaining())
    }
}

impl Buf for AnswerBytes {
    fn remaining(&self) -> usize {
        self.chunk().len()
    }

    fn chunk(&self) -> &[u8] {
        match &self.0 {
            Bound::Own(bytes) => bytes,
            Bound::Kept(answer, from) => answer.bytes().get(*from..).unwrap_or_default(),
        }
    }

    fn advance(&mut self, count: usize) {
        match &mut self.0 {
            Bound::Own(bytes) => bytes.advance(count),
            Bound::Kept(_, from) => *from = from.saturating_add(count),
        }
    }
}
