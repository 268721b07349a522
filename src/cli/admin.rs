//! Health and metrics on an address of their own, served by a thread that does nothing else: they are answered however busy the others
//! are.

use std::net::TcpListener;

use tokio::sync::oneshot;

use super::exit::Exit;
use crate::http::{App, Metrics};
use crate::server::{self, ServerSettings};

/// Connections served at once: those of a load balancer, of Prometheus, and of a few people.
const MAX_CONNECTIONS: usize = 64;

/// The thread, which ends when this is dropped.
pub(super) struct Admin {
    _stop: oneshot::Sender<()>,
}

/// Takes the address.
pub(super) fn bind(address: &str) -> Result<TcpListener, (Exit, String)> {
    let listener = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| (Exit::Listen, format!("can't listen on {address} (admin-listen): {error}")))
}

pub(super) fn start(
    listener: TcpListener,
    app: &App,
    metrics: Metrics,
    settings: &ServerSettings,
) -> Result<Admin, (Exit, String)> {
    let settings =
        ServerSettings { max_connections: MAX_CONNECTIONS, shutdown_delay: std::time::Duration::ZERO, ..settings.clone() };
    let app = app.for_admin();
    let (stop, stopped) = oneshot::channel::<()>();
    let failed = |error: std::io::Error| (Exit::Usage, format!("the thread for admin-listen can't be started: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let served = async move {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                let stop = async {
                    // an error is the end of the server as well
                    let _ = stopped.await;
                };
                server::serve(vec![listener.into()], app, metrics, settings, stop).await;
            }
            Err(error) => tracing::error!(%error, "health and metrics are not served on admin-listen"),
        }
    };
    std::thread::Builder::new().name("admin".to_owned()).spawn(move || runtime.block_on(served)).map_err(failed)?;
    Ok(Admin { _stop: stop })
}
