//! Signals, and the address for health and metrics.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::support::process::{Process, command, exchange};

#[test]
fn until_the_delay_is_over_a_server_that_stops_takes_connections_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &["--shutdown-delay", "4s"]);
    assert_eq!(exchange(&process.address, "GET", "/readyz", "").unwrap().0, 200);
    process.signal("-TERM");
    std::thread::sleep(Duration::from_millis(500));
    let (status, text) = exchange(&process.address, "GET", "/readyz", "").unwrap();
    assert_eq!((status, text.as_str()), (503, r#"{"status":"stopping","message":"the server is stopping"}"#));
    assert_eq!(exchange(&process.address, "GET", "/healthz", "").unwrap().0, 200);
    assert_eq!(exchange(&process.address, "GET", "/subjects", "").unwrap().0, 200);
    let mut process = process;
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &[]);
    let mut idle: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(&process.address).unwrap()).collect();
    idle[1].write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(idle[1].read(&mut [0; 1024]).unwrap() > 0);
    let begin = Instant::now();
    let (code, log) = process.stop();
    assert_eq!(code, 0, "{log}");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert!(log.contains("stopped") && !log.contains("cut off"), "{log}");
}

#[test]
fn a_hangup_changes_the_log_level_and_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.toml");
    std::fs::write(&file, "log-level = \"info\"\n").unwrap();
    let process = Process::start(directory.path(), &["--config", file.to_str().unwrap()]);
    let hangup = |text: &str| {
        std::fs::write(&file, text).unwrap();
        process.signal("-HUP");
        std::thread::sleep(Duration::from_millis(700));
        assert_eq!(exchange(&process.address, "GET", "/healthz", "").unwrap().0, 200);
    };
    hangup("log-level = \"loud\"\n");
    hangup("log-level = 7 7\n");
    hangup("log-level = \"error\"\n");
    let (code, log) = process.stop();
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("not read anew, and nothing changed: log-level: 'loud' has the word 'loud', which is no level"),
        "{log}"
    );
    assert!(log.contains("nothing changed") && log.contains("a.toml: line 1, column"), "{log}");
    assert!(!log.contains("stopped"), "said at level info, which is off by then: {log}");
}

#[test]
fn health_and_metrics_have_an_address_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &["--admin-listen", "127.0.0.1:0", "--max-connections", "2"]);
    let admin = process.begin.split("health and metrics also on ").nth(1).unwrap().lines().next().unwrap().to_owned();
    // every connection is being answered
    let busy: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(&process.address).unwrap();
            stream
                .write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
                .unwrap();
            stream
        })
        .collect();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(exchange(&admin, "GET", path, "").unwrap().0, 200, "{path}");
    }
    for path in ["/", "/subjects", "/schemas/ids/1", "/openapi.yaml"] {
        assert_eq!(exchange(&admin, "GET", path, "").unwrap().0, 404, "{path}");
    }
    drop(busy);
    let (code, log) = process.stop();
    assert_eq!(code, 0, "{log}");
}

/// What systemd hears on its socket, one message at a time.
fn heard(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn systemd_is_told_when_the_server_is_ready_reloads_and_stops() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut server = command(directory.path());
    let process = Process::spawn(server.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path));
    assert_eq!(heard(&socket), "READY=1\nSTATUS=serving");
    process.signal("-HUP");
    assert_eq!(heard(&socket), "RELOADING=1\nSTATUS=reading the configuration anew");
    assert_eq!(heard(&socket), "READY=1\nSTATUS=serving");
    process.signal("-TERM");
    assert_eq!(heard(&socket), "STOPPING=1\nSTATUS=letting open requests finish");
    assert_eq!(process.stop().0, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_may_listen_under_an_abstract_name_or_not_at_all() {
    use std::os::linux::net::SocketAddrExt as _;

    let directory = tempfile::tempdir().unwrap();
    let name = format!("accordant-test-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let start = |socket: &str| {
        let mut server = command(directory.path());
        Process::spawn(server.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", socket))
    };
    let process = start(&format!("@{name}"));
    assert_eq!(heard(&socket), "READY=1\nSTATUS=serving");
    assert_eq!(process.stop().0, 0);
    // nobody there: the server serves nevertheless
    let process = start("/no/such/socket");
    assert_eq!(exchange(&process.address, "GET", "/readyz", "").unwrap().0, 200);
    let (code, log) = process.stop();
    assert!(code == 0 && log.contains("systemd can't be told"), "{log}");
}
