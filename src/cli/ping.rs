//! `accordant ping`: is the server ready? For the health checks of containers, which have no other client.

use std::time::Duration;

use clap::{Arg, ArgMatches, Command};

use super::CommandFailure;
use super::client::RegistryClient;
use super::exit::Exit;
use super::registry_login::RegistryLogin;
use crate::config::{Address, Settings};

const URL: &str = "URL";
/// How long the server may take.
const TIME_LIMIT: Duration = Duration::from_secs(3);

pub(super) fn command(settings: impl Iterator<Item = Arg>) -> Command {
    let help = "The server, if it is not the one that these settings would start: http[s]://HOST:PORT";
    Command::new("ping")
        .about("Ask a server whether it is ready")
        .arg(Arg::new(URL).help(help))
        .args(settings)
        .after_help("Exit codes: 0 ready, 1 not ready or not there, 2 it can't be told where the server is.")
}

/// Where the server of these settings is reached from its own machine: its listener for health and metrics, else the first plain one.
pub(super) fn own_url(settings: &Settings) -> Result<String, CommandFailure> {
    let has_certificate = settings.tls_cert.is_some();
    let plain = || settings.listen.iter().find(|endpoint| !endpoint.is_https(has_certificate));
    let listen = settings.admin_listen.as_ref().or_else(|| plain().map(|endpoint| &endpoint.address));
    let listen = listen.map(Address::as_str);
    let unknown = || (Exit::Usage, "ping: all listeners speak TLS; name the server by its URL, or set admin-listen".to_owned());
    let (host, port) = listen.and_then(|address| address.rsplit_once(':')).ok_or_else(unknown)?;
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        host => host,
    };
    Ok(format!("http://{host}:{port}"))
}

/// Why a server is not ready.
pub(super) enum NotReady {
    /// It can't be asked.
    Absent(String),
    /// It says so.
    Unready(String),
}

/// Asks a server whether it is ready.
pub(super) async fn ask(url: &str) -> Result<(), NotReady> {
    let client = RegistryClient::new(url, &RegistryLogin::default()).map_err(NotReady::Absent)?;
    match tokio::time::timeout(TIME_LIMIT, client.get("/readyz")).await {
        Ok(Ok(answer)) if answer.status == 200 => Ok(()),
        Ok(Ok(answer)) => Err(NotReady::Unready(answer.complaint())),
        Ok(Err(why)) => Err(NotReady::Absent(why)),
        Err(_) => Err(NotReady::Absent(format!("no answer within {} s", TIME_LIMIT.as_secs()))),
    }
}

pub(super) fn run(settings: &Settings, asked: &ArgMatches) -> Result<Exit, CommandFailure> {
    let url = match asked.get_one::<String>(URL) {
        Some(url) => url.clone(),
        None => own_url(settings)?,
    };
    let failed = |why: String| (Exit::Usage, format!("ping: {why}"));
    RegistryClient::new(&url, &RegistryLogin::default()).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(format!("the network can't be used: {error}")))?;
    match runtime.block_on(ask(&url)) {
        Ok(()) => Ok(Exit::Success),
        Err(NotReady::Unready(why)) => Err((Exit::Refused, format!("{url}: not ready: {why}"))),
        Err(NotReady::Absent(why)) => Err((Exit::Refused, format!("{url}: {why}"))),
    }
}
