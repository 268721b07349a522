//! What a client sends and is sent, over a plain socket or one within TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::Version;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// What HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Knows the version of HTTP before anything of it is taken, and notes what comes in.
#[derive(Debug)]
pub(super) struct Stream<S> {
    inner: S,
    activity: Arc<Activity>,
    /// What was read to find out the version of HTTP.
    ahead: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Stream<S> {
    pub(super) fn new(inner: S, activity: Arc<Activity>) -> Self {
        Self { inner, activity, ahead: Vec::new() }
    }

    /// The version of HTTP that a client begins with: the second where it sends the preface of that, else the first.
    pub(super) async fn begin(&mut self) -> io::Result<Version> {
        let mut begin = [0; PREFACE.len()];
        let mut count = 0;
        while let Some(room) = begin.get_mut(count..).filter(|room| !room.is_empty()) {
            let read = self.read(room).await?;
            count += read;
            let is_preface = begin.get(..count).is_some_and(|begin| PREFACE.starts_with(begin));
            if read == 0 || !is_preface {
                break;
            }
        }
        self.ahead = begin.get(..count).unwrap_or_default().to_vec();
        Ok(if self.ahead == PREFACE { Version::HTTP_2 } else { Version::HTTP_11 })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(self.ahead.get(..count).unwrap_or_default());
            self.ahead.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
