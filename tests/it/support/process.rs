//! The binary as a process of its own, and requests to it without a client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process in a folder of its own.
pub struct Process {
    pub child: Child,
    pub address: String,
    /// All of them, with their scheme.
    pub urls: Vec<String>,
    /// What the log said before the server listened.
    pub begin: String,
    log: BufReader<std::process::ChildStderr>,
}

pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accordant"));
    command.current_dir(directory).env_clear().stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Process {
    pub fn start(directory: &Path, arguments: &[&str]) -> Self {
        Self::spawn(command(directory).args(["--listen", "127.0.0.1:0"]).args(arguments))
    }

    /// A process that survives writing beyond the size that its files may have, as it survives a full disk.
    pub fn start_unlimited(directory: &Path) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.current_dir(directory).env_clear().stdout(Stdio::null()).stderr(Stdio::piped());
        shell.args(["-c", r#"trap "" XFSZ; exec "$0" --listen 127.0.0.1:0"#, env!("CARGO_BIN_EXE_accordant")]);
        Self::spawn(&mut shell)
    }

    /// A server whose command the test has made.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut line, mut begin) = (String::new(), String::new());
        while !line.contains("listening on http") {
            begin.push_str(&line);
            line.clear();
            if log.read_line(&mut line).unwrap() == 0 {
                break;
            }
        }
        let urls = line.split_once("listening on ").and_then(|(_, rest)| rest.split_once(',')).map_or("", |(urls, _)| urls);
        let urls: Vec<String> = urls.split(" and ").map(str::to_owned).collect();
        let address = urls[0].split_once("://").map(|(_, address)| address.to_owned());
        let process = Self { child, address: address.unwrap_or_default(), urls, begin, log };
        assert!(!process.address.is_empty(), "the server ended before it listened: {}", process.begin);
        process
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it without warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop; the exit code and the rest of its log.
    pub fn stop(mut self) -> (i32, String) {
        self.signal("-TERM");
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap_or(-1), rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One exchange over a connection of its own.
pub fn exchange(address: &str, method: &str, target: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(|| std::io::Error::other("no status"))?;
    Ok((status, text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned()))
}

/// Waits for what a server does by itself: up to a minute, for the machine may be busy with other things.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_mins(1);
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
