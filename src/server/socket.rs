//! The socket of a connection: notes what happens on it, and closes so that the last answer arrives.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;

/// How long what a client still sends is read and thrown away after the last answer.
const LINGER: Duration = Duration::from_secs(30);
/// How long a client may be silent meanwhile.
const SILENCE: Duration = Duration::from_secs(2);

/// Up to so many bytes are put together before they are sent: to gather them from several places costs the system more than the copy.
const SMALL: usize = 2 << 10;

/// A socket that is closed while there is something unread in it is reset, and the client loses the answer on its way: the 413 to a
/// body that it is still sending, say. So the end is said first, and reading goes on until the client has said its own.
#[derive(Debug)]
pub(super) struct Socket {
    tcp: TcpStream,
    activity: Arc<Activity>,
    /// The client has said its end.
    is_read: bool,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    until: Instant,
    silence: Pin<Box<Sleep>>,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, activity: Arc<Activity>) -> Self {
        Self { tcp, activity, is_read: false, linger: None }
    }

    fn noted(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(_)) => self.activity.sent(),
            Poll::Pending => self.activity.blocked(),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        if buffer.filled().len() == before {
            self.is_read = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.noted(&written);
        written
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let written = if bytes <= SMALL {
            let mut room = [MaybeUninit::uninit(); SMALL];
            let mut whole = ReadBuf::uninit(&mut room);
            for part in parts {
                whole.put_slice(part);
            }
            Pin::new(&mut self.tcp).poll_write(cx, whole.filled())
        } else {
            Pin::new(&mut self.tcp).poll_write_vectored(cx, parts)
        };
        self.noted(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let linger = match &mut this.linger {
            Some(linger) => linger,
            none => {
                this.activity.closing();
                ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
                let now = Instant::now();
                none.insert(Linger { until: now + LINGER, silence: Box::pin(sleep_until(now + SILENCE)) })
            }
        };
        let mut scrap = [0; 8 << 10];
        while !this.is_read {
            let mut buffer = ReadBuf::new(&mut scrap);
            match Pin::new(&mut this.tcp).poll_read(cx, &mut buffer) {
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
