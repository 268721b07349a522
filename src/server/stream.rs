//! The socket of a connection: notes what happens on it, and closes so that the last answer arrives.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Version;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;

/// What HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long what a client still sends is read and thrown away after the last answer.
const LINGER: Duration = Duration::from_secs(30);
/// How long a client may be silent meanwhile.
const SILENCE: Duration = Duration::from_secs(2);

/// A socket that is closed while there is something unread in it is reset, and the client loses the answer on its way: the 413 to a
/// body that it is still sending, say. So the end is said first, and reading goes on until the client has said its own.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    activity: Arc<Activity>,
    /// What was read to find out the version of HTTP.
    ahead: Vec<u8>,
    /// The client has said its end.
    is_read: bool,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    until: Instant,
    silence: Pin<Box<Sleep>>,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, activity: Arc<Activity>) -> Self {
        Self { socket, activity, ahead: Vec::new(), is_read: false, linger: None }
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

    fn noted(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(_)) => self.activity.sent(),
            Poll::Pending => self.activity.blocked(),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(self.ahead.get(..count).unwrap_or_default());
            self.ahead.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        } else {
            self.is_read = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.noted(&written);
        written
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, parts);
        self.noted(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let linger = match &mut this.linger {
            Some(linger) => linger,
            none => {
                this.activity.closing();
                ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
                let now = Instant::now();
                none.insert(Linger { until: now + LINGER, silence: Box::pin(sleep_until(now + SILENCE)) })
            }
        };
        let mut scrap = [0; 8 << 10];
        while !this.is_read {
            let mut buffer = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.socket).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    linger.silence.as_mut().reset((Instant::now() + SILENCE).min(linger.until));
                }
                // its end, or a reset: there is nothing to wait for
                Poll::Ready(_) => this.is_read = true,
                Poll::Pending => {
                    ready!(linger.silence.as_mut().poll(cx));
                    this.is_read = true;
                }
            }
            if Instant::now() >= linger.until {
                this.is_read = true;
            }
        }
        Poll::Ready(Ok(()))
    }
}
