//! The load generator: a fixed number of connections, each with one request under way (a closed loop). Any answer but 200 ends the run.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::tls;

/// Silence after which a server counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time after which [`counted`] sends no more.
const LIMIT: Duration = Duration::from_secs(120);

/// One keep-alive connection.
pub struct Client {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

/// With or without TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Client {
    /// To an address, which speaks TLS if it begins with `https://`.
    pub async fn connect(address: &str) -> Result<Self> {
        let (address, is_tls) = address.strip_prefix("https://").map_or((address, false), |address| (address, true));
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = if is_tls { Box::new(tls::connect(stream).await?) } else { Box::new(stream) };
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and returns the entity tag of the answer.
    pub async fn tag(&mut self, request: &str) -> Result<String> {
        self.send(request).await?;
        etag(&self.buffer).context("an answer without an entity tag")
    }

    /// Sends a request and returns the body of the answer.
    pub async fn send(&mut self, request: &str) -> Result<&[u8]> {
        let (status, from) = self.exchange(request).await?;
        if !matches!(status, 200 | 304) {
            bail!("unexpected answer: {}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(&self.buffer[from..])
    }

    /// Sends a request and returns the status of the answer, whatever it is.
    pub async fn status(&mut self, request: &str) -> Result<u16> {
        Ok(self.exchange(request).await?.0)
    }

    /// The status, and where the body begins in the buffer.
    async fn exchange(&mut self, request: &str) -> Result<(u16, usize)> {
        self.stream.write_all(request.as_bytes()).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(head) = head(&self.buffer)?
                && self.buffer.len() >= head.end + head.length
            {
                return Ok((head.status, head.end));
            }
        }
    }
}

/// What the head of an answer says.
struct Head {
    status: u16,
    /// Where the body begins.
    end: usize,
    /// Of the body, in bytes.
    length: usize,
}

/// The entity tag in the head of an answer.
fn etag(answer: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(answer);
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("etag: "))?;
    Some(line.split_at("etag: ".len()).1.trim().to_owned())
}

/// The head of an answer, once it is there.
fn head(answer: &[u8]) -> Result<Option<Head>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let line = String::from_utf8_lossy(&answer[..end.min(12)]);
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|status| status.parse().ok());
    let Some(status) = status else { bail!("no answer of HTTP/1.1: {}", String::from_utf8_lossy(answer)) };
    let end = end + 4;
    if status == 304 {
        return Ok(Some(Head { status, end, length: 0 }));
    }
    let name = b"content-length: ";
    let Some(at) = answer[..end].windows(name.len()).position(|part| part.eq_ignore_ascii_case(name)) else {
        bail!("an answer without content-length: {}", String::from_utf8_lossy(answer));
    };
    let digits = answer[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Ok(Some(Head { status, end, length }))
}

/// What happened within a window of time.
pub struct Window {
    pub requests: u64,
    pub seconds: f64,
}

/// Keeps this thread awake until `stop`. Waking one that sleeps takes an interrupt of another core, which on virtual machines costs
/// more than a whole request, and the server that sends would pay for it: the more the longer it lets the generator wait.
async fn stay_awake(stop: Rc<Cell<bool>>) -> Result<()> {
    while !stop.get() {
        // lets the runtime look for input without waiting for any
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Keeps `connections` busy: first for `warm_up`, then for `window`, while `edge` is called at both ends of the window.
/// `write` fills in the request for a number that counts up over all connections.
pub async fn timed<W>(
    address: &str,
    connections: usize,
    (warm_up, window): (Duration, Duration),
    write: W,
    mut edge: impl AsyncFnMut() -> Result<()>,
) -> Result<Window>
where
    W: Fn(u64, &mut String) + Clone + 'static,
{
    let (done, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let local = LocalSet::new();
    let measured = local.run_until(async {
        let mut workers = start(address, connections, &done, &stop, u64::MAX, &write);
        workers.spawn_local(stay_awake(Rc::clone(&stop)));
        tokio::select! {
            failed = failure(&mut workers) => return Err(failed),
            () = tokio::time::sleep(warm_up) => {}
        }
        edge().await?;
        let (from, started) = (done.get(), Instant::now());
        tokio::select! {
            failed = failure(&mut workers) => return Err(failed),
            () = tokio::time::sleep(window) => {}
        }
        let measured = Window { requests: done.get() - from, seconds: started.elapsed().as_secs_f64() };
        edge().await?;
        stop.set(true);
        while let Some(ended) = workers.join_next().await {
            ended??;
        }
        Ok(measured)
    });
    measured.await
}

/// Sends `count` requests over `connections`, or as many as are answered within [`LIMIT`].
pub async fn counted<W>(address: &str, connections: usize, count: u64, write: W) -> Result<Window>
where
    W: Fn(u64, &mut String) + Clone + 'static,
{
    let (done, stop) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let local = LocalSet::new();
    let all = local.run_until(async {
        let started = Instant::now();
        let mut workers = start(address, connections, &done, &stop, count, &write);
        loop {
            tokio::select! {
                ended = workers.join_next() => match ended {
                    Some(ended) => ended??,
                    None => break,
                },
                () = tokio::time::sleep(LIMIT.saturating_sub(started.elapsed())), if !stop.get() => stop.set(true),
            }
        }
        Ok(Window { requests: done.get(), seconds: started.elapsed().as_secs_f64() })
    });
    all.await
}

fn start<W>(
    address: &str,
    connections: usize,
    done: &Rc<Cell<u64>>,
    stop: &Rc<Cell<bool>>,
    limit: u64,
    write: &W,
) -> JoinSet<Result<()>>
where
    W: Fn(u64, &mut String) + Clone + 'static,
{
    let mut workers = JoinSet::new();
    let next = Rc::new(Cell::new(0));
    for _ in 0..connections {
        let (address, done, stop, next, write) =
            (address.to_owned(), Rc::clone(done), Rc::clone(stop), Rc::clone(&next), write.clone());
        workers.spawn_local(async move {
            let mut client = Client::connect(&address).await?;
            let mut request = String::new();
            while !stop.get() && next.get() < limit {
                let number = next.replace(next.get() + 1);
                write(number, &mut request);
                client.send(&request).await?;
                done.set(done.get() + 1);
            }
            Ok(())
        });
    }
    workers
}

/// Resolves when a worker gave up, or when nothing ended at all for far too long.
async fn failure(workers: &mut JoinSet<Result<()>>) -> anyhow::Error {
    match tokio::time::timeout(PATIENCE, workers.join_next()).await {
        Ok(Some(Ok(Err(error)))) => error,
        Ok(Some(Err(panic))) => panic.into(),
        Ok(_) => anyhow::anyhow!("a connection ended early"),
        Err(_) => anyhow::anyhow!("no end of the window"),
    }
}

/// What readers and intruders saw.
pub struct Beside {
    /// Of each read.
    pub latencies: Vec<Duration>,
    /// Answers to the others, a second.
    pub refused: f64,
}

/// For `window`: a read every five milliseconds on each of four connections, and beside them `rate` requests a second, evenly, over
/// `connections`, which must all be answered by a refusal (4xx, or 503).
pub async fn beside(
    address: &str,
    read: String,
    (rate, connections): (u32, u32),
    window: Duration,
    intrude: impl Fn(u64, &mut String) + Clone + 'static,
) -> Result<Beside> {
    let local = LocalSet::new();
    let stop = Rc::new(Cell::new(false));
    let refused = Rc::new(Cell::new(0u32));
    let all = local.run_until(async {
        let started = Instant::now();
        let mut workers: JoinSet<Result<Vec<Duration>>> = JoinSet::new();
        let next = Rc::new(Cell::new(0u32));
        for _ in 0..connections {
            let (address, intrude) = (address.to_owned(), intrude.clone());
            let (next, refused) = (Rc::clone(&next), Rc::clone(&refused));
            workers.spawn_local(async move {
                let mut client = Client::connect(&address).await?;
                let mut request = String::new();
                loop {
                    let number = next.replace(next.get() + 1);
                    let at = Duration::from_secs(1) / rate * number;
                    if at >= window {
                        return Ok(Vec::new());
                    }
                    tokio::time::sleep_until((started + at).into()).await;
                    intrude(number.into(), &mut request);
                    let status = client.status(&request).await?;
                    anyhow::ensure!((400..500).contains(&status) || status == 503, "not refused: {status}");
                    refused.set(refused.get() + 1);
                }
            });
        }
        for _ in 0..4 {
            let (address, read) = (address.to_owned(), read.clone());
            workers.spawn_local(async move {
                let mut client = Client::connect(&address).await?;
                let mut latencies = Vec::new();
                while started.elapsed() < window {
                    let sent = Instant::now();
                    client.send(&read).await?;
                    latencies.push(sent.elapsed());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Ok(latencies)
            });
        }
        let awake = tokio::task::spawn_local(stay_awake(Rc::clone(&stop)));
        let mut latencies = Vec::new();
        while let Some(ended) = workers.join_next().await {
            latencies.extend(ended??);
        }
        let seconds = started.elapsed().as_secs_f64();
        stop.set(true);
        awake.await??;
        latencies.sort_unstable();
        Ok(Beside { latencies, refused: f64::from(refused.get()) / seconds })
    });
    all.await
}
