//! Servers under measurement: started, asked for their use of time and memory, and ended.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tls;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    /// The one that speaks TLS, as `https://...`.
    pub encrypted: Option<String>,
    /// From just before the process was started to the end of its first 200.
    pub first_answer: Duration,
}

/// Whether a server shares the machine as it likes, or keeps to the first core.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Anywhere,
    FirstCore,
}

impl Server {
    /// The registry on a database.
    pub fn registry(binary: &Path, database: &Path, place: Place, more: &[&str]) -> Result<Self> {
        let database = format!("sqlite://{}", database.display());
        let mut arguments = vec!["--database", &database, "--log-level", "error"];
        arguments.extend(more);
        let address = free_address()?;
        Self::start(binary, &arguments, (address, &address.to_string()), "/readyz", place)
    }

    /// The registry on a database, with TLS on an address of its own.
    pub fn encrypted_registry(binary: &Path, database: &Path, place: Place, more: &[&str]) -> Result<Self> {
        let database = format!("sqlite://{}", database.display());
        let (certificate, key) = (tls::file("server.pem"), tls::file("server.key"));
        let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
        let mut arguments = vec!["--database", &database, "--log-level", "error", "--tls-cert", &certificate, "--tls-key", &key];
        arguments.extend(more);
        let (address, encrypted) = (free_address()?, free_address()?);
        let listen = format!("http://{address},https://{encrypted}");
        let mut server = Self::start(binary, &arguments, (address, &listen), "/readyz", place)?;
        server.encrypted = Some(format!("https://{encrypted}"));
        Ok(server)
    }

    /// The bare server, which answers with the content of a file.
    pub fn bare(body: &Path, place: Place) -> Result<Self> {
        let own = std::env::current_exe()?;
        let body = body.to_str().context("a path that is no text")?;
        let address = free_address()?;
        Self::start(&own, &["bare", body], (address, &address.to_string()), "/schemas/ids/1", place)
    }

    /// The bare server, with TLS on an address of its own.
    pub fn encrypted_bare(body: &Path, place: Place) -> Result<Self> {
        let own = std::env::current_exe()?;
        let body = body.to_str().context("a path that is no text")?;
        let (address, encrypted) = (free_address()?, free_address()?);
        let arguments = ["bare", body, "--tls", &encrypted.to_string()];
        let mut server = Self::start(&own, &arguments, (address, &address.to_string()), "/schemas/ids/1", place)?;
        server.encrypted = Some(format!("https://{encrypted}"));
        Ok(server)
    }

    /// Starts a server that is to listen, and waits for an answer of the plain one of its addresses.
    fn start(binary: &Path, arguments: &[&str], (address, listen): (SocketAddr, &str), ask: &str, place: Place) -> Result<Self> {
        let cores = std::fs::read_to_string("/proc/cpuinfo")?.matches("processor\t").count();
        // the generator itself is pinned, which a child would inherit
        let cpus = if place == Place::FirstCore { "0".to_owned() } else { format!("0-{}", cores.max(1) - 1) };
        let is_pinnable = cores > 1 && Command::new("taskset").arg("-V").stdout(Stdio::null()).status().is_ok();
        let mut command = Command::new(if is_pinnable { Path::new("taskset") } else { binary });
        if is_pinnable {
            command.args(["-c", &cpus]).arg(binary);
        }
        command.args(arguments).args(["--listen", listen]).stdin(Stdio::null()).stdout(Stdio::null());
        // measured as shipped, whatever the environment says
        std::env::vars_os()
            .filter(|(name, _)| name.to_string_lossy().starts_with("ACCORDANT_"))
            .for_each(|(name, _)| _ = command.env_remove(name));
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("starting {}", binary.display()))?;
        let mut server = Self { child, address: address.to_string(), encrypted: None, first_answer: Duration::ZERO };
        server.wait_for_answer(address, ask, started)?;
        Ok(server)
    }

    fn wait_for_answer(&mut self, address: SocketAddr, ask: &str, started: Instant) -> Result<()> {
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            if let Ok(answer) = ask_once(address, ask)
                && answer.starts_with("HTTP/1.1 200")
            {
                self.first_answer = started.elapsed();
                return Ok(());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        bail!("no answer from {address} within {PATIENCE:?}")
    }

    /// User and system time of all its threads, in seconds. Ticks are hundredths of a second on Linux.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit_once(") ").context("/proc/PID/stat")?.1;
        let ticks: f64 = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        Ok(ticks / 100.0)
    }

    /// Resident memory in MB (millions of bytes).
    pub fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("the server ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server did not stop")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // already ended, most likely
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn ask_once(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Median time of flushing an overwritten page of 4 KiB to disk, in seconds.
pub fn flush_seconds(path: &Path) -> Result<f64> {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::create(path)?;
    let page = [7; 4096];
    let mut times = Vec::new();
    for _ in 0..41 {
        let started = Instant::now();
        file.write_all_at(&page, 0)?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64());
    }
    Ok(crate::report::median(&times))
}
