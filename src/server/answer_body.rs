//! The body of an answer on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use bytes::{Buf as _, Bytes};
use hyper::body::{Frame, SizeHint};

use super::activity::{Exchange, LARGE};
use crate::http::AnswerBytes;

/// Handed to the connection piece by piece, so that its end tells that the client has taken most of it. No byte is copied.
pub(super) struct AnswerBody {
    /// What is still to come behind the rest; none of an answer that is in memory.
    body: Option<Body>,
    rest: AnswerBytes,
    exchange: Exchange,
}

/// Bytes handed over at once.
const PIECE: usize = LARGE as usize;

impl AnswerBody {
    pub(super) fn new(body: Body, mut exchange: Exchange) -> Self {
        exchange.answered(hyper::body::Body::size_hint(&body).exact());
        Self { body: Some(body), rest: Bytes::new().into(), exchange }
    }

    /// The whole body, of an answer to a request that came now.
    pub(super) fn ready(bytes: AnswerBytes, mut exchange: Exchange, now: Instant) -> Self {
        exchange.answered_at_once(bytes.remaining() as u64, now);
        Self { body: None, rest: bytes, exchange }
    }
}

impl hyper::body::Body for AnswerBody {
    type Data = AnswerBytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<AnswerBytes>, axum::Error>>> {
        let this = &mut *self;
        this.exchange.taken();
        if !this.rest.has_remaining() {
            let Some(body) = &mut this.body else { return Poll::Ready(None) };
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data.into(),
                    Err(other) => return Poll::Ready(other.into_trailers().ok().map(|trailers| Ok(Frame::trailers(trailers)))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = this.rest.take_first(PIECE);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        !self.rest.has_remaining() && self.body.as_ref().is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.remaining() as u64;
        let Some(body) = &self.body else { return SizeHint::with_exact(rest) };
        let mut hint = body.size_hint();
        match hint.exact() {
            Some(exact) => hint.set_exact(exact + rest),
            None => hint.set_lower(hint.lower() + rest),
        }
        hint
    }
}
