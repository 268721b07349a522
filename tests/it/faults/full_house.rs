//! More clients than there are connections, and clients that take nothing of what they asked for.

use std::time::{Duration, Instant};

use accordant::server::ServerSettings;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Database, Setup, TestApp};
use crate::support::process::{Process, command, exchange};

async fn served(server: ServerSettings) -> TestApp {
    TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

async fn ask(app: &TestApp, path: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("an answer").unwrap();
    text
}

/// Connections with half a body each, which are being answered and stay so.
async fn occupied(app: &TestApp, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = connect(app).await;
        stream
            .write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
            .await
            .unwrap();
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    streams
}

#[tokio::test]
async fn the_longest_idle_connection_makes_room_for_a_new_one() {
    let app = served(ServerSettings { max_connections: 3, ..ServerSettings::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&app).await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        tokio::time::sleep(Duration::from_millis(20)).await;
        idle.push(stream);
    }
    for _ in 0..2 {
        assert!(ask(&app, "/subjects").await.starts_with("HTTP/1.1 200"));
    }
    assert!(matches!(idle[0].read(&mut [0; 16]).await, Ok(0) | Err(_)), "the first one has gone");
    idle[2].write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(idle[2].read(&mut [0; 1024]).await.unwrap() > 0, "the last one has not");
}

#[tokio::test]
async fn health_is_answered_when_every_connection_is_busy() {
    let app = served(ServerSettings { max_connections: 3, ..ServerSettings::default() }).await;
    let busy = occupied(&app, 3).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(ask(&app, path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let refused = ask(&app, "/subjects").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
    assert!(
        refused.contains(r#"{"error_code":503,"message":"HTTP 503 Service Unavailable: all connections are in use"#),
        "{refused}"
    );
    let problem = ask(&app, "/cloudevents/types").await;
    assert!(problem.starts_with("HTTP/1.1 503") && problem.contains("retry-after: 1"), "{problem}");
    drop(busy);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(ask(&app, "/subjects").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn clients_that_send_half_a_head_block_nobody() {
    let app = served(ServerSettings { max_connections: 3, ..ServerSettings::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&app).await;
        stream.write_all(b"GET / HT").await.unwrap();
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(ask(&app, "/subjects").await.starts_with("HTTP/1.1 200"));
}

async fn connections(app: &TestApp) -> usize {
    let metrics = app.get("/metrics").await.text;
    metrics.lines().find_map(|line| line.strip_prefix("accordant_connections ")).unwrap().parse().unwrap()
}

/// Registers a schema of four megabytes and asks for it on connections that read nothing.
async fn readers_that_do_not_read(app: &TestApp, count: usize) -> Vec<TcpStream> {
    let body = json!({ "schemaType": "JSON", "schema": json!({ "title": "a".repeat(3 << 20) }).to_string() });
    app.post("/subjects/s/versions", &body).await.ok();
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = connect(app).await;
        // more than all buffers on the way take
        stream.write_all("GET /subjects/s/versions/1 HTTP/1.1\r\nhost: x\r\n\r\n".repeat(10).as_bytes()).await.unwrap();
        streams.push(stream);
    }
    streams
}

async fn until_few_are_left(app: &TestApp) {
    let begin = Instant::now();
    while connections(app).await > 2 {
        assert!(begin.elapsed() < Duration::from_secs(20), "{} connections are left", connections(app).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let app = served(ServerSettings { send_timeout: Duration::from_secs(1), ..ServerSettings::default() }).await;
    let streams = readers_that_do_not_read(&app, 5).await;
    until_few_are_left(&app).await;
    drop(streams);
}

#[tokio::test]
async fn answers_that_nobody_takes_are_bounded() {
    let app = served(ServerSettings { max_unsent_bytes: 1 << 20, ..ServerSettings::default() }).await;
    let streams = readers_that_do_not_read(&app, 5).await;
    // while they hold too much, nobody is answered what is not in memory
    let begin = Instant::now();
    while app.get("/subjects/none/versions").await.status != 404 {
        assert!(begin.elapsed() < Duration::from_secs(20), "they go on holding it");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(streams);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_all_of_its_answer() {
    let app = served(ServerSettings { send_timeout: Duration::from_secs(3), ..ServerSettings::default() }).await;
    let mut streams = readers_that_do_not_read(&app, 1).await;
    let (mut read, mut buffer) = (0, vec![0; 1 << 20]);
    while read < 30 << 20 {
        let now = streams[0].read(&mut buffer).await.unwrap();
        assert!(now > 0, "cut off after {read} bytes");
        read += now;
        if read % 7 == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[test]
fn idle_connections_leave_files_for_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path());
    let program = command.get_program().to_owned();
    let mut limited = std::process::Command::new("sh");
    limited.current_dir(directory.path()).env_clear().stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    limited.args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\""]).arg(program).args(["--listen", "127.0.0.1:0"]);
    command = limited;
    let process = Process::spawn(&mut command);
    assert!(process.begin.contains("max-connections is "), "{}", process.begin);
    let mut idle = Vec::new();
    for i in 0..600 {
        idle.push(std::net::TcpStream::connect(&process.address).unwrap());
        if i % 100 == 99 {
            let body = format!(r#"{{"schema":"{{\"type\":\"fixed\",\"name\":\"F\",\"size\":{}}}"}}"#, i + 1);
            assert_eq!(exchange(&process.address, "POST", &format!("/subjects/s{i}/versions"), &body).unwrap().0, 200);
            assert_eq!(exchange(&process.address, "GET", "/readyz", "").unwrap().0, 200);
        }
    }
    let (code, log) = process.stop();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("accept failed"), "{log}");
}
