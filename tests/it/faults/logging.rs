//! A log that nobody takes.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::process::{Process, command, eventually, exchange};

/// So many requests on one connection, each a line in the log.
fn ask(address: &str, count: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        for _ in 0..count {
            writing.write_all(b"GET /nope HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        }
        writing.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    writer.join().unwrap();
    assert_eq!(text.matches("HTTP/1.1 404").count(), count);
}

fn dropped(address: &str) -> u64 {
    let metrics = exchange(address, "GET", "/metrics", "").unwrap().1;
    assert!(metrics.contains("# HELP accordant_log_lines_dropped_total "), "{metrics}");
    metrics.lines().find_map(|line| line.strip_prefix("accordant_log_lines_dropped_total ")).unwrap().parse().unwrap()
}

fn ends_when_asked(mut process: std::process::Child) {
    let status = std::process::Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(status.success());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > Duration::from_secs(20) {
            process.kill().unwrap();
            panic!("still there");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_pipe_that_nobody_reads_holds_up_neither_requests_nor_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start(directory.path(), &["--access-log", "all"]);
    ask(&process.address, 8000);
    assert!(dropped(&process.address) > 0);
    process.signal("-TERM");
    let begin = Instant::now();
    while process.child.try_wait().unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20), "still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server whose log goes where the test says.
fn serve(stderr: Stdio) -> (tempfile::TempDir, std::process::Child, String) {
    let directory = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = command(directory.path());
    let process = command.args(["--listen", &address, "--access-log", "all"]).stderr(stderr).spawn().unwrap();
    let begin = Instant::now();
    while exchange(&address, "GET", "/healthz", "").is_err() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not serve");
        std::thread::sleep(Duration::from_millis(50));
    }
    (directory, process, address)
}

#[test]
fn a_full_disk_under_the_log_is_no_fault_of_the_service() {
    let (_directory, process, address) = serve(File::options().write(true).open("/dev/full").unwrap().into());
    ask(&address, 10);
    eventually("lines are dropped", || dropped(&address) > 0);
    ends_when_asked(process);
}

#[test]
fn a_log_whose_reader_has_gone_is_no_fault_of_the_service() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (_directory, process, address) = serve(writer.into());
    ask(&address, 10);
    eventually("lines are dropped", || dropped(&address) > 0);
    ends_when_asked(process);
}
