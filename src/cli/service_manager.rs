//! What systemd is told (`sd_notify`): that the server is ready, reads its configuration anew, stops. Without it, nothing happens.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The variable that says where systemd listens.
const SOCKET: &str = "NOTIFY_SOCKET";

/// What the server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceState {
    Ready,
    Reloading,
    Stopping,
}

impl ServiceState {
    fn message(self) -> &'static str {
        match self {
            Self::Ready => "READY=1\nSTATUS=serving",
            Self::Reloading => "RELOADING=1\nSTATUS=reading the configuration anew",
            Self::Stopping => "STOPPING=1\nSTATUS=letting open requests finish",
        }
    }
}

/// Tells systemd, where it has asked to be told.
pub(super) fn tell(state: ServiceState) {
    let Some(socket) = env::var_os(SOCKET).filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(&socket, state.message()) {
        tracing::warn!(%error, "systemd can't be told what the server does ({SOCKET})");
    }
}

fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => abstract_address(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let datagram = UnixDatagram::unbound()?;
    // systemd takes what it is sent at once; nobody waits for one that does not
    datagram.set_nonblocking(true)?;
    datagram.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;

    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
